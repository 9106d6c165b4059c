#!/usr/bin/env bash
# Runs in the project folder, inside the new environment.
set -euo pipefail
pip install --require-hashes --requirement requirements.lock
pip install --no-deps --no-build-isolation --editable .
