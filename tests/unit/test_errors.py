import pickle

import pytest

from brainchange.errors import BrainchangeError, ConfigError, Problem, did_you_mean


def test_an_error_says_what_where_why_and_what_to_do():
    error = ConfigError(
        "unknown key 'sead'", where="config/config.yaml", cause="a typing error", fix="write 'seed'"
    )
    assert str(error) == (
        "config/config.yaml: unknown key 'sead'\n"
        "  Likely cause: a typing error\n"
        "  What to do: write 'seed'"
    )


def test_several_problems_are_told_at_once():
    error = ConfigError.from_problems([Problem("first", "a.yaml"), Problem("second", "b.yaml")])
    assert str(error) == "2 problems:\na.yaml: first\nb.yaml: second"
    assert error.reason == "first; second"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("amygdla", "Did you mean 'amygdala'?"),
        ("AMYGDALA", "Did you mean 'amygdala'?"),
        ("xyz", "Known: amygdala, hippocampus."),
    ],
)
def test_a_mistyped_name_is_recognised(typed, told):
    assert did_you_mean(typed, ["amygdala", "hippocampus"]) == told


def test_long_lists_of_names_are_cut():
    assert did_you_mean("zzz", [f"name{i}" for i in range(30)]).endswith("… (30 in all).")


def test_an_error_survives_the_way_between_processes():
    error = ConfigError("what", where="here", fix="do")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ConfigError
    assert str(again) == str(error)


def test_every_error_has_its_exit_code():
    codes = {kind.__name__: kind.exit_code for kind in BrainchangeError.__subclasses__()}
    assert codes == {
        "ConfigError": 2,
        "TableError": 3,
        "ImageError": 3,
        "LockError": 4,
        "FetchError": 4,
    }
