#!/usr/bin/env python3
"""Many processes on one dataset: tests/power/many_processes.py [--writers 8] [--commits 1250] [--readers 4] [--keeper].

Every writer commits to days that all share, readers check each scan against what the commits it shows must have written, and in the
end every commit of every writer must be there (commits.c). Prints a table. LAKE_COMMITS and LAKE_DL name the programs.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from dl_runner import Runner

LANES = 8


@dataclass
class Outcome:
    seconds: float = 0.0
    commit_ms: list[float] = field(default_factory=list)
    n_conflicts: int = 0  # times that a commit merged again
    snapshots: list[int] = field(default_factory=list)
    n_scans: int = 0
    n_rows: int = 0
    n_kept: int = 0  # maintenance runs
    problems: list[str] = field(default_factory=list)

    def add_writer(self, out: str) -> None:
        for line in out.splitlines():
            _, ns, n_restaged, snapshot = map(int, line.split())
            self.commit_ms.append(ns / 1e6)
            self.n_conflicts += n_restaged
            self.snapshots.append(snapshot)

    def add_reader(self, out: str) -> None:
        scans, rows = map(int, out.split())
        self.n_scans += scans
        self.n_rows += rows


class Keeper:
    """Maintenance, over and over."""

    def __init__(self, dl: Runner) -> None:
        self._dl = dl
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.n_runs = 0
        self.problem = ""

    def __enter__(self) -> "Keeper":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set() and not self.problem:
            done = self._dl("maintenance")
            self.problem = done.err if done.status != 0 else ""
            self.n_runs += 1


def start(program: str, *arguments: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen([program, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def finish(process: "subprocess.Popen[str]", outcome: Outcome) -> str:
    out, err = process.communicate()
    if process.returncode != 0:
        outcome.problems.append(f"{' '.join(map(str, process.args[1:4]))}: status {process.returncode}: {err.strip()}")
    return out if process.returncode == 0 else ""


def race(commits: str, root: Path, n_commits: int, n_readers: int) -> Outcome:
    """All lanes write, n_commits each, while others read."""
    outcome = Outcome()
    begin = time.monotonic()
    csvs = [str(root.with_name(f"lane-{lane}.csv")) for lane in range(LANES)]
    writers = [start(commits, "write", str(root), str(lane), str(n_commits), csvs[lane]) for lane in range(LANES)]
    readers = [start(commits, "read", str(root)) for _ in range(n_readers)]
    outs: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda i=i, w=w: outs.update({i: finish(w, outcome)})) for i, w in enumerate(writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcome.seconds = time.monotonic() - begin
    for out in outs.values():
        outcome.add_writer(out)
    for reader in readers:
        outcome.add_reader(finish(reader, outcome) or "0 0")
    finish(start(commits, "check", str(root), str(n_commits)), outcome)
    return outcome


HEADINGS = ["commits", "seconds", "commits/s", "merged again", "p50 ms", "p99 ms", "longest ms", "scans", "rows read"]


def describe(outcome: Outcome) -> list[str]:
    n = len(outcome.commit_ms)
    percentiles = statistics.quantiles(outcome.commit_ms, n=100)
    times = (percentiles[49], percentiles[98], max(outcome.commit_ms))
    return [
        f"{n:,}",
        f"{outcome.seconds:.1f}",
        f"{n / outcome.seconds:.0f}",
        f"{100 * outcome.n_conflicts / n:.1f} %",
        *(f"{ms:.1f}" for ms in times),
        f"{outcome.n_scans:,}",
        f"{outcome.n_rows:,}",
    ]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/power/many_processes.py", description="Many processes, one dataset.")
    parser.add_argument("--commits", type=int, default=1250, help=f"of each of the {LANES} writers")
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--keeper", action="store_true", help="and maintenance, over and over")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    commits = str(Path(os.environ.get("LAKE_COMMITS", "build/dev/tests/power/commits")).resolve(strict=True))
    dl = str(Path(os.environ.get("LAKE_DL", "build/release/dl")).resolve(strict=True))
    with tempfile.TemporaryDirectory(prefix="dl-many-", dir=os.environ.get("LAKE_SCRATCH")) as scratch:
        root = Path(scratch) / "lake"
        root.mkdir()
        lake = Runner(dl, root)
        lake("init").ok()
        keeper = Keeper(lake)
        with keeper if arguments.keeper else contextlib.nullcontext():
            outcome = race(commits, root, arguments.commits, arguments.readers)
        problems = [*outcome.problems, *filter(None, [keeper.problem])]
        done = lake("verify", "--full")
        if done.status != 0:
            problems.append(done.out + done.err)
    if not problems:
        for row in [HEADINGS, ["---:"] * len(HEADINGS), describe(outcome)]:
            print("| " + " | ".join(row) + " |")
    for problem in problems:
        print(f"many processes: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
