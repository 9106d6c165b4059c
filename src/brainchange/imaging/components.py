"""Which columns of a confounds table are the anatomical components (aCompCor), strongest first."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

_COLUMN = re.compile(r"a_comp_cor_(\d+)")
_COMBINED = "combined"


def component_names(number: int) -> tuple[str, ...]:
    """Name the first components as fMRIPrep does, from ``a_comp_cor_00`` on."""
    return tuple(f"a_comp_cor_{place:02d}" for place in range(number))


def component_columns(columns: Collection[str], confounds: Path) -> dict[str, str]:
    """Find the columns that hold the components of white matter and fluid together.

    Behzadi et al. (2007), NeuroImage 37:90. fMRIPrep computes components of white matter, of fluid
    and of both tissues together; the last are meant. Since version 21 only they are called
    ``a_comp_cor_…``; from 1.4 to 20 all three are, numbered through, and the JSON sidecar of the
    table says which mask each is of. Without a sidecar columns are taken by their number.

    Parameters
    ----------
    columns : collection of str
        Header of the confounds table.
    confounds : Path
        The table; its sidecar lies beside it.

    Returns
    -------
    dict of str to str
        Name (:func:`component_names`) → column, for as many as there are.
    """
    numbered = sorted((int(m[1]), name) for name in columns if (m := _COLUMN.fullmatch(name)))
    found = [name for _, name in numbered]
    told = _sidecar(confounds.with_suffix(".json"))
    if any("Mask" in told.get(name, {}) for name in found):
        found = [name for name in found if _is_combined(told.get(name, {}))]
    return dict(zip(component_names(len(found)), found, strict=True))


def _is_combined(entry: dict[str, Any]) -> bool:
    return entry.get("Mask") == _COMBINED and entry.get("Retained", True) is True


def _sidecar(path: Path) -> dict[str, dict[str, Any]]:
    """Entries of the sidecar about columns; none where it is missing or no JSON."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = told.items() if isinstance(told, dict) else ()
    return {name: entry for name, entry in entries if isinstance(entry, dict)}
