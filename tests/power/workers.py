"""Workloads: each worker runs one `dl` command after another, and knows what the lake must hold after each.

A worker owns some rows of the lake, which no other one changes, so that their state is known: `states[k]` is what they are when k of
its commands are done. At a cut, whatever a worker's rows are, they must be one of states[acknowledged … started]: fewer is a
lost unit, anything else a unit half done.
"""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dl_runner import Result, Runner
from rows import DAY_MINUTES, EXCHANGE, Rows, iso, write_csv

ROWS_A_DAY = 20
LANES = 2


@dataclass
class Step:
    arguments: list[str]
    after: Rows  # the worker's rows when it is done


class Worker:
    """One thread of commands. The base: symbol and lane (minutes of the symbol's days, so that two may write to one day) say which rows it owns."""

    def __init__(self, lake: Runner, scratch: Path, symbol: str, lane: int = 0) -> None:
        self.name = f"{type(self).__name__} {symbol} {lane}"
        self.lake, self.symbol, self.lane = lake, symbol, lane
        self.states: list[Rows] = [{}]
        self.acknowledged = 0
        self.failure = ""
        self._source = scratch / f"{symbol}-{lane}.csv"
        self._stopping = threading.Event()
        self._result: Result | None = None  # of the last step
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def started(self) -> int:
        return len(self.states) - 1

    def owns(self, minute: int) -> bool:
        return minute % LANES == self.lane

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            for step in self.steps():
                if self._stopping.is_set():
                    return
                self._take(step)
        except Exception as error:  # the campaign reports it: an exception in a thread is lost otherwise
            self.failure = f"{self.name}: {error}"

    def _take(self, step: Step) -> None:
        self.states.append(step.after)
        self._result = self.lake(*step.arguments).ok()
        self.acknowledged += 1

    def steps(self) -> Iterator[Step]:
        raise NotImplementedError

    def ingest(self, days: range, close: int) -> Step:
        rows = {day * DAY_MINUTES + i * LANES + self.lane: close for day in days for i in range(ROWS_A_DAY)}
        write_csv(self._source, rows)
        arguments = ["ingest", "--source", str(self._source), "--exchange", EXCHANGE, "--symbol", self.symbol]
        return Step([*arguments, "--period", "1m"], self.states[-1] | rows)


class Days(Worker):
    """One day a commit; every day is a new one at first, and written over in later rounds."""

    n_days = 90

    def steps(self) -> Iterator[Step]:
        for number in itertools.count():
            day = number % self.n_days
            yield self.ingest(range(day, day + 1), number)


class Pair(Days):
    """Two of them, on the two lanes of one symbol, go to the same absent day at the same instant."""

    def __init__(self, lake: Runner, scratch: Path, symbol: str, lane: int, meeting: threading.Barrier) -> None:
        super().__init__(lake, scratch, symbol, lane)
        self._meeting = meeting

    def steps(self) -> Iterator[Step]:
        for step in super().steps():
            try:
                self._meeting.wait()
            except threading.BrokenBarrierError:
                return
            yield step

    def stop(self) -> None:
        super().stop()
        self._meeting.abort()


class Bulk(Worker):
    """A hundred days a commit: from so many on, files are made durable by one call for the whole filesystem."""

    def steps(self) -> Iterator[Step]:
        for number in itertools.count():
            yield self.ingest(range(100), number)


class Eraser(Worker):
    """Deletes days and parts of days; `undoes` every other deletion."""

    def __init__(self, lake: Runner, scratch: Path, symbol: str, undoes: bool) -> None:
        super().__init__(lake, scratch, symbol)
        self._undoes = undoes

    def steps(self) -> Iterator[Step]:
        for number in itertools.count():
            yield self.ingest(range(10), number)
            before = self.states[-1]
            first = number % 5
            yield self._erase(first * DAY_MINUTES + ROWS_A_DAY, (first + 4) * DAY_MINUTES + ROWS_A_DAY // 2)
            if self._undoes and number % 2 == 0:
                assert self._result is not None
                yield Step(["undo", str(self._result.json["snapshot"]), "--yes"], before)

    def _erase(self, first: int, end: int) -> Step:
        kept = {minute: close for minute, close in self.states[-1].items() if not first <= minute < end}
        arguments = ["delete", "--symbol", self.symbol, "--start", iso(first), "--end", iso(end), "--yes", "--json"]
        return Step(arguments, kept)


class Keeper(Worker):
    """Maintenance, which changes no rows: it owns none."""

    def owns(self, minute: int) -> bool:
        return False

    def steps(self) -> Iterator[Step]:
        for task in itertools.cycle([["--compact"], ["--expire"], ["--gc"], []]):
            yield Step(["maintenance", *task], {})


class Saver(Worker):
    """Backups, each with the bounds of what it may hold: what was acknowledged when it began and started when it ended."""

    def __init__(self, lake: Runner, scratch: Path, others: list[Worker]) -> None:
        super().__init__(lake, scratch, "")
        self._others = others
        self.backups: list[Bounds] = []

    def owns(self, minute: int) -> bool:
        return False

    def steps(self) -> Iterator[Step]:
        for number in range(MOST_BACKUPS):
            self.backups.append(Bounds.begin(self._others))
            yield Step(["backup", str(backup_path(self.lake.directory, number))], {})
            self.backups[-1].end()


MOST_BACKUPS = 4


def backup_path(lake: Path, number: int) -> Path:
    return lake.parent / f"backup-{number}"


@dataclass
class Bounds:
    """From which to which of its states each worker's rows may be."""

    workers: list[Worker]
    first: list[int]
    last: list[int]

    @staticmethod
    def begin(workers: list[Worker]) -> "Bounds":
        return Bounds(workers, [worker.acknowledged for worker in workers], [])

    def end(self) -> None:
        self.last = [worker.started for worker in self.workers]
