"""What a type checker must make of the public names: pyright reads this in strict mode (tools/check.sh), nothing runs it.

Each assert_type is a promise: `to=` decides what a reader gives back, and errors are the exceptions that they say.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import polars as pl
from dl_datalake import DataLakeClient, DataType, ManifestManager, ParquetReader, ParquetWriter, Table
from dl_datalake.errors import InvalidArgumentError, LakeError, MissingExtraError, NotFoundError
from dl_datalake.metadata.manifest import ManifestEntry
from typing_extensions import assert_type


def reading(client: DataLakeClient) -> None:
    frame = client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", datetime(2026, 1, 10, tzinfo=timezone.utc))
    assert_type(frame, pl.DataFrame)
    assert_type(client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", "2026-01-10", to="polars"), pl.DataFrame)
    table = client.read_ohlc("BINANCE", ["BTCUSDT", "ETHUSDT"], 1_704_067_200_000, None, to="table")
    assert_type(table, Table)
    assert_type(table.names, list[str])
    assert_type(table.to_pylist(), list[dict[str, Any]])


def reading_in_other_ways(reader: ParquetReader) -> None:
    assert_type(reader.read_range("BINANCE", "BTCUSDT", "raw", "2026-01-01", "2026-01-10"), pl.DataFrame)
    assert_type(reader.list_symbols(), list[str])


def listing(client: DataLakeClient, manifest: ManifestManager) -> None:
    assert_type(client.list(symbol="BTCUSDT", data_type="feature"), list[ManifestEntry])
    assert_type(manifest.list_entries(data_type=DataType.RAW), list[ManifestEntry])


class Writer(ParquetWriter):
    """With a method of a user's own."""

    def write_liquidations(self, frame: pl.DataFrame, date: str) -> tuple[Path, int, int]:
        return self.write_table(frame, "BINANCE", "FUTURES", "BTCUSDT", "liquidations", "tick", date)


def failing(client: DataLakeClient) -> int:
    try:
        client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", "2026-01-10")
    except MissingExtraError as error:
        caught: ImportError = error
        assert_type(error.exit_status, int)
        raise caught from None
    except NotFoundError as error:
        missing: FileNotFoundError = error
        assert_type(error.code, str)
        raise missing from None
    except InvalidArgumentError as error:
        wrong: ValueError = error
        raise wrong from None
    except LakeError as error:
        return error.http_status
    return 0
