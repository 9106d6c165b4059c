"""The shell of every page: colours of light and dark, the switch between them, one policy."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib import resources

import jinja2
from markupsafe import Markup, escape

from brainchange.report.pictures import colour_rules

NO_BREAK = "\u00a0"
SHORT = 9
"""Letters of a cell that are never broken: ``p = 0.031``, ``10 vs 9``."""


@dataclass(frozen=True)
class Shell:
    """What stands around the text of a page.

    Attributes
    ----------
    style : Markup
        The style sheet.
    early : Markup
        Script that runs before anything is seen, so that a dark page is never white first.
    script : Markup
        Script at the end of the page.
    policy : str
        Content security policy: these two scripts and no other, and no network.
    """

    style: Markup
    early: Markup
    script: Markup
    policy: str


def shell(*scripts: str) -> Shell:
    """Make the shell of a page.

    Parameters
    ----------
    *scripts : str
        Names of scripts beside the one every page has.
    """
    early, late = text("scheme.js"), "".join(map(text, ("script.js", *scripts)))
    return Shell(
        style=Markup(_style()),  # noqa: S704 (our own files)
        early=Markup(early),  # noqa: S704
        script=Markup(late),  # noqa: S704
        policy=_policy(early, late),
    )


def environment() -> jinja2.Environment:
    """Make the environment of all templates: everything is escaped, nothing may be missing."""
    folder = resources.files("brainchange.report") / "templates"
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    made = jinja2.Environment(
        loader=jinja2.DictLoader(
            {
                entry.name: entry.read_text(encoding="utf-8")
                for entry in entries
                if entry.name.endswith(".j2")
            }
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(whole=_whole, coded=_coded)
    return made


def _whole(told: str) -> str:
    """Keep an interval on one line, and all of what is short."""
    if len(told) <= SHORT:
        return told.replace(" ", NO_BREAK)
    return re.sub(r"\[[^\[\]]*\]", lambda ends: ends.group(0).replace(" ", NO_BREAK), told)


def _coded(told: str) -> Markup:
    """Show what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(told))))  # noqa: S704


def _style() -> str:
    """Join the style sheet: light, dark where the system or the reader wants it, light on paper."""
    light, dark = colour_rules()
    dark += text("dark.css")
    lit = text("light.css") + light
    return "\n".join(
        (
            f":root {{ color-scheme: light; {lit} }}",
            "@media (prefers-color-scheme: dark) {",
            f':root:not([data-scheme="light"]) {{ color-scheme: dark; {dark} }} }}',
            f':root[data-scheme="dark"] {{ color-scheme: dark; {dark} }}',
            # Three times the same: paper wins over both rules above.
            f"@media print {{ :root:root:root {{ color-scheme: light; {lit} }} }}",
            text("style.css"),
        )
    )


def _policy(*scripts: str) -> str:
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


def text(name: str) -> str:
    """Read a style sheet or a script of the pages."""
    return (resources.files("brainchange.report") / "templates" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """Digest by which the policy of a page allows this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
