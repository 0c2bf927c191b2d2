"""The feature store: results of computations, by instrument, set and version."""

from __future__ import annotations

from dl_datalake._lake import LakeRef, check_file, path_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from dl_datalake._frames import To
    from dl_datalake._lake import Place
    from dl_datalake._progress import Progress

FOLDERS_OF_A_VERSION = len("features/EXCHANGE/MARKET/SYMBOL/SET/VERSION".split("/"))


class FeatureStore:
    """Versioned features. A version, once uploaded, never changes: strategies that name it read the same rows for ever.

    The store can be called: `client.features(symbol="BTCUSDT")` lists versions.

    Args:
        base_path: The folder of the lake's data; the lake is made by the first upload.
        db_path: Of its manifest.

    Example:
        >>> store = FeatureStore("lake/data", "lake/manifest.db")
        >>> store.upload_feature("alpha.parquet", "BINANCE", "FUTURES", "BTCUSDT", "alpha_v1", "1.0.1")
        >>> store(symbol="BTCUSDT", to="arrow").column("version").to_pylist()
        ['1.0.1']
    """

    def __init__(self, base_path: Place = "data", db_path: Place = "manifest.db") -> None:
        self._ref = LakeRef(base_path, db_path)

    @property
    def base_path(self) -> Path:
        """The folder of the lake's data."""
        from pathlib import Path

        return Path(self._ref.data_root)

    def upload_feature(
        self,
        src_path: Place | object,
        exchange: str,
        market: str | None,
        symbol: str,
        feature_set: str,
        version: str | int | None = None,
        *,
        unsorted: bool = False,
        progress: Progress = None,
    ) -> Path:
        """Uploads a version of a feature set.

        Args:
            src_path: A Parquet or CSV file, or a frame with an Arrow stream. It has `ts`, when the features are known, and a column more
                at least.
            exchange: Of the instrument, in any case.
            market: Of the instrument; None: as writes choose it.
            symbol: Of the instrument.
            feature_set: 1 to 64 letters, digits, `_`, `-` and `.`.
            version: 1 to 32 of the same; a number is taken as its text.
            unsorted: Rows may come in any order, and more than once, of which the last counts.
            progress: None, True, False or a callable; see `DataLakeClient.ingest`.

        Returns:
            The path of the file that holds the version; of the folder, where several do.

        Raises:
            NotFoundError: There is no such file; also a FileNotFoundError.
            ExistsError: The version is there with other rows; the message says which one is free. Also a FileExistsError.
            InvalidArgumentError: No version, or a name that is none; also a ValueError.
            InvalidDataError: Rows that cannot be features; also a ValueError. Nothing is written.
            MissingExtraError: Neither Polars nor pyarrow is installed to read a file.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> store.upload_feature("alpha.parquet", "BINANCE", "FUTURES", "BTCUSDT", "alpha_v1", "1.0.1").name
            'BTCUSDT_alpha_v1@1.0.1_2026_1f0c.parquet'
        """
        from dl_datalake._progress import Showing
        from dl_datalake._rows import streamable

        source = None
        if isinstance(src_path, str) or hasattr(src_path, "__fspath__"):
            source = path_text("src_path", src_path)
            check_file(source)
        rows: Any = streamable(src_path, "src_path") if source is None else None
        names = {"exchange": exchange, "market": market, "symbol": symbol}
        names |= {"feature_set": feature_set, "version": _version(version)}
        if source is not None:
            rows = _read_file(source)
        lake = self._ref.open(create=True)
        with Showing(progress, "uploading") as showing:
            result = lake.put_features(rows, **names, is_unsorted=unsorted, source=source, progress=showing.report)  # pyright: ignore
        if result["rows_read"] == 0:
            from dl_datalake.errors import InvalidDataError

            raise InvalidDataError("the frame has no rows")
        return self._path(result["dataset"])

    def features(
        self,
        symbol: str | None = None,
        feature_set: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
        to: To = "polars",
    ) -> Any:
        """Lists versions of feature sets.

        Args:
            symbol: Only of this symbol.
            feature_set: Only of this set.
            exchange: Only of this exchange.
            market: Only of this market.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row a version, by instrument and set, latest first: exchange, market, symbol, feature_set, version, is_latest,
            first_ts, last_ts, rows, bytes, columns (text), created.

        Raises:
            NotFoundError: There is no lake.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> store.features(symbol="BTCUSDT").filter(polars.col("is_latest"))
        """
        from dl_datalake._frames import converter

        convert = converter(to)
        lake = self._ref.open()
        stream = lake.list_features(exchange=exchange, market=market, symbol=symbol, feature_set=feature_set)
        return convert(stream.read_all())

    __call__ = features

    def _path(self, dataset: tuple[str, str, str, str, str]) -> Path:
        from pathlib import Path

        exchange, market, symbol, type_name, period = dataset
        files = self._ref.open().list_files(
            exchange=exchange, market=market, symbol=symbol, type=type_name, period=period
        )
        paths = [row["path"] for row in files.read_all().to_pylist()]
        folder = "/".join(paths[0].split("/")[:FOLDERS_OF_A_VERSION])
        return Path(self._ref.path(paths[0] if len(paths) == 1 else folder))

    def __repr__(self) -> str:
        return f"FeatureStore({self._ref.data_root!r}, {self._ref.db_path!r})"


def _version(version: str | int | None) -> str:
    if isinstance(version, int) and not isinstance(version, bool):
        version = str(version)
    if version is None or version == "":
        from dl_datalake.errors import InvalidArgumentError

        raise InvalidArgumentError("version is missing: every upload of features has one")
    if not isinstance(version, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"version is {type(version).__name__}, not text")
    return version


def _read_file(path: str) -> Any:
    """The rows of a file, by the library that is there."""
    from dl_datalake import _extras
    from dl_datalake.errors import InvalidDataError

    library = _extras.load_first("polars", "pyarrow")
    is_csv = path.lower().endswith((".csv", ".csv.gz", ".txt"))
    try:
        if library.__name__ == "polars":
            return library.read_csv(path) if is_csv else library.read_parquet(path)
        module = _extras.load("pyarrow.csv" if is_csv else "pyarrow.parquet")
        return module.read_csv(path) if is_csv else module.read_table(path)
    except OSError:
        raise
    except Exception as error:
        raise InvalidDataError(f"{path}: cannot be read as {'CSV' if is_csv else 'Parquet'}: {error}") from error
