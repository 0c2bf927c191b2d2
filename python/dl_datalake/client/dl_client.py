"""The client: one object for everything that a program asks of a lake."""

from __future__ import annotations

from dl_datalake._lake import LakeRef
from dl_datalake.client._upkeep import Upkeep
from dl_datalake.features.manager import FeatureStore
from dl_datalake.metadata.manifest import ManifestManager
from dl_datalake.storage.reader import ParquetReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Literal, overload

    import duckdb
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl
    from typing_extensions import Unpack

    from dl_datalake._frames import Arrays, To, Ts
    from dl_datalake._lake import Place
    from dl_datalake._native import Table
    from dl_datalake._query import Fill, ReadOptions
    from dl_datalake._scan import Scan
    from dl_datalake._times import Time
    from dl_datalake.metadata.manifest import ManifestEntry


class DataLakeClient(Upkeep):
    """A lake, to read and to look after.

    Making a client opens nothing and makes nothing: `list` of a lake that is not there is empty, reading it fails, writing makes it. Any
    number of threads may use a client; clients of one lake share what is open, also after a fork, and can be pickled.

    Args:
        data_root: Of the data; None: $DL_DATA_ROOT, else what a dl.toml in the working directory or above says, else "data".
        db_path: Of the manifest; None: $DL_DB_PATH, else as above, else "manifest.db".

    Attributes:
        reader (ParquetReader): Reads rows, and answers SQL.
        manifest (ManifestManager): Lists files.
        features (FeatureStore): Uploads features; called, it lists them.

    Example:
        >>> client = DataLakeClient()
        >>> client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", "2026-01-10").shape
        (14400, 10)
    """

    def __init__(self, data_root: Place | None = None, db_path: Place | None = None) -> None:
        self._ref = LakeRef(data_root, db_path)
        root, manifest = self._ref.data_root, self._ref.db_path
        self.reader = ParquetReader(base_path=root, db_path=manifest)
        self.manifest = ManifestManager(db_path=manifest, data_root=root, create=False)
        self.features = FeatureStore(base_path=root, db_path=manifest)

    @property
    def data_root(self) -> str:
        """The folder of the lake's data."""
        return self._ref.data_root

    @property
    def db_path(self) -> str:
        """The lake's manifest."""
        return self._ref.db_path

    if TYPE_CHECKING:

        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["polars"] = ...,
            **options: Unpack[ReadOptions],
        ) -> pl.DataFrame: ...
        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["pandas"],
            **options: Unpack[ReadOptions],
        ) -> pd.DataFrame: ...
        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["arrow"],
            **options: Unpack[ReadOptions],
        ) -> Any: ...  # a pyarrow.Table; pyarrow has no types of its own
        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["numpy"],
            **options: Unpack[ReadOptions],
        ) -> Arrays: ...
        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["duckdb"],
            **options: Unpack[ReadOptions],
        ) -> duckdb.DuckDBPyRelation: ...
        @overload
        def read_ohlc(
            self,
            exchange: str,
            symbol: str | Sequence[str],
            start_date: Time | None = ...,
            end_date: Time | None = ...,
            data_type: str | None = ...,
            market: str | None = ...,
            period: str | None = ...,
            columns: Sequence[str] | None = ...,
            as_of: Time | None = ...,
            *,
            to: Literal["table"],
            **options: Unpack[ReadOptions],
        ) -> Table: ...

    def read_ohlc(
        self,
        exchange: str,
        symbol: str | Sequence[str],
        start_date: Time | None = None,
        end_date: Time | None = None,
        data_type: str | None = "raw",
        market: str | None = None,
        period: str | None = None,
        columns: Sequence[str] | None = None,
        as_of: Time | None = None,
        *,
        to: To = "polars",
        ts: Ts = "timestamp",
        limit: int | None = None,
        tail: int | None = None,
        fill: Fill | None = None,
        complete: bool | None = None,
        offset: str | None = None,
        origin: str | None = None,
    ) -> Any:
        """Reads the rows of a range of time: bars, trades, funding, or any other type.

        Args:
            exchange: In any case.
            symbol: The venue's own ("BTCUSDT") or unified ("BTC/USDT:USDT"); several give one frame with a column `symbol`, symbol by
                symbol in the order given, read in parallel.
            start_date: The first time that is read: text as `dl` takes it, date, datetime (naive is UTC), pandas.Timestamp,
                numpy.datetime64, or epoch milliseconds. None: from the first row.
            end_date: The first time that is not read; a bare date means the end of that day. None: to the last row.
            data_type: "raw", "agg", "trades", "aggtrades", "funding", "feature" or one of your own.
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
            volume (in the base currency) and what else is stored. 0 rows where nothing lies in the range. Columns of numbers and times are
            the engine's own memory, not copies.

        Raises:
            NotFoundError: There is no lake, or no such dataset, symbol or snapshot; the message names what is near. Also a
                FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts, or something unknown: a column, a period, a type; also a
                ValueError.
            CorruptError: A file is damaged; also a ValueError.
            MissingExtraError: The library of `to` is not installed; also an ImportError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", "2026-01-10", columns=["close"])
            >>> client.read_ohlc("BINANCE", ["BTCUSDT", "ETHUSDT"], "2026-01-01", period="1h", to="pandas")
        """
        # Only what was given is passed on: programs put a reader of their own in and look at the call.
        more: dict[str, Any] = {}
        for name, value in (
            ("to", None if to == "polars" else to),
            ("ts", None if ts == "timestamp" else ts),
            ("market", market),
            ("period", period),
            ("columns", columns),
            ("as_of", as_of),
            ("limit", limit),
            ("tail", tail),
            ("fill", fill),
            ("complete", complete),
            ("offset", offset),
            ("origin", origin),
        ):
            if value is not None:
                more[name] = value
        read: Any = self.reader.read_range
        return read(exchange, symbol, data_type, start_date, end_date, **more)

    def scan(
        self,
        exchange: str,
        symbol: str | Sequence[str],
        start_date: Time | None = None,
        end_date: Time | None = None,
        data_type: str | None = "raw",
        market: str | None = None,
        period: str | None = None,
        columns: Sequence[str] | None = None,
        as_of: Time | None = None,
        *,
        batch_rows: int | None = None,
        to: To = "polars",
        **options: Unpack[ReadOptions],
    ) -> Scan:
        """Reads as `read_ohlc`, batch by batch, in bounded memory however much it is.

        Args:
            exchange: As of `read_ohlc`, and so are the others that are not named here.
            symbol: As of `read_ohlc`.
            start_date: As of `read_ohlc`.
            end_date: As of `read_ohlc`.
            data_type: As of `read_ohlc`.
            market: As of `read_ohlc`.
            period: As of `read_ohlc`.
            columns: As of `read_ohlc`.
            as_of: As of `read_ohlc`.
            batch_rows: The most rows of a batch; None: chosen by the memory configured.
            to: What each batch is: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".
            **options: ts, limit, tail, fill, complete, offset, origin.

        Returns:
            An iterator of frames, which is also an Arrow stream of all of them.

        Raises:
            NotFoundError: As of `read_ohlc`.
            InvalidArgumentError: As of `read_ohlc`.
            MissingExtraError: As of `read_ohlc`.
            TypeError: As of `read_ohlc`.

        Example:
            >>> for frame in client.scan("BINANCE", "BTCUSDT", data_type="trades", batch_rows=1_000_000):
            ...     print(frame.height)
        """
        from dl_datalake import _query
        from dl_datalake._scan import Scan

        ts = options.pop("ts", "timestamp")
        scan = _query.open_scan(
            self._ref, exchange, symbol, data_type, start_date, end_date,
            market=market, period=period, columns=columns, as_of=as_of, batch_rows=batch_rows, **options,
        )  # fmt: skip
        return Scan(scan, to, ts)

    def list(
        self,
        symbol: str | None = None,
        data_type: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
    ) -> builtins.list[ManifestEntry]:
        """Lists the files of the lake.

        Args:
            symbol: None: all.
            data_type: None: all; also the name of a feature set.
            exchange: None: all.
            market: None: all.

        Returns:
            An entry a file, as `ManifestManager.list_entries`; none where there is no lake.

        Raises:
            TypeError: An argument is no text.

        Example:
            >>> [entry.version for entry in client.list(symbol="BTCUSDT", data_type="feature")]
            ['1.0.1']
        """
        return self.manifest.list_entries(symbol=symbol, data_type=data_type, exchange=exchange, market=market)

    def upload_features(
        self, file_path: Place | object, exchange: str, market: str, symbol: str, feature_set: str, version: str
    ) -> Path:
        """Uploads a version of a feature set, as `FeatureStore.upload_feature`.

        Args:
            file_path: A Parquet or CSV file, or a frame with an Arrow stream.
            exchange: Of the instrument.
            market: Of the instrument.
            symbol: Of the instrument.
            feature_set: The name of the set.
            version: A version that is not there yet.

        Returns:
            The path of the file that holds the version; of the folder, where several do.

        Raises:
            NotFoundError: There is no such file; also a FileNotFoundError.
            ExistsError: The version is there with other rows; also a FileExistsError.
            InvalidArgumentError: No version, or a name that is none; also a ValueError.
            InvalidDataError: Rows that cannot be features; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.upload_features("alpha.parquet", "BINANCE", "FUTURES", "BTCUSDT", "alpha_v1", "1.0.1")
        """
        return self.features.upload_feature(file_path, exchange, market, symbol, feature_set, version)

    def read_features(
        self,
        exchange: str,
        symbol: str,
        feature_set: str,
        version: str | int | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        market: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        to: To = "polars",
        **options: Unpack[ReadOptions],
    ) -> Any:
        """Reads a version of a feature set.

        Args:
            exchange: Of the instrument.
            symbol: Of the instrument.
            feature_set: The name of the set.
            version: None: the latest.
            start_date: As of `read_ohlc`.
            end_date: As of `read_ohlc`.
            market: As of `read_ohlc`.
            columns: Only these features; `ts` comes first in any case.
            to: As of `read_ohlc`.
            **options: ts, limit, tail.

        Returns:
            A frame of the kind wanted: ts, and a column a feature.

        Raises:
            NotFoundError: There is no such set or version; the message names what is near. Also a FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts; also a ValueError.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.read_features("BINANCE", "BTCUSDT", "alpha_v1", version="1.0.1").columns
            ['ts', 'signal']
        """
        from dl_datalake import _as_of

        read: Any = self.reader.read_range
        feature_period = _as_of.feature_period(feature_set, version)
        more = {"market": market, "period": feature_period, "columns": columns, "to": to, **options}
        return read(exchange, symbol, "feature", start_date, end_date, **more)

    def join_features(
        self,
        exchange: str,
        symbol: str,
        feature_set: str,
        version: str | int | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str = "raw",
        *,
        columns: Sequence[str] | None = None,
        to: To = "polars",
        **options: Unpack[ReadOptions],
    ) -> Any:
        """Reads bars, each with the features that were known when it opened.

        A bar of time t has the latest row of features whose ts is at or before t; before the first one its features are null. So nothing looks
        ahead, as long as the ts of a feature is when it was known: one that is computed from the bar of 10:00 to 10:01 is known at 10:01.
        Stamped 10:00, it would let the bar of 10:00 know its own close.

        Args:
            exchange: Of the instrument.
            symbol: Of the instrument: one.
            feature_set: The name of the set.
            version: None: the latest.
            start_date: Of the bars, as of `read_ohlc`; features from before it are taken in.
            end_date: Of the bars, as of `read_ohlc`.
            market: As of `read_ohlc`; the features are those of the bars' market.
            period: Of the bars, as of `read_ohlc`.
            data_type: Of the bars.
            columns: Only these columns of the bars.
            to: As of `read_ohlc`, but for "table".
            **options: Of the bars: ts, limit, tail, fill, complete, offset, origin.

        Returns:
            The bars as `read_ohlc` gives them, and behind them a column a feature; one whose name a bar's column has is followed by "_" and
            the name of the set.

        Raises:
            NotFoundError: There are no such bars, set or version; the message names what is near. Also a FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts; also a ValueError.
            MissingExtraError: Polars, or the library of `to`, is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.join_features("BINANCE", "BTCUSDT", "alpha_v1", start_date="2026-01-01").columns
            ['ts', 'open', 'high', 'low', 'close', 'volume', 'signal']
        """
        from dl_datalake import _as_of, _extras, _frames, _query

        if not isinstance(symbol, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"symbol is {type(symbol).__name__}, not text: features are joined to one symbol at a time")
        if to == "table":
            from dl_datalake.errors import InvalidArgumentError

            raise InvalidArgumentError("to 'table' is for rows as they are stored; joined ones can be 'arrow'")
        ts = options.pop("ts", "timestamp")
        _frames.converter(to, ts)
        feature_period = _as_of.feature_period(feature_set, version)
        polars: Any = _extras.load("polars")
        scan = _query.open_scan(
            self._ref, exchange, symbol, data_type, start_date, end_date,
            market=market, period=period, columns=columns, **options,
        )  # fmt: skip
        bars: pl.DataFrame = polars.DataFrame(scan.read_all())
        known = _as_of.read_known(self._ref, exchange, symbol, scan.dataset[1], feature_period, *_as_of.span_ms(bars))
        return _frames.from_polars(_as_of.join(bars, known, feature_set), to, ts)

    def sql(self, query: str) -> pl.DataFrame:
        """Asks the lake by SQL, as `ParquetReader.sql`.

        Args:
            query: One SELECT over `raw`, `agg`, `trades`, `funding` … or files below the data root.

        Returns:
            The result as a Polars frame; times are UTC.

        Raises:
            InvalidArgumentError: More than one statement, or one that is no question; also a ValueError.
            duckdb.Error: DuckDB cannot carry it out.
            NotFoundError: There is no lake; also a FileNotFoundError.
            MissingExtraError: DuckDB or Polars is not installed.
            TypeError: The query is no text.

        Example:
            >>> client.sql("SELECT symbol, count(*) AS n FROM raw GROUP BY symbol")
        """
        return self.reader.sql(query)

    def close(self) -> None:
        """Gives back what is open. The next use opens it again; frames and streams that were read stay as they are."""
        for part in (self, self.reader, self.manifest, self.features):
            part._ref.close()  # pyright: ignore[reportPrivateUsage]

    def __enter__(self) -> DataLakeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        from dl_datalake._display import one_line

        return one_line("DataLakeClient", self._ref)

    def _repr_html_(self) -> str:
        from dl_datalake._display import html

        return html("DataLakeClient", self._ref)
