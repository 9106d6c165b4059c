"""Reading of configuration that cannot be misread: nothing unknown, nothing converted silently."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from brainchange.errors import ConfigError, Problem, did_you_mean

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_LABEL = r"^[A-Za-z0-9]+$"
Name = Annotated[str, StringConstraints(pattern=_NAME, max_length=64)]
"""A name that is safe as part of a file name."""
Label = Annotated[str, StringConstraints(pattern=_LABEL, max_length=64)]
"""A BIDS label: letters and digits only."""
Direction = Literal["up", "down"]
"""Direction of a change."""
Text = Annotated[str, StringConstraints(min_length=1)]
Loc = tuple[int | str, ...]

_PATTERNS = {
    _NAME: "letters, digits, '_', '.' and '-', beginning with a letter or a digit",
    _LABEL: "letters and digits only (no 'ses-' or 'task-')",
}
_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}
_LIMITS = {
    "greater_than": ("gt", "small: more than"),
    "greater_than_equal": ("ge", "small: at least"),
    "less_than": ("lt", "large: less than"),
    "less_than_equal": ("le", "large: at most"),
}
_NOT_TEXT = "YAML reads on, off, yes, no, 01 and 010 as something else than text"


class Strict(BaseModel):
    """Base of every model of a file in ``config/``: frozen, no unknown key, no conversion."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


ModelT = TypeVar("ModelT", bound=Strict)


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key '{key}' is given twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    ConfigError
        The file is missing or cannot be read, is no YAML, gives a key twice, or holds no mapping.
    """
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    except FileNotFoundError:
        raise ConfigError("the file does not exist", where=str(path)) from None
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise ConfigError(what, where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8 text", where=str(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        detail = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigError(
            f"the file cannot be read: {detail}",
            where=f"{path}{line}",
            cause="indentation, a missing ': ', or an unclosed quote or bracket",
        ) from None
    if loaded is None:
        loaded = {}
    if not isinstance(loaded, dict):
        raise ConfigError("the file holds no 'key: value' lines", where=str(path))
    return loaded


def parse(model: type[ModelT], values: dict[str, Any], where: str) -> ModelT:
    """Check values against a model and report every problem at once.

    Parameters
    ----------
    model : type
        The model to make.
    values : dict
        What the file says.
    where : str
        The file, for the messages.

    Raises
    ------
    ConfigError
        One problem for each key that is unknown, missing, or holds what cannot be meant.
    """
    try:
        return model.model_validate(_tuples(values))
    except ValidationError as error:
        problems = [_problem(model, details, where) for details in error.errors()]
        raise ConfigError.from_problems(problems) from None


def _tuples(value: Any) -> Any:  # noqa: ANN401
    """Turn lists into tuples: the models are frozen, and strict mode does not convert."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value


def _problem(model: type[Strict], details: ErrorDetails, where: str) -> Problem:
    loc: Loc = tuple(part for part in details["loc"] if part != "[key]")
    place = f"{where}: {_dotted(loc)}" if loc else where
    kind, found = details["type"], details["input"]
    if kind == "extra_forbidden":
        known = _keys_of(model, loc[:-1])
        return Problem(
            f"unknown key '{loc[-1]}'", place, "a typing error", did_you_mean(str(loc[-1]), known)
        )
    if kind == "missing":
        return Problem(f"key '{loc[-1]}' is missing", place, fix=f"add '{loc[-1]}: …'")
    if kind == "literal_error":
        return _not_among(details, place)
    message = details["msg"].removeprefix("Value error, ")
    if isinstance(found, dict) and kind == "value_error":
        return Problem(message, place)
    what, cause, fix = _explained(details)
    return Problem(what or f"{message} (found {_short(found)})", place, cause, fix)


def _not_among(details: ErrorDetails, place: str) -> Problem:
    """Tell which values are allowed; YAML turns some words into another kind of value."""
    found = details["input"]
    expected = str(details.get("ctx", {}).get("expected", ""))
    allowed = re.findall(r"'([^']*)'", expected) or re.findall(r"\d+", expected)
    cause = _NOT_TEXT if isinstance(found, bool) else ""
    return Problem(f"{found!r} is not allowed", place, cause, did_you_mean(str(found), allowed))


def _explained(details: ErrorDetails) -> tuple[str, str, str]:
    """Say what, likely cause and fix of mistakes that pydantic tells in words of Python."""
    kind, found = details["type"], details["input"]
    if kind == "string_type" and isinstance(found, bool | int | float):
        return f"{found!r} is not text", _NOT_TEXT, 'quote it: "…"'
    if kind == "tuple_type":
        return f"{_short(found)} is not a list", "", "put it in brackets: […]"
    if kind == "too_long" and isinstance(found, tuple):
        most = details.get("ctx", {}).get("max_length")
        return f"{_short(list(found))} has more than {most} entries", "", ""
    allowed = _PATTERNS.get(str(details.get("ctx", {}).get("pattern")))
    if allowed:
        return f"{found!r} is not allowed here", "", f"use {allowed}"
    return *_number_explained(kind, found, details.get("ctx", {})), ""


def _number_explained(kind: str, found: object, context: Mapping[str, object]) -> tuple[str, str]:
    """Say what and likely cause, of a value of another kind or out of its range."""
    if kind in _KINDS:
        numeric = kind != "bool_type" and re.search(r"\d", str(found))
        cause = "quotes, a decimal comma, or an exponent without a point (1.0e-2)"
        return f"{_short(found)} is not {_KINDS[kind]}", cause if numeric else ""
    if kind in _LIMITS:
        name, told = _LIMITS[kind]
        return f"{found} is too {told} {context.get(name)}", ""
    return "", ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _dotted(loc: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in loc)


def _keys_of(model: type[Strict], loc: Loc) -> list[str]:
    """Keys a model allows at a place inside it, for did-you-mean."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in loc:
        node = _resolved(schema, node)
        if isinstance(part, int):
            node = node.get("items", {}) or {}
        else:
            inner = node.get("properties", {}).get(part)
            node = inner if inner is not None else _of_any_name(node)
        if not isinstance(node, dict):
            return []
    return list(_resolved(schema, node).get("properties", {}))


def _of_any_name(node: dict[str, Any]) -> dict[str, Any]:
    """Give what a mapping holds whose keys are free, or free within a pattern."""
    patterns: dict[str, dict[str, Any]] = node.get("patternProperties", {})
    return next(iter(patterns.values()), node.get("additionalProperties", {}) or {})


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if "$ref" in option:
            node = option
    if "$ref" in node:
        resolved: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
        return resolved
    return node
