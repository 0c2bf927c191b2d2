#!/usr/bin/env bash
# Tests for as long as it is told: tools/soak.sh SECONDS [TARGET].
# First the fault rigs of tests/power in full and what else is too long for every run, about an hour, whatever SECONDS says (TARGET faults: only these). Then each
# fuzz target (TARGET fuzz_…: only that one) for SECONDS under ASan and UBSan, from its corpus in fuzz/corpus; what it finds on
# the way is kept in build/fuzz/corpus, what breaks it in build/fuzz/found.
set -euo pipefail
cd "$(dirname "$0")/.."

duration=${1:?seconds}
only=${2:-}
[[ $duration =~ ^[1-9][0-9]*$ ]] || { echo "soak: SECONDS is '$duration', not a number of seconds" >&2 && exit 2; }

# Power cuts, kills at every system call, every failing call, full disks, many processes: on a release build.
soak_faults() {
    local python=build/venv/bin/python
    tools/venv.sh
    cmake --preset release -B build/soak -DLAKE_TESTS=ON >build/soak.configure.log
    cmake --build build/soak --target dl commits ingests
    export LAKE_DL=$PWD/build/soak/dl LAKE_COMMITS=$PWD/build/soak/tests/power/commits
    export LAKE_INGESTS=$PWD/build/soak/tests/power/ingests
    echo "soak: power cuts"
    "$python" tests/power/campaign.py --cuts 120
    echo "soak: many processes"
    "$python" tests/power/many_processes.py --commits 1250
    "$python" tests/power/many_processes.py --commits 250 --keeper
    echo "soak: every C test under ASan and UBSan, with the sweeps that make test leaves out there"
    tools/build.sh asan
    ctest --preset asan -j "$(nproc)"
    echo "soak: every point of a safe point's sweep, 10^8 numbers, 1,000 shuffles"
    build/asan/tests/fault/test_save_faults every
    cmake --build build/soak --target test_csv_exact
    build/soak/tests/unit/ingest/test_csv_exact 100000000
    cmake --build build/soak --target test_derive_property
    echo "soak: 10,000 histories of bars and what is derived from them"
    DERIVE_HISTORIES=10000 TMPDIR=${TMPDIR:-/dev/shm} build/soak/tests/unit/ops/test_derive_property
    LAKE_HISTORIES=500 "$python" -m pytest -q -p no:cacheprovider tests/cli/test_derived_histories.py
    LAKE_ROUNDS=1000 "$python" -m pytest -q -p no:cacheprovider tests/cli/test_ingest_properties.py
    echo "soak: every point of every sweep"
    "$python" -m pytest -q -s -rs -p no:cacheprovider tests/power --thorough
}

mkdir -p build
if [[ -z $only || $only == faults ]]; then
    soak_faults
    [[ -z $only ]] || exit 0
fi

tools/build.sh fuzz
mkdir -p build/fuzz/found

failed=()
n_targets=0
for target in build/fuzz/fuzz/fuzz_*; do
    name=$(basename "$target")
    [[ -f $target && -x $target ]] || continue
    [[ -z $only || $only == "$name" ]] || continue
    n_targets=$((n_targets + 1))
    seeds=(build/fuzz/corpus/"$name")
    mkdir -p "${seeds[0]}"
    [[ ! -d fuzz/corpus/$name ]] || seeds+=("fuzz/corpus/$name")
    echo "soak: $name, $duration s"
    "$target" -max_total_time="$duration" -malloc_limit_mb=256 -rss_limit_mb=1024 -timeout=25 -print_final_stats=1 \
        -verbosity=1 -artifact_prefix="build/fuzz/found/$name-" "${seeds[@]}" 2>&1 | tail -n 25 || failed+=("$name")
done

[[ $n_targets -gt 0 ]] || { echo "soak: there is no target${only:+ called $only}" >&2 && exit 2; }
if [[ ${#failed[@]} -gt 0 ]]; then
    echo "soak: failed: ${failed[*]} (inputs in build/fuzz/found)" >&2
    exit 1
fi
echo "soak: $n_targets targets, $duration s each, nothing found"
