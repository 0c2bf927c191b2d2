"""dl gaps: the missing bars of real files exactly, each with its reason; filters, sums, coverage, and what dl list says of them."""

import csv
import itertools
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars
import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner, bars_csv, day_files

SHARED = Path(os.environ.get("LAKE_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
MINUTE = 60_000
BTC = ["--exchange", "binance", "--symbol", "BTCUSDT"]
Gap = tuple[int, int, int]


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def gaps_between(times: list[int], step: int) -> list[Gap]:
    """What is missing in a list of times: the first and the end of each run, and how many."""
    return [(a + step, b, (b - a) // step - 1) for a, b in itertools.pairwise(times) if b - a > step]


def gaps_of(lake: Runner, *arguments: str) -> list[Gap]:
    return [(gap["start"], gap["end"], gap["bars"]) for gap in lake("gaps", *arguments, "--json").ok().json["gaps"]]


def write_bars(lake: Runner, name: str, first: int, n: int) -> None:
    """n minutes of bars from the first-th of 2021 on."""
    (lake.directory / name).write_text(bars_csv(n, first_ms=FIRST_MS + first * MINUTE))


def ingest(lake: Runner, name: str, *arguments: str) -> None:
    lake("ingest", "--source", name, *BTC, "--period", "1m", *arguments).ok()


# ---- real files ----


def check_file(dl: Runner, times: list[int], n_gaps: int) -> None:
    expected = gaps_between(times, MINUTE)
    assert len(expected) == n_gaps, "the file is not the one that was counted"
    told = dl("gaps", "--json").ok().json
    assert [(gap["start"], gap["end"], gap["bars"]) for gap in told["gaps"]] == expected
    assert {gap["reason"] for gap in told["gaps"]} == {"source-empty"}
    n_missing = sum(gap[2] for gap in expected)
    assert (told["n_gaps"], told["missing"], told["present"]) == (n_gaps, n_missing, len(times))
    assert told["expected"] == (times[-1] - times[0]) // MINUTE + 1
    assert dl("list", "--json").json[0]["gaps"] == n_missing


def test_kraken_leaves_out_minutes_without_trades(dl: Runner) -> None:
    path = shared("csv/kraken_BTCUSDC_1m_gaps.csv")
    dl("ingest", "--source", str(path), "--exchange", "kraken", "--symbol", "BTCUSDC", "--period", "1m").ok()
    with path.open() as lines:
        times = sorted({int(row[0]) * 1000 for row in csv.reader(lines)})
    check_file(dl, times, 26_746)
    assert len(dl("gaps", "--format", "csv").ok().lines) == 26_747


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_538_gaps_of_unittest(dl: Runner, form: str) -> None:
    frame = polars.read_ipc(shared("feather/UNITTEST_BTC-1m.feather"))
    path = dl.directory / f"unittest.{form}"
    if form == "csv":
        frame.with_columns(polars.col("date").dt.epoch("ms")).write_csv(path)
    else:
        frame.write_parquet(path)
    dl("ingest", "--source", path.name, "--exchange", "unittest", "--symbol", "UNITTEST/BTC", "--period", "1m").ok()
    times = frame.get_column("date").dt.epoch("ms").unique().sort().to_list()
    check_file(dl, times, 538)


# ---- reasons ----


def test_each_gap_has_its_reason(dl: Runner) -> None:
    """Two sources, one with a hole; then a deletion; then the deletion is undone."""
    write_bars(dl, "a.csv", 0, 100)
    write_bars(dl, "b.csv", 150, 100)
    (dl.directory / "hole.csv").write_text(
        bars_csv(20, first_ms=FIRST_MS + 300 * MINUTE)
        + bars_csv(20, first_ms=FIRST_MS + 330 * MINUTE).split("\n", 1)[1]
    )
    for name in ("a.csv", "b.csv", "hole.csv"):
        ingest(dl, name)

    def told() -> list[tuple[int, int, str]]:
        return [
            ((gap["start"] - FIRST_MS) // MINUTE, gap["bars"], gap["reason"])
            for gap in dl("gaps", "--json").ok().json["gaps"]
        ]

    whole = [(100, 50, "not-requested"), (250, 50, "not-requested"), (320, 10, "source-empty")]
    assert told() == whole
    empty = dl("gaps", "--reason", "source-empty", "--json").json["gaps"]
    assert len(empty) == 1
    assert empty[0]["answer"] == "hole.csv has none"
    assert empty[0]["operation"] == 3
    assert empty[0]["asked"] > FIRST_MS

    dl("delete", "--symbol", "BTCUSDT", "--start", "2021-01-01T00:30", "--end", "2021-01-01T02:40", "--yes").ok()
    assert told() == [(30, 70, "deleted"), (100, 50, "not-requested"), (150, 10, "deleted"), *whole[1:]]
    deleted = dl("gaps", "--reason", "deleted", "--json").json["gaps"]
    assert {(gap["answer"], gap["operation"]) for gap in deleted} == {("deleted", 4)}
    dl("undo").ok()
    assert told() == whole

    write_bars(dl, "late.csv", 110, 10)
    ingest(dl, "late.csv")
    dl("undo").ok()
    assert told() == [(100, 10, "not-requested"), (110, 10, "deleted"), (120, 30, "not-requested"), *whole[1:]]
    assert dl("gaps", "--reason", "deleted", "--json").json["gaps"][0]["answer"] == "undo of snapshot 6"
    ingest(dl, "late.csv")
    assert told() == [(100, 10, "not-requested"), (120, 30, "not-requested"), *whole[1:]]


def test_derived_bars_lack_source_bars(dl: Runner) -> None:
    """A deletion is the reason until bars are derived again: what is missing then has no source bars."""
    write_bars(dl, "a.csv", 0, 100)
    write_bars(dl, "b.csv", 300, 100)
    ingest(dl, "a.csv")
    ingest(dl, "b.csv")
    dl("aggregate").ok()

    def told() -> list[tuple[int, int, str]]:
        return [
            ((gap["start"] - FIRST_MS) // MINUTE, gap["bars"], gap["reason"])
            for gap in dl("gaps", "--data-type", "agg", "--period", "15m", "--json").ok().json["gaps"]
        ]

    between = (105, 13, "no-source-bars")
    assert told() == [between]
    range_ = ["--start", "2021-01-01T00:15", "--end", "2021-01-01T00:45", "--yes"]
    dl("delete", "--symbol", "BTCUSDT", "--data-type", "agg", *range_).ok()
    assert told() == [(15, 2, "deleted"), between]
    dl("delete", "--symbol", "BTCUSDT", "--data-type", "raw", *range_).ok()
    dl("aggregate").ok()
    assert told() == [(15, 2, "no-source-bars"), between]
    dl("undo", "5").ok()
    dl("aggregate").ok()
    assert told() == [between]


def test_a_lost_file_is_a_corrupt_source(lake: Runner) -> None:
    path = day_files(lake.directory)[1]
    path.write_bytes(path.read_bytes()[:100])
    lake("verify", "--repair")
    gaps = lake("gaps", "--json").ok().json["gaps"]
    assert [(gap["start"], gap["bars"], gap["reason"]) for gap in gaps] == [(FIRST_MS + DAY_MS, 1440, "corrupt-source")]
    assert path.name in gaps[0]["answer"]
    ingest(lake, "btc_1m.csv")
    assert gaps_of(lake) == []


def test_the_future_is_still_open(lake: Runner) -> None:
    end = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
    gaps = lake("gaps", "--end", end, "--json").ok().json["gaps"]
    assert [gap["reason"] for gap in gaps] == ["not-requested", "still-open"]
    assert gaps[0]["end"] == gaps[1]["start"]
    assert 1440 <= gaps[1]["bars"] <= 3 * 1440 + 1


def test_as_of(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02", "--end", "2021-01-02", "--yes").ok()
    hole = (FIRST_MS + DAY_MS, FIRST_MS + 2 * DAY_MS, 1440)
    assert gaps_of(lake) == [hole]
    assert gaps_of(lake, "--as-of", "1") == []
    ingest(lake, "btc_1m.csv")
    assert gaps_of(lake) == []
    assert gaps_of(lake, "--as-of", "2") == [hole]


def test_a_manifest_made_anew_finds_the_same(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-01T12:00", "--end", "2021-01-03T12:00", "--yes").ok()
    before = gaps_of(lake)
    assert len(before) == 1
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()
    lake("init", "--rebuild").ok()
    assert gaps_of(lake) == before
    assert lake("gaps", "--json").json["reasons"][0]["reason"] == "not-requested"


# ---- ranges and filters ----


@pytest.fixture
def with_gaps(dl: Runner) -> Runner:
    """Bars in minutes 0 to 9, 20 to 29 and 60 to 69, of three sources."""
    for first in (0, 20, 60):
        write_bars(dl, f"{first}.csv", first, 10)
        ingest(dl, f"{first}.csv")
    return dl


def test_ranges_and_filters(with_gaps: Runner) -> None:
    def minutes(*arguments: str) -> list[tuple[int, int]]:
        return [((start - FIRST_MS) // MINUTE, bars) for start, _, bars in gaps_of(with_gaps, *arguments)]

    assert minutes() == [(10, 10), (30, 30)]
    assert minutes("--min-bars", "11") == [(30, 30)]
    assert minutes("--limit", "1") == [(10, 10)]
    assert minutes("--start", "2020-12-31T23:55", "--end", "2021-01-01T00:15") == [(-5, 5), (10, 5)]
    assert minutes("--start", "2021-01-01T00:40") == [(40, 20)]
    assert minutes("--end", "2021-01-01T02:00") == [(10, 10), (30, 30), (70, 50)]
    assert minutes("--reason", "source-empty") == []
    limited = with_gaps("gaps", "--limit", "1", "--json").json
    assert (limited["n_gaps"], limited["missing"], limited["expected"]) == (2, 40, 70)


def test_sums_by_dataset_and_reason(with_gaps: Runner) -> None:
    with_gaps("delete", "--symbol", "BTCUSDT", "--start", "2021-01-01T00:20", "--end", "2021-01-01T00:25", "--yes").ok()
    done = with_gaps("gaps", "--summary").ok()
    assert [line.split() for line in done.lines[1:3]] == [
        ["BINANCE", "FUTURES", "BTCUSDT", "raw", "1m", "not-requested", "2", "40"],
        ["BINANCE", "FUTURES", "BTCUSDT", "raw", "1m", "deleted", "1", "5"],
    ]
    assert done.lines[-1] == "3 gaps, 45 of 70 bars missing (64.3 %): not-requested 2, deleted 1"
    told = with_gaps("gaps", "--summary", "--json").json
    assert [(row["reason"], row["gaps"], row["bars"]) for row in told["summary"]] == [
        ("not-requested", 2, 40),
        ("deleted", 1, 5),
    ]
    assert [(row["reason"], row["gaps"], row["bars"]) for row in told["reasons"]] == [
        ("not-requested", 2, 40),
        ("deleted", 1, 5),
    ]


def test_the_sum_is_beside_the_rows(with_gaps: Runner) -> None:
    """Below the table on a terminal, on standard error where the rows go into a pipe."""
    sum_line = "2 gaps, 40 of 70 bars missing (57.1 %): not-requested 2"
    status, shown, rest = with_gaps.on_terminal("gaps")
    assert status == 0
    assert shown.splitlines()[-1] == sum_line
    assert rest == ""
    piped = with_gaps("gaps").ok()
    assert piped.err == f"dl: {sum_line}\n"
    assert piped.lines[0].startswith("exchange,market,symbol,type,period,start,end,bars,reason")
    assert piped.lines[1].split(",")[5:9] == ["2021-01-01T00:10:00Z", "2021-01-01T00:20:00Z", "10", "not-requested"]
    assert with_gaps("gaps", "--quiet").err == ""


def test_nothing_is_missing(lake: Runner) -> None:
    done = lake("gaps").ok()
    assert done.lines == ["exchange,market,symbol,type,period,start,end,bars,reason,asked,answer,operation"]
    assert done.err == "dl: no gaps: 4,330 bars of 1 dataset\n"
    _, shown, _ = lake.on_terminal("gaps")
    assert shown == "no gaps: 4,330 bars of 1 dataset\n"


# ---- coverage ----


def test_coverage_is_drawn(dl: Runner) -> None:
    write_bars(dl, "a.csv", 0, 31 * 1440)
    write_bars(dl, "b.csv", 59 * 1440, 15 * 1440)
    ingest(dl, "a.csv")
    ingest(dl, "b.csv")
    months = dl("gaps", "--coverage", "--json").ok().json["months"]
    assert [(row["expected"], row["present"], row["gaps"], row["reasons"]) for row in months] == [
        (44_640, 44_640, 0, ""),
        (40_320, 0, 1, "not-requested 40320"),
        (21_600, 21_600, 0, ""),
    ]
    _, plain, _ = dl.on_terminal("gaps", "--coverage", env={"NO_COLOR": "1"})
    lines = plain.splitlines()
    assert lines[0] == "BINANCE FUTURES BTCUSDT raw 1m"
    assert lines[1].split() == "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    assert lines[2].split() == ["2021", "100", "0", "100", *["."] * 9, "62.2", "%"]
    assert plain.isascii()
    assert "\033" not in plain
    assert max(len(line) for line in lines) <= 80

    _, drawn, _ = dl.on_terminal("gaps", "--coverage", env={"LANG": "C.UTF-8"})
    assert "\033[32m █100\033[0m" in drawn
    assert "\033[31m    0\033[0m" in drawn
    assert re.sub("\033\\[[0-9]*m", "", drawn).replace("█", " ").replace("·", ".") == plain

    piped = dl("gaps", "--coverage").ok()
    assert piped.lines[0] == "exchange,market,symbol,type,period,month,expected,present,gaps,reasons"
    assert piped.lines[2].split(",")[5:] == ["2021-02-01T00:00:00Z", "40320", "0", "1", "not-requested 40320"]


def test_a_hundred_percent_means_all(dl: Runner) -> None:
    write_bars(dl, "a.csv", 0, 100)
    write_bars(dl, "b.csv", 101, 31 * 1440 - 101)
    ingest(dl, "a.csv")
    ingest(dl, "b.csv")
    line = dl("gaps", "--coverage", "--format", "table").ok().lines[2].split()
    assert (line[1], line[-2]) == ("99", "99.9")


def test_no_such_gaps_are_not_no_gaps(with_gaps: Runner) -> None:
    sentence = "no such gaps: 30 of 70 bars of 1 dataset are there"
    for filters in (["--reason", "deleted"], ["--min-bars", "31"]):
        assert with_gaps("gaps", *filters).ok().err == f"dl: {sentence}\n"
        assert with_gaps("gaps", "--summary", *filters).ok().lines[-1] == sentence


def test_a_range_without_an_end_reaches_to_the_last_bar(with_gaps: Runner) -> None:
    behind = with_gaps("gaps", "--start", "2022-01-01").ok().err
    assert behind.startswith("dl: no bars in this range of 1 dataset, so none is missing; give --end too")
    before = with_gaps("gaps", "--end", "2019-01-01").ok().err
    assert before.startswith("dl: no bars in this range of 1 dataset, so none is missing; give --start too")
    both = with_gaps("gaps", "--start", "2022-01-01", "--end", "2022-01-01", "--json").ok().json
    assert (both["missing"], both["expected"]) == (1440, 1440)


def test_the_reason_is_there_on_eighty_columns(with_gaps: Runner) -> None:
    _, shown, _ = with_gaps.on_terminal("gaps", columns=80, env={"NO_COLOR": "1"})
    lines = shown.splitlines()
    assert lines[0].split() == ["dataset", "start", "bars", "reason"]
    assert lines[1].split()[-2:] == ["10", "not-requested"]


# ---- what is refused ----


@pytest.mark.parametrize(
    ("arguments", "status", "parts"),
    [
        (["--reason", "lost"], 2, ["'lost'", "not-requested", "source-empty", "venue-outage", "no-source-bars"]),
        (["--symbol", "BTCUSD"], 1, ["BTCUSD", "there is BINANCE BTCUSDT"]),
        (["--symbol", "BTCUSDT", "--period", "5m"], 1, ["BINANCE BTCUSDT FUTURES raw 1m"]),
        (["--data-type", "agg"], 1, ["agg"]),
        (["--data-type", "trades"], 2, ["trades", "raw or agg"]),
        (["--data-type", "bars"], 2, ["'bars'", "raw", "agg"]),
        (["--period", "tick"], 2, ["'tick'", "1m to 1mo"]),
        (["--as-of", "99"], 1, ["99"]),
        (["--start", "2021-01-02", "--end", "2021-01-01"], 2, ["--start is not before --end"]),
        (["--summary", "--coverage"], 2, ["--summary and --coverage"]),
        (["--coverage", "--limit", "3"], 2, ["--limit"]),
        (["--coverage", "--reason", "deleted"], 2, ["--reason"]),
        (["--summary", "--limit", "3"], 2, ["--limit"]),
        (["--summary", "--format", "csv"], 2, ["--json"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals(lake: Runner, arguments: list[str], status: int, parts: list[str]) -> None:
    message = lake("gaps", *arguments).error(status)
    assert all(part in message for part in parts), message


def test_an_empty_lake_lacks_nothing(dl: Runner) -> None:
    dl("init").ok()
    assert dl("gaps", "--json").ok().json["datasets"] == 0
    assert dl("gaps", "--coverage", "--format", "table").ok().out == ""
