#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails fastest. Each step says what it is and how long it took; the
# first that fails ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

# Programs that use threads; the others say nothing new under ThreadSanitizer. test_recover is left out: it forks some
# thousand times, which takes minutes here, and dev and asan run it.
THREADED='^test_(thread|lock|arrow_stream|manifest_processes|write|scan|verify|write_order|spill|ingest|readers|derive|read|read_many|check)$'

# Sweeps that take minutes under AddressSanitizer: there `make soak` runs them.
LONG_SWEEPS='^test_(lake|manifest|change|maintain|backup|repair|rebuild|save|spill|ingest|derive|explain|check|put)_faults$'

export LAKE_DL=$PWD/build/release/dl
export LAKE_LIB=$PWD/build/release/libdatalake.so
export LAKE_BRIDGE=$PWD/build/dev/tests/interop/libdatalake_bridge.so
export LAKE_COMMITS=$PWD/build/dev/tests/power/commits
export LAKE_INGESTS=$PWD/build/dev/tests/power/ingests
[[ ! -d ../shared ]] || export LAKE_SHARED=${LAKE_SHARED:-$PWD/../shared}
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1

n_cores=$(nproc)

# step NAME COMMAND…
step() {
    local name=$1 started=$EPOCHSECONDS
    shift
    echo
    echo "==== $name"
    if ! "$@"; then
        echo "==== $name: FAILED after $((EPOCHSECONDS - started)) s" >&2
        exit 1
    fi
    echo "==== $name: ok, $((EPOCHSECONDS - started)) s"
}

unit_tests() {
    ctest --preset "$1" -j "$n_cores" "${@:2}"
}

build_release() {
    tools/build.sh release -DLAKE_WERROR=ON &&
        build/venv/bin/python tools/check_exports.py --library build/release/libdatalake.so
}

# The wheel as it would be published, in the environment of the tests: what they import is what is installed.
build_wheel() {
    tools/venv.sh wheel && tools/wheel.sh &&
        build/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall build/dist/*.whl
}

# One folder at a time: each has its own conftest.py. They skip what is not built; here that is a failure. What else they skip
# is listed with its reason.
python_tests() {
    local built
    for built in "$LAKE_DL" "$LAKE_LIB" "$LAKE_BRIDGE" "$LAKE_COMMITS" "$LAKE_INGESTS"; do
        [[ -f $built ]] || { echo "$built is not built" >&2 && return 1; }
    done
    build/venv/bin/python -m pytest -q -rs -p no:cacheprovider "$1"
}

step "set-up" tools/setup.sh build python test
step "Python environment" tools/venv.sh
step "static checks" tools/check.sh
step "dev build (gcc)" tools/build.sh dev
step "dev tests" unit_tests dev
step "clang-tidy" tools/tidy.sh
step "asan build (clang)" tools/build.sh asan
# A zone and a locale that nobody would choose show where either leaks in.
step "asan and ubsan tests, fuzz replay" env TZ=America/St_Johns ctest --preset asan -j "$n_cores" -E "$LONG_SWEEPS"
step "tsan build" tools/build.sh tsan
step "tsan tests" unit_tests tsan -R "$THREADED"
step "release build" build_release
step "wheel" build_wheel
step "the installed package, each Python that is here" python_tests tests/package
step "Python tests" python_tests tests/python
step "tests against pyarrow, nanoarrow, DuckDB and Polars" python_tests tests/interop
step "command line tests" python_tests tests/cli
step "power cuts, kills, failing calls, full disks, many processes" python_tests tests/power
step "tests of documents and checks" python_tests tests/docs
echo
echo "all tests passed"
