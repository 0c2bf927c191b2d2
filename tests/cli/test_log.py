"""The log of operations."""

import pytest
from dl_runner import FIRST_MS, Runner, bars_csv


@pytest.fixture
def busy(lake: Runner) -> Runner:
    (lake.directory / "two.csv").write_text(bars_csv(20, first_ms=FIRST_MS + 9 * 86_400_000))
    lake("ingest", "--source", "btc_1m.csv", "two.csv", "--exchange", "bybit", "--symbol", "ETHUSDT").ok()
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-03").ok()
    lake("undo").ok()
    lake("snapshot", "clean").ok()
    return lake


def test_it_says_what_was_done(busy: Runner) -> None:
    entries = busy("log", "--json").ok().json
    assert [(e["snapshot"], e["operation"]) for e in entries] == [
        (4, "undo"),
        (3, "delete"),
        (2, "ingest"),
        (1, "ingest"),
    ]
    undo, delete, second, first = entries
    assert first["datasets"] == "BINANCE/FUTURES/BTCUSDT/raw/1m"
    assert first["source"].endswith("btc_1m.csv")
    assert second["source"].endswith("btc_1m.csv and 1 more")
    assert (first["rows_read"], first["rows_written"], first["rows_rejected"], first["rows_removed"]) == (
        4330,
        4330,
        0,
        0,
    )
    assert (first["days"], second["days"]) == (4, 5)
    assert delete["rows_removed"] == 1450
    assert delete["undone_by"] == 4
    assert first["undone_by"] is None
    assert (undo["names"], first["names"]) == ("clean", None)
    assert FIRST_MS < first["committed"] <= undo["committed"]
    assert 0 <= first["duration_ms"] < 600_000


def test_what_changed_one_dataset(busy: Runner) -> None:
    assert [e["snapshot"] for e in busy("log", "--symbol", "ETHUSDT", "--json").ok().json] == [2]
    assert [e["snapshot"] for e in busy("log", "--exchange", "binance", "--json").ok().json] == [4, 3, 1]


def test_the_latest(busy: Runner) -> None:
    assert [e["snapshot"] for e in busy("log", "--limit", "2", "--json").ok().json] == [4, 3]


def test_it_shows_twenty_unless_told(lake: Runner) -> None:
    for i in range(20):
        (lake.directory / "more.csv").write_text(bars_csv(1, first_ms=FIRST_MS + (10 + i) * 86_400_000))
        lake("ingest", "--source", "more.csv", "--exchange", "binance", "--symbol", "BTCUSDT", "--period", "1m").ok()
    assert len(lake("log", "--json").ok().json) == 20
    assert len(lake("log", "--all", "--json").ok().json) == 21
    done = lake("log", "--format", "table").ok()
    assert done.err == "dl: these are the latest 20; --all shows all\n"
    assert lake("log", "--format", "table", "--all").ok().err == ""


def test_formats(busy: Runner) -> None:
    lines = busy("log").ok().lines
    assert lines[0].startswith("snapshot,operation,committed,duration_ms,datasets,")
    assert lines[4].startswith("1,ingest,")
    assert len(busy("log", "--format", "ndjson").ok().lines) == 4


def test_on_a_narrow_terminal(busy: Runner) -> None:
    _, shown, _ = busy.on_terminal("log", columns=80, env={"NO_COLOR": "1"})
    lines = shown.splitlines()
    assert lines[0].split() == ["snapshot", "committed", "operation", "datasets", "written"]
    assert max(len(line) for line in lines[:-1]) <= 80
    assert "removed" not in lines[0]
    assert "rows_removed" in lines[-1]


def test_an_empty_lake(dl: Runner) -> None:
    dl("init").ok()
    assert dl("log", "--json").ok().json == []
    assert "dl init" in dl("log", "--data-root", "x/data", "--db-path", "x/manifest.db").error(1)
