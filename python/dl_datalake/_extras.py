"""Libraries that the package works with but does not need: imported when used, named where they are missing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def load(name: str) -> ModuleType:
    """Imports a library.

    Args:
        name: polars, pandas, pyarrow, numpy or duckdb; the extra that installs it is called as it is.

    Raises:
        MissingExtraError: It is not installed; the message says how to install it.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        from dl_datalake.errors import MissingExtraError

        raise MissingExtraError(
            f"{name} is needed for this and is not installed: pip install 'dl-datalake[{name}]'"
        ) from error


def load_first(*names: str) -> ModuleType:
    """Imports the first library of several that is installed; MissingExtraError names the first of all."""
    for name in names:
        try:
            return load(name)
        except ImportError:
            continue
    return load(names[0])
