"""Threats seen elsewhere: where no effect is claimed, and in other studies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from brainchange.inference.threat_row import ComparedMeasure, Found, interval_text, untold
from brainchange.inference.verdict_text import amount, p_text


def negative_control(compared: ComparedMeasure, effects: pd.DataFrame) -> Found:
    """Find the largest effect of the metric where no claim expects one.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.
    effects : pandas.DataFrame
        ``EFFECTS_TABLE``: negative controls went through the same machinery.

    Returns
    -------
    Found
        The largest ``|dppc2|``, with p adjusted for the negative controls of the metric; it weakens
        if it is as large as that of the measure.
    """
    threat, size = "negative_control", abs(compared.effect["dppc2"])
    alike = {
        other.name
        for other in compared.data.measures
        if other.kind == "negative_control" and other.source == compared.measure.source
    }
    rows = effects[(effects["kind"] == "negative_control") & effects["measure"].isin(alike)]
    rows = rows[rows["dppc2"].notna()]
    rows = rows[rows["contrast"] == compared.effect["contrast"]]
    if rows.empty:
        return untold(
            threat,
            f"no negative control of the metric '{compared.measure.metric}' was measured",
        )
    row = rows.loc[rows["dppc2"].abs().idxmax()]
    largest, low, high = (float(row[name]) for name in ("dppc2", "dppc2_ci_low", "dppc2_ci_high"))
    p = float(row["p_max_t"])
    words = (
        f"the largest of {len(rows)} effects where none is claimed is {amount(largest)} SD "
        f"({row['label']}; {interval_text(low, high)}"
        f"{f', {p_text(p)} among them' if np.isfinite(p) else ''}), against {amount(size)} SD here"
    )
    return Found(
        threat,
        words,
        bool(abs(largest) >= size) if np.isfinite(size) else None,
        largest,
        low,
        high,
        p,
        float(row["p_floor"]),
        size,
        "SD",
        (int(row["n_treated"]), int(row["n_control"])),
        str(row["label"]),
    )


def shared_participants(
    compared: ComparedMeasure, shared: Mapping[str, Collection[str]] | None
) -> Found:
    """Say whether participants are in other studies too.

    Parameters
    ----------
    compared : ComparedMeasure
        The measure and contrast.
    shared : mapping of str to collection of str, optional
        Other study → participants of this one who are also in it; None if it was not looked for.

    Returns
    -------
    Found
        It never weakens what this study says alone: only the two together.
    """
    threat = "shared_participants"
    if shared is None:
        return untold(threat, "other studies were not looked through")
    here = {
        name for name, kept in zip(compared.data.participants, compared.both, strict=True) if kept
    }
    count = {study: len(here & set(names)) for study, names in sorted(shared.items())}
    told = [f"{n} with {study}" for study, n in count.items() if n]
    if not told:
        return Found(threat, "none known", weakens=False, value=0.0, unit="participants")
    words = f"shares participants ({', '.join(told)}): these studies are not to be taken together"
    return Found(
        threat, words, weakens=False, value=float(max(count.values())), unit="participants"
    )
