"""dl.toml: where the lake is and how it is kept."""

from pathlib import Path

import pytest
from dl_runner import Runner

INGEST = ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT"]


def configure(dl: Runner, text: str) -> Path:
    path = dl.directory / "dl.toml"
    path.write_text(text)
    return path


def test_it_says_where_the_lake_is(dl: Runner, source: Path) -> None:
    configure(dl, 'data_root = "lake/bars"\ndb_path = "lake/truth.db"\n')
    (dl.directory / "lake").mkdir()
    done = dl(*INGEST).ok()
    assert done.err == "dl: made a lake: manifest lake/truth.db, data in lake/bars\n"
    assert (dl.directory / "lake/truth.db").exists()
    assert not (dl.directory / "manifest.db").exists()
    assert dl("list", "--json").ok().json[0]["rows"] == 4330


def test_it_is_found_upward(dl: Runner, source: Path) -> None:
    configure(dl, 'data_root = "lake/bars"\ndb_path = "lake/truth.db"\n')
    (dl.directory / "lake").mkdir()
    dl(*INGEST).ok()
    deep = dl.directory / "work/notebooks"
    deep.mkdir(parents=True)
    below = Runner(dl.program, deep)
    assert below("list", "--json").ok().json == dl("list", "--json").ok().json
    assert list(deep.iterdir()) == []
    (deep / "dl.toml").write_text("")
    assert "dl init" in below("list").error(1), "the nearest one counts"


def test_option_and_environment_go_before_it(dl: Runner, source: Path) -> None:
    configure(dl, 'data_root = "a/data"\ndb_path = "a/manifest.db"\n')
    for name in "abc":
        (dl.directory / name).mkdir()
    environment = {"DL_DATA_ROOT": "b/data", "DL_DB_PATH": "b/manifest.db"}
    dl(*INGEST, env=environment).ok()
    dl(*INGEST, "--data-root", "c/data", "--db-path", "c/manifest.db", env=environment).ok()
    assert [(dl.directory / name / "manifest.db").exists() for name in "abc"] == [False, True, True]
    assert [(dl.directory / name / "data").exists() for name in "abc"] == [False, True, True]


def test_each_place_by_itself(dl: Runner, source: Path) -> None:
    """One from the command line or the environment, the other from the file."""
    configure(dl, 'data_root = "a/data"\ndb_path = "a/manifest.db"\n')
    for name in "abc":
        (dl.directory / name).mkdir()
    dl(*INGEST, "--data-root", "b/data").ok()
    assert (dl.directory / "a/manifest.db").exists()
    assert (dl.directory / "b/data").exists()
    dl(*INGEST, env={"DL_DB_PATH": "c/manifest.db"}).ok()
    assert (dl.directory / "c/manifest.db").exists()
    assert (dl.directory / "a/data").exists()


def test_the_market_of_writes_and_reads(dl: Runner, source: Path) -> None:
    configure(dl, 'market = "SPOT"\n')
    dl(*INGEST).ok()
    assert [row["market"] for row in dl("list", "--json").ok().json] == ["SPOT"]
    dl(*INGEST, "--market", "futures").ok()
    done = dl("read", "--exchange", "binance", "--symbol", "BTCUSDT", "--limit", "1").ok()
    assert done.err == "dl: reading BINANCE SPOT BTCUSDT raw 1m\n"


def test_how_long_history_is_kept(lake: Runner) -> None:
    configure(lake, '[history]\nkeep_changed = "36h"\n')
    out = lake("delete", "--symbol", "BTCUSDT").ok().lines[0]
    assert out.endswith("; kept in history for 36 hours")


def test_what_is_compacted(lake: Runner) -> None:
    configure(lake, '[compaction]\nafter = "36500d"\n')
    assert lake("maintenance", "--compact", "--json").ok().json["plan"] == []


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("data_root = 7\n", 1, "data_root"),
        ("# places\ndata_rot = 'x'\n", 2, "data_root"),
        ("\n[histroy]\n", 2, "history"),
        ("[history]\nkeep_changed = 7\n", 2, "keep_changed"),
        ("[history]\nkeep_changed = '7 fortnights'\n", 2, "keep_changed"),
        ("[history]\nkeep_unchanged_percent = 101\n", 2, "keep_unchanged_percent"),
        ("[compaction]\nmax_bytes = '12 XiB'\n", 2, "max_bytes"),
        ("market = [1, 2]\n", 1, "array"),
        ("market = 'A'\nmarket = 'B'\n", 2, "market"),
        ("market\n", 1, ""),
    ],
)
def test_mistakes_are_named_with_their_line(dl: Runner, source: Path, text: str, line: int, word: str) -> None:
    configure(dl, text)
    for command in (["list"], INGEST, ["init"], ["verify"]):
        message = dl(*command).error(1)
        assert f"dl.toml:{line}: " in message, message
        assert word in message, message
    assert sorted(path.name for path in dl.directory.iterdir()) == ["btc_1m.csv", "dl.toml"]


def test_help_needs_none(dl: Runner) -> None:
    configure(dl, "nonsense")
    dl("help").ok()
    dl("version").ok()
    dl("list", "--help").ok()
