"""Runs dl the way people and programs do: in a directory, with pipes or with a terminal at its ends."""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DAY_MS = 86_400_000
FIRST_MS = 1_609_459_200_000  # 2021-01-01
TIMEOUT = 120

# What a run may take from the machine it runs on.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR")


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def error(self, status: int) -> str:
        """The one line of an error."""
        assert self.status == status, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("dl: "), self.err
        assert not lines[0].endswith("."), self.err
        return lines[0].removeprefix("dl: ")

    def ok(self) -> "Result":
        assert self.status == 0, self
        return self


@dataclass
class Runner:
    program: str
    directory: Path

    def environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        return {name: os.environ[name] for name in _KEPT if name in os.environ} | {"TERM": "xterm"} | (extra or {})

    def start(self, *arguments: str, env: dict[str, str] | None = None, **options: Any) -> "subprocess.Popen[bytes]":
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([self.program, *arguments], cwd=self.directory, env=self.environment(env), **options)

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, **options: Any) -> Result:
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.directory,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            **options,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def on_terminal(
        self,
        *arguments: str,
        columns: int = 200,
        ends: Sequence[str] = ("stdout", "stderr"),
        env: dict[str, str] | None = None,
        typed: str | None = None,
    ) -> tuple[int, str, str]:
        """Exit status, what the terminal showed, and what the ends that are no terminal got. With `typed`, standard input is
        the terminal too, at which that is typed."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        pipes = {end: follower if end in ends else subprocess.PIPE for end in ("stdout", "stderr")}
        if typed is not None:
            pipes["stdin"] = follower
            os.write(leader, typed.encode())
        process = self.start(*arguments, env=env, **pipes)
        os.close(follower)
        shown = _read_terminal(leader)
        out, err = process.communicate(timeout=TIMEOUT)
        os.close(leader)
        return process.returncode, shown.replace("\r\n", "\n"), ((out or b"") + (err or b"")).decode()


def _read_terminal(leader: int) -> str:
    shown = b""
    while True:
        ready, _, _ = select.select([leader], [], [], TIMEOUT)
        assert ready, shown
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the last follower was closed
            return shown.decode()
        if not piece:
            return shown.decode()
        shown += piece


def bars_csv(n_rows: int, *, first_ms: int = FIRST_MS, step_ms: int = 60_000, price: float = 100.0) -> str:
    """Bars whose values follow from their number: cheap to make, easy to check."""
    lines = ["timestamp,open,high,low,close,volume"]
    for i in range(n_rows):
        p = price + i % 997 * 0.25
        lines.append(f"{first_ms + i * step_ms},{p},{p + 2},{p - 2},{p + 0.5},{i % 89 * 1.5}")
    return "\n".join(lines) + "\n"


def tree(directory: Path, *, but: Sequence[str] = ()) -> dict[str, tuple[int, bytes]]:
    """Every file below a directory with its time and bytes. Opening a database makes and removes what SQLite keeps beside it
    (`but`: endings of names that are left out)."""
    return {
        str(path.relative_to(directory)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(tuple(but))
    }


def day_files(directory: Path) -> list[Path]:
    return sorted((directory / "data").rglob("*.parquet"))
