"""What must work on every Python with the wheel alone: a lake is made, filled, listed, read, written to and broken, without
any other package. Prints one line; whatever is wrong is an AssertionError. Run in an empty directory.
"""

import subprocess
import sys
import threading
from pathlib import Path

import dl_datalake
from dl_datalake import errors
from dl_datalake.client.dl_client import DataLakeClient

N_ROWS = 3000
FIRST_MS = 1_704_067_200_000  # 2024-01-01


def write_csv(path):
    with Path(path).open("w", encoding="ascii") as file:
        file.write("timestamp,open,high,low,close,volume\n")
        for i in range(N_ROWS):
            price = 100 + i % 97 * 0.25
            file.write(f"{FIRST_MS + i * 60_000},{price},{price + 2},{price - 2},{price + 0.5},{i % 89}\n")


def raises(kind, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError(f"{call} raised no {kind.__name__}")


def check_absent_lake(client):
    assert len(client.list()) == 0
    error = raises(FileNotFoundError, client.read_ohlc, "BINANCE", "BTCUSDT", "2024-01-01", "2024-01-02", to="table")
    assert isinstance(error, errors.LakeError)
    assert error.exit_status == 1


def check_table(client):
    table = client.read_ohlc("BINANCE", "BTCUSDT", "2024-01-01", "2024-01-02", to="table")
    assert len(table) == 2 * 1440, len(table)
    assert table.names == ["ts", "open", "high", "low", "close", "volume"], table.names
    rows = table.to_pylist()
    assert rows[0] == {"ts": FIRST_MS, "open": 100.0, "high": 102.0, "low": 98.0, "close": 100.5, "volume": 0.0}, rows[
        0
    ]
    assert [row["ts"] for row in rows] == [FIRST_MS + i * 60_000 for i in range(2880)]
    assert type(table.__arrow_c_stream__()).__name__ == "PyCapsule"
    return table


def check_missing_extras(client):
    for kind in ("polars", "pandas", "numpy", "duckdb"):
        error = raises(ImportError, client.read_ohlc, "BINANCE", "BTCUSDT", "2024-01-01", "2024-01-02", to=kind)
        assert isinstance(error, errors.MissingExtraError), error
        assert f"pip install 'dl-datalake[{kind}]'" in str(error), error


def check_threads(client, table):
    """The GIL is released and taken again on many threads."""
    seen = []

    def read():
        for _ in range(20):
            again = client.read_ohlc("BINANCE", "BTCUSDT", "2024-01-01", "2024-01-02", to="table")
            seen.append(again.to_pylist() == rows)

    rows = table.to_pylist()
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 80


def check_program():
    run = [sys.executable, "-m", "dl_datalake.cli"]
    done = subprocess.run([*run, "list", "--json"], capture_output=True, check=True)
    assert b'"BTCUSDT"' in done.stdout, done
    done = subprocess.run([*run, "no-such-command"], capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"dl: "), done


def main():
    client = DataLakeClient()
    check_absent_lake(client)
    assert list(Path().iterdir()) == []
    write_csv("btc.csv")
    client.ingest("btc.csv", exchange="BINANCE", symbol="BTCUSDT")
    assert len(client.list(symbol="BTCUSDT", data_type="raw")) == 3  # a file a day
    table = check_table(client)
    check_missing_extras(client)
    check_threads(client, table)
    check_program()
    print(sys.version.split()[0], dl_datalake.__version__)


if __name__ == "__main__":
    main()
