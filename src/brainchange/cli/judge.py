"""The command `judge`: a verdict from any table, without a study file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from brainchange.inference.judge import Judgement
    from brainchange.inference.judge_case import Question
    from brainchange.inference.one_off_table import Layout


def judge(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A TSV or CSV, wide or long.")],
    *,
    id_: Annotated[str, typer.Option("--id", help="Column of the participant.")],
    arm: Annotated[str, typer.Option(help="Column of the arm.")],
    treated: Annotated[
        list[str], typer.Option(help="Arm that got therapy; several are taken together.")
    ],
    control: Annotated[
        list[str] | None,
        typer.Option(help="Arm to compare with; without it only the change itself is judged."),
    ] = None,
    pre: Annotated[
        str, typer.Option(help="Wide: column before therapy. Long: label of that timepoint.")
    ] = "",
    post: Annotated[
        str, typer.Option(help="Wide: column after therapy. Long: label of that timepoint.")
    ] = "",
    timepoint: Annotated[str, typer.Option(help="Long: column of the timepoint.")] = "",
    value: Annotated[
        list[str] | None,
        typer.Option(help="Long: column of the value; several columns are judged one by one."),
    ] = None,
    metric: Annotated[
        str, typer.Option(help="Long: column of the metric; one judgement each.")
    ] = "",
    region: Annotated[
        str, typer.Option(help="Long: column of the region; one judgement each.")
    ] = "",
    direction: Annotated[
        Literal["up", "down"] | None,
        typer.Option(
            help="Where therapy is claimed to move the measure, compared with control; without it "
            "a difference in either direction is judged."
        ),
    ] = None,
    randomised: Annotated[
        bool, typer.Option("--randomised", help="Chance decided who came into which arm.")
    ] = False,
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column to adjust for; may be given several times.")
    ] = None,
    negative_control: Annotated[
        list[str] | None,
        typer.Option(
            help="Where no effect is claimed. Long: a region (or metric). Wide: two columns, "
            "before and after."
        ),
    ] = None,
    motion: Annotated[
        list[str] | None,
        typer.Option(help="Head motion. Long: a column. Wide: two columns, before and after."),
    ] = None,
    from_images: Annotated[
        bool,
        typer.Option(
            "--from-images",
            help="The values were measured from images: SUPPORTED then needs --negative-control "
            "and --motion.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write JSON (keys: docs/judge.md).")
    ] = False,
) -> None:
    """Judge one table: effect, evidence and verdict, post − pre and treated − control.

    Wide: `brainchange judge participants.tsv --id participant_id --arm group --treated cbt
    --control waiting --pre BDI_pre --post BDI_post --direction down`

    Long: `… --timepoint session --value score --metric metric --region region`
    """
    from brainchange.inference.judge_case import Question
    from brainchange.inference.one_off_table import Layout

    layout = Layout(
        id=id_,
        arm=arm,
        treated=tuple(treated),
        control=tuple(control or ()),
        pre=pre,
        post=post,
        timepoint=timepoint,
        value_columns=tuple(value or ()),
        metric=metric,
        region=region,
        covariates=tuple(covariate or ()),
        motion=tuple(motion or ()),
        negative_control=tuple(negative_control or ()),
    )
    question = Question(
        treated=layout.treated,
        control=layout.control,
        direction=direction,
        randomised=randomised,
        from_images=from_images,
        covariates=layout.covariates,
    )
    _tell(_judged(table, layout, question), question, layout, as_json=as_json)


def _judged(table: Path, layout: Layout, question: Question) -> tuple[Judgement, ...]:
    from brainchange.any_table import read_any_table
    from brainchange.inference.arranged import arrange
    from brainchange.inference.judge import judge as judge_table
    from brainchange.study.settings import Settings

    data = arrange(read_any_table(table), layout, str(table))
    return judge_table(data, question, Settings())


def _tell(
    judgements: tuple[Judgement, ...], question: Question, layout: Layout, *, as_json: bool
) -> None:
    from brainchange.inference.judge_output import as_record

    if as_json:
        records = [as_record(one, question) for one in judgements]
        told = records if layout.grouped else records[0]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    from brainchange.cli.judge_text import render, summarise

    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
    for one in judgements:
        console.print(*render(one, question, layout), sep="\n")
    if len(judgements) > 1:
        console.print(summarise(judgements))
