"""What is published: the sdist holds what a build needs and nothing else, the wheel what RECORD says, and the check of wheels
sees what is wrong with one."""

import base64
import csv
import hashlib
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from interpreters import ROOT

TOOL_PYTHON = ROOT / "build" / "wheel-venv" / "bin" / "python"
FOLDERS = {"cmake", "include", "python", "src"}
FILES = {"CMakeLists.txt", "LICENSE", "NOTICE", "PKG-INFO", "README.md", "pyproject.toml", "vcpkg.json"}
SUFFIXES = {".c", ".h", ".cmake", ".txt", ".py", ".pyi", ".typed"}
Members = dict[str, tuple[zipfile.ZipInfo, bytes]]


def test_the_sdist_holds_sources_only(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [Path(name).relative_to(sdist.name.removesuffix(".tar.gz")) for name in archive.getnames()]
    assert {name.parts[0] for name in names} == FOLDERS | FILES
    inner = [name for name in names if name.parts[0] in FOLDERS]
    assert {name.suffix for name in inner} <= SUFFIXES
    assert not [name for name in inner if name.suffix == ".txt" and name.name != "CMakeLists.txt"]


def test_the_sdist_holds_all_sources(sdist: Path) -> None:
    """The wheel was built from it alone; what a build does not miss (a header, a stub) is counted here."""
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    kept = [path for folder in ("include", "src") for path in (ROOT / folder).rglob("*.[ch]")]
    kept += [path for path in (ROOT / "python").rglob("*") if path.suffix in (".py", ".pyi", ".typed")]
    assert [path for path in kept if path.relative_to(ROOT).as_posix() not in names] == []


def test_record_is_true(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        record = next(name for name in archive.namelist() if name.endswith("/RECORD"))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        files = sorted(name for name in archive.namelist() if not name.endswith("/"))
        assert sorted(row[0] for row in rows) == files
        for name, digest, size in rows:
            if name != record:
                content = archive.read(name)
                expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert (digest, size) == (f"sha256={expected}", str(len(content))), name


def check(path: Path) -> subprocess.CompletedProcess[str]:
    if not TOOL_PYTHON.is_file():
        pytest.skip("no build/wheel-venv: make wheel")
    return subprocess.run(
        [TOOL_PYTHON, ROOT / "tools" / "check_wheel.py", path], capture_output=True, text=True, check=False
    )


def rewrite(wheel: Path, path: Path, change: Callable[[Members], None]) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        members = {info.filename: (info, archive.read(info)) for info in archive.infolist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in members.values():
            archive.writestr(info, content)
    return path


def library(members: Members, name: str) -> tuple[str, bytes]:
    path = next(path for path in members if path.startswith(f"dl_datalake.libs/{name}-"))
    return path, members[path][1]


def with_sqlite(members: Members) -> None:
    name = "dl_datalake.libs/libsqlite3-00000000.so.0"
    members[name] = (zipfile.ZipInfo(name), library(members, "libzip")[1])


def without_snappy(members: Members) -> None:
    del members[library(members, "libsnappy")[0]]


def without_sqlite_needed(members: Members) -> None:
    name = "dl_datalake/_native.abi3.so"
    members[name] = (members[name][0], library(members, "libbz2")[1])


def without_stub(members: Members) -> None:
    del members["dl_datalake/_native.pyi"]


def not_executable(members: Members) -> None:
    members["dl_datalake/bin/dl"][0].external_attr = 0o100644 << 16


def without_licences(members: Members) -> None:
    for name in [name for name in members if "/licenses/libraries/" in name]:
        del members[name]


def unknown_library(members: Members) -> None:
    name = "dl_datalake.libs/libgmp-00000000.so.10"
    members[name] = (zipfile.ZipInfo(name), library(members, "libzip")[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_sqlite, "libsqlite3-00000000.so.0 is a copy of SQLite"),
        (without_snappy, "which is neither inside nor part of every system"),
        (without_sqlite_needed, "_native.abi3.so does not need the system's libsqlite3.so.0"),
        (without_stub, "dl_datalake/_native.pyi is missing"),
        (not_executable, "dl_datalake/bin/dl is not executable"),
        (without_licences, "libraries, but the licences of 0"),
        (unknown_library, "libgmp-00000000.so.10 is not named in NOTICE"),
    ],
)
def test_the_check_sees(wheel: Path, tmp_path: Path, change: Callable[[Members], None], said: str) -> None:
    done = check(rewrite(wheel, tmp_path / wheel.name, change))
    assert done.returncode == 1
    assert said in done.stderr


def test_the_check_sees_a_wheel_for_one_machine(wheel: Path, tmp_path: Path) -> None:
    path = rewrite(wheel, tmp_path / "dl_datalake-0.1.0-cp311-cp311-linux_x86_64.whl", lambda members: None)
    done = check(path)
    assert done.returncode == 1
    assert "is not for all of Python 3.10 and later" in done.stderr


def test_the_check_passes_the_wheel_itself(wheel: Path) -> None:
    done = check(wheel)
    assert (done.returncode, done.stdout) == (0, "check_wheel: ok\n"), done.stderr
