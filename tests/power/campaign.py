#!/usr/bin/env python3
"""Cuts the power under running workloads, again and again: tests/power/campaign.py [--cuts N] [--mix NAME] [--seed N].

Prints a table, and ends with status 1 where anything was lost or half done. Needs root and loop devices; LAKE_DL names the
program.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from audit import Finding, audit, audit_backup
from disk import Disk, what_is_missing
from dl_runner import Runner
from mixes import MIXES
from workers import Bounds, Saver, Worker, backup_path

CUTS_A_RUN = 5
LONGEST_WAIT = 0.8  # seconds between two cuts


@dataclass
class Cut:
    image: Path
    bounds: Bounds
    backups: list[tuple[Bounds, bool]]  # begun ones; whether they were acknowledged


@dataclass
class Run:
    """One lake from its beginning, under one mix of workers."""

    cuts: list[Finding]
    end: Finding  # of the lake itself, on which the power stayed


class Campaign:
    """Runs, one after another, on one disk. `reader` is the program that opens the lake after a cut, if not the same."""

    def __init__(self, program: str, scratch: Path, disk: Disk, seed: int, reader: str = "") -> None:
        self._program, self._scratch, self._disk, self._reader = program, scratch, disk, reader or program
        self._chance = random.Random(seed)

    def run(self, mix: str, n_cuts: int) -> Run:
        self._disk.clear()
        lake = Runner(self._program, self._disk.root / "lake")
        lake.directory.mkdir()
        os.sync()
        lake("init").ok()
        workers = MIXES[mix](lake, self._scratch)
        cuts = self._cut_under(workers, n_cuts)
        end = Bounds.begin(workers)
        end.end()
        run = Run([self._audit(cut) for cut in cuts], Finding())
        audit(lake, end, run.end)
        return run

    def _cut_under(self, workers: list[Worker], n_cuts: int) -> list[Cut]:
        for worker in workers:
            worker.start()
        try:
            cuts = [self._cut(workers) for _ in range(n_cuts)]
        finally:
            for worker in workers:
                worker.stop()
            for worker in workers:
                worker.join()
        failures = [worker.failure for worker in workers if worker.failure]
        assert not failures, "\n".join(failures)
        return cuts

    def _cut(self, workers: list[Worker]) -> Cut:
        time.sleep(self._chance.uniform(0, LONGEST_WAIT))
        bounds = Bounds.begin(workers)
        acknowledged = [worker.acknowledged for worker in workers if isinstance(worker, Saver)]
        image = self._disk.cut()
        bounds.end()
        begun = [backup for worker in workers if isinstance(worker, Saver) for backup in worker.backups]
        return Cut(image, bounds, [(backup, k < acknowledged[0]) for k, backup in enumerate(begun)])

    def _audit(self, cut: Cut) -> Finding:
        finding = Finding(acknowledged=sum(cut.bounds.first))
        with self._disk.mounted(cut.image) as root:
            lake = Runner(self._reader, root / "lake")
            audit(lake, cut.bounds, finding)
            for number, (backup, is_acknowledged) in enumerate(cut.backups):
                copy = Runner(self._reader, backup_path(lake.directory, number))
                last = backup.last or cut.bounds.last[: len(backup.workers)]  # the saver comes after those it saves
                audit_backup(copy, Bounds(backup.workers, backup.first, last), is_acknowledged, finding)
        return finding


# ---- the report ----


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


HEADINGS = ["mix", "cuts", "recoveries", "units acknowledged", "units lost", "half done", "recovery p50 ms", "p99 ms"]


def describe(mix: str, cuts: list[Finding]) -> list[str]:
    times = [cut.recovery_ms for cut in cuts]
    counts = [
        len(cuts),
        sum(cut.recovered for cut in cuts),
        sum(cut.acknowledged for cut in cuts),
        sum(cut.lost for cut in cuts),
        sum(cut.halves for cut in cuts),
    ]
    return [mix, *map(str, counts), f"{percentile(times, 50):.0f}", f"{percentile(times, 99):.0f}"]


def print_table(found: dict[str, list[Finding]]) -> None:
    rows = [describe(mix, cuts) for mix, cuts in found.items()]
    rows.append(describe("all", [cut for cuts in found.values() for cut in cuts]))
    for row in [HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *rows]:
        print("| " + " | ".join(row) + " |")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/power/campaign.py", description="Cuts the power under workloads.")
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--mix", nargs="+", choices=MIXES, default=list(MIXES))
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    missing = what_is_missing()
    if missing:
        print(f"power cuts: SKIPPED: {missing}", file=sys.stderr)
        return 0
    found: dict[str, list[Finding]] = {mix: [] for mix in arguments.mix}
    problems: list[str] = []
    program = str(Path(os.environ.get("LAKE_DL", "build/release/dl")).resolve(strict=True))
    with tempfile.TemporaryDirectory(prefix="dl-power-") as scratch, Disk(Path(scratch)) as disk:
        campaign = Campaign(program, Path(scratch), disk, arguments.seed)
        while sum(map(len, found.values())) < arguments.cuts:
            for mix, cuts in found.items():
                run = campaign.run(mix, CUTS_A_RUN)
                cuts.extend(run.cuts)
                problems += [f"{mix}: {problem}" for one in [*run.cuts, run.end] for problem in one.problems]
    print_table(found)
    for problem in problems:
        print(f"power cuts: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
