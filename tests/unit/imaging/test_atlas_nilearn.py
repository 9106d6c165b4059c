"""nilearn's fetchers, with files put there by hand as FSL, GIN and CBIG publish them."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from brainchange.errors import ConfigError, FetchError, ImageError
from brainchange.imaging.atlas_cache import have_atlas
from brainchange.study.atlases import read_atlases
from brainchange.study.settings import Sources
from fetching import free_port

FSL_AFFINE = np.array([[-2, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1.0]])


@pytest.fixture
def configured(root):
    """Atlases of the project by name and template."""
    listed = read_atlases(root / "config" / "atlases.tsv")
    return {(source.atlas, source.template): source for source in listed}


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whatever asks the web is refused at once."""
    refused = f"http://127.0.0.1:{free_port()}"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, refused)


def save(path: Path, numbers):
    """Write an FSL image (x runs to the left) with each number in 8 voxels in a row, left first."""
    values = np.zeros((91, 109, 91), np.uint8)
    for place, number in enumerate(numbers):
        x = 60 if place % 2 == 0 else 20
        values[x : x + 8, 30 + place // 2, 40] = number
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.Nifti1Image(values, FSL_AFFINE).to_filename(path)


def xml_of_fsl(path: Path, names):
    lines = [f'<label index="{n}" x="1" y="2" z="3">{name}</label>' for n, name in enumerate(names)]
    path.write_text(f"<atlas><data>{''.join(lines)}</data></atlas>")


def put_harvard_oxford(root: Path):
    folder = root / "data/atlases/HarvardOxford/fsl/data/atlases"
    save(folder / "HarvardOxford/HarvardOxford-cortl-maxprob-thr25-2mm.nii.gz", [1, 2, 3, 4])
    cortical = ["Frontal Pole", "Inferior Frontal Gyrus, pars triangularis"]
    xml_of_fsl(
        folder / "HarvardOxford-Cortical-Lateralized.xml",
        [f"{side} {name}" for name in cortical for side in ("Left", "Right")],
    )
    below = ["Cerebral White Matter", "Cerebral Cortex ", "Amygdala"]
    names = [f"{side} {name}" for side in ("Left", "Right") for name in below]
    xml_of_fsl(folder / "HarvardOxford-Subcortical.xml", [*names[:3], "Brain-Stem", *names[3:]])
    save(folder / "HarvardOxford/HarvardOxford-sub-maxprob-thr50-2mm.nii.gz", [1, 5, 2, 6, 3, 7])


def test_harvard_oxford_is_read_without_network(configured, tmp_path):
    put_harvard_oxford(tmp_path)
    source = configured["HarvardOxford", "MNI152NLin6Asym"]
    atlas = have_atlas(source, tmp_path, Sources())
    # Background and the labels of cerebral white matter and cortex are left out; what is below the
    # cortex lies above it, with numbers raised by the four cortical ones.
    assert dict(atlas.labels) == {
        "Left_Frontal_Pole": 1,
        "Right_Frontal_Pole": 2,
        "Left_Inferior_Frontal_Gyrus_pars_triangularis": 3,
        "Right_Inferior_Frontal_Gyrus_pars_triangularis": 4,
        "Left_Amygdala": 7,
        "Brain-Stem": 8,
        "Right_Amygdala": 11,
    }
    values, affine = atlas.image.values, atlas.image.affine
    for name, sign in (("Left_Amygdala", -1), ("Right_Amygdala", 1), ("Left_Frontal_Pole", -1)):
        inside = np.argwhere(values == atlas.labels[name])
        assert len(inside) == 8
        assert np.sign(inside @ affine[0, :3] + affine[0, 3]).tolist() == [sign] * 8


def test_aal_numbers_are_not_consecutive(configured, tmp_path):
    folder = tmp_path / "data/atlases/AAL3/aal_3v2/AAL3"
    save(folder / "AAL3v1.nii", [34, 37])
    labels = {"Insula_R": 34, "Cingulate_Mid_L": 37}
    text = "".join(
        f"<label><index>{number}</index><name>{name}</name></label>"
        for name, number in labels.items()
    )
    (folder / "AAL3v1.xml").write_text(f"<atlas><data>{text}</data></atlas>")
    atlas = have_atlas(configured["AAL3", "MNIColin27"], tmp_path, Sources())
    assert dict(atlas.labels) == labels
    assert set(np.unique(atlas.image.values)) == {0, 34, 37}


def test_schaefer_is_read_with_the_subcortex_of_tian(configured, root, tmp_path):
    folder = tmp_path / "data/atlases/Schaefer2018"
    stem = "Schaefer2018_200Parcels_7Networks_order"
    save(folder / "schaefer_2018" / f"{stem}_FSLMNI152_2mm.nii.gz", [1, 2])
    lines = ["1\t7Networks_LH_Vis_1\t120\t18\t129\t0", "2\t7Networks_RH_Vis_1\t120\t18\t130\t0"]
    (folder / "schaefer_2018" / f"{stem}.txt").write_text("\n".join(lines) + "\n")
    source = configured["Schaefer2018", "MNI152NLin6Asym"]
    with pytest.raises(FetchError, match="Schaefer2018 \\(subcortical\\) needs the file") as caught:
        have_atlas(source, tmp_path, Sources(retries=0))
    name = "tpl-MNI152NLin6Asym_res-02_atlas-TianSubcortex_desc-S2_dseg.nii.gz"
    assert f"put it to {folder}/{name}" in str(caught.value)
    values = np.zeros((91, 109, 91), np.uint8)
    values[20:84, 60, 40] = np.repeat(np.arange(1, 33), 2)
    nib.Nifti1Image(values, FSL_AFFINE).to_filename(folder / name)
    (tmp_path / "config/atlases").mkdir(parents=True)
    for table in (root / "config/atlases").iterdir():
        (tmp_path / "config/atlases" / table.name).write_bytes(table.read_bytes())
    atlas = have_atlas(source, tmp_path, Sources())
    assert atlas.labels["7Networks_LH_Vis_1"] == 1
    assert atlas.labels["aHIP-rh"] == 3
    assert len(atlas.labels) == 34


@pytest.mark.parametrize(
    ("atlas", "address", "files"),
    [
        (
            ("HarvardOxford", "MNI152NLin6Asym"),
            "https://www.nitrc.org/frs/download.php/9902/HarvardOxford.tgz",
            [
                "fsl/data/atlases/HarvardOxford/HarvardOxford-cortl-maxprob-thr25-2mm.nii.gz",
                "fsl/data/atlases/HarvardOxford-Cortical-Lateralized.xml",
                "fsl/data/atlases/HarvardOxford/HarvardOxford-sub-maxprob-thr50-2mm.nii.gz",
                "fsl/data/atlases/HarvardOxford-Subcortical.xml",
            ],
        ),
        (
            ("AAL3", "MNIColin27"),
            "AAL3v2_for_SPM12.tar.gz",
            ["aal_3v2/AAL3/AAL3v1.nii", "aal_3v2/AAL3/AAL3v1.xml"],
        ),
        (("AAL", "MNIColin27"), "aal_for_SPM12.tar.gz", ["aal_SPM12/aal/atlas/AAL.nii"]),
        (
            ("Schaefer2018", "MNI152NLin6Asym"),
            "Schaefer2018_LocalGlobal/Parcellations/MNI",
            ["schaefer_2018/Schaefer2018_200Parcels_7Networks_order_FSLMNI152_2mm.nii.gz"],
        ),
        (
            ("Juelich", "MNI152NLin6Asym"),
            "12096/Juelich.tgz",
            ["fsl/data/atlases/Juelich/Juelich-maxprob-thr25-2mm.nii.gz"],
        ),
        (
            ("Destrieux2009", "fsaverage"),
            "11942/destrieux2009.tgz",
            ["destrieux_2009/destrieux2009_rois_lateralized.nii.gz"],
        ),
    ],
)
def test_without_network_the_message_says_what_to_put_where(
    configured, tmp_path, atlas, address, files
):
    with pytest.raises(FetchError) as caught:
        have_atlas(configured[atlas], tmp_path, Sources(retries=0))
    text = str(caught.value)
    assert "nilearn could not get the atlas" in text
    assert address in text
    for file in files:
        assert f"data/atlases/{atlas[0]}/{file}" in text
    assert "Traceback" not in text


def test_a_damaged_file_of_nilearn_is_told(configured, tmp_path):
    put_harvard_oxford(tmp_path)
    folder = tmp_path / "data/atlases/HarvardOxford/fsl/data/atlases"
    (folder / "HarvardOxford-Cortical-Lateralized.xml").write_text("<atlas><data>")
    with pytest.raises(FetchError, match="nilearn could not get") as caught:
        have_atlas(configured["HarvardOxford", "MNI152NLin6Asym"], tmp_path, Sources())
    assert "a damaged file there must be deleted first" in str(caught.value)
    put_harvard_oxford(tmp_path)
    image = folder / "HarvardOxford/HarvardOxford-cortl-maxprob-thr25-2mm.nii.gz"
    image.write_bytes(gzip.compress(b"not an image", mtime=0))
    with pytest.raises(FetchError, match="nilearn could not get"):
        have_atlas(configured["HarvardOxford", "MNI152NLin6Asym"], tmp_path, Sources())


def test_the_template_nilearn_tells_is_compared(configured, tmp_path):
    put_harvard_oxford(tmp_path)
    from dataclasses import replace

    source = replace(configured["HarvardOxford", "MNI152NLin6Asym"], template="MNI152NLin2009cAsym")
    with pytest.raises(ConfigError, match="is in the template MNI152NLin6Asym, says nilearn"):
        have_atlas(source, tmp_path, Sources())


def test_more_numbers_than_names_are_told(configured, tmp_path):
    put_harvard_oxford(tmp_path)
    folder = tmp_path / "data/atlases/HarvardOxford/fsl/data/atlases"
    save(folder / "HarvardOxford/HarvardOxford-cortl-maxprob-thr25-2mm.nii.gz", [1, 2, 3, 4, 5])
    with pytest.raises(ImageError, match=r"holds numbers that no label has \(1\): 5"):
        have_atlas(configured["HarvardOxford", "MNI152NLin6Asym"], tmp_path, Sources())
