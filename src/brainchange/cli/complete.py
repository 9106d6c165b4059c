"""Names that the shell completes, read as text: a person who presses Tab waits for no library."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from brainchange.errors import ConfigError
from brainchange.project_folder import CLAIMS, REGIONS, known_studies, project_folder, study_file


def known_claims(ctx: typer.Context) -> list[str]:
    """Complete claims, and the scales of the study that was typed."""
    claims = _yaml(CLAIMS).get("claims") or ()
    scales = _study(ctx).get("outcomes") or ()
    return _unique([*(one.get("id") for one in claims if isinstance(one, dict)), *scales])


def known_contrasts(ctx: typer.Context) -> list[str]:
    """Complete the contrasts of the study that was typed."""
    return _unique(_study(ctx).get("contrasts") or ())


def known_groups() -> list[str]:
    """Complete groups of regions."""
    return _unique(row["group"] for row in _rows(REGIONS, "group"))


def known_atlases() -> list[str]:
    """Complete atlases that are configured, and the parcellation of FreeSurfer."""
    return _unique(["aparcaseg", *(row["atlas"] for row in _rows("config/atlases.tsv", "atlas"))])


def known_subjects(ctx: typer.Context) -> list[str]:
    """Complete the participants in the lock of the study that was typed."""
    return _unique(_parts_of_lock(ctx, "sub-"))


def known_sessions(ctx: typer.Context) -> list[str]:
    """Complete the sessions in the lock of the study that was typed."""
    return _unique(_parts_of_lock(ctx, "ses-"))


def known_figures() -> list[str]:
    """Complete figures and drawings of finished studies; without any, what can be drawn."""
    root = _root()
    tables = sorted(root.glob("results/*/figures/figures.tsv")) if root else []
    drawn = [
        row[column]
        for table in tables
        for row in _rows(str(table), "figure", "name")
        for column in ("figure", "name")
    ]
    if drawn:
        return sorted(set(drawn))
    from brainchange.figures.registry import figures_of_a_study

    return list(figures_of_a_study())


def listed(ctx: typer.Context) -> list[str]:
    """Complete the names of what is listed."""
    what = ctx.params.get("what")
    if what == "regions":
        rows = _rows(REGIONS, "region", "group")
        return _unique(row[column] for column in ("region", "group") for row in rows)
    if what == "metrics":
        from brainchange.metrics.registry import metrics

        return _unique(name for metric in metrics().values() for name in metric.produced)
    if what == "claims":
        return known_claims(ctx)
    return known_atlases() if what == "atlases" else known_studies()


def _root() -> Path | None:
    try:
        return project_folder()
    except ConfigError:
        return None


def _named_study(ctx: typer.Context) -> str:
    """Name the study that was typed; while an option is completed, arguments are not told apart."""
    typed = [ctx.params.get("study"), *ctx.args]
    return next((name for name in known_studies() if name in typed), "")


def _study(ctx: typer.Context) -> dict[str, Any]:
    name = _named_study(ctx)
    return _yaml(study_file(name)) if name else {}


def _yaml(name: str) -> dict[str, Any]:
    """Read a file of the configuration; empty where it cannot be read: check says why."""
    import yaml

    root = _root()
    try:
        text = (root / name).read_text("utf-8") if root else ""
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _rows(name: str, *columns: str) -> list[dict[str, str]]:
    """Read the rows of a table that have the columns; none where it cannot be read."""
    root = _root()
    try:
        text = (root / name).read_text("utf-8") if root else ""
    except (OSError, ValueError):
        return []
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return [row for row in rows if all(row.get(column) for column in columns)]


def _parts_of_lock(ctx: typer.Context, prefix: str) -> Iterator[str]:
    for row in _rows(f"data/locks/{_named_study(ctx)}.tsv", "path"):
        yield from (part for part in row["path"].split("/")[:-1] if part.startswith(prefix))


def _unique(names: Iterable[object]) -> list[str]:
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))
