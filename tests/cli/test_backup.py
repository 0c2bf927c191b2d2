"""Backups, and the drill of restoring them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dl_runner import TIMEOUT, Runner, bars_csv, day_files, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
BESIDE = ("-wal", "-shm")


def at(directory: str) -> list[str]:
    return ["--data-root", f"{directory}/data", "--db-path", f"{directory}/manifest.db"]


def contents(lake: Runner, *place: str) -> list[tuple[object, ...]]:
    names = ("exchange", "market", "symbol", "type", "period", "rows", "bytes", "sha256", "path")
    return [tuple(row[name] for name in names) for row in lake("list", "--files", "--json", *place).ok().json]


@pytest.fixture
def older(lake: Runner) -> Runner:
    """A lake with some history."""
    (lake.directory / "day.csv").write_text(bars_csv(1440, price=900))
    lake("ingest", "--source", "day.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    return lake


def test_a_backup_is_a_lake(older: Runner) -> None:
    done = older("backup", "monday").ok()
    assert done.out.startswith("backup of snapshot 2 in monday: 4 files, ")
    assert older(*READ, *at("monday")).ok().out == older(*READ).ok().out
    assert contents(older, *at("monday")) == contents(older)
    older("verify", "--full", *at("monday")).ok()
    assert older("list", "--json", *at("monday")).ok().json[0]["history_bytes"] == 0


def test_what_is_done_to_one_is_not_done_to_the_other(older: Runner) -> None:
    older("backup", "monday").ok()
    before = older(*READ).ok().out
    older("delete", "--symbol", "BTCUSDT").ok()
    assert older(*READ, *at("monday")).ok().out == before
    older("undo").ok()
    older("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02", *at("monday")).ok()
    older("maintenance", *at("monday")).ok()
    assert older(*READ).ok().out == before
    older("verify", "--full").ok()
    older("verify", "--full", *at("monday")).ok()


def test_links_and_copies(older: Runner) -> None:
    linked = older("backup", "linked", "--json").ok().json
    copied = older("backup", "copied", "--copy", "--json").ok().json
    assert (linked["files"], linked["snapshot"]) == (4, 2)
    assert linked["reflinked"] + linked["hard_linked"] + linked["copied"] == 4
    assert (copied["copied"], copied["reflinked"], copied["hard_linked"]) == (4, 0, 0)
    inodes = {path.stat().st_ino for path in day_files(older.directory / "copied")}
    assert inodes.isdisjoint(path.stat().st_ino for path in day_files(older.directory))
    if linked["hard_linked"] > 0:
        done = older("backup", "again").ok()
        assert "hard link" in done.err
        assert f"{linked['hard_linked']} hard links" in done.out
        assert day_files(older.directory / "again")[0].stat().st_nlink > 1


def test_the_drill(older: Runner) -> None:
    """The lake is lost; the backup becomes the lake again, row for row."""
    rows = older(*READ).ok().out
    files = contents(older)
    older("backup", "safe", "--copy").ok()
    shutil.rmtree(older.directory / "data")
    shutil.rmtree(older.directory / ".lake")
    for path in older.directory.glob("manifest.db*"):
        path.unlink()
    done = older("restore", "safe").ok()
    assert done.out.startswith("restored snapshot 2 in data: 4 files, ")
    assert older(*READ).ok().out == rows
    assert contents(older) == files
    older("verify", "--full").ok()
    older("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "ETHUSDT").ok()


def test_while_an_ingest_runs(dl: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(bars_csv(20 * 1440))
    (tmp_path / "b.csv").write_text(bars_csv(200 * 1440, price=300))
    ingest = ["ingest", "--exchange", "binance", "--symbol", "BTCUSDT", "--source"]
    dl(*ingest, "a.csv").ok()
    process = dl.start(*ingest, "b.csv", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    taken = 0
    while process.poll() is None or taken == 0:
        done = dl("backup", f"backup{taken}", "--json").ok().json
        place = at(f"backup{taken}")
        taken += 1
        n_rows = {1: 20 * 1440, 2: 200 * 1440}[done["snapshot"]]
        assert dl("list", "--json", *place).ok().json[0]["rows"] == n_rows
        dl("verify", "--full", *place).ok()
    process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0


@pytest.mark.parametrize("existing", ["manifest.db", "data"])
def test_restoring_onto_a_lake_touches_nothing(older: Runner, existing: str) -> None:
    older("backup", "safe").ok()
    (older.directory / "there").mkdir()
    if existing == "data":
        shutil.copytree(older.directory / "data", older.directory / "there/data")
    else:
        older("init", *at("there")).ok()
    before = tree(older.directory, but=BESIDE)
    message = older("restore", "safe", *at("there")).error(1)
    assert "there" in message
    assert tree(older.directory, but=BESIDE) == before


def test_a_restored_lake_has_files_of_its_own(older: Runner) -> None:
    older("backup", "safe", "--copy").ok()
    for name, options in (("new", []), ("copied", ["--copy"])):
        (older.directory / name).mkdir()
        done = older("restore", "safe", *options, "--json", *at(name)).ok().json
        assert (done["files"], done["hard_linked"]) == (4, 0)
        assert done["reflinked"] + done["copied"] == 4
        assert done["copied"] == 4 or options == []
        older("verify", "--full", *at(name)).ok()
        assert day_files(older.directory / name)[0].stat().st_nlink == 1


def test_a_damaged_backup_is_not_restored(older: Runner) -> None:
    older("backup", "safe", "--copy").ok()
    path = day_files(older.directory / "safe")[1]
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    (older.directory / "new").mkdir()
    assert path.name in older("restore", "safe", *at("new")).error(1)
    assert not (older.directory / "new/manifest.db").exists()


@pytest.mark.parametrize("target", ["data/backup", "btc_1m.csv", "data"])
def test_places_where_no_backup_can_be(older: Runner, target: str) -> None:
    before = tree(older.directory, but=BESIDE)
    done = older("backup", target)
    assert done.status in (1, 2)
    assert target.split("/")[0] in done.error(done.status)
    assert tree(older.directory, but=BESIDE) == before


def test_a_directory_that_is_not_empty(older: Runner) -> None:
    (older.directory / "full").mkdir()
    (older.directory / "full/thing").write_text("mine")
    assert "full" in older("backup", "full").error(1)
    assert (older.directory / "full/thing").read_text() == "mine"
    (older.directory / "empty").mkdir()
    older("backup", "empty").ok()


@pytest.mark.parametrize("named", ["nowhere", "data", "btc_1m.csv"])
def test_what_is_no_backup(older: Runner, named: str) -> None:
    (older.directory / "new").mkdir()
    done = older("restore", named, *at("new"))
    assert done.status in (1, 2)
    assert named in done.error(done.status)
    assert [path for path in (older.directory / "new").rglob("*") if path.is_file()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_place_that_cannot_be_written(older: Runner, unprivileged: dict[str, object]) -> None:
    (older.directory / "locked").mkdir()
    (older.directory / "locked").chmod(0o555)
    assert "ermission" in older("backup", "locked/here", **unprivileged).error(1)


def test_ctrl_c_leaves_nothing(dl: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(bars_csv(60 * 1440))
    dl("ingest", "--exchange", "x", "--symbol", "y", "--source", "a.csv").ok()
    process = dl.start("backup", "safe", "--copy", "--progress", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(2)
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (0, 130)
    if process.returncode == 130:
        assert err.decode().splitlines()[-1] == "dl: interrupted; there is nothing in safe, the lake is as it was"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("safe")] == []
    else:
        dl("verify", "--full", *at("safe")).ok()
