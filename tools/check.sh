#!/usr/bin/env bash
# All static checks, each to its end; fails if one of them did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

PYTHON=build/venv/bin/python
failed=()

# run NAME COMMAND…
run() {
    local name=$1
    shift
    "$@" || failed+=("$name")
}

check_format() {
    local files
    mapfile -t files < <(tools/c_files.sh)
    clang-format --dry-run --Werror "${files[@]}" && echo "clang-format: ok (${#files[@]})"
}

check_shell() {
    local file
    for file in tools/*.sh bench/*.sh .ci/run; do
        [[ ! -f $file ]] || bash -n "$file" || return 1
    done
    echo "shell: ok"
}

run format check_format
run includes "$PYTHON" tools/check_includes.py
run banned "$PYTHON" tools/check_banned.py
run sizes "$PYTHON" tools/check_sizes.py
run exports "$PYTHON" tools/check_exports.py
run headers tools/check_headers.sh
run shell check_shell
run ruff build/venv/bin/ruff check --quiet .
run ruff-format build/venv/bin/ruff format --quiet --check .
run pyright build/venv/bin/pyright --warnings

if [[ ${#failed[@]} -gt 0 ]]; then
    echo "check: failed: ${failed[*]}" >&2
    exit 1
fi
echo "check: ok"
