#!/usr/bin/env python3
"""Checks who includes whom: tools/check_includes.py [tree].

The tables below are the design's (docs/ARCHITECTURE.md shows the first; a test compares the two). A folder of src/ may
include its own headers and those of its row; public headers as the second table says; system headers as the third;
a third-party header belongs to one file of each folder that may use it. A header that no table knows is a breach.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

from sources import c_files, report, root_argument

# Folder of src/ -> folders whose headers it may include. base holds what everybody needs: errors, memory, time.
MAY_INCLUDE = {
    "base": [],
    "io": ["base"],
    "column": ["base", "io"],
    "parquet": ["base", "io", "column"],
    "manifest": ["base", "io"],
    "lake": ["base", "io", "column", "parquet", "manifest"],
    "ops": ["base", "io", "column", "manifest", "lake"],
    "ingest": ["base", "io", "column", "parquet", "lake"],
    "cli": [],
    "python": [],
}

# Front ends do without src/ on their include path: they name their own headers bare.
FRONT_ENDS = {"cli", "python"}

# Folder of src/ -> public headers it may include. The front ends and what implements the API: all of them.
VOCABULARY = {"error.h", "arrow.h"}
PUBLIC_API = {
    "bars.h",
    "features.h",
    "history.h",
    "lake.h",
    "maintenance.h",
    "text.h",
    "types.h",
    "write.h",
} | VOCABULARY
MAY_INCLUDE_PUBLIC = defaultdict(
    lambda: VOCABULARY,
    {"lake": PUBLIC_API, "ops": PUBLIC_API, "ingest": PUBLIC_API, "cli": PUBLIC_API, "python": PUBLIC_API},
)

# Third-party header -> the folders that may use it, each in one file. What unpacks pages and what unpacks sources share
# nothing: whole pages of a known size there, endless streams here.
THIRD_PARTY = {
    "sqlite3.h": ["manifest"],
    "openssl/evp.h": ["io"],
    "snappy-c.h": ["parquet"],
    "zlib.h": ["parquet", "ingest"],
    "zstd.h": ["parquet", "ingest"],
    "zstd_errors.h": ["ingest"],
    "zip.h": ["ingest"],
    "Python.h": ["python"],
}

STANDARD_C = set(
    """assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h setjmp.h signal.h
    stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h time.h
    uchar.h wchar.h wctype.h""".split()
)
INTRINSICS = {"cpuid.h", "emmintrin.h", "immintrin.h", "nmmintrin.h", "smmintrin.h", "tmmintrin.h", "wmmintrin.h"}

# Files, locks and clocks are reached through src/io only; base has threads and memory, the front ends the terminal.
OPERATING_SYSTEM = {
    "base": set("pthread.h sched.h signal.h sys/mman.h unistd.h".split()),
    "io": set(
        """dirent.h fcntl.h linux/fs.h linux/magic.h poll.h sys/file.h sys/ioctl.h sys/mman.h sys/random.h sys/stat.h sys/statfs.h sys/syscall.h
        sys/types.h sys/uio.h sys/vfs.h unistd.h xlocale.h""".split()
    ),
    "cli": set(
        "dirent.h fcntl.h glob.h poll.h signal.h strings.h sys/ioctl.h sys/stat.h sys/types.h termios.h unistd.h".split()
    ),
    "python": {"unistd.h"},  # getpid: a handle is of one process
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


def includes_of(path: Path) -> list[tuple[int, bool, str]]:
    """(line, in angle brackets, name) of each include of a file."""
    text = path.read_text(encoding="utf-8")
    return [(text.count("\n", 0, m.start(2)) + 1, m.group(1) == "<", m.group(2)) for m in _INCLUDE.finditer(text)]


def check_system(folder: str, name: str) -> str | None:
    """What is wrong with <name> in a folder of src/, or None."""
    if name.startswith("datalake/"):
        allowed = MAY_INCLUDE_PUBLIC[folder]
        return None if name.removeprefix("datalake/") in allowed else f"{folder} may not include <{name}>"
    if name in STANDARD_C or name in INTRINSICS or name in OPERATING_SYSTEM.get(folder, ()):
        return None
    owners = THIRD_PARTY.get(name)
    if owners is None:
        return f"<{name}> is known neither as a system header of {folder} nor as a third-party header"
    return None if folder in owners else f"<{name}> belongs to {' and '.join(owners)}, not to {folder}"


def check_own(root: Path, folder: str, name: str) -> str | None:
    """What is wrong with "name" in a folder of src/, or None."""
    if folder in FRONT_ENDS and (root / "src" / folder / name).is_file():
        return None
    if not (root / "src" / name).is_file():
        return f'"{name}" is not a header under src/ (write "folder/header.h")'
    target = name.split("/", 1)[0]
    if target == folder or target in MAY_INCLUDE[folder]:
        return None
    return f'{folder} may not include "{name}"'


def check_sources(root: Path) -> list[str]:
    """Breaches in src/."""
    problems = []
    users = defaultdict(list)
    for path in c_files(root, "src"):
        folder = path.relative_to(root / "src").parts[0]
        if folder not in MAY_INCLUDE:
            problems.append(f"{path.relative_to(root)}: the folder src/{folder} has no row in tools/check_includes.py")
            continue
        for line, is_system, name in includes_of(path):
            problem = check_system(folder, name) if is_system else check_own(root, folder, name)
            if problem:
                problems.append(f"{path.relative_to(root)}:{line}: {problem}")
            if name in THIRD_PARTY:
                users[name, folder].append(str(path.relative_to(root)))
    for (name, _), paths in sorted(users.items()):
        if len(paths) > 1:
            problems.append(f"<{name}> is included by more than one file: {', '.join(paths)}")
    return problems


def check_public(root: Path) -> list[str]:
    """Public headers know the C library and each other."""
    problems = []
    for path in c_files(root, "include"):
        for line, is_system, name in includes_of(path):
            if not is_system or not (name in STANDARD_C or name.startswith("datalake/")):
                problems.append(f'{path.relative_to(root)}:{line}: a public header may not include "{name}"')
    return problems


def check_cycles(table: dict[str, list[str]]) -> list[str]:
    """Cycles in the table itself."""

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        for target in table.get(start, []):
            if target == goal or (target not in seen and reaches(target, goal, seen | {target})):
                return True
        return False

    return [f"the table lets {folder} include itself in a circle" for folder in table if reaches(folder, folder, set())]


def main() -> int:
    root = root_argument()
    return report(check_cycles(MAY_INCLUDE) + check_public(root) + check_sources(root), "includes")


if __name__ == "__main__":
    sys.exit(main())
