"""Bars with what was known when they opened."""

from __future__ import annotations

from dl_datalake import _extras, _query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from dl_datalake._lake import LakeRef


def feature_period(feature_set: str, version: str | int | None) -> str:
    """The period of a version's dataset: "set@version", or "set" for the latest."""
    if not isinstance(feature_set, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"feature_set is {type(feature_set).__name__}, not text")
    if version is None:
        return feature_set
    if isinstance(version, bool) or not isinstance(version, (str, int)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"version is {type(version).__name__}, not text")
    return f"{feature_set}@{version}"


def read_known(
    ref: LakeRef, exchange: str, symbol: str, market: str, period: str, first_ms: int, last_ms: int
) -> pl.DataFrame:
    """Reads the features of a range of time, and the row that is known when it begins: both of one version."""
    polars: Any = _extras.load("polars")
    before = _query.open_scan(ref, exchange, symbol, "feature", None, first_ms, market=market, period=period, tail=1)
    period = before.dataset[4]
    within = _query.open_scan(ref, exchange, symbol, "feature", first_ms, last_ms + 1, market=market, period=period)
    return polars.concat([polars.DataFrame(scan.read_all()) for scan in (before, within)])


def span_ms(bars: pl.DataFrame) -> tuple[int, int]:
    """The first and the last time of bars, epoch milliseconds; of none the epoch."""
    if bars.height == 0:
        return 0, 0
    first, last = bars["ts"].gather([0, -1]).dt.epoch("ms").to_list()
    return first, last


def join(bars: pl.DataFrame, features: pl.DataFrame, feature_set: str) -> pl.DataFrame:
    """Joins bars with the features as of each bar's time.

    Args:
        bars: By time, with `ts`.
        features: By time, with `ts`.
        feature_set: Follows the names of features that a column of the bars has, too.
    """
    import polars

    features = features.with_columns(polars.col("ts").cast(bars["ts"].dtype))
    taken = [name for name in features.columns if name != "ts" and name in bars.columns]
    features = features.rename({name: f"{name}_{feature_set}" for name in taken})
    return bars.join_asof(features, on="ts", strategy="backward", check_sortedness=False)
