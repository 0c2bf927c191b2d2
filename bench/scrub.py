"""How fast a lake is read through: `dl verify --full` against what one SHA-256 of the same bytes costs.

Run by itself: build/bench-venv/bin/python -m bench.scrub (after make build; LAKE_DL names another program). Writes bench/SCRUB.md. Takes
about a minute.

A full verification hashes the bytes of every file, checks and decodes every page, and hashes the rows of every day. All is given per
second of processor time (user and system), so that neither the number of threads nor what else runs on the machine matters much, and each
round has its own `openssl speed`.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "SCRUB.md"
SYMBOLS = ("A", "B", "C", "D")
DAYS = 366
COLUMNS = 6  # of the bars made here, 8 bytes a value in the canonical form of content
ROUNDS = 7


@dataclass(frozen=True)
class Round:
    openssl: float  # bytes a second, as it says of itself
    digest: float  # bytes a second, over the same files
    files: float  # bytes of files a second, by a full verification
    hashed: float  # bytes hashed a second, by a full verification


def cpu_seconds(command: list[str], directory: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def openssl_speed() -> float:
    done = subprocess.run(
        ["openssl", "speed", "-evp", "sha256", "-bytes", "1048576", "-seconds", "1"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"^sha256\s+([\d.]+)k", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"openssl speed says:\n{done.stdout}")
    return float(found[1]) * 1000


def make_lake(program: str, directory: Path) -> int:
    """Returns the rows."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with (directory / "bars.csv").open("wb") as out:
        script = str(ROOT / "tools" / "demo_bars.awk")
        subprocess.run(["awk", "-f", script, "-v", f"days={DAYS}"], check=True, stdout=out)
    for symbol in SYMBOLS:
        arguments = ["ingest", "--source", "bars.csv", "--exchange", "TEST", "--symbol", symbol, "--period", "1m"]
        subprocess.run([program, *arguments], cwd=directory, check=True, capture_output=True)
    return len(SYMBOLS) * DAYS * 1440


def run_round(program: str, directory: Path, n_rows: int) -> Round:
    paths = sorted((directory / "data").rglob("*.parquet"))
    n_bytes = sum(path.stat().st_size for path in paths)
    openssl = openssl_speed()
    digest = cpu_seconds(["openssl", "dgst", "-sha256", *map(str, paths)], directory)
    full = cpu_seconds([program, "verify", "--full"], directory)
    return Round(openssl, n_bytes / digest, n_bytes / full, (n_bytes + n_rows * COLUMNS * 8) / full)


def row(what: str, values: list[float], rounds: list[Round]) -> str:
    ratios = [value / each.openssl for value, each in zip(values, rounds, strict=True)]
    return f"| {what} | {statistics.median(values) / 1e6:,.0f} MB/s | {statistics.median(ratios):.2f} |"


def main() -> int:
    program = str(Path(os.environ.get("LAKE_DL", ROOT / "build" / "release" / "dl")).resolve())
    directory = ROOT / "build" / "bench" / "scrub"
    n_rows = make_lake(program, directory)
    rounds = [run_round(program, directory, n_rows) for _ in range(ROUNDS)]
    lines = [
        "# Scrub",
        "",
        f"`dl verify --full` over {len(SYMBOLS)} × {DAYS} day files of one-minute bars ({n_rows:,} rows), per second of processor",
        f"time, against `openssl speed -evp sha256` in the same round; medians of {ROUNDS}. Made by `python -m bench.scrub`.",
        "",
        "| what | speed | of openssl speed |",
        "|---|---|---|",
        row("`openssl speed`, blocks of 1 MiB", [each.openssl for each in rounds], rounds),
        row(
            "`openssl dgst` over the files: their bytes read and hashed, nothing else",
            [each.digest for each in rounds],
            rounds,
        ),
        row("full verification, all bytes that it hashes (files and rows)", [each.hashed for each in rounds], rounds),
        row("full verification, bytes of files", [each.files for each in rounds], rounds),
        "",
    ]
    RESULTS.write_text("\n".join(lines))
    print("\n".join(lines))
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
