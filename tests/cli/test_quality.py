"""dl verify --data: bars that cannot be true, or hardly, are found and shown; others are not accused."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner
from test_expected import SYMBOLS, ingest, source

ROOT = Path(__file__).resolve().parents[2]
MINUTE_MS = 60_000
HEADER = "timestamp,open,high,low,close,volume"


def walk(n_rows: int, *, first_ms: int = FIRST_MS, step_ms: int = MINUTE_MS) -> list[list[float]]:
    """Bars that go up and down a little."""
    rows: list[list[float]] = []
    for i in range(n_rows):
        open_, close = 100 + i % 5 * 0.25, 100 + (i + 1) % 5 * 0.25
        rows.append([first_ms + i * step_ms, open_, max(open_, close) + 0.5, min(open_, close) - 0.5, close, 1 + i % 7])
    return rows


def put(dl: Runner, rows: list[list[float]], period: str = "1m", *options: str) -> None:
    path = dl.directory / "bars.csv"
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]) + "\n")
    where = ["--exchange", "binance", "--symbol", "BTCUSDT", "--period", period]
    dl("ingest", "--source", path.name, *where, *options).ok()


def findings(dl: Runner, *options: str) -> list[dict[str, object]]:
    done = dl("verify", "--data", "--json", *options)
    data = done.json["data"]
    assert done.err == ""
    assert done.status == (3 if data["wrong"] + data["suspect"] else 0)
    return data["findings"]


def rules(found: list[dict[str, object]]) -> Counter[str]:
    return Counter(str(finding["rule"]) for finding in found)


def test_nothing_to_find(dl: Runner) -> None:
    put(dl, walk(3000))
    done = dl("verify", "--data").ok()
    assert done.lines[-1] == "data ok: 1 dataset, 3,000 rows checked"
    assert findings(dl) == []


def test_without_data_rows_are_not_looked_at(dl: Runner) -> None:
    rows = walk(100)
    rows[50][4] = 500
    put(dl, rows)
    assert len(dl("verify").ok().lines) == 1
    assert "data" not in dl("verify", "--json").ok().json


def test_a_finding_is_shown_with_its_bar(dl: Runner) -> None:
    rows = walk(100)
    rows[50][4] = 500
    put(dl, rows)
    done = dl("verify", "--data")
    assert done.status == 3
    assert done.lines[1:] == [
        "BINANCE FUTURES BTCUSDT raw 1m: close-outside (wrong)",
        "ts                    open    high   low  close  volume  what",
        "2021-01-01T00:50:00Z   100  100.75  99.5    500       2  close 500 is not between low 99.5 and high 100.75",
        "",
        "data wrong: 1 dataset, 100 rows checked; 1 wrong, 0 suspect",
    ]
    assert dl("verify", "--data", "--quiet").lines == done.lines[1:-1]
    (found,) = findings(dl)
    assert found == {
        "exchange": "BINANCE",
        "market": "FUTURES",
        "symbol": "BTCUSDT",
        "type": "raw",
        "period": "1m",
        "rule": "close-outside",
        "severity": "wrong",
        "ts": FIRST_MS + 50 * MINUTE_MS,
        "bars": 1,
        "detail": "close 500 is not between low 99.5 and high 100.75",
        "open": 100,
        "high": 100.75,
        "low": 99.5,
        "close": 500,
        "volume": 2,
    }


def test_many_findings_are_cut_and_counted(dl: Runner) -> None:
    rows = walk(1000)
    for row in rows[100:150]:
        row[4] = 500
    for row in rows[300:303]:
        row[5] = -1
    put(dl, rows)
    done = dl("verify", "--data")
    assert sum("close 500" in line for line in done.lines) == 20
    assert done.lines[23] == "… and 30 more"
    assert "volume -1 is negative" in done.out
    assert done.lines[-1].endswith("53 wrong, 0 suspect")
    assert rules(findings(dl)) == {"close-outside": 50, "volume-negative": 3}


def test_a_range_and_a_selection(dl: Runner) -> None:
    rows = walk(3 * 1440)
    rows[100][4] = rows[2000][4] = rows[3000][4] = 500
    put(dl, rows)
    only = findings(dl, "--start", "2021-01-02", "--end", "2021-01-02")
    assert [finding["ts"] for finding in only] == [FIRST_MS + 2000 * MINUTE_MS]
    assert findings(dl, "--period", "1m", "--end", "2021-01-01T01:00") == []
    assert "no dataset" in dl("verify", "--data", "--symbol", "NONE").error(1)


def test_options_that_need_data(dl: Runner) -> None:
    put(dl, walk(10))
    for option in ("--start", "--end"):
        assert dl("verify", option, "2021-01-01").error(2) == "--start and --end choose rows: they go with --data"
    reversed_range = ["--data", "--start", "2021-01-02", "--end", "2021-01-01"]
    assert dl("verify", *reversed_range).error(2) == "--start is not before --end; swap them or leave one out"


def test_what_has_no_bars_is_left_out(dl: Runner) -> None:
    (dl.directory / "t.csv").write_text("ts,price,amount,side\n1609459200000,-5,1,buy\n")
    dl("ingest", "--source", "t.csv", "--exchange", "binance", "--symbol", "BTCUSDT", "--data-type", "trades").ok()
    assert dl("verify", "--data").ok().lines[-1] == "data ok: 0 datasets, 0 rows checked"


def test_repeated_rows_of_a_source(dl: Runner) -> None:
    rows = walk(100)
    put(dl, [*rows[:50], rows[20], *rows[50:]])
    found = findings(dl)
    assert "repeated" in rules(found)
    repeated = next(finding for finding in found if finding["rule"] == "repeated")
    assert (repeated["severity"], repeated["bars"], repeated["open"]) == ("suspect", 1, None)
    assert str(repeated["detail"]).startswith("1 row; ")


def hours_of(rows: list[list[float]]) -> list[list[float]]:
    parts = [rows[i : i + 60] for i in range(0, len(rows), 60)]
    return [
        [p[0][0], p[0][1], max(r[2] for r in p), min(r[3] for r in p), p[-1][4], sum(r[5] for r in p)] for p in parts
    ]


def test_hours_of_the_venue_against_its_minutes(dl: Runner) -> None:
    minutes = walk(1440)
    hours = hours_of(minutes)
    put(dl, minutes)
    put(dl, hours, "1h")
    assert findings(dl) == []
    hours[7][2] += 1
    put(dl, hours, "1h")
    (found,) = findings(dl)
    assert (found["rule"], found["period"], found["ts"]) == ("not-conserved", "1h", hours[7][0])
    assert found["detail"] == "high is 102.5, and 101.5 by the 60 bars of raw 1m"


def test_derived_bars_are_what_their_source_gives(dl: Runner) -> None:
    rows = walk(2 * 1440)
    del rows[70:80]
    put(dl, rows)
    dl("aggregate").ok()
    assert findings(dl) == []
    put(dl, walk(1440, first_ms=FIRST_MS + 2 * DAY_MS))
    assert findings(dl) == [], "derived bars that are not current are no mistake"


def test_bars_derived_from_trades(dl: Runner) -> None:
    lines = [
        f"{FIRST_MS + i * 1700},{i},{100 + i % 9 * 0.1:.1f},{1 + i % 4},{'buy' if i % 3 else 'sell'}"
        for i in range(5000)
    ]
    (dl.directory / "t.csv").write_text("\n".join(["ts,id,price,amount,side", *lines]) + "\n")
    dl("ingest", "--source", "t.csv", "--exchange", "binance", "--symbol", "BTCUSDT", "--data-type", "trades").ok()
    dl("aggregate", "--from", "trades", "--to", "1m").ok()
    dl("aggregate", "--from", "trades", "--to", "1h", "--offset", "30m").ok()
    assert findings(dl) == []
    assert findings(dl, "--start", "2021-01-01T00:40", "--end", "2021-01-01T02:10") == []


def test_damage_does_not_hide_what_was_found(dl: Runner) -> None:
    put(dl, walk(3000))
    path = next((dl.directory / "data").rglob("*.parquet"))
    path.write_bytes(b"")
    done = dl("verify", "--data")
    assert done.status == 3
    assert path.name in done.out
    assert "rows were not checked" in done.err
    told = dl("verify", "--data", "--json")
    assert (told.status, told.json["data"], len(told.json["problems"])) == (3, None, 1)


def test_every_rule_is_documented() -> None:
    text = (ROOT / "src" / "ops" / "check_rule.c").read_text()
    names = re.findall(r'= \{"([a-z-]+)", (WRONG|SUSPECT)\}', text)
    assert len(names) > 15
    rows = [line.split("|")[1:3] for line in (ROOT / "docs" / "QUALITY.md").read_text().splitlines() if "|" in line]
    documented = {name: row[1].strip() for row in rows for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert documented == {name: severity.lower() for name, severity in names}


# ---- real files ----


def test_the_two_months_of_binance(dl: Runner) -> None:
    """The minutes of ALGO without a trade, each by itself, and nothing else."""
    ingest(dl, "FILUSDT-1m-2023-04.csv")
    ingest(dl, "ALGOUSDT-1m-2024-02.csv")
    dl("aggregate", "--quiet").ok()
    found = findings(dl)
    assert rules(found) == {"frozen": 39}
    assert {(finding["symbol"], finding["period"], finding["bars"]) for finding in found} == {("ALGOUSDT", "1m", 1)}
    with source("ALGOUSDT-1m-2024-02.csv").open(newline="") as lines:
        still = [int(row["open_time"]) for row in csv.DictReader(lines) if float(row["volume"]) == 0]
    assert [finding["ts"] for finding in found] == still


def test_the_absurd_open(dl: Runner) -> None:
    ingest(dl, "cdd_Binance_BTCUSDT_1h.csv")
    found = findings(dl)
    assert rules(found) == {"spike": 1, "frozen": 23, "repeated": 1}
    spike = found[0]
    assert (spike["rule"], spike["open"], spike["high"]) == ("spike", 16199.91, 16199.91)
    assert str(spike["detail"]).startswith("open 16199.91 is 3.76 times its close, 4308.83")
    repeated = next(finding for finding in found if finding["rule"] == "repeated")
    assert repeated["bars"] == 2649


def test_the_overlaps_of_metatrader(dl: Runner) -> None:
    ingest(dl, "metatrader_EURUSD_M5.csv")
    found = findings(dl)
    assert rules(found) == {"repeated": 1, "backward": 1}
    assert next(finding for finding in found if finding["rule"] == "repeated")["bars"] == 198


QUIET = {"repeated", "backward", "frozen"}
SPIKES = {
    "binanceus_BTCUSDC_1m_iso.csv": 1,
    "cdd_Binance_BTCUSDT_1h.csv": 1,
    "kraken_BTCUSDC_1m_gaps.csv": 2,
    "kraken_XBTUSD_60.csv": 6,
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_real_files_are_not_accused(dl: Runner, name: str) -> None:
    """Each spike was looked at by a person: highs and lows that nobody else saw."""
    ingest(dl, name)
    found = findings(dl)
    assert {finding["severity"] for finding in found} <= {"suspect"}
    assert {str(finding["rule"]) for finding in found} - QUIET <= {"spike"}
    assert rules(found)["spike"] == SPIKES.get(name, 0)
