"""What licences, kinds of files and programs are called in a crate."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

KINDS = {
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".md": "text/markdown",
    ".rst": "text/x-rst",
    ".yaml": "application/yaml",
    ".py": "text/x-python",
    ".smk": "text/plain",
    ".txt": "text/plain",
    ".gz": "application/gzip",
    "": "text/plain",
}
"""By the end of a name; not from the tables of the machine, which differ between machines."""
LICENCES = {
    "CC0": "CC0-1.0",
    "PDDL": "PDDL-1.0",
    "CC-BY": "CC-BY-4.0",
    "CC-BY-4.0": "CC-BY-4.0",
    "CC-BY-NC-4.0": "CC-BY-NC-4.0",
    "CC-BY-SA-4.0": "CC-BY-SA-4.0",
}
"""Names that datasets use, and those of SPDX."""
PYTHON = "https://www.python.org"


def kind_of(path: Path) -> str:
    """Name the kind of a file as a media type."""
    return KINDS.get(path.suffix, "application/octet-stream")


def licence_address(name: str) -> str:
    """Give the address that SPDX has for a licence; empty for one it is not known of.

    >>> licence_address("CC0")
    'https://spdx.org/licenses/CC0-1.0'
    """
    plain = "-".join(name.replace("_", " ").upper().split())
    known = LICENCES.get(plain) or (plain if plain in LICENCES.values() else "")
    return f"https://spdx.org/licenses/{known}" if known else ""


def address_of(program: str) -> str:
    """Give the address where a program is at home; empty where it does not say."""
    if program.lower() == "python":
        return PYTHON
    try:
        told = metadata.metadata(program)
    except metadata.PackageNotFoundError:
        return ""
    named = [line.partition(",") for line in told.get_all("Project-URL") or []]
    places = {name.strip().lower(): address.strip() for name, _, address in named}
    home = next(iter(told.get_all("Home-page") or []), "")
    found = (places.get(name, "") for name in ("homepage", "home", "repository", "source"))
    return next((one for one in (home, *found) if one.startswith("http")), "")
