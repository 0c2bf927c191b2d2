"""Real files give the rows, ranges and sums that an independent program found in them (EXPECTED.csv of the shared data).

Nothing but exchange and symbol is said: the form of each file is told from it.
"""

import csv
import math
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dl_runner import Runner

SHARED = Path(os.environ.get("LAKE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
SUM_TOLERANCE = 1e-9  # of the order in which numbers are added

SYMBOLS = {
    "ADABTC-1m-2021-11-27.csv": "ADABTC",
    "ADABTC-1m-2021-11-28.csv": "ADABTC",
    "ALGOUSDT-1m-2024-02.csv": "ALGOUSDT",
    "FILUSDT-1m-2023-04.csv": "FILUSDT",
    "backtrader_header_mismatch_min.txt": "FUTURE",
    "binanceus_BTCUSDC_1m_iso.csv": "BTCUSDC",
    "btc_perp_1m_us_text.csv": "BTCUSD",
    "cdd_Binance_BTCUSDT_1h.csv": "BTCUSDT",
    "cdd_Binance_BTCUSDT_d.csv": "BTCUSDT",
    "cdd_url_line_Coinbase_BTCUSD_1h.csv": "BTCUSD",
    "kraken_BTCUSDC_1m_gaps.csv": "BTCUSDC",
    "kraken_XBTUSD_1440.csv": "XBTUSD",
    "kraken_XBTUSD_60.csv": "XBTUSD",
    "metatrader_EURUSD_M5.csv": "EURUSD",
    "tradingview_BINANCE_BTCUSDT_60.csv": "BTCUSDT",
}
# EXPECTED.csv has the sum of the column before, "B组2"; this is that of "Volume".
SUMS_OF_VOLUME = {"tradingview_BINANCE_BTCUSDT_60.csv": "3657802.058322"}
# Names of the columns of values, or their places where the header does not help.
PLACES = {
    "backtrader_header_mismatch_min.txt": [2, 3, 4, 5, 6],
    "cdd_url_line_Coinbase_BTCUSD_1h.csv": [2, 3, 4, 5, 6],
    "cdd_Binance_BTCUSDT_1h.csv": [3, 4, 5, 6, 7],
    "cdd_Binance_BTCUSDT_d.csv": [3, 4, 5, 6, 7],
}
VALUES = ["open", "high", "low", "close", "volume"]


def source(name: str) -> Path:
    path = SHARED / "data" / "csv" / name
    if not path.is_file():
        pytest.skip(f"there is no real data at {SHARED}")
    return path


def expected(name: str) -> dict[str, str]:
    table = source(name).parents[1] / "EXPECTED.csv"
    with table.open(newline="") as lines:
        row = next(row for row in csv.DictReader(lines) if row["file"] == name)
    return row | {"sum_volume": SUMS_OF_VOLUME.get(name, row["sum_volume"])}


def ingest(dl: Runner, name: str, symbol: str = "", *options: str) -> dict[str, object]:
    symbol = symbol or SYMBOLS[name]
    arguments = ["--source", str(source(name)), "--exchange", "TEST", "--symbol", symbol, *options]
    return dl("ingest", *arguments, "--json").ok().json


def read(dl: Runner, symbol: str) -> list[dict[str, str]]:
    out = dl("read", "--exchange", "TEST", "--symbol", symbol, "--format", "csv", "--ts", "ms").ok().out
    return list(csv.DictReader(out.splitlines()))


def column(rows: list[dict[str, str]], name: str) -> list[float]:
    return [float(row[name]) for row in rows if row[name]]


def test_every_line_of_the_table_is_tested() -> None:
    with (source("FILUSDT-1m-2023-04.csv").parents[1] / "EXPECTED.csv").open(newline="") as lines:
        assert sorted(row["file"] for row in csv.DictReader(lines)) == sorted(SYMBOLS)


@pytest.mark.parametrize("name", SYMBOLS)
def test_real_file(dl: Runner, name: str) -> None:
    want = expected(name)
    result = ingest(dl, name)
    rows = read(dl, SYMBOLS[name])
    assert (result["period"], result["type"]) == (want["period"], "raw")
    assert result["rows_read"] == int(want["rows_in"])
    assert result["rows_rejected"] == 0
    assert len(rows) == int(want["rows"])
    assert rows[0]["ts"] == want["first_ts_ms"]
    assert rows[-1]["ts"] == want["last_ts_ms"]
    assert [int(row["ts"]) for row in rows] == sorted({int(row["ts"]) for row in rows})
    assert max(column(rows, "high")) == float(want["max_high"])
    assert min(column(rows, "low")) == float(want["min_low"])
    assert math.fsum(column(rows, "close")) == pytest.approx(float(want["sum_close"]), rel=SUM_TOLERANCE)
    assert math.fsum(column(rows, "volume")) == pytest.approx(float(want["sum_volume"]), rel=SUM_TOLERANCE)


def fields_of(name: str) -> list[list[str]]:
    """The rows of a file as fields; those of MetaTrader's export stand in one quoted field each."""
    with source(name).open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if row]
    return [row[0].split("\t") for row in rows] if len(rows[0]) == 1 else rows


def values_of(name: str) -> list[list[str]]:
    rows = fields_of(name)
    head = next((i for i, row in enumerate(rows[:3]) if "open" in [text.lower() for text in row]), -1)
    header = [text.lower() for text in rows[head]] if head >= 0 else ["ts", *VALUES]
    places = PLACES.get(name) or [header.index(text) for text in VALUES]
    return [[row[place] for place in places] for row in rows[head + 1 :]]


ONE_ROW_A_BAR = [name for name in SYMBOLS if not name.startswith(("cdd_Binance", "metatrader"))]


@pytest.mark.parametrize("name", ONE_ROW_A_BAR)
def test_real_file_to_the_bit(dl: Runner, name: str) -> None:
    """Every price and volume is the double that Python reads in the file."""
    want = sorted([float(text) for text in row] for row in values_of(name))
    ingest(dl, name)
    assert sorted([float(row[text]) for text in VALUES] for row in read(dl, SYMBOLS[name])) == want


@pytest.mark.parametrize("name", SYMBOLS)
def test_the_same_file_again_changes_nothing(dl: Runner, name: str) -> None:
    want = expected(name)
    ingest(dl, name)
    files = sorted((dl.directory / "data").rglob("*.parquet"))
    again = ingest(dl, name)
    assert (again["rows_new"], again["rows_changed"], again["rows_equal"]) == (0, 0, int(want["rows"]))
    assert again["snapshot"] is None
    assert sorted((dl.directory / "data").rglob("*.parquet")) == files


def test_a_key_that_lost_its_digits_is_not_used(dl: Runner) -> None:
    """A spreadsheet made 1.61093E+12 of the times: the dates beside them are read."""
    name = "cdd_excel_mangled_BTCUSDT_d.csv"
    with source(name).open(newline="") as lines:
        file = list(csv.DictReader(lines))
    days = [datetime.strptime(row["date"].split()[0], "%m/%d/%Y").replace(tzinfo=UTC) for row in file]
    closes = {int(day.timestamp() * 1000): float(row["close"]) for day, row in zip(days, file, strict=True)}
    ingest(dl, name, "BTCUSDT")
    assert [(int(row["ts"]), float(row["close"])) for row in read(dl, "BTCUSDT")] == sorted(closes.items())


def test_a_day_that_only_the_name_tells(dl: Runner) -> None:
    """Lean: milliseconds since midnight, in a zip whose member's name has the day."""
    name = "lean_bybit_btcusdt_20221213_trade.zip"
    with zipfile.ZipFile(source(name)) as archive:
        rows = list(csv.reader(archive.read(archive.namelist()[0]).decode().splitlines()))
    midnight = int(datetime(2022, 12, 13, tzinfo=UTC).timestamp() * 1000)
    ingest(dl, name, "BTCUSDT")
    got = [[int(row["ts"]), *(float(row[text]) for text in VALUES)] for row in read(dl, "BTCUSDT")]
    assert got == [[midnight + int(row[0]), *map(float, row[1:])] for row in rows]
