import shutil

import pytest

from brainchange.code_digest import SOURCE, code_digest


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "brainchange"
    for name, text in {
        "__init__.py": "",
        "low.py": "def value():\n    return 1\n",
        "stage/__init__.py": "",
        "stage/high.py": "from brainchange.low import value\n\nRESULT = value()\n",
        "stage/other.py": "A = 1\n",
        "stage/labels.tsv": "index\tname\n",
        "apart.py": "B = 1\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def edit(source, name, text):
    """The same package with one file changed (files are read once, so elsewhere)."""
    copy = source.with_name(f"edited{len(list(source.parent.iterdir()))}") / "brainchange"
    shutil.copytree(source, copy)
    (copy / name).write_text(text)
    return copy


MODULE = "brainchange.stage.high"


def test_formatting_comments_and_docstrings_change_nothing(source):
    reformatted = '"""New."""\n\n\ndef value( ):\n  # why\n  """Doc."""\n  return (1)\n'
    assert code_digest(MODULE, source=source) == code_digest(
        MODULE, source=edit(source, "low.py", reformatted)
    )


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        ("low.py", "def value():\n    return 2\n", True),
        ("stage/labels.tsv", "index\tlabel\n", True),
        ("stage/other.py", "A = 2\n", False),
        ("apart.py", "B = 2\n", False),
    ],
)
def test_only_what_a_module_uses_changes_its_digest(source, name, text, changes):
    edited = edit(source, name, text)
    assert (code_digest(MODULE, source=source) != code_digest(MODULE, source=edited)) is changes


def test_a_package_stands_for_all_its_modules(source):
    edited = edit(source, "stage/other.py", "A = 2\n")
    package = "brainchange.stage"
    assert code_digest(package, source=source) != code_digest(package, source=edited)


def test_a_module_that_does_not_exist_is_an_error(source):
    with pytest.raises(FileNotFoundError, match=r"no module brainchange\.stage\.hihg"):
        code_digest("brainchange.stage.hihg", source=source)


def test_figures_do_not_depend_on_how_images_are_read():
    edited = SOURCE / "imaging" / "nifti.py"
    from brainchange.code_digest import _closure, modules_with
    from brainchange.figures.registry import figures

    drawn = modules_with("brainchange.figures", "SPEC")
    assert len(drawn) == len(figures())
    assert edited in _closure(("brainchange.metrics.measure",), SOURCE)
    assert edited not in _closure(("brainchange.figures.registry", *drawn), SOURCE)
    assert edited in _closure(("brainchange.figures.qc_participant",), SOURCE)
