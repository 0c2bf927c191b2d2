"""A read as its caller names it, as the engine's scan. What `read_range`, `scan` and the features share."""

from __future__ import annotations

from dl_datalake import _times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal, TypeAlias, TypedDict

    from dl_datalake import _native
    from dl_datalake._lake import LakeRef
    from dl_datalake._times import Time

    Fill: TypeAlias = Literal["none", "null", "previous", "zero-volume"]

    class ReadOptions(TypedDict, total=False):
        """What a read takes beside the dataset and the range."""

        ts: Literal["timestamp", "int"]
        limit: int
        tail: int
        fill: Fill
        complete: bool
        offset: str
        origin: str


def open_scan(
    ref: LakeRef,
    exchange: str,
    symbol: str | Sequence[str],
    data_type: str | None,
    start: Time | None,
    end: Time | None,
    **options: Any,
) -> _native.Scan:
    """Opens a scan.

    Args:
        ref: The lake.
        exchange: Of the dataset.
        symbol: Of the dataset; several give one scan of all, with a column `symbol`.
        data_type: Of the dataset.
        start: None: from the first row.
        end: None: to the last one.
        **options: Those of the native scan; `columns` may be one name, `as_of` a snapshot's name or time, and None of any is its default.

    Raises:
        NotFoundError: There is no lake, or no such dataset, symbol or snapshot; the message names what is near.
        InvalidArgumentError: The range is empty, the choice is not clear, or there is no such column.
        TypeError: An argument is of a wrong kind.
    """
    start_ms, end_ms = _times.range_ms(start, end)
    given = {name: value for name, value in options.items() if value is not None}
    if data_type == "raw" and ("offset" in given or "origin" in given):
        data_type = "agg"  # "raw" is the default, and stored bars have neither
    columns = given.get("columns")
    if isinstance(columns, str):
        given["columns"] = [columns]
    lake = ref.open()
    if "as_of" in given:
        given["as_of"] = _times.snapshot(lake, given["as_of"])
    try:
        return lake.scan(exchange, symbol, type=data_type, start_ms=start_ms, end_ms=end_ms, **given)
    except FileNotFoundError as error:
        if data_type != "raw" or "period" not in given:
            raise
        missing = error
    # bars of a period that the venue did not publish: those that can be derived from what it did
    try:
        return lake.scan(exchange, symbol, type="agg", start_ms=start_ms, end_ms=end_ms, **given)
    except FileNotFoundError:
        raise missing from None
