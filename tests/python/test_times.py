"""Times as people and libraries write them: what each means in epoch milliseconds, and what is refused."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from dl_datalake import _native, _times, errors
from hypothesis import given
from hypothesis import strategies as st

DAY = 86_400_000
NEW_YEAR = 1_767_225_600_000  # 2026-01-01
UTC = dt.UTC


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("2026-01-01", NEW_YEAR),
        ("2026-01-01T01:00:00+01:00", NEW_YEAR),
        (NEW_YEAR, NEW_YEAR),
        (np.int64(NEW_YEAR), NEW_YEAR),
        (dt.date(2026, 1, 1), NEW_YEAR),
        (dt.datetime(2026, 1, 1), NEW_YEAR),
        (dt.datetime(2026, 1, 1, tzinfo=UTC), NEW_YEAR),
        (dt.datetime(2025, 12, 31, 19, tzinfo=ZoneInfo("America/New_York")), NEW_YEAR),
        (pd.Timestamp("2026-01-01"), NEW_YEAR),
        (pd.Timestamp("2026-01-01 09:00", tz="Asia/Tokyo"), NEW_YEAR),
        (np.datetime64("2026-01-01"), NEW_YEAR),
        (np.datetime64("2026-01-01T00:00:00.000000000"), NEW_YEAR),
        (dt.datetime(1969, 12, 31, 23, 59, 59), -1000),
    ],
)
def test_start(value: object, ms: int) -> None:
    assert _times.to_ms(value) == ms


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("2026-01-01", NEW_YEAR + DAY),
        (dt.date(2026, 1, 1), NEW_YEAR + DAY),
        (np.datetime64("2026-01-01"), NEW_YEAR + DAY),
        (np.datetime64("2026-01"), NEW_YEAR + 31 * DAY),
        # a time of midnight is no bare date
        ("2026-01-01T00:00", NEW_YEAR),
        (dt.datetime(2026, 1, 1), NEW_YEAR),
        (pd.Timestamp("2026-01-01"), NEW_YEAR),
        (np.datetime64("2026-01-01T00:00"), NEW_YEAR),
        (NEW_YEAR, NEW_YEAR),
    ],
)
def test_end(value: object, ms: int) -> None:
    assert _times.to_ms(value, is_end=True) == ms


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 1, 1, 0, 0, 0, 1),
        pd.Timestamp("2026-01-01 00:00:00.000000001"),
        np.datetime64("2026-01-01T00:00:00.000001"),
    ],
)
def test_finer_than_a_millisecond_is_the_next_one(value: object) -> None:
    assert _times.to_ms(value) == NEW_YEAR + 1


@given(st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2200, 1, 1)))
def test_datetimes_are_exact(value: dt.datetime) -> None:
    us = (value - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
    assert _times.to_ms(value) == -(-us // 1000)
    assert _times.to_ms(np.datetime64(value)) == _times.to_ms(value)


@pytest.mark.parametrize("value", [True, 1.5, None, [], b"2026-01-01", np.float64(1), np.bool_(True)])
def test_what_is_no_time_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=f"start is {type(value).__name__}"):
        _times.to_ms(value, name="start")


@pytest.mark.parametrize("value", ["yesterday", "", pd.NaT, np.datetime64("NaT")])
def test_what_cannot_be_understood_is_a_value_error(value: object) -> None:
    with pytest.raises(errors.InvalidArgumentError):
        _times.to_ms(value)


@pytest.mark.parametrize(("start", "end"), [("2026-01-02", "2026-01-01"), (5, 5), (dt.date(2026, 1, 2), NEW_YEAR)])
def test_a_reversed_range_names_both_ends(start: object, end: object) -> None:
    with pytest.raises(ValueError, match=f"{start}.*{end}"):
        _times.range_ms(start, end)


def test_a_range_of_one_date_is_a_day() -> None:
    assert _times.range_ms("2026-01-01", "2026-01-01") == (NEW_YEAR, NEW_YEAR + DAY)
    assert _times.range_ms(None, None) == (None, None)


@pytest.mark.parametrize(
    ("period", "ms"),
    [
        ("1m", 60_000),
        ("1min", 60_000),
        ("M5", 300_000),
        ("5 minutes", 300_000),
        ("15", 900_000),
        ("1H", 3_600_000),
        ("hourly", 3_600_000),
        ("D", DAY),
        ("1w", 7 * DAY),
        ("1M", None),
        ("1mo", None),
        ("monthly", None),
    ],
)
def test_interval(period: str, ms: int | None) -> None:
    assert _native.parse_period(period)[0] == (ms or 0)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("1min", "2024-02-29", "2024-02-29"),
        ("5m", "2024-02-29", "2024-02-29"),
        ("15m", "2024-02-01", "2024-02-29"),
        ("12h", "2024-12-01", "2024-12-31"),
        ("1d", "2024-01-01", "2024-12-31"),
        ("1M", "2024-01-01", "2024-12-31"),
        ("tick", "2024-02-29", "2024-02-29"),
        ("event", "2024-02-01", "2024-02-29"),
    ],
)
def test_partitions(period: str, first: str, last: str) -> None:
    inside = "2024-12-15" if first.startswith("2024-12") else "2024-02-29"
    assert _native.parse_period(period, _times.to_ms(inside))[1:] == (
        _times.to_ms(first),
        _times.to_ms(last, is_end=True),
    )


@pytest.mark.parametrize(
    ("number", "ms"), [(0, 0), (1_704_187_800, 1_704_187_800_000), (1_704_187_800_000, 1_704_187_800_000), (-1, -1)]
)
def test_a_number_of_seconds_is_told_by_its_size(number: int, ms: int) -> None:
    assert _times.to_ms(number) == ms
