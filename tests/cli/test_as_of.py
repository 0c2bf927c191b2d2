"""Reading and listing as of a snapshot."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from dl_runner import FIRST_MS, Runner, bars_csv, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
BESIDE = ("-wal", "-shm")


@pytest.fixture
def history(lake: Runner) -> tuple[Runner, list[str]]:
    """A lake whose snapshots 1 to 4 differ, and what each of them held."""
    held = [lake(*READ).ok().out]
    (lake.directory / "day.csv").write_text(bars_csv(1440, first_ms=FIRST_MS + 86_400_000, price=900))
    time.sleep(0.01)
    lake("ingest", "--source", "day.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    held.append(lake(*READ).ok().out)
    time.sleep(0.01)
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-03").ok()
    held.append(lake(*READ).ok().out)
    time.sleep(0.01)
    lake("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    held.append(lake(*READ).ok().out)
    return lake, held


def test_each_snapshot(history: tuple[Runner, list[str]]) -> None:
    lake, held = history
    assert len(set(held[:3])) == 3
    assert held[3] == held[0]
    for number, out in enumerate(held, 1):
        assert lake(*READ, "--as-of", str(number)).ok().out == out


def test_a_time(history: tuple[Runner, list[str]]) -> None:
    lake, held = history
    committed = [row["committed"] for row in reversed(lake("log", "--json").ok().json)]
    for ms, out in zip(committed, held, strict=True):
        moment = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
        assert lake(*READ, "--as-of", moment).ok().out == out
    assert lake(*READ, "--as-of", "2999-01-01").ok().out == held[-1]


def test_ranges_and_columns(history: tuple[Runner, list[str]]) -> None:
    lake, _ = history
    options = ["--start", "2021-01-02", "--columns", "close", "--limit", "1"]
    assert lake(*READ, *options, "--as-of", "2").ok().lines[1] == "2021-01-02T00:00:00Z,900.5"
    assert lake(*READ, *options).ok().lines[1] == lake(*READ, *options, "--as-of", "1").ok().lines[1]


def test_list(history: tuple[Runner, list[str]]) -> None:
    lake, _ = history
    assert [lake("list", "--as-of", str(n), "--json").ok().json[0]["rows"] for n in (1, 2, 3)] == [4330, 4330, 2880]
    then = lake("list", "--as-of", "3", "--json").ok().json[0]
    assert (then["days"], then["files"], then["history_bytes"]) == (2, 2, None)
    now = lake("list", "--json").ok().json[0]
    assert now["history_bytes"] > 0
    assert len(lake("list", "--files", "--as-of", "3", "--json").ok().json) == 2


def test_a_dataset_that_was_not_there_yet(history: tuple[Runner, list[str]]) -> None:
    lake, _ = history
    lake("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "ETHUSDT").ok()
    assert [row["symbol"] for row in lake("list", "--as-of", "4", "--json").ok().json] == ["BTCUSDT"]
    message = lake("read", "--exchange", "binance", "--symbol", "ETHUSDT", "--as-of", "4").error(1)
    assert "4" in message


@pytest.mark.parametrize("command", [READ, ["list"]], ids=["read", "list"])
@pytest.mark.parametrize("text", ["2000-01-01", "17", "no-such-name", "0"])
def test_what_there_is_not(lake: Runner, command: list[str], text: str) -> None:
    before = tree(lake.directory, but=BESIDE)
    done = lake(*command, "--as-of", text)
    assert done.out == ""
    assert done.error(1)
    assert tree(lake.directory, but=BESIDE) == before


def test_before_the_beginning_names_the_beginning(lake: Runner) -> None:
    message = lake(*READ, "--as-of", "2000-01-01").error(1)
    first = datetime.fromtimestamp(lake("log", "--json").json[-1]["committed"] / 1000, UTC)
    assert first.strftime("%Y-%m-%d") in message


def pages(lake: Runner, command: list[str], key: Callable[[dict[str, Any]], str]) -> list[dict[str, Any]]:
    """All rows, a page after the other."""
    found: list[dict[str, Any]] = []
    for _ in range(10):
        after = ["--after", key(found[-1])] if found else []
        page = lake(*command, *after, "--json").ok().json
        found += page
        if not page:
            break
    return found


def test_pages_of_a_list(lake: Runner) -> None:
    for symbol in ("ADAUSDT", "ETHUSDT", "SOLUSDT"):
        lake("ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", symbol).ok()
    place = ("exchange", "market", "symbol", "type", "period")
    whole = lake("list", "--json").ok().json
    assert pages(lake, ["list", "--limit", "3"], lambda row: "/".join(row[name] for name in place)) == whole
    assert len(whole) == 4

    files = lake("list", "--files", "--json").ok().json
    assert pages(lake, ["list", "--files", "--limit", "5"], lambda row: row["path"]) == files
    assert len(files) == 16
    assert "nonsense" in lake("list", "--after", "nonsense").error(2)
