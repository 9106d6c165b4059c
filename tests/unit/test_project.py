import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainchange.errors import ConfigError
from brainchange.project import load_project
from brainchange.project_folder import study_names
from brainchange.study.claims import Claims
from brainchange.study.documents import commented
from brainchange.study.regions import read_regions
from brainchange.study.settings import Settings
from brainchange.study.strict import parse, read_yaml


@pytest.fixture
def folder(root, tmp_path):
    shutil.copytree(root / "config", tmp_path / "config")
    return tmp_path


def change(folder, name, old, new):
    path = folder / "config" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def told(folder, **overrides):
    with pytest.raises(ConfigError) as caught:
        load_project(folder, overrides)
    return str(caught.value)


def test_the_committed_configuration_is_sound(root):
    for name in study_names(root):
        project = load_project(root, {"study": name})
        assert project.study.id == name
        assert len(project.regions) in (28, 30)


def test_the_commented_configuration_is_made_from_the_model(root):
    path = root / "config" / "config.yaml"
    settings_on_disk = parse(Settings, read_yaml(path), str(path))
    assert path.read_text() == commented(settings_on_disk)
    assert settings_on_disk == Settings()


def test_every_key_of_the_settings_is_explained():
    def keys(model, prefix=""):
        for name, field in model.model_fields.items():
            assert field.description, f"{prefix}{name} has no description"
            if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
                keys(field.annotation, f"{prefix}{name}.")

    keys(Settings)


def test_all_problems_of_all_files_are_told_at_once(folder):
    change(folder, "config.yaml", "  dummy_volumes: 4", "  dumy_volumes: 4")
    change(folder, "claims.yaml", "metric: falff_z", "metric: fallf_z")
    change(folder, "regions.tsv", "Left-Amygdala", "Left-Amygdalla")
    change(folder, "studies/demo.yaml", "treated: [therapy]", "treated: [terapy]")
    text = told(folder)
    assert re.search(r"config/config.yaml, line \d+: denoising.dumy_volumes: unknown key", text)
    assert "Did you mean 'dummy_volumes'?" in text
    assert "the atlas 'aparcaseg' has no label 'Left-Amygdalla'" in text
    assert "Did you mean 'Left-Amygdala'" in text
    assert "names the arm 'terapy', which 'arms' does not have (it has therapy, exercise" in text


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("config.yaml", "study: demo", "study: on", "True is not text"),
        ("config.yaml", "study: demo", "study: 01", "1 is not text"),
        ("config.yaml", "study: demo", "study: no", 'quote it: "…"'),
        ("config.yaml", "seed: 20261123", "seed: -1", "seed: -1 is too small: at least 0"),
        ("config.yaml", "seed: 20261123", 'seed: "7"', "'7' is not a whole number"),
        ("config.yaml", "seed: 20261123", "sead: 7", "Did you mean 'seed'?"),
        ("config.yaml", "study: demo", "study: demmo", "Did you mean 'demo' or 'rawdemo'?"),
        ("config.yaml", "alff, falff", "alff, fallf", "Did you mean 'falff'"),
        ("config.yaml", "regions: []", "regions: [amygdala]", "Did you mean 'amygdala_"),
        ("config.yaml", "motion_parameters: 12", "motion_parameters: 13", "13 is not allowed"),
        ("config.yaml", "  low: 0.01", "  low: 0.5", "low is not below high"),
        ("config.yaml", "seed: 20261123", "seed: [", "cannot be read"),
        ("config.yaml", "seed: 20261123", "seed: 1\nseed: 2", "key 'seed' is given twice"),
        ("config.yaml", "motion_parameters: 12", "motion_parameters: 13", "Known: 6, 12, 24."),
        ("config.yaml", "metrics: [", "metrics: [alff, ", "metric 'alff' is given twice"),
        ("config.yaml", "regions: []", "regions: amygdala_L", "put it in brackets"),
        ("config.yaml", "  low: 0.01", "  low: 1e-2", "an exponent without a point"),
        ("config.yaml", "timeout: 30.0", "timeout: 30,0", "a decimal comma"),
        ("config.yaml", "timeout: 30.0", "timeout: .inf", "should be a finite number"),
        ("claims.yaml", "groups: [amygdala]", "groups: [amygdalla]", "Did you mean 'amygdala'?"),
        ("claims.yaml", "groups: [amygdala]", "pairs: [[ACC, ACC]]", "has one value a region"),
        (
            "claims.yaml",
            "metric: connectivity",
            "metric: coupling",
            "there is no metric 'coupling'",
        ),
        ("claims.yaml", "metric: falff_z", "metric: falf_z", "Did you mean 'falff_z'"),
        ("claims.yaml", "direction: up", "direction: upward", "'upward' is not allowed"),
        ("claims.yaml", "id: P3", "id: P2", "claim 'P2' is given twice"),
        ("regions.tsv", "dlPFC_L\tdlPFC\tL", "dlPFC_L\tdlPFC\tleft", "not one of L, R, B"),
        ("regions.tsv", "dlPFC_R\t", "dlPFC_L\t", "repeats region=dlPFC_L"),
        ("regions.tsv", "\t12\t", "\ttwelve\t", "'twelve', not a number"),
        ("regions.tsv", "Left-Amygdala", "Left-Amygdala;", "a label is empty"),
        ("regions.tsv", "Left-Amygdala", '"Left-Amygdala"', "a label is in quotes"),
        ("regions.tsv", "Left-Amygdala", "Right-Amygdala", "the same labels as the region"),
        ("regions.tsv", "amygdala_L\tamygdala", "amygdala_L\t../x", "the group holds more than"),
        ("regions.tsv", "calcarine_L\tcalcarine", "calcarine_L\tACC", "that of its group ACC is"),
        ("regions.tsv", "\t12\t", "\tinf\t", "must be above 0 mm"),
        ("regions.tsv", "target\t-23\t", "target\t23\t", "its hemisphere is L, and x is 23 mm"),
        ("regions.tsv", "target\t-23\t", "target\t-230\t", "which is outside of the head"),
        ("regions.tsv", "target\t-23\t", "target\tn/a\t", "x, y and z are needed together"),
        ("regions.tsv", "\t3000\n", "\t-3000\n", "volume must be above 0 mm³"),
        ("regions.tsv", "Left_Amygdala", "Left_Amigdala", "Did you mean 'Left_Amygdala'"),
        ("atlases.tsv", "\tnilearn\tharvard_oxford", "\tnilearn\tharvard", "'harvard_oxford'"),
        ("atlases.tsv", "atlas_name=sub", "atlas_nam=sub", "no argument 'atlas_nam'"),
        ("atlases.tsv", "atlas_name=sub", "atlas_nam=sub", "needs the argument 'atlas_name'"),
        ("atlases.tsv", "\tfile\t", "\tfiles\t", "not one of file, mask, nilearn, spheres"),
        ("atlases.tsv", "AAL3\t", "AAL-3\t", "'AAL-3' is more than letters and digits"),
        ("atlases.tsv", "any\tsgACC", "MNI 152\tsgACC", "more than letters and digits"),
        ("atlases.tsv", "MNIColin27\twhole", "any\twhole", "which only spheres can be"),
        ("atlases.tsv", "54982\tmd5", "n/a\tmd5", "size_bytes and checksum are needed together"),
        ("atlases.tsv", "md5:3c9e", "md5:3C9E", "is of no known kind"),
        ("atlases.tsv", "config/atlases/Fox2012.tsv", "../Fox2012.tsv", "is no address"),
        ("atlases.tsv", "Fox2012.tsv", "Fox.tsv", "the file config/atlases/Fox.tsv does not exist"),
        ("atlases.tsv", "\tcortical\tfile", "\tsubcortical\tfile", "repeats atlas=HarvardOxford"),
        ("templates.tsv", "MNIColin27\tbrain_mask", "Colin\tbrain_mask", "has no brain_mask"),
        ("templates.tsv", "https://templ", "htps://templ", "is no address"),
        ("regions.tsv", "L\taparcaseg", "L\taparcseg", "Did you mean 'aparcaseg'?"),
        ("regions.tsv", "n/a\ttarget\t", "n/a    target\t", "put one tab between cells"),
        ("studies/demo.yaml", "id: demo", "id: domo", "the study calls itself 'domo'"),
        ("studies/demo.yaml", "  post: [post]", "  post: [pre]", "belongs to two timepoints"),
        ("studies/demo.yaml", "  pre: [pre]\n", "", "timepoint 'pre' is missing"),
        ("studies/demo.yaml", "  pre: [pre]", "  pre: [01]", "quote it"),
        ("studies/demo.yaml", "  pre: [pre]", "  pre: [ses-pre]", "letters and digits only"),
        ("studies/demo.yaml", "better: down", "better: no", "YAML reads on, off, yes, no"),
        ("studies/demo.yaml", "primary: true", "primary: false", "exactly one contrast"),
        ("studies/demo.yaml", "simulated: true", "simulated: false", "needs 'repositories'"),
        ("studies/demo.yaml", "    maximum: 63", "    maximum: 0", "is not below"),
        (
            "studies/demo.yaml",
            "  randomised: true",
            "  randomised: yes it was",
            "is not true or false",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place_and_its_fix(folder, name, old, new, expected):
    change(folder, name, old, new)
    text = told(folder)
    assert expected in text
    assert f"config/{name}" in text or "config/studies/" in text


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ("[A1]", ""),
        ("[A9]", "there is no claim 'A9'"),
        ("[A2]", "claim 'A2' is about the metric 'falff_z', which belongs to no contrast"),
    ],
)
def test_a_task_contrast_names_claims_about_tasks(folder, claims, expected):
    contrast = f"{{task: rest, formula: fear, label: fear, claims: {claims}}}"
    added = f"task_contrasts:\n  fear: {contrast}\noutcomes:"
    change(folder, "studies/demo.yaml", "outcomes:", added)
    if expected:
        assert f"task_contrasts.fear.claims: {expected}" in told(folder)
    else:
        assert load_project(folder).study.task_contrast_of("A1") == "fear"


def test_seeds_are_a_group_of_regions_where_tasks_have_contrasts(folder):
    assert load_project(folder, {"task": {"seeds": "amigdala"}}).regions
    contrast = "task_contrasts: {fear: {task: rest, formula: fear, label: fear}}\noutcomes:"
    change(folder, "studies/demo.yaml", "outcomes:", contrast)
    assert "task.seeds: no region belongs to the group 'amigdala'" in told(
        folder, task={"seeds": "amigdala"}
    )


def test_a_missing_file_is_told(folder):
    (folder / "config" / "claims.yaml").unlink()
    assert "claims.yaml: the file does not exist" in told(folder)


def test_a_problem_of_a_whole_file_does_not_show_the_file(folder):
    change(folder, "studies/demo.yaml", "primary: true", "primary: false")
    assert told(folder) == (
        "config/studies/demo.yaml: exactly one contrast must say 'primary: true'"
    )


@pytest.mark.parametrize("name", ["claims.yaml", "regions.tsv"])
def test_a_folder_in_place_of_a_file_is_told(folder, name):
    (folder / "config" / name).unlink()
    (folder / "config" / name).mkdir()
    assert f"{name}: the {'file' if 'yaml' in name else 'table'} cannot be read" in told(folder)


def test_a_table_of_regions_without_regions_is_told(folder):
    path = folder / "config" / "regions.tsv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert "the table names no region" in told(folder)


def test_a_broken_simulation_is_told_by_the_check(folder):
    change(folder, "simulations/demo.yaml", "n_volumes", "n_volums")
    done = subprocess.run(
        [sys.executable, "-m", "brainchange", "check", "demo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Did you mean 'n_volumes'?" in done.stderr
    assert "✓" not in done.stdout


def test_the_command_line_overrides_the_file(folder):
    project = load_project(folder, {"study": "ds003007", "inference": {"alpha": 0.01}})
    assert project.study.id == "ds003007"
    assert project.settings.inference.alpha == 0.01
    assert project.settings.inference.permutations == 9999
    assert "inference.alhpa: unknown key 'alhpa'" in told(folder, inference={"alhpa": 0.01})


def test_regions_are_analysed_in_the_order_asked_for(folder):
    change(folder, "config.yaml", "regions: []", "regions: [amygdala_R, dlPFC_L, amygdala_L]")
    (folder / "config" / "claims.yaml").write_text(
        "article: a\nclaims:\n  - {id: A2, quote: q, construct: c, metric: falff_z,"
        " groups: [amygdala], direction: down, family: confirmatory}\n"
    )
    project = load_project(folder)
    assert [r.region for r in project.regions] == ["amygdala_R", "dlPFC_L", "amygdala_L"]
    assert project.claims.claims[0].members(project.regions) == (
        ("amygdala_R", ""),
        ("amygdala_L", ""),
    )


def test_the_edges_of_a_claim_are_each_named_once_in_the_configured_order(root):
    every = read_regions(root / "config" / "regions.tsv")
    regions = [region for region in every if region.atlas == "aparcaseg"]
    claims = parse(Claims, read_yaml(root / "config" / "claims.yaml"), "claims")
    members = {c.id: c.members(regions) for c in claims.claims if c.metric}
    # By hand: 1 edge within dlPFC, 2 × 2 with dmPFC, 2 × 2 with ACC; 4 × 2 pairs of groups × 4.
    # A4: 1 + 4 + 1, D2: 6 pairs of groups × 4. D3: 3 groups of 2. P4: one network.
    assert {name: len(edges) for name, edges in members.items()} == {
        "D3": 6,
        "P4": 1,
        "P1": 6,
        "A1": 2,
        "D5": 2,
        "D6": 4,
        "N3": 4,
        "A3": 2,
        "T1": 12,
        "P2": 6,
        "P3": 9,
        "A2": 2,
        "T2": 32,
        "A4": 6,
        "H1": 2,
        "H3": 8,
        "L1": 4,
        "D2": 24,
        "D4": 4,
    }
    order = [region.region for region in regions]
    for first, second in members["P3"] + members["T2"]:
        assert order.index(first) < order.index(second)


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    )
)
def test_no_value_of_any_key_leads_to_anything_but_settings_or_an_error_in_words(value):
    for key in ("study", "regions", "denoising", "sources", "nonsense"):
        result = settings_or_error({key: value})
        assert isinstance(result, Settings) or f"config.yaml: {key}" in result


def settings_or_error(values):
    try:
        return parse(Settings, values, "config.yaml")
    except ConfigError as error:
        return str(error)


def test_the_configuration_is_checked_from_the_command_line_and_told_without_traceback(folder):
    change(folder, "config.yaml", "study: demo", "study: 01")
    command = [sys.executable, "-m", "brainchange", "check"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "config/config.yaml, line 6: study: 1 is not text" in done.stderr
    assert 'quote it: "…"' in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "told_so"),
    [
        ("default: [PCC,", "default: [PPC,", "no region belongs to the group 'PPC'"),
        ("  limbic: [", "  amygdala: [", "'amygdala' is also a region or group"),
        ("  control: [", "  kontrol: [", "there is no network 'control'"),
        ("metrics: [connectivity, ", "metrics: [", "is made from 'connectivity'"),
    ],
)
def test_mistakes_in_networks_are_told(folder, before, after, told_so):
    change(folder, "config.yaml", before, after)
    assert told_so in told(folder)


def test_images_are_measured_without_networks_so_that_another_reads_none_again(folder):
    project = load_project(folder)
    change(folder, "config.yaml", "  limbic: [", "  threat: [amygdala, insula]\n  limbic: [")
    more = load_project(folder)
    assert more.regions != project.regions
    assert more.measured_regions == project.measured_regions
