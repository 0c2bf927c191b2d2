"""dl-datalake: a market data lake on one machine, from Python.

The names below are loaded when they are first used, so that importing the package costs next to nothing.

Example:
    >>> from dl_datalake import DataLakeClient
    >>> client = DataLakeClient()
    >>> frame = client.read_ohlc("BINANCE", "BTCUSDT", "2026-01-01", "2026-01-10")
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dl_datalake._native import Table, __version__
    from dl_datalake._outcome import Outcome
    from dl_datalake._scan import Scan
    from dl_datalake.client.dl_client import DataLakeClient
    from dl_datalake.features.manager import FeatureStore
    from dl_datalake.ingest.pipeline import IngestPipeline
    from dl_datalake.metadata.manifest import DataType, ManifestEntry, ManifestManager
    from dl_datalake.storage.reader import ParquetReader
    from dl_datalake.storage.writer import ParquetWriter

__all__ = [
    "DataLakeClient",
    "DataType",
    "FeatureStore",
    "IngestPipeline",
    "ManifestEntry",
    "ManifestManager",
    "Outcome",
    "ParquetReader",
    "ParquetWriter",
    "Scan",
    "Table",
    "__version__",
]

# Where each name lives.
_HOMES = {
    "DataLakeClient": "dl_datalake.client.dl_client",
    "DataType": "dl_datalake.metadata.manifest",
    "FeatureStore": "dl_datalake.features.manager",
    "IngestPipeline": "dl_datalake.ingest.pipeline",
    "ManifestEntry": "dl_datalake.metadata.manifest",
    "ManifestManager": "dl_datalake.metadata.manifest",
    "Outcome": "dl_datalake._outcome",
    "ParquetReader": "dl_datalake.storage.reader",
    "ParquetWriter": "dl_datalake.storage.writer",
    "Scan": "dl_datalake._scan",
    "Table": "dl_datalake._native",
    "__version__": "dl_datalake._native",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'dl_datalake' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
