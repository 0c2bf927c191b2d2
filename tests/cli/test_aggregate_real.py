"""Bars that are derived from real files equal those of Polars, DuckDB and, where there are such, the venue.

Prices, counts and times to the bit; sums to the bit of the documented rule, and within its bound of the sums of others."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import bar_oracles as oracle
import numpy as np
import polars as pl
import pytest
from dl_runner import Runner

SHARED = Path(os.environ.get("LAKE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Real:
    """A real file of bars."""

    path: str
    period: str = "1m"

    @property
    def source_ms(self) -> int:
        return int(self.period[:-1]) * MINUTE_MS

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(
            period
            for period in oracle.PERIODS
            if period[-1] != "m"
            or (int(period[:-1]) > int(self.period[:-1]) and not int(period[:-1]) % int(self.period[:-1]))
        )


FILES = [
    *(Real(f"csv/ADABTC-1m-2021-11-{day}.csv") for day in (27, 28)),
    Real("csv/ALGOUSDT-1m-2024-02.csv"),
    Real("csv/FILUSDT-1m-2023-04.csv"),
    Real("csv/backtrader_header_mismatch_min.txt"),
    Real("csv/binanceus_BTCUSDC_1m_iso.csv"),
    Real("csv/btc_perp_1m_us_text.csv"),
    Real("csv/kraken_BTCUSDC_1m_gaps.csv"),
    Real("csv/lean_bybit_btcusdt_20221213_trade.zip"),
    Real("feather/UNITTEST_BTC-1m.feather"),
    Real("csv/metatrader_EURUSD_M5.csv", "5m"),
    Real("feather/BTC_USDT_USDT-5m-futures.feather", "5m"),
]


def shared_file(name: str) -> Path:
    path = SHARED / "data" / name
    if not path.is_file():
        pytest.skip(f"there is no real data at {SHARED}")
    return path


def source_file(name: str, directory: Path) -> Path:
    """The file itself, or what Polars makes of one that only it reads."""
    path = shared_file(name)
    if path.suffix != ".feather":
        return path
    made = directory / f"{path.stem}.parquet"
    pl.read_ipc(path).write_parquet(made)
    return made


@dataclass
class Lake:
    """A lake with one source and what was derived of it."""

    dl: Runner
    symbol: str = "SYM"

    def ingest(self, name: str, *options: str) -> None:
        source = str(source_file(name, self.dl.directory))
        self.dl("ingest", "--source", source, "--exchange", "TEST", "--symbol", self.symbol, *options).ok()

    def aggregate(self, *periods: str, **options: str) -> None:
        more = [text for name, value in options.items() for text in (f"--{name.rstrip('_')}", value)]
        self.dl("aggregate", "--symbol", self.symbol, "--to", ",".join(periods), *more).ok()

    def read(self, data_type: str, period: str, *options: str) -> pl.DataFrame:
        path = self.dl.directory / f"{data_type}-{period}.parquet"
        path.unlink(missing_ok=True)
        what = ["--exchange", "test", "--symbol", self.symbol, "--data-type", data_type, "--period", period]
        self.dl("read", *what, *options, "--output", path.name).ok()
        return pl.read_parquet(path)


class Derived(Lake):
    """With every target of one real file."""

    def __init__(self, dl: Runner, file: Real) -> None:
        super().__init__(dl)
        self.file = file
        self.ingest(file.path)
        self.aggregate(*file.targets)

        self.bars = {period: self.read("agg", period) for period in file.targets}

    @cached_property
    def source(self) -> pl.DataFrame:
        return self.read("raw", self.file.period)


@pytest.fixture(scope="module", params=FILES, ids=lambda file: Path(file.path).stem)
def derived(request: pytest.FixtureRequest, program: str, tmp_path_factory: pytest.TempPathFactory) -> Derived:
    return Derived(Runner(program, tmp_path_factory.mktemp("real")), request.param)


def bits(column: pl.Series) -> list[int | None]:
    """Doubles as integers: 0.0 is not -0.0, and NaN is itself."""
    if column.dtype != pl.Float64:
        return column.to_list()
    return [None if value is None else int(np.float64(value).view(np.int64)) for value in column]


def require_equal(ours: pl.DataFrame, theirs: pl.DataFrame, source: pl.DataFrame) -> None:
    assert ours["ts"].to_list() == theirs["ts"].to_list()
    for name in [*oracle.PRICES, *oracle.have(theirs, oracle.COUNTS), "bars"]:
        assert bits(ours[name]) == bits(theirs[name]), name
    for name in oracle.have(theirs, oracle.SUMS):
        assert ours[name].is_null().to_list() == theirs[name].is_null().to_list(), name
        apart = (ours[name] - theirs[name]).abs().fill_null(0).to_numpy()
        assert (apart <= oracle.sum_bounds(source, ours, name)).all(), name


def test_equal_to_polars(derived: Derived) -> None:
    for period in derived.file.targets:
        ours, theirs = derived.bars[period], oracle.polars_bars(derived.source, period)
        require_equal(ours, theirs, derived.source)
        if "vwap" in theirs.columns:
            assert ours["vwap"].is_null().to_list() == theirs["vwap"].is_null().to_list()
            apart = ((ours["vwap"] - theirs["vwap"]) / theirs["vwap"]).abs().fill_null(0)
            assert apart.max() <= 4 * theirs["bars"].max() * oracle.UNIT_ROUNDOFF, period


def test_equal_to_duckdb(derived: Derived) -> None:
    for period in derived.file.targets:
        require_equal(derived.bars[period], oracle.duckdb_bars(derived.source, period), derived.source)


def test_sums_to_the_bit_of_the_rule(derived: Derived) -> None:
    for period in derived.file.targets:
        ours = derived.bars[period]
        for name in oracle.have(derived.source, oracle.SUMS):
            assert ours[name].to_list() == oracle.sums_in_order(derived.source, ours, name), (period, name)
        if "quote_volume" in derived.source.columns:
            quotient = (ours["quote_volume"] / ours["volume"]).to_list()
            both = zip(ours["vwap"], quotient, ours["volume"], strict=True)
            assert all(vwap is None if volume == 0 else vwap == other for vwap, other, volume in both), period


def test_what_is_missing_is_never_complete(derived: Derived) -> None:
    """I12, for every bar of every file."""
    for period in derived.file.targets:
        ours = derived.bars[period]
        expected = oracle.expected_bars(ours["ts"], period, derived.file.source_ms)
        assert ours["bars_expected"].to_list() == expected.to_list(), period
        complete = ours.filter(pl.Series(ours["bars"].to_list()) == expected)
        assert derived.read("agg", period, "--complete").equals(complete), period
        assert ours["bars"].sum() == derived.source.height, period


def test_derived_on_the_way_is_what_would_be_stored(derived: Derived, program: str, tmp_path: Path) -> None:
    """The same rows in a lake in which nothing was derived."""
    bare = Lake(Runner(program, tmp_path))
    bare.ingest(derived.file.path)
    for period in derived.file.targets:
        stored, made = derived.bars[period], bare.read("agg", period)
        assert stored.columns == made.columns
        assert [bits(stored[name]) for name in stored.columns] == [bits(made[name]) for name in made.columns], period


def test_the_source_is_what_polars_reads_in_the_file(program: str, tmp_path: Path) -> None:
    """So that nothing above rests on our own reading of the file alone (test_expected.py has all of them)."""
    lake = Lake(Runner(program, tmp_path))
    lake.ingest("csv/FILUSDT-1m-2023-04.csv")
    file = pl.read_csv(shared_file("csv/FILUSDT-1m-2023-04.csv"))
    ours = lake.read("raw", "1m")
    theirs = file.rename({"open_time": "ts", "count": "trades"})
    assert ours["ts"].dt.epoch("ms").to_list() == theirs["ts"].to_list()
    for name in [*oracle.PRICES, *oracle.SUMS, *oracle.COUNTS]:
        assert bits(ours[name]) == bits(theirs[name].cast(ours[name].dtype)), name


# ---- against the venue's own ----


def test_hours_of_kraken_give_its_days(program: str, tmp_path: Path) -> None:
    """All 2,540 days that both files cover, also those in which hours without trades are left out: prices and trades to the bit,
    the volume as near as sums can be."""
    dl = Runner(program, tmp_path)
    hours, days = Lake(dl, "HOURS"), Lake(dl, "DAYS")
    hours.ingest("csv/kraken_XBTUSD_60.csv")
    days.ingest("csv/kraken_XBTUSD_1440.csv")
    hours.aggregate("1d", from_="1h")
    ours = hours.read("agg", "1d")
    venue = days.read("raw", "1d").filter(pl.col("ts") <= ours["ts"].max())
    assert ours.height == 2540
    for name in ("ts", *oracle.PRICES, "trades"):
        assert bits(ours[name]) == bits(venue[name]), name
    apart = ((ours["volume"] - venue["volume"]) / venue["volume"]).abs()
    assert apart.max() < 1e-12  # the venue prints 8 decimals


# Of 1,384 days with all 24 hours, how many agree.
CDD_DAYS = {"open": 619, "high": 1356, "low": 1353, "close": 1375}


def test_hours_of_cryptodatadownload_are_not_quite_its_days(program: str, tmp_path: Path) -> None:
    """The vendor's two files contradict each other, and ours shows where: in the hours most bars open at the close before, in the days at the first trade;
    some lows and highs are missing in one of them. Polars finds the same days different."""
    dl = Runner(program, tmp_path)
    hours, days = Lake(dl, "HOURS"), Lake(dl, "DAYS")
    hours.ingest("csv/cdd_Binance_BTCUSDT_1h.csv")
    days.ingest("csv/cdd_Binance_BTCUSDT_d.csv")
    hours.aggregate("1d", from_="1h")
    ours, rows = hours.read("agg", "1d"), hours.read("raw", "1h")
    require_equal(ours, oracle.polars_bars(rows, "1d"), rows)
    both = ours.filter(pl.col("bars") == 24).join(days.read("raw", "1d"), on="ts", suffix="_venue")
    assert both.height == 1384
    assert {name: (both[name] == both[f"{name}_venue"]).sum() for name in oracle.PRICES} == CDD_DAYS
    first = rows.with_columns(before=pl.col("close").shift(1)).filter(pl.col("open") == pl.col("before"))
    other = both.filter(pl.col("open") != pl.col("open_venue"))
    assert (other.height, other.join(first, on="ts").height) == (765, 758)


# ---- trades ----


@pytest.fixture(scope="module", params=["parquet", "csv"])
def trades(request: pytest.FixtureRequest, program: str, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    directory = tmp_path_factory.mktemp("trades")
    frame = pl.read_ipc(shared_file("feather/XRP_ETH-trades.feather")).drop("type", "cost")
    getattr(frame, f"write_{request.param}")(directory / f"trades.{request.param}")
    lake = Lake(Runner(program, directory))
    lake.dl("ingest", "--source", f"trades.{request.param}", "--exchange", "TEST", "--symbol", lake.symbol).ok()
    return lake


def test_bars_of_trades_equal_polars(trades: Lake) -> None:
    frame = pl.read_ipc(shared_file("feather/XRP_ETH-trades.feather"))
    frame = frame.with_columns(ts=pl.from_epoch("timestamp", time_unit="ms").dt.replace_time_zone("UTC"))
    quote, bought = pl.col("price") * pl.col("amount"), pl.col("side") == "buy"
    frame = frame.with_columns(
        volume=pl.col("amount"),
        quote_volume=quote,
        taker_buy_volume=pl.when(bought).then(pl.col("amount")).otherwise(0.0),
        taker_buy_quote_volume=pl.when(bought).then(quote).otherwise(0.0),
    )
    trades.aggregate("1m", "5m", "1h", from_="trades")
    for period in ("1m", "5m", "1h"):
        ours, theirs = trades.read("agg", period), oracle.polars_bars_of_trades(frame, period)
        assert ours["ts"].to_list() == theirs["ts"].to_list()
        for name in (*oracle.PRICES, "trades"):
            assert bits(ours[name]) == bits(theirs[name]), (period, name)
        for name in oracle.SUMS:
            assert ours[name].to_list() == oracle.sums_in_order(frame, ours, name), (period, name)
        for name in (*oracle.SUMS, "vwap"):
            assert ours[name].to_numpy() == pytest.approx(theirs[name].to_numpy(), rel=1e-12), (period, name)


def test_only_the_last_bar_of_trades_is_open(trades: Lake) -> None:
    trades.aggregate("1m", from_="trades")
    ours = trades.read("agg", "1m")
    assert ours["bars_expected"].to_list() == [1] * ours.height
    assert ours["bars"].to_list() == [1] * (ours.height - 1) + [0]
    assert trades.read("agg", "1m", "--complete").equals(ours.head(-1))
