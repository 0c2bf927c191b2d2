"""A file as the manifest knows it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any


class ManifestEntry:
    """A live file of the lake.

    Attributes:
        id (int): Of the file; never used again.
        exchange, market, symbol, type, period (str): The dataset that it belongs to.
        path (str): The data root joined with its place below that.
        time_from, time_to (int): Its first and last row, epoch milliseconds.
        version (str): Of a feature set, as it was uploaded; of other data the content version.
        checksum (str): SHA-256 of the file, hexadecimal.
        rows, bytes (int): How much is in it.
        feature_set (str | None): Of features.
    """

    __slots__ = (
        "_created_ms",
        "bytes",
        "checksum",
        "exchange",
        "feature_set",
        "id",
        "market",
        "path",
        "period",
        "rows",
        "symbol",
        "time_from",
        "time_to",
        "type",
        "version",
    )

    def __init__(self, row: dict[str, Any], path: str) -> None:
        self.id: int = row["id"]
        self.exchange: str = row["exchange"]
        self.market: str = row["market"]
        self.symbol: str = row["symbol"]
        self.type: str = row["type"]
        self.period: str = row["period"]
        self.path = path
        self.time_from: int = row["first_ts"]
        self.time_to: int = row["last_ts"]
        self.checksum: str = row["sha256"]
        self.rows: int = row["rows"]
        self.bytes: int = row["bytes"]
        self._created_ms: int | None = row["created"]
        self.feature_set: str | None = None
        self.version = str(row["version"])
        if self.type == "feature":
            self.feature_set, _, self.version = self.period.rpartition("@")

    @property
    def created_at(self) -> datetime | None:
        """When it was committed, UTC; None where the log of that has expired."""
        from dl_datalake._times import utc

        return None if self._created_ms is None else utc(self._created_ms)

    @property
    def metadata_json(self) -> str:
        """JSON text: "timeframe" is the period; of features also "feature_set" and "version"."""
        import json

        metadata = {"timeframe": self.period}
        if self.feature_set is not None:
            metadata |= {"feature_set": self.feature_set, "version": self.version}
        return json.dumps(metadata)

    def __repr__(self) -> str:
        return f"<ManifestEntry {self.id}: {self.path}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ManifestEntry) and (self.id, self.path) == (other.id, other.path)

    def __hash__(self) -> int:
        return hash((self.id, self.path))
