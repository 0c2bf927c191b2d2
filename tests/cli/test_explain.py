"""dl explain: from a bar to its file, versions, operations and the very line of its source, whatever happened in between."""

import hashlib
import itertools
import random
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import polars
import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner, bars_csv

MINUTE = 60_000
BTC = ["--exchange", "binance", "--symbol", "BTCUSDT"]
Step = dict[str, Any]


def iso(minute: int) -> str:
    return f"2021-01-{1 + minute // 1440:02}T{minute % 1440 // 60:02}:{minute % 60:02}"


def explain(lake: Runner, minute: int, *arguments: str) -> list[Step]:
    return lake("explain", *BTC, "--ts", iso(minute), *arguments, "--json").ok().json["steps"]


def steps_of(steps: list[Step], step: str, depth: int = 1) -> list[Step]:
    return [row for row in steps if row["step"] == step and row["depth"] == depth]


def write(lake: Runner, name: str, lines: list[str]) -> None:
    (lake.directory / name).write_text("\n".join(lines) + "\n")


def bars(first: int, n: int, price: float = 100.0) -> list[str]:
    """Header and n minutes from the first-th of 2021 on."""
    return bars_csv(n, first_ms=FIRST_MS + first * MINUTE, price=price).splitlines()


def ingest(lake: Runner, *names: str) -> None:
    for name in names:
        lake("ingest", "--source", name, *BTC, "--period", "1m").ok()


def line_of(source: Step, text: str) -> list[str]:
    """The one line that a source step names, in the text of the source."""
    assert source["line_from"] == source["line_to"], source
    return text.splitlines()[source["line_from"] - 1].split(",")


def check_line(lake: Runner, minute: int, name: str) -> None:
    steps = explain(lake, minute)
    path = lake.directory / name
    (source,) = steps_of(steps, "source")
    assert Path(source["path"]).name == name
    assert source["what"] == f"line {source['line_from']} of {name}"
    assert source["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    fields = line_of(source, path.read_text())
    assert int(fields[0]) == steps[0]["ts"] == FIRST_MS + minute * MINUTE
    values = dict(part.split(" ") for part in steps[0]["what"].split(", "))
    assert [float(values[column]) for column in ("open", "high", "low", "close", "volume")] == [
        float(field) for field in fields[1:]
    ]


# ---- one source ----


def test_the_line_of_every_kind_of_bar(lake: Runner) -> None:
    for minute in (0, 1, 719, 1439, 1440, 2881, 3 * 1440 + 9):
        check_line(lake, minute, "btc_1m.csv")


def test_the_steps_of_a_bar(lake: Runner) -> None:
    steps = explain(lake, 1500)
    assert [(row["depth"], row["step"]) for row in steps] == [
        (0, "bar"),
        (1, "file"),
        (1, "content"),
        (2, "operation"),
        (1, "source"),
    ]
    bar, file, content, operation, source = steps
    assert {row["dataset"] for row in steps} == {"BINANCE FUTURES BTCUSDT raw 1m"}
    assert file["sha256"] == hashlib.sha256((lake.directory / file["path"]).read_bytes()).hexdigest()
    assert "2021/01/02" in file["path"]
    assert (content["version"], content["snapshot"], content["what"]) == (1, 1, "2021-01-02, 1440 rows")
    assert operation["what"].startswith("ingest by dl-datalake ")
    assert operation["committed"] == content["committed"] == source["committed"]
    assert bar["path"] is None
    assert bar["line_from"] is None


def test_an_instant_within_a_bar_is_the_bars(lake: Runner) -> None:
    steps = lake("explain", *BTC, "--ts", "2021-01-02T03:04:59.999", "--json").ok().json["steps"]
    assert steps[0]["ts"] == FIRST_MS + DAY_MS + 184 * MINUTE


def test_a_source_with_its_newest_bar_first(dl: Runner) -> None:
    header, *rows = bars(0, 2000)
    write(dl, "newest.csv", [header, *reversed(rows)])
    ingest(dl, "newest.csv")
    for minute in (0, 1, 1439, 1440, 1999):
        check_line(dl, minute, "newest.csv")


def test_a_preamble_moves_the_lines(dl: Runner) -> None:
    write(dl, "with_url.csv", ["https://www.example.org", *bars(0, 100)])
    ingest(dl, "with_url.csv")
    for minute in (0, 57, 99):
        check_line(dl, minute, "with_url.csv")


def test_where_rows_are_missing_the_line_is_between(dl: Runner) -> None:
    header, *rows = bars(0, 1000)
    kept = [row for i, row in enumerate(rows) if i not in (300, 301, 777)]
    write(dl, "gappy.csv", [header, *kept])
    ingest(dl, "gappy.csv")
    lines = (dl.directory / "gappy.csv").read_text().splitlines()
    for minute in (5, 299, 302, 999):
        (source,) = steps_of(explain(dl, minute), "source")
        assert source["what"] == f"between lines {source['line_from']} and {source['line_to']} of gappy.csv"
        held = [line.split(",")[0] for line in lines[source["line_from"] - 1 : source["line_to"]]]
        assert str(FIRST_MS + minute * MINUTE) in held


def test_a_later_source_that_may_lack_the_row_says_so(dl: Runner) -> None:
    """Its run holds the time, but it has a gap somewhere: only of its first and last row it is certain that it has them."""
    write(dl, "whole.csv", bars(0, 20))
    header, *rows = bars(0, 20, price=200)
    write(dl, "gappy.csv", [header, *(row for i, row in enumerate(rows) if i != 5)])
    ingest(dl, "whole.csv", "gappy.csv")
    for minute, perhaps in ((0, False), (5, True), (6, True), (19, False)):
        gappy, whole = steps_of(explain(dl, minute), "source")
        assert gappy["what"] == "between lines 2 and 20 of gappy.csv"
        assert gappy["detail"].startswith("perhaps: ") == perhaps
        assert whole["what"] == f"line {minute + 2} of whole.csv"
        assert whole["detail"].endswith(" bytes")


def test_one_row_is_one(dl: Runner) -> None:
    write(dl, "one.csv", bars(0, 1))
    ingest(dl, "one.csv")
    steps = explain(dl, 0)
    assert [row["what"].split(", ")[-1] for row in steps_of(steps, "content")] == ["1 row"]
    assert steps_of(steps, "file")[0]["what"].startswith("1 row, ")


def test_a_shuffled_source_is_never_told_a_wrong_line(dl: Runner) -> None:
    header, *rows = bars(0, 300)
    random.Random(5).shuffle(rows)
    write(dl, "mixed.csv", [header, *rows])
    ingest(dl, "mixed.csv")
    lines = (dl.directory / "mixed.csv").read_text().splitlines()
    for minute in range(0, 300, 7):
        sources = steps_of(explain(dl, minute), "source")
        assert sources
        held = [line.split(",")[0] for row in sources for line in lines[row["line_from"] - 1 : row["line_to"]]]
        assert str(FIRST_MS + minute * MINUTE) in held


def test_rows_that_were_put_aside_do_not_shift_the_lines(dl: Runner) -> None:
    header, *rows = bars(0, 400)
    rows[100] = rows[100].split(",")[0] + ",x,1,1,1,1"
    write(dl, "damaged.csv", [header, *rows])
    dl("ingest", "--source", "damaged.csv", *BTC, "--period", "1m", "--rejects", "bad.csv")
    for minute in (0, 99, 101, 399):
        (source,) = steps_of(explain(dl, minute), "source")
        assert source["line_from"] <= minute + 2 <= source["line_to"]
    assert "has no bar at 2021-01-01T01:40:00Z" in dl("explain", *BTC, "--ts", iso(100)).error(1)


# ---- archives and Parquet ----


def test_members_of_an_archive(dl: Runner) -> None:
    with zipfile.ZipFile(dl.directory / "both.zip", "w") as archive:
        archive.writestr("one.csv", bars_csv(1440))
        archive.writestr("dir/two.csv", bars_csv(1440, first_ms=FIRST_MS + DAY_MS))
    ingest(dl, "both.zip")
    for minute, member in ((7, "one.csv"), (1440 + 9, "dir/two.csv")):
        (source,) = steps_of(explain(dl, minute), "source")
        assert source["what"] == f"line {source['line_from']} of both.zip, member {member}"
        assert source["sha256"] == hashlib.sha256((dl.directory / "both.zip").read_bytes()).hexdigest()
        with zipfile.ZipFile(dl.directory / "both.zip") as archive:
            fields = line_of(source, archive.read(member).decode())
        assert int(fields[0]) == FIRST_MS + minute * MINUTE


def test_rows_of_parquet(dl: Runner) -> None:
    (dl.directory / "bars.csv").write_text(bars_csv(2000))
    frame = polars.read_csv(dl.directory / "bars.csv").rename({"timestamp": "ts"})
    frame.with_columns(polars.from_epoch("ts", time_unit="ms")).write_parquet(dl.directory / "bars.parquet")
    ingest(dl, "bars.parquet")
    (source,) = steps_of(explain(dl, 1700), "source")
    assert source["what"] == "row 1701 of bars.parquet"


# ---- what happened to the bars since ----


def test_a_day_that_several_files_brought(dl: Runner) -> None:
    write(dl, "first.csv", bars(0, 700))
    write(dl, "second.csv", bars(700, 740))
    ingest(dl, "first.csv", "second.csv")
    check_line(dl, 10, "first.csv")
    check_line(dl, 699, "first.csv")
    check_line(dl, 700, "second.csv")
    steps = explain(dl, 10)
    assert [(row["version"], row["snapshot"]) for row in steps_of(steps, "content")] == [(2, 2), (1, 1)]
    assert steps_of(steps, "content")[1]["detail"] == "earlier: superseded by snapshot 2"
    assert [row["snapshot"] for row in steps_of(steps, "operation", 2)] == [2, 1]


def restate(dl: Runner) -> None:
    write(dl, "first.csv", bars(0, 1440))
    write(dl, "again.csv", bars(100, 50, price=500.0))
    ingest(dl, "first.csv", "again.csv")


def test_a_restated_bar_tells_both_latest_first(dl: Runner) -> None:
    restate(dl)
    steps = explain(dl, 120)
    assert steps[0]["what"].startswith("open 505,")
    assert [Path(row["path"]).name for row in steps_of(steps, "source")] == ["again.csv", "first.csv"]
    assert [row["line_from"] for row in steps_of(steps, "source")] == [22, 122]
    assert [row["snapshot"] for row in steps_of(steps, "source")] == [2, 1]
    check_line(dl, 99, "first.csv")
    check_line(dl, 150, "first.csv")


def test_what_was_undone_is_said_to_be(dl: Runner) -> None:
    restate(dl)
    dl("undo").ok()
    steps = explain(dl, 120)
    assert steps[0]["what"].startswith("open 130,")
    sources = steps_of(steps, "source")
    assert sources[0]["detail"] == "what it brought was undone by snapshot 3"
    assert "undone" not in sources[1]["detail"]
    assert [row["version"] for row in steps_of(steps, "content")] == [3, 2, 1]
    dl("undo").ok()  # undoes the undoing
    steps = explain(dl, 120)
    assert steps[0]["what"].startswith("open 505,")
    assert "undone" not in steps_of(steps, "source")[0]["detail"]


def test_a_deleted_bar(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", iso(60), "--end", iso(120), "--yes").ok()
    message = lake("explain", *BTC, "--ts", iso(90)).error(1)
    assert message.startswith("BINANCE FUTURES BTCUSDT raw 1m has no bar at 2021-01-01T01:30:00Z: deleted (snapshot ")
    assert "before it the nearest is 2021-01-01T00:59:00Z" in message
    assert "behind it the nearest is 2021-01-01T02:00:00Z" in message
    check_line(lake, 59, "btc_1m.csv")
    check_line(lake, 120, "btc_1m.csv")
    lake("undo").ok()
    check_line(lake, 90, "btc_1m.csv")


def test_rolled_up_files_leave_the_rest_as_it_is(lake: Runner) -> None:
    before = explain(lake, 1500)
    lake("maintenance").ok()
    after = explain(lake, 1500)
    (old,), (new,) = steps_of(before, "file"), steps_of(after, "file")
    assert old["path"] != new["path"]
    assert "2021/01/BTCUSDT" in new["path"]
    assert (lake.directory / new["path"]).exists()
    assert [row for row in before if row["step"] != "file"] == [row for row in after if row["step"] != "file"]
    check_line(lake, 1500, "btc_1m.csv")


def test_a_lake_that_was_restored(lake: Runner) -> None:
    lake("backup", "copy").ok()
    (lake.directory / "there").mkdir()
    place = ["--data-root", "there/data", "--db-path", "there/manifest.db"]
    lake("restore", "copy", *place).ok()
    steps = lake("explain", *BTC, "--ts", iso(1500), *place, "--json").ok().json["steps"]
    (source,) = steps_of(steps, "source")
    assert source["what"] == "line 1502 of btc_1m.csv"


def test_a_manifest_that_was_made_anew_says_that_it_does_not_know(lake: Runner) -> None:
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()
    lake("init", "--rebuild").ok()
    (source,) = steps_of(explain(lake, 1500), "source")
    assert source["what"] == "not known"
    assert source["path"] is None
    assert source["line_from"] is None


def test_rows_from_before_origins_were_kept_have_candidates(lake: Runner) -> None:
    with closing(sqlite3.connect(lake.directory / "manifest.db")) as manifest, manifest:
        manifest.execute("DELETE FROM origins")
    unknown, perhaps = [row for row in explain(lake, 1500) if row["step"] == "source"]
    assert (unknown["depth"], unknown["what"]) == (1, "not known")
    assert (perhaps["depth"], perhaps["what"], perhaps["line_from"]) == (2, "btc_1m.csv", None)
    assert perhaps["sha256"] == hashlib.sha256((lake.directory / "btc_1m.csv").read_bytes()).hexdigest()
    assert perhaps["detail"].startswith("perhaps: ")


# ---- derived bars ----


def derived_from(steps: list[Step]) -> list[Step]:
    return steps_of(steps, "derived-from")


def check_bucket(steps: list[Step], first: int, n: int) -> None:
    bucket = derived_from(steps)[-1]
    assert bucket["ts"] == FIRST_MS + first * MINUTE
    assert bucket["what"].startswith(f"{n} of {n} rows, ")
    (source,) = steps_of(steps, "source", 2)
    assert (source["line_from"], source["line_to"]) == (first + 2, first + n + 1)
    assert source["what"] == f"lines {first + 2} to {first + n + 1} of btc_1m.csv"


def test_a_stored_derived_bar(lake: Runner) -> None:
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "15m").ok()
    steps = explain(lake, 1500 + 14, "--period", "15m")
    assert steps[0]["ts"] == FIRST_MS + 1500 * MINUTE
    assert "bars 15, bars_expected 15" in steps[0]["what"]
    day, _ = derived_from(steps)
    assert (day["version"], day["what"], day["detail"]) == (1, "2021-01-02 in version 1", "current")
    assert derived_from(steps)[1]["detail"] == "from raw 1m"
    assert len(steps_of(steps, "file")) == 1
    assert len(steps_of(steps, "file", 2)) == 1
    assert steps_of(steps, "operation", 2)[0]["what"].startswith("aggregate by ")
    check_bucket(steps, 1500, 15)


def test_a_derived_bar_that_is_not_current(lake: Runner) -> None:
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "15m").ok()
    write(lake, "again.csv", bars(1505, 3, price=900.0))
    ingest(lake, "again.csv")
    steps = explain(lake, 1500, "--period", "15m")
    assert "high 902.5, " in steps[0]["what"]  # what a read gives: derived anew
    assert "not current" in steps[0]["detail"]
    assert derived_from(steps)[0]["detail"].startswith("not current: it is version 2 now")
    assert [Path(row["path"]).name for row in steps_of(steps, "source", 2)] == ["again.csv", "btc_1m.csv"]
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "15m").ok()
    steps = explain(lake, 1500, "--period", "15m")
    assert (derived_from(steps)[0]["version"], derived_from(steps)[0]["detail"]) == (2, "current")
    assert steps[0]["detail"] is None


def test_bars_that_are_derived_on_the_way(lake: Runner) -> None:
    steps = explain(lake, 1500, "--period", "5m")
    assert "raw 1m" in steps[0]["detail"]
    assert not steps_of(steps, "file")
    assert not steps_of(steps, "content")
    check_bucket(steps, 1500, 5)


def test_a_bucket_over_many_days_tells_each_thing_once(lake: Runner) -> None:
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "1mo").ok()
    steps = explain(lake, 0, "--period", "1mo")
    assert derived_from(steps)[0]["what"] == "2021-01-01 to 2021-01-04, each in version 1"
    assert derived_from(steps)[1]["what"].startswith("4330 of 44640 rows, ")
    (source,) = steps_of(steps, "source", 2)
    assert source["what"] == "lines 2 to 4331 of btc_1m.csv"
    assert len(steps) < 25


def test_bars_derived_from_derived_ones(lake: Runner) -> None:
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "15m").ok()
    lake("aggregate", "--symbol", "BTCUSDT", "--from", "15m", "--to", "1h").ok()
    steps = explain(lake, 1560, "--period", "1h")
    assert derived_from(steps)[-1]["what"].startswith("4 of 4 rows, ")
    assert steps_of(steps, "derived-from", 2)[-1]["what"].startswith("60 rows, ")
    (source,) = steps_of(steps, "source", 3)
    assert source["what"] == "lines 1562 to 1621 of btc_1m.csv"


# ---- trades ----


def test_a_trade(dl: Runner) -> None:
    rows = [f"{i},{100 + i},{i % 7 + 1},{FIRST_MS + i // 3 * 250},true" for i in range(3000)]
    write(dl, "trades.csv", ["id,price,qty,time,is_buyer_maker", *rows])
    dl("ingest", "--source", "trades.csv", *BTC, "--data-type", "trades").ok()
    trade = ["explain", *BTC, "--type", "trades", "--ts"]
    steps = dl(*trade, "2021-01-01T00:00:01", "--json").ok().json["steps"]
    assert steps[0]["step"] == "row"
    assert steps[0]["what"].startswith("3 trades in this millisecond; the first: ")
    (source,) = steps_of(steps, "source")
    assert source["line_from"] <= 14 <= source["line_to"]
    message = dl(*trade, "2021-01-01T00:00:01.001").error(1)
    assert "has no trade at 2021-01-01T00:00:01.001Z" in message
    assert "2021-01-01T00:00:01.25" in message


# ---- the forms, and what is not there ----


def test_the_tree_says_what_json_says(lake: Runner) -> None:
    lake("aggregate", "--symbol", "BTCUSDT", "--to", "15m").ok()
    shown = lake("explain", *BTC, "--period", "15m", "--ts", iso(1500)).ok().lines
    steps = explain(lake, 1500, "--period", "15m")
    heads = [line for line in shown if line.strip().split(" ")[0] in {row["step"] for row in steps}]
    assert len(heads) == len(steps)
    for line, row in zip(heads, steps, strict=True):
        assert line.startswith("  " * row["depth"] + row["step"] + "  ")
    text = "\n".join(shown)
    for row, key in itertools.product(steps, ("what", "path", "sha256", "detail")):
        assert row[key] is None or row[key] in text
    assert "version 1, since snapshot 1 of " in text


def test_a_bar_that_is_missing_says_why(dl: Runner) -> None:
    header, *rows = bars(0, 100)
    write(dl, "gappy.csv", [header, *rows[:40], *rows[50:]])
    ingest(dl, "gappy.csv")
    message = dl("explain", *BTC, "--ts", iso(45)).error(1)
    assert message == (
        "BINANCE FUTURES BTCUSDT raw 1m has no bar at 2021-01-01T00:45:00Z: source-empty (gappy.csv has none;"
        " snapshot 1); before it the nearest is 2021-01-01T00:39:00Z, behind it the nearest is 2021-01-01T00:50:00Z"
    )
    message = dl("explain", *BTC, "--ts", "2020-12-31").error(1)
    assert ": not-requested; before it there is none, behind it the nearest is 2021-01-01T00:00:00Z" in message
    assert ": no-source-bars;" in dl("explain", *BTC, "--period", "5m", "--ts", iso(45)).error(1)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--symbol", "BTCUSDT", "--ts", "2021-01-01"], 2, "exchange"),
        (["--exchange", "binance", "--symbol", "BTCUSDT"], 2, "--ts"),
        (["--exchange", "binance", "--symbol", "BTCUSD", "--ts", "2021-01-01"], 1, "BTCUSDT"),
        (["--exchange", "binance", "--symbol", "BTCUSDT", "--ts", "soon"], 2, "soon"),
        (["--exchange", "binance", "--symbol", "BTCUSDT", "--type", "nothing", "--ts", "2021-01-01"], 2, "nothing"),
    ],
)
def test_mistakes(lake: Runner, arguments: list[str], status: int, message: str) -> None:
    assert message in lake("explain", *arguments).error(status)
