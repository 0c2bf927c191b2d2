"""Names of snapshots."""

import pytest
from dl_runner import Runner

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
SHORT_HISTORY = '[history]\nkeep_changed = "0s"\nkeep_unchanged = "0s"\n'


def test_the_latest_by_default(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    done = lake("snapshot", "small").ok()
    assert done.out == "snapshot 2 is now small, and is kept; read it with: dl read --as-of small …\n"
    lake("undo").ok()
    assert len(lake(*READ, "--as-of", "small").ok().lines) == 1441


def test_any_snapshot(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    lake("snapshot", "whole", "--at", "1").ok()
    lake("snapshot", "again", "--at", "whole").ok()
    lake("snapshot", "now", "--at", "2999-01-01").ok()
    names = {row["name"]: row["snapshot"] for row in lake("snapshot", "--json").ok().json}
    assert names == {"whole": 1, "again": 1, "now": 2}
    assert len(lake(*READ, "--as-of", "whole").ok().lines) == 4331


def test_expiry_keeps_what_has_a_name(lake: Runner) -> None:
    (lake.directory / "dl.toml").write_text(SHORT_HISTORY)
    lake("snapshot", "whole").ok()
    lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-02").ok()
    lake("maintenance", "--expire").ok()
    assert len(lake(*READ, "--as-of", "whole").ok().lines) == 4331
    done = lake("snapshot", "--remove", "whole").ok()
    assert done.out == "the name whole is gone; its snapshot may expire now\n"
    lake("maintenance", "--expire").ok()
    lake(*READ, "--as-of", "whole").error(1)
    assert "expire" in lake(*READ, "--as-of", "1").error(1)
    assert len(lake(*READ).ok().lines) == 1441


@pytest.mark.parametrize("name", ["1st", "a b", "ü", "a/b", "-x", "x" * 65])
def test_names_there_cannot_be(lake: Runner, name: str) -> None:
    lake("snapshot", "--", name).error(2)
    assert lake("snapshot", "--json").json == []


def test_a_name_that_is_taken(lake: Runner) -> None:
    lake("delete", "--symbol", "BTCUSDT").ok()
    lake("snapshot", "first", "--at", "1").ok()
    assert "first" in lake("snapshot", "first").error(1)
    assert [row["snapshot"] for row in lake("snapshot", "--json").json] == [1]


def test_what_is_not_there(lake: Runner) -> None:
    assert "nothing" in lake("snapshot", "--remove", "nothing").error(1)
    assert "17" in lake("snapshot", "seventeen", "--at", "17").error(1)


def test_the_list(lake: Runner) -> None:
    lake("snapshot", "first").ok()
    lines = lake("snapshot").ok().lines
    assert lines[0] == "name,snapshot,committed,named"
    assert lines[1].startswith("first,1,")
    _, shown, _ = lake.on_terminal("snapshot")
    assert shown.splitlines()[-1] == "1 row"


def test_a_lake_without_snapshots(dl: Runner) -> None:
    dl("init").ok()
    dl("snapshot", "first").error(1)
    assert dl("snapshot", "--json").ok().json == []
