"""Formulas of task contrasts: linear in conditions, read by a parser that knows nothing else.

Written by hand rather than with nilearn's ``expression_to_contrast_vector``, which hands the text
to ``pandas.eval``: that calls functions and methods, and takes no condition called ``2back`` or
``face-happy``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from brainchange.errors import ConfigError

LONGEST = 1000
"""Characters of a formula; a longer one is no contrast, and would be deep to parse."""
DEEPEST = 50
"""Brackets and signs within each other."""
NOTHING = 1e-9
"""Sums of weights below this are zero."""

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[\w.]*\w[\w.]*)
    |(?P<quoted>'[^']+'|"[^"]+")
    |(?P<sign>[-+*/()−])
    )""",
    re.VERBOSE,
)
_USE = "use condition names, numbers, + - * / and brackets"


@dataclass(frozen=True)
class _Linear:
    """A number, or a weighted sum of conditions (then `number` is 0)."""

    number: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def scaled(self, factor: float) -> _Linear:
        weights = {name: weight * factor for name, weight in self.weights.items()}
        return _Linear(self.number * factor if self.number else 0.0, weights)


def parse_formula(text: str) -> dict[str, float]:
    """Read a contrast of conditions.

    Parameters
    ----------
    text : str
        ``(angry + fearful)/2 - neutral``: names of conditions, numbers, ``+ - * /`` and brackets.
        A name that holds anything but letters, digits, ``_`` and ``.`` stands in quotes
        (``'face-happy' - neutral``).

    Returns
    -------
    dict of str to float
        Weight of each condition, in the order they are named; none is zero.

    Raises
    ------
    ConfigError
        The text is no such formula; the message says where. Or no condition has a weight.
    """
    if len(text) > LONGEST:
        raise ConfigError(f"the formula has {len(text)} characters, more than {LONGEST}")
    found = _Parser(text).formula()
    weights = {name: weight for name, weight in found.weights.items() if abs(weight) > NOTHING}
    if found.number or not weights:
        raise ConfigError(
            f"the formula '{text}' is no contrast of conditions",
            cause="nothing is left of it, or it is a number",
            fix=f"{_USE}; a condition called 1 stands in quotes",
        )
    if not all(math.isfinite(weight) for weight in weights.values()):
        raise ConfigError(f"a weight of the formula '{text}' is not finite")
    return weights


def imbalance(weights: Mapping[str, float]) -> float:
    """Sum of the weights of a comparison, which is zero if both sides weigh the same.

    Parameters
    ----------
    weights : mapping of str to float
        Of :func:`parse_formula`.

    Returns
    -------
    float
        0 for a formula with weights of one sign only: that is activation against the baseline.
    """
    values = list(weights.values())
    if min(values) >= 0 or max(values) <= 0:
        return 0.0
    total = math.fsum(values)
    return total if abs(total) > NOTHING * max(map(abs, values)) else 0.0


class _Parser:
    """Recursive descent: sum of products of signed factors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.place = 0
        self.depth = 0

    def formula(self) -> _Linear:
        found = self._sum()
        if self._at_sign(")"):
            raise self._wrong("a '(' is missing before")
        if self.place < len(self.tokens):
            raise self._wrong("an operator is missing before")
        return found

    def _tokens(self) -> list[tuple[str, str]]:
        tokens, start = [], 0
        text = self.text.rstrip()
        while start < len(text):
            found = _TOKEN.match(text, start)
            if found is None or found.lastgroup is None:
                raise ConfigError(
                    f"the formula '{self.text}' cannot be read from '{text[start:].strip()[:20]}'",
                    fix=f"{_USE}; put names with other characters in quotes",
                )
            tokens.append((found.lastgroup, found[found.lastgroup].replace("−", "-")))
            start = found.end()
        return tokens

    def _next(self, *signs: str) -> str | None:
        """Take the next token if it is one of these signs."""
        if self.place < len(self.tokens):
            kind, token = self.tokens[self.place]
            if kind == "sign" and token in signs:
                self.place += 1
                return token
        return None

    def _sum(self) -> _Linear:
        total = self._product()
        while sign := self._next("+", "-"):
            other = self._product()
            total = self._added(total, other.scaled(-1.0 if sign == "-" else 1.0))
        return total

    def _added(self, one: _Linear, other: _Linear) -> _Linear:
        if bool(one.weights) != bool(other.weights) and (one.number or other.number):
            raise ConfigError(
                f"the formula '{self.text}' adds a number to a condition",
                cause="a '*' is missing",
                fix="write 0.5*face, not 0.5 + face",
            )
        weights = dict(one.weights)
        for name, weight in other.weights.items():
            weights[name] = weights.get(name, 0.0) + weight
        return _Linear(one.number + other.number, weights)

    def _product(self) -> _Linear:
        found = self._factor()
        while sign := self._next("*", "/"):
            other = self._factor()
            if other.weights and (sign == "/" or found.weights):
                raise ConfigError(
                    f"the formula '{self.text}' multiplies or divides by a condition",
                    fix="a contrast is a weighted sum of conditions",
                )
            if sign == "/" and not other.number:
                raise ConfigError(f"the formula '{self.text}' divides by zero")
            if other.weights:
                found = other.scaled(found.number)
            else:
                found = found.scaled(1 / other.number if sign == "/" else other.number)
        return found

    def _factor(self) -> _Linear:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ConfigError(f"the formula '{self.text}' has too many brackets")
        found = self._signed() if self._at_sign("+", "-") else self._single()
        self.depth -= 1
        return found

    def _at_sign(self, *signs: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place] in [
            ("sign", sign) for sign in signs
        ]

    def _signed(self) -> _Linear:
        sign = self._next("+", "-")
        return self._factor().scaled(-1.0 if sign == "-" else 1.0)

    def _single(self) -> _Linear:
        if self._next("("):
            found = self._sum()
            if not self._next(")"):
                raise self._wrong("a ')' is missing before")
            return found
        if self.place >= len(self.tokens) or self.tokens[self.place][0] == "sign":
            raise self._wrong("a condition or a number is missing before")
        kind, token = self.tokens[self.place]
        self.place += 1
        if kind == "number":
            return _Linear(float(token))
        return _Linear(weights={token[1:-1] if kind == "quoted" else token: 1.0})

    def _wrong(self, what: str) -> ConfigError:
        rest = " ".join(token for _, token in self.tokens[self.place :])
        where = f"'{rest}'" if rest else "its end"
        return ConfigError(f"in the formula '{self.text}' {what} {where}", fix=_USE)
