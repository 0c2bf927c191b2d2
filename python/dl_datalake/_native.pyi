"""The extension: the C library's calls, one method each. Private; the package's classes are the interface.

Names of options are those of the C headers. Times are whole epoch milliseconds (int), half open. Every method releases the GIL, may be called by several
threads at once, stops on Ctrl-C where it lasts, and raises the exceptions of `dl_datalake.errors`. Results come as dicts (the C result struct,
strings as str, without `size`) and tables as `Stream`.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol, final

from typing_extensions import CapsuleType

class ArrowStreamable(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...

# report(rows, bytes, bytes_total); what it returns is not looked at, what it raises cancels the call and is raised by it. Called a few times a second.
Progress = Callable[[int, int, int], object]

# In the system's bytes; anything but NUL. os.PathLike of str or bytes, too.
Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

__version__: str
# Of the one table of errors: (name, meaning, exit status, HTTP status, exception class), "ok" left out. The classes are the ones of dl_datalake.errors.
ERRORS: tuple[tuple[str, str, int, int, type[BaseException]], ...]
LakeError: type[Exception]

@final
class Stream:
    """Rows of one kind, in batches, read once. Takes part in the Arrow PyCapsule protocol: `pl.DataFrame(stream)`, `pa.table(stream)`."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def read_all(self) -> Table: ...
    def next(self) -> Table | None:
        """The next batch, None at the end."""
    @property
    def names(self) -> list[str]: ...
    @property
    def interrupted(self) -> bool:
        """Whether a signal's handler raised while somebody else read it: then `error` is what to raise."""
    @property
    def error(self) -> BaseException | None:
        """What stopped it while somebody else read it: KeyboardInterrupt (or what another handler raised), or a LakeError."""
    def close(self) -> None: ...

@final
class Table:
    """Rows in memory, as Arrow arrays that own their memory; the lake may be closed. Exports any number of times, without a copy."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __len__(self) -> int: ...
    @property
    def names(self) -> list[str]: ...
    @property
    def formats(self) -> list[str]:
        """The Arrow format string of each column."""
    @property
    def n_chunks(self) -> int: ...
    @property
    def n_bytes(self) -> int: ...
    def column(self, name: str, chunk: int = 0) -> Column: ...
    def to_pylist(self) -> list[dict[str, Any]]:
        """A dict a row: int, float, bool, str, bytes, None; times as int in the column's unit."""
    def value(self, name: str, row: int) -> Any: ...

@final
class Column:
    """One chunk of a column. NumPy takes those of numbers and times without a copy by `__array_interface__`, and keeps the memory alive."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """AttributeError for text, booleans, and columns with nulls that have no not-a-number; see `null_count`."""
    @property
    def null_count(self) -> int: ...
    def __len__(self) -> int: ...
    def to_pylist(self) -> list[Any]: ...

@final
class Scan:
    """A resolved read: its files are of one snapshot."""

    @property
    def dataset(self) -> tuple[str, str, str, str, str]: ...
    @property
    def is_chosen(self) -> bool: ...
    @property
    def note(self) -> str: ...
    @property
    def n_rows(self) -> int:
        """-1 where that is not known beforehand."""
    @property
    def incomplete(self) -> tuple[int, int]:
        """Of the rows given so far: bars that lack source bars, bars that say of how many they are made."""
    def read_all(self) -> Table: ...
    def next(self) -> Table | None: ...
    def stream(self) -> Stream:
        """Hands the scan over to a stream."""
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    @property
    def names(self) -> list[str]: ...
    @property
    def interrupted(self) -> bool:
        """As of Stream; it stays with the scan when a stream of it was handed over."""
    @property
    def error(self) -> BaseException | None: ...
    def close(self) -> None: ...

@final
class Lake:
    """An open lake. Strings are names as a person gives them; None takes the default. Not usable in a process that was forked after it was opened."""

    def __init__(
        self,
        data_root: Path | None = None,
        db_path: Path | None = None,
        *,
        create: bool = False,
        n_threads: int = 0,
        memory_bytes: int = 0,
        config_path: Path | None = None,
    ) -> None: ...
    @property
    def was_created(self) -> bool: ...
    @property
    def recovery_report(self) -> str: ...
    def close(self) -> None:
        """What still streams keeps what it needs; the lake itself is closed when the last stream is."""
    def scan(
        self,
        exchange: str,
        symbol: str | Sequence[str],
        *,
        market: str | None = None,
        type: str | None = None,
        period: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        columns: Sequence[str] | None = None,
        limit: int = 0,
        tail: int = 0,
        batch_rows: int = 0,
        as_of: int = 0,
        fill: str | None = None,  # "none", "null", "previous", "zero-volume"
        complete: bool = False,
        offset: str | None = None,
        origin: str | None = None,
    ) -> Scan:
        """A sequence of symbols: lake_scan_open_many."""
    def put(
        self,
        rows: ArrowStreamable,
        *,
        exchange: str,
        symbol: str,
        market: str | None = None,
        type: str | None = None,
        period: str | None = None,
        is_partial: bool = False,
        is_unsorted: bool = False,
        start_ms: int | None = None,
        end_ms: int | None = None,
        checks: str | None = None,  # "off", "warn", "reject"
        source: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Any]: ...
    def adopt(
        self,
        path: Path,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        sha256: str | None = None,
    ) -> dict[str, Any]: ...
    def put_features(
        self,
        rows: ArrowStreamable,
        *,
        exchange: str,
        symbol: str,
        feature_set: str,
        version: str,
        market: str | None = None,
        is_unsorted: bool = False,
        source: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Any]: ...
    def list_features(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        feature_set: str | None = None,
    ) -> Stream: ...
    def register_type(
        self,
        name: str,
        columns: Sequence[tuple[str, str, str | None, bool, bool]],  # name, kind, unit, is_required, is_nullable
        key: Sequence[str],
        *,
        what: str | None = None,
        has_period: bool = False,
    ) -> None: ...
    def list_types(self) -> Stream: ...
    def ingest(
        self,
        sources: Sequence[Path],
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        columns: Sequence[str] | None = None,
        separator: str | None = None,
        header: str | None = None,
        decimal: str | None = None,
        time_format: str | None = None,
        time_zone: str | None = None,
        stamp: str | None = None,
        rejects_path: Path | None = None,
        max_rejects: int = 0,
        checks: str | None = None,
        dry_run: bool = False,
        restart: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """As lake_ingest; `dataset` is a tuple of five names, `findings` and `checks` are lists of dicts, `sample` a Table or None."""
    def list_datasets(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        as_of: int = 0,
        limit: int = 0,
        after: str | None = None,
    ) -> Stream: ...
    def list_files(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        as_of: int = 0,
        limit: int = 0,
        after: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> Stream: ...
    def delete(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> dict[str, Any]: ...
    def undo(self, *, snapshot: int = 0, dry_run: bool = False, progress: Progress | None = None) -> dict[str, Any]: ...
    def aggregate(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        periods: Sequence[str] | None = None,
        source: str | None = None,  # struct lake_recipe's from
        offset: str | None = None,
        origin: str | None = None,
        columns: Sequence[str] | None = None,
        anew: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> tuple[dict[str, Any], Table]: ...
    def gaps(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        reason: str | None = None,
        min_bars: int = 0,
        as_of: int = 0,
        limit: int = 0,
    ) -> tuple[dict[str, Any], Stream]:
        """by_reason is a list of dicts."""
    def coverage(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        as_of: int = 0,
    ) -> Stream: ...
    def explain(
        self,
        exchange: str,
        symbol: str,
        ts_ms: int,
        *,
        market: str | None = None,
        type: str | None = None,
        period: str | None = None,
    ) -> Stream: ...
    def verify(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        full: bool = False,
        repair: bool = False,
        progress: Progress | None = None,
    ) -> tuple[dict[str, Any], Table]: ...
    def check_bars(
        self,
        *,
        exchange: str | None = None,
        market: str | None = None,
        symbol: str | None = None,
        type: str | None = None,
        period: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        most_rows: int = 0,
        progress: Progress | None = None,
    ) -> tuple[dict[str, Any], Table]: ...
    def maintain(
        self,
        *,
        compact: bool = False,
        expire: bool = False,
        gc: bool = False,
        optimize: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> tuple[dict[str, Any], Table]: ...
    def backup(self, directory: Path, *, progress: Progress | None = None) -> dict[str, Any]: ...
    def log(self, *, limit: int = 0, before: int = 0) -> Stream: ...
    def find_snapshot(self, text: str) -> int: ...
    def name_snapshot(self, name: str, snapshot: int) -> None: ...

def parse_time(text: str, is_end: bool = False) -> int: ...
def check_type(
    name: str,
    columns: Sequence[tuple[str, str, str | None, bool, bool]],
    key: Sequence[str],
    *,
    what: str | None = None,
    has_period: bool = False,
) -> None: ...
def parse_period(period: str, ms: int = 0) -> tuple[int, int, int]:
    """Its length, 0 where none is fixed; start and end of the partition that holds the instant."""

def find_location(directory: Path = ".") -> tuple[str, str, str]:
    """data root, manifest and dl.toml as the file found upward says; "" where it says nothing."""
