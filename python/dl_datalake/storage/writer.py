"""Writing rows."""

from __future__ import annotations

from dl_datalake._lake import LakeRef, beside
from dl_datalake.metadata.data_type import DataType, find, make_known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from dl_datalake._lake import Place
    from dl_datalake._progress import Progress
    from dl_datalake._times import Time


class ParquetWriter:
    """Writes rows into a lake. Each call is one commit: all its rows are safe when it returns, or none is there.

    A row that is there already is replaced column by column; the same rows once more change nothing. A type of your own needs no more than a
    `DataType` and a method of a subclass that calls `write_table` with it.

    Args:
        base_path: The folder of the lake's data; the lake is made by the first write.
        db_path: Of its manifest; None: `manifest.db` beside the folder where that is called "data", else in it.

    Example:
        >>> LIQUIDATIONS = DataType.register("liquidations", {"ts": "timestamp[ms]", "id": "utf8", "price": "double"}, key=("ts", "id"))
        >>> class Writer(ParquetWriter):
        ...     def write_liquidations(self, df, exchange, market, symbol, date):
        ...         return self.write_table(df, exchange, market, symbol, LIQUIDATIONS, "event", date)
    """

    def __init__(self, base_path: Place = "data", db_path: Place | None = None) -> None:
        self._ref = LakeRef(base_path, beside(base_path) if db_path is None else db_path)

    @property
    def base_path(self) -> Path:
        """The folder of the lake's data."""
        from pathlib import Path

        return Path(self._ref.data_root)

    def write_table(
        self,
        df: object,
        exchange: str,
        market: str,
        symbol: str,
        data_type: str,
        period: str,
        date: Time,
        *,
        unsorted: bool = False,
        progress: Progress = None,
    ) -> tuple[Path, int, int]:
        """Writes rows of any type into one partition.

        Args:
            df: A frame with an Arrow stream: Polars, pandas, pyarrow, DuckDB. `ts` are timestamps, text, or whole numbers in s, ms, µs
                or ns. Columns of the type may be missing: what is stored in them stays.
            exchange: In any case.
            market: "SPOT", "FUTURES", "INVERSE" …
            symbol: The venue's own or unified.
            data_type: A `DataType`, or its name.
            period: Of the rows, in any spelling ("1m", "1min"); "tick" of trades, "event" of events.
            date: A day that the rows lie in: up to 5m and of trades the UTC day itself, up to 12h and of events its month, longer its
                year.
            unsorted: Rows may come in any order, and more than once, of which the last counts.
            progress: None, True, False or a callable; see `DataLakeClient.ingest`.

        Returns:
            The file that holds the first row, and the first and last time of the rows written, epoch milliseconds.

        Raises:
            InvalidDataError: A row outside of the partition, keys that are null, unsorted or doubled, a column of another kind, no `ts`,
                no rows at all; the message names row and value. Also a ValueError. Nothing is written.
            InvalidArgumentError: A type, period or name that is none; also a ValueError.
            TypeError: An argument is of a wrong kind, or the frame is none.

        Example:
            >>> writer.write_table(frame, "BINANCE", "FUTURES", "BTCUSDT", DataType.RAW, "1m", "2026-01-01")
            (PosixPath('data/BINANCE/FUTURES/BTCUSDT/raw/1m/2026/01/01/BTCUSDT_1m_20260101_1f0c.parquet'), 1767225600000, 1767311940000)
        """
        from dl_datalake import _native, _times

        _, start_ms, end_ms = _native.parse_period(period, _times.to_ms(date, False, "date"))
        result = self._put(
            df, data_type, progress, exchange=exchange, market=market, symbol=symbol, period=period,
            start_ms=start_ms, end_ms=end_ms, is_partial=True, is_unsorted=unsorted,
        )  # fmt: skip
        triples = self._written(result)
        if not triples:
            from dl_datalake.errors import InvalidDataError

            raise InvalidDataError("the frame has no rows")
        return triples[0][0], result["first_ms"], result["last_ms"]

    def write_ohlc(
        self,
        df: object,
        exchange: str,
        market: str,
        symbol: str,
        period: str = "1min",
        *,
        unsorted: bool = False,
        progress: Progress = None,
    ) -> Iterator[tuple[Path, int, int]]:
        """Writes bars. All of it is done when the call returns, whether or not the result is looked at.

        Args:
            df: A frame as of `write_table`, with ts (the open time, on the period's grid), open, high, low, close and volume; quote_volume,
                trades, taker_buy_volume and taker_buy_quote_volume where there are any, other columns are kept as they are.
            exchange: In any case.
            market: "SPOT", "FUTURES", "INVERSE" …
            symbol: The venue's own or unified.
            period: Of the bars, in any spelling.
            unsorted: As of `write_table`.
            progress: As of `write_table`.

        Returns:
            By time, for each file that holds rows of the frame: its path, and the first and last time of the part of it that the frame
            spans, epoch milliseconds.

        Raises:
            InvalidDataError: As of `write_table`; a frame without `ts` or another needed column. Also a ValueError. Nothing is written.
            InvalidArgumentError: A period or name that is none; also a ValueError.
            TypeError: An argument is of a wrong kind, or the frame is none.

        Example:
            >>> for path, first, last in writer.write_ohlc(frame, "BINANCE", "FUTURES", "BTCUSDT", "1m"):
            ...     print(path, first, last)
        """
        result = self._put(
            df,
            DataType.RAW,
            progress,
            exchange=exchange,
            market=market,
            symbol=symbol,
            period=period,
            is_unsorted=unsorted,
        )
        return iter(self._written(result))

    def write_ticks(
        self,
        df: object,
        exchange: str,
        market: str,
        symbol: str,
        *,
        unsorted: bool = False,
        progress: Progress = None,
    ) -> Iterator[tuple[Path, int, int]]:
        """Writes single trades. All of it is done when the call returns, whether or not the result is looked at.

        Args:
            df: A frame as of `write_table`, with ts, price and amount (or qty), and where there are any id and side ("buy", "sell": the
                taker's). Two trades of one time are two trades: without ids what tells them apart is what they say.
            exchange: In any case.
            market: "SPOT", "FUTURES", "INVERSE" …
            symbol: The venue's own or unified.
            unsorted: As of `write_table`.
            progress: As of `write_table`.

        Returns:
            As of `write_ohlc`.

        Raises:
            InvalidDataError: As of `write_ohlc`; also a ValueError. Nothing is written.
            InvalidArgumentError: A name that is none; also a ValueError.
            TypeError: An argument is of a wrong kind, or the frame is none.

        Example:
            >>> frame = polars.DataFrame({"ts": [1767225600000], "price": [87000.0], "amount": [0.5], "side": ["buy"]})
            >>> list(writer.write_ticks(frame, "BINANCE", "FUTURES", "BTCUSDT"))
        """
        result = self._put(
            df, DataType.TRADES, progress, exchange=exchange, market=market, symbol=symbol, is_unsorted=unsorted
        )
        return iter(self._written(result))

    def _put(self, df: object, data_type: str, progress: Progress, **options: Any) -> dict[str, Any]:
        from dl_datalake._progress import Showing
        from dl_datalake._rows import streamable

        rows = streamable(df)
        name = _name_of(data_type)
        for option in ("exchange", "market", "symbol", "period"):
            _check_text(option, options.get(option))
        showing = Showing(progress, "writing")
        lake = self._ref.open(create=True)  # after what can be refused without one
        make_known(self._ref, name)
        with showing:
            return lake.put(rows, type=name, progress=showing.report, **options)

    def _written(self, result: dict[str, Any]) -> list[tuple[Path, int, int]]:
        """The files that hold the rows of a write, with the part of each that they span."""
        from pathlib import Path

        from dl_datalake._rows import as_rows

        if result["rows_read"] == 0:
            return []
        exchange, market, symbol, type_name, period = result["dataset"]
        first_ms, last_ms = result["first_ms"], result["last_ms"]
        files = self._ref.open().list_files(
            exchange=exchange, market=market, symbol=symbol, type=type_name, period=period,
            start_ms=first_ms, end_ms=last_ms + 1,
        )  # fmt: skip
        return [
            (Path(self._ref.path(row["path"])), max(row["first_ts"], first_ms), min(row["last_ts"], last_ms))
            for row in as_rows(files.read_all())
        ]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._ref.data_root!r})"


def _check_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}, not text")


def _name_of(data_type: str) -> str:
    if not isinstance(data_type, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"data_type is {type(data_type).__name__}, not a DataType or its name")
    member = find(data_type)
    return str.__str__(data_type) if member is None else member.value
