"""The range of time that one partition of a dataset holds: a UTC day, month or year."""

from __future__ import annotations

from datetime import date, datetime, timezone

from dl_datalake._times import MS_PER_DAY, to_ms, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dl_datalake._times import Time


def interval_ms(period: str) -> int | None:
    """The length of a period as people write it ("1m", "1min", "5 minutes", "M5", "1h", "1d"); None where it is of no fixed length,
    or no period."""
    text = period.strip()
    digits = "".join(c for c in text if c.isdigit())
    word = text.replace(digits, "", 1).strip() if digits else text
    if word in ("M", "MN") and not (word == "M" and text.startswith("M") and digits):
        return None
    word = {"hourly": "h", "daily": "d", "weekly": "w"}.get(word.lower(), word.lower())
    unit_ms = {"s": 1000, "t": 60_000, "m": 60_000, "": 60_000, "h": 3_600_000, "d": MS_PER_DAY, "w": 7 * MS_PER_DAY}
    if word.startswith("mo"):
        return None
    stem = (
        word
        if len(word) < 2
        else {"se": "s", "mi": "m", "hr": "h", "ho": "h", "da": "d", "wk": "w", "we": "w"}.get(word[:2])
    )
    if stem not in unit_ms or (stem == "" and not digits):
        return None
    return int(digits or 1) * unit_ms[stem]


def bounds(data_type: str, period: str, when: Time) -> tuple[int, int]:
    """Tells the partition that a date lies in.

    Args:
        data_type: The type's name.
        period: Of the dataset, in any spelling.
        when: The date.

    Returns:
        Its start and end, epoch milliseconds, half open.

    Raises:
        TypeError: The period is no text, or the date no time.
        InvalidArgumentError: The date cannot be understood.
    """
    if not isinstance(period, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"period is {type(period).__name__}, not text")
    day = utc(to_ms(when, False, "date")).date()
    grain = _grain(data_type, period)
    if grain == "month":
        return _ms(day.replace(day=1)), _ms(date(day.year + day.month // 12, day.month % 12 + 1, 1))
    if grain == "year":
        return _ms(date(day.year, 1, 1)), _ms(date(day.year + 1, 1, 1))
    return _ms(day), _ms(day) + MS_PER_DAY


def _grain(data_type: str, period: str) -> str:
    """Up to 5m and of trades a day; up to 12h and of events a month; longer ones a year."""
    if data_type in ("trades", "aggtrades") or period.lower() in ("tick", "ticks"):
        return "day"
    if data_type == "funding" or period.lower() in ("event", "events"):
        return "month"
    length = interval_ms(period)
    if length is None or length >= MS_PER_DAY:
        return "year"
    return "day" if length <= 5 * 60_000 else "month"


def _ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp()) * 1000
