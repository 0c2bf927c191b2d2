"""On a terminal: tables, colour, progress. Into a pipe: none of them."""

import re
from pathlib import Path

import pytest
from dl_runner import Runner, bars_csv

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
BOLD = "\033[1m"


def test_a_long_table_shows_its_ends(lake: Runner) -> None:
    status, shown, _ = lake.on_terminal(*READ)
    assert status == 0
    lines = shown.splitlines()
    assert lines[-1] == "4,330 rows, the first and last 20 shown"
    assert lines[0].startswith(BOLD + "ts ")
    assert lines[1].startswith("2021-01-01T00:00:00Z  ")
    assert lines[21].lstrip().startswith("…")
    assert lines[22].startswith("2021-01-03T23:50:00Z  ")
    assert lines[41].startswith("2021-01-04T00:09:00Z  ")
    assert len(lines) == 43


def test_what_was_asked_for_is_shown_whole(lake: Runner) -> None:
    for option in ("--limit", "--tail"):
        _, shown, _ = lake.on_terminal(*READ, option, "100")
        assert len(shown.splitlines()) == 102


def test_columns_line_up(lake: Runner) -> None:
    _, shown, _ = lake.on_terminal(*READ, "--limit", "50", env={"NO_COLOR": "1"})
    lines = shown.splitlines()[:-1]
    ends = lines[0].index("open") + len("open")
    assert all(line[ends] == " " and line[ends - 1] != " " for line in lines)


def test_a_narrow_window_leaves_columns_out_and_says_so(lake: Runner) -> None:
    _, shown, _ = lake.on_terminal(*READ, "--limit", "3", columns=40)
    lines = shown.replace(BOLD, "").replace("\033[0m", "").splitlines()
    assert all(len(line) <= 40 for line in lines[:-1])
    assert lines[-1].startswith("3 rows; too narrow for ")
    assert lines[-1].endswith(", volume")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour(lake: Runner, env: dict[str, str]) -> None:
    assert "\033" not in lake.on_terminal(*READ, env=env)[1]
    assert "\033" not in lake.on_terminal("list", env=env)[1]
    assert BOLD in lake.on_terminal("list", env={"NO_COLOR": ""})[1]


def test_pipes_get_neither_colour_nor_tables(lake: Runner) -> None:
    for command in (READ, ["list"], ["verify"], ["help"]):
        assert "\033" not in lake(*command).out
    assert "\033" not in lake(*READ, "--format", "table").out


def test_list_is_for_people(lake: Runner) -> None:
    _, shown, _ = lake.on_terminal("list", env={"NO_COLOR": "1"})
    assert "  4,330  " in shown
    assert " kB  " in shown
    assert "  2021-01-04 00:09  " in shown
    assert shown.splitlines()[-1] == "1 row"


def test_list_fits_eighty_columns(lake: Runner) -> None:
    """Names, range, rows, size and gaps: what people look for is there however narrow the window."""
    _, shown, _ = lake.on_terminal("list", columns=80, env={"NO_COLOR": "1"})
    lines = shown.splitlines()
    assert lines[0].split() == ["dataset", "first", "last", "rows", "bytes", "gaps"]
    assert lines[1].split() == "BINANCE FUTURES BTCUSDT raw 1m 2021-01-01 2021-01-04 4,330 37 kB 0".split()
    assert max(len(line) for line in lines[:2]) <= 80
    assert lines[2] == "1 row; too narrow for days, files, changed, history_bytes"


def test_quiet_says_results_and_errors_only(dl: Runner, source: Path) -> None:
    ingest = ["ingest", "--source", source.name, "--exchange", "x", "--symbol", "y", "--quiet"]
    for command in (["init", "--quiet"], ingest, ["verify", "--quiet"], ["maintenance", "--quiet"]):
        assert dl.on_terminal(*command)[:2] == (0, ""), command
        assert dl(*command).ok().out == "", command
    assert len(dl("list", "--quiet").ok().lines) == 2
    assert dl.on_terminal("maintenance", "--dry-run", "--quiet")[1] != ""


def test_ingest_summary(dl: Runner, source: Path) -> None:
    ingest = ["ingest", "--source", source.name, "--exchange", "x", "--symbol", "y"]
    status, shown, _ = dl.on_terminal(*ingest)
    assert status == 0
    assert "  read     4,330\n" in shown
    assert "  range    2021-01-01T00:00:00Z to 2021-01-04T00:09:00Z\n" in shown
    assert "nothing new: all 4,330 rows are already there, no new version\n" in dl.on_terminal(*ingest)[1]


def test_an_empty_result_is_noted_on_a_terminal(lake: Runner) -> None:
    _, shown, out = lake.on_terminal(*READ, "--start", "2030", ends=["stderr"])
    assert "no rows" in shown
    assert out == "ts,open,high,low,close,volume\n"
    assert lake.on_terminal(*READ, "--start", "2030", "--quiet", ends=["stderr"])[1] == ""
    _, shown, _ = lake.on_terminal(*READ, "--start", "2030", "--quiet")
    assert shown.splitlines()[-1] == "0 rows"


def test_parquet_is_not_put_on_a_terminal(lake: Runner) -> None:
    status, shown, _ = lake.on_terminal(*READ, "--format", "parquet")
    assert status == 2
    assert "--output" in shown
    assert "PAR1" not in shown


def test_progress_is_for_terminals_or_by_wish(dl: Runner) -> None:
    (dl.directory / "big.csv").write_text(bars_csv(200_000))
    ingest = ["ingest", "--source", "big.csv", "--exchange", "x", "--symbol", "y"]
    dl("init").ok()
    assert dl(*ingest).ok().err == ""
    forced = dl(*ingest, "--progress").ok().err
    assert forced.startswith("ingesting: ")
    assert " rows" in forced
    assert "\r" not in forced
    assert dl(*ingest, "--progress", "--json").ok().json["rows_read"] == 200_000
    assert dl("verify", "--progress").ok().err.startswith("verifying: ")
    assert re.match(r"(?:deleting: .*\n)+$", dl("delete", "--symbol", "y", "--progress").ok().err)
    assert re.match(r"(?:undoing: .*\n)+$", dl("undo", "--progress").ok().err)
    assert re.match(
        r"backing up: (begun|[\d.]+ [kM]B \(\d+ %\), .* left)\n", dl("backup", "copy", "--progress").ok().err
    )
    shown = dl.on_terminal(*ingest, "--quiet")[1]
    assert "ingesting" not in shown


def test_progress_leaves_no_line_behind(dl: Runner) -> None:
    (dl.directory / "big.csv").write_text(bars_csv(200_000))
    _, shown, _ = dl.on_terminal(
        "ingest", "--source", "big.csv", "--exchange", "x", "--symbol", "y", "--progress", ends=["stderr"]
    )
    pieces = shown.split("\r")
    assert len(pieces) > 1
    for piece in pieces:
        assert not piece.startswith("ingesting") or piece.endswith("\033[K")


def test_progress_tells_rate_and_time_left(dl: Runner) -> None:
    (dl.directory / "big.csv").write_text(bars_csv(200_000))
    done = dl("ingest", "--source", "big.csv", "--exchange", "x", "--symbol", "y", "--progress").ok()
    assert re.match(r"ingesting: [\d,]+ rows, [\d.]+ [kM]B \(\d+ %\), [\d,]+ rows/s, \d+:\d\d left\n", done.err)
