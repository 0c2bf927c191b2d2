"""The data lake's C library, called in process through ctypes: as much of the public API as the bench uses."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    byref,
    c_bool,
    c_char,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
)
from pathlib import Path

import pyarrow as pa


class Error(Structure):
    _fields_ = [("status", c_int), ("message", c_char * 1024)]


class Options(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("data_root", c_char_p),
        ("db_path", c_char_p),
        ("create", c_bool),
        ("n_threads", c_uint32),
        ("memory_bytes", c_uint64),
        ("config_path", c_char_p),
    ]


class Selection(Structure):
    _fields_ = [(name, c_char_p) for name in ("exchange", "market", "symbol", "type", "period")]


class ScanOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("dataset", Selection),
        ("has_start", c_bool),
        ("has_end", c_bool),
        ("start_ms", c_int64),
        ("end_ms", c_int64),
        ("columns", POINTER(c_char_p)),
        ("n_columns", c_size_t),
        ("limit", c_int64),
        ("tail", c_int64),
        ("batch_rows", c_int64),
        ("as_of", c_int64),
        ("fill", c_int),
        ("complete", c_bool),
        ("offset", c_char_p),
        ("origin", c_char_p),
    ]


class Progress(Structure):
    _fields_ = [("report", c_void_p), ("context", c_void_p)]


class IngestOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("sources", POINTER(c_char_p)),
        ("n_sources", c_size_t),
        ("dataset", Selection),
        ("progress", Progress),
        ("columns", POINTER(c_char_p)),
        ("n_columns", c_size_t),
        *((name, c_char_p) for name in ("separator", "header", "decimal", "time_format", "time_zone", "stamp")),
        ("rejects_path", c_char_p),
        ("max_rejects", c_int64),
        ("checks", c_int),
        ("dry_run", c_bool),
        ("restart", c_bool),
    ]


class ArrowArrayStream(Structure):
    _fields_ = [(name, c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]


class ArrowArray(Structure):
    _fields_ = [
        *((name, c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
        *((name, c_void_p) for name in ("buffers", "children", "dictionary")),
        ("release", CFUNCTYPE(None, c_void_p)),
        ("private_data", c_void_p),
    ]


class IngestResult(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("dataset", Selection),
        *((name, c_int64) for name in ("rows_read", "rows_new", "rows_changed", "rows_equal", "rows_rejected")),
        *((name, c_int64) for name in ("rows_other", "first_ms", "last_ms", "bars_missing", "gaps")),
        *((name, c_int64) for name in ("days_changed", "files_written", "bytes_written", "source_bytes")),
        ("snapshot", c_int64),
        ("rows_resumed", c_int64),
        ("ignored_columns", c_char_p),
        ("findings", c_void_p),
        ("n_findings", c_size_t),
        ("checks", c_void_p),
        ("n_checks", c_size_t),
        ("sample", ArrowArrayStream),
        ("can_resume", c_bool),
    ]


class MaintainOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("selection", Selection),
        *((name, c_bool) for name in ("compact", "expire", "gc", "optimize", "dry_run")),
        ("progress", Progress),
    ]


class MaintainResult(Structure):
    _fields_ = [
        ("size", c_size_t),
        *((name, c_int64) for name in ("files_compacted", "files_made", "bytes_compacted", "bytes_made")),
        *((name, c_int64) for name in ("files_expired", "bytes_expired", "orphans_removed", "orphan_bytes")),
        *((name, c_int64) for name in ("operations_pruned", "manifest_bytes_before", "manifest_bytes_after")),
    ]


class Recipe(Structure):
    _fields_ = [
        *((name, c_char_p) for name in ("source", "offset", "origin")),
        ("columns", POINTER(c_char_p)),
        ("n_columns", c_size_t),
    ]


class AggregateOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("dataset", Selection),
        ("periods", POINTER(c_char_p)),
        ("n_periods", c_size_t),
        ("recipe", Recipe),
        ("anew", c_bool),
        ("dry_run", c_bool),
        ("progress", Progress),
    ]


class AggregateResult(Structure):
    _fields_ = [
        ("size", c_size_t),
        *((name, c_int64) for name in ("n_datasets", "n_current", "source_rows", "rows_written", "rows_removed")),
        *((name, c_int64) for name in ("days_changed", "files_written", "bytes_written", "n_commits", "snapshot")),
    ]


class LakeError(Exception):
    """What the library answered instead of a result."""


class Library:
    """The shared library with the types of the functions that are called."""

    def __init__(self, path: Path) -> None:
        self._c = ctypes.CDLL(str(path.resolve()))
        self._c.lake_version.restype = c_char_p
        self._c.lake_close.argtypes = [c_void_p]
        self._c.lake_close.restype = None
        self._c.lake_open.argtypes = [c_void_p, c_void_p, c_void_p]
        self._c.lake_ingest.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p]
        self._c.lake_aggregate.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]
        self._c.lake_maintain.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_void_p]
        self._c.lake_scan_open.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p]
        self._c.lake_scan_next.argtypes = [c_void_p, c_void_p, c_void_p]
        self._c.lake_scan_take_stream.argtypes = [c_void_p, c_void_p, c_void_p]
        self._c.lake_scan_close.argtypes = [c_void_p]
        self._c.lake_scan_close.restype = None

    def version(self) -> str:
        return self._c.lake_version().decode()

    def call(self, function: str, *arguments: object) -> None:
        """Calls a function that takes a struct lake_error last."""
        error = Error()
        if getattr(self._c, function)(*arguments, byref(error)) != 0:
            raise LakeError(error.message.decode())

    def close(self, lake: c_void_p) -> None:
        self._c.lake_close(lake)

    def close_scan(self, scan: c_void_p) -> None:
        self._c.lake_scan_close(scan)


class Lake:
    """An open lake under a directory; made where there is none."""

    def __init__(self, library: Library, directory: Path) -> None:
        self._library = library
        self._lake = c_void_p()
        options = Options(
            size=sizeof(Options),
            data_root=str(directory / "data").encode(),
            db_path=str(directory / "manifest.db").encode(),
            create=True,
            config_path=b"",
        )
        library.call("lake_open", byref(options), byref(self._lake))

    def __enter__(self) -> Lake:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.close(self._lake)

    def ingest(self, sources: Sequence[Path], exchange: str, symbol: str) -> IngestResult:
        paths = (c_char_p * len(sources))(*(str(source).encode() for source in sources))
        options = IngestOptions(
            size=sizeof(IngestOptions),
            sources=paths,
            n_sources=len(sources),
            dataset=Selection(exchange=exchange.encode(), symbol=symbol.encode()),
        )
        result = IngestResult(size=sizeof(IngestResult))
        self._library.call("lake_ingest", self._lake, byref(options), byref(result))
        return result

    def compact(self) -> MaintainResult:
        """Rolls the day files of closed months into month files."""
        options = MaintainOptions(size=sizeof(MaintainOptions), compact=True)
        result = MaintainResult(size=sizeof(MaintainResult))
        stream = ArrowArrayStream()
        self._library.call("lake_maintain", self._lake, byref(options), byref(result), byref(stream))
        pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)).close()
        return result

    def aggregate(self, symbol: str, periods: Sequence[str], source: str | None = None) -> AggregateResult:
        """Brings derived bars of these periods up to date; from 1m bars unless said."""
        options = AggregateOptions(
            size=sizeof(AggregateOptions),
            dataset=Selection(symbol=symbol.encode()),
            periods=(c_char_p * len(periods))(*(period.encode() for period in periods)),
            n_periods=len(periods),
            recipe=Recipe(source=source.encode() if source else None),
        )
        result = AggregateResult(size=sizeof(AggregateResult))
        stream = ArrowArrayStream()
        self._library.call("lake_aggregate", self._lake, byref(options), byref(result), byref(stream))
        pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)).close()
        return result

    def _scan_options(self, selection: Selection, start_ms: int, end_ms: int) -> ScanOptions:
        return ScanOptions(
            size=sizeof(ScanOptions),
            dataset=selection,
            has_start=True,
            has_end=True,
            start_ms=start_ms,
            end_ms=end_ms,
        )

    def scan(self, exchange: str, symbol: str, start_ms: int, end_ms: int) -> int:
        """What a C program does: opens a scan, takes its batches and releases them. Returns the number of rows."""
        options = self._scan_options(Selection(exchange=exchange.encode(), symbol=symbol.encode()), start_ms, end_ms)
        scan, array, n_rows = c_void_p(), ArrowArray(), 0
        self._library.call("lake_scan_open", self._lake, byref(options), byref(scan))
        while True:
            self._library.call("lake_scan_next", scan, byref(array))
            if not array.release:
                break
            n_rows += array.length
            array.release(byref(array))
        self._library.close_scan(scan)
        return n_rows

    def read(
        self,
        exchange: str,
        symbol: str,
        start_ms: int,
        end_ms: int,
        data_type: str | None = None,
        period: str | None = None,
    ) -> pa.Table:
        """The rows of [start, end) as one Arrow table, over the C stream interface."""
        selection = Selection(
            exchange=exchange.encode(),
            symbol=symbol.encode(),
            type=data_type.encode() if data_type else None,
            period=period.encode() if period else None,
        )
        options = self._scan_options(selection, start_ms, end_ms)
        scan = c_void_p()
        stream = ArrowArrayStream()
        self._library.call("lake_scan_open", self._lake, byref(options), byref(scan))
        self._library.call("lake_scan_take_stream", scan, byref(stream))
        return pa.RecordBatchReader._import_from_c(ctypes.addressof(stream)).read_all()
