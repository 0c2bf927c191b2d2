"""The rig itself: a writer that is not safe loses data in it, one that is does not. Without this, zero losses prove nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from campaign import Campaign
from disk import Disk

FILES = 50


def write_and_rename(directory: Path, name: str, durable: bool) -> None:
    staged = directory / f"{name}.staged"
    with staged.open("wb") as file:
        file.write(b"x" * 50_000)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    staged.rename(directory / name)
    if durable:
        handle = os.open(directory, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def lost_by_a_cut(disk: Disk, durable: bool) -> int:
    disk.clear()
    directory = disk.root / "files"
    directory.mkdir()
    os.sync()
    for number in range(FILES):
        write_and_rename(directory, str(number), durable)
    with disk.mounted(disk.cut()) as root:
        sizes = [path.stat().st_size for path in (root / "files").iterdir()]
    return FILES - sizes.count(50_000)


def test_a_rename_without_fsync_is_lost(disk: Disk) -> None:
    assert lost_by_a_cut(disk, durable=False) == FILES


def test_fsync_rename_fsync_is_not(disk: Disk) -> None:
    assert lost_by_a_cut(disk, durable=True) == 0


def test_a_cut_is_a_picture_of_one_instant(disk: Disk) -> None:
    """What is written after it does not reach it."""
    disk.clear()
    image = disk.cut()
    (disk.root / "later").mkdir()
    os.sync()
    with disk.mounted(image) as root:
        assert not (root / "later").exists()


@pytest.mark.parametrize("calls", ["fsync,syncfs", "fdatasync"], ids=["files", "manifest"])
def test_dl_loses_what_it_acknowledged_where_syncs_do_nothing(
    disk: Disk, program: str, program_without: Callable[[str], str], tmp_path: Path, calls: str
) -> None:
    """The very workload and audit of the other tests, on a system that lies: of data files, or of SQLite's."""
    campaign = Campaign(program_without(calls), tmp_path, disk, seed=3, reader=program)
    cuts = campaign.run("first commits", 4).cuts
    assert sum(cut.acknowledged for cut in cuts) > 0
    assert sum(cut.lost + cut.halves for cut in cuts) > 0, [cut.problems for cut in cuts]
