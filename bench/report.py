"""The outcomes as Markdown: a table a case, with what is asked for beside what was measured."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable
from pathlib import Path

from bench.cases import OURS, Outcome, Target
from bench.timing import Contender, Race, Spread

PEER_PACKAGES = ("polars", "duckdb", "pyarrow", "arcticdb", "numpy", "pandas")


def _first_value(path: str, key: str) -> str:
    """The value of the first "key : value" line of a file of /proc."""
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def describe_machine() -> str:
    cores = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").count("processor\t")
    memory_gib = int(_first_value("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    model = _first_value("/proc/cpuinfo", "model name")
    return f"{model}, {cores} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}"


def describe_versions(ours: str) -> str:
    peers = (f"{name} {importlib.metadata.version(name)}" for name in PEER_PACKAGES)
    return ", ".join([f"dl-datalake {ours}", f"Python {platform.python_version()}", *peers])


def _duration(seconds: float) -> str:
    """Three digits in the unit that suits."""
    if seconds < 0:
        return f"−{_duration(-seconds)}"
    for unit, scale in (("µs", 1e6), ("ms", 1e3)):
        if seconds * scale < 999.5:
            return f"{seconds * scale:#.3g}".rstrip(".") + f" {unit}"
    return f"{seconds:.2f} s"


def _megabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:.1f} MB"


def _times(ratio: Spread) -> str:
    return f"{ratio.median:.2f}× ({ratio.low:.2f} – {ratio.high:.2f})"


def _race_rows(outcome: Outcome, race: Race) -> Iterable[list[str]]:
    memory = outcome.case.shows_memory
    base = race.best_of(OURS)
    yield ["", "median", "quartiles", "against ours", *(["peak memory"] if memory else [])]
    for contender in race.contenders:
        spread = race.spread(contender)
        yield [
            contender.name,
            _duration(spread.median),
            f"{_duration(spread.low)} – {_duration(spread.high)}",
            "" if contender.peer == OURS else _times(race.ratio(contender, base)),
            *([_megabytes(race.peak_bytes(contender))] if memory else []),
        ]


def _figure_rows(outcome: Outcome) -> Iterable[list[str]]:
    yield ["", "bytes a row"]
    for name, value in outcome.figures.items():
        yield [name, f"{value:.1f}"]


def _table(rows: Iterable[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * (lines[0].count("|") - 1))
    return lines


def _ours(race: Race) -> list[Contender]:
    return [contender for contender in race.contenders if contender.peer == OURS]


def judge(outcome: Outcome, target: Target) -> tuple[str, bool]:
    """What was measured for a target, in words, and whether that reaches it."""
    race = outcome.race
    if race is None:
        value = outcome.figures[OURS]
        return f"{value:.1f}", value <= target.limit
    if target.quantity == "over":
        over = race.difference(race.best_of(OURS), race.best_of(target.peer)).median
        return _duration(over), over <= target.limit
    if target.peer:
        ratio = race.ratio(race.best_of(target.peer), race.best_of(OURS))
        return _times(ratio), ratio.median >= target.factor
    if target.quantity == "seconds":
        value = race.spread(race.best_of(OURS)).median
        return _duration(value), value <= target.limit
    peak = max(race.peak_bytes(contender) for contender in _ours(race))
    return _megabytes(peak), peak <= target.limit


def _target_lines(outcome: Outcome) -> list[str]:
    lines = []
    for target in outcome.case.targets:
        measured, reached = judge(outcome, target)
        lines.append(f"- {target.text}: {measured}, {'reached' if reached else '**missed**'}")
    return lines


def describe_case(outcome: Outcome) -> str:
    """One case as a section."""
    case = outcome.case
    command = f"`bench/run.sh --only {case.key}`"
    how = f"{command}, {case.rounds} interleaved rounds" if case.rounds else command
    how += f" of {case.calls} calls" if case.calls > 1 else ""
    rows = _figure_rows(outcome) if outcome.race is None else _race_rows(outcome, outcome.race)
    return "\n".join([f"## {case.title}", "", how, "", *_table(rows), "", *_target_lines(outcome), ""])


def describe_run(outcomes: Iterable[Outcome], ours: str) -> str:
    """The whole document. Without a date: the commit that carries it has one."""
    head = f"""\
# Results of the bench

Made by `make bench`; how it measures stands in [README.md](README.md). The work is a year of one-minute bars, 527,040
rows in 366 days, and every contender has first returned these rows, doubles to the bit. Times are medians and quartiles
of interleaved rounds; ratios are taken within each round, a number above 1 meaning that we are faster, and judged by
each tool's fastest variant.

- Machine: {describe_machine()}
- Versions: {describe_versions(ours)}
"""
    return "\n".join([head, *(describe_case(outcome) for outcome in outcomes)]).rstrip() + "\n"
