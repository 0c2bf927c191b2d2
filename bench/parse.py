"""Races the CSV parser alone against Polars' read_csv, one thread each: python -m bench.parse [FILE.csv …].

Without files it makes two: bars of six columns, and Binance's twelve. Both are timed by processor time, in turns, best of all rounds; the
values are compared first, to the last bit. LAKE_BENCH_PARSE names the program (bench/parse_csv.c).
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

PROGRAM = os.environ.get("LAKE_BENCH_PARSE", "build/release/bench/bench_parse")
ROUNDS = 7
ROWS = 500_000


def make_bars(path: Path) -> None:
    pick = random.Random(1)
    close = 4_228_358
    with path.open("w") as out:
        out.write("ts,open,high,low,close,volume\n")
        for i in range(ROWS):
            start, close = close, close + pick.randint(-1200, 1200)
            high, low = max(start, close) + pick.randint(0, 500), min(start, close) - pick.randint(0, 500)
            prices = ",".join(str(price / 100) for price in (start, high, low, close))
            out.write(f"{1_680_307_200_000 + 60_000 * i},{prices},{pick.randint(1, 90_000) / 1000}\n")


def make_binance(path: Path) -> None:
    pick = random.Random(2)
    close = 4_228_358
    names = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
    with path.open("w") as out:
        out.write(names + "\n")
        for i in range(ROWS):
            ts = 1_680_307_200_000 + 60_000 * i
            start, close = close, close + pick.randint(-1200, 1200)
            high, low = max(start, close) + pick.randint(0, 500), min(start, close) - pick.randint(0, 500)
            prices = ",".join(f"{price / 100:.2f}" for price in (start, high, low, close))
            volume = pick.randint(1, 900_000_000) / 1_000_000
            taker, price = volume * pick.random(), close / 100
            out.write(
                f"{ts},{prices},{volume:.3f},{ts + 59_999},{volume * price:.5f},{pick.randint(1, 9000)},"
                f"{taker:.3f},{taker * price:.5f},0\n"
            )


def ours(path: Path) -> tuple[float, dict[str, int], int]:
    lines = subprocess.run([PROGRAM, str(path), "1"], check=True, capture_output=True, text=True).stdout.splitlines()
    seconds, rows = lines[0].split()
    sums = {name: int(value) for name, value in (line.rsplit(" ", 1) for line in lines[1:])}
    return float(seconds), sums, int(rows)


def theirs(path: Path) -> tuple[float, pl.DataFrame]:
    start = time.process_time()
    frame = pl.read_csv(path)
    return time.process_time() - start, frame


def compare(path: Path, frame: pl.DataFrame) -> None:
    _, sums, rows = ours(path)
    if rows != frame.height:
        raise SystemExit(f"{path}: {rows} rows, Polars has {frame.height}")
    columns = {"open_time": "ts", "count": "trades"}
    for name in frame.columns:
        ours_name = columns.get(name, name)
        if ours_name not in sums or frame[name].dtype not in (pl.Int64, pl.Float64):
            continue
        values = frame[name].cast(pl.Float64 if ours_name not in ("ts", "trades") else pl.Int64).to_numpy()
        total = int(np.ascontiguousarray(values).view(np.uint64).sum(dtype=np.uint64))
        if total != sums[ours_name]:
            raise SystemExit(f"{path}: {name} differs from what Polars reads")


def race(path: Path) -> None:
    _, frame = theirs(path)
    compare(path, frame)
    ratios, best, best_theirs = [], 1e9, 1e9
    for _ in range(ROUNDS):
        mine, polars = ours(path)[0], theirs(path)[0]
        ratios.append(polars / mine)
        best, best_theirs = min(best, mine), min(best_theirs, polars)
    size = path.stat().st_size / 1e6
    print(
        f"{path.name}: {frame.height} rows, {size:.0f} MB; ours {best:.4f} s ({size / best:.0f} MB/s), "
        f"Polars {pl.__version__} {best_theirs:.4f} s ({size / best_theirs:.0f} MB/s); "
        f"ratio {sorted(ratios)[len(ratios) // 2]:.2f} (least {min(ratios):.2f})"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(name) for name in sys.argv[1:]]
        if not paths:
            paths = [Path(folder) / "bars.csv", Path(folder) / "binance.csv"]
            make_bars(paths[0])
            make_binance(paths[1])
        for path in paths:
            race(path)


if __name__ == "__main__":
    main()
