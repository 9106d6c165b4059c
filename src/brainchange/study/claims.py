"""The model of ``config/claims.yaml``: sentences of the article made testable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from brainchange.errors import did_you_mean
from brainchange.study.model import ArmKind, ImageKind, Phenotype, Timepoint
from brainchange.study.people import Fact
from brainchange.study.regions import Region, edges_between, network_edges
from brainchange.study.strict import Name, Strict, Text

Says = Literal["up", "down", "either", "equal", "predicts", "follows"]
Column = Literal[Fact, Phenotype]
ArmNeed = Literal["control", "healthy", ArmKind]
Family = Literal["confirmatory", "secondary", "exploratory"]
Sight = Literal["shows", "conditional", "blind"]
ToldBy = Literal["prediction", "durability", "omnibus", "regions", "brain_symptom"]
MOST_WORDS = 12


def _short_quote(text: str) -> str:
    words = len(text.split())
    if words > MOST_WORDS:
        raise ValueError(f"a quote has at most {MOST_WORDS} words, this one has {words}")
    return text


class Requirement(Strict):
    """What a study must have so that it can tell."""

    images: tuple[ImageKind, ...] = ()
    """Kinds of images of which one must be there; empty where no image is needed."""
    timepoints: tuple[Timepoint, ...] = ("pre", "post")
    """Timepoints at which it must be there."""
    arms: tuple[ArmNeed, ...] = ("control",)
    """Arms besides talk therapy: a control (untreated or compared with), healthy people, or a
    kind of arm. A kind of talk therapy must be that of the primary contrast."""
    therapies: int = Field(1, ge=1)
    """Arms of talk therapy that are needed."""
    randomised: bool = False
    """Whether chance must have decided who came into which arm."""
    column: Column | None = None
    """What a column of the table of participants must hold."""
    participants: int = Field(0, ge=0)
    """Participants needed in each group compared; with fewer it is only described."""


class Predictors(Strict):
    """What of the brain before therapy is to predict who gets better."""

    metric: Name
    """Metric of pairs of regions."""
    groups: tuple[Text, ...] = ()
    """Groups of regions; every edge between their regions is a feature."""
    networks: tuple[Name, ...] = ()
    """Networks (`networks` of config.yaml); features are means within and between them."""

    @model_validator(mode="after")
    def _one_kind(self) -> Predictors:
        if bool(self.groups) == bool(self.networks):
            raise ValueError("name either 'groups' or 'networks'")
        return self


class Claim(Strict):
    """A sentence of the article, the measurement that would show it, and the direction it says."""

    id: Name
    """Short name (`T2`)."""
    quote: Annotated[Text, AfterValidator(_short_quote)]
    """The article's words, at most 12."""
    about: Text = Field(alias="construct")
    """What the sentence is about."""
    metric: Name | None = None
    """Metric that measures it (`brainchange list metrics`); none where nothing does yet."""
    groups: tuple[Text, ...] = ()
    """Groups of regions whose values are averaged, for a metric with one value a region."""
    pairs: tuple[tuple[Text, Text], ...] = ()
    """Pairs of groups whose edges are averaged, for a metric with one value a pair."""
    networks: tuple[tuple[Name, Name], ...] = ()
    """Pairs of networks whose values are averaged, for a metric with one value a pair of networks;
    a network with itself is the mean within it."""
    minus: tuple[tuple[Name, Name], ...] = ()
    """Pairs of networks whose mean is subtracted from that of `networks`."""
    direction: Says
    """What the sentence says: up, down, either (a change or a difference, whichever way), equal (no
    difference that matters), predicts (better than without), follows (as the claim it goes with).
    Tests are two-sided all the same."""
    family: Family
    """confirmatory (Holm), secondary (Benjamini-Hochberg) or exploratory."""
    mri: Sight = "shows"
    """Whether MRI of a suitable study shows it; conditional: only as a proxy, or with data that
    few studies have; blind: MRI cannot show it."""
    requires: Requirement = Requirement()
    """What a study must have."""
    predictors: Predictors | None = None
    """What predicts, for a claim whose direction is predicts."""
    told_by: Literal["durability", "omnibus", "regions", "brain_symptom"] | None = None
    """What tells the claim, where no single effect does: durability (what lasts until follow-up),
    omnibus (what therapies share and where they differ), regions (effects of all regions together)
    or brain_symptom (change of the brain with change of symptoms)."""
    needed: str = ""
    """What would have to be measured or computed, where there is no metric."""
    contradicts: tuple[Name, ...] = ()
    """Claims of the same article that say the opposite; declared on both sides."""
    note: str = ""
    """What must be known to read the result."""

    @model_validator(mode="after")
    def _consistent(self) -> Claim:
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        yield from self._problems_of_names()
        if not self.metric:
            if not self.needed:
                yield "a claim without a metric says in 'needed' what would measure it"
        elif self.mri == "blind":
            yield "a claim that MRI cannot show has no metric"
        elif self.direction not in ("up", "down", "either"):
            yield f"a metric cannot show the direction '{self.direction}': up, down or either"
        if self.predictors and (self.metric or self.direction != "predicts"):
            yield "'predictors' belong to a claim without metric whose direction is predicts"
        if self.told_by and (self.metric or self.predictors):
            yield "'told_by' belongs to a claim with neither 'metric' nor 'predictors'"
        if self.id in self.contradicts:
            yield f"claim '{self.id}' contradicts itself"

    def _problems_of_names(self) -> Iterator[str]:
        named = sum(map(bool, (self.groups, self.pairs, self.networks)))
        if named > 1 or (self.metric and not named):
            yield "a claim with a metric has either 'groups', 'pairs' or 'networks'"
        if named and not self.metric:
            yield "'groups', 'pairs' and 'networks' need a 'metric'"
        if self.minus and not self.networks:
            yield "'minus' needs 'networks' from which it is subtracted"

    @property
    def table(self) -> ToldBy | None:
        """Table that tells the claim where no effect does."""
        return "prediction" if self.predictors else self.told_by

    @property
    def named_groups(self) -> tuple[str, ...]:
        """Groups of regions the claim names, each once."""
        named = self.groups or tuple(group for pair in self.pairs for group in pair)
        return tuple(dict.fromkeys(named))

    @property
    def named_networks(self) -> tuple[str, ...]:
        """Networks the claim names, each once."""
        return tuple(dict.fromkeys(name for pair in self.network_pairs for name in pair))

    @property
    def network_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of networks it averages or subtracts, each once."""
        return tuple(dict.fromkeys(_sorted(self.networks) + _sorted(self.minus)))

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
            for a metric of pairs, each edge once; ``(network, network)`` in the order of the
            alphabet for a metric of networks.
        """
        if self.networks:
            return _sorted(self.networks)
        of_group = {g: [r.region for r in regions if r.group == g] for g in self.named_groups}
        if self.groups:
            return tuple((name, "") for group in self.groups for name in of_group[group])
        edges = {
            edge
            for first, second in self.pairs
            for edge in edges_between(regions, of_group[first], of_group[second])
        }
        every = edges_between(regions, *[[region.region for region in regions]] * 2)
        return tuple(edge for edge in every if edge in edges)

    def subtracted(self) -> tuple[tuple[str, str], ...]:
        """Pairs of networks whose mean is subtracted, in the order of the alphabet."""
        return _sorted(self.minus)


def nothing_of(name: str, claim: Claim) -> str:
    """Say that a group or network a claim names has no region in the analysis."""
    kind = "network" if name in claim.named_networks else "group"
    return f"no region of the {kind} '{name}' is configured"


def _sorted(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((min(pair), max(pair)) for pair in pairs)


class Claims(Strict):
    """What `config/claims.yaml` says."""

    article: Text
    """The article the sentences are from."""
    claims: tuple[Claim, ...] = Field(min_length=1)
    """The claims."""

    @model_validator(mode="after")
    def _consistent(self) -> Claims:
        ids = [claim.id for claim in self.claims]
        problems = [
            f"claim '{name}' is given twice" for name in dict.fromkeys(ids) if ids.count(name) > 1
        ]
        problems += self._contradiction_problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _contradiction_problems(self) -> Iterator[str]:
        said = {claim.id: claim for claim in self.claims}
        for claim in self.claims:
            for other in claim.contradicts:
                if other not in said:
                    hint = did_you_mean(other, said)
                    yield f"claim '{claim.id}' contradicts '{other}', which is no claim. {hint}"
                elif claim.id not in said[other].contradicts:
                    yield (
                        f"claim '{claim.id}' contradicts '{other}', but not the other way round: "
                        f"add 'contradicts: [{claim.id}]' to '{other}'"
                    )

    def edges(self, regions: tuple[Region, ...]) -> frozenset[tuple[str, str]]:
        """Pairs of regions that some claim is about, first before second in the configured order.

        Parameters
        ----------
        regions : tuple of Region
            The configured regions, in order.
        """
        of_pairs = [claim.members(regions) for claim in self.claims if claim.pairs]
        of_networks = [
            network_edges(regions, *pair) for claim in self.claims for pair in claim.network_pairs
        ]
        return frozenset(edge for edges in (*of_pairs, *of_networks) for edge in edges)

    @property
    def contradictions(self) -> tuple[tuple[Claim, Claim], ...]:
        """Pairs of claims that say opposite things, each once, in order."""
        said = {claim.id: claim for claim in self.claims}
        order = list(said)
        return tuple(
            (claim, said[other])
            for claim in self.claims
            for other in claim.contradicts
            if order.index(claim.id) < order.index(other)
        )
