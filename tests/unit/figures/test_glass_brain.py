"""Edges in a glass brain: all that were tested, heavy only what the evidence supports."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from brainchange.figures import glass_brain, registry
from brainchange.study.regions import Region


def region(name, group, side, centre):
    return Region(name, group, side, "aparcaseg", (name,), centre=centre)


REGIONS = (
    region("dlPFC_L", "dlPFC", "L", (-34.0, 34.0, 27.0)),
    region("dlPFC_R", "dlPFC", "R", (34.0, 34.0, 27.0)),
    region("amygdala_L", "amygdala", "L", (-23.0, -5.0, -18.0)),
    region("amygdala_R", "amygdala", "R", (23.0, -5.0, -18.0)),
    region("anywhere", "dlPFC", "B", None),
)


@pytest.fixture(scope="module")
def given(make_up, made_up_size):
    made = make_up(made_up_size(counts=(8, 8, 8), n_groups=3))
    claims = made.claims.model_copy(
        update={
            "claims": tuple(
                one.model_copy(update={"pairs": (("dlPFC", "amygdala"),), "groups": ()})
                if one.id == "T2"
                else one
                for one in made.claims.claims
            )
        }
    )
    return dataclasses.replace(made, claims=claims, regions=REGIONS)


def with_p(given, p):
    effects = given.tables["effects"].copy()
    effects.loc[effects["measure"] == "T2", "p_adjusted"] = p
    return dataclasses.replace(given, tables={**given.tables, "effects": effects})


def drawn(given):
    return list(registry.drawings(glass_brain.SPEC, given))


def lines(drawing):
    return [c for axes in drawing.figure.axes for c in axes.collections]


@pytest.mark.parametrize(("p", "kind"), [(0.049, "strong"), (0.051, "thin"), (np.nan, "thin")])
def test_only_what_is_below_alpha_is_heavy(given, p, kind):
    (drawing,) = drawn(with_p(given, p))
    assert {found.get_label() for found in lines(drawing)} == {kind}
    assert set(drawing.table["heavy"]) == {kind == "strong"}
    assert ("heavy" if kind == "strong" else "thin") in drawing.alternative


def test_every_edge_is_drawn_from_each_of_three_sides_between_the_centres(given):
    (drawing,) = drawn(given)
    found = lines(drawing)
    assert [len(one.get_segments()) for one in found] == [4, 4, 4]
    expected = {
        ((-34.0, 34.0), (-23.0, -5.0)), ((-34.0, 34.0), (23.0, -5.0)),
        ((34.0, 34.0), (-23.0, -5.0)), ((34.0, 34.0), (23.0, -5.0)),
    }  # fmt: skip
    assert {tuple(map(tuple, segment.tolist())) for segment in found[2].get_segments()} == expected
    assert len(drawing.table) == 4
    assert drawing.claims == ("T2",)


def test_the_picture_tells_effect_interval_and_unit(given):
    (drawing,) = drawn(given)
    row = given.tables["effects"].query("measure == 'T2' and primary").iloc[0]
    assert f"{row['difference']:+.2f}" in drawing.alternative
    assert "Fisher z" in drawing.alternative
    assert "95\u00a0% CI [" in drawing.alternative
    assert "post − pre" in drawing.caption
    written = [text.get_text() for axes in drawing.figure.axes for text in axes.texts]
    assert written.count("L") == written.count("R") == 2


def test_an_effect_that_was_not_estimated_says_so(given):
    effects = given.tables["effects"].copy()
    mine = effects["measure"] == "T2"
    effects.loc[mine, ["difference", "ci_low", "ci_high", "p_adjusted"]] = np.nan
    effects.loc[mine, "flag"] = "fewer than 2 participants"
    (drawing,) = drawn(dataclasses.replace(given, tables={**given.tables, "effects": effects}))
    assert "fewer than 2 participants" in drawing.alternative
    assert {found.get_label() for found in lines(drawing)} == {"thin"}


def test_without_known_centres_nothing_is_drawn(given):
    unknown = tuple(dataclasses.replace(one, centre=None) for one in REGIONS)
    assert drawn(dataclasses.replace(given, regions=unknown)) == []


def test_the_outlines_hold_the_brain_of_the_template():
    from nilearn import datasets

    mask = datasets.load_mni152_brain_mask(resolution=4)
    at = np.array(np.nonzero(mask.get_fdata() > 0.5))
    world = mask.affine[:3, :3] @ at + mask.affine[:3, 3:]
    for view, (right, up) in glass_brain.VIEWS.items():
        points = world[[right, up]].T
        outline = Outline(glass_brain.outlines()[view])
        assert outline.contains_points(points, radius=2.0).mean() > 0.99
        filled = np.ptp(outline.vertices, axis=0)
        np.testing.assert_allclose(filled, np.ptp(points, axis=0), atol=9)
