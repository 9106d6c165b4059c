"""Which columns are the components of white matter and fluid together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from brainchange.errors import TableError
from brainchange.imaging.components import component_columns, component_names
from brainchange.imaging.confounds import read_confounds


def sidecar(masks):
    return {
        name: {"Method": "aCompCor", "Mask": mask, "Retained": retained}
        for name, (mask, retained) in masks.items()
    }


def test_the_first_components_are_named_as_fmriprep_names_them():
    assert component_names(2) == ("a_comp_cor_00", "a_comp_cor_01")
    assert component_names(0) == ()


def test_since_version_21_all_columns_of_that_name_are_of_both_tissues(tmp_path):
    """Names and entries as in the derivatives of ds003007 (fMRIPrep 21.0.2)."""
    path = tmp_path / "x_timeseries.tsv"
    told = sidecar({f"a_comp_cor_{n:02d}": ("combined", True) for n in range(3)})
    told |= sidecar({"c_comp_cor_00": ("CSF", True), "w_comp_cor_00": ("WM", True)})
    path.with_suffix(".json").write_text(json.dumps(told))
    found = component_columns(["csf", *reversed(told)], path)
    assert list(found.items()) == [(f"a_comp_cor_{n:02d}",) * 2 for n in range(3)]


def test_before_version_21_the_sidecar_tells_the_masks_apart(tmp_path):
    path = tmp_path / "x_timeseries.tsv"
    masks = [("CSF", True), ("CSF", True), ("WM", True), ("combined", True), ("combined", False)]
    masks += [("combined", True)]
    told = sidecar({f"a_comp_cor_{n:02d}": mask for n, mask in enumerate(masks)})
    path.with_suffix(".json").write_text(json.dumps(told))
    assert component_columns(told, path) == {
        "a_comp_cor_00": "a_comp_cor_03",
        "a_comp_cor_01": "a_comp_cor_05",
    }


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '{"a_comp_cor_00": 3}'])
def test_without_a_sidecar_that_tells_columns_are_taken_by_number(tmp_path, text):
    path = tmp_path / "x_timeseries.tsv"
    if text is not None:
        path.with_suffix(".json").write_text(text)
    columns = [f"a_comp_cor_{n:02d}" for n in (10, 2, 1)]
    assert list(component_columns(columns, path).values()) == columns[::-1]


def table(columns):
    rng = np.random.default_rng(1)
    names = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
    made = pd.DataFrame(rng.normal(size=(6, len(names))), columns=names).assign(std_dvars=1.0)
    return made.assign(**{name: rng.normal(size=6) for name in columns})


@pytest.mark.parametrize("pattern", ["a_comp_cor_{:02d}", "aCompCor{:02d}"])
def test_components_are_read_under_new_and_old_names(tmp_path, pattern):
    columns = [pattern.format(n) for n in range(3)]
    made = table(columns)
    made.to_csv(tmp_path / "c.tsv", sep="\t", index=False)
    read = read_confounds(tmp_path / "c.tsv", 6, component_names(2))
    np.testing.assert_allclose(read.signals["a_comp_cor_01"], made[columns[1]])


def test_too_few_components_are_told(tmp_path):
    table(["a_comp_cor_00"]).to_csv(tmp_path / "c.tsv", sep="\t", index=False)
    with pytest.raises(TableError, match="column 'a_comp_cor_01' is missing"):
        read_confounds(tmp_path / "c.tsv", 6, component_names(2))
