"""A dataset as a sequence of frames, in bounded memory."""

from __future__ import annotations

from dl_datalake import _frames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import CapsuleType

    from dl_datalake import _native
    from dl_datalake._frames import To, Ts


class Scan:
    """The rows of a read, batch by batch, once, all of one snapshot.

    It iterates over frames, and is itself an Arrow stream, so that a library takes it as a whole.

    Example:
        >>> with client.scan("BINANCE", "BTCUSDT", batch_rows=100_000) as scan:
        ...     for frame in scan:
        ...         print(frame.height)
        >>> table = pyarrow.table(client.scan("BINANCE", "BTCUSDT"))
    """

    def __init__(self, scan: _native.Scan, to: To = "polars", ts: Ts = "timestamp") -> None:
        self._scan = scan
        self._convert = _frames.converter(to, ts)

    @property
    def dataset(self) -> tuple[str, str, str, str, str]:
        """Exchange, market, symbol, type and period of what is read (of several symbols: the first one's)."""
        return self._scan.dataset

    @property
    def note(self) -> str:
        """Where the rows are derived on the way: from what and why; else ""."""
        return self._scan.note

    @property
    def n_rows(self) -> int | None:
        """The rows in all; None where that is not known before they are read."""
        n_rows = self._scan.n_rows
        return None if n_rows < 0 else n_rows

    @property
    def incomplete(self) -> tuple[int, int]:
        """Of the rows given so far: bars that lack source bars, and bars that say of how many they are made."""
        return self._scan.incomplete

    def close(self) -> None:
        """Lets go of what is not read yet."""
        self._scan.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        table = self._scan.next()
        if table is None:
            raise StopIteration
        return self._convert(table)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType:
        return self._scan.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> CapsuleType:
        return self._scan.__arrow_c_schema__()

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Scan of {'/'.join(self.dataset)}>"
