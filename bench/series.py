"""The bars that the bench works on: seeded, so that every run on every machine sees the same rows.

Prices are whole ticks of 0.01 and volumes whole thousandths, as venues publish them: the doubles are the ones nearest to
the decimal text, and a reader of the text has to arrive at the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

MINUTE_MS = 60_000
DAY_MS = 86_400_000
COLUMNS = ("ts", "open", "high", "low", "close", "volume")
PRICE_COLUMNS = ("open", "high", "low", "close")

FIRST_PRICE_TICKS = 4_228_358
MINUTE_VOLATILITY = 0.0006
MEDIAN_VOLUME = 18.0


@dataclass(frozen=True)
class Bars:
    """One-minute bars without gaps, in exact integers: epoch milliseconds, ticks of 0.01, thousandths."""

    ts_ms: np.ndarray
    ticks: dict[str, np.ndarray]
    volume_thousandths: np.ndarray

    @property
    def n_rows(self) -> int:
        return len(self.ts_ms)

    def values(self) -> dict[str, np.ndarray]:
        """The columns as every reader must return them. A quotient of two exact doubles is correctly rounded."""
        columns = {"ts": self.ts_ms}
        columns.update({name: self.ticks[name] / 100 for name in PRICE_COLUMNS})
        columns["volume"] = self.volume_thousandths / 1000
        return columns


def day_starts_ms(year: int) -> np.ndarray:
    """The first millisecond of each UTC day of a year."""
    days = np.arange(np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
    return days.astype("datetime64[ms]").astype(np.int64)


def make_bars(year: int) -> Bars:
    """A year of bars that walk at random, seeded by the year; each opens at or near the close before."""
    n_days = len(day_starts_ms(year))
    return make_days(day_starts_ms(year)[0], n_days, seed=year, volatility=MINUTE_VOLATILITY)


def make_days(first_ms: int, n_days: int, seed: int, volatility: float) -> Bars:
    """Whole days of bars; over decades take a volatility that keeps prices above nothing and below the sky."""
    random = np.random.Generator(np.random.PCG64(seed))
    ts = np.arange(first_ms, first_ms + n_days * DAY_MS, MINUTE_MS, dtype=np.int64)
    n = len(ts)
    walk = np.exp(np.cumsum(random.normal(0.0, volatility, n)))
    close = np.rint(FIRST_PRICE_TICKS * walk).astype(np.int64)
    before = np.concatenate(([FIRST_PRICE_TICKS], close[:-1]))
    slip = np.where(random.random(n) < 0.8, 0, random.integers(-100, 101, n))
    open_ = before + slip
    reach = FIRST_PRICE_TICKS * MINUTE_VOLATILITY * 0.4
    high = np.maximum(open_, close) + np.floor(random.exponential(reach, n)).astype(np.int64)
    low = np.minimum(open_, close) - np.floor(random.exponential(reach, n)).astype(np.int64)
    volume = np.rint(1000 * MEDIAN_VOLUME * np.exp(random.normal(0.0, 1.0, n))).astype(np.int64)
    ticks = {"open": open_, "high": high, "low": np.maximum(low, 1), "close": close}
    return Bars(ts, ticks, volume)


def make_trades(first_ms: int, n_days: int, n_trades: int, seed: int) -> dict[str, np.ndarray]:
    """Trades in order of time, no two of one microsecond: ts in microseconds, id, price, amount, side."""
    random = np.random.Generator(np.random.PCG64(seed))
    moments = np.unique(random.integers(0, n_days * DAY_MS * 1000, n_trades))
    n = len(moments)
    ticks = FIRST_PRICE_TICKS + np.cumsum(random.integers(-12, 13, n))
    return {
        "ts": first_ms * 1000 + moments,
        "id": np.arange(1, n + 1),
        "price": ticks / 100,
        "amount": np.rint(np.exp(random.normal(3.0, 1.5, n)) + 1) / 1000,
        "side": np.where(random.random(n) < 0.5, "buy", "sell"),
    }


def write_csv(bars: Bars, path: Path) -> None:
    """Writes `ts,open,high,low,close,volume` with epoch milliseconds and fixed decimals."""
    columns = [
        bars.ts_ms.tolist(),
        *(bars.ticks[name].tolist() for name in PRICE_COLUMNS),
        bars.volume_thousandths.tolist(),
    ]
    with path.open("w", encoding="ascii", newline="") as out:
        out.write(",".join(COLUMNS) + "\n")
        out.writelines(
            f"{ts},{o // 100}.{o % 100:02},{hi // 100}.{hi % 100:02},{lo // 100}.{lo % 100:02},{c // 100}.{c % 100:02},"
            f"{v // 1000}.{v % 1000:03}\n"
            for ts, o, hi, lo, c, v in zip(*columns, strict=True)
        )


def write_csv_quickly(bars: Bars, path: Path) -> None:
    """The same without trailing zeros, by Polars: for files of a gigabyte."""
    import polars as pl

    pl.DataFrame(bars.values()).write_csv(path)
