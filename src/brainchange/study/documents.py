"""Documents made from the models: the commented configuration, and JSON schemas for editors."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import yaml

from brainchange.study.claims import Claims
from brainchange.study.model import Study
from brainchange.study.settings import Settings
from brainchange.study.strict import Strict

SCHEMAS: dict[str, type[Strict]] = {"config": Settings, "study": Study, "claims": Claims}
"""Name of the schema file in ``config/schemas/`` and the model it is made from."""

HEADER = """\
# yaml-language-server: $schema=schemas/config.schema.json
# Which study is analysed, and how. Every key is optional; what stands here is the default
# unless you changed it. `brainchange check` checks it. Quote names like "01", "on" and "no".
"""


def json_schema(model: type[Strict]) -> str:
    """Write the JSON schema of a model, for completion and checks in an editor."""
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def commented(settings: Settings) -> str:
    """Write settings as YAML with every key explained.

    Parameters
    ----------
    settings : Settings
        The values to write.

    Returns
    -------
    str
        The text of ``config/config.yaml``: reading it gives `settings` again.
    """
    return HEADER + "".join(_lines(settings, ""))


def _lines(model: Strict, indent: str) -> list[str]:
    lines = []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        comment = textwrap.fill(
            field.description or "",
            width=100,
            initial_indent=f"{indent}# ",
            subsequent_indent=f"{indent}# ",
        )
        blank = "" if indent else "\n"
        lines.append(f"{blank}{comment}\n")
        if isinstance(value, Strict):
            lines.append(f"{indent}{name}:\n")
            lines.extend(_lines(value, indent + "  "))
        elif _is_list_of_models(value):
            lines.append(f"{indent}{name}:\n")
            lines.extend(f"{indent}  - {_scalar(_choices(one))}\n" for one in value)
        elif isinstance(value, dict) and value:
            lines.append(f"{indent}{name}:\n")
            lines.extend(
                f"{indent}  {_scalar(key)}: {_scalar(one)}\n" for key, one in value.items()
            )
        else:
            lines.append(f"{indent}{name}: {_scalar(value)}\n")
    return lines


def _is_list_of_models(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, tuple) and any(isinstance(one, Strict) for one in value)


def _choices(one: Strict) -> dict[str, Any]:
    """Name of one of a list, and what it does not leave at its default."""
    return {"name": getattr(one, "name", None), **one.model_dump(exclude_defaults=True)}


def _scalar(value: Any) -> str:  # noqa: ANN401
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(
        plain, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("...\n").strip()
