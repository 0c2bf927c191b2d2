"""Where the lake is, init, ingest and list."""

import csv
import io
import os
import sqlite3

import pytest
from dl_runner import Runner, bars_csv, day_files

INGEST = ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT"]


def test_init_again_is_harmless_and_says_so(dl: Runner) -> None:
    assert dl("init").ok().out == "made a lake: manifest manifest.db, data in data\n"
    assert (dl.directory / "manifest.db").exists()
    assert "is there already" in dl("init").ok().out


def test_reading_where_there_is_no_lake_names_init(dl: Runner) -> None:
    for arguments in (["list"], ["verify"], ["read", "--exchange", "x", "--symbol", "y"]):
        assert "dl init" in dl(*arguments).error(1)
    assert list(dl.directory.iterdir()) == []


def test_writing_makes_the_lake_and_says_so(dl: Runner, source: object) -> None:
    assert dl(*INGEST).ok().err == "dl: made a lake: manifest manifest.db, data in data\n"
    assert dl(*INGEST).ok().err == ""


def test_places_by_option_environment_and_default(dl: Runner, source: object) -> None:
    environment = {"DL_DATA_ROOT": "env/data", "DL_DB_PATH": "env/manifest.db"}
    options = ["--data-root", "opt/data", "--db-path", "opt/manifest.db"]
    (dl.directory / "env").mkdir()
    (dl.directory / "opt").mkdir()
    dl(*INGEST, env=environment).ok()
    assert (dl.directory / "env/manifest.db").exists()
    assert len(list((dl.directory / "env/data").rglob("*.parquet"))) == 4
    assert not (dl.directory / "manifest.db").exists()
    dl(*INGEST, *options, env=environment).ok()
    assert (dl.directory / "opt/manifest.db").exists()
    assert len(dl("list", *options).ok().lines) == 2
    assert "dl init" in dl("list").error(1)


def test_ingest_tells_what_it_did(dl: Runner, source: object) -> None:
    out = dl(*INGEST).ok().out
    assert "dataset: BINANCE FUTURES BTCUSDT raw 1m\n" in out
    assert "read: 4330\nnew: 4330\nchanged: 0\nequal: 0\n" in out
    assert "range: 2021-01-01T00:00:00Z to 2021-01-04T00:09:00Z\n" in out
    assert "days: 4\nfiles: 4\n" in out


def test_the_same_again_changes_nothing_and_says_so(lake: Runner) -> None:
    before = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in day_files(lake.directory)]
    assert lake(*INGEST).ok().out.endswith("nothing new: all 4330 rows are already there, no new version\n")
    assert [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in day_files(lake.directory)] == before


def test_several_sources(dl: Runner) -> None:
    for name, first in (("a.csv", 0), ("b.csv", 100), ("c,1.csv", 200)):
        (dl.directory / name).write_text(bars_csv(100, first_ms=1609459200000 + first * 60000))
    done = dl("ingest", "--source", "a.csv", "b.csv", "--exchange", "x", "--symbol", "y", "--source=c,1.csv").ok()
    assert "read: 300\nnew: 300\n" in done.out


def test_a_bad_line_commits_nothing(lake: Runner) -> None:
    rows = bars_csv(50, first_ms=1_770_000_000_000).splitlines()
    rows[30] = rows[30].replace(",", ",abc", 1)
    (lake.directory / "bad.csv").write_text("\n".join(rows))
    before = lake("list", "--json").json
    message = lake("ingest", "--source", "bad.csv", "--exchange", "binance", "--symbol", "BTCUSDT").error(1)
    assert message.startswith("bad.csv:31: open is 'abc")
    assert lake("list", "--json").json == before
    assert len(day_files(lake.directory)) == 4


@pytest.mark.parametrize("symbol", ["../../etc", "..", "/etc/passwd", "a\\b", "", "a\x01b"])
def test_symbols_that_name_other_places_are_refused(dl: Runner, source: object, symbol: str) -> None:
    for arguments in ([*INGEST[:-1], symbol], ["read", "--exchange", "binance", f"--symbol={symbol}"]):
        if arguments[0] == "read":
            dl("init").ok()
        dl(*arguments).error(2)
    assert day_files(dl.directory) == []
    assert sorted(path.name for path in (dl.directory / "data").rglob("*")) == []


def test_symbols_that_are_not_ascii(dl: Runner, source: object) -> None:
    dl(*INGEST[:-1], "比特币").ok()
    rows = list(csv.DictReader(io.StringIO(dl("list").ok().out)))
    assert [row["symbol"] for row in rows] == ["比特币"]
    assert len(dl("read", "--exchange", "binance", "--symbol", "比特币").ok().lines) == 4331
    shown = dl("list", "--format", "table").ok().lines
    assert shown[1].startswith("BINANCE   FUTURES  比特币  raw   1m  "), "three characters, six columns"
    dl("verify").ok()


def test_list_of_an_empty_lake(dl: Runner) -> None:
    dl("init").ok()
    assert len(dl("list").ok().lines) == 1
    assert dl("list", "--json").ok().json == []
    assert dl("list", "--format", "ndjson").ok().out == ""


def test_list(lake: Runner) -> None:
    lake("ingest", "--source", "btc_1m.csv", "--exchange", "bybit", "--symbol", "ETHUSDT", "--market", "spot").ok()
    rows = list(csv.DictReader(io.StringIO(lake("list").ok().out)))
    assert [(row["exchange"], row["market"], row["symbol"], row["rows"]) for row in rows] == [
        ("BINANCE", "FUTURES", "BTCUSDT", "4330"),
        ("BYBIT", "SPOT", "ETHUSDT", "4330"),
    ]
    assert rows[0]["first_ts"] == "2021-01-01T00:00:00Z"
    assert [row["symbol"] for row in lake("list", "--exchange", "Bybit", "--json").json] == ["ETHUSDT"]
    assert lake("list", "--symbol", "NONE", "--json").ok().json == []
    files = lake("list", "--files", "--symbol", "BTCUSDT", "--json").ok().json
    assert [lake.directory / "data" / file["path"] for file in files] == [
        path for path in day_files(lake.directory) if "BINANCE" in str(path)
    ]
    assert sum(file["rows"] for file in files) == 4330
    assert len({file["id"] for file in files}) == len(files)
    committed = {entry["committed"] for entry in lake("log", "--json").ok().json}
    assert {file["created"] for file in files} <= committed


def test_exchange_is_case_insensitive_and_unified_symbols_are_understood(lake: Runner) -> None:
    plain = lake("read", "--exchange", "BINANCE", "--symbol", "BTCUSDT").ok().out
    assert lake("read", "--exchange", "binance", "--symbol", "BTC/USDT:USDT").ok().out == plain


def test_a_lake_of_a_newer_version_is_refused(lake: Runner) -> None:
    database = sqlite3.connect(lake.directory / "manifest.db")
    database.execute("PRAGMA user_version=99")
    database.close()
    for arguments in (["list"], ["verify"], INGEST, ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]):
        message = lake(*arguments).error(1)
        assert "99" in message
        assert "manifest.db" in message


def test_something_that_is_no_lake_is_refused(lake: Runner) -> None:
    (lake.directory / "text.db").write_text("not a database, but long enough to be looked at\n" * 100)
    assert "text.db" in lake("list", "--db-path", "text.db").error(1)
    assert "text.db" in lake(*INGEST, "--db-path", "text.db").error(1)
    assert (lake.directory / "text.db").read_text().startswith("not a database")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_a_directory_that_cannot_be_written(dl: Runner, source: object, unprivileged: dict[str, object]) -> None:
    dl.directory.chmod(0o555)
    try:
        message = dl(*INGEST, **unprivileged).error(1)
    finally:
        dl.directory.chmod(0o755)
    assert "ermission" in message
    assert sorted(path.name for path in dl.directory.iterdir()) == ["btc_1m.csv"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
def test_reading_without_write_permission(lake: Runner, unprivileged: dict[str, object]) -> None:
    read = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
    expected = lake(*read).ok().out
    for path in [lake.directory, *lake.directory.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert lake(*read, **unprivileged).ok().out == expected
        assert "rows" in lake("verify", **unprivileged).ok().out
        assert "not write" in lake(*INGEST, **unprivileged).error(1)
    finally:
        for path in [lake.directory, *lake.directory.rglob("*")]:
            path.chmod(0o755)
