"""A raw participant, and what preparation makes of it; also as a program of its own.

``python -m made_up.prepared STUDY OUT`` prepares the T1w image of a study folder in a process of
its own, so that tests can hold its bytes against those of another process.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np

from brainchange.imaging.prepare.anatomy import AnatomyOutcome, prepare_anatomy
from brainchange.imaging.template import Template, have_template
from brainchange.study.settings import AnatomyPreparation, Preparation, Sources
from brainchange.study.templates import choose_template, read_templates
from made_up.raw import ROOT, RawCase

CASE = RawCase(
    voxel_size=(4.0, 4.0, 4.0), matrix=(48, 58, 34), n_volumes=24, t1w_voxel_size=2.0,
    slice_order="interleaved", sessions=("pre", "post"),
)  # fmt: skip
T1W = "sub-01/ses-pre/anat/sub-01_ses-pre_T1w.nii.gz"
QUICK = Preparation(anatomy=AnatomyPreparation(registration_voxel_size=4.0))
SEED = 11


def bundled_template(folder: Path) -> Template:
    """The template that comes with nilearn."""
    known = read_templates(ROOT / "config" / "templates.tsv")
    source = choose_template(known, "MNI152NLin2009aSym", "the test")
    return have_template(source, folder, Sources())


def prepare_t1w(study: Path, out: Path) -> AnatomyOutcome:
    """Prepare the T1w image of sub-01 at coarse voxels."""
    return prepare_anatomy(T1W, study, bundled_template(study), out, QUICK, seed=SEED)


def round_affine(path: Path) -> None:
    """Move an image by less than a sixteenth of a millimetre.

    Its affine and that of every reordered copy are then exact in single precision, as headers
    store them.
    """
    image = nib.load(path)
    affine = np.round(image.affine * 8) / 8
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj), affine), path)


if __name__ == "__main__":
    study_folder, out_folder = map(Path, sys.argv[1:])
    sys.exit(prepare_t1w(study_folder, out_folder).failure or None)
