#!/usr/bin/env bash
# Everything that must hold, in the order in which it fails fastest. Each step says what it is and how long it took; the
# first that fails ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

# Programs that use threads or run several processes; the others say nothing new under ThreadSanitizer.
THREADED='thread|pool|scan|ingest|lake|arrow|lock|commit|concurren'

export LAKE_DL=$PWD/build/release/dl
export LAKE_LIB=$PWD/build/release/libdatalake.so
export LAKE_BRIDGE=$PWD/build/dev/tests/interop/libdatalake_bridge.so
export LAKE_SHARED=${LAKE_SHARED:-$PWD/../shared}
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

build() {
    local preset=$1
    shift
    cmake --preset "$preset" "$@" >build/"$preset".configure.log 2>&1 || { cat build/"$preset".configure.log && return 1; }
    cmake --build --preset "$preset"
}

unit_tests() {
    ctest --preset "$1" -j "$n_cores" "${@:2}"
}

build_release() {
    build release -DLAKE_WERROR=ON &&
        build/venv/bin/python tools/check_exports.py --library build/release/libdatalake.so
}

python_tests() {
    build/venv/bin/python -m pytest -q -p no:cacheprovider tests/interop tests/cli tests/docs
}

mkdir -p build
step "set-up" tools/setup.sh build test
step "Python environment" tools/venv.sh
step "static checks" tools/check.sh
step "dev build (gcc)" build dev
step "dev tests" unit_tests dev
step "clang-tidy" tools/tidy.sh
step "asan build (clang)" build asan
# A zone and a locale that nobody would choose show where either leaks in.
step "asan and ubsan tests, fuzz replay" env TZ=America/St_Johns ctest --preset asan -j "$n_cores"
step "tsan build" build tsan
step "tsan tests" unit_tests tsan -R "$THREADED"
step "release build" build_release
step "interop, command line and document tests" python_tests
echo
echo "all tests passed"
