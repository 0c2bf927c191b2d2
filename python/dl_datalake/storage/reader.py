"""Reading rows."""

from __future__ import annotations

from dl_datalake._lake import LakeRef, beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any, Literal, overload

    import duckdb
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    from typing_extensions import Unpack

    from dl_datalake._frames import Arrays, To, Ts
    from dl_datalake._lake import Place
    from dl_datalake._native import Table
    from dl_datalake._query import Fill, ReadOptions
    from dl_datalake._times import Time


class ParquetReader:
    """Reads the rows of a lake.

    Args:
        base_path: The folder of the lake's data.
        db_path: Of its manifest; None: `manifest.db` beside the folder where that is called "data", else in it.

    Example:
        >>> reader = ParquetReader("lake/data")
        >>> reader.list_symbols()
        ['BTCUSDT', 'ETHUSDT']
    """

    def __init__(self, base_path: Place = "data", db_path: Place | None = None) -> None:
        self._ref = LakeRef(base_path, beside(base_path) if db_path is None else db_path)

    @property
    def base_path(self) -> Path:
        """The folder of the lake's data."""
        from pathlib import Path

        return Path(self._ref.data_root)

    if TYPE_CHECKING:

        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["polars"] = ...,
            **options: Unpack[ReadOptions],
        ) -> pl.DataFrame: ...
        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["pandas"],
            **options: Unpack[ReadOptions],
        ) -> pd.DataFrame: ...
        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["arrow"],
            **options: Unpack[ReadOptions],
        ) -> Any: ...  # a pyarrow.Table; pyarrow has no types of its own
        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["numpy"],
            **options: Unpack[ReadOptions],
        ) -> Arrays: ...
        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["duckdb"],
            **options: Unpack[ReadOptions],
        ) -> duckdb.DuckDBPyRelation: ...
        @overload
        def read_range(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            data_type: str | None = ...,
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            *,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            to: Literal["table"],
            **options: Unpack[ReadOptions],
        ) -> Table: ...

    def read_range(
        self,
        exchange: str,
        symbol: str | Sequence[str],
        data_type: str | None = "raw",
        start_date: Time | None = None,
        end_date: Time | None = None,
        *,
        market: str | None = None,
        period: str | None = None,
        columns: Sequence[str] | None = None,
        as_of: Time | None = None,
        to: To = "polars",
        ts: Ts = "timestamp",
        limit: int | None = None,
        tail: int | None = None,
        fill: Fill | None = None,
        complete: bool | None = None,
        offset: str | None = None,
        origin: str | None = None,
    ) -> Any:
        """Reads the rows of a range of time.

        Args:
            exchange: In any case.
            symbol: The venue's own ("BTCUSDT") or unified ("BTC/USDT:USDT"); several give one frame with a column `symbol`, symbol by
                symbol in the order given, read in parallel.
            data_type: "raw", "agg", "trades", "aggtrades", "funding", "feature" or one of your own.
            start_date: The first time that is read: text as `dl` takes it, date, datetime (naive is UTC), pandas.Timestamp,
                numpy.datetime64, or epoch milliseconds. None: from the first row.
            end_date: The first time that is not read; a bare date means the end of that day. None: to the last row.
            market: None: the only one there is, else FUTURES (or what dl.toml says).
            period: "1m", "1h" …; None: the only one there is, else 1m. One that is not stored is derived on the way from what is. Of
                features "set@version", or "set" for the latest version.
            columns: Only these; `ts` comes first in any case. None: all.
            as_of: Read the lake as it was: a snapshot's number or name, or a time.
            to: "polars", "pandas", "arrow", "numpy" (a dict of arrays), "duckdb" (a relation) or "table" (the package's own).
            ts: "timestamp": times as `Datetime("ms", "UTC")` (of trades "us"); "int": whole numbers of that unit.
            limit: Only so many rows from the start (of each symbol); 0: all.
            tail: Only so many rows from the end (of each symbol); 0: all.
            fill: What stands where bars are missing between the first and the last row: "null", "previous", "zero-volume".
            complete: Leave out derived bars that lack source bars.
            offset: Of the buckets of bars that are derived: a length of time by which they begin later.
            origin: Instead: an instant at which a bucket begins.

        Returns:
            A frame of the kind wanted, a row a bar or event by time, `ts` first; bars: open, high, low, close (in the quote currency),
            volume (in the base currency) and what else is stored. 0 rows where nothing lies in the range.

        Raises:
            NotFoundError: There is no lake, or no such dataset, symbol or snapshot; the message names what is near. Also a
                FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts, or something unknown: a column, a period, a type; also a
                ValueError.
            CorruptError: A file is damaged; also a ValueError.
            MissingExtraError: The library of `to` is not installed; also an ImportError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> reader.read_range("BINANCE", "BTCUSDT", "raw", "2026-01-01", "2026-01-07").shape
            (10080, 10)
        """
        from dl_datalake import _frames, _query

        convert = _frames.converter(to, ts)
        scan = _query.open_scan(
            self._ref,
            exchange,
            symbol,
            data_type,
            start_date,
            end_date,
            market=market,
            period=period,
            columns=columns,
            as_of=as_of,
            limit=limit,
            tail=tail,
            fill=fill,
            complete=complete,
            offset=offset,
            origin=origin,
        )
        return convert(scan.read_all())

    def list_symbols(self) -> list[str]:
        """Lists the symbols of all datasets.

        Returns:
            The symbols, sorted, each once; none where there is no lake.

        Raises:
            CorruptError: The manifest is damaged.

        Example:
            >>> reader.list_symbols()
            ['BTCUSDT', 'ETHUSDT']
        """
        lake = self._ref.open_if_there()
        if lake is None:
            return []
        return sorted({row["symbol"] for row in lake.list_datasets().read_all().to_pylist()})

    def sql(self, query: str) -> pl.DataFrame:
        """Asks the lake by SQL, in DuckDB, read only.

        Each type of the lake is a view of its name (`raw`, `agg`, `trades`, `funding` …), all of one snapshot, which has the columns of the
        type and before them exchange, market, symbol and period. Files are named by their path below the folder of the data.

        Args:
            query: One SELECT.

        Returns:
            The result as a Polars frame; times are UTC.

        Raises:
            InvalidArgumentError: More than one statement, or one that is no question; also a ValueError.
            duckdb.Error: DuckDB cannot carry it out.
            NotFoundError: There is no lake.
            MissingExtraError: DuckDB or Polars is not installed.
            TypeError: The query is no text.

        Example:
            >>> reader.sql("SELECT symbol, max(high) AS high FROM raw WHERE period = '1m' GROUP BY symbol ORDER BY symbol")
        """
        from dl_datalake._sql import ask

        return ask(self._ref, query)

    def __repr__(self) -> str:
        return f"ParquetReader({self._ref.data_root!r})"
