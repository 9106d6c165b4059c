"""Confounds of old and new fMRIPrep under one rule for what is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainchange.errors import TableError
from brainchange.imaging.confounds import (
    OLD_NAMES,
    backward_difference,
    framewise_displacement,
    read_confounds,
)

N = 6


def table(n=N):
    rng = np.random.default_rng(0)
    motion = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    made = pd.DataFrame(rng.normal(size=(n, 6)), columns=motion)
    made["white_matter"], made["csf"] = rng.normal(500, 1, n), rng.normal(600, 1, n)
    made["std_dvars"] = [np.nan, *rng.normal(1, 0.1, n - 1)]
    made["framewise_displacement"] = [np.nan, *rng.uniform(0, 1, n - 1)]
    return made


def write(path, made):
    made.to_csv(path, sep="\t", index=False, na_rep="n/a")
    return path


def test_columns_are_read_as_they_are(tmp_path):
    made = table()
    read = read_confounds(write(tmp_path / "c.tsv", made), N, ("white_matter", "csf"))
    np.testing.assert_allclose(read.motion, made.iloc[:, :6])
    np.testing.assert_allclose(read.signals["csf"], made["csf"])
    np.testing.assert_allclose(read.framewise_displacement, made["framewise_displacement"])
    assert np.isnan(read.framewise_displacement[0])
    assert np.isnan(read.standardised_dvars[0])
    assert read.n_non_steady_state == 0
    assert set(read_confounds(tmp_path / "c.tsv", N, ()).signals) == set()


def test_names_of_fmriprep_before_1_2_mean_the_same(tmp_path):
    made = table()
    new = read_confounds(write(tmp_path / "new.tsv", made), N, ("csf",))
    old = read_confounds(write(tmp_path / "old.tsv", made.rename(columns=OLD_NAMES)), N, ("csf",))
    np.testing.assert_array_equal(new.motion, old.motion)
    np.testing.assert_array_equal(new.standardised_dvars, old.standardised_dvars)
    np.testing.assert_array_equal(new.signals["csf"], old.signals["csf"])


def test_zero_in_the_first_row_of_old_versions_is_missing_too(tmp_path):
    made = table()
    made.loc[0, ["std_dvars", "framewise_displacement"]] = 0.0
    read = read_confounds(write(tmp_path / "c.tsv", made), N, ())
    assert np.isnan(read.framewise_displacement[0])
    assert np.isnan(read.standardised_dvars[0])


def test_displacement_is_computed_where_the_table_has_none(tmp_path):
    made = table().drop(columns="framewise_displacement")
    read = read_confounds(write(tmp_path / "c.tsv", made), N, ())
    steps = made.iloc[:, :6].diff().abs()
    expected = steps.iloc[:, :3].sum(axis=1) + 50 * steps.iloc[:, 3:].sum(axis=1)
    np.testing.assert_allclose(read.framewise_displacement[1:], expected[1:])


def test_non_steady_state_volumes_are_counted_to_the_last_one(tmp_path):
    made = table()
    for place in (0, 2):
        made[f"non_steady_state_outlier{place:02d}"] = np.eye(N)[place]
    assert read_confounds(write(tmp_path / "c.tsv", made), N, ()).n_non_steady_state == 3


def test_a_missing_column_is_named_in_both_ways(tmp_path):
    made = table().drop(columns=["csf", "rot_x"]).assign(CSFs=1)
    with pytest.raises(TableError) as caught:
        read_confounds(write(tmp_path / "c.tsv", made), N, ("csf",))
    text = str(caught.value)
    assert "2 problems" in text
    assert "column 'csf' is missing (fMRIPrep calls it 'csf', before version 1.2 'CSF')" in text
    assert "column 'rot_x' is missing" in text
    assert "c.tsv" in text


def test_a_missing_value_is_named_with_column_and_row(tmp_path):
    made = table()
    made.loc[3, "trans_y"] = np.nan
    made.loc[2, "std_dvars"] = np.nan
    with pytest.raises(TableError) as caught:
        read_confounds(write(tmp_path / "c.tsv", made), N, ())
    assert "row 5: column 'trans_y' is missing a value" in str(caught.value)
    assert "row 4: column 'std_dvars' is missing a value" in str(caught.value)
    made = table().astype(object)
    made.loc[1, "csf"] = "abc"
    with pytest.raises(TableError, match="row 3: column 'csf' holds 'abc', not a number"):
        read_confounds(write(tmp_path / "c.tsv", made), N, ("csf",))


def test_rows_must_be_volumes(tmp_path):
    with pytest.raises(TableError, match="6 rows where the BOLD image has 7 volumes"):
        read_confounds(write(tmp_path / "c.tsv", table()), 7, ())


def test_differences_and_displacement_by_hand():
    np.testing.assert_array_equal(
        backward_difference(np.array([[1.0], [4], [2]])), [[0], [3], [-2]]
    )
    motion = np.zeros((3, 6))
    motion[1] = [0.1, -0.2, 0, 0.01, 0, 0]
    np.testing.assert_allclose(framewise_displacement(motion), [np.nan, 0.8, 0.8])


@pytest.mark.shared
def test_a_real_table_with_old_names(shared):
    path = shared / "real" / "confounds" / "sub-pixar123_task-pixar_desc-confounds_regressors.tsv"
    read = read_confounds(path, 168, ("white_matter", "csf", "global_signal"))
    assert np.isnan(read.framewise_displacement[0])
    np.testing.assert_allclose(
        framewise_displacement(read.motion)[1:], read.framewise_displacement[1:], atol=1e-6
    )
    assert 400 < read.signals["csf"].mean() < 500
