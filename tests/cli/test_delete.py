"""Deleting: exactly what was named, after asking on a terminal, and to be undone."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest
from dl_runner import TIMEOUT, Runner, bars_csv, day_files, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
BESIDE = ("-wal", "-shm")


def n_rows(lake: Runner) -> int:
    """What any other tool counts."""
    if not day_files(lake.directory):
        return 0
    row = duckdb.sql(f"SELECT count(*) FROM '{lake.directory}/data/**/*.parquet'").fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def two(lake: Runner) -> Runner:
    """BTCUSDT in two markets and two periods, and another symbol."""
    (lake.directory / "hours.csv").write_text(bars_csv(100, step_ms=3_600_000))
    for source, symbol, market in [
        ("hours.csv", "BTCUSDT", "futures"),
        ("btc_1m.csv", "BTCUSDT", "spot"),
        ("btc_1m.csv", "ETHUSDT", "futures"),
    ]:
        lake("ingest", "--source", source, "--exchange", "binance", "--symbol", symbol, "--market", market).ok()
    return lake


def held(lake: Runner) -> list[tuple[str, str, str, int]]:
    rows = lake("list", "--json").ok().json
    return [(row["market"], row["symbol"], row["period"], row["rows"]) for row in rows if row["rows"] > 0]


def test_as_the_documentation_prints_it(two: Runner) -> None:
    done = two("delete", "--symbol", "BTCUSDT").ok()
    assert held(two) == [("FUTURES", "ETHUSDT", "1m", 4330)]
    assert n_rows(two) == 4330
    assert done.lines[0].startswith("deleted 8,760 rows of 3 datasets: ")
    assert done.lines[0].endswith("; kept in history for 7 days")
    assert done.lines[1] == "snapshot 5; undo with: dl undo 5"
    two("undo", "5").ok()
    assert sum(row[3] for row in held(two)) == 8760 + 4330
    two("verify", "--full").ok()


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--market", "spot"], 8760 - 4330 + 4330),
        (["--period", "1h"], 3 * 4330),
        (["--exchange", "Binance"], 0),
        (["--symbol", "BTC/USDT:USDT", "--period", "1m", "--market", "futures"], 2 * 4330 + 100),
        (["--data-type", "raw", "--symbol", "ETHUSDT"], 2 * 4330 + 100),
    ],
)
def test_what_is_named_is_what_goes(two: Runner, options: list[str], left: int) -> None:
    two("delete", *options).ok()
    assert sum(row[3] for row in held(two)) == left == n_rows(two)


def test_derived_data_only(lake: Runner) -> None:
    before = tree(lake.directory, but=BESIDE)
    message = lake("delete", "--symbol", "BTCUSDT", "--data-type", "agg").error(1)
    assert "agg" in message
    assert tree(lake.directory, but=BESIDE) == before


def test_a_range_cuts_files(lake: Runner) -> None:
    everything = lake(*READ).ok().lines
    cut = ["--start", "2021-01-02 10:00", "--end", "2021-01-03 00:01"]
    done = lake("delete", "--symbol", "BTCUSDT", *cut).ok()
    assert done.lines[0].startswith("deleted 841 rows of 1 dataset: 2 days, 2 files, ")
    left = [line for line in everything if not "2021-01-02T10:00:00Z" <= line[:20] < "2021-01-03T00:01:00Z"]
    assert lake(*READ).ok().lines == left
    assert n_rows(lake) == 4330 - 841
    assert len(day_files(lake.directory)) == 4
    lake("verify", "--full").ok()
    lake("undo").ok()
    assert lake(*READ).ok().lines == everything


def test_a_dry_run_says_what_and_does_nothing(two: Runner) -> None:
    before = tree(two.directory, but=BESIDE)
    done = two("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02", "--dry-run").ok()
    assert tree(two.directory, but=BESIDE) == before
    rows = [line.split() for line in done.lines]
    assert rows[0] == ["dataset", "rows", "files", "bytes"]
    assert [(row[:5], row[5]) for row in rows[1:4]] == [
        (["BINANCE", "FUTURES", "BTCUSDT", "raw", "1h"], "76"),
        (["BINANCE", "FUTURES", "BTCUSDT", "raw", "1m"], "2,890"),
        (["BINANCE", "SPOT", "BTCUSDT", "raw", "1m"], "2,890"),
    ]
    assert done.lines[4].startswith("would delete 5,856 rows of 3 datasets: ")
    said = two("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok().lines[0]
    assert said.removeprefix("deleted ").split(";")[0] == done.lines[4].removeprefix("would delete ")


def test_nothing_in_the_range(lake: Runner) -> None:
    for options in ([], ["--dry-run"]):
        done = lake("delete", "--symbol", "BTCUSDT", "--start", "2030-01-01", *options).ok()
        assert done.out == "nothing to delete: there are no rows in this range\n"
    assert lake("delete", "--symbol", "BTCUSDT", "--start", "2030-01-01", "--json").ok().json["snapshot"] is None
    assert len(lake("log", "--json").ok().json) == 1


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_mistyped_symbol_names_what_is_near(lake: Runner, options: list[str]) -> None:
    before = tree(lake.directory, but=BESIDE)
    assert "BTCUSDT" in lake("delete", "--symbol", "BTCUSD", *options).error(1)
    assert tree(lake.directory, but=BESIDE) == before


def test_a_range_the_wrong_way_round(lake: Runner) -> None:
    message = lake("delete", "--symbol", "BTCUSDT", "--start", "2021-02", "--end", "2021-01").error(2)
    assert message == "--start is not before --end; swap them or leave one out"


def test_where_there_is_no_lake(dl: Runner) -> None:
    assert "dl init" in dl("delete", "--symbol", "BTCUSDT").error(1)
    assert list(dl.directory.iterdir()) == []


def test_quiet(lake: Runner) -> None:
    done = lake("delete", "--symbol", "BTCUSDT", "--quiet").ok()
    assert (done.out, done.err) == ("", "")


class TestOnATerminal:
    DELETE = ("delete", "--symbol", "BTCUSDT")

    def test_it_shows_what_and_asks(self, lake: Runner) -> None:
        status, shown, out = lake.on_terminal(*self.DELETE, typed="y\n", ends=["stderr"])
        assert status == 0
        assert "dataset " in shown
        assert "BINANCE FUTURES BTCUSDT raw 1m  4,330      4  " in shown
        assert "delete 4,330 rows of 1 dataset: 4 days, 4 files, " in shown
        assert "? [y/N] " in shown
        assert out.startswith("deleted 4,330 rows of 1 dataset: ")
        assert n_rows(lake) == 0

    @pytest.mark.parametrize("answer", ["n\n", "\n", "yup\n", "\x04"])
    def test_anything_but_yes_is_no(self, lake: Runner, answer: str) -> None:
        before = tree(lake.directory, but=BESIDE)
        status, shown, _ = lake.on_terminal(*self.DELETE, typed=answer)
        assert status == 130
        assert shown.endswith("dl: not confirmed; nothing was changed\n")
        assert tree(lake.directory, but=BESIDE) == before

    @pytest.mark.parametrize("option", ["--yes", "--json", "--dry-run"])
    def test_when_it_does_not_ask(self, lake: Runner, option: str) -> None:
        status, shown, _ = lake.on_terminal(*self.DELETE, option, typed="n\n")
        assert status == 0
        assert "[y/N]" not in shown
        assert n_rows(lake) == (4330 if option == "--dry-run" else 0)

    def test_a_script_on_a_terminal_is_not_asked(self, lake: Runner) -> None:
        status, shown, _ = lake.on_terminal(*self.DELETE)
        assert status == 0
        assert "[y/N]" not in shown
        assert n_rows(lake) == 0

    def test_nothing_to_delete_is_no_question(self, lake: Runner) -> None:
        status, shown, _ = lake.on_terminal(*self.DELETE, "--start", "2030", typed="n\n")
        assert status == 0
        assert "[y/N]" not in shown

    def test_ctrl_c_at_the_question(self, lake: Runner) -> None:
        leader, follower = pty.openpty()
        process = lake.start(*self.DELETE, stdin=follower, stdout=subprocess.DEVNULL, stderr=follower)
        os.close(follower)
        shown = b""
        while b"[y/N] " not in shown:
            shown += os.read(leader, 65536)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=TIMEOUT) == 130
        assert b"nothing was changed" in os.read(leader, 65536)
        os.close(leader)
        assert n_rows(lake) == 4330


def test_ctrl_c_deletes_all_or_nothing(dl: Runner, tmp_path: Path) -> None:
    (tmp_path / "year.csv").write_text(bars_csv(200 * 1440))
    dl("ingest", "--source", "year.csv", "--exchange", "x", "--symbol", "y").ok()
    process = dl.start(
        "delete", "--symbol", "Y", "--start", "2021-01-01 12:00", "--progress", stdout=subprocess.PIPE, stderr=-1
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (0, 130)
    if process.returncode == 130:
        assert err.decode().splitlines()[-1] == "dl: interrupted; nothing was deleted, the lake is as it was"
    assert n_rows(dl) == (720 if process.returncode == 0 else 200 * 1440)
    dl("verify").ok()
