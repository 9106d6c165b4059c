"""The command line: check and list what is configured; lock, fetch, simulate; judge and explain."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import typer
from rich.markup import escape

from brainchange.cli.check import check
from brainchange.cli.console import err, out
from brainchange.cli.explain import explain
from brainchange.cli.figure import figure
from brainchange.cli.files import fetch, lock, simulate
from brainchange.cli.judge import judge
from brainchange.cli.list import list_
from brainchange.cli.new import new
from brainchange.cli.plan import doctor, plan
from brainchange.cli.run import demo, open_, run
from brainchange.cli.studies import across, claims, preview
from brainchange.errors import BrainchangeError
from brainchange.project_folder import project_folder


class _Told(typer.core.TyperGroup):
    """A group of commands whose errors are told in words, with a documented exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        # A terminal that knows only ASCII gets '?' for a sign it cannot show, and no error.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except BrainchangeError as error:
            err.print(f"[bold red]Error[/] {escape(str(error))}")
            raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=_Told,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Judge with open data whether therapy changes the brain.\n\n"
    "Everything it does is also plain Snakemake: `run STUDY` is `snakemake --config study=STUDY` "
    "in the project folder.",
    epilog="Exit codes: 0 all is well · 1 something else · 2 the configuration or the command is "
    "wrong · 3 a table or an image is wrong · 4 files could not be locked or fetched · 130 "
    "interrupted.",
)


def reference() -> None:
    """Write anew what is made from the code: config/schemas/ and docs/reference/."""
    from brainchange.files import write_text
    from brainchange.reference import reference_documents

    root = project_folder()
    for name, text in reference_documents().items():
        write_text(root / name, text)
        out.print(name, markup=False)


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
app.command()(check)
app.command("list")(list_)
for one in (claims, across, preview, lock, fetch, simulate, reference, judge, explain, figure):
    app.command()(one)
app.command(context_settings=_PASSED_ON)(run)
app.command(context_settings=_PASSED_ON)(demo)
app.command("open")(open_)
app.command()(plan)
app.command()(doctor)
app.add_typer(new, name="new")
