"""Prints a Parquet file as hexadecimal digits with a comment for each part: the form of the files in this folder.

    python tests/golden/annotate.py written.parquet > tests/golden/name.hex

It knows the thrift protocol and the names of the fields it meets, nothing of how the file was written; look at what it
prints, and read the file with another reader, before keeping it.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

STOP, TRUE, FALSE, I32, I64, BINARY, LIST, STRUCT = 0, 1, 2, 5, 6, 8, 9, 12

# Structs of parquet.thrift: id -> (name, struct of it or of its elements).
STRUCTS: dict[str, dict[int, tuple[str, str]]] = {
    "FileMetaData": {
        1: ("version", ""),
        2: ("schema", "SchemaElement"),
        3: ("num_rows", ""),
        4: ("row_groups", "RowGroup"),
        6: ("created_by", ""),
        7: ("column_orders", "ColumnOrder"),
    },
    "SchemaElement": {
        1: ("type", ""),
        2: ("type_length", ""),
        3: ("repetition_type", ""),
        4: ("name", ""),
        5: ("num_children", ""),
        6: ("converted_type", ""),
        10: ("logicalType", "LogicalType"),
    },
    "LogicalType": {1: ("STRING", "Empty"), 8: ("TIMESTAMP", "TimestampType")},
    "Empty": {},
    "TimestampType": {1: ("isAdjustedToUTC", ""), 2: ("unit", "TimeUnit")},
    "TimeUnit": {1: ("MILLIS", "Empty"), 2: ("MICROS", "Empty"), 3: ("NANOS", "Empty")},
    "RowGroup": {
        1: ("columns", "ColumnChunk"),
        2: ("total_byte_size", ""),
        3: ("num_rows", ""),
        4: ("sorting_columns", "SortingColumn"),
        5: ("file_offset", ""),
        6: ("total_compressed_size", ""),
    },
    "SortingColumn": {1: ("column_idx", ""), 2: ("descending", ""), 3: ("nulls_first", "")},
    "ColumnChunk": {
        2: ("file_offset", ""),
        3: ("meta_data", "ColumnMetaData"),
        4: ("offset_index_offset", ""),
        5: ("offset_index_length", ""),
        6: ("column_index_offset", ""),
        7: ("column_index_length", ""),
    },
    "ColumnMetaData": {
        1: ("type", ""),
        2: ("encodings", ""),
        3: ("path_in_schema", ""),
        4: ("codec", ""),
        5: ("num_values", ""),
        6: ("total_uncompressed_size", ""),
        7: ("total_compressed_size", ""),
        9: ("data_page_offset", ""),
        11: ("dictionary_page_offset", ""),
        12: ("statistics", "Statistics"),
    },
    "Statistics": {
        3: ("null_count", ""),
        5: ("max_value", ""),
        6: ("min_value", ""),
        7: ("is_max_value_exact", ""),
        8: ("is_min_value_exact", ""),
        9: ("nan_count", ""),
    },
    "ColumnOrder": {1: ("TYPE_ORDER", "Empty")},
    "PageHeader": {
        1: ("type", ""),
        2: ("uncompressed_page_size", ""),
        3: ("compressed_page_size", ""),
        4: ("crc", ""),
        5: ("data_page_header", "DataPageHeader"),
        7: ("dictionary_page_header", "DictionaryPageHeader"),
    },
    "DataPageHeader": {
        1: ("num_values", ""),
        2: ("encoding", ""),
        3: ("definition_level_encoding", ""),
        4: ("repetition_level_encoding", ""),
    },
    "DictionaryPageHeader": {1: ("num_values", ""), 2: ("encoding", "")},
    "ColumnIndex": {
        1: ("null_pages", ""),
        2: ("min_values", ""),
        3: ("max_values", ""),
        4: ("boundary_order", ""),
        5: ("null_counts", ""),
        8: ("nan_counts", ""),
    },
    "OffsetIndex": {1: ("page_locations", "PageLocation")},
    "PageLocation": {1: ("offset", ""), 2: ("compressed_page_size", ""), 3: ("first_row_index", "")},
}


class Printer:
    """Walks over the bytes of a file; `values` keeps what later parts need, by dotted name."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.values: dict[str, list[int]] = {}

    def line(self, start: int, text: str) -> None:
        digits = self.data[start : self.at].hex(" ")
        print(f"{digits}  # {text}" if digits else f"# {text}")

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind: int, start: int, name: str) -> None:
        if kind in (TRUE, FALSE):
            self.line(start, f"{name} = {'true' if kind == TRUE else 'false'}")
        elif kind in (I32, I64):
            number = self.integer()
            self.values.setdefault(name, []).append(number)
            self.line(start, f"{name} = {number}")
        elif kind == BINARY:
            n = self.varint()
            self.at += n
            self.line(start, f"{name}: {n} bytes {self.data[self.at - n : self.at]!r}")
        else:
            raise ValueError(f"thrift type {kind} at byte {self.at}")

    def elements(self, kind: int, n: int, name: str, struct_name: str) -> None:
        for i in range(n):
            start = self.at
            if kind == STRUCT:
                self.struct(struct_name, f"{name}[{i}]")
            elif kind in (TRUE, FALSE):
                self.at += 1
                self.line(start, f"{name}[{i}] = {'true' if self.data[start] == TRUE else 'false'}")
            else:
                self.value(kind, start, f"{name}[{i}]")

    def struct(self, struct_name: str, name: str) -> None:
        last = 0
        while True:
            start = self.at
            head = self.data[self.at]
            self.at += 1
            if head == STOP:
                self.line(start, f"end of {name}")
                return
            last += head >> 4
            field, inner = STRUCTS[struct_name][last]
            kind = head & 0x0F
            if kind == STRUCT:
                self.line(start, f"{name}.{field}: {inner}")
                self.struct(inner, f"{name}.{field}")
            elif kind == LIST:
                size = self.data[self.at]
                self.at += 1
                n = size >> 4 if size >> 4 < 15 else self.varint()
                self.line(start, f"{name}.{field}: list of {n}")
                self.elements(size & 0x0F, n, f"{name}.{field}", inner)
            else:
                self.value(kind, start, f"{name}.{field}")

    def part(self, title: str, struct_name: str, name: str) -> None:
        print(f"\n# {title}, at {self.at}")
        self.struct(struct_name, name)

    def page(self, title: str) -> None:
        self.values.pop("page.compressed_page_size", None)
        self.part(title, "PageHeader", "page")
        start = self.at
        self.at += self.values["page.compressed_page_size"][0]
        self.line(start, "the page")

    def indexes(self, footer_values: dict[str, list[int]], struct_name: str, field: str) -> None:
        for name, values in footer_values.items():
            if name.endswith(f".{field}_offset"):
                assert values[0] == self.at, f"{name} is {values[0]}, not {self.at}"
                self.part(f"{struct_name} of {name.rsplit('.', 1)[0]}", struct_name, field)


def footer_values(data: bytes) -> dict[str, list[int]]:
    """The integers of the footer, read ahead without printing."""
    ahead = Printer(data)
    ahead.line = lambda start, text: None  # type: ignore[method-assign]
    ahead.at = len(data) - 8 - int(struct.unpack("<I", data[-8:-4])[0])
    ahead.struct("FileMetaData", "file")
    return ahead.values


def page_starts(values: dict[str, list[int]]) -> Iterator[tuple[int, int, str]]:
    """First and end of the pages of each chunk."""
    for name, sizes in values.items():
        chunk, _, field = name.rpartition(".")
        if field == "total_compressed_size" and chunk.endswith("meta_data"):
            first = values.get(f"{chunk}.dictionary_page_offset", values[f"{chunk}.data_page_offset"])[0]
            yield first, first + sizes[0], chunk


def annotate(data: bytes) -> None:
    values = footer_values(data)
    printer = Printer(data)
    printer.at = 4
    printer.line(0, "magic")
    for first, end, chunk in page_starts(values):
        assert first == printer.at, f"{chunk} begins at {first}, not {printer.at}"
        while printer.at < end:
            printer.page(f"a page of {chunk}")
    printer.indexes(values, "ColumnIndex", "column_index")
    printer.indexes(values, "OffsetIndex", "offset_index")
    printer.part("the footer", "FileMetaData", "file")
    print()
    printer.at += 4
    printer.line(printer.at - 4, "bytes of the footer")
    printer.at += 4
    printer.line(printer.at - 4, "magic")
    assert printer.at == len(data)


if __name__ == "__main__":
    annotate(Path(sys.argv[1]).read_bytes())
