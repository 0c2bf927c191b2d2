"""kill -9 on entering system call N of one command, for every N: the next command recovers, the rows are those before it or
those after it, and the command can be run again."""

from pathlib import Path

import pytest
from audit import leftovers
from dl_runner import Runner
from rows import read_by_dl, read_tree
from scenarios import SCENARIOS, SYMBOL, Scenario, prepare
from sweep import Point, for_each, kill_points, run_to, was_killed, watch

STRIDE = 32  # of calls that change nothing; 1 when thorough


def rows_of(dl: Runner) -> dict[int, int]:
    read = read_by_dl(dl)
    assert read == read_tree(dl.directory / "data"), "dl read and a plain glob over the tree give different rows"
    return read.get(SYMBOL, {})


def check_recovered(dl: Runner, scenario: Scenario) -> bool:
    """Whether the command took effect. Verify opens the lake, which recovers."""
    done = dl("verify", "--full")
    if scenario.before == {} and done.status == 1 and "dl init" in done.err:
        return False  # it did not come to making the lake
    assert done.status == 0, f"verify: {done.out}{done.err}"
    assert leftovers(dl.directory) == []
    rows = rows_of(dl)
    assert rows in (scenario.before, scenario.after), f"{len(rows)} rows, neither those before nor those after"
    return rows == scenario.after


def check_goes_on(dl: Runner, scenario: Scenario, took_effect: bool) -> None:
    if not took_effect or scenario.arguments[0] in ("ingest", "maintenance"):
        dl(*scenario.arguments).ok()
    assert check_recovered(dl, scenario)


@pytest.mark.parametrize("name", SCENARIOS)
def test_kill_at_every_call(program: str, strace: str, tmp_path: Path, thorough: bool, name: str) -> None:
    scenario = prepare(program, tmp_path / "lake", name)
    watched = Runner(program, tmp_path / "watched")
    scenario.copy_to(watched.directory)
    points = list(kill_points(watch(watched, scenario.arguments), 1 if thorough else STRIDE))
    n_killed = 0

    def check(point: Point, directory: Path) -> str:
        nonlocal n_killed
        dl = Runner(program, directory)
        done = run_to(dl, scenario.arguments, point)
        if was_killed(done):
            n_killed += 1
        elif done.status != 0:
            return f"neither killed nor done: {done}"
        check_goes_on(dl, scenario, check_recovered(dl, scenario))
        return ""

    complaints = for_each(points, scenario.lake.directory, check)
    print(f"{name}: {len(points)} points, {n_killed} killed")
    assert complaints == []
    assert n_killed > len(points) * 0.9, "the points must fall into the command"
