"""Makes the corpus of the fuzz targets: python fuzz/make_corpus.py [FOLDER]. Needs pyarrow.

Small Parquet files with every option our reader claims; their footers; pages of every encoding; some thrift and CSV by hand. The
files are ours: no data of others is in them. Names are the SHA-1 of the contents, as libFuzzer names them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

N = 24
TYPES = {"bool": 0, "int32": 1, "int64": 2, "double": 3, "bytes": 4, "fixed": 5}


def columns(with_nulls: bool) -> dict[str, pa.Array]:
    """A column of each kind of value."""

    def array(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array([None if with_nulls and i % 3 == 1 else v for i, v in enumerate(values)], kind)

    return {
        "bool": array([i % 5 < 3 for i in range(N)], pa.bool_()),
        "int32": array([i * i - 50 for i in range(N)], pa.int32()),
        "ts": array([1_700_000_000_000 + 60_000 * i for i in range(N)], pa.timestamp("ms", "UTC")),
        "double": array([25000 + i / 4 for i in range(N)], pa.float64()),
        "text": array(["buy" if i % 2 else "sell" for i in range(N)], pa.string()),
        "fixed": array([bytes([i] * 5) for i in range(N)], pa.binary(5)),
    }


def encodings(kind: str) -> list[str]:
    common = ["PLAIN", "RLE_DICTIONARY"]
    more = {
        "bool": ["RLE"],
        "int32": ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
        "ts": ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
        "double": ["BYTE_STREAM_SPLIT"],
        "text": ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
        "fixed": ["BYTE_STREAM_SPLIT"],
    }
    return (common if kind != "bool" else common[:1]) + more[kind]


def write(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, store_schema=False, **options)
    return out.getvalue()


def files() -> Iterator[bytes]:
    compressions = itertools.cycle(["none", "snappy", "zstd", "gzip", "brotli", "lz4"])
    for with_nulls, version in itertools.product([False, True], ["1.0", "2.0"]):
        for name, array in columns(with_nulls).items():
            field = pa.field(name, array.type, nullable=with_nulls)
            table = pa.table([array], schema=pa.schema([field]))
            for encoding in encodings(name):
                is_dictionary = encoding == "RLE_DICTIONARY"
                yield write(
                    table,
                    data_page_version=version,
                    compression=next(compressions),
                    data_page_size=40,
                    write_batch_size=8,
                    row_group_size=16,
                    write_page_index=True,
                    write_page_checksum=version == "1.0",
                    use_dictionary=is_dictionary,
                    column_encoding=None if is_dictionary else {name: encoding},
                )
    odd = {
        "list": pa.array([[1], [2, 3]]),
        "struct": pa.array([{"a": 1}, {"a": 2}]),
        "decimal": pa.array([1, 2], pa.decimal128(9, 2)),
        "u32": pa.array([1, 2**32 - 1], pa.uint32()),
        "null": pa.nulls(2),
    }
    yield write(pa.table(odd), compression="none")
    yield write(pa.table(columns(True)), compression="snappy")
    yield write(pa.table(columns(True)).slice(0, 0), compression="none")
    yield b"PAR1" + b"\x00" + struct.pack("<I", 1) + b"PAR1"
    yield b"PARE" + b"\x00" + struct.pack("<I", 1) + b"PARE"


def footers() -> Iterator[bytes]:
    for file in files():
        (n,) = struct.unpack("<I", file[-8:-4])
        yield file[-8 - n : -8]
    # Of the compact protocol: every type as an unknown field; long ids; nesting; a count that the bytes do not hold.
    yield bytes.fromhex("11 12 1380 1405 17 0102030405060708 1802 6869 1931010201 1a250204 1b0258020161 0400 00")
    yield bytes.fromhex("05 9003 0e 06 ff03 02 00")
    yield bytes.fromhex("1c" * 40 + "00" * 40)
    yield bytes.fromhex("19 fc ffffffff0f 00 00")


def page(kind: str, encoding: int, piece: int, data: bytes) -> bytes:
    return bytes([TYPES[kind] * 16 + encoding, piece - 1]) + data


def pages() -> Iterator[bytes]:
    """The examples of the format's specification, and a little more."""
    plain, rle, delta, delta_length, dictionary, split = 0, 3, 5, 6, 8, 9
    texts = b"".join(struct.pack("<I", len(t)) + t for t in [b"hi", b"", b"there"])
    for piece in (1, 3, 8):
        yield page("bool", plain, piece, b"\xb5\x01")
        yield page("bool", rle, piece, b"\x04\0\0\0\x06\x01\x03\x05")
        yield page("int32", plain, piece, struct.pack("<4i", 1, -1, 2**31 - 1, -(2**31)))
        yield page("int64", plain, piece, struct.pack("<3q", 1, -1, 2**63 - 1))
        yield page("fixed", plain, piece, bytes(range(25)))
        yield page("bytes", plain, piece, texts)
        for kind in ("int32", "int64"):
            yield page(kind, delta, piece, bytes([8, 1, 5, 2, 2, 0]))
            yield page(kind, delta, piece, bytes([8, 1, 8, 14, 3, 2, 0xC0, 0x3F]))
            yield page(kind, delta, piece, bytes([128, 1, 4, 200, 1, 0, 2, 0, 3, 0, 17]) + bytes(range(100)))
        yield page("bytes", delta_length, piece, bytes([8, 1, 4, 10, 0, 1, 2]) + b"HelloWorldFoobarABCDEF")
        for kind in ("int32", "int64", "double", "bytes", "fixed"):
            yield page(kind, dictionary, piece, bytes([3, 3, 0x88, 0xC6, 0xFA, 20, 1]))
            yield page(kind, dictionary, piece, bytes([0, 200, 3]))
        for kind in ("int32", "int64", "double", "fixed"):
            yield page(kind, split, piece, bytes(range(120)))


def tables_of_text() -> Iterator[bytes]:
    row = "1735689600000,93576.00,93610.93,93537.50,93610.93,8.21827,1735689659999,769101.2,2631,3.9,370000.1,0"
    yield (row + "\n" + row.replace("1735689600000", "1735689660000") + "\n").encode()
    yield b"timestamp,open,high,low,close,volume\n2025-01-01T00:00:00Z,1,2,0.5,1.5,10\n"
    yield b"ts;close;open;low;high;volume\r\n1735689600;1;2;0.5;1.5;10\r\n"
    yield b'open_time,open,high,low,close,volume,count\n1735689600000000,1e3,2,"0.5",1.5,,7\n'
    yield b"\xef\xbb\xbfdate,open,high,low,close\n2025-01-01,1,2,3,4"
    yield b'"<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>"\r\n"2023.04.01\t00:00:00\t1\t2\t0.5\t1.5"\r\n'
    yield b"date;time;open;high;low;close\n01.04.2023;00:00;1.234,5;2.000,25;0,5;1,5\n01.04.2023;00:01;1;2;0,5;1\n"
    yield b'symbol,ts,open,high,low,close,note\nBTC/USDT,1680307200000,1,2,0.5,1.5,"a, ""b""\n"\nETHUSDT,1,2,3,4,5\n'
    yield b'ts,open,high,low,close\n1680307200000,"1,2\n1680307260000,1,2,0.5,x\n1680307320000,"1"1,2,0.5,1.5,,\n'
    yield b"id,price,qty,quote_qty,time,is_buyer_maker\n1,0.1,2,0.2,1680307200000123,True\n2,1e-3,-2,0.2,1680307200.5,f\n"
    yield b"timestamp,side,price,size\n1680307200,Buy,1,2\n1680307200,s,1,2\n1680307201,,NaN,-\n"
    yield b"time,rate,interval\n1680307200000,0.0100%,8\n1680336000000,-0.0375%,8\n"


def files_of_text() -> Iterator[bytes]:
    """Before each text one byte for the length of blocks; texts of more than a block, with rows that are none."""
    for text in tables_of_text():
        yield bytes([len(text) // 16]) + text
    rows = [b"%d,1,2,0.5,%s,%d" % (1_700_000_000 + 60 * i, b"x" if i % 9 == 8 else b"1.5", i) for i in range(60)]
    for end in (b"\n", b"\r\n"):
        yield bytes([4]) + b"ts,open,high,low,close,volume" + end + end.join(rows)
        yield bytes([4]) + b"ts,open,high,low,close,volume" + end + end.join(rows[:8] * 6) + end


def archive(members: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def sources() -> Iterator[bytes]:
    """Text as it is and packed in every way, and Parquet files that are bars and trades."""
    text = b"".join(b"%d,1,2,0.5,1.5,%d\n" % (1_700_000_000 + 60 * i, i) for i in range(20))
    packed = gzip.compress(text, mtime=0)
    frame = pa.compress(text, codec="zstd", asbytes=True)
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    yield text
    yield packed + packed
    yield skipped + frame + frame
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield archive({"b/x-10.csv": text, "b/x-9.csv": text[:40], "b/x-9.txt": b"report", "__MACOSX/x": b"x"}, method)
    yield archive({"a.csv": text}, zipfile.ZIP_LZMA)
    yield archive({"[Content_Types].xml": b"<x/>"}, zipfile.ZIP_STORED)
    times = [1_700_000_000_000 + 60_000 * i for i in range(N)]
    prices = {name: pa.array([1 + i / 8 for i in range(N)]) for name in ("open", "high", "low", "close")}
    for kind in (pa.timestamp("ms", "UTC"), pa.timestamp("ns"), pa.int64(), pa.string()):
        stamps = (
            pa.array(times, pa.int64()).cast(pa.timestamp("ms")).cast(kind) if kind != pa.int64() else pa.array(times)
        )
        yield write(pa.table({"ts": stamps, **prices, "note": pa.array(["a"] * N)}), compression="none")
    decimals = pa.array(range(N), pa.int64()).cast(pa.decimal128(21, 2))
    trades = {"time": pa.array(times), "price": decimals, "qty": pa.array(range(N), pa.uint64()), "id": pa.array(times)}
    yield write(pa.table({**trades, "is_buyer_maker": pa.array([i % 2 == 0 for i in range(N)])}), compression="zstd")


def settings() -> Iterator[bytes]:
    yield b"""data_root = "data" # beside this file
db_path = '/srv/manifest.db'
market = "SPOT"
[history]
keep_changed = "7d"
keep_unchanged = "12 h"
keep_unchanged_percent = 5
keep_log = 10_000
[compaction]
after = "2w"
max_bytes = "128MiB"
"""
    yield b"\xef\xbb\xbf[ 'history' ]\r\n\"keep_log\"=+1\r\n\r\n[compaction]\r\nmax_bytes=1"
    yield b'db_path = "\\t\\"\\\\\\u00e9\\U0001F600"\n'
    for value in (
        b"[1]",
        b"{a=1}",
        b'"""a"""',
        b"1.5",
        b"2026-01-01",
        b"0x1f",
        b"-inf",
        b"true",
        b"9223372036854775808",
    ):
        yield b"[history]\nkeep_log = " + value
    yield b"[[history]]\n"
    yield b"a.b = 1\n"


def safe_points() -> Iterator[bytes]:
    """Bodies of records, which the target puts a head before; and a whole record."""

    def number(*values: int) -> bytes:
        return b"".join(struct.pack("<q", value) for value in values)

    def text(value: bytes) -> bytes:
        return struct.pack("<I", len(value)) + value

    def counted(*items: bytes) -> bytes:
        return struct.pack("<I", len(items)) + b"".join(items)

    digest = bytes(range(32))
    names = [b"ingest", b"TEST", b"FUTURES", b"BTCUSDT", b"raw", b"1m", b""]
    beginning = digest + b"".join(map(text, names)) + number(1, 2, 3, -4, 5, 0, 0) + text(b"note")
    column = text(b"ts") + b"\x06" + struct.pack("<I", 0) + b"\0"
    source = text(b"/a.csv") + number(99) + b"\1" + digest
    files = [text(b"0.run") + number(7) + b"\0", text(b"x.parquet.staged") + number(8) + b"\1" + digest]
    staged = struct.pack("<I", 1) + text(b"T/x.parquet") + number(0, 99, 4)
    lists = counted(struct.pack("<I", 1) + number(-1)) + counted(number(5) + text(b"T/y.parquet"))
    partition = number(0, 100) + b"\1\1" + number(1, 2, 3, 4, 5) + staged + lists
    partition += text(b"\x05\x02") + counted(number(0, 0, 4, 0, 99) + digest + b"\1" + struct.pack("<II", 0, 2))
    runs = b"\1" + counted(struct.pack("<I", 0) + number(4))
    origin = struct.pack("<I", 0) + number(0, 4, 0, 99, 2, 6, 3, 0)
    notes = counted(number(2) + text(b"a.csv")) + counted(origin) + struct.pack("<I", 1)
    notes += counted(b"\0" + number(0, 60000) + text(b"/a.csv has none"))
    body = beginning + counted(column) + counted(source) + counted(*files) + counted(partition) + runs + notes
    yield body
    yield beginning + counted() * 4 + b"\0" + counted() * 3 + struct.pack("<I", 0) + counted()
    yield b"dlsave\n\0" + struct.pack("<IQ", 2, len(body)) + hashlib.sha256(body).digest() + body


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "corpus")
    makers = {
        "fuzz_parquet": files,
        "fuzz_footer": footers,
        "fuzz_page": pages,
        "fuzz_csv": tables_of_text,
        "fuzz_csv_reader": files_of_text,
        "fuzz_config": settings,
        "fuzz_saved_write": safe_points,
        "fuzz_source": sources,
    }
    for name, maker in makers.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for data in maker():
            (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)
        print(f"{folder}: {len(list(folder.iterdir()))} files")


if __name__ == "__main__":
    main()
