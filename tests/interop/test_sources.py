"""Sources that others packed: Python's gzip and zipfile, the zstd of Arrow, and Parquet files of pyarrow, Polars and DuckDB."""

from __future__ import annotations

import bz2
import datetime
import decimal
import gzip
import hashlib
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Bridge, BridgeError

N = 3000
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


def lines(n: int = 40_000) -> bytes:
    random.seed(7)
    return b"ts,close\n" + b"".join(b"%d,%d\n" % (1_700_000_000 + 60 * i, random.randrange(10**6)) for i in range(n))


def check(bridge: Bridge, path: Path, expected: dict[str, bytes]) -> None:
    members, digest = bridge.source_read(path)
    assert {place.removeprefix(f"{path}") for place in members} == set(expected)
    assert {place.removeprefix(f"{path}"): content for place, content in members.items()} == expected
    assert digest == hashlib.sha256(path.read_bytes()).digest()


def refuse(bridge: Bridge, path: Path, message: str, status: int = Bridge.INVALID_DATA) -> None:
    with pytest.raises(BridgeError, match=message) as failure:
        bridge.source_read(path)
    assert failure.value.status == status
    assert path.name in str(failure.value)


def test_gzip(bridge: Bridge, tmp_path: Path) -> None:
    text, path = lines(), tmp_path / "a.csv.gz"
    for level in (0, 1, 9):
        path.write_bytes(gzip.compress(text, level))
        check(bridge, path, {"": text})
    path.write_bytes(b"".join(gzip.compress(text[i : i + 100_000]) for i in range(0, len(text), 100_000)))
    check(bridge, path, {"": text})
    path.write_bytes(path.read_bytes()[:-5])
    refuse(bridge, path, "in the middle of its gzip data")
    path.write_bytes(gzip.compress(text) + b"\n")
    refuse(bridge, path, "gzip")


def test_zstd(bridge: Bridge, tmp_path: Path) -> None:
    text, path = lines(), tmp_path / "a.csv.zst"
    for level in (1, 19):
        codec = pa.Codec("zstd", compression_level=level)
        path.write_bytes(codec.compress(text, asbytes=True))
        check(bridge, path, {"": text})
    whole = path.read_bytes()
    path.write_bytes(whole + whole)
    check(bridge, path, {"": text + text})
    path.write_bytes(whole[: len(whole) // 2])
    refuse(bridge, path, "in the middle of its zstd data")


def test_zip(bridge: Bridge, tmp_path: Path) -> None:
    text, path = lines(), tmp_path / "a.zip"
    names = ["d/x-10.csv", "d/x-9.csv", "b.csv", "é.csv"]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.mkdir("d") if hasattr(archive, "mkdir") else archive.writestr("d/", b"")
            for i, name in enumerate(names):
                archive.writestr(name, text[i * 1000 :])
            archive.comment = b"PK\x05\x06 not the end"
        check(bridge, path, {f":{name}": text[i * 1000 :] for i, name in enumerate(names)})
    members, _ = bridge.source_read(path)
    assert [place.rpartition(":")[2] for place in members] == ["b.csv", "d/x-9.csv", "d/x-10.csv", "é.csv"]


def test_zip_of_64_bits_and_streamed(bridge: Bridge, tmp_path: Path) -> None:
    """Sizes behind the data, as programs write that cannot go back."""
    text, path = lines(), tmp_path / "a.zip"

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.bytes = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.bytes += bytes(piece)
            return len(piece)

    pipe = Pipe()
    with (
        zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.csv", "w", force_zip64=True) as out,
    ):
        out.write(text)
    path.write_bytes(pipe.bytes)
    check(bridge, path, {":x.csv": text})


def test_bombs_are_refused(bridge: Bridge, tmp_path: Path) -> None:
    zeros = bytes(80 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(zeros))
    refuse(bridge, path, "over 1000 times as many")
    path = tmp_path / "bomb.zst"
    path.write_bytes(pa.compress(zeros, codec="zstd", asbytes=True))
    refuse(bridge, path, "over 1000 times as many")
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.csv", zeros)
    refuse(bridge, path, "over 1000 times as many")


def test_what_else_is_packed_comes_as_it_is(bridge: Bridge, tmp_path: Path) -> None:
    """Told later, by what looks at the text."""
    path = tmp_path / "a.bz2"
    path.write_bytes(bz2.compress(b"ts\n"))
    check(bridge, path, {"": path.read_bytes()})


# ---- Parquet ----


def bars(**columns: pa.Array) -> pa.Table:
    random.seed(3)
    prices = {
        name: pa.array([round(random.uniform(1, 9), 6) for _ in range(N)]) for name in ("open", "high", "low", "close")
    }
    volume = pa.array([None if i % 7 == 0 else i / 8 for i in range(N)])
    times = pa.array([START + datetime.timedelta(minutes=i) for i in range(N)], pa.timestamp("ms", "UTC"))
    return pa.table({"ts": times, **prices, "volume": volume, **columns})


def expect(got: pa.Table, expected: pa.Table) -> None:
    assert got.column_names == expected.column_names
    for name in expected.column_names:
        assert got[name].combine_chunks().to_pylist() == expected[name].combine_chunks().to_pylist(), name


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd", "data_page_version": "2.0"},
        {"compression": "gzip", "row_group_size": 700},
        {"compression": "snappy", "data_page_size": 500, "write_batch_size": 16},
        {"compression": "none", "use_dictionary": False, "column_encoding": "BYTE_STREAM_SPLIT"},
    ],
)
def test_bars_of_pyarrow(bridge: Bridge, tmp_path: Path, options: dict[str, Any]) -> None:
    path, table = tmp_path / "a.parquet", bars()
    if "column_encoding" in options:
        options = {**options, "column_encoding": {"close": "BYTE_STREAM_SPLIT"}}
    pq.write_table(table, path, **options)
    expect(bridge.parquet_rows(path), table)


def test_bars_of_polars_and_duckdb(bridge: Bridge, tmp_path: Path) -> None:
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    path, table = tmp_path / "a.parquet", bars()
    polars.from_arrow(table).write_parquet(path)
    expect(bridge.parquet_rows(path), table)
    for codec in ("snappy", "zstd", "gzip", "uncompressed"):
        with duckdb.connect() as connection:
            connection.register("bars", table)
            connection.execute(f"COPY (SELECT * FROM bars) TO '{path}' (FORMAT PARQUET, CODEC '{codec}')")
        expect(bridge.parquet_rows(path), table)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_every_unit(bridge: Bridge, tmp_path: Path, unit: str) -> None:
    path, table = tmp_path / "a.parquet", bars()
    stamps = [START + datetime.timedelta(minutes=i) for i in range(N)]
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    numbers = pa.array([int(stamp.timestamp()) * per_second for stamp in stamps])
    texts = pa.array([stamp.strftime("%Y-%m-%d %H:%M:%S") for stamp in stamps])
    local = pa.array([stamp.replace(tzinfo=None) for stamp in stamps], pa.timestamp(unit))
    for times in (pa.array(stamps, pa.timestamp(unit, "UTC")), local, numbers, texts, texts.dictionary_encode()):
        pq.write_table(table.set_column(0, "time", times), path)
        expect(bridge.parquet_rows(path), table)


def test_days(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    days = [START + datetime.timedelta(days=i) for i in range(N)]
    expected = bars().set_column(0, "ts", pa.array(days, pa.timestamp("ms", "UTC")))
    pq.write_table(expected.set_column(0, "date", pa.array([day.date() for day in days])), path)
    expect(bridge.parquet_rows(path), expected)


def test_numbers_of_every_width(bridge: Bridge, tmp_path: Path) -> None:
    path, table = tmp_path / "a.parquet", bars()
    whole = [i * 3 for i in range(N)]
    doubles = pa.array([float(i) for i in whole])
    for kind in (pa.int16(), pa.int32(), pa.int64(), pa.uint32(), pa.uint64(), pa.float32(), pa.decimal128(19, 0)):
        pq.write_table(table.set_column(1, "open", pa.array(whole).cast(kind)), path)
        expect(bridge.parquet_rows(path), table.set_column(1, "open", doubles))
    cents = [decimal.Decimal(i * 37 - 5000).scaleb(-2) for i in range(N)]
    expected = table.set_column(1, "open", pa.array([float(c) for c in cents]))
    for kind in (pa.decimal128(8, 2), pa.decimal128(18, 2), pa.decimal128(38, 10), pa.decimal256(76, 30)):
        for as_integer in (False, True):
            pq.write_table(
                table.set_column(1, "open", pa.array(cents, kind)), path, store_decimal_as_integer=as_integer
            )
            expect(bridge.parquet_rows(path), expected)
    for exact, kind in ((2**63, pa.uint64()), (2**62, pa.int64()), (-(2**60), pa.int64())):
        large = pa.array([exact + (i << 40) for i in range(N)], kind)
        pq.write_table(table.set_column(1, "open", large), path)
        expected = table.set_column(1, "open", pa.array([float(i) for i in large.to_pylist()]))
        expect(bridge.parquet_rows(path), expected)
    for odd, kind in ((2**63 + 1, pa.uint64()), (2**53 + 1, pa.int64()), (-(2**53) - 1, pa.int64())):
        pq.write_table(table.set_column(1, "open", pa.array([odd] * N, kind)), path)
        with pytest.raises(BridgeError, match=rf"a\.parquet: row 1: open is '{odd}', not a number that a double"):
            bridge.parquet_rows(path)


def test_columns_of_the_sources_own_keep_their_types(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    own = {
        "score": pa.array([float(i) if i < 2000 else i / 4 for i in range(N)]),
        "rank": pa.array([None if i == 5 else i for i in range(N)]),
        "flag": pa.array([i % 3 == 0 for i in range(N)]),
        "note": pa.array([str(i) if i < 2000 else 'x,"y"' for i in range(N)]),
    }
    table = bars(**own)
    pq.write_table(table, path)
    expect(bridge.parquet_rows(path), table)


def test_trades(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    times = pa.array([START + datetime.timedelta(milliseconds=i // 3) for i in range(N)], pa.timestamp("us", "UTC"))
    table = pa.table(
        {
            "id": pa.array([10**9 + 2 * i for i in range(N)]),
            "price": pa.array([i + 0.5 for i in range(N)]),
            "qty": pa.array([i + 0.25 for i in range(N)]),
            "time": times,
            "is_buyer_maker": pa.array([i % 2 == 0 for i in range(N)]),
        }
    )
    pq.write_table(table, path)
    got = bridge.parquet_rows(path)
    assert got["ts"].to_pylist() == times.to_pylist()
    assert got["id"].to_pylist() == [str(i) for i in table["id"].to_pylist()]
    assert got["price"].to_pylist() == table["price"].to_pylist()
    assert got["amount"].to_pylist() == table["qty"].to_pylist()
    assert got["side"].to_pylist() == ["sell" if i % 2 == 0 else "buy" for i in range(N)]


def test_trades_of_freqtrade(bridge: Bridge, shared_data: Path) -> None:
    path = shared_data / "parquet" / "XRP_ETH-trades.parquet"
    source, got = pq.read_table(path), bridge.parquet_rows(path)
    assert got.num_rows == source.num_rows
    assert [int(ts.timestamp() * 1000 + 0.5) for ts in got["ts"].to_pylist()] == source["timestamp"].to_pylist()
    for ours, theirs in (("id", "id"), ("side", "side"), ("price", "price"), ("amount", "amount"), ("cost", "cost")):
        assert got[ours].to_pylist() == source[theirs].to_pylist()


@pytest.mark.parametrize(
    ("column", "options", "message"),
    [
        (pa.array([[1]] * N), {}, r"column 'x\.list\.element': not supported: nested columns; leave it out by"),
        (pa.array([START] * N, pa.timestamp("ns")), {"use_deprecated_int96_timestamps": True}, "INT96 timestamps"),
        (pa.array([datetime.time(1)] * N), {}, "column 'x': not supported: TIME values"),
        (pa.array([b"1234"] * N, pa.binary(4)), {}, "column 'x': not supported: bytes of a fixed width"),
        (pa.array([1] * N), {"compression": "lz4"}, "not supported: LZ4 compression"),
        (pa.array([1] * N), {"compression": "brotli"}, "not supported: brotli compression"),
    ],
)
def test_what_cannot_be_read_is_named(
    bridge: Bridge, tmp_path: Path, column: pa.Array, options: dict[str, Any], message: str
) -> None:
    path, table = tmp_path / "a.parquet", bars()
    pq.write_table(table.append_column("x", column), path, **options)
    with pytest.raises(BridgeError, match=message) as failure:
        bridge.parquet_rows(path)
    assert failure.value.status == Bridge.UNSUPPORTED
    if "compression" not in options and "use_deprecated_int96_timestamps" not in options:
        name = pq.read_metadata(path).row_group(0).column(6).path_in_schema
        expect(bridge.parquet_rows(path, f"{name}=-"), table)


def test_texts_that_are_long_make_pieces_small(bridge: Bridge, tmp_path: Path) -> None:
    path, n = tmp_path / "a.parquet", 600
    notes = [f"{i} " + "x" * 60_000 for i in range(n)]
    table = bars().slice(0, n).append_column("note", pa.array(notes))
    pq.write_table(table, path, row_group_size=250, use_dictionary=False)
    expect(bridge.parquet_rows(path), table)
