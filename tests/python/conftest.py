"""The package under test: LAKE_PYTHON_TREE (build/<preset>/python), else the one that is installed, else the tree that was built last."""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def find_tree() -> Path | None:
    """The tree to import from; None: what is installed."""
    given = os.environ.get("LAKE_PYTHON_TREE")
    if given:
        return Path(given).resolve(strict=True)
    if importlib.util.find_spec("dl_datalake") is not None:
        return None
    built = list((ROOT / "build").glob("*/python/dl_datalake/_native*"))
    if not built:
        raise FileNotFoundError(
            "no dl_datalake: install it, or build with -DLAKE_PYTHON=ON and name build/<preset>/python with LAKE_PYTHON_TREE"
        )
    return max(built, key=lambda path: path.stat().st_mtime).parents[1]


def use(tree: Path) -> None:
    """For this process and for those that tests start."""
    sys.path.insert(0, str(tree))
    former = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(tree) + (os.pathsep + former if former else "")


if (found := find_tree()) is not None:
    use(found)
