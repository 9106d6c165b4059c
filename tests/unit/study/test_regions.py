"""Regions that are analysed together have no voxel in common."""

from __future__ import annotations

import pytest

from brainchange.errors import ConfigError
from brainchange.study.regions import Region, read_regions, regions_of_atlas

WHOLE = Region("cingulate", "ACC", "L", "one", ("ACC_sub", "ACC_pre"))
PART = Region("subgenual", "sgACC", "L", "one", ("ACC_sub",))
ELSEWHERE = Region("subgenual", "sgACC", "L", "other", ("ACC_sub",))


def test_regions_that_share_a_label_are_not_analysed_together() -> None:
    with pytest.raises(ConfigError, match="'cingulate' and 'subgenual' share the label 'ACC_sub'"):
        regions_of_atlas((WHOLE, PART), "one", (), "config/config.yaml: regions")


def test_each_of_them_can_be_analysed_and_other_atlases_do_not_count() -> None:
    chosen = regions_of_atlas((WHOLE, PART, ELSEWHERE), "one", ("subgenual",), "here")
    assert chosen == (PART,)


def test_the_regions_that_come_with_the_program_share_no_label(root) -> None:
    regions = read_regions(root / "config" / "regions.tsv")
    for atlas in {region.atlas for region in regions}:
        assert regions_of_atlas(regions, atlas, (), "here")
