"""Commands that change a lake, each with a lake to run it on and the rows before and after it: what the sweeps go through."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dl_runner import Runner
from rows import DAY_MINUTES, EXCHANGE, Rows, iso, write_csv

SYMBOL = "BTCUSDT"
FEW_ROWS = 40


@dataclass
class Scenario:
    lake: Runner
    arguments: list[str]
    before: Rows
    after: Rows

    def copy_to(self, directory: Path) -> None:
        shutil.copytree(self.lake.directory, directory)


def ingest(lake: Runner, name: str, rows: Rows) -> list[str]:
    """The command that ingests rows; its source lies beside the lake."""
    source = lake.directory.with_name(f"{name}.csv")
    write_csv(source, rows)
    return ["ingest", "--source", str(source), "--exchange", EXCHANGE, "--symbol", SYMBOL, "--period", "1m"]


def days(n: int, close: int) -> Rows:
    return {day * DAY_MINUTES + i: close for day in range(n) for i in range(FEW_ROWS)}


def make(lake: Runner) -> Scenario:
    """The first ingest makes the lake."""
    rows = days(1, 1)
    return Scenario(lake, ingest(lake, "first", rows), {}, rows)


def publish(lake: Runner) -> Scenario:
    """One day: some rows changed, some new."""
    before = days(3, 1)
    lake(*ingest(lake, "before", before)).ok()
    rows = {DAY_MINUTES + i: 2 for i in range(20, 60)}
    return Scenario(lake, ingest(lake, "day", rows), before, before | rows)


def delete(lake: Runner) -> Scenario:
    """From the middle of a day to the middle of another."""
    before = days(4, 1)
    lake(*ingest(lake, "before", before)).ok()
    first, end = 20, 2 * DAY_MINUTES + 20
    after = {minute: close for minute, close in before.items() if not first <= minute < end}
    return Scenario(
        lake, ["delete", "--symbol", SYMBOL, "--start", iso(first), "--end", iso(end), "--yes"], before, after
    )


def undo(lake: Runner) -> Scenario:
    """The deletion above."""
    deletion = delete(lake)
    lake(*deletion.arguments).ok()
    return Scenario(lake, ["undo", "--yes"], deletion.after, deletion.before)


def compact(lake: Runner) -> Scenario:
    """A month of ten days."""
    rows = days(10, 1)
    lake(*ingest(lake, "before", rows)).ok()
    return Scenario(lake, ["maintenance", "--compact"], rows, rows)


def expire(lake: Runner) -> Scenario:
    """The files of five days that were changed."""
    (lake.directory / "dl.toml").write_text('[history]\nkeep_changed = "0s"\nkeep_unchanged = "0s"\n')
    for number in range(1, 3):
        lake(*ingest(lake, f"before{number}", days(5, number))).ok()
    rows = days(5, 2)
    return Scenario(lake, ["maintenance", "--expire"], rows, rows)


SCENARIOS: dict[str, Callable[[Runner], Scenario]] = {
    scenario.__name__: scenario for scenario in (make, publish, delete, undo, compact, expire)
}


def prepare(program: str, directory: Path, name: str) -> Scenario:
    directory.mkdir()
    return SCENARIOS[name](Runner(program, directory))
