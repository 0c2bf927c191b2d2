"""Batches through the Arrow C data and stream interfaces, checked by pyarrow, nanoarrow, Polars and DuckDB."""

from __future__ import annotations

import ctypes
import gc
import math
from collections.abc import Iterator
from typing import Any

import duckdb
import nanoarrow as na
import polars as pl
import pyarrow as pa
import pytest
from conftest import ArrowArrayStream, Bridge, BridgeError, export_stream, read_stream
from hypothesis import given, settings
from hypothesis import strategies as st

UTC_MS, UTC_US, UTC_NS = (pa.timestamp(unit, "UTC") for unit in ("ms", "us", "ns"))
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

# A few values of each type that is taken, the extremes among them.
VALUES: dict[pa.DataType, list[Any]] = {
    pa.bool_(): [True, False, False, True, True],
    pa.int32(): [0, 1, -1, -(2**31), 2**31 - 1],
    pa.int64(): [0, 1, -1, INT64_MIN, INT64_MAX],
    pa.float32(): [0.0, -0.0, 0.1, math.inf, math.nan],
    pa.float64(): [0.0, -0.0, 16537.5, -math.inf, math.nan, 5e-324, 1.7976931348623157e308],
    UTC_MS: [0, 1680341400000, -1, INT64_MIN, INT64_MAX],
    UTC_US: [0, 1680341400000000, -1, INT64_MIN, INT64_MAX],
    UTC_NS: [0, 1680341400000000000, -1, INT64_MIN, INT64_MAX],
    pa.string(): ["", "buy", "sell", "é€😀", "x" * 1000],
    pa.binary(): [b"", b"\x00", b"\xff\xfe", b"y" * 1000],
    pa.binary(5): [b"12345", b"\x00" * 5, b"\xff" * 5],
}
LENGTHS = [0, 1, 7, 8, 9, 64, 1000]


def make_array(kind: pa.DataType, length: int, nulls: str) -> pa.Array:
    """`length` values of the type, of which none, some or all are null."""
    values = VALUES[kind]
    present = {"none": lambda i: True, "some": lambda i: i % 3 != 1, "all": lambda i: False}[nulls]
    return pa.array([values[i % len(values)] if present(i) else None for i in range(length)], kind)


def make_table(length: int, nulls: str) -> pa.Table:
    return pa.table({f"c{i} {kind}": make_array(kind, length, nulls) for i, kind in enumerate(VALUES)})


def assert_same(ours: pa.Table, theirs: pa.Table) -> None:
    """Equal in every value, floating point to the bit."""
    assert ours.schema.names == theirs.schema.names
    assert ours.num_rows == theirs.num_rows
    for name in ours.schema.names:
        left, right = ours[name].combine_chunks(), theirs[name].combine_chunks()
        assert left.type == right.type, name
        if pa.types.is_floating(left.type):
            bits = pa.int32() if left.type == pa.float32() else pa.int64()
            left, right = left.view(bits), right.view(bits)
        assert left.equals(right), name


# ---- there and back ----


@pytest.mark.parametrize("nulls", ["none", "some", "all"])
@pytest.mark.parametrize("length", LENGTHS)
def test_every_type_there_and_back(bridge: Bridge, length: int, nulls: str) -> None:
    table = make_table(length, nulls)
    back = bridge.roundtrip(table)
    assert_same(back, table)
    assert back.schema.equals(table.schema)


@pytest.mark.parametrize("nulls", ["none", "some", "all"])
def test_slices(bridge: Bridge, nulls: str) -> None:
    table = make_table(100, nulls)
    for first in [0, 1, 3, 7, 8, 9, 63, 64, 65, 99, 100]:
        for length in [0, 1, 8, 17, 100]:
            part = table.slice(first, length)
            assert_same(bridge.roundtrip(part), part)


def test_slices_of_struct_arrays(bridge: Bridge) -> None:
    """The offset stands at the table here, not at its columns."""
    table = make_table(50, "some")
    struct = table.to_struct_array().combine_chunks()
    for first in [0, 1, 5, 8, 20]:
        part = pa.RecordBatch.from_struct_array(struct.slice(first, 21))
        assert_same(bridge.roundtrip(part), table.slice(first, 21))


def test_batches_stay_batches(bridge: Bridge) -> None:
    table = make_table(100, "some")
    batches = table.to_batches(max_chunksize=30)
    back = bridge.roundtrip(pa.RecordBatchReader.from_batches(table.schema, batches))
    assert back.column(0).num_chunks == 4
    assert_same(back, table)


def test_no_batches_and_empty_batches(bridge: Bridge) -> None:
    schema = make_table(0, "none").schema
    back = bridge.roundtrip(pa.RecordBatchReader.from_batches(schema, []))
    assert back.num_rows == 0
    assert back.schema.equals(schema)
    empty = make_table(0, "none").to_batches() or [pa.RecordBatch.from_pylist([], schema=schema)]
    full = make_table(5, "some").to_batches()
    assert_same(
        bridge.roundtrip(pa.RecordBatchReader.from_batches(schema, empty + full + empty)), make_table(5, "some")
    )


def test_schema_flags_are_kept_and_metadata_is_left(bridge: Bridge) -> None:
    fields = [
        pa.field("ts", UTC_MS, nullable=False, metadata={"unit": "ms"}),
        pa.field("close", pa.float64(), nullable=True),
        pa.field("", pa.int64(), nullable=False),
        pa.field("név ☃", pa.string(), nullable=True),
    ]
    schema = pa.schema(fields, metadata={"pandas": "{}"})
    back = bridge.roundtrip(pa.table([[1], [2.5], [3], ["x"]], schema=schema))
    assert back.schema.names == ["ts", "close", "", "név ☃"]
    assert [field.nullable for field in back.schema] == [False, True, False, True]
    assert back.schema.metadata is None
    assert back.schema.field("ts").metadata is None


def test_other_zones_are_the_same_instants(bridge: Bridge) -> None:
    values = [0, 1680341400000, -1]
    table = pa.table(
        {zone or "none": pa.array(values, pa.timestamp("ms", zone)) for zone in [None, "UTC", "Asia/Tokyo", "+02:00"]}
    )
    back = bridge.roundtrip(table)
    for column in back.columns:
        assert column.type == UTC_MS
        assert column.cast(pa.int64()).to_pylist() == values


@pytest.mark.parametrize(("wide", "narrow"), [(pa.large_string(), pa.string()), (pa.large_binary(), pa.binary())])
def test_wide_offsets_become_narrow(bridge: Bridge, wide: pa.DataType, narrow: pa.DataType) -> None:
    for nulls in ["none", "some", "all"]:
        table = pa.table({"x": make_array(narrow, 100, nulls)})
        large = table.cast(pa.schema([("x", wide)]))
        assert_same(bridge.roundtrip(large), table)
        assert_same(bridge.roundtrip(large.slice(13, 50)), table.slice(13, 50))


# ---- any table ----


def values_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if kind == pa.bool_():
        return st.booleans()
    if pa.types.is_floating(kind):
        return st.floats(width=32 if kind == pa.float32() else 64)
    if kind == pa.string():
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    if pa.types.is_binary(kind):
        return st.binary(max_size=20)
    if pa.types.is_fixed_size_binary(kind):
        return st.binary(min_size=kind.byte_width, max_size=kind.byte_width)
    bits = 31 if kind == pa.int32() else 63
    return st.integers(-(2**bits), 2**bits - 1)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4))
    n_rows = draw(st.integers(0, 40))
    columns = {}
    for i, kind in enumerate(kinds):
        value = st.none() | values_of(kind) if draw(st.booleans()) else values_of(kind)
        columns[f"c{i}"] = pa.array(draw(st.lists(value, min_size=n_rows, max_size=n_rows)), kind)
    table = pa.table(columns)
    first = draw(st.integers(0, n_rows))
    return table.slice(first, draw(st.integers(0, n_rows - first)))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(table=tables())
def test_any_table_there_and_back(bridge: Bridge, table: pa.Table) -> None:
    assert_same(bridge.roundtrip(table), table)


# ---- what others say of our arrays ----


class OurStream:
    """Our side of a round trip, for whoever takes the Arrow PyCapsule interface."""

    def __init__(self, bridge: Bridge, table: pa.Table) -> None:
        self.stream = bridge.roundtrip_stream(export_stream(table))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.stream), b"arrow_array_stream", None)


def check_with_nanoarrow(array: Any) -> None:
    """nanoarrow's own validation: of the structure (view) and, column by column, of all contents (full)."""
    array.view()
    for column in array.children:
        view = column.view()
        na.c_array_from_buffers(
            column.schema,
            column.length,
            [view.buffer(i) for i in range(view.n_buffers)],
            null_count=column.null_count,
            offset=column.offset,
            validation_level="full",
        )


@pytest.mark.parametrize("nulls", ["none", "some", "all"])
@pytest.mark.parametrize("length", LENGTHS)
def test_nanoarrow_finds_our_arrays_valid(bridge: Bridge, length: int, nulls: str) -> None:
    table = make_table(length, nulls)
    ours = OurStream(bridge, table)
    n_rows = 0
    for array in na.c_array_stream(ours):
        check_with_nanoarrow(array)
        n_rows += array.length
        for column, name in zip(array.children, table.schema.names, strict=True):
            assert column.null_count == table[name].null_count
            assert column.offset == 0
    assert n_rows == length


def test_nanoarrow_would_find_broken_arrays() -> None:
    """The check above can fail."""
    with pytest.raises(Exception, match="element size >= 0"):
        na.c_array_from_buffers(
            na.string(), 2, [None, na.c_buffer([0, 5, 3], na.int32()), b"abcde"], validation_level="full"
        )


def test_polars_takes_our_streams(bridge: Bridge) -> None:
    table = make_table(1000, "some")
    assert pl.DataFrame(OurStream(bridge, table)).equals(pl.DataFrame(table))


def test_duckdb_takes_our_streams(bridge: Bridge) -> None:
    table = make_table(1000, "some").select([0, 1, 2, 4, 8])
    ours = pa.RecordBatchReader.from_stream(OurStream(bridge, table))
    names = ["flag", "small", "large", "close", "side"]
    with duckdb.connect() as connection:
        relation = connection.from_arrow(ours).project(", ".join(f"#{i + 1} AS {name}" for i, name in enumerate(names)))
        counts = relation.aggregate(", ".join(f"count({name})" for name in names)).fetchone()
    assert counts == tuple(1000 - column.null_count for column in table.columns)


# ---- what is refused ----

REFUSED: list[tuple[pa.Array, str]] = [
    (pa.array([[1], [2]]), "list"),
    (pa.array([[1], [2]], pa.large_list(pa.int64())), "large list"),
    (pa.array([[1], [2]], pa.list_(pa.int64(), 1)), "fixed-size list"),
    (pa.array([{"a": 1}]), "struct"),
    (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "map"),
    (pa.array(["a", "b"]).dictionary_encode(), "dictionary"),
    (pa.array([1, 2], pa.decimal128(10, 2)), "decimal"),
    (pa.array([1, 2], pa.decimal256(40, 2)), "decimal"),
    (pa.nulls(3), "null"),
    (pa.array([1], pa.int8()), "int8"),
    (pa.array([1], pa.uint64()), "uint64"),
    (pa.array([1.0], pa.float16()), "half float"),
    (pa.array([1], pa.date32()), "date"),
    (pa.array([1], pa.time64("us")), "time of day"),
    (pa.array([1], pa.duration("ms")), "duration"),
    (pa.array([1], pa.timestamp("s")), r"timestamp\[s\]"),
    (pa.array(["a"], pa.string_view()), "string view"),
    (pa.RunEndEncodedArray.from_arrays([2], [1]), "run-end encoded"),
]


@pytest.mark.parametrize(("array", "word"), REFUSED, ids=[word for _, word in REFUSED])
def test_other_types_are_refused_by_name(bridge: Bridge, array: pa.Array, word: str) -> None:
    table = pa.table({"ts": pa.nulls(len(array), pa.int64()), "the column": array})
    with pytest.raises(BridgeError, match=f"'the column' is .*{word}") as caught:
        bridge.roundtrip(table)
    assert caught.value.status == Bridge.UNSUPPORTED


def test_names_taken_twice_are_refused(bridge: Bridge) -> None:
    with pytest.raises(BridgeError, match="two columns 'x'"):
        bridge.roundtrip(pa.table([[1], [2]], names=["x", "x"]))


def test_nulls_against_the_schema_are_refused(bridge: Bridge) -> None:
    schema = pa.schema([pa.field("x", pa.int64(), nullable=False)])
    with pytest.raises((OSError, pa.ArrowException), match="'x' has 1 nulls"):
        bridge.roundtrip(pa.record_batch([pa.array([1, None])], schema=schema))


# ---- who releases what ----


class ArrowArray(ctypes.Structure):
    _fields_ = [
        *[(name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")],
        *[(name, ctypes.c_void_p) for name in ("buffers", "children", "dictionary", "release", "private_data")],
    ]


RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
GET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.c_void_p)
GET_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(ArrowArrayStream))


class CountedStream:
    """A stream made here that counts how often it and each of its arrays is released. Fails when it runs out, if told."""

    def __init__(self, batches: list[pa.RecordBatch], failure: bytes | None = None) -> None:
        self.batches = iter(batches)
        self.failure = None if failure is None else ctypes.create_string_buffer(failure)
        self.schema = batches[0].schema
        self.n_given, self.n_arrays_released, self.n_released = 0, 0, 0
        self.callbacks: list[Any] = [
            GET(self._get_schema),
            GET(self._get_next),
            GET_ERROR(lambda _: self.failure and ctypes.addressof(self.failure)),
            RELEASE_STREAM(self._release),
        ]
        self.stream = ArrowArrayStream(*[ctypes.cast(callback, ctypes.c_void_p) for callback in self.callbacks], None)

    def _get_schema(self, _: Any, out: int) -> int:
        self.schema._export_to_c(out)
        return 0

    def _get_next(self, _: Any, out: int) -> int:
        array = ArrowArray.from_address(out)
        batch = next(self.batches, None)
        if batch is None:
            array.release = None
            return 5 if self.failure else 0
        batch._export_to_c(out)
        original = array.release

        def release(pointer: Any) -> None:
            self.n_arrays_released += 1
            pointer.contents.release = original
            RELEASE_ARRAY(original)(pointer)

        callback = RELEASE_ARRAY(release)
        self.callbacks.append(callback)
        array.release = ctypes.cast(callback, ctypes.c_void_p)
        self.n_given += 1
        return 0

    def _release(self, pointer: Any) -> None:
        self.n_released += 1
        pointer.contents.release = None


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """pyarrow has as much memory afterwards as before."""
    gc.collect()
    before = pa.total_allocated_bytes()
    yield
    gc.collect()
    assert pa.total_allocated_bytes() == before


@pytest.mark.usefixtures("no_leaks")
def test_everything_is_released_once(bridge: Bridge) -> None:
    counted = CountedStream(make_table(100, "some").to_batches(max_chunksize=10))
    ours = bridge.roundtrip_stream(counted.stream)
    assert counted.stream.is_released()
    table = read_stream(ours)
    assert (counted.n_given, counted.n_arrays_released, counted.n_released) == (10, 0, 1)
    part = table.slice(35, 3)
    del table
    gc.collect()
    assert counted.n_arrays_released < 10  # the slice keeps its batch
    assert part.num_rows == 3
    del part
    gc.collect()
    assert counted.n_arrays_released == 10


@pytest.mark.usefixtures("no_leaks")
def test_a_column_keeps_its_batch(bridge: Bridge) -> None:
    counted = CountedStream(make_table(20, "some").to_batches())
    column = read_stream(bridge.roundtrip_stream(counted.stream)).column(4)
    gc.collect()
    assert counted.n_arrays_released == 0
    assert column.null_count == 7
    del column
    gc.collect()
    assert counted.n_arrays_released == 1


@pytest.mark.usefixtures("no_leaks")
def test_a_stream_left_half_way_is_released(bridge: Bridge) -> None:
    counted = CountedStream(make_table(100, "some").to_batches(max_chunksize=10))
    ours = bridge.roundtrip_stream(counted.stream)
    reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(ours))
    batch = reader.read_next_batch()
    del reader
    gc.collect()
    assert (counted.n_given, counted.n_arrays_released, counted.n_released) == (1, 0, 1)
    del batch
    gc.collect()
    assert counted.n_arrays_released == 1


@pytest.mark.usefixtures("no_leaks")
def test_a_refused_stream_is_released(bridge: Bridge) -> None:
    counted = CountedStream([pa.record_batch([pa.array([[1]])], names=["x"])])
    with pytest.raises(BridgeError, match="list"):
        bridge.roundtrip_stream(counted.stream)
    assert (counted.n_given, counted.n_released) == (0, 1)
    assert counted.stream.is_released()


@pytest.mark.usefixtures("no_leaks")
def test_a_refused_array_is_released(bridge: Bridge) -> None:
    schema = pa.schema([pa.field("x", pa.int64(), nullable=False)])
    counted = CountedStream([pa.record_batch([pa.array([1, None])], schema=schema)])
    ours = bridge.roundtrip_stream(counted.stream)
    with pytest.raises((OSError, pa.ArrowException), match="'x' has 1 nulls"):
        read_stream(ours)
    gc.collect()
    assert (counted.n_given, counted.n_arrays_released, counted.n_released) == (1, 1, 1)


def test_errors_of_the_source_arrive_with_their_text(bridge: Bridge) -> None:
    counted = CountedStream(make_table(10, "none").to_batches(), failure=b"the disk is on fire")
    ours = bridge.roundtrip_stream(counted.stream)
    with pytest.raises((OSError, pa.ArrowException), match="the disk is on fire"):
        read_stream(ours)
    assert counted.n_released == 1
