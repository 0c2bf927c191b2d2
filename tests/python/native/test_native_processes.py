"""Forks, the end of the interpreter, other interpreters, and leaks."""

import contextlib
import gc
import os
import signal
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from dl_datalake import _native as native
from dl_datalake import errors
from lakes import MINUTE, START, bars, run

MAKE = """
import sys
import polars as pl
from dl_datalake import _native as native
lake = native.Lake("data", "manifest.db", create=True)
frame = pl.DataFrame({"ts": pl.int_range(5000, eager=True) * 60_000 + 1_704_067_200_000, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0})
lake.put(frame, exchange="BINANCE", symbol="BTCUSDT", period="1m")
"""


def in_child(check) -> int:
    """The exit status of a forked process that runs check()."""
    child = os.fork()
    if child == 0:
        try:
            check()
            gc.collect()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_has_the_memory_and_not_the_lake(lake: native.Lake):
    table, scan, unread = (
        lake.scan("BINANCE", "BTCUSDT").read_all(),
        lake.scan("BINANCE", "BTCUSDT"),
        lake.list_files(),
    )
    kept = [lake.scan("BINANCE", "BTCUSDT").stream(), lake]

    def check() -> None:
        for call in (lambda: lake.scan("BINANCE", "BTCUSDT"), lake.list_datasets, lake.undo):
            with pytest.raises(errors.InvalidStateError, match="forked"):
                call()
        for call in (scan.read_all, unread.next):
            with pytest.raises(errors.InvalidStateError, match="another process"):
                call()
        scan.close()
        assert table.value("volume", 17) == 17.0
        assert pa.table(table).num_rows == 4320
        kept.clear()
        lake.close()

    assert in_child(check) == 0
    assert len(scan.read_all()) == len(kept[0].read_all()) == 4320
    assert lake.put(bars(1), exchange="BINANCE", symbol="ETHUSDT", period="1m")["rows_new"] == 1
    assert lake.verify(full=True)[0]["n_problems"] == 0


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_while_another_thread_reads(lake: native.Lake):
    lake.put(bars(1, START - 525_600 * MINUTE), exchange="BINANCE", symbol="BTCUSDT", period="1m")
    is_enough = threading.Event()
    scans = [lake.scan("BINANCE", "BTCUSDT", fill="null")]

    def read() -> None:
        while not is_enough.is_set():
            scans[0].read_all()
            scans[0] = lake.scan("BINANCE", "BTCUSDT", fill="null")

    def check() -> None:
        signal.alarm(10)
        scan = scans[0]
        scan.close()
        with pytest.raises(errors.InvalidStateError, match="another process"):
            scan.next()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert [in_child(check) for _ in range(5)] == [0] * 5
    finally:
        is_enough.set()
        reader.join()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_opens_its_own(lake: native.Lake, tmp_path: Path):
    def check() -> None:
        own = native.Lake(tmp_path / "data", tmp_path / "manifest.db")
        assert own.scan("BINANCE", "BTCUSDT").n_rows == 4320
        own.close()

    assert in_child(check) == 0


ENDS = {
    "live objects": "scan, stream, files = lake.scan('BINANCE', 'BTCUSDT'), lake.scan('BINANCE', 'BTCUSDT').stream(), lake.list_files()\n"
    "table = lake.scan('BINANCE', 'BTCUSDT').read_all()\ncolumn = table.column('open')\ncapsule = scan.__arrow_c_stream__()",
    "a cycle": "class Ring: pass\nring = Ring()\nring.ring, ring.lake, ring.scan = ring, lake, lake.scan('BINANCE', 'BTCUSDT')",
    "frames": "df = pl.DataFrame(lake.scan('BINANCE', 'BTCUSDT'))\nimport numpy as np\na = np.asarray(lake.scan('BINANCE', 'BTCUSDT').read_all().column('open'))",
    "an atexit hook": "import atexit\natexit.register(lambda: print(len(lake.scan('BINANCE', 'BTCUSDT').read_all()), file=sys.stdout))",
    "daemon threads": "import threading, time\n"
    "def work():\n    while True:\n        pl.DataFrame(lake.scan('BINANCE', 'BTCUSDT'))\n"
    "for _ in range(3): threading.Thread(target=work, daemon=True).start()\ntime.sleep(0.1)",
    "the module gone": "scan = lake.scan('BINANCE', 'BTCUSDT')\ndel sys.modules['dl_datalake._native'], native\nimport gc; gc.collect()\n"
    "assert len(scan.read_all()) == 5000\nfrom dl_datalake import _native",
    "an exit in progress": "lake.put(frame, exchange='BINANCE', symbol='X', period='1m', progress=lambda *_: sys.exit(0))",
}


@pytest.mark.parametrize("name", ENDS)
def test_the_interpreter_ends_well(name: str, tmp_path: Path):
    ended = run(MAKE + ENDS[name], tmp_path, env={**os.environ, "PYTHONMALLOC": "debug"})
    assert (ended.returncode, ended.stderr) == (0, "")


def test_ctrl_c_at_a_long_call(tmp_path: Path):
    code = MAKE + (
        "import os, signal, threading\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "lake.put(frame.head(1).with_columns(ts=pl.col('ts') - 525_600_000_000), exchange='BINANCE', symbol='BTCUSDT', period='1m')\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "lake.scan('BINANCE', 'BTCUSDT', fill='null', batch_rows=10_000).read_all()\n"
    )
    ended = run(code, tmp_path)
    assert "KeyboardInterrupt" in ended.stderr
    assert ended.returncode == -2


def test_another_interpreter_is_refused(tmp_path: Path):
    code = """
import importlib
try:
    interpreters = importlib.import_module("_interpreters")
    other = interpreters.create("legacy")
except ModuleNotFoundError:
    interpreters = importlib.import_module("_xxsubinterpreters")
    other = interpreters.create()
try:
    failed = interpreters.run_string(other, "import dl_datalake._native")
except Exception as error:
    failed = error
print(failed)
"""
    ended = run(code, tmp_path)
    assert "sub-interpreter" in ended.stdout, ended.stderr
    assert ended.returncode == 0


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ignore(*_: int) -> None:
    pass


def exercise(lake: native.Lake) -> None:
    table = lake.scan("BINANCE", "BTCUSDT").read_all()
    table.column("close").__array_interface__  # noqa: B018
    table.to_pylist()
    pa.table(table)
    pa.schema(table)
    lake.scan("BINANCE", "BTCUSDT").stream().__arrow_c_stream__()
    lake.list_datasets(exchange="BINANCE").read_all().names  # noqa: B018
    lake.put(table, exchange="BINANCE", symbol="BTCUSDT", period="1m", dry_run=True, progress=ignore)
    for wrong in ({"columns": ["a", 1]}, {"fill": "x"}, {"period": "7m"}, {"nonsense": 1}, {"market": "\ud800"}):
        with contextlib.suppress(TypeError, errors.LakeError):
            lake.scan("BINANCE", "BTCUSDT", **wrong)
    with contextlib.suppress(TypeError):
        lake.put([], exchange="BINANCE", symbol="X")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_nothing_leaks(lake: native.Lake):
    """A leak is a block a round at least, in each of the windows; what Python keeps for itself becomes less."""
    kinds = [native.Lake, native.Scan, native.Stream, native.Table, native.Column, *(row[4] for row in native.ERRORS)]
    n_rounds, grown = 100, []
    exercise(lake)
    gc.collect()  # what the tests before left behind
    counts, memory = [sys.getrefcount(kind) for kind in kinds], resident()
    for _ in range(4):
        gc.collect()
        blocks = sys.getallocatedblocks()
        for _ in range(n_rounds):
            exercise(lake)
        gc.collect()
        grown.append(sys.getallocatedblocks() - blocks)
    assert [sys.getrefcount(kind) for kind in kinds] == counts
    assert min(grown) < n_rounds * 3 // 4, grown
    assert resident() - memory < 24 << 20
