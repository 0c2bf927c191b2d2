"""Where a lake is, and its one open handle that all of a process share.

Nothing is opened before it is used. In a process that was forked after that, and where another lake has taken the place of the one
that was open, the next use opens it again. Any thread may use a `LakeRef` at any time.
"""

from __future__ import annotations

import os
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import TypeAlias, TypedDict

    from dl_datalake._native import Lake

    Place: TypeAlias = str | PathLike[str]

    class Selection(TypedDict, total=False):
        """Which datasets; what is None or not there matches all."""

        exchange: str | None
        market: str | None
        symbol: str | None
        type: str | None
        period: str | None


_lock = RLock()  # __del__ may run while it is held


class _Shared:
    """An open lake and how many use it."""

    __slots__ = ("key", "lake", "n_users", "pid", "stamp", "types")

    def __init__(self, key: tuple[str, str], create: bool) -> None:
        self.key = key
        self.lake = _open_native(key, create)
        self.pid = os.getpid()
        self.stamp = _stamp(key[1])
        self.n_users = 0
        self.types: set[str] = set()  # registered with it by this process

    def is_current(self) -> bool:
        return self.pid == os.getpid() and self.stamp == _stamp(self.key[1])


_open: dict[tuple[str, str], _Shared] = {}


class LakeRef:
    """A lake by its place.

    Args:
        data_root: Of its data; None: $DL_DATA_ROOT, else what a dl.toml in the working directory or above says, else "data".
        db_path: Of its manifest; None: $DL_DB_PATH, else as above, else "manifest.db".
    """

    __slots__ = ("_key", "_shared", "data_root", "db_path")

    def __init__(self, data_root: Place | None = None, db_path: Place | None = None) -> None:
        self._shared: _Shared | None = None
        self.data_root, self.db_path = _locate(
            None if data_root is None else path_text("data_root", data_root),
            None if db_path is None else path_text("db_path", db_path),
        )
        self._key = (os.path.abspath(self.data_root), os.path.abspath(self.db_path))

    def open(self, create: bool = False) -> Lake:
        """Gives the open lake.

        Args:
            create: Make it where there is none.

        Raises:
            NotFoundError: There is none.
        """
        shared = self._shared
        if shared is not None and shared.is_current():
            return shared.lake
        return self._share(create).lake

    def open_if_there(self) -> Lake | None:
        """Gives the open lake, None where there is neither a manifest nor data."""
        shared = self._shared
        is_open = shared is not None and shared.is_current()
        if not is_open and not is_there(self._key[1]) and not _has_entries(self._key[0]):
            return None
        return self.open()

    def register(self, name: str) -> bool:
        """Remembers that a type was registered with the open lake; False where it was remembered."""
        with _lock:
            types = self._share(False).types
            if name in types:
                return False
            types.add(name)
            return True

    def unregister(self, name: str) -> None:
        """Forgets that again, where registering failed."""
        with _lock:
            self._share(False).types.discard(name)

    def close(self) -> None:
        """Gives the handle back; the lake is closed when nobody uses it. It is opened again by the next use."""
        with _lock:
            shared, self._shared = self._shared, None
            if shared is None:
                return
            shared.n_users -= 1
            if shared.n_users > 0 or shared.pid != os.getpid():
                return
            if _open.get(shared.key) is shared:
                del _open[shared.key]
        shared.lake.close()

    def path(self, relative: str) -> str:
        """The path of a file that the manifest names."""
        return os.path.join(self.data_root, *relative.split("/"))

    def _share(self, create: bool) -> _Shared:
        with _lock:
            shared = self._shared
            if shared is not None and shared.is_current():
                return shared
            self.close()
            shared = _open.get(self._key)
            if shared is None or not shared.is_current():
                shared = _open[self._key] = _Shared(self._key, create)
            shared.n_users += 1
            self._shared = shared
            return shared

    def __del__(self) -> None:
        if self._shared is not None:
            self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.data_root, self.db_path, self._key)


def _restore(data_root: str, db_path: str, key: tuple[str, str]) -> LakeRef:
    """A lake from another process, which may have had another working directory."""
    ref = LakeRef(data_root, db_path)
    ref._key = key  # pyright: ignore[reportPrivateUsage]
    return ref


def beside(base_path: Place) -> str:
    """The manifest of a lake of which only the folder of its data is given: beside it where that is called "data", else in it."""
    root = path_text("base_path", base_path)
    folder, name = os.path.split(os.path.normpath(root))
    return os.path.join(folder if name == "data" else root, "manifest.db")


def path_text(name: str, place: object) -> str:
    """A path as text.

    Raises:
        TypeError: It is none.
        InvalidArgumentError: No file can be called so.
    """
    try:
        path = os.fspath(place)  # pyright: ignore[reportArgumentType, reportCallIssue, reportUnknownVariableType]
    except TypeError:
        path = None
    if not isinstance(path, str):
        raise TypeError(f"{name} is {type(place).__name__}, not a path")
    if "\0" in path:
        from dl_datalake.errors import InvalidArgumentError

        raise InvalidArgumentError(f"{name} has a NUL character in it")
    return path


def check_file(path: str) -> None:
    """Sees to it that there is a file.

    Raises:
        NotFoundError: There is none.
    """
    if not os.path.isfile(path):
        from dl_datalake.errors import NotFoundError

        raise NotFoundError(f"{path}: there is no such file")


def open_scratch(folder: str) -> Lake:
    """A lake for the time being, with the settings that hold in the working directory."""
    from dl_datalake import _native

    root, manifest = os.path.join(folder, "data"), os.path.join(folder, "manifest.db")
    return _native.Lake(root, manifest, create=True, config_path=_native.find_location()[2])


def _locate(data_root: str | None, db_path: str | None) -> tuple[str, str]:
    data_root = data_root or os.environ.get("DL_DATA_ROOT") or None
    db_path = db_path or os.environ.get("DL_DB_PATH") or None
    if (data_root is None or db_path is None) and _has_config():
        from dl_datalake import _native

        found_root, found_db, _ = _native.find_location(".")
        data_root, db_path = data_root or found_root, db_path or found_db
    return data_root or "data", db_path or "manifest.db"


def _has_config() -> bool:
    """Whether there is a dl.toml to be read: looked for here, since the extension is not loaded before it is needed."""
    folder = os.getcwd()
    while not os.path.exists(os.path.join(folder, "dl.toml")):
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return True


def _stamp(path: str) -> tuple[int, int] | None:
    """What tells a file from another one at its place."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_there(path: str) -> bool:
    """Whether there is something; also where it is not for this user to see, which opening then says."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True


def _has_entries(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _open_native(key: tuple[str, str], create: bool) -> Lake:
    from dl_datalake import _native

    try:
        return _native.Lake(*key, create=create)
    except FileNotFoundError as error:
        if create or os.path.exists(key[1]) or _has_entries(key[0]):
            raise
        text = f"{key[1]}: there is no lake here; write something to make one, or name another by db_path and data_root"
        raise type(error)(text) from None


def _after_fork() -> None:
    """In the child: what is open belongs to the parent, and its lock may be held by a thread that is not here."""
    global _lock
    _lock = RLock()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
