"""A disk with too little room left, in steps from none to enough: an error that says so and nothing half done; when there is room
again, the command completes."""

import os
import re
from pathlib import Path

import pytest
from disk import Disk
from scenarios import SCENARIOS, prepare
from test_kill_at_syscall import check_goes_on, check_recovered

BLOCK = 4096
STEP = 9 * BLOCK  # of room; a block when thorough
ENOUGH = 400 << 10

# SQLite cannot tell a full disk from a broken one where it extends its shared memory.
SAYS_WHY = re.compile(r"space|full|I/O error")


def leave(directory: Path, room: int) -> Path:
    """Fills the disk but for about `room` bytes; returns the file that does."""
    filler = directory / "filler"
    with filler.open("xb") as file:
        size, step = 0, 64 << 20
        while step >= BLOCK:
            try:
                os.posix_fallocate(file.fileno(), size, step)
                size += step
            except OSError:  # no space
                step //= 2
        file.truncate(size - room)
    os.sync()
    return filler


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_full_disk(disk: Disk, program: str, thorough: bool, name: str) -> None:
    n_full = 0
    for room in range(0, ENOUGH, BLOCK if thorough else STEP):
        disk.clear()
        scenario = prepare(program, disk.root / "lake", name)
        filler = leave(disk.root, room)
        done = scenario.lake(*scenario.arguments)
        assert done.status in (0, 1), done
        if done.status == 1:
            n_full += 1
            assert SAYS_WHY.search(done.err.splitlines()[-1]), done.err
        filler.unlink()
        took_effect = check_recovered(scenario.lake, scenario)
        assert took_effect or done.status == 1, f"{room} bytes of room: it said that it was done, and nothing is"
        check_goes_on(scenario.lake, scenario, took_effect)
    assert n_full > 0, "there was always room"
