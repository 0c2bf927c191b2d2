"""Whatever vendor's form the rows come in, packed or not, they are the same rows."""

import csv
import sqlite3
import zipfile
from collections.abc import Sequence

import pytest
from dl_runner import Runner
from packing import PACKINGS, write_parquet
from vendors import BARS, SYMBOL, TRADES, Bar, Form, Trade, bars, trades

N_ROWS = 300
DATASET = ["--exchange", "TEST", "--symbol", SYMBOL]
BASE = ("open", "high", "low", "close", "volume")


def name_of(form: Form) -> str:
    return form.name


def rows_of(form: Form, n_rows: int = N_ROWS, seed: int = 11) -> Sequence[Bar] | Sequence[Trade]:
    return trades(n_rows, seed) if form in TRADES else bars(n_rows // 3, seed, form.step_ms)


def ingest(dl: Runner, form: Form, packing: str = "csv") -> dict[str, object]:
    path = PACKINGS[packing](dl.directory / form.file, form.text(rows_of(form)))
    done = dl("ingest", "--source", path.name, *DATASET, *form.options, "--json")
    assert done.status == 0, done.err
    return done.json


def read(dl: Runner, *options: str) -> list[dict[str, str]]:
    out = dl("read", *DATASET, *options, "--format", "csv", "--ts", "ms").ok().out
    return list(csv.DictReader(out.splitlines()))


def hashes(dl: Runner) -> list[tuple[int, bytes]]:
    """The contents of the lake's days."""
    database = sqlite3.connect(dl.directory / "manifest.db")
    found = database.execute("SELECT day, sha256 FROM contents WHERE retired = 0 ORDER BY dataset_id, day").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("form", BARS, ids=name_of)
def test_bars(dl: Runner, form: Form) -> None:
    want = rows_of(form)
    result = ingest(dl, form)
    assert (result["type"], result["rows_read"], result["rows_rejected"]) == ("raw", len(want), 0)
    assert result["period"] == ("1m" if form.step_ms == 60_000 else "1d")
    rows = read(dl)
    assert [int(row["ts"]) for row in rows] == [bar.ms for bar in want]
    for column in (*BASE, *form.columns):
        assert [float(row[column]) for row in rows] == [float(getattr(bar, column)) for bar in want], column


@pytest.mark.parametrize("form", TRADES, ids=name_of)
def test_trades(dl: Runner, form: Form) -> None:
    want = rows_of(form)
    result = ingest(dl, form)
    assert (result["type"], result["period"], result["rows_read"]) == ("trades", "tick", len(want))
    columns = [name for name in ("id", "price", "amount", "side") if name not in form.lacks]
    got = [[int(row["ts"]), *(row[name] for name in columns)] for row in read(dl, "--data-type", "trades")]
    assert sorted(typed(row) for row in got) == sorted(
        typed([trade.ms * 1000, *(getattr(trade, name) for name in columns)]) for trade in want
    )


def typed(row: list[object]) -> list[object]:
    return [value if isinstance(value, int) or str(value) in ("buy", "sell") else float(str(value)) for value in row]


@pytest.mark.parametrize("packing", [name for name in PACKINGS if name != "csv"])
@pytest.mark.parametrize("form", [BARS[0], BARS[5], BARS[10], TRADES[0]], ids=name_of)
def test_packed(dl: Runner, form: Form, packing: str) -> None:
    """The same content, to the hash, as from the plain text."""
    ingest(dl, form)
    plain = hashes(dl)
    again = ingest(dl, form, packing)
    assert again["snapshot"] is None
    assert again["rows_equal"] == len(rows_of(form))
    assert hashes(dl) == plain


@pytest.mark.parametrize("name", ["binance futures", "kucoin", "bybit v5", "ccxt", "chinese", "binance trades"])
def test_as_parquet(dl: Runner, name: str) -> None:
    form = next(form for form in [*BARS, *TRADES] if form.name == name)
    ingest(dl, form)
    plain = hashes(dl)
    path = write_parquet(dl.directory / "rows.parquet", form.text(rows_of(form)))
    again = dl("ingest", "--source", path.name, *DATASET, *form.options, "--json").ok().json
    assert (again["rows_equal"], again["snapshot"]) == (len(rows_of(form)), None)
    assert hashes(dl) == plain


def test_all_vendors_agree(dl: Runner) -> None:
    """One after the other into one dataset: prices and volumes never change."""
    forms = [form for form in BARS if form.step_ms == 60_000]
    ingest(dl, forms[0])
    for form in forms:
        before = read(dl, "--columns", ",".join(BASE))
        ingest(dl, form)
        assert read(dl, "--columns", ",".join(BASE)) == before, form.name


def test_a_series_in_many_files(dl: Runner) -> None:
    """Each part in another vendor's form and packing, given in one command: one dataset."""
    want = bars(400, seed=5)
    forms = [BARS[0], BARS[1], BARS[3], BARS[5], BARS[17]]
    paths = []
    for i, form in enumerate(forms):
        part = want[i * 80 : (i + 1) * 80]
        packing = list(PACKINGS)[i % len(PACKINGS)]
        directory = dl.directory / f"part{i}"
        directory.mkdir()
        paths.append(str(PACKINGS[packing](directory / form.file, form.text(part))))
    result = dl("ingest", "--source", *paths, *DATASET, "--json").ok().json
    assert result["rows_new"] == 400
    assert [float(row["close"]) for row in read(dl)] == [float(bar.close) for bar in want]
    assert len(dl("log", "--json").ok().json) == 1


def test_every_file_of_a_zip(dl: Runner) -> None:
    want = bars(300, seed=6)
    with zipfile.ZipFile(dl.directory / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            archive.writestr(f"BTCUSDT-1m-{i}.csv", BARS[1].text(want[i * 100 : (i + 1) * 100]))
    assert dl("ingest", "--source", "all.zip", *DATASET, "--json").ok().json["rows_new"] == 300
    assert [float(row["close"]) for row in read(dl)] == [float(bar.close) for bar in want]


def test_patterns(dl: Runner) -> None:
    want = bars(300, seed=7)
    for i in range(3):
        (dl.directory / f"part-{i}.csv").write_text(BARS[1].text(want[i * 100 : (i + 1) * 100]))
    assert dl("ingest", "--source", "part-?.csv", *DATASET, "--json").ok().json["rows_new"] == 300
    assert "part-9*.csv" in dl("ingest", "--source", "part-9*.csv", *DATASET).error(1)
