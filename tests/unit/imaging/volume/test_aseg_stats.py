"""Volumes are read as FreeSurfer wrote them."""

from __future__ import annotations

import math

import pytest

from brainchange.errors import TableError
from brainchange.imaging.volume.aseg_stats import read_aseg_stats

STATS = """\
# Title Segmentation Statistics
# Measure BrainSeg, BrainSegVol, Brain Segmentation Volume, 1150000.0, mm^3
# Measure EstimatedTotalIntraCranialVol, eTIV, Estimated Total Volume, 1523456.7, mm^3
# NRows 45
# ColHeaders  Index SegId NVoxels Volume_mm3 StructName normMean normStdDev normMin normMax
  1   4      7000     7100.5  Left-Lateral-Ventricle    37.1    12.0     8.0    84.0    76.0
 12  17      4100     4123.4  Left-Hippocampus          75.0     8.7    40.0   110.0    70.0
 13  18      1600     1642.0  Left-Amygdala             75.1     6.9    41.0    97.0    56.0
"""


def test_volumes_and_head_size_are_read(tmp_path):
    path = tmp_path / "aseg.stats"
    path.write_text(STATS)
    found = read_aseg_stats(path)
    assert found.volumes["Left-Hippocampus"] == 4123.4
    assert len(found.volumes) == 3
    assert found.intracranial == 1523456.7


def test_an_older_table_without_head_size_has_none(tmp_path):
    path = tmp_path / "aseg.stats"
    path.write_text("\n".join(line for line in STATS.splitlines() if "eTIV" not in line))
    assert math.isnan(read_aseg_stats(path).intracranial)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("participant_id\tage\n", "no line '# ColHeaders"),
        (STATS.replace("4123.4", "-1"), "the volume of Left-Hippocampus is -1 mm3"),
        (STATS.replace("4123.4", "nan"), "the volume of Left-Hippocampus is nan mm3"),
        (STATS + " 14 26\n", "has no volume"),
    ],
)
def test_what_is_no_table_of_volumes_is_told(tmp_path, text, told):
    path = tmp_path / "aseg.stats"
    path.write_text(text)
    with pytest.raises(TableError, match=told):
        read_aseg_stats(path)


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(TableError, match="missing"):
        read_aseg_stats(tmp_path / "aseg.stats")
