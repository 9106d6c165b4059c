"""The command line: what can be done, in the order a person comes to need it."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import typer
from rich.markup import escape

from brainchange.cli.check import check
from brainchange.cli.console import err
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

INTERRUPTED = 130


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
        except BrokenPipeError:
            raise
        except OSError as error:
            told = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            err.print(f"[bold red]Error[/] {escape(told)}")
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            err.print("Interrupted. Nothing is half written: run the same command again.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Told,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Judge with open data whether therapy changes the brain.\n\n"
    "Everything it does is also plain Snakemake: `run STUDY` is `snakemake --config study=STUDY` "
    "in the project folder. Names complete in the shell after `brainchange --install-completion`.",
    epilog="Exit codes: 0 all is well · 1 something else (no results yet, a job failed) · 2 the "
    "configuration or the command is wrong · 3 a table or an image is wrong · 4 files could not "
    "be locked or fetched · 130 interrupted.",
)


def reference() -> None:
    """Write anew what is made from the code: config/schemas/ and docs/reference/."""
    from brainchange.files import write_text
    from brainchange.reference import reference_documents

    root = project_folder()
    for name, text in reference_documents().items():
        write_text(root / name, text)
        typer.echo(name)


_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
ANALYSE, READ, BEFORE, OWN, PARTS = (
    "Analyse a study",
    "Read its results",
    "Look before you run",
    "Make it yours",
    "Parts of the workflow",
)
app.command(rich_help_panel=ANALYSE, context_settings=_PASSED_ON)(demo)
app.command(rich_help_panel=ANALYSE, context_settings=_PASSED_ON)(run)
app.command("open", rich_help_panel=READ)(open_)
app.command(rich_help_panel=READ)(explain)
app.command(rich_help_panel=READ)(figure)
app.command(rich_help_panel=READ)(across)
app.command(rich_help_panel=BEFORE)(doctor)
app.command(rich_help_panel=BEFORE)(plan)
app.command(rich_help_panel=BEFORE)(claims)
app.command(rich_help_panel=BEFORE)(preview)
app.command(rich_help_panel=BEFORE)(check)
app.command("list", rich_help_panel=BEFORE)(list_)
app.add_typer(new, name="new", rich_help_panel=OWN)
app.command(rich_help_panel=OWN)(lock)
app.command(rich_help_panel=OWN)(judge)
app.command(rich_help_panel=PARTS)(fetch)
app.command(rich_help_panel=PARTS)(simulate)
app.command(rich_help_panel=PARTS)(reference)
