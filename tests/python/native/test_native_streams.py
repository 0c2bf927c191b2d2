"""Scans and streams: read once, by whoever is handed them; signals stop them; closing is safe at any time."""

import gc
import threading
import time

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake import _native as native
from dl_datalake import errors
from lakes import MINUTE, RangError, alarm, bars

DECADE = 3653 * 1440


@pytest.fixture
def long(empty: native.Lake) -> native.Lake:
    """Two bars ten years apart: filled, they are five million rows."""
    first = 1_262_304_000_000
    empty.put(
        pl.concat([bars(1, first), bars(1, first + DECADE * MINUTE)]), exchange="BINANCE", symbol="LONG", period="1m"
    )
    return empty


def test_a_scan_says_what_it_is(lake: native.Lake):
    scan = lake.scan("binance", "btcusdt", limit=5)
    assert scan.dataset == ("BINANCE", "FUTURES", "BTCUSDT", "raw", "1m")
    assert (scan.n_rows, scan.note, scan.is_chosen, scan.incomplete) == (5, "", False, (0, 0))
    derived = lake.scan("BINANCE", "BTCUSDT", type="agg", period="1h")
    assert "1m" in derived.note
    assert derived.n_rows == -1
    stream = derived.stream()
    assert len(stream.read_all()) == 72
    assert derived.incomplete == (0, 72)
    assert derived.dataset[3:] == ("agg", "1h")


@pytest.mark.parametrize("read", [pa.table, pl.DataFrame, lambda rows: duckdb.sql("select * from rows").pl()])
def test_a_stream_is_read_once_by_anybody(lake: native.Lake, read):
    stream = lake.scan("BINANCE", "BTCUSDT", batch_rows=1000).stream()
    assert stream.names[0] == "ts"
    assert len(read(stream)) == 4320
    for again in (stream.read_all, stream.next, stream.__arrow_c_stream__):
        with pytest.raises(errors.InvalidStateError, match="handed over already"):
            again()
    assert stream.error is None
    assert not stream.interrupted


def test_batches(lake: native.Lake):
    scan = lake.scan("BINANCE", "BTCUSDT", batch_rows=1000)
    tables = iter(scan.next, None)
    frame = pl.concat([pl.DataFrame(table) for table in tables])
    assert frame.equals(bars(4320))
    assert scan.next() is None
    assert len(scan.read_all()) == 0


def test_schema_before_and_after(lake: native.Lake):
    scan = lake.scan("BINANCE", "BTCUSDT", columns=["close"])
    before = pa.schema(scan)
    stream = scan.stream()
    assert pa.schema(stream) == before
    assert before.names == ["ts", "close"]
    assert before == pa.table(stream).schema


def test_streams_outlive_the_lake(lake: native.Lake):
    scan, stream = lake.scan("BINANCE", "BTCUSDT"), lake.scan("BINANCE", "BTCUSDT").stream()
    capsule = lake.list_datasets().__arrow_c_stream__()
    lake.close()
    lake.close()
    assert len(scan.read_all()) == len(pa.table(stream)) == 4320
    del capsule
    for call in (lambda: lake.scan("BINANCE", "BTCUSDT"), lake.list_files, lake.undo, lambda: lake.find_snapshot("1")):
        with pytest.raises(errors.InvalidStateError, match="the lake is closed"):
            call()


def test_closed_streams(lake: native.Lake):
    scan = lake.scan("BINANCE", "BTCUSDT")
    scan.close()
    scan.close()
    with pytest.raises(errors.InvalidStateError, match="closed"):
        scan.read_all()
    given = lake.scan("BINANCE", "BTCUSDT").stream()
    reader = pa.RecordBatchReader.from_stream(given)
    given.close()
    assert reader.read_all().num_rows == 4320


def test_an_unread_stream_is_let_go(lake: native.Lake):
    for _ in range(20):
        capsule = lake.scan("BINANCE", "BTCUSDT").__arrow_c_stream__()
        lake.scan("BINANCE", "BTCUSDT").stream()
        del capsule
    gc.collect()
    assert len(lake.scan("BINANCE", "BTCUSDT").read_all()) == 4320


def test_threads_share_a_scan_and_a_lake(lake: native.Lake):
    scan = lake.scan("BINANCE", "BTCUSDT", batch_rows=100)
    counts: list[int] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            counts.append(sum(len(table) for table in iter(scan.next, None)))
            for _ in range(20):
                assert len(lake.scan("BINANCE", "BTCUSDT").read_all()) == 4320
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sum(counts) == 4320


def test_closing_a_lake_that_others_read(lake: native.Lake):
    ended: list[BaseException | None] = []

    def read() -> None:
        try:
            while True:
                lake.scan("BINANCE", "BTCUSDT").read_all()
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    lake.close()
    for thread in threads:
        thread.join(20)
    assert [type(error) for error in ended] == [errors.InvalidStateError] * 4


def test_a_signal_stops_collecting(long: native.Lake):
    with pytest.raises(RangError), alarm(0.1):
        long.scan("BINANCE", "LONG", fill="null", batch_rows=10_000).read_all()


@pytest.mark.parametrize("is_scan", [False, True])
def test_a_signal_stops_who_reads_for_somebody_else(long: native.Lake, is_scan: bool):
    scan = long.scan("BINANCE", "LONG", fill="null", batch_rows=10_000)
    given = scan if is_scan else scan.stream()
    reader = pa.RecordBatchReader.from_stream(given)
    with pytest.raises(OSError, match="interrupted"), alarm(0.1):
        reader.read_all()
    assert given.interrupted
    assert isinstance(given.error, RangError)
    del reader
    assert len(long.scan("BINANCE", "LONG").read_all()) == 2


def test_a_signal_is_kept_for_nobody_where_nobody_asks(long: native.Lake):
    reader = pa.RecordBatchReader.from_stream(long.scan("BINANCE", "LONG", fill="null", batch_rows=10_000))
    with pytest.raises(OSError, match="interrupted"), alarm(0.1):
        reader.read_all()


def test_other_threads_do_not_look_for_signals(lake: native.Lake):
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(pa.table(lake.scan("BINANCE", "BTCUSDT")).num_rows))
    thread.start()
    thread.join()
    assert counts == [4320]
