"""dl read … | dl ingest --source - … gives back the same content, to the hash."""

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, TIMEOUT, Runner, bars_csv
from vendors import TRADES, trades

DATASET = ["--exchange", "X", "--symbol", "Y"]

EXTRA = "ts,open,high,low,close,volume,quote_volume,trades,spread,note,is_auction\n" + "".join(
    f"{FIRST_MS + i * 60_000},{i + 1},{i + 2},{i + 0.5},{i + 1.25},{i / 7!r},{i / 3!r},{i},{i * 3},{note},{i % 2 == 0}\n"
    for i, note in enumerate(
        ['"a,b"', '"say ""x"""', "", "Ωmega", "plain", "null-ish", '" x "', "1e5", "true", "-"] * 20
    )
)
NULLS = "ts,open,high,low,close,volume\n" + "".join(
    f"{FIRST_MS + i * 60_000},1,2,0.5,{'' if i % 5 == 0 else 1.5},{'' if i % 3 == 0 else i}\n" for i in range(200)
)
FUNDING = "timestamp,funding_rate,mark_price\n" + "".join(
    f"{FIRST_MS + i * 28_800_000 + i % 7},{(i - 50) / 1e6!r},{2e4 + i!r}\n" for i in range(120)
)
SOURCES = {
    "bars": (bars_csv(3000), "raw"),
    "extra columns": (EXTRA, "raw"),
    "nulls": (NULLS, "raw"),
    "trades": (TRADES[0].text(trades(500, 3)), "trades"),
    "trades without side": (
        "id,timestamp,price,amount\n" + "".join(f"{t.id},{t.ms},{t.price},{t.amount}\n" for t in trades(300, 4)),
        "trades",
    ),
    "trades without ids": (
        "timestamp,price,amount,side\n" + "".join(f"{t.ms},{t.price},{t.amount},{t.side}\n" for t in trades(300, 5)),
        "trades",
    ),
    "funding": (FUNDING, "funding"),
}


def contents(directory: Path) -> list[tuple[int, int, bytes]]:
    database = sqlite3.connect(directory / "manifest.db")
    found = database.execute("SELECT day, n_rows, sha256 FROM contents WHERE retired = 0 ORDER BY day").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("form", ["csv iso", "csv ms", "parquet"])
@pytest.mark.parametrize("name", SOURCES)
def test_the_same_content(dl: Runner, name: str, form: str) -> None:
    text, kind = SOURCES[name]
    (dl.directory / "rows.csv").write_text(text, encoding="utf-8")
    done = dl("ingest", "--source", "rows.csv", *DATASET, "--type", kind, "--json").ok().json
    other = Runner(dl.program, dl.directory / "other")
    other.directory.mkdir()
    read = ["read", *DATASET, "--data-type", kind]
    ingest = ["ingest", *DATASET, "--type", kind, "--json"]
    if form == "parquet":
        dl(*read, "--output", "other/rows.parquet").ok()
        again = other(*ingest, "--source", "rows.parquet").ok().json
    else:
        again = through_a_pipe(
            dl, [*read, "--format", "csv", "--ts", form.split()[1]], other, [*ingest, "--source", "-"]
        )
    assert again["rows_new"] == done["rows_new"] > 0
    assert contents(other.directory) == contents(dl.directory)


def through_a_pipe(dl: Runner, read: list[str], other: Runner, ingest: list[str]) -> dict[str, int]:
    reader = dl.start(*read, stdout=subprocess.PIPE)
    writer = other.start(*ingest, stdin=reader.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.close()
    out, err = writer.communicate(timeout=TIMEOUT)
    assert (writer.returncode, reader.wait(TIMEOUT)) == (0, 0), err
    return json.loads(out)
