"""Measures contenders against each other in interleaved rounds.

Every round runs every contender once, in an order shuffled by a fixed seed, so that whatever else the machine does falls on
all of them alike. A ratio is taken within each round and then summarised: it is steadier than either time.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

ORDER_SEED = 1


@dataclass(frozen=True)
class Sample:
    seconds: float
    peak_bytes: int = 0


@dataclass(frozen=True)
class Contender:
    """What is measured: `peer` is the tool, `variant` how it is used; a tool's best variant counts."""

    peer: str
    variant: str
    measure: Callable[[], Sample]

    @property
    def name(self) -> str:
        return f"{self.peer}, {self.variant}" if self.variant else self.peer


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    low: float
    median: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        if len(values) < 2:
            return Spread(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(low, median, high)


@dataclass
class Race:
    """The samples of some contenders, in rounds."""

    contenders: list[Contender]
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def seconds(self, contender: Contender) -> list[float]:
        return [sample.seconds for sample in self.samples[contender.name]]

    def spread(self, contender: Contender) -> Spread:
        return Spread.of(self.seconds(contender))

    def peak_bytes(self, contender: Contender) -> int:
        return max(sample.peak_bytes for sample in self.samples[contender.name])

    def ratio(self, contender: Contender, base: Contender) -> Spread:
        """How many times longer `contender` takes than `base`, round by round."""
        pairs = zip(self.seconds(contender), self.seconds(base), strict=True)
        return Spread.of([theirs / ours for theirs, ours in pairs])

    def difference(self, contender: Contender, base: Contender) -> Spread:
        """How many seconds longer `contender` takes than `base`, round by round."""
        pairs = zip(self.seconds(contender), self.seconds(base), strict=True)
        return Spread.of([theirs - ours for theirs, ours in pairs])

    def best_of(self, peer: str) -> Contender:
        variants = [contender for contender in self.contenders if contender.peer == peer]
        return min(variants, key=lambda contender: self.spread(contender).median)


def in_process(
    run: Callable[[], object], before: Callable[[], None] | None = None, calls: int = 1
) -> Callable[[], Sample]:
    """A measure of a call, or of the mean of several in a row. `before` runs, and the last result is dropped, outside
    the measured time.
    """

    def measure() -> Sample:
        if before is not None:
            before()
        gc.collect()
        gc.disable()
        try:
            start = time.perf_counter_ns()
            for _ in range(calls):
                result = run()
            took = time.perf_counter_ns() - start
        finally:
            gc.enable()
        del result
        return Sample(took / calls / 1e9)

    return measure


def as_process(
    launcher: str,
    command: Callable[[], Sequence[str]],
    output: str = os.devnull,
    before: Callable[[], None] | None = None,
) -> Callable[[], Sample]:
    """A measure of a program from its start to its end, with its peak resident memory. The command is asked for anew
    each time, after `before`.
    """

    def measure() -> Sample:
        if before is not None:
            before()
        done = subprocess.run([launcher, output, *command()], check=True, stdout=subprocess.PIPE, text=True)
        nanoseconds, peak_kib = done.stdout.split()
        return Sample(int(nanoseconds) / 1e9, int(peak_kib) * 1024)

    return measure


def run_race(contenders: Sequence[Contender], rounds: int) -> Race:
    """One unmeasured round, then `rounds` measured ones."""
    race = Race(list(contenders), {contender.name: [] for contender in contenders})
    for contender in contenders:
        contender.measure()
    order = list(contenders)
    shuffle = random.Random(ORDER_SEED).shuffle
    for _ in range(rounds):
        shuffle(order)
        for contender in order:
            race.samples[contender.name].append(contender.measure())
    return race
