import pytest
from dl_datalake import _native as native
from lakes import bars, new_lake


@pytest.fixture
def empty(tmp_path):
    lake = new_lake(tmp_path)
    yield lake
    lake.close()


@pytest.fixture
def lake(empty: native.Lake):
    """Three days of BINANCE FUTURES BTCUSDT raw 1m."""
    empty.put(bars(3 * 1440), exchange="BINANCE", symbol="BTCUSDT", period="1m")
    return empty
