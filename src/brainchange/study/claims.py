"""The model of ``config/claims.yaml``: sentences of the article made testable."""

from __future__ import annotations

from itertools import product
from typing import Literal

from pydantic import Field, model_validator

from brainchange.study.regions import Region
from brainchange.study.strict import Direction, Name, Strict, Text

Family = Literal["confirmatory", "secondary", "exploratory"]


class Claim(Strict):
    """A sentence of the article, the measurement that would show it, and the direction it says."""

    id: Name
    """Short name (`T2`)."""
    quote: Text
    """The article's words."""
    about: Text = Field(alias="construct")
    """What the sentence is about."""
    metric: Name
    """Metric that measures it (`brainchange list metrics`)."""
    groups: tuple[Text, ...] = ()
    """Groups of regions whose values are averaged, for a metric with one value a region."""
    pairs: tuple[tuple[Text, Text], ...] = ()
    """Pairs of groups whose edges are averaged, for a metric with one value a pair."""
    direction: Direction
    """Direction the sentence says; tests are two-sided all the same."""
    family: Family
    """confirmatory (Holm), secondary (Benjamini-Hochberg) or exploratory."""
    note: str = ""
    """What must be known to read the result."""

    @model_validator(mode="after")
    def _one_kind(self) -> Claim:
        if bool(self.groups) == bool(self.pairs):
            raise ValueError("a claim has either 'groups' or 'pairs'")
        return self

    @property
    def named_groups(self) -> tuple[str, ...]:
        """Groups of regions the claim names, each once."""
        named = self.groups or tuple(group for pair in self.pairs for group in pair)
        return tuple(dict.fromkeys(named))

    def members(self, regions: tuple[Region, ...]) -> tuple[tuple[str, str], ...]:
        """Regions or edges whose values are averaged into the one value of the claim.

        Parameters
        ----------
        regions : tuple of Region
            The configured regions, in order.

        Returns
        -------
        tuple of (str, str)
            ``(region, "")`` for a metric of regions, ``(region, region)`` in the configured order
            for a metric of pairs; each edge once.
        """
        order = {region.region: place for place, region in enumerate(regions)}
        of_group = {g: [r.region for r in regions if r.group == g] for g in self.named_groups}
        if self.groups:
            return tuple((name, "") for group in self.groups for name in of_group[group])
        edges = {
            tuple(sorted(edge, key=order.__getitem__))
            for first, second in self.pairs
            for edge in product(of_group[first], of_group[second])
            if edge[0] != edge[1]
        }
        ranked = sorted(edges, key=lambda edge: tuple(order[name] for name in edge))
        return tuple((first, second) for first, second in ranked)


class Claims(Strict):
    """What `config/claims.yaml` says."""

    article: Text
    """The article the sentences are from."""
    claims: tuple[Claim, ...] = Field(min_length=1)
    """The claims."""

    @model_validator(mode="after")
    def _unique(self) -> Claims:
        ids = [claim.id for claim in self.claims]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"claim '{twice[0]}' is given twice")
        return self
