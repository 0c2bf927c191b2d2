#!/usr/bin/env bash
# Runs the bench: bench/run.sh [--only CASE …] [--rounds N]
# A full run writes bench/RESULTS.md. Needs build/release (make build); LAKE_LIB and LAKE_DL name another build, LAKE_PYTHON_TREE another build of
# the Python package, which else is built here.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
venv=build/bench-venv
stamp=$venv/requirements.sha256
export LAKE_LIB=${LAKE_LIB:-build/release/libdatalake.so}
export LAKE_DL=${LAKE_DL:-build/release/dl}

for file in "$LAKE_LIB" "$LAKE_DL"; do
    if [ ! -e "$file" ]; then
        echo "bench: $file is missing: run 'make build' first" >&2
        exit 1
    fi
done

if ! sha256sum --check --status "$stamp" 2>/dev/null; then
    for candidate in /usr/bin/python3 python3; do
        if "$candidate" -m venv --clear "$venv" 2>/dev/null; then
            break
        fi
    done
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
    sha256sum bench/requirements.txt >"$stamp"
fi

if [ -z "${LAKE_PYTHON_TREE:-}" ]; then
    cmake --preset release -B build/bench-python -DLAKE_PYTHON=ON >/dev/null
    cmake --build build/bench-python >/dev/null
    LAKE_PYTHON_TREE=build/bench-python/python
fi
mkdir -p build/bench

# As pip leaves a package: its files themselves, compiled, whatever this environment says of byte code.
PYTHONPATH=$root/build/bench/package
export PYTHONPATH
rm -rf "$PYTHONPATH"
cp -RL "$LAKE_PYTHON_TREE" "$PYTHONPATH"
"$venv/bin/python" -m compileall -q "$PYTHONPATH"

"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -D_DEFAULT_SOURCE -o build/bench/launch bench/launch.c
exec "$venv/bin/python" -m bench "$@"
