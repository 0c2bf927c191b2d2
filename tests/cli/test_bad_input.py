"""Lakes that cannot be used, or not fully: one clear line, the right status, and nothing touched."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dl_runner import Runner, day_files, tree

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
INGEST = ["ingest", "--source", "btc_1m.csv", "--exchange", "binance", "--symbol", "BTCUSDT"]
READERS = [READ, ["list"], ["list", "--files"], ["verify"], ["verify", "--full"], ["log"], ["snapshot"]]
WRITERS = [
    INGEST,
    ["init"],
    ["delete", "--symbol", "BTCUSDT"],
    ["undo"],
    ["snapshot", "name"],
    ["maintenance"],
    ["verify", "--repair"],
]
BESIDE = ("-wal", "-shm", "lake.lock")


def refuse(lake: Runner, word: str, **options: object) -> None:
    """Every command fails with one line that has the word in it, and changes nothing."""
    before = tree(lake.directory, but=BESIDE)
    for command in [*READERS, *WRITERS, ["backup", "copy"]]:
        assert word in lake(*command, **options).error(1), command
        assert tree(lake.directory, but=BESIDE) == before, command


def settle(lake: Runner) -> None:
    """What SQLite keeps beside the manifest goes into it."""
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def test_a_manifest_that_is_no_database(lake: Runner) -> None:
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()
    (lake.directory / "manifest.db").write_text("not a database, but long enough to be looked at\n" * 100)
    refuse(lake, "manifest.db")


def test_a_foreign_database(lake: Runner) -> None:
    for path in lake.directory.glob("manifest.db*"):
        path.unlink()
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        database.execute("CREATE TABLE songs (title TEXT)")
    database.close()
    refuse(lake, "manifest.db")


def test_a_newer_schema(lake: Runner) -> None:
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    refuse(lake, "99")


def test_a_manifest_whose_beginning_is_damaged(lake: Runner) -> None:
    settle(lake)
    content = bytearray((lake.directory / "manifest.db").read_bytes())
    content[100:4096] = os.urandom(3996)
    (lake.directory / "manifest.db").write_bytes(content)
    refuse(lake, "manifest.db")


def test_a_manifest_that_is_damaged_within_is_never_believed(lake: Runner) -> None:
    """Which command meets the damage depends on the page; none gives wrong rows, and verify names it."""
    settle(lake)
    expected = lake(*READ).ok().out
    whole = (lake.directory / "manifest.db").read_bytes()
    for page in range(1, len(whole) // 4096):
        content = bytearray(whole)
        content[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
        (lake.directory / "manifest.db").write_bytes(content)
        done = lake(*READ)
        assert done.status == 1 or done.out == expected
        found = lake("verify", "--full")
        assert found.status in (1, 3), page
        assert "manifest" in found.out + found.err, page


SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/vfs.h>
/* Every filesystem is NFS. */
int statfs(const char *path, struct statfs *out)
{
    int (*real)(const char *, struct statfs *) = (int (*)(const char *, struct statfs *))dlsym(RTLD_NEXT, "statfs");
    int result = real(path, out);
    out->f_type = 0x6969;
    return result;
}
int statfs64(const char *path, struct statfs64 *out) { return statfs(path, (struct statfs *)out); }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_network_filesystem(lake: Runner, tmp_path_factory: pytest.TempPathFactory) -> None:
    if b"__asan_init" in Path(lake.program).read_bytes():
        pytest.skip("a sanitizer's runtime must be loaded first")
    directory = tmp_path_factory.mktemp("shim")
    (directory / "shim.c").write_text(SHIM)
    library = directory / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, directory / "shim.c", "-ldl"], check=True)
    refuse(lake, "network", env={"LD_PRELOAD": str(library)})
    message = lake(*INGEST, "--db-path", "new.db", "--data-root", "new", env={"LD_PRELOAD": str(library)}).error(1)
    assert "network" in message
    assert not (lake.directory / "new.db").exists()


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    modes = {path: path.stat().st_mode for path in [directory, *directory.rglob("*")]}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def unpublish(lake: Runner) -> None:
    """Puts the lake into the state in which a writer left it that died between its commit and the moves that follow."""
    with sqlite3.connect(lake.directory / "manifest.db") as database:
        moves = database.execute(
            "SELECT f.path, o.state_path FROM outstanding AS o JOIN files AS f ON f.id = o.file_id"
        )
        for path, state_path in moves.fetchall():
            staged = lake.directory / ".lake" / state_path
            (lake.directory / "data" / path).rename(staged)
            staged.with_name(staged.name.split("-")[0] + ".lock").touch()
    database.close()
    assert day_files(lake.directory) == []


class TestAUserWhoMayOnlyRead:
    def test_reading_works(self, lake: Runner, unprivileged: dict[str, object]) -> None:
        lake("delete", "--symbol", "BTCUSDT", "--start", "2021-01-03").ok()
        commands = [*READERS, [*READ, "--as-of", "1"], ["list", "--as-of", "1"]]
        expected = [lake(*command).ok().out for command in commands]
        with read_only(lake.directory):
            before = tree(lake.directory)
            assert [lake(*command, **unprivileged).ok().out for command in commands] == expected
            assert tree(lake.directory) == before

    def test_so_does_what_is_committed_and_not_yet_published(
        self, lake: Runner, unprivileged: dict[str, object]
    ) -> None:
        expected = lake(*READ).ok().out
        unpublish(lake)
        with read_only(lake.directory):
            before = tree(lake.directory)
            assert lake(*READ, **unprivileged).ok().out == expected
            assert tree(lake.directory) == before

    @pytest.mark.parametrize("command", [c for c in WRITERS if c != ["init"]], ids=lambda c: c[0])
    def test_writing_is_refused(self, lake: Runner, unprivileged: dict[str, object], command: list[str]) -> None:
        with read_only(lake.directory):
            before = tree(lake.directory)
            message = lake(*command, **unprivileged).error(1)
            assert "not write" in message or "ermission" in message or "may read" in message
            assert tree(lake.directory) == before

    def test_a_backup_elsewhere(
        self, lake: Runner, unprivileged: dict[str, object], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        place = tmp_path_factory.mktemp("place")
        for path in (place, place.parent):
            path.chmod(0o777)
        with read_only(lake.directory):
            lake("backup", str(place / "copy"), **unprivileged).ok()
        copied = ["--data-root", str(place / "copy/data"), "--db-path", str(place / "copy/manifest.db")]
        assert lake(*READ, *copied).ok().out == lake(*READ).ok().out


def test_who_opens_it_next_publishes_and_says_so(lake: Runner) -> None:
    expected = lake(*READ).ok().out
    unpublish(lake)
    done = lake(*READ).ok()
    assert done.out == expected
    assert done.err == "dl: recovered from 1 interrupted write: 4 committed files put in place\n"
    assert len(day_files(lake.directory)) == 4
    assert lake(*READ).ok().err == ""
    lake("verify", "--full").ok()
