"""Versions of feature sets on the command line: read, listed, verified, deleted, undone as any other dataset."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dl_runner import Runner, tree

HOUR_MS = 3_600_000
FIRST_MS = 1_704_067_200_000  # 2024-01-01
READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
FEATURES = [*READ, "--data-type", "feature"]
DIRECTORY = "data/features/BINANCE/FUTURES/BTCUSDT"


def put_file(root: Path, period: str, n_rows: int, random: int) -> Path:
    """A month's file as a lake names it."""
    feature_set, version = period.split("@")
    directory = root / DIRECTORY / feature_set / version / "2024" / "01"
    directory.mkdir(parents=True)
    path = directory / f"BTCUSDT-{period}-2024-01-{random:016x}.parquet"
    times = pa.array([FIRST_MS + i * HOUR_MS for i in range(n_rows)], pa.timestamp("ms", "UTC"))
    pq.write_table(pa.table({"ts": times, "rsi": pa.array([i / 4 for i in range(n_rows)])}), path)
    return path


@pytest.fixture
def features(dl: Runner) -> Runner:
    """dl in a directory with three versions: alpha_v1@1.9, alpha_v1@1.10, beta@x-1."""
    put_file(dl.directory, "alpha_v1@1.9", 30, 1)
    put_file(dl.directory, "alpha_v1@1.10", 40, 2)
    put_file(dl.directory, "beta@x-1", 3, 3)
    assert "3 datasets, 73 rows" in dl("init", "--rebuild").ok().out
    return dl


def test_a_version_is_read_by_its_name(features: Runner) -> None:
    done = features(*FEATURES, "--period", "alpha_v1@1.9").ok()
    assert done.lines[:3] == ["ts,rsi", "2024-01-01T00:00:00Z,0", "2024-01-01T01:00:00Z,0.25"]
    assert len(done.lines) == 31
    assert done.err == ""
    assert features(*READ, "--period", "alpha_v1@1.9").ok().out == done.out
    day = features(*FEATURES, "--period", "alpha_v1@1.9", "--start", "2024-01-02", "--end", "2024-01-02").ok()
    assert len(day.lines) == 7
    assert features(*FEATURES, "--period", "beta@x-1", "--columns", "rsi").ok().lines[1:] == [
        "2024-01-01T00:00:00Z,0",
        "2024-01-01T01:00:00Z,0.25",
        "2024-01-01T02:00:00Z,0.5",
    ]


def test_a_set_alone_is_its_latest_version_and_the_note_says_which(features: Runner) -> None:
    done = features(*FEATURES, "--period", "alpha_v1").ok()
    assert len(done.lines) == 41
    assert done.err == "dl: reading BINANCE FUTURES BTCUSDT feature alpha_v1@1.10\n"
    assert "alpha_v1@1.9" in features(*FEATURES).error(2)
    message = features(*FEATURES, "--period", "alpha").error(1)
    assert message.startswith("there is no dataset BINANCE BTCUSDT feature alpha; there is")
    assert "is not a name" in features(*FEATURES, "--period", "../alpha@1").error(2)


def test_lists_show_versions(features: Runner) -> None:
    rows = features("list", "--data-type", "feature", "--json").ok().json
    assert [(row["period"], row["rows"], row["gaps"]) for row in rows] == [
        ("alpha_v1@1.10", 40, None),
        ("alpha_v1@1.9", 30, None),
        ("beta@x-1", 3, None),
    ]
    files = features("list", "--files", "--period", "beta@x-1", "--json").ok().json
    name = "BTCUSDT-beta@x-1-2024-01-0000000000000003.parquet"
    assert files[0]["path"] == f"features/BINANCE/FUTURES/BTCUSDT/beta/x-1/2024/01/{name}"
    assert "name a version of 'alpha_v1'" in features("list", "--data-type", "feature", "--period", "alpha_v1").error(2)


def test_a_version_is_deleted_whole_and_comes_back(features: Runner) -> None:
    before = features(*FEATURES, "--period", "alpha_v1@1.10").ok().out
    delete = ["delete", "--data-type", "feature", "--period"]
    assert "name a version of 'alpha_v1'" in features(*delete, "alpha_v1").error(2)
    assert "whole" in features(*delete, "alpha_v1@1.10", "--end", "2024-01-01").error(2)
    assert "deleted 40 rows of 1 dataset" in features(*delete, "alpha_v1@1.10").ok().out
    assert list((features.directory / DIRECTORY / "alpha_v1/1.10").rglob("*.parquet")) == []
    assert features(*FEATURES, "--period", "alpha_v1").ok().err.endswith("alpha_v1@1.9\n")
    features("undo").ok()
    assert features(*FEATURES, "--period", "alpha_v1@1.10").ok().out == before
    features("verify", "--full").ok()


def test_a_range_of_everything_leaves_features_alone(features: Runner) -> None:
    rows = "ts,open,high,low,close,volume\n" + "".join(
        f"{FIRST_MS + i * 60_000},1,2,0.5,1.5,10\n" for i in range(2 * 1440)
    )
    (features.directory / "bars.csv").write_text(rows)
    features("ingest", "--source", "bars.csv", "--exchange", "binance", "--symbol", "BTCUSDT").ok()
    assert (
        "deleted 1,440 rows of 1 dataset" in features("delete", "--symbol", "BTCUSDT", "--end", "2024-01-01").ok().out
    )
    assert len(features(*FEATURES, "--period", "alpha_v1@1.9").ok().lines) == 31
    assert features(*READ, "--limit", "1").ok().out.startswith("ts,open")


def test_verify_finds_what_is_damaged(features: Runner) -> None:
    features("verify", "--full").ok()
    (path,) = (features.directory / DIRECTORY / "beta").rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    problems = features("verify", "--json").json["problems"]
    assert [problem["path"].rsplit("/", 1)[1] for problem in problems] == [path.name]
    path.unlink()
    assert "missing" in features("verify").out


def test_verify_finds_strangers_beside_features(features: Runner) -> None:
    own = next((features.directory / DIRECTORY / "beta").rglob("*.parquet"))
    for name in (
        "data/features/stray.parquet",
        f"{DIRECTORY}/beta/x-2/2024/01/BTCUSDT-beta@x-1-2024-01-0000000000000009.parquet",
        f"{DIRECTORY}/beta/x-1/2024/01/BTCUSDT-beta@x-1-2024-01-0000000000000009.parquet",
    ):
        path = features.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(own.read_bytes())
        problems = features("verify", "--json").json["problems"]
        assert [problem["path"] for problem in problems] == [name.removeprefix("data/")]
        path.unlink()


def test_what_is_about_bars_leaves_features_alone(features: Runner, source: Path) -> None:
    before = tree(features.directory, but=("-wal", "-shm"))
    names = ["--exchange", "binance", "--symbol", "BTCUSDT"]
    assert "no grid" in features("gaps", "--data-type", "feature").error(2)
    assert features("gaps").ok().lines[1:] == []
    assert "no dataset" in features("aggregate", *names, "--to", "1h").error(1)
    features("aggregate", *names, "--from", "alpha_v1@1.9", "--to", "4h").error(2)
    assert "no dataset" in features(*READ, "--period", "4h").error(1)
    assert "only gaps between bars" in features(*FEATURES, "--period", "beta", "--fill", "previous").err
    features("verify", "--data").ok()
    ingest = ["ingest", "--source", source.name, *names]
    assert "features are uploaded" in features(*ingest, "--data-type", "feature").error(2)
    assert "features are uploaded" in features(*ingest, "--period", "alpha_v1@1.9").error(2)
    assert tree(features.directory, but=("-wal", "-shm")) == before


def test_a_backup_has_them(features: Runner) -> None:
    rows = features(*FEATURES, "--period", "alpha_v1").ok().out
    features("backup", "copy").ok()
    features("delete", "--data-type", "feature").ok()
    features("restore", "copy", "--data-root", "again/data", "--db-path", "again/manifest.db").ok()
    there = [*FEATURES, "--period", "alpha_v1", "--data-root", "again/data", "--db-path", "again/manifest.db"]
    assert features(*there).ok().out == rows
