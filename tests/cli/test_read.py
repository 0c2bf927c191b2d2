"""Reading: ranges, columns, formats, files."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import polars
import pyarrow.parquet
import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner, bars_csv, day_files

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
HEADER = "ts,open,high,low,close,volume"


def stamps(out: str) -> list[str]:
    lines = out.splitlines()
    assert lines[0] == HEADER
    return [line.split(",")[0] for line in lines[1:]]


def test_csv_is_exact(lake: Runner) -> None:
    lines = lake(*READ).ok().lines
    assert lines[0] == HEADER
    assert lines[1] == "2021-01-01T00:00:00Z,100,102,98,100.5,0"
    assert lines[2] == "2021-01-01T00:01:00Z,100.25,102.25,98.25,100.75,1.5"
    assert len(lines) == 4331


@pytest.mark.parametrize(
    ("options", "first", "last", "n"),
    [
        (["--start", "2021-01-02", "--end", "2021-01-02"], "2021-01-02T00:00:00Z", "2021-01-02T23:59:00Z", 1440),
        (["--start", "2021-01-03"], "2021-01-03T00:00:00Z", "2021-01-04T00:09:00Z", 1450),
        (["--end", "20210101"], "2021-01-01T00:00:00Z", "2021-01-01T23:59:00Z", 1440),
        (
            ["--start", "2021-01-01 10:00", "--end", "2021-01-01T10:05"],
            "2021-01-01T10:00:00Z",
            "2021-01-01T10:04:00Z",
            5,
        ),
        (["--start", "2021-01-01T12:00+02:00", "--limit", "2"], "2021-01-01T10:00:00Z", "2021-01-01T10:01:00Z", 2),
        (["--start", str(FIRST_MS + DAY_MS), "--limit", "1"], "2021-01-02T00:00:00Z", "2021-01-02T00:00:00Z", 1),
        (["--tail", "3"], "2021-01-04T00:07:00Z", "2021-01-04T00:09:00Z", 3),
        (["--limit", "1441"], "2021-01-01T00:00:00Z", "2021-01-02T00:00:00Z", 1441),
        (["--start", "2021", "--end", "2021-01"], "2021-01-01T00:00:00Z", "2021-01-04T00:09:00Z", 4330),
    ],
)
def test_ranges(lake: Runner, options: list[str], first: str, last: str, n: int) -> None:
    found = stamps(lake(*READ, *options).ok().out)
    assert (found[0], found[-1], len(found)) == (first, last, n)


def test_an_empty_range_is_no_error(lake: Runner) -> None:
    nothing = [*READ, "--start", "2030-01-01"]
    assert lake(*nothing).ok().out == HEADER + "\n"
    assert lake(*nothing, "--json").ok().out == "[]\n"
    assert lake(*nothing, "--format", "ndjson").ok().out == ""


def test_columns(lake: Runner) -> None:
    lines = lake(*READ, "--columns", "volume,close", "--limit", "1").ok().lines
    assert lines[0].split(",")[0] == "ts"
    assert set(lines[0].split(",")) == {"ts", "close", "volume"}
    assert lake(*READ, "--columns", "close", "volume", "--limit", "1").ok().lines[0] in ("ts,close,volume",)
    message = lake(*READ, "--columns", "clsoe").error(2)
    assert "clsoe" in message


def test_json_has_numbers_for_times(lake: Runner) -> None:
    rows = lake(*READ, "--limit", "2", "--json").ok().json
    assert rows[1] == {
        "ts": FIRST_MS + 60_000,
        "open": 100.25,
        "high": 102.25,
        "low": 98.25,
        "close": 100.75,
        "volume": 1.5,
    }
    lines = lake(*READ, "--limit", "2", "--format", "ndjson").ok().lines
    assert [json.loads(line) for line in lines] == rows
    assert lake(*READ, "--limit", "2", "--format", "ndjson", "--json").ok().lines == lines


def test_ts(lake: Runner) -> None:
    assert lake(*READ, "--limit", "1", "--ts", "ms").ok().lines[1].startswith(f"{FIRST_MS},")
    assert lake(*READ, "--limit", "1", "--ts", "iso", "--json").ok().json[0]["ts"] == "2021-01-01T00:00:00Z"
    table = lake(*READ, "--limit", "1", "--ts", "ms", "--format", "table").ok().out
    assert f"\n{FIRST_MS}  " in table


def test_every_format_holds_the_same(lake: Runner) -> None:
    """CSV, JSON, NDJSON and Parquet against each other and against what lies in the lake, to the bit."""
    stored = polars.read_parquet(day_files(lake.directory)).sort("ts")
    for name in ("a.csv", "a.json", "a.ndjson", "a.parquet"):
        lake(*READ, "--output", name).ok()
    columns = HEADER.split(",")
    expected = stored.select(columns).with_columns(polars.col("ts").dt.epoch("ms")).rows()
    with (lake.directory / "a.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [[float(row[name]) for name in columns[1:]] for row in rows] == [list(row[1:]) for row in expected]
    assert [tuple(row.values()) for row in json.loads((lake.directory / "a.json").read_text())] == expected
    lines = (lake.directory / "a.ndjson").read_text().splitlines()
    assert [tuple(json.loads(line).values()) for line in lines] == expected
    parquet = polars.read_parquet(lake.directory / "a.parquet").with_columns(polars.col("ts").dt.epoch("ms"))
    assert parquet.rows() == expected


def test_parquet_of_many_days_has_large_row_groups(dl: Runner, source: Path) -> None:
    (dl.directory / "year.csv").write_text(bars_csv(120 * 1440))
    dl("ingest", "--source", "year.csv", "--exchange", "x", "--symbol", "y").ok()
    dl("read", "--exchange", "x", "--symbol", "y", "--output", "y.parquet").ok()
    metadata = pyarrow.parquet.read_metadata(dl.directory / "y.parquet")
    assert metadata.num_rows == 120 * 1440
    assert metadata.num_row_groups <= 3


def test_parquet_into_a_pipe(lake: Runner) -> None:
    process = lake.start(*READ, "--format", "parquet", stdout=-1)
    out, _ = process.communicate()
    assert pyarrow.parquet.read_table(io.BytesIO(out)).num_rows == 4330


def test_a_round_trip_through_csv_gives_the_same_content(lake: Runner) -> None:
    """dl read | dl ingest: equal rows in the lake they came from, equal content and equal bytes in an empty one."""
    (lake.directory / "copy.csv").write_text(lake(*READ).ok().out)
    ingest = ["ingest", "--source", "copy.csv", "--exchange", "binance", "--symbol", "BTCUSDT"]
    assert "nothing new" in lake(*ingest).ok().out
    elsewhere = ["--data-root", "copy/data", "--db-path", "copy/manifest.db"]
    (lake.directory / "copy").mkdir()
    lake(*ingest, *elsewhere).ok()
    names = ("type", "rows", "bytes", "version", "sha256")
    files = [
        [tuple(file[name] for name in names) for file in lake("list", "--files", "--json", *place).json]
        for place in ([], elsewhere)
    ]
    assert files[0] == files[1]


def test_an_unknown_dataset_names_what_is_near(lake: Runner) -> None:
    assert "BTCUSDT" in lake("read", "--exchange", "binance", "--symbol", "BTCUSD").error(1)
    assert "dl list" in lake("read", "--exchange", "kraken", "--symbol", "XMRUSD").error(1)
    assert "5m" in lake(*READ, "--data-type", "raw", "--period", "5m").error(1)


def test_what_was_chosen_is_said(lake: Runner) -> None:
    ingest = ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT", "--market", "spot"]
    lake(*ingest).ok()
    done = lake(*READ, "--limit", "1").ok()
    assert done.err == "dl: reading BINANCE FUTURES BTCUSDT raw 1m\n"
    assert lake(*READ, "--limit", "1", "--quiet").err == ""
    assert lake(*READ, "--limit", "1", "--json").err == ""
    spelled_out = [*READ, "--market", "spot", "--period", "1m", "--data-type", "raw", "--limit", "1"]
    assert lake(*spelled_out).ok().err == ""


class TestOutput:
    """--output FILE: whole or not at all."""

    def test_replaces_what_is_there(self, lake: Runner) -> None:
        path = lake.directory / "out.csv"
        path.write_text("old")
        done = lake(*READ, "--output", "out.csv").ok()
        assert done.out == ""
        assert path.read_text() == lake(*READ).out

    def test_a_failure_leaves_the_old_file_and_nothing_else(self, lake: Runner) -> None:
        path = lake.directory / "out.csv"
        path.write_text("old")
        last = day_files(lake.directory)[-1]
        last.write_bytes(last.read_bytes()[:-100])
        before = sorted(lake.directory.iterdir())
        lake(*READ, "--output", "out.csv").error(1)
        assert path.read_text() == "old"
        assert sorted(lake.directory.iterdir()) == before

    def test_a_name_that_tells_no_format(self, lake: Runner) -> None:
        assert "--format" in lake(*READ, "--output", "out").error(2)
        assert not (lake.directory / "out").exists()
        lake(*READ, "--output", "out", "--format", "csv").ok()
        assert stamps((lake.directory / "out").read_text())

    def test_the_format_asked_for_wins(self, lake: Runner) -> None:
        lake(*READ, "--limit", "1", "--output", "out.csv", "--format", "json").ok()
        assert len(json.loads((lake.directory / "out.csv").read_text())) == 1

    def test_directories(self, lake: Runner) -> None:
        assert "is a directory" in lake(*READ, "--output", "data", "--format", "csv").error(2)
        assert "nowhere/out.csv" in lake(*READ, "--output", "nowhere/out.csv").error(1)

    def test_standard_output_by_name(self, lake: Runner) -> None:
        assert lake(*READ, "--limit", "1", "--output", "-").ok().out == lake(*READ, "--limit", "1").out

    def test_a_device(self, lake: Runner) -> None:
        lake(*READ, "--output", "/dev/null", "--format", "csv").ok()
        message = lake(*READ, "--output", "/dev/full", "--format", "csv").error(1)
        assert message == "cannot write /dev/full: No space left on device"

    def test_permission(self, lake: Runner, unprivileged: dict[str, object]) -> None:
        lake.directory.chmod(0o555)
        try:
            assert "ermission" in lake(*READ, "--output", "out.csv", **unprivileged).error(1)
        finally:
            lake.directory.chmod(0o755)


def test_a_full_standard_output_is_an_error(lake: Runner) -> None:
    with Path("/dev/full").open("w") as full:
        for arguments in (READ, ["version"], ["list"], [*READ, "--format", "table"]):
            process = lake.start(*arguments, stdout=full, stderr=-1)
            _, err = process.communicate()
            assert process.returncode == 1
            assert err.decode() == "dl: cannot write standard output: No space left on device\n"


def test_times_do_not_follow_the_zone_or_the_locale(lake: Runner) -> None:
    plain = lake(*READ, "--start", "2021-01-02").ok().out
    strange = {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8"}
    assert lake(*READ, "--start", "2021-01-02", env=strange).ok().out == plain


def test_the_lake_is_not_written_by_reading(lake: Runner) -> None:
    before = sorted(str(path) for path in (lake.directory / "data").rglob("*"))
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        snapshot = database.execute("PRAGMA data_version").fetchone()
    lake(*READ).ok()
    lake("list").ok()
    lake("verify").ok()
    assert sorted(str(path) for path in (lake.directory / "data").rglob("*")) == before
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        assert database.execute("PRAGMA data_version").fetchone() == snapshot
