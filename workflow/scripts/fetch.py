"""Fetch the files of a participant, or those that belong to none."""

from pathlib import Path

from adapter import job
from snakemake.script import snakemake

from brainchange.plan import STUDY_FILES
from brainchange.sources.fetch import fetch, require_complete
from brainchange.sources.lock import LOCK_TABLE, read_lock, write_lock
from brainchange.study.settings import Sources
