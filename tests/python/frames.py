"""Frames that tests write and compare with: made by Polars alone, the same every time."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from pathlib import Path

import polars as pl

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = int(datetime(2024, 3, 1, tzinfo=timezone.utc).timestamp() * 1000)


def make_bars(n: int, start_ms: int = START_MS, period_ms: int = MINUTE_MS, seed: int = 7) -> pl.DataFrame:
    """n bars that can be true, with times as Datetime("ms", "UTC")."""
    rng = random.Random(seed)
    price, rows = 40_000.0, []
    for i in range(n):
        open_ = price
        price = max(1.0, price + rng.gauss(0, 5))
        rows.append(
            {
                "ts": start_ms + i * period_ms,
                "open": open_,
                "high": max(open_, price) + rng.random(),
                "low": min(open_, price) - rng.random(),
                "close": price,
                "volume": rng.random() * 10,
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))


def make_trades(n: int, start_ms: int = START_MS, seed: int = 7) -> pl.DataFrame:
    """n trades with ids, several of them in one millisecond."""
    rng = random.Random(seed)
    times = sorted(start_ms + rng.randrange(n * 20) for _ in range(n))
    return pl.DataFrame(
        {
            "ts": times,
            "id": [str(1000 + i) for i in range(n)],
            "price": [40_000 + rng.gauss(0, 10) for _ in range(n)],
            "amount": [rng.random() for _ in range(n)],
            "side": [rng.choice(["buy", "sell"]) for _ in range(n)],
        }
    ).with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC")))


def files_below(directory: Path) -> dict[str, bytes]:
    """Each file of the data tree with its bytes: what a refused write must leave as it was."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*.parquet"))}
