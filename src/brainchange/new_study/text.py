"""How text of a dataset, which is untrusted, stands in a study file: on one line, quoted."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from brainchange.study.undecided import MARK


def plain(text: object) -> str:
    """Put text on one line, without signs that cannot be seen and without what marks a question."""
    lined = " ".join(str(text).replace(MARK, MARK.lower()).split())
    return "".join(sign for sign in lined if sign.isprintable())


def shortened(text: object, most: int) -> str:
    """Put text on one line of at most so many signs."""
    told = plain(text)
    return told if len(told) <= most else told[: most - 1] + "…"


def quoted(text: object) -> str:
    """Write text as a YAML value that is read as the same text.

    Signs that cannot be seen, or that turn the direction of a line, are written as escapes.
    """
    style = '"' if str(text)[:1].isdigit() else None
    written = yaml.safe_dump(
        str(text),
        default_style=style,
        width=10**6,
        allow_unicode=str(text).isprintable(),
        default_flow_style=True,
    )
    return written.removesuffix("...\n").strip()


def comment(text: str) -> str:
    """Write a line of comment."""
    indent = " " * (len(text) - len(text.lstrip()))
    return f"#{indent} {plain(text)}"


def asked(question: str) -> str:
    """Write a question, which a check of the study tells until its comment is deleted."""
    return f"# {MARK} {plain(question)}"


def counted(names: Sequence[str], most: int) -> str:
    """Count participants and name the first ones."""
    told = ", ".join(shortened(name, 40) for name in names[:most])
    more = ", …" if len(names) > most else ""
    return f"{len(names)} {'participant' if len(names) == 1 else 'participants'} ({told}{more})"
