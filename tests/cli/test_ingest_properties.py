"""Order, split, repetition and overlap of the input make no difference where keys do not conflict; where they do, the later
value counts, column by column. Seeded; LAKE_ROUNDS makes it many more rounds than CI takes.
"""

import csv
import io
import os
import random
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, Runner
from packing import PACKINGS

ROUNDS = int(os.environ.get("LAKE_ROUNDS", "12"))
DATASET = ["--exchange", "X", "--symbol", "Y"]
BAR = ["ts", "open", "high", "low", "close", "volume", "quote_volume", "trades", "note"]
TRADE = ["ts", "id", "price", "amount", "side"]

Row = list[str]


def bar(i: int, chance: random.Random) -> Row:
    price = 100 + chance.randint(0, 900) / 10
    values = [price, price + 5, price - 5, price + chance.choice([-1, 1]), chance.randint(1, 9999) / 100]
    note = chance.choice(["", "a", "b,c", 'd "e"'])
    return [str(FIRST_MS + i * 60_000), *map(repr, values), repr(values[4] * price), str(chance.randint(1, 99)), note]


def bar_rows(chance: random.Random) -> list[Row]:
    """Over three midnights, with gaps. The first rows are side by side, so that any piece of them tells the period."""
    n_rows = chance.randint(200, 400)
    return [bar(i * 11 if i > 20 else i, chance) for i in range(n_rows)]


def trade_rows(chance: random.Random) -> list[Row]:
    rows, us = [], FIRST_MS * 1000
    for i in range(chance.randint(200, 400)):
        us += chance.choice([0, 0, 7, 431_000, 977_000_000])
        amount = repr(chance.randint(1, 999) / 1000)
        rows.append(
            [str(us), str(9_990 + i), repr(chance.randint(1, 9999) / 10), amount, chance.choice(["buy", "sell"])]
        )
    return rows


def text_of(header: Row, rows: Sequence[Row]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def hashes(directory: Path) -> list[tuple[int, int, bytes]]:
    database = sqlite3.connect(directory / "manifest.db")
    found = database.execute("SELECT day, n_rows, sha256 FROM contents WHERE retired = 0 ORDER BY day").fetchall()
    database.close()
    return found


class Lake:
    """A lake of its own in a directory below the runner's."""

    def __init__(self, dl: Runner, name: str) -> None:
        self.dl = Runner(dl.program, dl.directory / name)
        self.dl.directory.mkdir()

    def ingest(self, files: list[str], *options: str) -> dict[str, int]:
        return self.dl("ingest", "--source", *files, *DATASET, *options, "--json").ok().json

    def write(self, name: str, text: str, packing: str = "csv") -> str:
        return PACKINGS[packing](self.dl.directory / name, text).name

    def hashes(self) -> list[tuple[int, int, bytes]]:
        return hashes(self.dl.directory)

    def remove(self) -> None:
        """So that thousands of rounds fit on the disk."""
        shutil.rmtree(self.dl.directory)


def pieces_of(rows: list[Row], chance: random.Random) -> list[list[Row]]:
    """The rows in random order, cut into files, some of them twice, within a file and across them."""
    shuffled = rows + chance.sample(rows, len(rows) // 4)
    chance.shuffle(shuffled)
    cuts = sorted(chance.sample(range(1, len(shuffled)), chance.randint(0, 4)))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]


@pytest.mark.parametrize("kind", ["bars", "trades"])
def test_one_content_whatever_the_order(dl: Runner, kind: str) -> None:
    told = ["--period", "1m", "--columns", "note:text"]  # what a piece of a few rows cannot tell
    header, make, options = (BAR, bar_rows, told) if kind == "bars" else (TRADE, trade_rows, [])
    chance = random.Random(f"{kind} 5")
    rows = make(chance)
    want = Lake(dl, "sorted")
    want.ingest([want.write("rows.csv", text_of(header, rows))], *options)
    for number in range(ROUNDS):
        lake = Lake(dl, f"round{number}")
        pieces = pieces_of(rows, chance)
        names = [
            lake.write(f"piece{i}.csv", text_of(header, piece), chance.choice(sorted(PACKINGS)))
            for i, piece in enumerate(pieces)
        ]
        n_first = chance.randint(1, len(names))
        lake.ingest(names[:n_first], *options)
        if n_first < len(names):
            lake.ingest(names[n_first:], *options)
        assert lake.hashes() == want.hashes(), f"round {number}"
        assert lake.ingest(chance.sample(names, len(names)), *options)["snapshot"] is None
        lake.dl("verify").ok()
        lake.remove()


def merged(sources: Sequence[Sequence[Row]], n_keys: int) -> dict[tuple[str, ...], Row]:
    """The model: of rows with one key the later value counts, column by column; an empty one keeps what was there."""
    model: dict[tuple[str, ...], Row] = {}
    for row in (row for source in sources for row in source):
        old = model.get(tuple(row[:n_keys]), [""] * len(row))
        model[tuple(row[:n_keys])] = [new or kept for new, kept in zip(row, old, strict=True)]
    return model


def with_conflicts(rows: list[Row], chance: random.Random) -> list[Row]:
    """Other values for some of the rows, nothing at all for some of those."""
    changed = []
    for row in chance.sample(rows, len(rows) // 2):
        other = [row[0], *(repr(float(value) + chance.choice([0, 0.5])) for value in row[1:7]), row[7], row[8]]
        changed.append([value if i < 1 or chance.random() > 0.2 else "" for i, value in enumerate(other)])
    return changed


def test_the_later_value_counts(dl: Runner) -> None:
    chance = random.Random(17)
    for number in range(ROUNDS):
        lake = Lake(dl, f"round{number}")
        rows = bar_rows(chance)
        sources = [rows, with_conflicts(rows, chance), with_conflicts(rows, chance)]
        chance.shuffle(sources[0])
        names = [lake.write(f"{i}.csv", text_of(BAR, source)) for i, source in enumerate(sources)]
        n_first = chance.randint(1, 3)
        for part in (names[:n_first], names[n_first:]):
            if part:
                lake.ingest(part, "--period", "1m", "--columns", "note:text", "--checks", "off")
        out = lake.dl("read", *DATASET, "--format", "csv", "--ts", "ms").ok().out
        got = list(csv.reader(io.StringIO(out)))
        assert got[0] == BAR
        want = [row for _, row in sorted(merged(sources, 1).items())]
        assert [typed(row) for row in got[1:]] == [typed(row) for row in want], f"round {number}"
        lake.remove()


def typed(row: Row) -> list[object]:
    return [row[0], *(float(value) if value else None for value in row[1:8]), row[8]]


def test_restated_rows_make_new_versions(dl: Runner) -> None:
    chance = random.Random(3)
    lake = Lake(dl, "lake")
    rows = [bar(i, chance) for i in range(3 * 1440)]
    lake.ingest([lake.write("a.csv", text_of(BAR, rows))])
    before = lake.hashes()
    for i in (2000, 2001, 2100):  # all of the second day
        rows[i][4] = repr(float(rows[i][4]) + 0.25)
    result = lake.ingest([lake.write("a.csv", text_of(BAR, rows))])
    assert (result["rows_new"], result["rows_changed"], result["rows_equal"]) == (0, 3, len(rows) - 3)
    assert (result["days_changed"], result["files_written"]) == (1, 1)
    after = lake.hashes()
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    database = sqlite3.connect(lake.dl.directory / "manifest.db")
    versions = database.execute("SELECT version FROM contents WHERE retired = 0 ORDER BY day").fetchall()
    database.close()
    assert versions == [(1,), (2,), (1,)]


def test_trades_without_ids_are_counted_within_a_source(dl: Runner) -> None:
    """Two equal trades of one source are two; the same source again, or a part of it, adds none."""
    lake = Lake(dl, "lake")
    header = ["timestamp", "price", "amount", "side"]
    twice = [[str(FIRST_MS), "100", "0.5", "buy"]] * 2 + [[str(FIRST_MS + 5), "101", "0.5", "sell"]]
    first = lake.write("a.csv", text_of(header, twice))
    assert lake.ingest([first])["rows_new"] == 3
    assert lake.ingest([first])["snapshot"] is None
    assert lake.ingest([lake.write("b.csv", text_of(header, twice[1:]))])["snapshot"] is None
    assert lake.ingest([lake.write("c.csv", text_of(header, [twice[0], *twice]))])["rows_new"] == 1
    assert lake.dl("list", "--json").ok().json[0]["rows"] == 4


def test_random_overlaps_of_trades_without_ids(dl: Runner) -> None:
    """The greater count of each key counts, over all sources."""
    chance = random.Random(29)
    header = ["timestamp", "price", "amount", "side"]
    for number in range(ROUNDS):
        lake = Lake(dl, f"round{number}")
        keys = [
            (
                str(FIRST_MS + chance.randint(0, 40)),
                chance.choice(["100", "101"]),
                "0.5",
                chance.choice(["buy", "sell"]),
            )
            for _ in range(60)
        ]
        sources = [[chance.choice(keys) for _ in range(chance.randint(5, 120))] for _ in range(4)]
        names = [lake.write(f"{i}.csv", text_of(header, list(map(list, part)))) for i, part in enumerate(sources)]
        n_first = chance.randint(1, 4)
        lake.ingest(names[:n_first])
        if n_first < 4:
            lake.ingest(names[n_first:])
        want = sorted(key for key in set(keys) for _ in range(max(part.count(key) for part in sources)))
        out = lake.dl("read", *DATASET, "--data-type", "trades", "--format", "csv", "--ts", "ms").ok().out
        got = [
            (str(int(row["ts"]) // 1000), row["price"], row["amount"], row["side"])
            for row in csv.DictReader(io.StringIO(out))
        ]
        assert sorted(got) == want, f"round {number}"
        lake.remove()
