"""Damaged files: verify names them and exits 3, read fails and names them, verify --repair leaves a lake that is sound."""

import shutil

import pytest
from dl_runner import Runner, day_files

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]


def name_in_lake(lake: Runner, path: object) -> str:
    return str(path).removeprefix(str(lake.directory / "data") + "/")


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def alter(path) -> None:
    """One bit of the first page."""
    content = bytearray(path.read_bytes())
    content[200] ^= 0x10
    path.write_bytes(content)


def empty(path) -> None:
    path.write_bytes(b"")


def remove(path) -> None:
    path.unlink()


def swap_for_another_day(path) -> None:
    other = sorted(path.parents[1].rglob("*.parquet"))[0]
    assert other != path
    shutil.copy(other, path)


@pytest.mark.parametrize("damage", [truncate, alter, empty, remove, swap_for_another_day])
def test_verify_names_the_file(lake: Runner, damage) -> None:
    path = day_files(lake.directory)[1]
    damage(path)
    done = lake("verify", "--full")
    assert done.status == 3
    assert done.err == ""
    assert name_in_lake(lake, path) in done.out
    assert "1 problem" in done.lines[-1]

    found = lake("verify", "--full", "--json")
    assert found.status == 3
    assert [problem["path"] for problem in found.json["problems"]] == [name_in_lake(lake, path)]
    assert all(problem["problem"] for problem in found.json["problems"])


@pytest.mark.parametrize("damage", [truncate, empty, remove])
def test_what_can_be_seen_without_reading_pages_is_found_at_once(lake: Runner, damage) -> None:
    path = day_files(lake.directory)[1]
    damage(path)
    done = lake("verify")
    assert done.status == 3
    assert name_in_lake(lake, path) in done.out


@pytest.mark.parametrize("damage", [truncate, alter, empty, remove])
def test_read_fails_and_names_the_file(lake: Runner, damage) -> None:
    path = day_files(lake.directory)[1]
    damage(path)
    message = lake(*READ).error(1)
    assert name_in_lake(lake, path) in message
    assert "dl verify" in message
    assert lake(*READ, "--format", "table").status == 1
    assert lake(*READ, "--start", "2021-01-03").status == 0, "other days are still there"


def test_a_file_that_is_not_of_the_lake(lake: Runner) -> None:
    path = day_files(lake.directory)[0]
    stranger = path.with_name("stranger.parquet")
    shutil.copy(path, stranger)
    done = lake("verify")
    assert done.status == 3
    assert name_in_lake(lake, stranger) in done.out


def test_verify_of_a_part(lake: Runner) -> None:
    lake("ingest", "--source", "btc_1m.csv", "--exchange", "bybit", "--symbol", "ETHUSDT").ok()
    truncate(next(path for path in day_files(lake.directory) if "BYBIT" in str(path)))
    assert lake("verify", "--exchange", "binance").status == 0
    assert lake("verify", "--exchange", "bybit").status == 3
    assert lake("verify").status == 3


def test_verify_says_what_it_checked(lake: Runner) -> None:
    assert lake("verify").ok().out.startswith("ok: 4 files, 4,330 rows, ")


def quarantined(lake: Runner) -> list:
    return sorted((lake.directory / ".lake" / "quarantine").glob("*"))


@pytest.mark.parametrize("damage", [truncate, alter, empty, remove])
def test_repair_sets_aside_what_is_lost_and_names_it(lake: Runner, damage) -> None:
    path = day_files(lake.directory)[1]
    before = lake(*READ).ok().lines
    damage(path)
    damaged = path.read_bytes() if path.exists() else None
    done = lake("verify", "--repair", "--json")
    assert done.status == 3
    (problem,) = done.json["problems"]
    assert problem["path"] == name_in_lake(lake, path)
    assert problem["action"] == "quarantined"
    assert done.json["quarantined"] == 1
    assert [kept.read_bytes() for kept in quarantined(lake)] == ([] if damaged is None else [damaged])
    assert lake("verify", "--full").ok()
    after = lake(*READ).ok().lines
    assert set(after) < set(before), "the other days are there, and nothing false"
    lake("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    assert lake(*READ).ok().lines == before


def test_repair_takes_strangers_away(lake: Runner) -> None:
    stranger = lake.directory / "data" / "stranger.parquet"
    shutil.copy(day_files(lake.directory)[0], stranger)
    assert lake("verify", "--repair").status == 3
    assert not stranger.exists()
    assert len(quarantined(lake)) == 1
    assert lake("verify", "--full").ok()


def test_a_manifest_that_is_gone_is_made_anew(lake: Runner) -> None:
    before = lake(*READ).ok().lines
    stranger = lake.directory / "data" / "stranger.parquet"
    shutil.copy(day_files(lake.directory)[0], stranger)
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()
    assert "dl init --rebuild" in lake(*READ).error(1)
    done = lake("init", "--rebuild", "--json")
    assert done.status == 3, "a stranger was set aside"
    assert [row["path"] for row in done.json["set_aside"]] == ["stranger.parquet"]
    assert lake("verify").ok()
    assert lake(*READ).ok().lines == before
    assert "is there already" in lake("init", "--rebuild").error(1)
