#!/usr/bin/env bash
# Lays out the C and Python sources in place.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/c_files.sh | xargs clang-format -i
build/venv/bin/ruff check --quiet --fix --select I .
build/venv/bin/ruff format --quiet .
