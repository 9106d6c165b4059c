"""Estimate every effect, decide what may be said of every claim, say what was left out."""

import json
from pathlib import Path

import pandas as pd
from snakemake.script import snakemake

from adapter import job
from brainchange.files import write_text
from brainchange.inference.crossover import CROSSOVER_TABLE
from brainchange.inference.durability_schema import DURABILITY_TABLE
from brainchange.inference.edges import EDGES_TABLE
from brainchange.inference.infer import infer
from brainchange.inference.multiverse_schema import MULTIVERSE_SUMMARY_TABLE, MULTIVERSE_TABLE
from brainchange.inference.omnibus_schema import OMNIBUS_TABLE, PAIRS_TABLE
from brainchange.inference.prediction_schema import PREDICTION_TABLE
from brainchange.inference.reliability_schema import (
    BRAIN_SYMPTOM_TABLE,
    RELIABILITY_TABLE,
    RESPONDERS_TABLE,
)
from brainchange.inference.schemas import (
    ATTRITION_TABLE,
    CHANGES_TABLE,
    EFFECTS_TABLE,
    WITHIN_TABLE,
)
from brainchange.inference.threat_row import THREATS_TABLE
from brainchange.inference.verdict_schema import VERDICTS_TABLE
from brainchange.inference.verdict_trace import verdict_trace
from brainchange.inference.verdicts import verdicts_table
from brainchange.metrics.observations import COVERAGE_TABLE, OBSERVATIONS_TABLE
from brainchange.study.claims_table import CLAIMS_TABLE
from brainchange.study.decisions import DECISIONS_TABLE
from brainchange.tables import read_tsv

with job(snakemake.log[0]) as log:
    given, output = snakemake.params, snakemake.output
    study = given.study[0]
    inferred = infer(
        study,
        given.claims[0],
        given.regions,
        given.settings[0],
        observations=OBSERVATIONS_TABLE.read(Path(snakemake.input.observations)),
        coverage=COVERAGE_TABLE.read(Path(snakemake.input.coverage)),
        shared=given.shared[0],
        participants=read_tsv(Path(snakemake.input.participants)),
        prediction=PREDICTION_TABLE.read(Path(snakemake.input.prediction)),
    )
    before = DECISIONS_TABLE.read(Path(snakemake.input.decisions))
    decisions = pd.concat([before, inferred.decisions], ignore_index=True)
    trace = json.dumps(verdict_trace(inferred.verdicts), indent=1, ensure_ascii=False)
    write_text(Path(output.trace), trace + "\n")
    for schema, table, path in (
        (VERDICTS_TABLE, verdicts_table(inferred.verdicts), output.verdicts),
        (CLAIMS_TABLE, inferred.claims, output.claims),
        (EFFECTS_TABLE, inferred.effects, output.effects),
        (RELIABILITY_TABLE, inferred.reliability, output.reliability),
        (RESPONDERS_TABLE, inferred.responders, output.responders),
        (BRAIN_SYMPTOM_TABLE, inferred.brain_symptom, output.brain_symptom),
        (THREATS_TABLE, inferred.threats, output.threats),
        (MULTIVERSE_TABLE, inferred.multiverse.table, output.multiverse),
        (MULTIVERSE_SUMMARY_TABLE, inferred.multiverse.summary, output.multiverse_summary),
        (WITHIN_TABLE, inferred.within, output.within),
        (CHANGES_TABLE, inferred.changes, output.changes),
        (ATTRITION_TABLE, inferred.attrition, output.attrition),
        (DURABILITY_TABLE, inferred.durability, output.durability),
        (CROSSOVER_TABLE, inferred.crossover, output.crossover),
        (OMNIBUS_TABLE, inferred.omnibus, output.omnibus),
        (PAIRS_TABLE, inferred.pairs, output.pairs),
        (EDGES_TABLE, inferred.edges, output.edges),
        (DECISIONS_TABLE, decisions, output.decisions),
    ):
        schema.write(table, Path(path), sidecar=True)
    log.tell(f"{len(inferred.effects)} effects, {len(decisions)} decisions")
