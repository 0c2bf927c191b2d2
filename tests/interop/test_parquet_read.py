"""Our Parquet reader on bytes that others wrote: the conformance files of the Parquet project, and files made by pyarrow, DuckDB
and Polars with every option we claim to read. What pyarrow reads from them is what we must read, doubles to the bit.
"""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path

import duckdb
import hypothesis.strategies as st
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Bridge, BridgeError
from hypothesis import HealthCheck, given, settings

CLEAN_ERRORS = (Bridge.CORRUPT, Bridge.UNSUPPORTED, Bridge.NO_MEMORY)


def as_ours(theirs: pa.ChunkedArray) -> pa.ChunkedArray:
    """What pyarrow read, in the types that our reader gives."""
    kind = theirs.type
    if pa.types.is_dictionary(kind):
        return as_ours(theirs.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return theirs.cast(pa.timestamp(kind.unit, "UTC"))
    if kind in (pa.int8(), pa.int16(), pa.uint8(), pa.uint16(), pa.date32()):
        return theirs.cast(pa.int32())
    if kind == pa.uint32():
        return theirs.cast(pa.int64())
    if kind in (pa.large_string(), pa.string_view()):
        return theirs.cast(pa.string())
    if kind in (pa.large_binary(), pa.binary_view()):
        return theirs.cast(pa.binary())
    if isinstance(kind, pa.BaseExtensionType):
        return theirs.cast(kind.storage_type)
    return theirs


def bits(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece, floating numbers as integers of the same bits."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    as_integer = {pa.float32(): pa.int32(), pa.float64(): pa.int64()}.get(whole.type)
    return whole.view(as_integer) if as_integer else whole


def check_equal(ours: pa.Table, theirs: pa.Table) -> None:
    assert ours.column_names == theirs.column_names
    assert ours.num_rows == theirs.num_rows
    for name in ours.column_names:
        expected = as_ours(theirs[name])
        assert ours[name].type == expected.type, name
        assert ours[name].null_count == expected.null_count, name
        assert bits(ours[name]).equals(bits(expected)), name


def check_file(bridge: Bridge, path: Path, columns: list[str] | None = None) -> None:
    check_equal(bridge.parquet_read(path, columns), pq.ParquetFile(path).read(columns))


# --- the conformance files ---

MUST_READ = [
    "alltypes_tiny_pages_plain.parquet",
    "alltypes_tiny_pages.parquet",
    "alltypes_plain.parquet",
    "alltypes_plain.snappy.parquet",
    "alltypes_dictionary.parquet",
    "byte_stream_split.zstd.parquet",
    "datapage_v1-snappy-compressed-checksum.parquet",
    "datapage_v1-uncompressed-checksum.parquet",
    "datapage_v2_empty_datapage.snappy.parquet",
    "delta_binary_packed.parquet",
    "delta_encoding_optional_column.parquet",
    "delta_encoding_required_column.parquet",
    "delta_length_byte_array.parquet",
    "dict-page-offset-zero.parquet",
    "int32_with_null_pages.parquet",
    "nan_in_stats.parquet",
    "overflow_i16_page_cnt.parquet",
    "page_v2_empty_compressed.parquet",
    "plain-dict-uncompressed-checksum.parquet",
    "rle-dict-snappy-checksum.parquet",
    "rle_boolean_encoding.parquet",
    "single_nan.parquet",
    "sort_columns.parquet",
]

MUST_REFUSE = [
    ("alltypes_plain.parquet", "timestamp_col", "INT96"),
    ("int96_from_spark.parquet", "a", "INT96"),
    ("encrypt_columns_and_footer.parquet.encrypted", None, "encrypted footers"),
    ("uniform_encryption.parquet.encrypted", None, "encrypted footers"),
    ("encrypt_columns_plaintext_footer.parquet.encrypted", "double_field", "encrypted columns"),
    ("hadoop_lz4_compressed.parquet", "c0", "LZ4"),
    ("lz4_raw_compressed.parquet", "c0", "LZ4"),
    ("large_string_map.brotli.parquet", "arr.key_value.key", "nested"),
    ("nested_lists.snappy.parquet", "a.list.element.list.element.list.element", "nested"),
    ("nulls.snappy.parquet", "b_struct.b_c_int", "nested"),
    ("repeated_primitive_no_list.parquet", "Int32_list", "repeated"),
    ("delta_byte_array.parquet", "c_login", "DELTA_BYTE_ARRAY"),
    ("int32_decimal.parquet", "value", "DECIMAL"),
    ("float16_zeros_and_nans.parquet", "x", "FLOAT16"),
    ("concatenated_gzip_members.parquet", "long_col", "unsigned 64-bit"),
]


@pytest.fixture(scope="session")
def conformance(shared_data: Path) -> Path:
    return shared_data / "parquet-testing" / "data"


def readable_columns(path: Path) -> list[str]:
    """All but those we refuse by design."""
    schema = pq.ParquetFile(path).schema
    refused = {"INT96"}
    columns = [schema.column(i) for i in range(len(schema))]
    return [c.name for c in columns if c.physical_type not in refused and not is_delta_byte_array(path, c.name)]


def is_delta_byte_array(path: Path, name: str) -> bool:
    metadata = pq.ParquetFile(path).metadata
    if metadata.num_row_groups == 0:
        return False
    group = metadata.row_group(0)
    chunks = [group.column(i) for i in range(group.num_columns)]
    return any(c.path_in_schema == name and "DELTA_BYTE_ARRAY" in c.encodings for c in chunks)


@pytest.mark.parametrize("name", MUST_READ)
def test_conformance_files_are_read(bridge: Bridge, conformance: Path, name: str) -> None:
    path = conformance / name
    columns = readable_columns(path)
    assert columns
    check_file(bridge, path, columns)


@pytest.mark.parametrize(
    "name", ["datapage_v1-corrupt-checksum.parquet", "rle-dict-uncompressed-corrupt-checksum.parquet"]
)
def test_corrupt_checksums_are_detected(bridge: Bridge, conformance: Path, name: str) -> None:
    for column in pq.read_schema(conformance / name).names:
        with pytest.raises(BridgeError, match=f"column '{column}'.*checksum") as error:
            bridge.parquet_read(conformance / name, [column])
        assert error.value.status == Bridge.CORRUPT


@pytest.mark.parametrize(("name", "column", "reason"), MUST_REFUSE)
def test_what_is_not_supported_is_named(
    bridge: Bridge, conformance: Path, name: str, column: str | None, reason: str
) -> None:
    with pytest.raises(BridgeError, match=reason) as error:
        bridge.parquet_read(conformance / name, [column] if column else None)
    assert error.value.status == Bridge.UNSUPPORTED


def leaf_names(path: Path) -> list[str]:
    try:
        schema = pq.ParquetFile(path).schema
    except (OSError, pa.ArrowException):
        return []
    return [schema.column(i).path for i in range(len(schema))]


def test_every_file_gives_the_right_rows_or_a_clean_error(bridge: Bridge, shared_data: Path) -> None:
    """All of the folder, encrypted and damaged ones too, column by column."""
    folder = shared_data / "parquet-testing"
    files = sorted(path for path in folder.rglob("*") if ".parquet" in path.name and path.suffix != ".json")
    assert len(files) > 60
    n_read = 0
    for path in files:
        for column in leaf_names(path) or [None]:
            try:
                ours = bridge.parquet_read(path, [column] if column else None)
            except BridgeError as error:
                assert error.status in CLEAN_ERRORS, (path.name, column, error)
                continue
            theirs = pq.ParquetFile(path, page_checksum_verification=True).read([column])
            assert bits(ours[column]).equals(bits(as_ours(theirs[column]))), (path.name, column)
            n_read += 1
    assert n_read > 150


# --- files of pyarrow, with every option ---

UNITS = ("ms", "us", "ns")
INTEGERS = {
    "i8": pa.int8(),
    "i16": pa.int16(),
    "i32": pa.int32(),
    "i64": pa.int64(),
    "u8": pa.uint8(),
    "u16": pa.uint16(),
}


def all_types(n: int, nulls: str) -> pa.Table:
    """A column of every type, the same each time, with no nulls, some, or nothing else."""
    random = np.random.default_rng(7)
    mask = {"none": np.zeros(n, bool), "some": random.random(n) < 0.3, "all": np.ones(n, bool)}[nulls]

    def array(values: object, kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind, mask=mask)

    columns = {"bool": array(random.random(n) < 0.5, pa.bool_())}
    for name, kind in INTEGERS.items():
        info = np.iinfo(kind.to_pandas_dtype())
        columns[name] = array(random.integers(info.min, info.max, n, info.dtype, endpoint=True), kind)
    columns["u32"] = array(random.integers(0, 2**32, n, np.uint32), pa.uint32())
    columns["steps"] = array(np.arange(n) * 60000 - 5, pa.int64())
    columns["f32"] = array(random.normal(size=n).astype(np.float32), pa.float32())
    columns["f64"] = array(np.round(random.normal(100, 5, n), 2), pa.float64())
    columns["odd"] = array(random.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1.7e308], n), pa.float64())
    columns["text"] = array([f"text {'x' * int(i % 40)}" for i in random.integers(0, 90, n)], pa.string())
    columns["few"] = array(random.choice(["buy", "sell", ""], n).tolist(), pa.string())
    columns["bytes"] = array([random.bytes(int(i)) for i in random.integers(0, 20, n)], pa.binary())
    columns["fixed"] = array([random.bytes(5) for _ in range(n)], pa.binary(5))
    columns["date"] = array(random.integers(-9999, 9999, n, np.int32), pa.date32())
    for unit, zone in itertools.product(UNITS, (None, "UTC", "Asia/Tokyo")):
        kind = pa.timestamp(unit, zone)
        columns[f"{unit} {zone}"] = array(1_700_000_000_000 + random.integers(0, 9, n).cumsum() * 60_000, kind)
    return pa.table(columns)


def encoding_options(table: pa.Table, encoding: str) -> dict[str, object]:
    """write_table's arguments for: dictionary, plain, delta or split (BYTE_STREAM_SPLIT)."""
    if encoding == "dictionary":
        return {"use_dictionary": [field.name for field in table.schema if field.type != pa.bool_()]}
    column_encoding = {}
    for field in table.schema:
        is_float = pa.types.is_floating(field.type) or pa.types.is_fixed_size_binary(field.type)
        is_bytes = field.type in (pa.string(), pa.binary())
        if field.type == pa.bool_():
            column_encoding[field.name] = "PLAIN" if encoding == "plain" else "RLE"
        elif encoding == "plain" or (encoding == "split" and is_bytes):
            column_encoding[field.name] = "PLAIN"
        elif encoding == "split" or is_float:
            column_encoding[field.name] = "BYTE_STREAM_SPLIT"
        else:
            column_encoding[field.name] = "DELTA_LENGTH_BYTE_ARRAY" if is_bytes else "DELTA_BINARY_PACKED"
    return {"use_dictionary": False, "column_encoding": column_encoding}


@pytest.mark.parametrize("nulls", ["none", "some", "all"])
@pytest.mark.parametrize("encoding", ["dictionary", "plain", "delta", "split"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd", "gzip"])
@pytest.mark.parametrize("page_version", ["1.0", "2.0"])
def test_files_of_pyarrow(
    bridge: Bridge, tmp_path: Path, page_version: str, compression: str, encoding: str, nulls: str
) -> None:
    table = all_types(1000, nulls)
    path = tmp_path / "a.parquet"
    pq.write_table(
        table,
        path,
        data_page_version=page_version,
        compression=compression,
        data_page_size=700,
        write_batch_size=64,
        row_group_size=301,
        write_page_index=True,
        write_page_checksum=True,
        **encoding_options(table, encoding),
    )
    check_file(bridge, path)


def one_column(bridge: Bridge, path: Path, column: pa.Array, **options: object) -> None:
    pq.write_table(pa.table({"c": column}), path, **options)
    check_file(bridge, path)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 1024, 4099])
def test_numbers_of_rows(bridge: Bridge, tmp_path: Path, n: int) -> None:
    for encoding, version in itertools.product(["dictionary", "plain", "delta", "split"], ["1.0", "2.0"]):
        table = all_types(n, "some")
        path = tmp_path / f"{encoding}{version}.parquet"
        pq.write_table(table, path, data_page_version=version, **encoding_options(table, encoding))
        check_file(bridge, path)


def test_required_columns(bridge: Bridge, tmp_path: Path) -> None:
    table = all_types(500, "none")
    required = pa.schema([field.with_nullable(False) for field in table.schema])
    for version in ("1.0", "2.0"):
        pq.write_table(table.cast(required), tmp_path / "a.parquet", data_page_version=version, data_page_size=500)
        check_file(bridge, tmp_path / "a.parquet")
        assert not bridge.parquet_read(tmp_path / "a.parquet").schema.field("f64").nullable


@pytest.mark.parametrize("width", [1, 2, 3, 7, 8, 13, 16, 31, 33, 63, 64])
def test_widths_of_differences(bridge: Bridge, tmp_path: Path, width: int) -> None:
    """Differences of every number of bits, that is, every packing of a miniblock."""
    random = np.random.default_rng(width)
    values = random.integers(0, 2**width, 777, np.uint64).view(np.int64).cumsum()
    one_column(
        bridge,
        tmp_path / "a.parquet",
        pa.array(values),
        use_dictionary=False,
        column_encoding={"c": "DELTA_BINARY_PACKED"},
    )


@pytest.mark.parametrize("n_distinct", [1, 2, 3, 5, 17, 100, 257, 5000, 70000])
def test_widths_of_dictionary_indices(bridge: Bridge, tmp_path: Path, n_distinct: int) -> None:
    random = np.random.default_rng(n_distinct)
    values = random.choice(random.normal(size=n_distinct), 100_000)
    one_column(bridge, tmp_path / "a.parquet", pa.array(values), dictionary_pagesize_limit=1 << 22)


def test_dictionaries_that_are_given_up(bridge: Bridge, tmp_path: Path) -> None:
    """A column chunk that begins with a dictionary and goes on without."""
    values = pa.array([f"{i}" for i in range(20_000)])
    path = tmp_path / "a.parquet"
    one_column(bridge, path, values, dictionary_pagesize_limit=1000, data_page_size=2000)
    assert {"PLAIN", "RLE_DICTIONARY"} <= set(pq.ParquetFile(path).metadata.row_group(0).column(0).encodings)


def test_dictionary_typed_columns(bridge: Bridge, tmp_path: Path) -> None:
    one_column(bridge, tmp_path / "a.parquet", pa.array(["a", None, "b", "a"]).dictionary_encode())


def test_long_texts(bridge: Bridge, tmp_path: Path) -> None:
    one_column(bridge, tmp_path / "a.parquet", pa.array(["x" * 300_000, "", None, "ä€𝄞" * 1000]))


def test_version_1_files_and_int32_timestamps(bridge: Bridge, tmp_path: Path) -> None:
    """Converted types in the place of logical ones; unsigned 32-bit integers as 64-bit ones."""
    table = all_types(300, "some").drop_columns(["ns None", "ns UTC", "ns Asia/Tokyo"])
    pq.write_table(table, tmp_path / "a.parquet", version="1.0", store_schema=False)
    check_file(bridge, tmp_path / "a.parquet")


def test_columns_we_refuse_do_not_stop_the_others(bridge: Bridge, tmp_path: Path) -> None:
    table = pa.table(
        {
            "list": pa.array([[1], [2, 3], None]),
            "decimal": pa.array([1, 2, None], pa.decimal128(9, 2)),
            "time": pa.array([datetime.time(1), None, None]),
            "u64": pa.array([1, 2, 3], pa.uint64()),
            "half": pa.array([np.float16(1.5), None, None], pa.float16()),
            "null": pa.nulls(3),
            "ok": pa.array([1.5, None, -0.0]),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    check_file(bridge, path, ["ok"])
    for name in ("decimal", "time", "u64", "half", "null", "list.list.element"):
        with pytest.raises(BridgeError) as error:
            bridge.parquet_read(path, [name])
        assert error.value.status == Bridge.UNSUPPORTED, name


@pytest.mark.parametrize("compression", ["brotli", "lz4"])
def test_codecs_we_lack_are_named(bridge: Bridge, tmp_path: Path, compression: str) -> None:
    pq.write_table(pa.table({"c": [1, 2, 3]}), tmp_path / "a.parquet", compression=compression)
    with pytest.raises(BridgeError, match=f"(?i){compression} compression") as error:
        bridge.parquet_read(tmp_path / "a.parquet")
    assert error.value.status == Bridge.UNSUPPORTED


def test_every_cut_of_a_file_is_a_clean_error(bridge: Bridge, tmp_path: Path) -> None:
    pq.write_table(all_types(20, "some").select(["i64", "f64", "text"]), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    for n in range(0, len(whole), 7):
        cut.write_bytes(whole[:n])
        with pytest.raises(BridgeError) as error:
            bridge.parquet_read(cut)
        assert error.value.status in CLEAN_ERRORS


# --- files of DuckDB and Polars ---

DUCKDB_ROWS = """
    select i::bigint as id, (i * 60000)::integer as step, make_timestamptz(1700000000000000 + i * 60000000) as ts,
           make_timestamp(1700000000000000 + i * 60000000) as local_ts, make_timestamp_ms(i * 1000)::timestamp_ms as ms,
           round(25000 + 3 * sin(i), 2)::double as price, (i / 7)::float as f32,
           case when i % 3 = 0 then null else 'id ' || (i % 50) end as few, md5(i::varchar) as many,
           i % 2 = 0 as flag, case when i % 5 > 1 then i::smallint end as small, (i % 200)::utinyint as u8,
           date '2024-01-01' + (i % 1000)::integer as day, null::double as nothing
    from range(0, 9000) t(i)
"""


@pytest.mark.parametrize("codec", ["snappy", "uncompressed", "zstd", "gzip"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_files_of_duckdb(bridge: Bridge, tmp_path: Path, version: str, codec: str) -> None:
    path = tmp_path / "a.parquet"
    options = f"format parquet, codec {codec}, parquet_version {version}, row_group_size 4096"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"copy ({DUCKDB_ROWS}) to '{path}' ({options})")
    check_file(bridge, path)


@pytest.mark.parametrize("compression", ["snappy", "uncompressed", "zstd", "gzip"])
@pytest.mark.parametrize("page_size", [None, 1000])
def test_files_of_polars(bridge: Bridge, tmp_path: Path, page_size: int | None, compression: str) -> None:
    table = all_types(3000, "some").drop_columns(["fixed"])
    # Polars writes unsigned and small integers as annotated ones, texts and binaries as it likes.
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.with_columns(pl.col("few").cast(pl.Categorical).alias("category"))
    path = tmp_path / "a.parquet"
    frame.write_parquet(path, compression=compression, data_page_size=page_size, row_group_size=1000)
    check_file(bridge, path)


# --- any table at all ---

KINDS = {
    pa.bool_(): st.booleans(),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint32(): st.integers(0, 2**32 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=30),
    pa.binary(): st.binary(max_size=30),
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.timestamp("us", "UTC"): st.integers(-(2**60), 2**60),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    n = draw(st.integers(0, 200))
    columns = {}
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(list(KINDS)))
        # A few values drawn from make long runs and small dictionaries; many make neither.
        pool = draw(st.lists(st.none() | KINDS[kind] if draw(st.booleans()) else KINDS[kind], min_size=1, max_size=40))
        picks = draw(st.lists(st.integers(0, len(pool) - 1), min_size=n, max_size=n))
        columns[f"c{i}"] = pa.array([pool[p] for p in picks], kind)
    return pa.table(columns)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    table=tables(),
    encoding=st.sampled_from(["dictionary", "plain", "delta", "split"]),
    version=st.sampled_from(["1.0", "2.0"]),
    compression=st.sampled_from(["none", "snappy", "zstd", "gzip"]),
    page_size=st.integers(1, 2000),
    group_rows=st.integers(1, 250),
    index=st.booleans(),
)
def test_any_table(
    bridge: Bridge,
    tmp_path: Path,
    table: pa.Table,
    encoding: str,
    version: str,
    compression: str,
    page_size: int,
    group_rows: int,
    index: bool,
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(
        table,
        path,
        data_page_version=version,
        compression=compression,
        data_page_size=page_size,
        write_batch_size=16,
        row_group_size=group_rows,
        write_page_index=index,
        write_page_checksum=True,
        **encoding_options(table, encoding),
    )
    check_file(bridge, path)
