"""System call N of one command fails, once or from there on, for every N: it is an error that says so, never a wrong result, and
when the disk is well again the lake is as it was, or as it was to be."""

from pathlib import Path

import pytest
from dl_runner import Result, Runner
from scenarios import SCENARIOS, prepare
from sweep import Point, error_points, for_each, run_to, watch
from test_kill_at_syscall import check_goes_on, check_recovered

STRIDE = 12  # 1 when thorough

ERRORS = {
    "write": ["ENOSPC"],
    "pwrite64": ["ENOSPC", "EIO"],
    "fsync": ["EIO"],
    "fdatasync": ["EIO"],
    "syncfs": ["EIO"],
    "rename": ["EIO", "ENOSPC"],
    "mkdir": ["ENOSPC"],
    "unlink": ["EIO"],
    "ftruncate": ["EIO"],
    "openat": ["EMFILE", "ENOSPC"],
    "read": ["EIO"],
    "pread64": ["EIO"],
    "newfstatat": ["EIO"],
    "getdents64": ["EIO"],
}


def check_answer(point: Point, done: Result) -> None:
    """0, or 1 with one line that says what is wrong; nothing else, and no signal."""
    assert done.status in (0, 1), done
    can_speak = not (point.kind == "write" and point.for_ever)
    if done.status == 1 and can_speak:
        assert done.err.splitlines()[-1:] != [], done
        assert done.err.splitlines()[-1].startswith("dl: "), done


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_call_fails(program: str, strace: str, tmp_path: Path, thorough: bool, name: str) -> None:
    scenario = prepare(program, tmp_path / "lake", name)
    watched = Runner(program, tmp_path / "watched")
    scenario.copy_to(watched.directory)
    points = list(error_points(watch(watched, scenario.arguments), ERRORS, 1 if thorough else STRIDE))
    n_errors = 0

    def check(point: Point, directory: Path) -> str:
        nonlocal n_errors
        dl = Runner(program, directory)
        done = run_to(dl, scenario.arguments, point)
        check_answer(point, done)
        n_errors += done.status == 1
        took_effect = check_recovered(dl, scenario)
        if done.status == 0 and not took_effect:
            return f"it said that it was done, and nothing is: {done}"
        check_goes_on(dl, scenario, took_effect)
        return ""

    complaints = for_each(points, scenario.lake.directory, check)
    print(f"{name}: {len(points)} points, {n_errors} errors")
    assert complaints == []
    assert n_errors > len(points) // 4, "the errors must fall into the command"
