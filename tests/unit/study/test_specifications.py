"""The grid of denoising and censoring that is computed."""

from __future__ import annotations

import pytest

from brainchange.errors import ConfigError
from brainchange.study.settings import (
    Alternatives,
    Censoring,
    Denoising,
    Regressors,
    Scrubbing,
    Settings,
)
from brainchange.study.specifications import denoising_alternatives, specifications
from brainchange.study.strict import parse

ALONE = Alternatives(denoising=(), censoring=())


def test_the_shipped_grid_is_four_denoisings_by_three_censorings():
    found = specifications(Settings())
    assert len(found) == 12
    assert [one.name for one in found[:4]] == [
        "motion12-wm-csf",
        "motion12-wm-csf+uncensored",
        "motion12-wm-csf+fd0.2",
        "motion24-wm-csf",
    ]
    assert [one.primary for one in found] == [True] + [False] * 11
    assert found[0].denoising == Denoising()
    assert found[0].censoring == Censoring()


def test_without_alternatives_only_the_primary_one_is_left():
    assert [one.name for one in specifications(Settings(alternatives=ALONE))] == ["motion12-wm-csf"]
    assert denoising_alternatives(Settings(alternatives=ALONE)) == ()


def test_alternatives_share_what_they_do_not_choose():
    settings = Settings(
        denoising=Denoising(high_pass_period=100.0, dummy_volumes=7),
        censoring=Censoring(fewest_volumes=42, caution_degrees_of_freedom=9),
    )
    for one in specifications(settings):
        assert (one.denoising.high_pass_period, one.denoising.dummy_volumes) == (100.0, 7)
        assert one.censoring.fewest_volumes == 42
        assert one.censoring.caution_degrees_of_freedom == 9
    strict = next(one for one in specifications(settings) if one.name.endswith("+fd0.2"))
    assert strict.censoring.framewise_displacement == 0.2
    assert strict.censoring.standardised_dvars == 1.5


def test_other_denoising_keeps_the_primary_censoring():
    others = denoising_alternatives(Settings())
    assert [one.name for one in others] == [
        "motion24-wm-csf",
        "motion24-wm-csf-gs",
        "acompcor5-motion24",
    ]
    assert all(one.censoring == Settings().censoring and not one.primary for one in others)


def test_an_alternative_that_is_the_primary_choice_is_no_other():
    primary = Denoising(name="motion24-wm-csf", motion_parameters=24)
    names = [one.name for one in specifications(Settings(denoising=primary))]
    assert len(names) == len(set(names)) == 9


def test_a_name_given_twice_is_told():
    twice = {"alternatives": {"denoising": [{"name": "a"}, {"name": "a"}]}}
    with pytest.raises(ConfigError, match="'a' is given twice in 'denoising'"):
        parse(Settings, twice, "config.yaml")


def test_what_is_not_given_has_its_default():
    assert Regressors(name="a").motion_parameters == 12
    assert Scrubbing(name="a", framewise_displacement=None).standardised_dvars == 1.5
