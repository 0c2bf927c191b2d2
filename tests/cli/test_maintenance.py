"""Maintenance, and what every step of a lake's life leaves in the tree: each row once (I3, I11)."""

from pathlib import Path

import duckdb
import pytest
from dl_runner import DAY_MS, Runner, bars_csv, day_files, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
INGEST = ["ingest", "--exchange", "binance", "--symbol", "BTCUSDT", "--source"]
BESIDE = ("-wal", "-shm")
MONTHS_MS = 1_596_240_000_000  # 2020-08-01
AT_ONCE = '[history]\nkeep_changed = "0s"\nkeep_unchanged = "0s"\n'


@pytest.fixture
def months(dl: Runner, tmp_path: Path) -> Runner:
    """Bars of August and September 2020, and a day of October."""
    (tmp_path / "months.csv").write_text(bars_csv(62 * 1440, first_ms=MONTHS_MS))
    dl(*INGEST, "months.csv").ok()
    return dl


def counted(dl: Runner) -> tuple[int, int]:
    """Rows and different rows, as DuckDB finds them in the tree."""
    if not day_files(dl.directory):
        return 0, 0
    query = (
        f"SELECT count(*), count(DISTINCT ts) FROM read_parquet('{dl.directory}/data/**/*.parquet', union_by_name=true)"
    )
    row = duckdb.sql(query).fetchone()
    assert row is not None
    return row[0], row[1]


def test_compaction_rolls_closed_months_into_a_file_each(months: Runner) -> None:
    before = months(*READ).ok().out
    done = months("maintenance", "--compact", "--json").ok().json
    assert (done["files_compacted"], done["files_made"]) == (61, 2)
    assert [(step["task"], step["files"]) for step in done["plan"]] == [("compact", 31), ("compact", 30)]
    assert len(day_files(months.directory)) == 3
    assert months(*READ).ok().out == before
    assert counted(months) == (62 * 1440, 62 * 1440)
    day = months(*READ, "--start", "2020-08-17", "--end", "2020-08-17").ok().lines
    assert day == [line for line in before.splitlines() if line.startswith(("ts,", "2020-08-17T"))]
    months("verify", "--full").ok()
    assert months("maintenance", "--compact", "--json").ok().json["plan"] == []


def test_a_dry_run_is_what_the_run_does(months: Runner) -> None:
    before = tree(months.directory, but=BESIDE)
    planned = months("maintenance", "--dry-run", "--compact", "--json").ok().json
    assert tree(months.directory, but=BESIDE) == before
    done = months("maintenance", "--compact", "--json").ok().json
    assert planned["dry_run"] is True
    assert [step["bytes_after"] for step in planned["plan"]] == [None, None], "that is not known before"
    assert all(0 < step["bytes_after"] < step["bytes"] for step in done["plan"])
    assert [(s["what"], s["files"], s["bytes"]) for s in planned["plan"]] == [
        (s["what"], s["files"], s["bytes"]) for s in done["plan"]
    ]


def test_chosen_datasets(months: Runner) -> None:
    months("ingest", "--source", "months.csv", "--exchange", "binance", "--symbol", "ETHUSDT").ok()
    months("maintenance", "--compact", "--symbol", "ETHUSDT").ok()
    files = {row["symbol"]: row["files"] for row in months("list", "--json").ok().json}
    assert files == {"BTCUSDT": 62, "ETHUSDT": 3}


def test_history_past_its_time(lake: Runner) -> None:
    (lake.directory / "dl.toml").write_text(AT_ONCE)
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    assert lake("list", "--json").ok().json[0]["history_bytes"] > 0
    done = lake("maintenance", "--expire", "--json").ok().json
    assert done["files_expired"] == 3
    assert done["bytes_expired"] > 0
    assert lake("list", "--json").ok().json[0]["history_bytes"] == 0
    assert [path for path in (lake.directory / ".lake").rglob("*.retired") if path.is_file()] == []
    assert "expire" in lake(*READ, "--as-of", "1").error(1)
    lake("verify", "--full").ok()


def test_history_within_its_time_stays(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    assert lake("maintenance", "--json").ok().json["files_expired"] == 0
    assert len(lake(*READ, "--as-of", "1").ok().lines) == 4331


def test_what_it_says(months: Runner) -> None:
    planned = months("maintenance", "--compact", "--dry-run").ok().lines
    assert planned[0].split() == ["task", "what", "files", "bytes", "bytes_after"]
    assert planned[1].split()[:3] == ["compact", "BINANCE/FUTURES/BTCUSDT/raw/1m", "2020-08"]
    assert planned[-1].startswith("would be done: 61 small files rolled into 2 (")
    assert months("maintenance", "--compact", "--quiet").ok().out == ""
    assert months("maintenance", "--compact").ok().lines[-1] == "done: nothing"


def test_where_there_is_no_lake(dl: Runner) -> None:
    assert "dl init" in dl("maintenance").error(1)
    assert list(dl.directory.iterdir()) == []


def test_each_row_once_after_every_step(dl: Runner, tmp_path: Path) -> None:
    """Ingest, delete, undo, compaction and expiry in turn: a plain glob counts what dl reads, each row once."""
    for name, first, days, price in [("a", 0, 40, 100), ("b", 35, 10, 300), ("c", 10, 1, 700)]:
        text = bars_csv(days * 1440, first_ms=MONTHS_MS + first * DAY_MS, price=price)
        (tmp_path / f"{name}.csv").write_text(text)
    steps = [
        ([*INGEST, "a.csv"], 40 * 1440),
        ([*INGEST, "b.csv"], 45 * 1440),
        (
            ["delete", "--symbol", "BTCUSDT", "--start", "2020-08-05 06:00", "--end", "2020-08-07 18:00"],
            45 * 1440 - 3600,
        ),
        (["maintenance", "--compact"], 45 * 1440 - 3600),
        (["undo", "3"], 45 * 1440),
        ([*INGEST, "c.csv"], 45 * 1440),
        (["maintenance", "--compact"], 45 * 1440),
        (["delete", "--symbol", "BTCUSDT", "--start", "2020-09-01"], 31 * 1440),
        (["undo"], 45 * 1440),
        (["maintenance"], 45 * 1440),
        (["delete", "--symbol", "BTCUSDT"], 0),
        (["undo"], 45 * 1440),
        (["maintenance"], 45 * 1440),
    ]
    for number, (command, expected) in enumerate(steps):
        if number == 9:
            (tmp_path / "dl.toml").write_text(AT_ONCE)
        dl(*command).ok()
        assert counted(dl) == (expected, expected), command
        assert len(dl(*READ).ok().lines) == 1 + expected, command
        dl("verify", "--full").ok()
