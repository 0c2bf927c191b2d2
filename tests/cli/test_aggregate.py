"""dl aggregate: bars are derived, brought up to date by what changed, and what was done is said."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner, bars_csv

BTC = ["--exchange", "binance", "--symbol", "BTCUSDT"]
READ = ["read", *BTC, "--data-type", "agg", "--period"]
SHORT_DAY = 10  # minutes that the lake's fourth day has


def derived(dl: Runner, period: str, *more: str) -> pl.DataFrame:
    return pl.read_csv(dl(*READ, period, *more).ok().out.encode(), try_parse_dates=True)


def restate(dl: Runner, ts_ms: int, high: float) -> None:
    """One minute comes again, and is other than it was."""
    time = datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (dl.directory / "one.csv").write_text(f"ts,open,high,low,close,volume\n{time},1,{high},1,1,1\n")
    dl("ingest", *BTC, "--period", "1m", "--source", "one.csv").ok()


def test_says_what_it_made(lake: Runner) -> None:
    done = lake("aggregate", "--json").ok().json
    assert done["dry_run"] is False
    assert (done["datasets"], done["current"], done["commits"]) == (2, 0, 1)
    assert done["source_rows"] == 3 * 1440 + SHORT_DAY
    assert done["rows_written"] == (3 * 96 + 1) + (3 * 24 + 1)
    assert [(row["period"], row["from"], row["days"], row["state"]) for row in done["derived"]] == [
        ("15m", "from raw 1m", 4, "derived"),
        ("1h", "from raw 1m", 4, "derived"),
    ]


def test_equals_polars(lake: Runner, source: Path) -> None:
    lake("aggregate").ok()
    minutes = pl.read_csv(source).with_columns(pl.from_epoch("timestamp", time_unit="ms").alias("ts"))
    for period, n in {"15m": 15, "1h": 60}.items():
        expected = (
            minutes.sort("ts")
            .group_by_dynamic("ts", every=period)
            .agg(
                pl.col("open").first(),
                pl.col("high").max(),
                pl.col("low").min(),
                pl.col("close").last(),
                pl.len().alias("bars"),
            )
        )
        ours = derived(lake, period)
        for name in ("open", "high", "low", "close", "bars"):
            assert ours[name].to_list() == expected[name].to_list(), name
        assert ours["bars_expected"].unique().to_list() == [n]


def test_the_second_time_everything_is_current(lake: Runner) -> None:
    lake("aggregate").ok()
    snapshots = lake("log", "--json").ok().out
    done = lake("aggregate").ok()
    assert done.lines[-1] == "everything is current"
    assert lake("log", "--json").ok().out == snapshots


def test_only_the_day_that_changed_is_read(lake: Runner) -> None:
    lake("aggregate").ok()
    restate(lake, FIRST_MS + DAY_MS + 5 * 60_000, 1e6)
    done = lake("aggregate", "--json").ok().json
    assert (done["source_rows"], done["rows_written"], done["days_changed"]) == (1440, 2, 2)
    assert derived(lake, "15m")["high"].max() == 1e6


def test_a_dry_run_says_what_is_to_be_derived(lake: Runner) -> None:
    done = lake("aggregate", "--dry-run", "--json").ok().json
    assert [(row["state"], row["days"]) for row in done["derived"]] == [("to be derived", 4)] * 2
    assert done["snapshot"] is None
    assert {row["period"] for row in lake("list", "--json").ok().json} == {"1m"}


def test_is_one_operation_that_can_be_undone(lake: Runner) -> None:
    lake("aggregate").ok()
    entry = lake("log", "--limit", "1", "--json").ok().json[0]
    assert (entry["operation"], entry["rows_read"]) == ("aggregate", 3 * 1440 + SHORT_DAY)
    assert entry["detail"] == "15m, 1h of BINANCE/FUTURES/BTCUSDT from raw 1m"
    lake("undo", "--yes").ok()
    assert sum(row["rows"] for row in lake("list", "--data-type", "agg", "--json").ok().json) == 0
    assert lake("aggregate", "--json").ok().json["rows_written"] > 0


def test_deleted_minutes_take_their_bars_along(lake: Runner) -> None:
    lake("aggregate").ok()
    lake("delete", *BTC, "--data-type", "raw", "--start", "2021-01-02", "--end", "2021-01-02", "--yes").ok()
    done = lake("aggregate", "--json").ok().json
    assert (done["rows_written"], done["rows_removed"]) == (0, 96 + 24)


def test_dl_toml_says_what_is_derived(lake: Runner) -> None:
    (lake.directory / "dl.toml").write_text('[aggregate]\nto = "4h, 1d"\noffset = "2h"\n')
    done = lake("aggregate", "--json").ok().json
    assert [(row["period"], row["from"]) for row in done["derived"]] == [
        ("4h", "from raw 1m, offset 120m"),
        ("1d", "from raw 1m, offset 120m"),
    ]
    times = derived(lake, "1d")["ts"].to_list()
    assert {time.hour for time in times} == {2}


def test_columns_of_the_sources_own(dl: Runner, tmp_path: Path) -> None:
    lines = bars_csv(30).splitlines()
    rows = [lines[0] + ",spread"] + [f"{line},{i / 10}" for i, line in enumerate(lines[1:])]
    (tmp_path / "own.csv").write_text("\n".join(rows) + "\n")
    dl("ingest", *BTC, "--period", "1m", "--source", "own.csv").ok()
    dl("aggregate", "--to", "15m", "--columns", "widest=max(spread)", "mid=mean( spread )").ok()
    bars = derived(dl, "15m")
    assert bars["widest"].to_list() == [1.4, 2.9]
    assert bars["mid"].to_list() == pytest.approx([0.7, 2.2])


def test_another_way_is_a_conflict_that_names_both(lake: Runner) -> None:
    lake("aggregate", "--to", "1h").ok()
    message = lake("aggregate", "--to", "1h", "--offset", "30m").error(1)
    assert "is stored from raw 1m, and asked for from raw 1m, offset 30m" in message
    assert "--anew" in message
    lake("aggregate", "--to", "1h", "--offset", "30m", "--anew").ok()
    assert {time.minute for time in derived(lake, "1h")["ts"].to_list()} == {30}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--to", "1m"], 2, "1m cannot be derived from 1m"),
        (["--to", "7m"], 2, "period '7m' is none of"),
        (["--to", "5m", "--from", "3m"], 2, "it does not divide"),
        (["--from", "5m"], 1, "there is BINANCE BTCUSDT FUTURES raw 1m"),
        (["--from", "funding"], 2, "name the period of bars"),
        (["--symbol", "BTCUSD"], 1, "BTCUSDT"),
        (["--offset", "soon"], 2, "offset 'soon' is no length of time"),
        (["--offset", "1h", "--origin", "2021-01-01"], 2, "leave one out"),
        (["--columns", "a=median(open)"], 2, "there is no function 'median'"),
        (["--columns", "a=max(spread)"], 2, "spread"),
        (["15m"], 2, "--symbol, --to"),
    ],
)
def test_bad_input(lake: Runner, arguments: list[str], status: int, words: str) -> None:
    assert words in lake("aggregate", *arguments).error(status)
    assert lake("list", "--data-type", "agg", "--json").ok().json == []


def test_nothing_to_derive_from(dl: Runner) -> None:
    dl("init").ok()
    assert "it is empty" in dl("aggregate").error(1)
