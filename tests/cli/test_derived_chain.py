"""Bars of bars of trades: what is open, missing or not known at one level is so at every level above it (I12)."""

import csv
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, Runner

MINUTE_MS = 60_000


def trades_csv(minutes: list[int]) -> str:
    """Two trades in each of these minutes: a purchase, then a sale at half the amount."""
    lines = ["ts,id,price,amount,side"]
    for minute in minutes:
        ts = FIRST_MS + minute * MINUTE_MS
        lines += [
            f"{ts + 1000},{2 * minute},{100 + minute},2,buy",
            f"{ts + 2000},{2 * minute + 1},{101 + minute},1,sell",
        ]
    return "\n".join(lines) + "\n"


def ingest(dl: Runner, minutes: list[int]) -> None:
    (dl.directory / "trades.csv").write_text(trades_csv(minutes))
    dl("ingest", "--source", "trades.csv", "--exchange", "X", "--symbol", "Y").ok()


def aggregate(dl: Runner, source: str, *periods: str) -> None:
    dl("aggregate", "--symbol", "Y", "--from", source, "--to", ",".join(periods)).ok()


def read(dl: Runner, period: str, *options: str) -> list[dict[str, str]]:
    what = ["--exchange", "X", "--symbol", "Y", "--data-type", "agg", "--period", period]
    return list(csv.DictReader(dl("read", *what, *options).ok().out.splitlines()))


def is_complete(bar: dict[str, str]) -> bool:
    return bar["bars"] == bar["bars_expected"]


@pytest.mark.parametrize("by_way_of", ["", "1m", "5m"])
def test_an_open_minute_makes_an_open_quarter(dl: Runner, by_way_of: str) -> None:
    """Fifteen minutes of trades: the last minute may still get some, until a later trade is seen."""
    ingest(dl, [*range(15)])
    if by_way_of:
        aggregate(dl, "trades", by_way_of)
    aggregate(dl, by_way_of or "trades", "15m")
    assert [is_complete(bar) for bar in read(dl, "15m")] == [False]
    assert read(dl, "15m", "--complete") == []
    ingest(dl, [15])
    if by_way_of:
        aggregate(dl, "trades", by_way_of)
    aggregate(dl, by_way_of or "trades", "15m")
    assert [is_complete(bar) for bar in read(dl, "15m")] == [True, False]


def test_a_minute_without_trades_is_a_bar_that_is_not_there(dl: Runner) -> None:
    ingest(dl, [minute for minute in range(31) if minute != 7])
    aggregate(dl, "trades", "1m")
    aggregate(dl, "1m", "15m")
    assert [(bar["bars"], bar["bars_expected"]) for bar in read(dl, "15m")] == [("14", "15"), ("15", "15"), ("0", "15")]


def test_what_takers_bought(dl: Runner) -> None:
    """Two of three of each minute, whatever the bars are made of."""
    ingest(dl, [*range(16)])
    aggregate(dl, "trades", "1m")
    first = read(dl, "1m")[0]
    assert (first["volume"], first["taker_buy_volume"]) == ("3", "2")
    assert (first["quote_volume"], first["taker_buy_quote_volume"]) == ("301", "200")
    for source in ("1m", "trades"):
        dl("aggregate", "--symbol", "Y", "--from", source, "--to", "15m", "--anew").ok()
        assert (read(dl, "15m")[0]["volume"], read(dl, "15m")[0]["taker_buy_volume"]) == ("45", "30")


def test_bars_are_derived_on_the_way_with_what_they_lack(dl: Runner, tmp_path: Path) -> None:
    """The same from a lake in which nothing was derived: a reader needs no dl aggregate to see what is open."""
    ingest(dl, [*range(15)])
    result = dl("read", "--exchange", "X", "--symbol", "Y", "--period", "15m").ok()
    (bar,) = csv.DictReader(result.out.splitlines())
    assert not is_complete(bar)
    assert "derived on the way" in result.err


def test_raw_bars_that_came_later_are_not_taken_for_the_source(dl: Runner) -> None:
    """Hours of minutes of trades: what is read in their place is made of the same minutes, not of raw ones."""
    ingest(dl, [*range(120)])
    aggregate(dl, "trades", "1m")
    dl("aggregate", "--symbol", "Y", "--to", "1h").ok()
    rows = "".join(f"{FIRST_MS + minute * MINUTE_MS},7,7,7,7,7\n" for minute in range(120))
    (dl.directory / "raw.csv").write_text("ts,open,high,low,close,volume\n" + rows)
    dl("ingest", "--source", "raw.csv", "--exchange", "X", "--symbol", "Y", "--period", "1m").ok()
    ingest(dl, [*range(121)])
    dl("aggregate", "--symbol", "Y", "--from", "trades", "--to", "1m").ok()
    on_the_way = read(dl, "1h")
    dl("aggregate", "--symbol", "Y", "--to", "1h").ok()
    assert on_the_way == read(dl, "1h")
    assert on_the_way[0]["open"] == "100"


def test_a_chain_is_never_stale(dl: Runner) -> None:
    """15m of 1m of trades, 1h of those 15m: new trades are in all of them, read or aggregated, without naming the 1m."""
    ingest(dl, [*range(90)])
    aggregate(dl, "trades", "1m")
    aggregate(dl, "1m", "15m")
    aggregate(dl, "15m", "1h")
    ingest(dl, [*range(90, 121)])
    trades = {"15m": ["30"] * 8 + ["2"], "1h": ["120", "120", "2"]}
    for period, expected in trades.items():
        answer = dl("read", "--exchange", "X", "--symbol", "Y", "--data-type", "agg", "--period", period).ok()
        assert [row["trades"] for row in csv.DictReader(answer.out.splitlines())] == expected
        assert "is not current" in answer.err
    on_the_way = {period: read(dl, period) for period in trades}
    aggregate(dl, "15m", "1h")
    for period in ["1m", "15m", "1h"]:
        answer = dl("read", "--exchange", "X", "--symbol", "Y", "--data-type", "agg", "--period", period).ok()
        assert "is not current" not in answer.err
    assert {period: read(dl, period) for period in trades} == on_the_way


def test_what_was_stored_before_stays_current(dl: Runner) -> None:
    """Periods and offsets that an earlier call asked for need not be named again."""
    ingest(dl, [*range(90)])
    aggregate(dl, "trades", "1m")
    dl("aggregate", "--symbol", "Y", "--from", "1m", "--to", "5m", "--offset", "2m").ok()
    ingest(dl, [*range(90, 100)])
    dl("aggregate").ok()
    for period in ["1m", "5m", "15m", "1h"]:
        answer = dl("read", "--exchange", "X", "--symbol", "Y", "--data-type", "agg", "--period", period).ok()
        assert "is not current" not in answer.err
    assert sum(int(bar["trades"]) for bar in read(dl, "5m")) == 200
    assert "everything is current" in dl("aggregate").ok().out


def test_a_chain_is_not_stale_as_of_a_snapshot(dl: Runner) -> None:
    """Snapshots: 1 trades, 2 1m, 3 15m, 4 more trades. As of 4 nothing stored had them; as of 3 all was current."""
    ingest(dl, [*range(30)])
    aggregate(dl, "trades", "1m")
    aggregate(dl, "1m", "15m")
    ingest(dl, [*range(30, 61)])
    on_the_way = read(dl, "15m")
    aggregate(dl, "1m", "15m")
    assert [bar["trades"] for bar in read(dl, "15m", "--as-of", "3")] == ["30", "30"]
    assert read(dl, "15m", "--as-of", "4") == on_the_way
    assert [bar["trades"] for bar in on_the_way] == ["30", "30", "30", "30", "2"]
