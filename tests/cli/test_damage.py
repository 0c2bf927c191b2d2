"""Damaged files: verify names them and exits 3, read fails and names them."""

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
    done = lake("verify")
    assert done.status == 3
    assert done.err == ""
    assert name_in_lake(lake, path) in done.out
    assert "1 problem" in done.lines[-1]

    found = lake("verify", "--json")
    assert found.status == 3
    assert [problem["path"] for problem in found.json["problems"]] == [name_in_lake(lake, path)]
    assert all(problem["problem"] for problem in found.json["problems"])


@pytest.mark.parametrize("damage", [truncate, alter, empty, remove])
def test_read_fails_and_names_the_file(lake: Runner, damage) -> None:
    path = day_files(lake.directory)[1]
    damage(path)
    assert name_in_lake(lake, path) in lake(*READ).error(1)
    assert lake(*READ, "--format", "table").status == 1
    assert lake(*READ, "--start", "2026-01-03").status == 0, "other days are still there"


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
