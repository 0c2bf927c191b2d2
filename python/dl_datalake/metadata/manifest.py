"""The manifest: what is in the lake, file by file."""

from __future__ import annotations

import os

from dl_datalake._lake import LakeRef, check_file, is_there, path_text
from dl_datalake.metadata.data_type import DataType, find, make_known
from dl_datalake.metadata.entry import ManifestEntry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Unpack

    from dl_datalake._lake import Place, Selection
    from dl_datalake._native import Lake

__all__ = ["DataType", "ManifestEntry", "ManifestManager"]

# What add_entry takes. Of the last ones the file itself says what is so.
_NEEDED = ("path", "exchange", "market", "symbol", "type", "period", "checksum", "version", "metadata_json")
_DESCRIBING = ("time_from", "time_to")


class ManifestManager:
    """The manifest of a lake.

    Args:
        db_path: Of the manifest.
        data_root: Of the data; None: "data" beside the manifest.
        create: Make the lake at once where there is none.

    Raises:
        PermissionError: It cannot be made there.

    Example:
        >>> manifest = ManifestManager("lake/manifest.db")
        >>> [entry.path for entry in manifest.list_entries(symbol="BTCUSDT")]
        ['lake/data/BINANCE/FUTURES/BTCUSDT/raw/1m/2026/01/01/BTCUSDT_1m_20260101_1f0c.parquet']
    """

    def __init__(self, db_path: Place = "manifest.db", data_root: Place | None = None, *, create: bool = True) -> None:
        if data_root is None:
            data_root = os.path.join(os.path.dirname(os.fspath(db_path)), "data")
        self._ref = LakeRef(data_root, db_path)
        self.db_path = self._ref.db_path
        if create and not is_there(self._ref.db_path):
            self._ref.open(create=True)

    def list_entries(
        self,
        symbol: str | None = None,
        data_type: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
    ) -> list[ManifestEntry]:
        """Lists the live files.

        Args:
            symbol: Only of this symbol.
            data_type: Only of this type; also the name of a feature set.
            exchange: Only of this exchange, in any case.
            market: Only of this market.

        Returns:
            An entry a file, in the order in which they came into the lake; none where there is no lake.

        Raises:
            TypeError: An argument is no text.

        Example:
            >>> [(entry.version, entry.rows) for entry in manifest.list_entries("BTCUSDT", "alpha_v1")]
            [('1.0.1', 1440)]
        """
        lake = self._ref.open_if_there()
        if lake is None:
            return []
        type_name, feature_set = _type_of(lake, data_type)
        return self._entries(lake, feature_set, exchange=exchange, market=market, symbol=symbol, type=type_name)

    def add_entry(self, **columns: object) -> int:
        """Makes a file known that lies below the data root.

        A file of the lake is found; with `checksum` it is also checked. The rows of any other Parquet file are taken into the lake as an
        ingest does, and the file is moved out of the data, so that nobody sees its rows twice.

        Args:
            **columns: `path` (needed), `exchange`, `market`, `symbol`, `type` (or the name of a feature set, with `version`),
                `period`, `version`, `checksum` (SHA-256), `metadata_json` ("timeframe" is the period). What is not given is told
                from the path where it is one of a lake's. `time_from` and `time_to` may be given; what the file says counts.

        Returns:
            The id of the live file that holds its first row.

        Raises:
            TypeError: A name that is none of these, or no path.
            FileNotFoundError: There is no such file.
            CorruptError: The checksum is another; also a ValueError.
            InvalidDataError: It cannot be understood, or is not below the data root; also a ValueError.
            InvalidArgumentError: A name or `metadata_json` that is none; also a ValueError.

        Example:
            >>> path, first, last = writer.write_table(frame, "BINANCE", "FUTURES", "BTCUSDT", "raw", "1m", "2026-01-01")
            >>> manifest.add_entry(path=path, exchange="BINANCE", market="FUTURES", symbol="BTCUSDT", type="raw") > 0
            True
        """
        unknown = [name for name in columns if name not in _NEEDED and name not in _DESCRIBING]
        if unknown:
            raise TypeError(f"add_entry() has no column '{unknown[0]}'; it has {', '.join(_NEEDED + _DESCRIBING)}")
        path = self._find_file(columns.get("path"))
        texts = {name: _optional_text(name, columns.get(name)) for name in _NEEDED if name not in ("path", "version")}
        period = texts.pop("period") or _timeframe(texts["metadata_json"])
        lake = self._ref.open(create=True)
        type_name, feature_set = _type_of(lake, texts.pop("type"))
        if feature_set is not None:
            period = f"{feature_set}@{columns.get('version') or 1}"
        elif type_name is not None:
            make_known(self._ref, type_name)
        del texts["metadata_json"]
        sha256 = texts.pop("checksum")
        return lake.adopt(path, **texts, type=type_name, period=period, sha256=sha256)["file_id"]

    def delete_entries(
        self,
        symbol: str,
        exchange: str | None = None,
        market: str | None = None,
        data_type: str | None = None,
    ) -> list[str]:
        """Deletes the rows of a symbol. They stay in the history till that expires: `DataLakeClient.undo` puts them back. Of a feature set each
        version is an operation of its own.

        Args:
            symbol: Whose.
            exchange: Only of this exchange.
            market: Only of this market.
            data_type: Only of this type, or of the feature set of this name.

        Returns:
            The paths of the files that were live; none where nothing matches.

        Raises:
            TypeError: An argument is no text.
            InvalidArgumentError: The symbol is empty.

        Example:
            >>> manifest.delete_entries("BTCUSDT", data_type="agg")
            []
        """
        if not symbol:
            from dl_datalake.errors import InvalidArgumentError

            raise InvalidArgumentError("symbol is empty: deleting needs one")
        lake = self._ref.open_if_there()
        if lake is None:
            return []
        type_name, feature_set = _type_of(lake, data_type)
        chosen: Selection = {"exchange": exchange, "market": market, "symbol": symbol, "type": type_name}
        entries = self._entries(lake, feature_set, **chosen)
        periods = {entry.period for entry in entries} if feature_set is not None else {None}
        for period in periods if entries else ():
            chosen["period"] = period
            lake.delete(**chosen)
        return [entry.path for entry in entries]

    def get_latest_version(self, exchange: str, symbol: str, feature_set: str) -> int | str:
        """Tells the latest version of a feature set.

        Args:
            exchange: Of the instrument.
            symbol: Of the instrument.
            feature_set: The name of the set.

        Returns:
            The version, a number where it is a whole one; 0 where there is none.

        Raises:
            TypeError: An argument is no text.

        Example:
            >>> manifest.get_latest_version("BINANCE", "BTCUSDT", "alpha_v1")
            '1.0.1'
        """
        lake = self._ref.open_if_there()
        if lake is None:
            return 0
        table = lake.list_features(exchange=exchange, symbol=symbol, feature_set=feature_set).read_all()
        for row in table.to_pylist():
            if row["is_latest"]:
                version: str = row["version"]
                return int(version) if version.isascii() and version.isdigit() else version
        return 0

    def _entries(self, lake: Lake, feature_set: str | None, **chosen: Unpack[Selection]) -> list[ManifestEntry]:
        from dl_datalake._rows import as_rows

        rows = as_rows(lake.list_files(**chosen).read_all())
        entries = [ManifestEntry(row, self._ref.path(row["path"])) for row in rows]
        if feature_set is not None:
            entries = [entry for entry in entries if entry.feature_set == feature_set]
        return sorted(entries, key=_id)

    def _find_file(self, path: object) -> str:
        """The absolute path of a file that is named from the working directory or from the data root."""
        text = path_text("path", path)
        below = os.path.join(self._ref.data_root, text)
        found = text if os.path.exists(text) else below
        check_file(found)
        return os.path.abspath(found)

    def __repr__(self) -> str:
        return f"ManifestManager({self.db_path!r})"


def _id(entry: ManifestEntry) -> int:
    return entry.id


def _type_of(lake: Lake, data_type: str | None) -> tuple[str | None, str | None]:
    """The type that a text means; where it is none, it is the name of a feature set."""
    if not data_type:
        return None, None
    if not isinstance(data_type, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"data_type is {type(data_type).__name__}, not text")
    member = find(data_type)
    if member is not None:
        return member.value, None
    if any(row["name"] == data_type for row in lake.list_types().read_all().to_pylist()):
        return data_type, None
    return DataType.FEATURE.value, data_type


def _optional_text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}, not text")
    return value or None


def _timeframe(metadata_json: str | None) -> str | None:
    if metadata_json is None:
        return None
    import json

    try:
        metadata = json.loads(metadata_json)
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        from dl_datalake.errors import InvalidArgumentError

        raise InvalidArgumentError(f"metadata_json is {metadata_json[:60]!r}, not a JSON object")
    period: Any = metadata.get("timeframe")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return period if isinstance(period, str) else None
