"""Runs a command again and again, and each time lets another of its system calls be the last, or fail.

strace counts the calls of each kind and thread by itself, so a point of a sweep is (kind, N): at the Nth call of that kind the
process is killed on entering it, or the call is not made and an error returned. What a command calls is found by a run that is only
watched.
"""

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dl_runner import TIMEOUT, Result, Runner

# What leaves something behind on the disk: every call of these is worth a point.
CHANGING = frozenset(
    "write pwrite64 writev fsync fdatasync syncfs sync_file_range rename renameat renameat2 unlink unlinkat mkdir mkdirat rmdir "
    "ftruncate fallocate link linkat ioctl copy_file_range fchmod".split()
)
# What only looks, opens or locks: of these a few will do, but for a thorough sweep.
LOOKING = frozenset("openat close read pread64 getdents64 fcntl fchown newfstatat statx flock mmap".split())

_LINE = re.compile(r"(\d+)\s+(\w+)\(")


@dataclass(frozen=True)
class Point:
    kind: str
    number: int
    error: str = ""  # "" for a kill
    for_ever: bool = False

    def injection(self) -> str:
        what = f"error={self.error}" if self.error else "signal=KILL"
        return f"inject={self.kind}:{what}:when={self.number}{'+' if self.for_ever else ''}"


@dataclass(frozen=True)
class Calls:
    """How often one thread made each kind of call at most: before the lake was first touched, and in all."""

    before: Counter[str]
    total: Counter[str]


def watch(dl: Runner, arguments: list[str]) -> Calls:
    """Runs the command once, to its end."""
    log = dl.directory.with_name("strace.log")
    trace = ",".join(sorted(CHANGING | LOOKING))
    _strace(dl, ["-o", str(log), "-e", f"trace={trace}"], arguments).ok()
    lines = log.read_text(errors="replace").splitlines()
    first = next(i for i, line in enumerate(lines) if "manifest.db" in line)
    return Calls(_most_of_a_thread(lines[:first]), _most_of_a_thread(lines))


def _most_of_a_thread(lines: list[str]) -> Counter[str]:
    of_threads: dict[str, Counter[str]] = {}
    for line in lines:
        found = _LINE.match(line)
        if found:
            of_threads.setdefault(found[1], Counter())[found[2]] += 1
    most: Counter[str] = Counter()
    for counts in of_threads.values():
        most |= counts
    return most


def run_to(dl: Runner, arguments: list[str], point: Point) -> Result:
    # strace 6.1 sends no signal where it filters by seccomp; without the filter it stops at every call, which takes longer.
    filtered = ["--seccomp-bpf"] if point.error else []
    return _strace(dl, ["-o", "/dev/null", *filtered, "-e", f"trace={point.kind}", "-e", point.injection()], arguments)


def _strace(dl: Runner, options: list[str], arguments: list[str]) -> Result:
    """strace ends as the program did: by the same status, or the same signal."""
    done = subprocess.run(
        ["strace", "-f", "-qq", *options, dl.program, *arguments],
        cwd=dl.directory,
        env=dl.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
    )
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def was_killed(done: Result) -> bool:
    return done.status in (-signal.SIGKILL, 128 + signal.SIGKILL)


def kill_points(calls: Calls, stride: int) -> Iterator[Point]:
    """Every call that changes something, and every `stride`th of the others, once the lake is touched."""
    for kind, total in sorted(calls.total.items()):
        step = 1 if kind in CHANGING else stride
        for number in range(calls.before[kind] + 1, total + 1, step):
            yield Point(kind, number)


def error_points(calls: Calls, errors: dict[str, list[str]], stride: int) -> Iterator[Point]:
    """Every `stride`th call of the kinds in `errors`, failing once and from there on for ever."""
    for kind, names in errors.items():
        for error in names:
            for number in range(calls.before[kind] + 1, calls.total[kind] + 1, stride):
                yield Point(kind, number, error)
                yield Point(kind, number, error, for_ever=True)


def for_each(points: list[Point], template: Path, check: Callable[[Point, Path], str]) -> list[str]:
    """Calls `check` for each point with a directory that is a copy of the template; returns what it complained of."""

    def one(numbered: tuple[int, Point]) -> str:
        number, point = numbered
        copy = template.with_name(f"point-{number}")
        shutil.copytree(template, copy, symlinks=True)
        try:
            complaint = check(point, copy)
        except Exception as error:
            complaint = f"{type(error).__name__}: {error}"
        shutil.rmtree(copy)
        return f"{point}: {complaint}" if complaint else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [complaint for complaint in pool.map(one, enumerate(points)) if complaint]
