"""A commit of one day against the least that anything durable costs: one fsync of a new file of the same size."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.equal import require_equal
from bench.ours import Lake
from bench.series import DAY_MS, MINUTE_MS
from bench.timing import Contender, Race, as_process, in_process, run_race
from bench.workspace import EXCHANGE, SYMBOL, Workspace

DAY_ROWS = DAY_MS // MINUTE_MS


def write_days(work: Workspace) -> list[Path]:
    """The year's CSV as one a day."""
    directory = work.root / "days"
    directory.mkdir()
    header, *lines = work.csv.read_text(encoding="ascii").splitlines(keepends=True)
    paths = [directory / f"{day:03}.csv" for day in range(len(lines) // DAY_ROWS)]
    for day, path in enumerate(paths):
        path.write_text(header + "".join(lines[day * DAY_ROWS : (day + 1) * DAY_ROWS]), encoding="ascii")
    return paths


def fsync_new_file(directory: Path, content: bytes, names: Iterator[int]) -> None:
    file = os.open(directory / f"{next(names)}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.write(file, content)
    os.fsync(file)
    os.close(file)


def race_commits(work: Workspace, ours: str, program: Callable[[Path], list[str]], rounds: int) -> Race:
    """Every round commits a new day in an open lake, another by `dl ingest`, and writes one file of the same bytes."""
    work.new_scratch()
    days = iter(write_days(work))
    content = Path(work.day_file("lake")).read_bytes()
    with Lake(work.library, work.scratch) as lake:
        contenders = [
            Contender(ours, "in process", in_process(lambda: lake.ingest([next(days)], EXCHANGE, SYMBOL))),
            Contender(ours, "dl ingest", as_process(work.launcher, lambda: program(next(days)))),
            Contender(
                "fsync", "a new file", in_process(partial(fsync_new_file, work.scratch, content, iter(range(10**6))))
            ),
        ]
        race = run_race(contenders, rounds)
        n_days = 2 * (rounds + 1)
        end_ms = work.start_ms + n_days * DAY_MS
        chosen = work.rows["ts"] < end_ms
        expected = {name: values[chosen] for name, values in work.rows.items()}
        require_equal(ours, lake.read(EXCHANGE, SYMBOL, work.start_ms, end_ms), expected)
    return race
