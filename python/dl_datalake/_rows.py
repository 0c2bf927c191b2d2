"""The engine's lists as Python rows, and frames of a caller's as the rows that the engine takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dl_datalake._native import ArrowStreamable, Table

_PER_MS = {"tsm": 1, "tsu": 1000, "tsn": 1_000_000}


def as_rows(table: Table) -> list[dict[str, Any]]:
    """A dict a row; times of whatever unit as epoch milliseconds."""
    rows = table.to_pylist()
    for name, form in zip(table.names, table.formats, strict=True):
        per_ms = _PER_MS.get(form[:3], 1)
        if per_ms != 1:
            for row in rows:
                if row[name] is not None:
                    row[name] //= per_ms
    return rows


def streamable(frame: object, what: str = "df") -> ArrowStreamable:
    """Gives what the engine reads a frame of a caller's by.

    Args:
        frame: A Polars or pandas DataFrame, pyarrow.Table or RecordBatchReader, DuckDB relation, or anything else with
            `__arrow_c_stream__`.
        what: What it is called in errors.

    Raises:
        TypeError: It is nothing of the kind; the message says what to do where that is known.
        MissingExtraError: A pandas frame, which needs pyarrow to be read, and that is not installed.
    """
    kind = type(frame)
    if kind.__name__ == "DataFrame" and kind.__module__.startswith("polars.") and "\0" in "".join(frame.columns):  # pyright: ignore
        from dl_datalake.errors import InvalidDataError

        # on which Polars ends the process
        raise InvalidDataError(f"a column of {what} has a NUL character in its name")
    if kind.__name__ == "DataFrame" and kind.__module__.split(".")[0] == "pandas":
        return _from_pandas(frame)
    if hasattr(frame, "__arrow_c_stream__") and not isinstance(frame, type):
        return frame  # pyright: ignore[reportReturnType]
    hint = ": collect() it first" if kind.__name__ == "LazyFrame" else ""
    raise TypeError(f"{what} is {kind.__module__}.{kind.__qualname__}, not a frame with an Arrow stream{hint}")


def _from_pandas(frame: Any) -> ArrowStreamable:
    """An index that is called as a column is one, and one of times without a name is `ts`; any other says nothing about the rows."""
    from dl_datalake import _extras

    if type(frame.index).__name__ == "DatetimeIndex" and frame.index.name is None and "ts" not in frame.columns:
        frame = frame.rename_axis("ts")
    names = [name for name in frame.index.names if isinstance(name, str) and name not in frame.columns]
    frame = frame.reset_index() if names and len(names) == len(frame.index.names) else frame.reset_index(drop=True)
    arrow = _extras.load("pyarrow")
    try:
        return arrow.Table.from_pandas(frame, preserve_index=False)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, arrow.ArrowNotImplementedError) as error:
        from dl_datalake.errors import InvalidDataError

        raise InvalidDataError(". ".join(str(part) for part in error.args)) from error
