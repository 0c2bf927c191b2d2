"""Fixtures of the tests with other readers and writers of Arrow and Parquet.

LAKE_BRIDGE names the shared library made of bridge.c, LAKE_SHARED the directory of real data (default ../shared).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

ERROR_BYTES = 1024
DOUBLES = {"fast": 0, "plain": 1}
COMPRESSIONS = {"snappy": 0, "none": 1}


class ArrowArrayStream(ctypes.Structure):
    """struct ArrowArrayStream of the Arrow C stream interface."""

    _fields_ = [
        (name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")
    ]

    def is_released(self) -> bool:
        return not self.release


class ParquetOptions(ctypes.Structure):
    """struct bridge_parquet_options of bridge.h."""

    _fields_ = [
        ("doubles", ctypes.c_int),
        ("compression", ctypes.c_int),
        ("page_rows", ctypes.c_int64),
        ("page_ends", ctypes.POINTER(ctypes.c_int64)),
        ("n_page_ends", ctypes.c_size_t),
    ]


# place and name of a member, and a piece of its bytes
PIECE = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class BridgeError(Exception):
    """A failure of ours: `status` is the lake_status, the text its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Bridge:
    """The functions of bridge.h on what pyarrow calls a RecordBatchReader, or anything that makes one."""

    # lake_status
    INVALID_ARGUMENT, NOT_FOUND, INVALID_DATA, CORRUPT, UNSUPPORTED, NO_MEMORY = 1, 3, 5, 6, 7, 10

    def __init__(self, path: str) -> None:
        stream, text, size = ctypes.POINTER(ArrowArrayStream), ctypes.c_char_p, ctypes.c_size_t
        self.library = ctypes.CDLL(path)
        self.library.bridge_roundtrip.argtypes = [stream, stream, text, size]
        self.library.bridge_parquet_read.argtypes = [text, text, stream, text, size]
        options = ctypes.POINTER(ParquetOptions)
        self.library.bridge_parquet_write.argtypes = [text, stream, options, text, size]
        self.library.bridge_source_read.argtypes = [text, PIECE, text, text, size]
        self.library.bridge_parquet_rows.argtypes = [text, text, stream, text, size]

    def _call(self, name: str, *arguments: Any) -> None:
        error = ctypes.create_string_buffer(ERROR_BYTES)
        status = getattr(self.library, name)(*arguments, error, ERROR_BYTES)
        if status != 0:
            raise BridgeError(status, error.value.decode())

    def roundtrip_stream(self, into: ArrowArrayStream) -> ArrowArrayStream:
        """Through our batches; takes the stream over. Errors of its batches come when the result is read."""
        out = ArrowArrayStream()
        self._call("bridge_roundtrip", ctypes.byref(into), ctypes.byref(out))
        return out

    def roundtrip(self, source: Any) -> pa.Table:
        """A table, batch or reader through our batches; checked in full."""
        stream = self.roundtrip_stream(export_stream(source))
        return read_stream(stream)

    def parquet_read(self, path: str | os.PathLike[str], columns: list[str] | None = None) -> pa.Table:
        out = ArrowArrayStream()
        names = None if columns is None else ",".join(columns).encode()
        self._call("bridge_parquet_read", os.fsencode(path), names, ctypes.byref(out))
        return read_stream(out)

    def parquet_write(
        self,
        path: str | os.PathLike[str],
        source: Any,
        doubles: str = "fast",
        compression: str = "snappy",
        page_rows: int = 0,
        page_ends: Sequence[int] = (),
    ) -> None:
        """One row group for each batch of the source."""
        into = export_stream(source)
        ends = (ctypes.c_int64 * len(page_ends))(*page_ends)
        options = ParquetOptions(DOUBLES[doubles], COMPRESSIONS[compression], page_rows, ends, len(page_ends))
        self._call("bridge_parquet_write", os.fsencode(path), ctypes.byref(into), ctypes.byref(options))

    def source_read(self, path: str | os.PathLike[str]) -> tuple[dict[str, bytes], bytes]:
        """The members of a source by their places, and the digest of the file."""
        members: dict[str, bytearray] = {}

        def take(place: bytes, _name: bytes, piece: Any, n: int) -> None:
            members.setdefault(place.decode(), bytearray()).extend(ctypes.string_at(piece, n) if n > 0 else b"")

        digest = ctypes.create_string_buffer(32)
        self._call("bridge_source_read", os.fsencode(path), PIECE(take), digest)
        return {place: bytes(content) for place, content in members.items()}, digest.raw

    def parquet_rows(self, path: str | os.PathLike[str], columns: str | None = None) -> pa.Table:
        """The rows of a Parquet file as ingest takes them."""
        out = ArrowArrayStream()
        self._call(
            "bridge_parquet_rows", os.fsencode(path), None if columns is None else columns.encode(), ctypes.byref(out)
        )
        return read_stream(out)


def export_stream(source: Any) -> ArrowArrayStream:
    """The C stream of a table, a batch or a reader of pyarrow."""
    if isinstance(source, pa.RecordBatch):
        source = pa.RecordBatchReader.from_batches(source.schema, [source])
    if isinstance(source, pa.Table):
        source = source.to_reader()
    stream = ArrowArrayStream()
    source._export_to_c(ctypes.addressof(stream))
    return stream


def read_stream(stream: ArrowArrayStream) -> pa.Table:
    reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))
    table = reader.read_all()
    table.validate(full=True)
    return table


@pytest.fixture(scope="session")
def bridge() -> Bridge:
    path = os.environ.get("LAKE_BRIDGE")
    if not path:
        pytest.skip("LAKE_BRIDGE does not name the library made of tests/interop/bridge.c")
    return Bridge(path)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    root = os.environ.get("LAKE_SHARED") or Path(__file__).parents[2] / "../shared"
    data = Path(root).resolve() / "data"
    if not data.is_dir():
        pytest.skip(f"there is no real data at {data}")
    return data
