"""Run every benchmark of this folder: print a table and write ``results/benchmarks.tsv``.

``python benchmarks/run.py [TOPIC …]`` runs only some modules. A benchmark is a module here with a
function ``rows()`` that yields dictionaries: name, value, unit, bar, holds. Bars are ratios within
one run of this program wherever they can be, so that they mean the same on every machine. The exit
code is 1 where a bar does not hold.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from brainchange.tables import Column, TableSchema

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "results" / "benchmarks.tsv"
BENCHMARKS_TABLE = TableSchema(
    "benchmarks",
    "One measured speed or size, and the bar it is held against.",
    (
        Column("name", "string", "What was measured", required=True),
        Column("value", "number", "What it was", required=True),
        Column("unit", "string", "Unit of the value", required=True),
        Column("bar", "string", "What it must be", required=True),
        Column("holds", "boolean", "Whether it is", required=True),
    ),
    key=("name",),
)


def topics() -> list[str]:
    """Names of the modules with benchmarks."""
    return sorted(path.stem for path in HERE.glob("[!_]*.py") if path.name != Path(__file__).name)


def rows_of(topic: str) -> Iterator[dict[str, Any]]:
    """Run the benchmarks of one module."""
    yield from importlib.import_module(topic).rows()


def main(chosen: list[str]) -> int:
    """Run the chosen topics (all if none are named) and tell whether every bar holds."""
    console = Console()
    unknown = [topic for topic in chosen if topic not in topics()]
    if unknown:
        console.print(f"There is no benchmark '{unknown[0]}'. Known: {', '.join(topics())}.")
        return 2
    rows = []
    for topic in chosen or topics():
        for row in rows_of(topic):
            console.print(f"[dim]{topic}[/dim] {row['name']}: {row['value']:.3g} {row['unit']}")
            rows.append({name: row[name] for name in BENCHMARKS_TABLE.names})
    table = Table("benchmark", "value", "unit", "bar", "holds")
    for row in rows:
        holds = "yes" if row["holds"] else "[red]NO[/red]"
        table.add_row(row["name"], f"{row['value']:.3g}", row["unit"], str(row["bar"]), holds)
    console.print(table)
    BENCHMARKS_TABLE.write(BENCHMARKS_TABLE.frame(rows), TARGET)
    console.print(f"Written: {TARGET}")
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
