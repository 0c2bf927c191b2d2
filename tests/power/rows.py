"""Rows as the workloads know them, and the three ways to get them: from a CSV, from `dl read`, from the tree of files.

A row is the number of its minute (since 2021-01-01) and its close, an integer that says which unit of work wrote it.
"""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from dl_runner import DAY_MS, FIRST_MS, Runner

MINUTE_MS = 60_000
DAY_MINUTES = DAY_MS // MINUTE_MS
EXCHANGE = "BINANCE"

Rows = dict[int, int]

# For cursors, one a thread: opening a database takes long. It must see what the disk holds now, not what it saw before.
_database = duckdb.connect(config={"threads": 1, "enable_external_file_cache": False})


class UnequalError(Exception):
    """The lake holds something that no order of its operations can explain."""


def write_csv(path: Path, rows: Rows) -> None:
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [
        f"{FIRST_MS + m * MINUTE_MS},{close},{close + 1},{close - 1},{close},1" for m, close in sorted(rows.items())
    ]
    path.write_text("\n".join(lines) + "\n")


def iso(minute: int) -> str:
    """A time as `dl` takes it."""
    seconds = (FIRST_MS + minute * MINUTE_MS) // 1000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_by_dl(dl: Runner) -> dict[str, Rows]:
    """What `dl` says: symbol → rows."""
    datasets = dl("list", "--json").ok().json
    return {dataset["symbol"]: read_symbol(dl, dataset["symbol"]) for dataset in datasets}


def read_symbol(dl: Runner, symbol: str) -> Rows:
    out = dl("read", "--exchange", EXCHANGE, "--symbol", symbol, "--columns", "close", "--ts", "ms").ok().out
    read = [(int(ts), float(close)) for ts, close in list(csv.reader(io.StringIO(out)))[1:]]
    rows = {(ts - FIRST_MS) // MINUTE_MS: int(close) for ts, close in read}
    if len(rows) != len(read):
        raise UnequalError(f"dl read gives some rows of {symbol} more than once")
    return rows


def read_tree(data_root: Path) -> dict[str, Rows]:
    """What a plain glob over the tree gives to DuckDB: symbol → rows."""
    found: dict[str, Rows] = {}
    files = [str(path) for path in data_root.rglob("*.parquet")]
    if not files:
        return found
    rows = (
        _database.cursor()
        .execute(
            "SELECT filename, epoch_ms(ts), close FROM read_parquet(?, union_by_name=true, filename=true)", [files]
        )
        .fetchall()
    )
    for name, ts, close in rows:
        symbol = Path(name).relative_to(data_root).parts[2]
        of_symbol = found.setdefault(symbol, {})
        minute = (ts - FIRST_MS) // MINUTE_MS
        if minute in of_symbol:
            raise UnequalError(f"a plain glob finds {symbol} minute {minute} twice, once in {name}")
        of_symbol[minute] = int(close)
    return found
