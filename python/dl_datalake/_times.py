"""Times as people and libraries write them, as the epoch milliseconds of the engine; ranges are half open.

Text is read by the C library, as `dl` reads it. A naive datetime is UTC; one of another zone is converted. A bare date as an end means
the end of that day. A time finer than a millisecond is rounded up, so that a range still holds exactly the rows whose milliseconds lie
in it.
"""

from __future__ import annotations

from operator import index

from dl_datalake import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, datetime
    from typing import Any, SupportsIndex, TypeAlias

    import numpy as np

    Time: TypeAlias = str | int | date | datetime | np.datetime64 | SupportsIndex

MS_PER_DAY = 86_400_000


def to_ms(value: Time, is_end: bool = False, name: str = "time") -> int:
    """Turns a time into epoch milliseconds.

    Args:
        value: Text, date, datetime, pandas.Timestamp, numpy.datetime64 or whole epoch milliseconds (seconds, where the number is too
            small for the milliseconds of any data).
        is_end: A bare date means the end of its day (its month or year, where it names no more).
        name: What the value is called in errors.

    Raises:
        TypeError: It is none of these.
        InvalidArgumentError: It cannot be understood as a time.
    """
    kind: type = type(value)
    if kind is int:
        return _from_int(value)  # pyright: ignore[reportArgumentType]
    if isinstance(value, str):
        return _native.parse_time(value, is_end)
    if kind.__module__ == "numpy" and kind.__name__ == "datetime64":
        return _from_numpy(value, is_end, name)
    import datetime

    if isinstance(value, datetime.datetime):
        return _from_datetime(value, name)
    if isinstance(value, datetime.date):
        days = value.toordinal() - datetime.date(1970, 1, 1).toordinal()
        return (days + is_end) * MS_PER_DAY
    if not isinstance(value, (bool, float)):
        try:
            return _from_int(index(value))  # pyright: ignore
        except TypeError:
            pass
    raise TypeError(
        f"{name} is {kind.__name__}, not a time: text, date, datetime, pandas.Timestamp, numpy.datetime64 or epoch milliseconds"
    )


def range_ms(start: Time | None, end: Time | None) -> tuple[int | None, int | None]:
    """Turns the two ends of a range into epoch milliseconds; None stays None.

    Raises:
        TypeError: As `to_ms`.
        InvalidArgumentError: As `to_ms`, or the start does not lie before the end.
    """
    start_ms = None if start is None else to_ms(start, False, "start")
    end_ms = None if end is None else to_ms(end, True, "end")
    if start_ms is not None and end_ms is not None and start_ms >= end_ms:
        from dl_datalake.errors import InvalidArgumentError

        raise InvalidArgumentError(f"start {_shown(start)} does not lie before end {_shown(end)}")
    return start_ms, end_ms


def snapshot(lake: _native.Lake, as_of: Time | None) -> int:
    """Turns what a reader gives as `as_of` into a snapshot's number; 0 is now.

    A whole number is a snapshot; text its number, its name or a time; a datetime means the last snapshot committed at or before it.
    """
    if as_of is None:
        return 0
    if isinstance(as_of, str):
        return lake.find_snapshot(str(as_of))
    if type(as_of) is int:
        return lake.find_snapshot(str(as_of)) if as_of <= 0 else as_of
    import datetime

    if type(as_of) is datetime.date:
        return lake.find_snapshot(as_of.isoformat())
    if isinstance(as_of, (bool, float)):
        raise TypeError(f"as_of is {type(as_of).__name__}, not a snapshot's number, name or time")
    if hasattr(as_of, "__index__"):
        return index(as_of)  # pyright: ignore[reportArgumentType]
    return lake.find_snapshot(f"{to_ms(as_of, True, 'as_of'):012d}")


def utc(ms: int) -> datetime:
    """Turns epoch milliseconds into a datetime of UTC."""
    import datetime

    return datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(milliseconds=ms)


def _from_int(value: int) -> int:
    """As milliseconds, numbers of this size are days of 1970 to 1973, when there was no data: they are seconds, as in text."""
    return value * 1000 if 10**8 <= value < 10**11 else value


def _shown(value: Time | None) -> str:
    if type(value) is int:
        try:
            return f"{value} ({utc(value):%Y-%m-%dT%H:%M:%SZ})"
        except OverflowError:
            pass
    return str(value)


def _from_datetime(value: datetime, name: str) -> int:
    import datetime

    if value != value:  # pandas.NaT is a datetime
        raise _refused(name, value)
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    since = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if getattr(value, "nanosecond", 0):  # pandas.Timestamp
        us += 1
    return -(-us // 1000)


def _from_numpy(value: Any, is_end: bool, name: str) -> int:
    unit = str(value.dtype)[len("datetime64[") : -1]
    number = value.astype("int64")
    if value != value or unit == "":
        raise _refused(name, value)
    if unit in ("Y", "M", "W", "D"):
        return int((value + int(is_end)).astype("datetime64[ms]").astype("int64"))
    per_ms = {"us": 10**3, "ns": 10**6, "ps": 10**9, "fs": 10**12, "as": 10**15}.get(unit)
    if per_ms is None:
        return int(value.astype("datetime64[ms]").astype("int64"))
    return -(-int(number) // per_ms)


def _refused(name: str, value: object) -> Exception:
    from dl_datalake.errors import InvalidArgumentError

    return InvalidArgumentError(f"{name} is {value}, not a time")
