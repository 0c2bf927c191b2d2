"""Real files give the rows, ranges and sums that an independent program found in them (EXPECTED.csv of the shared data)."""

import csv
import math
import os
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
    "binanceus_BTCUSDC_1m_iso.csv": "BTCUSDC",
    "btc_perp_1m_us_text.csv": "BTCUSD",
    "tradingview_BINANCE_BTCUSDT_60.csv": "BTCUSDT",
}
# In EXPECTED.csv its sum of volume is that of the column before, "B组2": the bits are compared, the sums are not.
MISREAD = "tradingview_BINANCE_BTCUSDT_60.csv"


def expected(name: str) -> dict[str, str]:
    table = SHARED / "data" / "EXPECTED.csv"
    if not table.is_file():
        pytest.skip(f"there is no real data at {SHARED}")
    with table.open(newline="") as lines:
        return next(row for row in csv.DictReader(lines) if row["file"] == name)


def ingest(dl: Runner, name: str) -> dict[str, object]:
    source = SHARED / "data" / "csv" / name
    arguments = ["--source", str(source), "--exchange", "BINANCE", "--symbol", SYMBOLS[name]]
    return dl("ingest", *arguments, "--json").ok().json


def read(dl: Runner, name: str) -> list[dict[str, str]]:
    out = dl("read", "--exchange", "BINANCE", "--symbol", SYMBOLS[name], "--format", "csv", "--ts", "ms").ok().out
    return list(csv.DictReader(out.splitlines()))


def column(rows: list[dict[str, str]], name: str) -> list[float]:
    return [float(row[name]) for row in rows if row[name]]


@pytest.mark.parametrize("name", [name for name in SYMBOLS if name != MISREAD])
def test_real_file(dl: Runner, name: str) -> None:
    want = expected(name)
    result = ingest(dl, name)
    rows = read(dl, name)
    assert result["rows_read"] == int(want["rows_in"])
    assert len(rows) == int(want["rows"])
    assert rows[0]["ts"] == want["first_ts_ms"]
    assert rows[-1]["ts"] == want["last_ts_ms"]
    assert [int(row["ts"]) for row in rows] == sorted({int(row["ts"]) for row in rows})
    assert max(column(rows, "high")) == float(want["max_high"])
    assert min(column(rows, "low")) == float(want["min_low"])
    assert math.fsum(column(rows, "close")) == pytest.approx(float(want["sum_close"]), rel=SUM_TOLERANCE)
    assert math.fsum(column(rows, "volume")) == pytest.approx(float(want["sum_volume"]), rel=SUM_TOLERANCE)
    assert f" {want['period']}" in dl("list").ok().out.replace(",", " ")


@pytest.mark.parametrize("name", SYMBOLS)
def test_real_file_to_the_bit(dl: Runner, name: str) -> None:
    """Every price and volume is the double that Python reads in the file."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no real data at {SHARED}")
    ingest(dl, name)
    with (SHARED / "data" / "csv" / name).open(newline="") as lines:
        source = list(csv.reader(lines))
    header = [text.lower() for text in source[0]]
    columns = ["open", "high", "low", "close", "volume"]
    has_header = "open" in header
    places = [header.index(text) if has_header else 1 + columns.index(text) for text in columns]
    want = [[float(row[place]) for place in places] for row in source[has_header:]]
    got = [[float(row[text]) for text in columns] for row in read(dl, name)]
    assert got == want


@pytest.mark.parametrize("name", ["FILUSDT-1m-2023-04.csv", "binanceus_BTCUSDC_1m_iso.csv"])
def test_the_same_file_again_changes_nothing(dl: Runner, name: str) -> None:
    expected(name)
    ingest(dl, name)
    files = sorted((dl.directory / "data").rglob("*.parquet"))
    again = ingest(dl, name)
    assert again["rows_equal"] == again["rows_read"]
    assert sorted((dl.directory / "data").rglob("*.parquet")) == files
