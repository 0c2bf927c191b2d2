"""Files of our Parquet writer, read by pyarrow, DuckDB, Polars and by us: equal to the bit, with the statistics they claim."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Bridge, BridgeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GOLDEN = Path(__file__).parents[1] / "golden"
UTC_MS, UTC_US, UTC_NS = (pa.timestamp(unit, "UTC") for unit in ("ms", "us", "ns"))
SCHEMA = pa.schema(
    [
        pa.field("ts", UTC_MS, nullable=False),
        pa.field("us", UTC_US),
        pa.field("ns", UTC_NS),
        pa.field("flag", pa.bool_()),
        pa.field("narrow", pa.int32()),
        pa.field("wide", pa.int64()),
        pa.field("ratio", pa.float32()),
        pa.field("close", pa.float64()),
        pa.field("open", pa.float64(), nullable=False),
        pa.field("side", pa.utf8()),
        pa.field("id", pa.utf8(), nullable=False),
        pa.field("raw", pa.binary()),
        pa.field("key", pa.binary(5)),
    ]
)
# The tests write one path again and again, which its cache of files does not notice.
DUCKDB = duckdb.connect(config={"enable_external_file_cache": False})


def read_pyarrow(path: Path) -> pa.Table:
    return pq.read_table(path, page_checksum_verification=True, use_threads=False)


def read_polars(path: Path) -> pa.Table:
    return pl.read_parquet(path, use_statistics=True).to_arrow()


def read_duckdb(path: Path) -> pa.Table:
    return DUCKDB.execute("select * from read_parquet(?)", [str(path)]).to_arrow_table()


def as_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The same columns in the types of `schema`, where they only differ in how they are held."""
    return pa.table([table.column(field.name).cast(field.type) for field in schema], schema=schema)


def bits(column: pa.ChunkedArray) -> list[Any]:
    """Values that are equal when the bits are: NaN is itself, and -0.0 is not 0.0."""
    kinds = {pa.float32(): "<f", pa.float64(): "<d"}
    values = column.cast(pa.int64()).to_pylist() if pa.types.is_timestamp(column.type) else column.to_pylist()
    if column.type not in kinds:
        return values
    # Nulls are masked: NaN payloads go through numpy unchanged.
    array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    width = np.uint32 if column.type == pa.float32() else np.uint64
    raw = np.asarray(array.fill_null(0)).view(width).tolist()
    return [bit if valid else None for bit, valid in zip(raw, array.is_valid().to_pylist(), strict=True)]


def assert_same(got: pa.Table, wanted: pa.Table, who: str) -> None:
    assert got.num_rows == wanted.num_rows, who
    assert got.column_names == wanted.column_names, who
    for name in wanted.column_names:
        assert bits(got.column(name)) == bits(wanted.column(name)), f"{who}: {name}"


def assert_read_by_all(bridge: Bridge, path: Path, wanted: pa.Table) -> None:
    got = read_pyarrow(path)
    assert got.schema.equals(wanted.schema), got.schema
    assert_same(got, wanted, "pyarrow")
    assert_same(as_schema(bridge.parquet_read(path), wanted.schema), wanted, "ours")
    assert_same(as_schema(read_polars(path), wanted.schema), wanted, "polars")
    # DuckDB has no type for UTC in nanoseconds and cuts these columns to microseconds.
    whole = wanted.select([field.name for field in wanted.schema if field.type != UTC_NS])
    if whole.num_columns > 0:
        assert_same(as_schema(read_duckdb(path), whole.schema), whole, "duckdb")


# --- tables ---

INSTANTS_MS = st.integers(-62135596800000, 253402300799999)
INSTANTS_US = st.integers(-62135596800000000, 253402300799999999)
INSTANTS_NS = st.integers(-(2**63) + 1, 2**63 - 1)
TEXTS = st.one_of(
    st.sampled_from(["", "buy", "sell"]),
    st.text(st.characters(codec="utf-8"), max_size=90),
    st.integers(60, 300).map(lambda n: "\U0010ffff" * n),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ts": INSTANTS_MS,
    "us": INSTANTS_US,
    "ns": INSTANTS_NS,
    "flag": st.booleans(),
    "narrow": st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(0, 3)),
    "wide": st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 3)),
    "ratio": st.floats(width=32),
    "close": st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 0.5, math.nan, math.inf, -math.inf, 5e-324])),
    "open": st.one_of(st.floats(), st.sampled_from([0.1, 0.2])),
    "side": TEXTS,
    "id": TEXTS,
    "raw": st.binary(max_size=90),
    "key": st.binary(min_size=5, max_size=5),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A few columns; some values drawn, the rest repeats of them, so that long columns stay cheap to draw."""
    names = draw(st.lists(st.sampled_from(SCHEMA.names), min_size=1, max_size=4, unique=True))
    n_rows = draw(st.one_of(st.integers(0, 12), st.sampled_from([63, 64, 65, 127, 128, 129, 500, 1440])))
    columns = []
    for name in names:
        field = SCHEMA.field(name)
        strategy = st.one_of(st.none(), VALUES[name]) if field.nullable else VALUES[name]
        pool = draw(st.lists(strategy, min_size=1, max_size=12))
        order = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, len(pool), n_rows)
        columns.append(pa.array([pool[i] for i in order], field.type))
    return pa.table(columns, schema=pa.schema([SCHEMA.field(name) for name in names]))


def write(bridge: Bridge, path: Path, table: pa.Table, group_rows: int | None = None, **options: Any) -> None:
    path.unlink(missing_ok=True)
    batches = table.to_batches(max_chunksize=group_rows)
    bridge.parquet_write(path, pa.RecordBatchReader.from_batches(table.schema, batches), **options)


OPTIONS = st.fixed_dictionaries(
    {
        "doubles": st.sampled_from(["fast", "plain"]),
        "compression": st.sampled_from(["snappy", "none"]),
        "page_rows": st.sampled_from([0, 1, 7, 8, 64, 1000]),
        "page_ends": st.lists(st.integers(-5, 1500), max_size=40, unique=True).map(sorted),
        "group_rows": st.sampled_from([None, 1, 50, 1000]),
    }
)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(table=tables(), options=OPTIONS)
def test_random_tables(bridge: Bridge, tmp_path: Path, table: pa.Table, options: dict[str, Any]) -> None:
    if options["group_rows"] == 1 and table.num_rows > 100:
        options = {**options, "group_rows": 10}
    path = tmp_path / "random.parquet"
    write(bridge, path, table, **options)
    assert_read_by_all(bridge, path, table)
    check_statistics(path, table)


def random_doubles(n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.random.default_rng(3).integers(0, 2**64, n, dtype=np.uint64).view(np.float64)


def bars(n: int, nulls: bool = False) -> pa.Table:
    """Minutes of a random walk in ticks of 0.01, volumes of three decimals."""
    rng = np.random.default_rng(7)
    close = np.round(4_200_000 + np.cumsum(rng.normal(0, 2000, n))).astype(np.int64)
    opens = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(opens, close) + rng.integers(0, 1500, n)
    low = np.minimum(opens, close) - rng.integers(0, 1500, n)
    volume = np.round(np.exp(rng.normal(3, 1.2, n)) * 1000) / 1000
    mask = rng.random(n) < 0.1 if nulls else None
    names = ["open", "high", "low", "close", "volume"]
    values = [opens / 100, high / 100, low / 100, close / 100, volume]
    ts = pa.array(1_704_067_200_000 + 60_000 * np.arange(n), UTC_MS)
    schema = pa.schema([pa.field("ts", UTC_MS, nullable=False)] + [pa.field(name, pa.float64()) for name in names])
    return pa.table([ts] + [pa.array(value, mask=mask) for value in values], schema=schema)


@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("doubles", ["fast", "plain"])
@pytest.mark.parametrize("page_rows", [0, 1000])
def test_bars_of_a_month(bridge: Bridge, tmp_path: Path, doubles: str, nulls: bool, page_rows: int) -> None:
    """Many row groups and pages; optional columns over more than one page."""
    table = bars(44_640, nulls)
    path = tmp_path / "month.parquet"
    write(bridge, path, table, group_rows=20_000, doubles=doubles, page_rows=page_rows)
    assert_read_by_all(bridge, path, table)
    check_statistics(path, table)


@pytest.mark.parametrize("nulls", [False, True])
def test_a_day_of_a_month_by_its_own_pages(bridge: Bridge, tmp_path: Path, nulls: bool) -> None:
    """Others find a day by our page index: days of unlike length, one row group, values as they were."""
    table = bars(44_640, nulls)
    path = tmp_path / "days.parquet"
    starts = [0, 1440, 2880, 2881, 20_000, 30_000, 30_001]
    write(bridge, path, table, page_ends=starts[1:])
    assert_read_by_all(bridge, path, table)
    check_statistics(path, table)
    assert pq.read_metadata(path).num_row_groups == 1
    for first, end in zip(starts, [*starts[1:], table.num_rows], strict=True):
        day = table.slice(first, end - first)
        low, high = day.column("ts")[0].as_py(), day.column("ts")[-1].as_py()
        assert_same(pq.read_table(path, filters=[("ts", ">=", low), ("ts", "<=", high)]), day, "pyarrow")
        lazy = pl.scan_parquet(path).filter(pl.col("ts").is_between(low, high)).collect()
        assert_same(as_schema(lazy.to_arrow(), day.schema), day, "polars")
        query = "select * from read_parquet(?) where ts between ? and ? order by ts"
        assert_same(
            as_schema(DUCKDB.execute(query, [str(path), low, high]).to_arrow_table(), day.schema), day, "duckdb"
        )


@pytest.mark.parametrize("n_rows", [0, 1])
def test_hardly_any_rows(bridge: Bridge, tmp_path: Path, n_rows: int) -> None:
    path = tmp_path / "few.parquet"
    row = {
        "ts": 1, "us": 2, "ns": 3, "flag": True, "narrow": -1, "wide": 5, "ratio": -0.0, "close": math.nan, "open": 1.5,
        "side": "", "id": "x", "raw": b"\0", "key": b"abcde",
    }  # fmt: skip
    table = pa.Table.from_pylist([row] * n_rows, schema=SCHEMA)
    write(bridge, path, table)
    assert_read_by_all(bridge, path, table)
    assert pq.read_metadata(path).num_row_groups == n_rows


@pytest.mark.parametrize("rows", [1, 10, 100])
def test_all_null(bridge: Bridge, tmp_path: Path, rows: int) -> None:
    path = tmp_path / "null.parquet"
    fields = [field for field in SCHEMA if field.nullable]
    table = pa.table([pa.nulls(rows, field.type) for field in fields], schema=pa.schema(fields))
    write(bridge, path, table, page_rows=7)
    assert_read_by_all(bridge, path, table)
    check_statistics(path, table)


def test_every_bit_of_a_double(bridge: Bridge, tmp_path: Path) -> None:
    """NaN of all kinds, subnormals, infinities: whatever 64 bits can be."""
    table = pa.table({"close": pa.array(random_doubles(20_000))})
    path = tmp_path / "bits.parquet"
    for doubles in ("fast", "plain"):
        write(bridge, path, table, doubles=doubles)
        assert_read_by_all(bridge, path, table)


def test_large_values(bridge: Bridge, tmp_path: Path) -> None:
    """Texts over many pages that are cut by their bytes."""
    texts = [str(i % 10) * (1 + 700_000 * (i % 7)) for i in range(15)]
    table = pa.table({"side": texts})
    path = tmp_path / "large.parquet"
    write(bridge, path, table)
    assert_read_by_all(bridge, path, table)
    check_statistics(path, table)


# --- what the footer says ---


def check_statistics(path: Path, table: pa.Table) -> None:
    metadata = pq.read_metadata(path)
    first = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        part = table.slice(first, row_group.num_rows)
        first += row_group.num_rows
        for index in range(row_group.num_columns):
            check_column_statistics(row_group.column(index), part.column(index))
    assert first == table.num_rows


def check_column_statistics(chunk: Any, column: pa.ChunkedArray) -> None:
    assert chunk.is_stats_set
    assert chunk.num_values == len(column)
    assert chunk.has_offset_index
    assert chunk.statistics.has_null_count
    assert chunk.statistics.null_count == column.null_count
    present = [value for value in ordered(column) if value is not None]
    if not present:
        assert not chunk.statistics.has_min_max
        return
    minimum, maximum = raw_bounds(chunk)
    if minimum is None or maximum is None:
        assert max(len(value) for value in present) > 64  # a text that has no bound
        return
    assert minimum <= min(present)
    assert maximum >= max(present)
    if not pa.types.is_binary(column.type) and not pa.types.is_string(column.type):
        assert (minimum, maximum) == (min(present), max(present))


def ordered(column: pa.ChunkedArray) -> Iterator[Any]:
    """Values in the order of Parquet: texts as bytes, NaN left out."""
    kind = column.type
    values = column.cast(pa.int64()).to_pylist() if pa.types.is_timestamp(kind) else column.to_pylist()
    for value in values:
        if isinstance(value, str):
            yield value.encode()
        elif not (isinstance(value, float) and math.isnan(value)):
            yield value


def raw_bounds(chunk: Any) -> tuple[Any, Any]:
    statistics = chunk.statistics
    if not statistics.has_min_max:
        return None, None
    if chunk.physical_type == "INT64":
        return statistics.min_raw, statistics.max_raw
    low, high = statistics.min, statistics.max
    return (low.encode(), high.encode()) if isinstance(low, str) else (low, high)


def test_bounds_of_zero_and_nan(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "zero.parquet"
    write(bridge, path, pa.table({"close": [0.0, math.nan, -0.0], "ratio": pa.array([-0.0] * 3, pa.float32())}))
    group = pq.read_metadata(path).row_group(0)
    for index in range(2):
        statistics = group.column(index).statistics
        assert struct.pack("<dd", statistics.min, statistics.max) == struct.pack("<dd", -0.0, 0.0)
    write(bridge, path, pa.table({"close": [math.nan] * 3}))
    chunk = pq.read_metadata(path).row_group(0).column(0)
    assert not chunk.statistics.has_min_max
    assert chunk.has_offset_index
    assert not chunk.has_column_index  # the format has no entry for a page of NaN


def test_cut_bounds_are_not_exact(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    write(bridge, path, pa.table({"side": ["a" * 100, "b" * 64], "raw": [b"\xff" * 100, b"a"]}))
    side, raw = (pq.read_metadata(path).row_group(0).column(i).statistics for i in range(2))
    assert (side.min, side.max) == ("a" * 64, "b" * 64)
    assert not raw.has_min_max
    sql = "select min_is_exact, max_is_exact from parquet_metadata(?) where path_in_schema = 'side'"
    assert DUCKDB.execute(sql, [str(path)]).fetchone() == (False, True)


def test_types(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "types.parquet"
    write(bridge, path, pa.table([pa.nulls(0, f.type) for f in SCHEMA], schema=SCHEMA))
    schema = pq.read_metadata(path).schema
    found = {schema.column(i).name: schema.column(i) for i in range(len(schema))}
    for name, unit, converted in [
        ("ts", "milliseconds", "TIMESTAMP_MILLIS"),
        ("us", "microseconds", "TIMESTAMP_MICROS"),
        ("ns", "nanoseconds", "NONE"),
    ]:
        logical = str(found[name].logical_type)
        assert f"isAdjustedToUTC=true, timeUnit={unit}" in logical
        assert "is_from_converted_type=false" in logical
        assert found[name].converted_type == converted
    assert str(found["side"].logical_type) == "String"
    assert found["side"].converted_type == "UTF8"
    assert (found["raw"].physical_type, found["raw"].converted_type) == ("BYTE_ARRAY", "NONE")
    assert (found["key"].physical_type, found["key"].length) == ("FIXED_LEN_BYTE_ARRAY", 5)
    levels = {name: column.max_definition_level for name, column in found.items()}
    assert levels == {field.name: int(field.nullable) for field in SCHEMA}


def test_a_sorted_file_says_so(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "sorted.parquet"
    table = bars(100)
    write(bridge, path, table)
    (sorting,) = pq.read_metadata(path).row_group(0).sorting_columns
    assert (sorting.column_index, sorting.descending, sorting.nulls_first) == (0, False, False)
    for twice in (pa.concat_tables([table, table.slice(99)]), table.take(list(range(99, -1, -1)))):
        write(bridge, path, twice.combine_chunks())
        assert pq.read_metadata(path).row_group(0).sorting_columns in ((), None)
    write(bridge, path, table.select(["close"]))
    assert pq.read_metadata(path).row_group(0).sorting_columns in ((), None)


def encodings(path: Path) -> list[str]:
    group = pq.read_metadata(path).row_group(0)
    return [group.column(i).encodings[-1] for i in range(group.num_columns)]


def test_encodings_follow_the_values(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "encodings.parquet"
    table = bars(1440).append_column("cents", pa.array(np.arange(1440) % 50 / 100))
    write(bridge, path, table)
    split = ["BYTE_STREAM_SPLIT"] * 5
    assert encodings(path) == ["DELTA_BINARY_PACKED", *split, "RLE_DICTIONARY"]
    write(bridge, path, table, doubles="plain")
    assert encodings(path) == ["DELTA_BINARY_PACKED", *["PLAIN"] * 6]
    chunk = pq.read_metadata(path).row_group(0).column(6)
    assert not chunk.has_dictionary_page
    assert chunk.compression == "SNAPPY"
    write(bridge, path, table, compression="none")
    assert pq.read_metadata(path).row_group(0).column(1).compression == "UNCOMPRESSED"


def test_a_day_takes_few_bytes(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "day.parquet"
    write(bridge, path, bars(1440))
    assert path.stat().st_size / 1440 <= 35
    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == 1
    assert metadata.serialized_size < 800


def test_filters_find_their_rows(bridge: Bridge, tmp_path: Path) -> None:
    """Statistics and the page index are used by these readers: wrong ones lose rows."""
    table = bars(30_000, nulls=True)
    path = tmp_path / "filter.parquet"
    write(bridge, path, table, group_rows=10_000, page_rows=500)
    low, high = table["ts"][12_345].as_py(), table["ts"][12_999].as_py()
    wanted = table.slice(12_345, 654)
    got = pq.read_table(path, filters=[("ts", ">=", low), ("ts", "<", high)])
    assert_same(got, wanted, "pyarrow")
    lazy = pl.scan_parquet(path).filter((pl.col("ts") >= low) & (pl.col("ts") < high))
    assert_same(as_schema(lazy.collect().to_arrow(), table.schema), wanted, "polars")
    price = table["close"][20_000].as_py()
    for column in ("close", "high"):
        n = sum(value == price for value in table[column].to_pylist())
        sql = f"select count(*) from read_parquet(?) where {column} = ?"
        assert DUCKDB.execute(sql, [str(path), price]).fetchone() == (n,)
        assert pl.scan_parquet(path).filter(pl.col(column) == price).select(pl.len()).collect().item() == n
        assert pq.read_table(path, filters=[(column, "==", price)]).num_rows == n


# --- bytes ---


def test_the_same_rows_give_the_same_bytes(bridge: Bridge, tmp_path: Path) -> None:
    table = bars(3000, nulls=True)
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    write(bridge, one, table.slice(7, 1440).combine_chunks())
    moved = pa.Table.from_pylist(table.slice(7, 1440).to_pylist(), schema=table.schema)
    write(bridge, two, moved.combine_chunks())
    assert one.read_bytes() == two.read_bytes()


def golden_bytes(name: str) -> bytes:
    lines = (GOLDEN / name).read_text().splitlines()
    return bytes.fromhex(" ".join(line.split("#")[0] for line in lines))


GOLDEN_BARS = pa.table(
    {
        "ts": pa.array([1704067200000, 1704067260000, 1704067320000], UTC_MS),
        "close": [42283.58, None, -0.0],
        "n": [7, -(2**63), 9],
        "side": ["buy", "", "sell"],
        "flag": [True, False, True],
    },
    schema=pa.schema(
        [
            pa.field("ts", UTC_MS, nullable=False),
            pa.field("close", pa.float64()),
            pa.field("n", pa.int64(), nullable=False),
            pa.field("side", pa.utf8()),
            pa.field("flag", pa.bool_()),
        ]
    ),
)
GOLDENS = {
    "bars.hex": GOLDEN_BARS,
    "split_doubles.hex": pa.table({"price": [100.0 + i for i in range(40)]}),
    "dictionary.hex": pa.table(
        {"price": [i % 4 / 10 for i in range(40)]},
        schema=pa.schema([pa.field("price", pa.float64(), nullable=False)]),
    ),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_goldens_are_read_by_all(bridge: Bridge, tmp_path: Path, name: str) -> None:
    path = tmp_path / "golden.parquet"
    path.write_bytes(golden_bytes(name))
    assert_read_by_all(bridge, path, GOLDENS[name])
    check_statistics(path, GOLDENS[name])


def test_damage_is_seen_by_the_checksum(bridge: Bridge, tmp_path: Path) -> None:
    """The CRC is over the bytes that pyarrow takes it over: any one of them changed is found."""
    path = tmp_path / "damaged.parquet"
    write(bridge, path, bars(200), compression="none")
    data = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(0).column(4)
    data[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC"):
        read_pyarrow(path)
    with pytest.raises(BridgeError, match=r"(?i)crc|checksum"):
        bridge.parquet_read(path)
