"""Documents that are made from the declarations in the code, so that they cannot drift from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import brainchange
from brainchange.metrics.registry import Metric, metrics
from brainchange.study.documents import SCHEMAS, json_schema
from brainchange.study.settings import Settings
from brainchange.study.strict import Strict
from brainchange.tables import TableSchema

MADE = "<!-- Made by `brainchange reference` from the code. Do not edit. -->\n\n"


def reference_documents() -> dict[str, str]:
    """Write every generated document.

    Returns
    -------
    dict of str to str
        Path in the project folder → text.
    """
    schemas = {
        f"config/schemas/{name}.schema.json": json_schema(model) for name, model in SCHEMAS.items()
    }
    return {
        **schemas,
        "docs/reference/configuration.md": _configuration(),
        "docs/reference/metrics.md": _metrics(),
        "docs/reference/tables.md": _tables(),
    }


def table_schemas() -> list[TableSchema]:
    """Find every declared table of the package, in the order of the stages."""
    found: dict[str, TableSchema] = {}
    stages = ("study", "sources", "imaging", "metrics", "inference", "figures", "simulate")
    for stage in stages:
        for name in _modules(stage):
            module = importlib.import_module(name)
            for value in vars(module).values():
                if isinstance(value, TableSchema):
                    found.setdefault(value.name, value)
    return list(found.values())


def _modules(stage: str) -> Iterator[str]:
    package = importlib.import_module(f"{brainchange.__name__}.{stage}")
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        yield f"{package.__name__}.{module.name}"


def _configuration() -> str:
    lines = [
        "# Keys of config/config.yaml\n",
        MADE + "| key | default | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{key}` | {default} | {text} |" for key, default, text in _keys(Settings())]
    return "\n".join(lines) + "\n"


def _keys(model: Strict, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        text = _cell(field.description or "")
        if isinstance(value, Strict):
            yield prefix + name, "", text
            yield from _keys(value, f"{prefix}{name}.")
        else:
            shown = ", ".join(map(_short, value)) if isinstance(value, tuple) else str(value)
            yield prefix + name, f"`{shown}`" if shown not in ("", "{}") else "none", text


def _short(value: object) -> str:
    return str(getattr(value, "name", value)) if isinstance(value, Strict) else str(value)


def _metrics() -> str:
    lines = ["# Metrics\n", MADE + "What is computed from a run.\n"]
    lines += ["| metric | unit | one value a | description | source |", "|---|---|---|---|---|"]
    lines += [_metric_row(metric) for metric in metrics().values()]
    return "\n".join(lines) + "\n"


def _metric_row(metric: Metric) -> str:
    names = "<br>".join(f"`{name}`" for name in metric.produced)
    units = "<br>".join(metric.unit_of(name) for name in metric.produced)
    cells = (names, units, metric.per, _cell(metric.description), _cell(metric.source))
    return f"| {' | '.join(cells)} |"


def _tables() -> str:
    parts = ["# Tables\n", MADE + "Tab-separated, UTF-8; `n/a` is missing.\n"]
    for schema in table_schemas():
        parts.append(f"## {schema.name}\n\n{schema.description}\n")
        parts.append("| column | kind | unit | meaning |\n|---|---|---|---|")
        for column in schema.columns:
            levels = f" ({', '.join(column.levels)})" if column.levels else ""
            text = _cell(column.description)
            parts.append(f"| `{column.name}` | {column.kind}{levels} | {column.unit} | {text} |")
        parts.append("")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
