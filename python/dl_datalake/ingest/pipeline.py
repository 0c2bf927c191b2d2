"""Files into the lake, and whether it is whole."""

from __future__ import annotations

from dl_datalake._lake import LakeRef, check_file, path_text
from dl_datalake.metadata.manifest import ManifestManager
from dl_datalake.storage.writer import ParquetWriter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dl_datalake._lake import Place, Selection
    from dl_datalake._native import Lake


class IngestPipeline:
    """Ingests files. What a file looks like is told from the file: separator, header, columns, units of time.

    Args:
        data_root: The folder of the lake's data.
        db_path: Of its manifest; the lake is made where there is none.

    Attributes:
        writer (ParquetWriter): Writes into the same lake.
        manifest (ManifestManager): Its manifest.

    Example:
        >>> pipeline = IngestPipeline("lake/data", "lake/manifest.db")
        >>> pipeline.ingest_csv("btc_1m.csv", "BINANCE", "FUTURES", "BTCUSDT")
        True
    """

    def __init__(self, data_root: Place = "data", db_path: Place = "manifest.db") -> None:
        self.writer = ParquetWriter(base_path=data_root, db_path=db_path)
        self.manifest = ManifestManager(db_path=db_path, data_root=data_root)
        self._ref = LakeRef(data_root, db_path)

    def ingest_csv(self, file_path: Place, exchange: str, market: str, symbol: str) -> bool:
        """Ingests a file of bars, in bounded memory however large it is.

        Args:
            file_path: CSV, also in .gz, .zst or .zip; Parquet.
            exchange: In any case.
            market: "SPOT", "FUTURES", "INVERSE" …
            symbol: The venue's own or unified.

        Returns:
            True: all rows of the file are in the lake.

        Raises:
            NotFoundError: There is no such file; also a FileNotFoundError.
            InvalidDataError: It cannot be understood; the message names the line and what was expected. Also a ValueError. Nothing is
                written.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> pipeline.ingest_csv("btc_1m.csv", "BINANCE", "FUTURES", "BTCUSDT")
            True
        """
        return self._ingest(file_path, exchange, market, symbol, None)

    def ingest_ticks_csv(self, file_path: Place, exchange: str, market: str, symbol: str) -> bool:
        """Ingests a file of single trades, in bounded memory however large it is.

        Args:
            file_path: As of `ingest_csv`.
            exchange: In any case.
            market: "SPOT", "FUTURES", "INVERSE" …
            symbol: The venue's own or unified.

        Returns:
            True: all rows of the file are in the lake.

        Raises:
            NotFoundError: As of `ingest_csv`.
            InvalidDataError: As of `ingest_csv`.
            TypeError: As of `ingest_csv`.

        Example:
            >>> pipeline.ingest_ticks_csv("btc_trades.csv", "BINANCE", "FUTURES", "BTCUSDT")
            True
        """
        return self._ingest(file_path, exchange, market, symbol, "trades")

    def verify_integrity(
        self, exchange: str, symbol: str, market: str | None = None, timeframe: str = "1m"
    ) -> dict[str, Any]:
        """Tells whether bars are whole: nothing missing, nothing twice, no file gone or other than it was written.

        Args:
            exchange: In any case.
            symbol: The venue's own or unified.
            market: None: all.
            timeframe: The period, in any spelling.

        Returns:
            status ("success"; "warning": gaps or overlaps; "error": no data, or damaged files), row_count, gap_count (intervals in which
            bars are missing), overlap_count, interval_ms (None where it is of no fixed length) and message. Without data only status and
            message.

        Raises:
            InvalidArgumentError: The timeframe is none; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> pipeline.verify_integrity("BINANCE", "BTCUSDT")["status"]
            'success'
        """
        from dl_datalake import _native

        lake = self._ref.open(create=True)
        chosen: Selection = {
            "exchange": exchange,
            "market": market,
            "symbol": symbol,
            "type": "raw",
            "period": timeframe,
        }
        datasets = lake.list_datasets(**chosen).read_all().to_pylist()
        n_rows = sum(row["rows"] for row in datasets)
        if n_rows == 0:
            return {"status": "error", "message": f"no {timeframe} bars of {symbol} on {exchange}"}
        n_problems = lake.verify(**chosen)[0]["n_problems"]
        n_gaps = lake.gaps(**chosen)[0]["n_gaps"]
        n_overlaps = _count_overlaps(lake, chosen)
        status, message = _judge(n_problems, n_gaps, n_overlaps)
        return {
            "status": status,
            "row_count": n_rows,
            "gap_count": n_gaps,
            "overlap_count": n_overlaps,
            "interval_ms": _native.parse_period(datasets[0]["period"])[0] or None,
            "message": message,
        }

    def _ingest(self, file_path: Place, exchange: str, market: str, symbol: str, type_name: str | None) -> bool:
        from dl_datalake._progress import Showing

        path = path_text("file_path", file_path)
        check_file(path)
        lake = self._ref.open(create=True)
        with Showing(None, "ingesting") as showing:
            lake.ingest(
                [path], exchange=exchange, market=market, symbol=symbol, type=type_name, progress=showing.report
            )
        return True

    def __repr__(self) -> str:
        return f"IngestPipeline({str(self.writer.base_path)!r}, {self.manifest.db_path!r})"


def _count_overlaps(lake: Lake, chosen: Selection) -> int:
    """How many files begin before the one before ends. Rows of one file are in order: verifying has looked at that."""
    n_overlaps = 0
    last: tuple[str, int] | None = None
    for row in lake.list_files(**chosen).read_all().to_pylist():
        if last is not None and last[0] == row["market"] and row["first_ts"] <= last[1]:
            n_overlaps += 1
        last = row["market"], row["last_ts"]
    return n_overlaps


def _judge(n_problems: int, n_gaps: int, n_overlaps: int) -> tuple[str, str]:
    if n_problems > 0:
        return "error", f"{n_problems} problem{'s' * (n_problems != 1)} with the files: see DataLakeClient.verify"
    if n_overlaps > 0:
        return "warning", f"{n_overlaps} overlap{'s' * (n_overlaps != 1)}"
    if n_gaps > 0:
        return "warning", f"{n_gaps} gap{'s' * (n_gaps != 1)}: see DataLakeClient.gaps"
    return "success", "whole, without gaps"
