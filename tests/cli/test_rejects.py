"""Rows that are wrong: one stops everything, or they are put aside with the reason; rules of sanity warn or reject."""

import csv
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, Result, Runner, bars_csv

DATASET = ["--exchange", "X", "--symbol", "Y"]
INGEST = ["ingest", "--source", "rows.csv", *DATASET]


def row(i: int, text: str) -> str:
    return f"{FIRST_MS + i * 60_000},{text}"


def write(dl: Runner, *wrong: tuple[int, str]) -> None:
    """Sixty bars, of which some lines (counted from 1, the header is the first) are replaced."""
    lines = bars_csv(60).splitlines()
    for line, text in wrong:
        lines[line - 1] = text
    (dl.directory / "rows.csv").write_text("\n".join(lines) + "\n")


def rejects(dl: Runner) -> list[dict[str, str]]:
    with (dl.directory / "wrong.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def log(dl: Runner) -> dict[str, object]:
    return dl("log", "--json").ok().json[0]


WRONG = [
    (5, row(3, "1,2,0.5,abc,3"), "abc"),
    (17, row(15, "1,2"), ""),
    (30, "yesterday,1,2,0.5,1,3", "yesterday"),
    (44, row(42, '1,2,0.5,"1 ""x""",3'), "x"),
]


@pytest.mark.parametrize(("line", "text", "said"), WRONG)
def test_one_stops_everything(dl: Runner, line: int, text: str, said: str) -> None:
    write(dl, (line, text))
    message = dl(*INGEST).error(1)
    assert message.startswith(f"rows.csv:{line}: ")
    assert said in message
    assert dl("list", "--json").ok().json == []


def test_they_are_put_aside_and_the_others_go_on(dl: Runner) -> None:
    write(dl, *((line, text) for line, text, _ in WRONG))
    done = dl(*INGEST, "--rejects", "wrong.csv", "--json").ok().json
    assert (done["rows_new"], done["rows_rejected"]) == (56, 4)
    found = rejects(dl)
    assert list(found[0]) == ["place", "line", "rule", "reason", "record"]
    assert [int(entry["line"]) for entry in found] == [line for line, _, _ in WRONG]
    assert [entry["record"] for entry in found] == [text for _, text, _ in WRONG]
    assert all(said in entry["reason"] for entry, (_, _, said) in zip(found, WRONG, strict=True))
    assert all(entry["place"].endswith("rows.csv") for entry in found)
    assert sum(check["rejected"] for check in done["checks"]) == 4


def test_the_summary_and_the_log_say_so(dl: Runner) -> None:
    write(dl, *((line, text) for line, text, _ in WRONG))
    done = dl(*INGEST, "--rejects", "wrong.csv").ok()
    assert "\nrejected: 4\n" in done.out
    assert all(line.startswith("dl: ") for line in done.err.splitlines())
    assert "rejected; the first: " in done.err
    assert "rows.csv:5" in done.err
    assert log(dl)["rows_rejected"] == 4
    assert "rejected" in str(log(dl)["detail"])


def test_quiet_says_nothing_of_it(dl: Runner) -> None:
    write(dl, *((line, text) for line, text, _ in WRONG))
    assert dl(*INGEST, "--rejects", "wrong.csv", "--quiet").ok().err == ""


def test_no_more_than_allowed(dl: Runner) -> None:
    write(dl, *((line, text) for line, text, _ in WRONG))
    message = dl(*INGEST, "--rejects", "wrong.csv", "--max-rejects", "3").error(1)
    assert "--max-rejects" in message
    assert "3" in message
    assert dl("list", "--json").ok().json == []
    (dl.directory / "wrong.csv").unlink()
    dl(*INGEST, "--rejects", "wrong.csv", "--max-rejects", "4").ok()


def test_a_file_that_is_there_is_not_overwritten(dl: Runner) -> None:
    write(dl, WRONG[0][:2])
    (dl.directory / "wrong.csv").write_text("mine")
    assert "wrong.csv" in dl(*INGEST, "--rejects", "wrong.csv").error(1)
    assert (dl.directory / "wrong.csv").read_text() == "mine"


def test_what_was_put_aside_can_be_mended(dl: Runner) -> None:
    """The records as they stand in the source: mended, they come in as a source of their own."""
    write(dl, WRONG[0][:2])
    dl(*INGEST, "--rejects", "wrong.csv").ok()
    mended = rejects(dl)[0]["record"].replace("abc", "1.5")
    (dl.directory / "rows.csv").write_text(bars_csv(1).splitlines()[0] + "\n" + mended + "\n")
    assert dl(*INGEST, "--period", "1m", "--json").ok().json["rows_new"] == 1


ODD = [
    (5, row(3, "10,9,11,10,3"), "high-below-low"),
    (6, row(4, "10,12,8,13,3"), "close-outside"),
    (8, row(6, "0,12,0,10,3"), "price-not-positive"),
    (9, row(7, "10,12,8,11,-3"), "volume-negative"),
]


class TestChecks:
    def ingest(self, dl: Runner, *options: str) -> Result:
        write(dl, *((line, text) for line, text, _ in ODD))
        return dl(*INGEST, *options)

    def test_they_warn(self, dl: Runner) -> None:
        done = self.ingest(dl, "--json").ok().json
        assert (done["rows_new"], done["rows_rejected"]) == (60, 0)
        found = {check["rule"]: check["warned"] for check in done["checks"]}
        assert found.keys() >= {"high-below-low", "close-outside", "price-not-positive"}
        firsts = {check["rule"]: check["first"] for check in done["checks"]}
        assert firsts["close-outside"].endswith("rows.csv:6")

    def test_on_standard_error(self, dl: Runner) -> None:
        err = self.ingest(dl).ok().err.splitlines()
        assert any(line.startswith("dl: warning: high below low: 1 row, kept as ") for line in err)
        assert "warned" in str(log(dl)["detail"])

    def test_off(self, dl: Runner) -> None:
        done = self.ingest(dl, "--checks", "off", "--json").ok().json
        assert (done["rows_new"], done["checks"]) == (60, [])

    def test_reject(self, dl: Runner) -> None:
        done = self.ingest(dl, "--checks", "reject", "--rejects", "wrong.csv", "--json").ok().json
        assert (done["rows_new"], done["rows_rejected"]) == (56, 4)
        assert [int(entry["line"]) for entry in rejects(dl)] == [line for line, _, _ in ODD]

    def test_reject_without_a_place_for_them_stops(self, dl: Runner) -> None:
        assert self.ingest(dl, "--checks", "reject").error(1).startswith("rows.csv:5: ")


def test_a_time_off_the_grid_is_always_refused(dl: Runner) -> None:
    write(dl, (20, f"{FIRST_MS + 18 * 60_000 + 30_000},1,2,0.5,1,3"))
    assert dl(*INGEST, "--period", "1m").error(1).startswith("rows.csv:20: ")
    assert dl(*INGEST, "--period", "1m", "--rejects", "wrong.csv", "--json").ok().json["rows_rejected"] == 1


def test_a_rejects_file_that_cannot_be_made(dl: Runner, source: Path) -> None:
    assert "nowhere/wrong.csv" in dl(
        "ingest", "--source", source.name, *DATASET, "--rejects", "nowhere/wrong.csv"
    ).error(1)
    assert dl("list", "--json").ok().json == []
