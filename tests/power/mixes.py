"""Which workers write to a lake together while the power is cut: one function a mix.

A new one: write the function, add its row to MIXES; test_power_cuts.py and campaign.py take it from there.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from dl_runner import Runner
from workers import Bulk, Days, Eraser, Keeper, Pair, Saver, Worker

# History that expires, and months that close, while the run lasts.
SHORT_MEMORY = '[history]\nkeep_changed = "1s"\nkeep_unchanged = "1s"\n'


def pair(lake: Runner, scratch: Path) -> list[Worker]:
    meeting = threading.Barrier(2)
    return [Pair(lake, scratch, "BOTH", lane, meeting) for lane in range(2)]


def first_commits(lake: Runner, scratch: Path) -> list[Worker]:
    return [*pair(lake, scratch), Bulk(lake, scratch, "BULK")]


def deletions(lake: Runner, scratch: Path) -> list[Worker]:
    return [*pair(lake, scratch), Eraser(lake, scratch, "BACK", undoes=True), Days(lake, scratch, "DAYS")]


def maintenance(lake: Runner, scratch: Path) -> list[Worker]:
    (lake.directory / "dl.toml").write_text(SHORT_MEMORY)
    writers = [*pair(lake, scratch), Days(lake, scratch, "DAYS"), Eraser(lake, scratch, "GONE", undoes=False)]
    return [*writers, Keeper(lake, scratch, "")]


def backups(lake: Runner, scratch: Path) -> list[Worker]:
    writers = [*pair(lake, scratch), Bulk(lake, scratch, "BULK"), Eraser(lake, scratch, "BACK", undoes=True)]
    return [*writers, Saver(lake, scratch, writers)]


MIXES: dict[str, Callable[[Runner, Path], list[Worker]]] = {
    "first commits": first_commits,
    "delete and undo": deletions,
    "maintenance": maintenance,
    "backup": backups,
}
