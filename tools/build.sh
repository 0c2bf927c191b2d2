#!/usr/bin/env bash
# Configures and builds one preset: tools/build.sh PRESET [CMAKE OPTIONS…]. Says what configuring said only where it failed.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?preset}
shift
mkdir -p build
if ! cmake --preset "$preset" "$@" >"build/$preset.configure.log" 2>&1; then
    cat "build/$preset.configure.log" >&2
    exit 1
fi
cmake --build --preset "$preset"
