#!/usr/bin/env python3
"""Checks that files and functions stay short: tools/check_sizes.py [tree].

It relies on the layout that clang-format makes: the braces of a function stand alone in the first column.
"""

import re
import sys
from pathlib import Path

from sources import c_files, code_of, report, root_argument

FUNCTION_LINES = 100
SOURCE_LINES = 800
PUBLIC_HEADER_LINES = 300
PRIVATE_HEADER_LINES = 120

# Files that may be longer, how long, and why.
LONGER = {
    "src/manifest/manifest.h": (200, "the whole contract of the manifest, whose records belong together"),
    "src/manifest/statements.h": (160, "one list of names, a line each"),
}

_NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def functions_of(code: str) -> list[tuple[str, int, int]]:
    """(name, line of the opening brace, lines from brace to brace) of each function."""
    functions = []
    start = 0
    head = ""
    for number, line in enumerate(code.split("\n"), 1):
        if line.rstrip() == "{":
            start = number
        elif line.rstrip() == "}" and start:
            name = _NAME.search(head)
            functions.append((name.group(1) if name else "?", start, number - start + 1))
            start, head = 0, ""
        elif not start and line[:1].strip():
            head = "" if line.rstrip().endswith((";", "};")) else line
    return functions


def limit_of(file: str) -> int:
    """Lines that a file may have."""
    if file in LONGER:
        return LONGER[file][0]
    if file.startswith("include/"):
        return PUBLIC_HEADER_LINES
    return PRIVATE_HEADER_LINES if file.endswith(".h") and file.startswith("src/") else SOURCE_LINES


def check_file(path: Path, file: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    problems = []
    if lines > limit_of(file):
        problems.append(f"{file}: {lines} lines, {limit_of(file)} at most: look for the seam")
    for name, line, length in functions_of(code_of(text)):
        if length > FUNCTION_LINES:
            problems.append(f"{file}:{line}: {name} has {length} lines, {FUNCTION_LINES} at most")
    return problems


def main() -> int:
    root = root_argument()
    files = c_files(root, "include", "src", "tests", "fuzz", "bench")
    return report([p for path in files for p in check_file(path, path.relative_to(root).as_posix())], "sizes")


if __name__ == "__main__":
    sys.exit(main())
