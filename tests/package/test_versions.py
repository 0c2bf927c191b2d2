"""One wheel, every Python: what cannot be found here is skipped by name; tools/python_versions.sh fetches more."""

import subprocess
from pathlib import Path

import pytest
from interpreters import VERSIONS, environment, find, make_environment

SMOKE = Path(__file__).with_name("smoke.py")


@pytest.mark.parametrize("version", VERSIONS)
def test_works_alone(version: str, wheel: Path, tmp_path: Path) -> None:
    python = find(version)
    if python is None:
        pytest.skip(f"no Python {version} is found: on the PATH, of pyenv, in LAKE_PYTHONS")
    made = make_environment(python, tmp_path / "venv", wheel)
    directory = tmp_path / "work"
    directory.mkdir()
    done = subprocess.run(
        [made, "-X", "dev", "-W", "error", SMOKE],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith(f"{version}.")


def test_the_version_of_this_run_is_one_of_them() -> None:
    """So that at least one is tested wherever this runs."""
    assert any(find(version) for version in VERSIONS)
