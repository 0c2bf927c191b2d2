"""The Pythons that can be had on this machine, and environments with the wheel in them and nothing else."""

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
_SAYS = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.implementation.name, getattr(sys, '_is_gil_enabled', bool)())"


def _candidates(version: str) -> list[Path]:
    """By name in LAKE_PYTHONS (paths, separated as PATH is), on the PATH, and where pyenv puts them."""
    given = [Path(path) for path in os.environ.get("LAKE_PYTHONS", "").split(os.pathsep) if path]
    on_path = [Path(path) / f"python{version}" for path in os.environ.get("PATH", "").split(os.pathsep) if path]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [
        *given,
        *on_path,
        Path(f"/usr/bin/python{version}"),
        *sorted(pyenv.glob(f"{version}.*/bin/python{version}")),
    ]


@cache
def find(version: str) -> Path | None:
    """A CPython of that version that starts (a shim may not) and can make environments."""
    for path in _candidates(version):
        if not path.is_file():
            continue
        said = subprocess.run([path, "-c", _SAYS], capture_output=True, text=True, check=False).stdout.split()
        if said[:2] == [version, "cpython"]:
            return path
    return None


def make_environment(python: Path, directory: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel in it, installed by that Python's own pip, and no other package: its interpreter."""
    subprocess.run([python, "-m", "venv", directory], check=True)
    made = directory / "bin" / "python"
    installed = subprocess.run(
        [made, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check", wheel],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert installed.returncode == 0, installed.stderr
    return made


def environment(**extra: str) -> dict[str, str]:
    """Nothing that would lead an interpreter to packages of somebody else, or pip to other places."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | extra


@dataclass
class Bare:
    """Runs statements by such an interpreter in a directory of the test."""

    python: Path
    directory: Path

    def __call__(self, source: str, *options: str) -> str:
        done = subprocess.run(
            [self.python, *options, "-c", source],
            cwd=self.directory,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
