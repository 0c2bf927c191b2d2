"""--json: the machine's form of everything, errors with their own code."""

import json

import pytest
from dl_runner import Runner

EVERY_COMMAND = [
    ["init"],
    ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT"],
    ["list"],
    ["list", "--files"],
    ["read", "--exchange", "binance", "--symbol", "BTCUSDT", "--limit", "3"],
    ["list", "--as-of", "1"],
    ["read", "--exchange", "binance", "--symbol", "BTCUSDT", "--limit", "3", "--as-of", "1"],
    ["delete", "--symbol", "BTCUSDT", "--start", "2021-01-02", "--dry-run"],
    ["undo", "1", "--dry-run"],
    ["undo"],
    ["log"],
    ["snapshot", "now"],
    ["maintenance"],
    ["maintenance", "--dry-run"],
    ["backup", "copy{run}"],
    ["restore", "copy", "--data-root", "restored{run}/data", "--db-path", "restored{run}/manifest.db"],
    ["verify"],
    ["aggregate"],
    ["aggregate", "--dry-run"],
    ["gaps"],
    ["gaps", "--summary"],
    ["gaps", "--coverage"],
    ["explain", "--exchange", "binance", "--symbol", "BTCUSDT", "--ts", "2021-01-01T00:05"],
    ["verify", "--repair"],
    ["version"],
    ["help"],
]


@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=" ".join)
def test_every_command_has_it(lake: Runner, arguments: list[str]) -> None:
    if arguments[0] == "restore":
        lake("backup", "copy").ok()
        for run in (1, 2):
            (lake.directory / f"restored{run}").mkdir()
    done = lake(*[word.format(run=1) for word in arguments], "--json").ok()
    assert json.loads(done.out)
    assert done.err == ""
    lake("--json", *[word.format(run=2) for word in arguments]).ok()


def test_every_command_there_is_is_tried(dl: Runner) -> None:
    commands = [command["name"] for command in dl("help", "--json").ok().json["commands"]]
    assert set(commands) == {arguments[0] for arguments in EVERY_COMMAND}


def error_of(err: str) -> dict[str, str]:
    lines = err.splitlines()
    assert len(lines) == 1
    document = json.loads(lines[0])
    assert list(document) == ["error"]
    assert list(document["error"]) == ["code", "message"]
    return document["error"]


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["list", "--bogus"], 2, "invalid_argument"),
        (["raed"], 2, "invalid_argument"),
        (["list", "--format", "csv"], 2, "invalid_argument"),
        (["read", "--exchange", "binance", "--symbol", "ETHUSDT"], 1, "not_found"),
        (["list", "--data-root", "elsewhere/data", "--db-path", "elsewhere/manifest.db"], 1, "not_found"),
        (["ingest", "--source", "nowhere.csv", "--exchange", "x", "--symbol", "y"], 1, "not_found"),
        (["ingest", "--source", "btc_1m.csv", "--exchange", "x", "--symbol", "../../etc"], 2, "invalid_argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_errors_carry_their_code(lake: Runner, arguments: list[str], status: int, code: str) -> None:
    done = lake(*arguments, "--json")
    assert done.status == status
    assert done.out == ""
    assert error_of(done.err)["code"] == code


def test_the_message_is_the_one_people_get(lake: Runner) -> None:
    arguments = ["read", "--exchange", "binance", "--symbol", "ETHUSDT"]
    assert error_of(lake(*arguments, "--json").err)["message"] == lake(*arguments).error(1)


def test_ingest(dl: Runner, source: object) -> None:
    arguments = ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT", "--json"]
    first = dl(*arguments).ok().json
    assert first["lake_created"] is True
    assert first["exchange"] == "BINANCE"
    assert (first["rows_read"], first["rows_new"], first["rows_equal"]) == (4330, 4330, 0)
    assert (first["first_ts"], first["last_ts"]) == (1609459200000, 1609459200000 + 4329 * 60000)
    assert (first["days_changed"], first["files_written"]) == (4, 4)
    assert isinstance(first["snapshot"], int)
    again = dl(*arguments).ok().json
    assert again["lake_created"] is False
    assert (again["rows_new"], again["rows_equal"], again["snapshot"]) == (0, 4330, None)


def test_ignored_columns_are_a_list(dl: Runner) -> None:
    (dl.directory / "a.csv").write_text("ts,open,high,low,close,volume,mood,colour\n1609459200000,1,1,1,1,1,good,red\n")
    ingest = ["ingest", "--source", "a.csv", "--exchange", "x", "--period", "1m", "--columns", "mood=-,colour=-"]
    assert dl(*ingest, "--symbol", "y", "--json").ok().json["ignored_columns"] == ["mood", "colour"]
    note = dl(*ingest, "--symbol", "z").ok().err
    assert "mood" in note
    assert "colour" in note


def test_init(dl: Runner) -> None:
    assert dl("init", "--json").json == {"data_root": "data", "db_path": "manifest.db", "created": True}
    assert dl("init", "--json").json["created"] is False


def test_change(lake: Runner) -> None:
    deleted = lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02", "--json").ok().json
    assert deleted["dry_run"] is False
    assert (deleted["snapshot"], deleted["n_datasets"], deleted["n_days"]) == (2, 1, 3)
    assert (deleted["rows_removed"], deleted["files_retired"], deleted["files_written"]) == (2890, 3, 0)
    undone = lake("undo", "--json").ok().json
    assert (undone["of_snapshot"], undone["snapshot"]) == (2, 3)
    assert (undone["rows_restored"], undone["rows_removed"]) == (2890, 0)
    planned = lake("delete", "--symbol", "BTCUSDT", "--dry-run", "--json").ok().json
    assert (planned["dry_run"], planned["snapshot"], planned["rows_removed"]) == (True, None, 4330)
    assert [(entry["symbol"], entry["rows"], entry["files"]) for entry in planned["datasets"]] == [("BTCUSDT", 4330, 4)]


def test_the_list_of_names(lake: Runner) -> None:
    assert lake("snapshot", "--json").ok().json == []
    assert lake("snapshot", "first", "--json").ok().json == {"name": "first", "snapshot": 1}
    assert [(row["name"], row["snapshot"]) for row in lake("snapshot", "--json").ok().json] == [("first", 1)]
    assert lake("snapshot", "--remove", "first", "--json").ok().json == {"name": "first", "snapshot": None}


def test_verify(lake: Runner) -> None:
    found = lake("verify", "--json").ok().json
    assert (found["files"], found["rows"], found["problems"]) == (4, 4330, [])
