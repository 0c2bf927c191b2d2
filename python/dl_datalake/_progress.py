"""How far long work is: a line on a terminal's standard error, a bar in a notebook, or whatever a caller makes of it."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeAlias

    # Called as report(rows, bytes, bytes_total) a few times a second; what it raises stops the work and is raised.
    Progress: TypeAlias = bool | Callable[[int, int, int], object] | None

PATIENCE_S = 0.5  # work that is over sooner shows nothing
INTERVAL_S = 0.1


class Showing:
    """Progress for the length of a `with` block; `report` is what the engine calls, None where nothing is shown.

    Args:
        progress: None shows it where somebody may be looking: on a terminal and in a notebook. True and False decide. A callable is
            called instead.
        doing: What the work is called: "ingesting".
    """

    def __init__(self, progress: Progress, doing: str) -> None:
        self.report: Callable[[int, int, int], object] | None = None
        self._screen: _Terminal | _Notebook | None = None
        if progress is not None and not isinstance(progress, bool):
            if not callable(progress):
                raise TypeError(f"progress is {type(progress).__name__}, not None, True, False or a callable")
            self.report = progress
            return
        if progress is False:
            return
        self._doing = doing
        self._started = time.monotonic()
        self._shown = self._started - INTERVAL_S if progress else self._started + PATIENCE_S - INTERVAL_S
        self._screen = _find_screen(progress is True)
        if self._screen is not None:
            self.report = self._show

    def _show(self, n_rows: int, n_bytes: int, n_bytes_total: int) -> None:
        now = time.monotonic()
        if self._screen is None or now - self._shown < INTERVAL_S:
            return
        self._shown = now
        share = min(n_bytes / n_bytes_total, 1.0) if n_bytes_total > 0 else None
        self._screen.show(line(self._doing, n_rows, n_bytes, share, now - self._started), share)

    def __enter__(self) -> Showing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen is not None:
            self._screen.wipe()


def line(doing: str, n_rows: int, n_bytes: int, share: float | None, seconds: float) -> str:
    """The line of text: "ingesting: 1,234 rows, 1.1 MB (45 %), 2,345 rows/s, 0:12 left"."""
    parts = [f"{n_rows:,} rows"] if n_rows > 0 else []
    if n_bytes > 0:
        parts.append(human_bytes(n_bytes) + (f" ({share:.0%})".replace("%", " %") if share is not None else ""))
    if seconds >= 0.2 and n_rows > 0:
        parts.append(f"{n_rows / seconds:,.0f} rows/s")
    if share is not None and share > 0.01 and seconds >= 1:
        left = round(seconds / share - seconds)
        parts.append(f"{left // 60}:{left % 60:02d} left")
    return f"{doing}: {', '.join(parts) or '…'}"


def human_bytes(n: int) -> str:
    """Bytes as people read them: "1.1 MB"."""
    amount = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


class _Terminal:
    """One line of standard error that is written over."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._width = 0

    def show(self, text: str, share: float | None) -> None:
        del share
        if not self._is_terminal:
            sys.stderr.write(text + "\n")
            return
        import shutil

        text = text[: shutil.get_terminal_size().columns - 1]
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def wipe(self) -> None:
        if self._width > 0:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()


class _Notebook:
    """A bar below the cell."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None

    def show(self, text: str, share: float | None) -> None:
        from html import escape

        value = "" if share is None else f' value="{share:.4f}"'
        bundle = {"text/plain": text, "text/html": f'<progress max="1"{value}></progress> <span>{escape(text)}</span>'}
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def wipe(self) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": "", "text/html": ""}, raw=True)


def _find_screen(is_forced: bool) -> _Terminal | _Notebook | None:
    display = _notebook_display()
    if display is not None:
        return _Notebook(display)
    if sys.stderr is not None and (is_forced or sys.stderr.isatty()):  # pyright: ignore[reportUnnecessaryComparison]
        return _Terminal()
    return None


def _notebook_display() -> Any:
    """IPython's display function where this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from importlib import import_module

    return import_module("IPython.display").display
