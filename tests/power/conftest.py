"""The program under test and the disk whose power is cut; skipped, loudly, where there can be none."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "cli"))

from disk import Disk, what_is_missing  # noqa: E402


@pytest.fixture(scope="session")
def program() -> str:
    return str(Path(os.environ.get("LAKE_DL", ROOT / "build" / "release" / "dl")).resolve(strict=True))


@pytest.fixture(scope="session")
def commits() -> str:
    return str(
        Path(os.environ.get("LAKE_COMMITS", ROOT / "build" / "dev" / "tests" / "power" / "commits")).resolve(
            strict=True
        )
    )


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    missing = what_is_missing()
    if missing:
        pytest.skip(f"POWER CUTS ARE NOT TESTED: {missing}")
    with Disk(tmp_path_factory.mktemp("power")) as made:
        yield made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="every point of every sweep; takes many minutes")


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--thorough"))


@pytest.fixture(scope="session")
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("SYSTEM CALLS ARE NOT SWEPT: strace is not installed")
    return found


@pytest.fixture
def program_without(program: str, strace: str, tmp_path: Path) -> Callable[[str], str]:
    """The same program on a system on which these system calls do nothing and say that they did."""

    def make(calls: str) -> str:
        path = tmp_path / "dl"
        path.write_text(
            "#!/bin/sh\n"
            f"exec {strace} -f -qq -o /dev/null --seccomp-bpf -e trace={calls} -e inject={calls}:retval=0 "
            f'{program} "$@"\n'
        )
        path.chmod(0o755)
        return str(path)

    return make
