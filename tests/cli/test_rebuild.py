"""The manifest is gone, the files are there: dl init --rebuild."""

import shutil

import pytest
from dl_runner import Runner, bars_csv, day_files, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
BESIDE = ("-wal", "-shm")


def lose_manifest(lake: Runner) -> None:
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()


@pytest.fixture
def lake_of_two(lake: Runner) -> Runner:
    (lake.directory / "hours.csv").write_text(bars_csv(2000, first_ms=1_735_689_600_000, step_ms=3_600_000))
    lake("ingest", "--source", "hours.csv", "--exchange", "bybit", "--symbol", "ETH/USDT", "--market", "spot").ok()
    lake("maintenance", "--compact").ok()
    return lake


def test_everything_is_there_again(lake_of_two: Runner) -> None:
    lake = lake_of_two
    names = "exchange market symbol type period first_ts last_ts rows days files bytes gaps".split()
    before = [tuple(row[name] for name in names) for row in lake("list", "--json").ok().json]
    rows = lake(*READ).ok().out
    files = day_files(lake.directory)
    lose_manifest(lake)
    done = lake("init", "--rebuild").ok()
    assert done.out.startswith(f"made the manifest manifest.db from {len(files)} files: 2 datasets, 6,330 rows, ")
    assert [tuple(row[name] for name in names) for row in lake("list", "--json").ok().json] == before
    assert lake(*READ).ok().out == rows
    assert day_files(lake.directory) == files
    lake("verify").ok()
    left = lake("verify", "--full", "--json").json["problems"]
    assert all(entry["path"].startswith("history/") for entry in left), "former history, which nothing knows any more"
    again = lake("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    assert "nothing new" in again.out
    lake("delete", "--symbol", "BTCUSDT").ok()
    lake("undo").ok()
    assert lake(*READ).ok().out == rows


def test_a_lost_manifest_is_told_with_the_way_out(lake: Runner) -> None:
    lose_manifest(lake)
    before = tree(lake.directory)
    for command in (["list"], READ, ["verify"]):
        assert "dl init --rebuild" in lake(*command).error(1)
    assert "dl init --rebuild" in lake("ingest", "--source", "btc_1m.csv", "--exchange", "x", "--symbol", "y").error(1)
    assert tree(lake.directory) == before


def test_where_there_is_a_manifest_nothing_is_touched(lake: Runner) -> None:
    before = tree(lake.directory, but=BESIDE)
    assert "manifest.db" in lake("init", "--rebuild").error(1)
    assert tree(lake.directory, but=BESIDE) == before


def test_what_cannot_be_used_is_set_aside_and_named(lake: Runner) -> None:
    files = day_files(lake.directory)
    files[1].write_bytes(files[1].read_bytes()[:-50])
    stranger = files[0].with_name("stranger.parquet")
    shutil.copy(files[0], stranger)
    kept = {path.read_bytes() for path in (files[1], stranger)}
    lose_manifest(lake)
    done = lake("init", "--rebuild", "--json")
    assert done.status == 3
    result = done.json
    assert (result["files"], result["rows"]) == (3, 4330 - 1440)
    assert len(result["set_aside"]) == 2
    assert any(files[1].name in entry["path"] for entry in result["set_aside"])
    assert all(entry["problem"] and entry["moved_to"] for entry in result["set_aside"])
    aside = {path.read_bytes() for path in (lake.directory / ".lake").rglob("*") if path.is_file()}
    assert kept <= aside
    lake("verify", "--full").ok()
    assert len(lake(*READ).ok().lines) == 1 + 4330 - 1440


def test_an_empty_place(dl: Runner) -> None:
    assert "no data" in dl("init", "--rebuild").error(1)
    assert list(dl.directory.iterdir()) == []
