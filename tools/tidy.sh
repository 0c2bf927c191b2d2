#!/usr/bin/env bash
# clang-tidy over src/ (.clang-tidy says which checks, and why not the others), two files at a time.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -f build/dev/compile_commands.json ]] || cmake --preset dev >/dev/null
log=build/dev/clang-tidy.log
if ! run-clang-tidy -quiet -p build/dev -j "$(nproc)" "^$PWD/src/" 2>&1 | sed 's/\x1b\[[0-9;]*m//g' >"$log"; then
    grep -E -A6 '^/.*(warning|error):' "$log" >&2 || cat "$log" >&2
    echo "clang-tidy: failed" >&2
    exit 1
fi
echo "clang-tidy: ok"
