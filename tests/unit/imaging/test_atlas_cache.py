"""An atlas is made once from its sources, read with its checksum, and told when it changes."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brainchange.errors import FetchError, ImageError, TableError
from brainchange.imaging.atlas import composed, labelled_image, plain_name, resampled
from brainchange.imaging.atlas_cache import atlas_files, have_atlas, is_ready, read_atlas
from brainchange.imaging.atlas_check import check_atlas
from brainchange.imaging.nifti_write import write_image
from brainchange.study.atlases import AtlasSource, Component
from brainchange.study.settings import Sources
from made_up.atlas import ATLAS, made_up_atlas, names, regions, write_files

if TYPE_CHECKING:
    from file_server import FileServer

QUICK = Sources(timeout=1.0, retries=0)


def from_files(tmp_path, **changes):
    (tmp_path / "config").mkdir(exist_ok=True)
    write_files(tmp_path / "config")
    component = Component("all", "file", "config/made.nii.gz", "config/made.tsv")
    return AtlasSource(ATLAS, "MNI152NLin2009aSym", (replace(component, **changes),))


def test_an_atlas_is_made_once_and_read_afterwards(tmp_path):
    source = from_files(tmp_path)
    assert not is_ready(source, tmp_path)
    made = have_atlas(source, tmp_path, QUICK)
    check_atlas(made, regions())
    assert is_ready(source, tmp_path)
    again = read_atlas(source, tmp_path)
    np.testing.assert_array_equal(again.image.values, made.image.values)
    np.testing.assert_allclose(again.image.affine, made.image.affine)
    assert dict(again.labels) == {plain_name(n): k for n, k in names().items()}
    files = atlas_files(source, tmp_path)
    before = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    have_atlas(source, tmp_path, QUICK)
    assert [path.read_bytes() for path in files] == before
    assert "20" not in json.loads(files[2].read_text())["sources"]


def test_a_changed_atlas_is_told(tmp_path):
    source = from_files(tmp_path)
    have_atlas(source, tmp_path, QUICK)
    _, table, receipt = atlas_files(source, tmp_path)
    table.write_text(table.read_text().replace("Left_Amygdala", "Left_Amygdalum"))
    with pytest.raises(FetchError, match="is not the file that was written") as caught:
        have_atlas(source, tmp_path, QUICK)
    assert "delete it, and it is made again" in str(caught.value)
    receipt.write_text("{")
    with pytest.raises(FetchError, match="the receipt cannot be read"):
        have_atlas(source, tmp_path, QUICK)
    receipt.unlink()
    with pytest.raises(FetchError, match="is not there yet"):
        read_atlas(source, tmp_path)


def test_a_configured_file_that_is_edited_makes_the_atlas_anew(tmp_path):
    source = from_files(tmp_path)
    have_atlas(source, tmp_path, QUICK)
    table = tmp_path / "config" / "made.tsv"
    table.write_text(table.read_text().replace("Left Amygdala", "Left Nucleus"))
    assert not is_ready(source, tmp_path)
    assert "Left_Nucleus" in have_atlas(source, tmp_path, QUICK).labels
    assert not is_ready(from_files(tmp_path, without=("Brain-Stem",)), tmp_path)


def test_what_is_published_anew_is_told(server: FileServer, tmp_path):
    image, table = write_files(tmp_path)
    server.files |= {"a/made.nii.gz": image.read_bytes(), "a/made.tsv": table.read_bytes()}
    component = Component("all", "file", f"{server.url}/a/made.nii.gz", f"{server.url}/a/made.tsv")
    source = AtlasSource(ATLAS, "MNI152NLin2009aSym", (component,))
    have_atlas(source, tmp_path, QUICK)
    folder = tmp_path / "data" / "atlases" / ATLAS
    assert (folder / "made.nii.gz").read_bytes() == image.read_bytes()
    assert len(server.requests) == 2
    have_atlas(source, tmp_path, QUICK)
    assert len(server.requests) == 2
    for name in ("made.tsv", f"tpl-{source.template}_desc-{ATLAS}_dseg.tsv"):
        (folder / name).unlink()
    server.files["a/made.tsv"] = table.read_bytes().replace(b"Amygdala", b"Amygdalum")
    with pytest.raises(FetchError, match="is made from other files than before") as caught:
        have_atlas(source, tmp_path, QUICK)
    assert "data/atlases/Made/made.tsv" in str(caught.value)


def test_a_damaged_download_is_told_and_not_kept_as_an_atlas(server: FileServer, tmp_path):
    image, table = write_files(tmp_path)
    damaged = bytearray(image.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    server.files |= {"made.nii.gz": bytes(damaged), "made.tsv": table.read_bytes()}
    component = Component("all", "file", f"{server.url}/made.nii.gz", f"{server.url}/made.tsv")
    source = AtlasSource(ATLAS, "MNI152NLin2009aSym", (component,))
    with pytest.raises(ImageError, match=r"damaged|end too early|checksum"):
        have_atlas(source, tmp_path, QUICK)
    assert not is_ready(source, tmp_path)


def test_all_files_that_are_missing_are_told_at_once(tmp_path):
    parts = tuple(
        Component(name, "file", f"lost/{name}.nii.gz", f"lost/{name}.tsv") for name in ("a", "b")
    )
    with pytest.raises(FetchError) as caught:
        have_atlas(AtlasSource("X", "MNI152NLin6Asym", parts), tmp_path, QUICK)
    assert "the atlas X (a) needs the file a.nii.gz" in str(caught.value)
    assert "the atlas X (b) needs the file b.nii.gz" in str(caught.value)


def line(values, offset=0.0):
    """A row of voxels of 2 mm."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[0, 3] = offset
    return np.array(values, np.int32).reshape(-1, 1, 1), affine


def test_components_lie_on_top_of_each_other():
    below = labelled_image(*line([1, 1, 1, 2, 2, 0]), [(1, "A"), (2, "B")], "below")
    above = labelled_image(*line([0, 7, 9, 9, 0, 5]), [(7, "C"), (9, "WM"), (5, "D")], "x", ["WM"])
    both = composed([("below", below), ("above", above)])
    # C was 7 and D 5 in their own component: they are raised above the largest number below, 2.
    assert dict(both.labels) == {"A": 1, "B": 2, "C": 9, "D": 7}
    np.testing.assert_array_equal(both.values.ravel(), [1, 9, 1, 2, 2, 7])


def test_a_component_on_another_grid_is_brought_to_the_first():
    below = labelled_image(*line([1, 1, 1, 1, 0, 0]), [(1, "A")], "below")
    flipped, affine = line([3, 0, 0, 0], 10.0)
    affine[0, 0] = -2
    above = labelled_image(flipped, affine, [(3, "B")], "above")
    np.testing.assert_array_equal(
        composed([("a", below), ("b", above)]).values.ravel(), [1, 1, 1, 1, 0, 4]
    )
    np.testing.assert_array_equal(
        resampled(below, (3, 1, 1), np.diag([4.0, 2, 2, 1])).ravel(), [1, 1, 0]
    )


def test_labels_that_would_be_lost_or_mixed_up_are_told():
    below = labelled_image(*line([1, 2]), [(1, "A"), (2, "B")], "below")
    above = labelled_image(*line([0, 1]), [(1, "C")], "above")
    with pytest.raises(ImageError, match="label 'B' has no voxel left"):
        composed([("below", below), ("above", above)])
    same = labelled_image(*line([0, 1, 0]), [(1, "A")], "above")
    with pytest.raises(ImageError, match="label 'A' is in two components"):
        composed([("below", below), ("above", same)])
    with pytest.raises(ImageError, match="the name 'A' stands for two labels"):
        labelled_image(*line([1, 2]), [(1, "A"), (2, "A")], "x")
    with pytest.raises(ImageError, match="the number 1 stands for two labels"):
        labelled_image(*line([1, 1]), [(1, "A"), (1, "B")], "x")
    with pytest.raises(ImageError, match=r"that no label has \(2\): 2, 3"):
        labelled_image(*line([1, 2, 3]), [(1, "A")], "x")
    with pytest.raises(ImageError, match="there is no label 'Z' to leave out"):
        labelled_image(*line([1]), [(1, "A")], "x", ["Z"])


def test_spheres_have_their_centre_and_volume(tmp_path):
    table = tmp_path / "seeds.tsv"
    table.write_text("name\tx\ty\tz\tradius\nsgACC\t6\t16\t-10\t10\nPCC\t-4\t-52.5\t26\t6\n")
    source = AtlasSource("Seeds", "any", (Component("all", "spheres", "seeds.tsv"),))
    atlas = have_atlas(source, tmp_path, QUICK)
    for name, centre, radius in (("sgACC", (6, 16, -10), 10), ("PCC", (-4, -52.5, 26), 6)):
        inside = np.argwhere(atlas.image.values == atlas.labels[name])
        world = inside @ atlas.image.affine[:3, :3].T + atlas.image.affine[:3, 3]
        np.testing.assert_allclose(world.mean(axis=0), centre, atol=0.5)
        assert len(inside) == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
        assert np.linalg.norm(world - centre, axis=1).max() <= radius
    table.write_text("name\tx\ty\tz\tradius\nsgACC\t6\t16\t-10\t0\n")
    with pytest.raises(TableError, match="radius above 0 mm"):
        have_atlas(source, tmp_path, QUICK)


def test_a_mask_is_one_label(tmp_path):
    data = np.zeros((4, 4, 4), np.float32)
    data[1, 2, 3], data[0, 0, 0] = 0.3, np.nan
    write_image(tmp_path / "mask.nii.gz", data.T, np.diag([2.0, 2, 2, 1]))
    source = AtlasSource("M", "MNI152NLin6Asym", (Component("m", "mask", "mask.nii.gz", "VTA L"),))
    atlas = have_atlas(source, tmp_path, QUICK)
    assert dict(atlas.labels) == {"VTA_L": 1}
    np.testing.assert_array_equal(np.argwhere(atlas.image.values), [[1, 2, 3]])


def test_a_list_of_names_counts_from_1(tmp_path):
    image, _ = line([1, 2, 0])
    write_image(tmp_path / "t.nii.gz", image.astype("<i2").T, np.eye(4))
    (tmp_path / "t.txt").write_text("aHIP-rh\npHIP-rh\n")
    source = AtlasSource("T", "MNI152NLin6Asym", (Component("t", "file", "t.nii.gz", "t.txt"),))
    assert dict(have_atlas(source, tmp_path, QUICK).labels) == {"aHIP-rh": 1, "pHIP-rh": 2}


def test_an_interpolated_image_is_no_atlas(tmp_path):
    write_image(tmp_path / "t.nii.gz", np.full((2, 2, 2), 1.5, np.float32), np.eye(4))
    (tmp_path / "t.txt").write_text("a\n")
    source = AtlasSource("T", "MNI152NLin6Asym", (Component("t", "file", "t.nii.gz", "t.txt"),))
    with pytest.raises(ImageError, match="no whole number"):
        have_atlas(source, tmp_path, QUICK)


def test_the_made_up_atlas_is_compressed_without_date(tmp_path):
    image, _ = write_files(tmp_path)
    assert image.read_bytes()[4:8] == bytes(4)
    assert len(gzip.decompress(image.read_bytes())) == 352 + 2 * made_up_atlas().image.values.size


@pytest.mark.shared
def test_the_label_tables_of_the_project_are_those_of_the_real_atlases(root, shared):
    from brainchange.imaging.parcellation import label_rows

    folder = shared / "atlases"
    real = label_rows(folder / "harvard_oxford_lateralised_maxprob25_2mm.tsv")
    cortical = label_rows(root / "config/atlases/HarvardOxfordCortical.tsv")
    assert cortical == [(n, name.replace("Operculum", "Opercular")) for n, name in real[:96]]
    subcortical = dict(label_rows(root / "config/atlases/HarvardOxfordSubcortical.tsv"))
    below = [name for name in subcortical.values() if "Cerebral" not in name]
    assert below == [name.replace("Ventrical", "Ventricle") for _, name in real[96:]]
    tian = label_rows(folder / "Tian_Subcortex_S2_3T_label.txt")
    assert label_rows(root / "config/atlases/TianS2.tsv") == tian
