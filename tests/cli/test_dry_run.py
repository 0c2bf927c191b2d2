"""ingest --dry-run: what was understood, what would be done, and no trace of it."""

import re
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, Runner, bars_csv, tree

DATASET = ["--exchange", "BINANCE", "--symbol", "BTCUSDT"]
INGEST = ["ingest", "--source", "btc_1m.csv", *DATASET, "--dry-run"]


def test_it_says_what_was_understood(dl: Runner, source: Path) -> None:
    done = dl(*INGEST).ok()
    table = [re.split(r"  +", line) for line in done.lines[: done.lines.index("")]]
    assert table[0] == ["what", "found", "told by", "option"]
    said = {row[0] for row in table}
    assert {"separator", "ts", "open", "close", "volume", "period"} <= said
    assert (
        "dataset: BINANCE FUTURES BTCUSDT raw 1m\nread: 4330\nnew: 4330\nchanged: 0\nequal: 0\nrejected: 0\n"
        in done.out
    )
    assert done.lines[-1] == "nothing was committed: this is what would be done"


def test_it_shows_the_first_and_last_rows(dl: Runner, source: Path) -> None:
    lines = dl(*INGEST).ok().lines
    first = next(i for i, line in enumerate(lines) if line.split()[:2] == ["ts", "open"])
    assert [line.split()[0] for line in lines[first + 1 : first + 8]] == [
        *(f"2021-01-01T00:0{i}:00Z" for i in range(3)),
        "…",
        *(f"2021-01-04T00:0{i}:00Z" for i in (7, 8, 9)),
    ]


def test_few_rows_are_all_shown(dl: Runner) -> None:
    (dl.directory / "few.csv").write_text(bars_csv(4))
    done = dl("ingest", "--source", "few.csv", *DATASET, "--dry-run").ok()
    assert [line.split()[0] for line in done.lines if line.startswith("2021-")] == [
        f"2021-01-01T00:0{i}:00Z" for i in range(4)
    ]
    assert "…" not in done.out


def test_no_lake_is_made(dl: Runner, source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    before = tree(dl.directory)
    dl(*INGEST, env={"TMPDIR": str(scratch)}).ok()
    assert tree(dl.directory) == before
    assert sorted(path.name for path in dl.directory.iterdir()) == ["btc_1m.csv"]
    assert list(scratch.iterdir()) == []


def test_nor_by_one_that_fails(dl: Runner, source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    source.write_text(source.read_text() + "x,1,2,3,4,5\n")
    dl(*INGEST, env={"TMPDIR": str(scratch)}).error(1)
    assert sorted(path.name for path in dl.directory.iterdir()) == ["btc_1m.csv"]
    assert list(scratch.iterdir()) == []


def test_a_lake_that_is_there_stays_as_it_is(lake: Runner) -> None:
    (lake.directory / "more.csv").write_text(bars_csv(2000, first_ms=FIRST_MS + 4000 * 60_000, price=300.0))
    before = tree(lake.directory, but=("-wal", "-shm"))
    done = lake("ingest", "--source", "more.csv", *DATASET, "--dry-run").ok()
    assert "\nread: 2000\nnew: 1670\nchanged: 330\nequal: 0\n" in done.out
    assert tree(lake.directory, but=("-wal", "-shm")) == before
    assert len(lake("log", "--json").ok().json) == 1
    lake("verify", "--full").ok()


def test_it_tells_the_truth(lake: Runner) -> None:
    """What it says would be done is what is then done."""
    (lake.directory / "more.csv").write_text(bars_csv(2000, first_ms=FIRST_MS + 4000 * 60_000, price=300.0))
    command = ["ingest", "--source", "more.csv", *DATASET, "--json"]
    plan = lake(*command, "--dry-run").ok().json
    done = lake(*command).ok().json
    for name in (
        "rows_read",
        "rows_new",
        "rows_changed",
        "rows_equal",
        "days_changed",
        "files_written",
        "bytes_written",
    ):
        assert plan[name] == done[name] > 0 or name == "rows_equal", name
    for name in ("period", "type", "first_ts", "last_ts", "findings", "checks", "bars_missing", "gaps"):
        assert plan[name] == done[name], name


def test_as_json(dl: Runner, source: Path) -> None:
    plan = dl(*INGEST, "--json").ok().json
    assert plan["dry_run"] is True
    assert "snapshot" not in plan
    assert (plan["exchange"], plan["symbol"], plan["period"]) == ("BINANCE", "BTCUSDT", "1m")
    assert [row["ts"] for row in plan["sample"]] == [FIRST_MS + i * 60_000 for i in (0, 1, 2, 4327, 4328, 4329)]
    assert plan["sample"][0] == {"ts": FIRST_MS, "open": 100, "high": 102, "low": 98, "close": 100.5, "volume": 0}
    assert all(set(finding) == {"what", "value", "origin", "option"} for finding in plan["findings"])
    assert {finding["origin"] for finding in plan["findings"]} <= {
        *("header", "values", "position", "file name", "option", "default", "columns")
    }


def test_every_option_that_it_names_there_is(dl: Runner, source: Path) -> None:
    text = dl("help", "ingest").ok().out
    for finding in dl(*INGEST, "--json").ok().json["findings"]:
        assert not finding["option"] or f"  {finding['option'].split(' ')[0]}" in text, finding


def test_rejects_are_counted_and_not_written(dl: Runner, source: Path) -> None:
    source.write_text(source.read_text() + f"{FIRST_MS + 5000 * 60_000},1,2,x,1.5,5\n")
    done = dl(*INGEST, "--rejects", "wrong.csv", "--json").ok().json
    assert (done["rows_rejected"], done["rows_new"]) == (1, 4330)
    assert not (dl.directory / "wrong.csv").exists()


def test_on_a_narrow_terminal(dl: Runner, source: Path) -> None:
    _, shown, _ = dl.on_terminal(*INGEST, columns=40, env={"NO_COLOR": "1"})
    assert "too narrow for " in shown
    rows = [line for line in shown.splitlines() if line.startswith("2021-")]
    assert rows
    assert max(map(len, rows)) <= 40
