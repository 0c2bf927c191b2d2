"""Whether what a contender returned is what went in: the same rows in the same order, doubles to the bit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from bench.series import COLUMNS


class UnequalError(Exception):
    """A contender's result is not the data: its time would mean nothing."""


def columns_of(who: str, result: object) -> dict[str, np.ndarray]:
    """The six columns of any contender's kind of table, ts as epoch milliseconds."""
    if isinstance(result, pl.DataFrame):
        result = result.to_arrow()
    if isinstance(result, pd.DataFrame):
        result = pa.Table.from_pandas(result.reset_index(), preserve_index=False)
    if not isinstance(result, pa.Table):
        raise UnequalError(f"{who}: the result is a {type(result).__name__}, not a table")
    columns: dict[str, np.ndarray] = {}
    for name in COLUMNS:
        column = result.column(name)
        if column.null_count:
            raise UnequalError(f"{who}: {name} has {column.null_count} nulls")
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ms", column.type.tz)).cast(pa.int64())
        columns[name] = column.to_numpy()
    return columns


def require_equal(who: str, result: object, expected: Mapping[str, np.ndarray]) -> None:
    """Raises UnequalError, naming the contender, the column, the first row that differs and both values."""
    actual = columns_of(who, result)
    for name in COLUMNS:
        want, got = expected[name], actual[name]
        if len(want) != len(got):
            raise UnequalError(f"{who}: {name} has {len(got)} rows, not {len(want)}")
        if want.dtype != got.dtype:
            raise UnequalError(f"{who}: {name} is {got.dtype}, not {want.dtype}")
        different = np.flatnonzero(want.view(np.int64) != got.view(np.int64))
        if len(different):
            row = different[0]
            raise UnequalError(f"{who}: {name} of row {row} is {got[row]!r}, not {want[row]!r}")
