"""What must be true of a lake after a power cut, as soon as it was opened once."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from dl_runner import Result, Runner
from rows import EXCHANGE, Rows, UnequalError, read_by_dl, read_tree, write_csv
from workers import Bounds, Worker

PROBE = "PROBE"


@dataclass
class Finding:
    """Of one cut."""

    acknowledged: int = 0
    lost: int = 0  # acknowledged units whose rows are not there
    halves: int = 0  # everything else that is not as it should be
    recovery_ms: float = 0.0
    recovered: bool = False  # the open had something to finish
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str, lost: int = 0) -> None:
        self.problems.append(problem)
        self.lost += lost
        self.halves += lost == 0


def audit(dl: Runner, bounds: Bounds, finding: Finding) -> None:
    """Opens the lake in the directory of `dl` for the first time since the cut, and looks at everything."""
    if not _opens(dl, bounds, finding):
        return
    try:
        _check_structure(dl, finding)
        _check_rows(dl, bounds, finding)
        _check_that_writing_goes_on(dl, finding)
    except (AssertionError, UnequalError) as error:
        finding.add(str(error))


def _opens(dl: Runner, bounds: Bounds, finding: Finding) -> bool:
    """Times the open that recovers. A lake that does not open has lost everything."""
    begin = time.monotonic()
    done = dl("list")
    finding.recovery_ms = (time.monotonic() - begin) * 1000
    finding.recovered = "recovered" in done.err
    if done.status != 0:
        finding.add(f"the lake does not open: {_text(done)}", lost=sum(bounds.first))
    return done.status == 0


def _check_structure(dl: Runner, finding: Finding) -> None:
    done = dl("verify", "--full", "--json")
    if done.status != 0:
        finding.add(f"verify --full: {_text(done)}")
    for path in leftovers(dl.directory):
        finding.add(f"recovery left {path}")


def leftovers(directory: Path) -> list[str]:
    """What lies in staging when nobody writes."""
    staging = directory / ".lake" / "staging"
    return [str(path.relative_to(directory)) for path in staging.rglob("*")]


def _text(done: Result) -> str:
    return f"status {done.status}: {(done.err or done.out).strip()[:1000]}"


def _check_rows(dl: Runner, bounds: Bounds, finding: Finding) -> None:
    rows = read_by_dl(dl)
    if rows != read_tree(dl.directory / "data"):
        raise UnequalError("dl read and a plain glob over the tree give different rows")
    owned = 0
    for worker, first, last in zip(bounds.workers, bounds.first, bounds.last, strict=True):
        mine = {minute: close for minute, close in rows.get(worker.symbol, {}).items() if worker.owns(minute)}
        owned += len(mine)
        _judge(worker, mine, range(first, last + 1), finding)
    if owned != sum(map(len, rows.values())):
        finding.add("there are rows that nobody wrote")


def _judge(worker: Worker, rows: Rows, allowed: range, finding: Finding) -> None:
    if any(rows == worker.states[k] for k in allowed):
        return
    earlier = [k for k in range(allowed.start) if rows == worker.states[k]]
    if earlier:
        text = f"{worker.name}: {allowed.start} units were acknowledged, {earlier[-1]} are there"
        finding.add(text, lost=allowed.start - earlier[-1])
    else:
        finding.add(f"{worker.name}: its {len(rows)} rows are no state of it around unit {allowed.start}")


def _check_that_writing_goes_on(dl: Runner, finding: Finding) -> None:
    source = dl.directory / "probe.csv"
    write_csv(source, {minute: 1 for minute in range(10)})
    dl("ingest", "--source", str(source), "--exchange", EXCHANGE, "--symbol", PROBE, "--period", "1m").ok()
    done = dl("verify")
    if done.status != 0:
        finding.add(f"verify after one more commit: {_text(done)}")
    if read_tree(dl.directory / "data") != read_by_dl(dl):
        raise UnequalError("after one more commit, dl read and a plain glob over the tree give different rows")


def audit_backup(dl: Runner, bounds: Bounds, is_acknowledged: bool, finding: Finding) -> None:
    """A backup is whole, or there is nothing under its name; an acknowledged one is whole."""
    if not dl.directory.exists():
        if is_acknowledged:
            finding.add(f"{dl.directory.name} was acknowledged and is not there", lost=1)
        return
    try:
        _check_structure(dl, finding)
        _check_rows(dl, bounds, finding)
    except (AssertionError, UnequalError) as error:
        finding.add(f"{dl.directory.name}: {error}")
