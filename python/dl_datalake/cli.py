"""`python -m dl_datalake.cli` and the script `dl`: the C program that comes with the package, in place of the interpreter.

It is executed, not called: arguments, standard input, output, signals and exit status are its own. Where a system cannot replace a
process (Windows), it runs as a child, and its exit status is passed on.
"""

from __future__ import annotations

import os
import sys


def program() -> str:
    """Tells where the program lies that comes with the package.

    Returns:
        The path of `dl` (`dl.exe` on Windows).
    """
    name = "dl.exe" if os.name == "nt" else "dl"
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", name)


def main() -> int:
    """Runs `dl` with the arguments of this process.

    Returns:
        The exit status, where the process could not be replaced; else it does not return.
    """
    path = program()
    arguments = ["dl", *sys.argv[1:]]
    if not os.path.isfile(path):
        sys.stderr.write(
            f"dl: {path}: the program is not there; install the package again: pip install --force-reinstall dl-datalake\n"
        )
        return 1
    if os.name == "nt":
        return _run_child(path, arguments)
    _restore_signals()
    try:
        os.execv(path, arguments)
    except OSError as error:
        sys.stderr.write(f"dl: {path}: {error.strerror}\n")
    return 1


def _restore_signals() -> None:
    """Undoes what the interpreter has ignored, since a program that is executed would inherit it."""
    try:
        # beneath the module signal, whose import takes a third of the interpreter's own start
        import _signal as signal  # pyright: ignore
    except ImportError:
        import signal

    for name in ("SIGPIPE", "SIGXFSZ"):
        number: int | None = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, signal.SIG_DFL)  # pyright: ignore


def _run_child(path: str, arguments: list[str]) -> int:
    """The child shares the console, so Ctrl-C reaches it by itself: here it is only waited for."""
    import signal
    import subprocess

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.call(arguments, executable=path)
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    raise SystemExit(main())
