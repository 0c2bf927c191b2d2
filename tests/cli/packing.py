"""A text as the files that people keep: plain, .gz, .zip, .zst, and a table as Parquet."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def _plain(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def _gzip(path: Path, text: str) -> Path:
    path = path.with_name(path.name + ".gz")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path


def _zip(path: Path, text: str) -> Path:
    """With a directory in it, as archivers make them."""
    packed = path.with_name(path.name + ".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows/", "")
        archive.writestr(f"rows/{path.name}", text)
    return packed


def _zstd(path: Path, text: str) -> Path:
    path = path.with_name(path.name + ".zst")
    with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as packed:
        packed.write(text.encode())
    return path


PACKINGS: dict[str, Callable[[Path, str], Path]] = {"csv": _plain, "gz": _gzip, "zip": _zip, "zst": _zstd}


def write_parquet(path: Path, text: str) -> Path:
    """The columns of a CSV with a header: numbers as numbers, the rest as text."""
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    pq.write_table(pa.table({name: _typed(values) for name, values in columns.items()}), path)
    return path


def _typed(values: list[str]) -> pa.Array:
    for kind in (int, float):
        try:
            return pa.array([kind(value) for value in values])
        except ValueError:
            continue
    return pa.array(values)
