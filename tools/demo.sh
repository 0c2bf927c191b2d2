#!/usr/bin/env bash
# Bars in, Parquet and manifest, bars out: tools/demo.sh [FILE.csv]. Works in build/demo, which it empties first.
# EXCHANGE and SYMBOL in the environment say what the file holds; the symbol is taken from a name like BTCUSDT-1m-2024-01.csv.
set -euo pipefail

source=${1:-}
if [[ -n $source ]]; then
    [[ -f $source && -r $source ]] || { echo "demo: SOURCE is not a file that can be read: $source" >&2 && exit 1; }
    source=$(realpath -- "$source")
fi
cd "$(dirname "$0")/.."
root=$PWD
export PATH=$root/build/release:$PATH

exchange=${EXCHANGE:-BINANCE}
symbol=${SYMBOL:-}
if [[ -z $symbol ]]; then
    symbol=DEMO
    [[ ! $(basename "${source:-}") =~ ^([A-Z0-9]+)-[0-9]+(s|m|h|d|w|mo)- ]] || symbol=${BASH_REMATCH[1]}
fi

rm -rf build/demo
mkdir -p build/demo
cd build/demo

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[[ -t 1 && -z ${NO_COLOR:-} ]] || say() { printf '\n%s\n' "$*"; }

# Shows a command, runs it, and says how long it took.
show() {
    local started=$EPOCHREALTIME ended
    printf '$ %s\n' "$*"
    "$@"
    ended=$EPOCHREALTIME
    awk -v s="$started" -v e="$ended" 'BEGIN { printf "  (%.0f ms)\n", (e - s) * 1000 }'
}

if [[ -z $source ]]; then
    source=DEMO-1m-week.csv
    awk -f "$root/tools/demo_bars.awk" -v days=7 >"$source"
    say "A week of one-minute bars, made for this demonstration:"
else
    say "Bars from $source:"
fi
head -n 3 "$source"
echo "  … $(wc -l <"$source") lines, $(wc -c <"$source") bytes"

say "1. Into the lake, which is made on the way. One operation, one commit: all of the file or nothing of it."
show dl ingest --source "$source" --exchange "$exchange" --symbol "$symbol"

say "2. What the lake holds."
show dl list --format table

say "3. On the disk: one Parquet file a day, under names that say what is in it; the truth about them in manifest.db."
find data -name '*.parquet' | LC_ALL=C sort >files.txt
head -n 5 files.txt
echo "  … $(wc -l <files.txt) files, $(xargs cat <files.txt | wc -c) bytes"

say "4. Every file against the manifest: SHA-256, structure, order, ranges."
show dl verify

say "5. Read back: the first rows, and the last."
show dl read --exchange "$exchange" --symbol "$symbol" --limit 5 --format table
show dl read --exchange "$exchange" --symbol "$symbol" --tail 3 --format json

say "6. All of it as CSV."
show dl read --exchange "$exchange" --symbol "$symbol" --format csv --output bars.csv
echo "  bars.csv: $(wc -l <bars.csv) lines"

say "7. The same file again: nothing changes, and it says so."
show dl ingest --source "$source" --exchange "$exchange" --symbol "$symbol"
find data -name '*.parquet' | LC_ALL=C sort | cmp - files.txt
rm files.txt

# Not of every file of yours: funding rates, or bars of a week, make no bars of 15m.
if dl aggregate --dry-run >/dev/null 2>&1; then
    say "8. Coarser bars, each with how many bars it is made of; and what is missing."
    show dl aggregate
    show dl read --exchange "$exchange" --symbol "$symbol" --data-type agg --period 1h --limit 3 --format table
    show dl gaps --summary --format table
fi

say "The lake is in build/demo. Any tool reads it, for one:"
echo "  duckdb -c \"select count(*), min(ts), max(ts) from 'build/demo/data/*/*/*/[!a]*/**/*.parquet'\""
