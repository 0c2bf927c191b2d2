"""Any order of ingests, restatements, deletions, undos, maintenance and aggregation: derived bars are those that a naive model makes
of the rows there are, after every step for a reader, and after dl aggregate in the files too.

LAKE_HISTORIES says how many histories (default 6); LAKE_HISTORY says the seed of the one to run."""

import csv
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from dl_runner import Runner

Row = tuple[float, float, float, float, float]
Bar = tuple[float, float, float, float, float, int, int]

HOUR = timedelta(hours=1)
TARGETS = ("4h", "1d", "1w", "1mo")
STEPS = 14
# Ends of a leap February and of a year, and a week that lies in two years.
MIDDLES = [
    datetime(2024, 2, 29, 20, tzinfo=UTC),
    datetime(2023, 12, 31, 22, tzinfo=UTC),
    datetime(2023, 5, 31, tzinfo=UTC),
]


def bucket(ts: datetime, period: str, offset: timedelta) -> tuple[datetime, datetime]:
    """The one that holds an instant, counted in calendar terms."""
    at = ts - offset
    midnight = at.replace(hour=0, minute=0, second=0)
    if period == "1mo":
        start = midnight.replace(day=1)
        return start + offset, (start + timedelta(days=32)).replace(day=1) + offset
    if period == "1w":
        start, length = midnight - timedelta(days=at.weekday()), timedelta(days=7)
    elif period == "1d":
        start, length = midnight, timedelta(days=1)
    else:
        start, length = at.replace(hour=at.hour // 4 * 4, minute=0, second=0), timedelta(hours=4)
    return start + offset, start + length + offset


def derive(rows: dict[datetime, Row], period: str, offset: timedelta) -> dict[datetime, Bar]:
    bars: dict[datetime, Bar] = {}
    for ts, (open_, high, low, close, volume) in sorted(rows.items()):
        start, end = bucket(ts, period, offset)
        n = (end - start) // HOUR
        if start in bars:
            o, h, lo, _, v, present, _ = bars[start]
            bars[start] = (o, max(h, high), min(lo, low), close, v + volume, present + 1, n)
        else:
            bars[start] = (open_, high, low, close, volume, 1, n)
    return bars


def iso(ts: datetime) -> str:
    return ts.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class History:
    dl: Runner
    pick: random.Random
    offset_hours: int
    middle: datetime
    rows: dict[datetime, Row] = field(default_factory=dict)
    # Of the last change of the source, if it can be undone: its snapshot and the rows before it.
    undoable: tuple[int, dict[datetime, Row]] | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def offset(self) -> timedelta:
        return timedelta(hours=self.offset_hours)

    def call(self, *arguments: str) -> dict[str, object]:
        self.steps.append(" ".join(arguments))
        return self.dl(*arguments, "--json").ok().json

    # ---- what can happen ----

    def some_range(self, most_hours: int) -> tuple[datetime, datetime]:
        """Half of them begin and end within an hour of where bars do."""
        start = self.middle + HOUR * self.pick.randint(-24 * 20, 24 * 20)
        end = start + HOUR * self.pick.randint(1, most_hours)
        if self.pick.random() < 0.5:
            start = bucket(start, "1d", self.offset)[0] + HOUR * self.pick.randint(-1, 1)
            end = max(bucket(end, "1d", self.offset)[1] + HOUR * self.pick.randint(-1, 1), start + HOUR)
        return start, end

    def ingest(self) -> None:
        start, end = self.some_range(self.pick.choice([2, 30, 400]))
        hours = [start + HOUR * i for i in range((end - start) // HOUR)]
        hours = [ts for ts in hours if ts in (hours[0], hours[-1]) or self.pick.random() < 0.9]
        before, lines = dict(self.rows), ["ts,open,high,low,close,volume"]
        for ts in hours:
            prices = [self.pick.randint(9000, 11000) / 100 for _ in range(4)]
            row = (prices[0], max(prices), min(prices), prices[3], self.pick.randint(1, 99999) / 1000)
            self.rows[ts] = row
            lines.append(",".join([iso(ts), *map(repr, row)]))
        (self.dl.directory / "rows.csv").write_text("\n".join(lines) + "\n")
        done = self.call("ingest", "--source", "rows.csv", "--exchange", "X", "--symbol", "Y", "--period", "1h")
        self.undoable = (int(str(done["snapshot"])), before)

    def delete(self) -> None:
        start, end = self.some_range(self.pick.choice([1, 5, 100]))
        before = dict(self.rows)
        gone = [ts for ts in self.rows if start <= ts < end]
        if not gone or len(gone) == len(self.rows):
            return
        done = self.call(
            *("delete", "--symbol", "Y", "--data-type", "raw", "--start", iso(start), "--end", iso(end), "--yes")
        )
        for ts in gone:
            del self.rows[ts]
        self.undoable = (int(str(done["snapshot"])), before)

    def undo(self) -> None:
        if self.undoable is not None and self.undoable[1]:
            snapshot, self.rows = self.undoable
            self.call("undo", str(snapshot))
            self.undoable = None

    def undo_aggregate(self) -> None:
        log = self.dl("log", "--json").ok().json
        last = log[0]
        if last["operation"] == "aggregate" and last["undone_by"] is None:
            self.call("undo", str(last["snapshot"]))

    def delete_derived(self) -> None:
        if self.stored():
            start = self.pick.choice(sorted(self.rows)) - HOUR * self.pick.randint(0, 100)
            period = self.pick.choice(self.stored())
            what = ["--data-type", "agg", "--period", period, "--start", iso(start), "--end", iso(start + 200 * HOUR)]
            self.steps.append(f"delete {' '.join(what)}")
            self.dl("delete", "--symbol", "Y", *what, "--yes")  # there may be none

    def ingest_others(self) -> None:
        """So many commits to another dataset that what changed since is no longer looked at one by one (derive_state.c, MOST_SNAPSHOTS)."""
        for i in range(66):
            ts = self.middle + HOUR * i
            (self.dl.directory / "other.csv").write_text(f"ts,open,high,low,close,volume\n{iso(ts)},1,1,1,1,1\n")
            self.dl("ingest", "--source", "other.csv", "--exchange", "X", "--symbol", "OTHER", "--period", "1h").ok()
        self.steps.append("66 commits to another dataset")

    def after_long(self) -> None:
        """Source and derived bars changed, and nobody brought them up to date for long."""
        for step in (self.aggregate, self.delete, self.delete_derived, self.ingest_others, self.check, self.aggregate):
            step()

    def maintain(self) -> None:
        self.call("maintenance", "--compact", "--symbol", "Y")

    def aggregate(self) -> None:
        periods = self.pick.sample(TARGETS, self.pick.randint(1, len(TARGETS)))
        self.call(
            "aggregate", "--symbol", "Y", "--to", ",".join(periods), "--offset", f"{self.offset_hours}h", "--from", "1h"
        )
        for period in periods:
            assert self.in_files(period) == self.expected(period), f"the files of {period}"

    # ---- what must be ----

    def stored(self) -> list[str]:
        datasets = self.dl("list", "--symbol", "Y", "--data-type", "agg", "--json").ok().json
        return [dataset["period"] for dataset in datasets]

    def expected(self, period: str) -> dict[str, Bar]:
        return {iso(ts): bar for ts, bar in derive(self.rows, period, self.offset).items()}

    def in_files(self, period: str) -> dict[str, Bar]:
        glob = self.dl.directory / f"data/X/FUTURES/Y/agg/{period}"
        paths = sorted(glob.rglob("*.parquet"))
        frames = [pl.read_parquet(path, hive_partitioning=False) for path in paths]
        return {iso(row[0]): row[1:] for frame in frames for row in frame.iter_rows()}

    def read(self, period: str) -> dict[str, Bar]:
        """What is stored says by which offset; where nothing is, the reader does."""
        offset = [] if period in self.stored() else ["--offset", f"{self.offset_hours}h"]
        what = ["--exchange", "X", "--symbol", "Y", "--data-type", "agg", "--period", period]
        out = self.dl("read", *what, *offset, "--format", "csv").ok().out
        return {row[0]: (*map(float, row[1:6]), *map(int, row[6:])) for row in list(csv.reader(out.splitlines()))[1:]}

    def check(self) -> None:
        period = self.pick.choice(TARGETS)
        assert self.read(period) == self.expected(period), f"{period} as it is read"


STEPS_THERE_ARE = [
    *(History.ingest,) * 3,
    *(History.delete,) * 2,
    *(History.aggregate,) * 4,
    History.undo,
    History.undo_aggregate,
    History.delete_derived,
    History.maintain,
]


def seeds() -> Iterable[int]:
    only = os.environ.get("LAKE_HISTORY")
    return [int(only)] if only else range(int(os.environ.get("LAKE_HISTORIES", "6")))


@pytest.mark.parametrize("seed", seeds())
def test_derived_bars_are_those_of_the_rows(dl: Runner, seed: int) -> None:
    pick = random.Random(seed)
    history = History(dl, pick, pick.choice([0, 0, 7]), MIDDLES[seed % len(MIDDLES)])
    history.ingest()
    try:
        for step in range(STEPS):
            if step == STEPS // 2 and seed % 3 == 0:
                history.after_long()
            pick.choice(STEPS_THERE_ARE)(history)
            history.check()
        history.aggregate()
    except AssertionError as error:
        steps = "\n".join(history.steps)
        raise AssertionError(f"seed {seed}, offset {history.offset_hours}h, after\n{steps}\n{error}") from error
