"""Templates: the one that comes with nilearn, files put there by hand, and what is told."""

from __future__ import annotations

import shutil
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from brainchange.errors import ConfigError, FetchError, ImageError
from brainchange.imaging.nifti_write import write_image
from brainchange.imaging.template import have_template
from brainchange.study.settings import Sources
from brainchange.study.templates import (
    TemplateImage,
    TemplateSource,
    choose_template,
    read_templates,
)

QUICK = Sources(timeout=1.0, retries=0)


@pytest.fixture
def known(root):
    return read_templates(root / "config" / "templates.tsv")


def test_the_template_of_nilearn_needs_no_network(known, tmp_path):
    source = choose_template(known, "MNI152NLin2009aSym", "here")
    template = have_template(source, tmp_path, QUICK)
    t1w, mask = nib.load(template.t1w), nib.load(template.brain_mask)
    assert template.t1w.name == "tpl-MNI152NLin2009aSym_res-02_T1w.nii.gz"
    np.testing.assert_allclose(t1w.header.get_zooms(), 2)
    values, inside = t1w.get_fdata(), mask.get_fdata() > 0
    # A brain of the MNI is about 1.9 litres, and symmetric in this template.
    assert 1.7e6 < inside.sum() * 8 < 2.2e6
    centre = mask.affine[:3, :3] @ np.argwhere(inside).mean(axis=0) + mask.affine[:3, 3]
    assert abs(centre[0]) < 0.5
    assert values[inside].mean() > 10 * max(values[~inside].mean(), 1e-6)
    before = template.t1w.read_bytes()
    template.t1w.unlink()
    assert have_template(source, tmp_path, QUICK).t1w.read_bytes() == before


def files(tmp_path, mask_shape=(4, 4, 4)):
    write_image(tmp_path / "t1w.nii.gz", np.ones((4, 4, 4), "<i2"), np.eye(4))
    write_image(tmp_path / "mask.nii.gz", np.ones(mask_shape, "<i2"), np.eye(4))
    images = [TemplateImage("Mine", "T1w", "t1w.nii.gz")]
    images.append(TemplateImage("Mine", "brain_mask", "mask.nii.gz"))
    return TemplateSource("Mine", *images)


def test_files_of_the_project_are_a_template(tmp_path):
    template = have_template(files(tmp_path), tmp_path, QUICK)
    assert (template.t1w, template.brain_mask) == (
        tmp_path / "t1w.nii.gz",
        tmp_path / "mask.nii.gz",
    )


def test_what_is_wrong_with_a_template_is_told(known, tmp_path):
    with pytest.raises(ImageError, match="are on different grids"):
        have_template(files(tmp_path, (4, 4, 5)), tmp_path, QUICK)
    source = choose_template(known, "MNI152NLin2009aSym", "here")
    wrong = replace(source, t1w=replace(source.t1w, image="nilearn:7"))
    with pytest.raises(ConfigError, match="'nilearn:7' is no template of nilearn"):
        have_template(wrong, tmp_path, QUICK)
    with pytest.raises(ConfigError, match="there is no template 'MNI152NLin6Sym'") as caught:
        choose_template(known, "MNI152NLin6Sym", "here")
    assert "Did you mean 'MNI152NLin6Asym'" in str(caught.value)


@pytest.mark.shared
def test_the_checksum_of_the_table_is_that_of_the_real_brain_mask(known, shared, tmp_path):
    source = choose_template(known, "MNI152NLin2009cAsym", "here")
    name = "tpl-MNI152NLin2009cAsym_res-02_desc-brain_mask.nii.gz"
    kept = tmp_path / "data" / "templates" / source.template
    kept.mkdir(parents=True)
    shutil.copy(shared / "atlases" / name, kept / name)
    nowhere = {"https://templateflow.s3.amazonaws.com": "nowhere"}
    with pytest.raises(FetchError) as caught:
        have_template(source, tmp_path, Sources(retries=0, mirrors=nowhere))
    text = str(caught.value)
    assert "the template MNI152NLin2009cAsym needs the file" in text
    assert "_T1w.nii.gz" in text
    assert "brain_mask" not in text
    (kept / name).write_bytes((kept / name).read_bytes()[:-1])
    only_mask = replace(source, t1w=replace(source.brain_mask, part="T1w"))
    with pytest.raises(FetchError, match="its checksum differs"):
        have_template(only_mask, tmp_path, QUICK)
