"""Derived bars as others compute them: Polars, DuckDB, and the documented rule in numpy (docs/BARS.md).

Source frames have `ts` (Datetime, UTC) and the columns of bars, or those of trades. Sums of doubles differ between tools in the last
bits, by the order in which they add; everything else must be equal to the bit."""

from collections.abc import Sequence

import duckdb
import numpy as np
import polars as pl

PERIODS = ("3m", "5m", "15m", "1h", "4h", "1d", "1w", "1mo")
PRICES = ("open", "high", "low", "close")
SUMS = ("volume", "quote_volume", "taker_buy_volume", "taker_buy_quote_volume")
COUNTS = ("trades",)
UNIT_ROUNDOFF = 2.0**-53

_INTERVALS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks", "mo": "months"}


def have(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in frame.columns]


def _weighted(over: pl.Expr, under: pl.Expr, lacking: pl.Expr) -> pl.Expr:
    return pl.when(~lacking & (under != 0)).then(over / under)


def _polars_group(frame: pl.DataFrame, period: str, offset: str) -> "pl.dataframe.group_by.DynamicGroupBy":
    return frame.group_by_dynamic("ts", every=period, offset=offset)


def polars_bars(frame: pl.DataFrame, period: str, offset: str = "0m") -> pl.DataFrame:
    """group_by_dynamic, as a user of Polars writes it; null where a bucket has no value."""
    sums = [
        pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name)
        for name in have(frame, (*SUMS, *COUNTS))
    ]
    return _polars_group(frame, period, offset).agg(
        pl.col("open").drop_nulls().first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").drop_nulls().last(),
        *sums,
        *_polars_vwap(frame),
        bars=pl.len().cast(pl.Int64),
    )


def _polars_vwap(frame: pl.DataFrame) -> list[pl.Expr]:
    if "quote_volume" not in frame.columns:
        return []
    quote, base = pl.col("quote_volume"), pl.col("volume")
    lacking = (quote.is_null() & (base != 0)).any() | (base.is_null() & (quote != 0)).any()
    return [_weighted(quote.sum(), base.sum(), lacking).alias("vwap")]


def polars_bars_of_trades(frame: pl.DataFrame, period: str) -> pl.DataFrame:
    """The rows in their stored order; `side` is the taker's."""
    quote = pl.col("price") * pl.col("amount")
    bought = pl.col("side") == "buy"
    return _polars_group(frame, period, "0m").agg(
        open=pl.col("price").first(),
        high=pl.col("price").max(),
        low=pl.col("price").min(),
        close=pl.col("price").last(),
        volume=pl.col("amount").sum(),
        quote_volume=quote.sum(),
        trades=pl.len().cast(pl.Int64),
        taker_buy_volume=pl.when(bought).then(pl.col("amount")).otherwise(0.0).sum(),
        taker_buy_quote_volume=pl.when(bought).then(quote).otherwise(0.0).sum(),
        vwap=quote.sum() / pl.col("amount").sum(),
    )


def duckdb_bars(frame: pl.DataFrame, period: str) -> pl.DataFrame:
    """time_bucket, arg_min and arg_max, as a user of DuckDB writes it. Its weeks begin on Mondays; other lengths are counted from
    1970 here."""
    number = period.rstrip("mhdwo")
    interval = f"INTERVAL {number} {_INTERVALS[period[len(number) :]]}"
    origin = "" if period in ("1w", "1mo") else ", TIMESTAMP '1970-01-01'"
    sums = "".join(f", sum({name}) AS {name}" for name in have(frame, SUMS))
    counts = "".join(f", sum({name})::BIGINT AS {name}" for name in have(frame, COUNTS))
    query = f"""
        SELECT time_bucket({interval}, ts{origin}) AS ts, arg_min(open, ts) AS open, max(high) AS high, min(low) AS low,
            arg_max(close, ts) AS close{sums}{counts}, count(*)::BIGINT AS bars
        FROM rows GROUP BY ALL ORDER BY ts"""
    with duckdb.connect() as connection:
        connection.register("rows", frame.with_columns(pl.col("ts").dt.replace_time_zone(None)).to_arrow())
        bars = pl.from_arrow(connection.execute(query).to_arrow_table())
    assert isinstance(bars, pl.DataFrame)
    return bars.with_columns(pl.col("ts").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"))


def expected_bars(starts: pl.Series, period: str, source_ms: int) -> pl.Series:
    """How many source bars fit into buckets that start then."""
    return (starts.dt.offset_by(period) - starts).dt.total_milliseconds() // source_ms


# ---- the rule: from a bucket's first value on, one after the other ----


def bucket_slices(frame: pl.DataFrame, bars: pl.DataFrame) -> list[slice]:
    """The rows of each bar."""
    first = np.searchsorted(frame["ts"].to_numpy(), bars["ts"].to_numpy())
    return [slice(int(a), int(b)) for a, b in zip(first, [*first[1:], frame.height], strict=True)]


def sums_in_order(frame: pl.DataFrame, bars: pl.DataFrame, name: str) -> list[float | None]:
    """Null values are left out. The k-th values of all buckets are added at once: within a bucket that is one after the other."""
    frame = frame.select("ts", name).drop_nulls()
    values = frame[name].to_numpy()
    slices = bucket_slices(frame, bars)
    first = np.array([rows.start for rows in slices])
    counts = np.array([rows.stop - rows.start for rows in slices])
    if counts.max() > len(counts):  # few and long: running sums, which have no choice of order
        return [float(np.add.accumulate(values[rows])[-1]) if rows.stop > rows.start else None for rows in slices]
    sums = values[np.minimum(first, len(values) - 1)]
    for k in range(1, counts.max()):
        longer = counts > k
        sums[longer] += values[first[longer] + k]
    return [float(total) if n else None for total, n in zip(sums, counts, strict=True)]


def sum_bounds(frame: pl.DataFrame, bars: pl.DataFrame, name: str) -> np.ndarray:
    """How far two sums of the same n values may be apart, in whatever order each added: 2 (n - 1) u times the sum of their magnitudes."""
    values = np.abs(np.nan_to_num(frame[name].to_numpy()))
    slices = bucket_slices(frame, bars)
    magnitudes = np.array([values[rows].sum() for rows in slices])
    counts = np.array([rows.stop - rows.start for rows in slices])
    return 2 * (counts - 1) * UNIT_ROUNDOFF * magnitudes
