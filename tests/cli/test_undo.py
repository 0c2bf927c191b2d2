"""Undoing operations: what they changed is as before, as a new snapshot, or it refuses and says why."""

from pathlib import Path

import pytest
from dl_runner import FIRST_MS, Runner, bars_csv, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
INGEST = ["ingest", "--exchange", "binance", "--symbol", "BTCUSDT", "--source"]
BESIDE = ("-wal", "-shm")


@pytest.fixture
def changed(lake: Runner) -> Runner:
    """Snapshot 2 changed the second day and added a fifth."""
    (lake.directory / "second.csv").write_text(bars_csv(1440, first_ms=FIRST_MS + 86_400_000, price=500))
    (lake.directory / "fifth.csv").write_text(bars_csv(60, first_ms=FIRST_MS + 4 * 86_400_000))
    lake(*INGEST, "second.csv", "fifth.csv").ok()
    return lake


def test_an_ingest(changed: Runner) -> None:
    after = changed(*READ).ok().out
    before = changed(*READ, "--as-of", "1").ok().out
    assert after != before
    done = changed("undo").ok()
    assert done.lines[0].startswith("undone: snapshot 2 (ingest of BINANCE/FUTURES/BTCUSDT/raw/1m, ")
    assert done.lines[0].endswith("): 1,440 rows put back, 60 removed, 2 days")
    assert done.lines[1] == "snapshot 3; undo with: dl undo 3"
    assert changed(*READ).ok().out == before
    assert changed("verify", "--full").ok()


def test_an_undo(changed: Runner) -> None:
    after = changed(*READ).ok().out
    changed("undo").ok()
    changed("undo").ok()
    assert changed(*READ).ok().out == after
    assert [row["operation"] for row in changed("log", "--json").json] == ["undo", "undo", "ingest", "ingest"]


def test_one_further_back_whose_days_are_as_it_left_them(changed: Runner) -> None:
    (changed.directory / "sixth.csv").write_text(bars_csv(60, first_ms=FIRST_MS + 5 * 86_400_000))
    changed(*INGEST, "sixth.csv").ok()
    changed("undo", "2").ok()
    rows = changed(*READ).ok().lines
    assert len(rows) == 1 + 4330 + 60
    assert rows[-1].startswith("2021-01-06T00:59:00Z")


def test_what_later_operations_changed_is_refused_and_they_are_named(changed: Runner) -> None:
    before = tree(changed.directory, but=BESIDE)
    message = changed("undo", "1").error(1)
    assert "2" in message
    assert "ingest" in message
    assert tree(changed.directory, but=BESIDE) == before
    changed("undo", "2").ok()
    changed("undo", "1").ok()
    assert sum(row["rows"] for row in changed("list", "--json").json) == 0


def test_by_name(changed: Runner) -> None:
    changed("snapshot", "mistake").ok()
    changed("undo", "mistake").ok()
    assert changed(*READ).ok().out == changed(*READ, "--as-of", "1").ok().out


@pytest.mark.parametrize("snapshot", ["17", "nothing-of-that-name"])
def test_a_snapshot_there_is_not(changed: Runner, snapshot: str) -> None:
    before = tree(changed.directory, but=BESIDE)
    assert snapshot in changed("undo", snapshot).error(1)
    assert tree(changed.directory, but=BESIDE) == before


def test_a_lake_without_operations(dl: Runner) -> None:
    dl("init").ok()
    assert "undo" in dl("undo").error(1)


def test_a_dry_run(changed: Runner) -> None:
    before = tree(changed.directory, but=BESIDE)
    done = changed("undo", "--dry-run").ok()
    assert done.out.startswith("would undo snapshot 2 (ingest of ")
    assert done.out.endswith("): 1,440 rows put back, 60 removed, 2 days\n")
    assert tree(changed.directory, but=BESIDE) == before


def test_it_asks_on_a_terminal(changed: Runner) -> None:
    before = tree(changed.directory, but=BESIDE)
    status, shown, _ = changed.on_terminal("undo", typed="n\n")
    assert status == 130
    assert "undo snapshot 2 (ingest of BINANCE/FUTURES/BTCUSDT/raw/1m, " in shown
    assert "): 1,440 rows put back, 60 removed, 2 days? [y/N] " in shown
    assert tree(changed.directory, but=BESIDE) == before
    assert changed.on_terminal("undo", typed="yes\n")[0] == 0
    assert len(changed(*READ).ok().lines) == 4331
    assert changed.on_terminal("undo", "--yes", typed="n\n")[0] == 0


def test_what_expired_cannot_be_undone(lake: Runner) -> None:
    Path(lake.directory / "dl.toml").write_text('[history]\nkeep_changed = "0s"\nkeep_unchanged = "0s"\n')
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    lake("maintenance", "--expire").ok()
    message = lake("undo").error(1)
    assert "expire" in message
    assert len(lake(*READ).ok().lines) == 1441
