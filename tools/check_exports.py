#!/usr/bin/env python3
"""Compares what the library exports with tools/exported_symbols.txt.

    tools/check_exports.py [tree]                      what the public headers declare against the list
    tools/check_exports.py [tree] --library FILE.so    and what the shared library exports
    tools/check_exports.py [tree] --update             writes the list from the headers

A symbol that leaves the list breaks programs that were linked with it, so the list changes on purpose only.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from sources import ROOT, c_files, code_of, report

# LAKE_API … name(: the name is the last word before the first parenthesis that is not an attribute's.
_DECLARED = re.compile(r"^LAKE_API\b[^;({]*?(\w+)\s*\(", re.MULTILINE)


def declared_in(root: Path) -> set[str]:
    """Functions marked LAKE_API in the public headers."""
    return {name for path in c_files(root, "include") for name in _DECLARED.findall(code_of(path.read_text("utf-8")))}


def exported_by(library: Path) -> set[str]:
    """Symbols that a shared library defines for others."""
    command = ["nm", "--dynamic", "--defined-only", "--format=posix", str(library)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[0].split("@")[0] for line in lines}


def compare(found: set[str], wanted: set[str], where: str) -> list[str]:
    missing = [f"{where}: {name} is in the list but not there" for name in sorted(wanted - found)]
    return missing + [f"{where}: {name} is not in tools/exported_symbols.txt" for name in sorted(found - wanted)]


def main() -> int:
    parser = argparse.ArgumentParser(description="compare exported symbols with the list")
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    listing = arguments.tree / "tools" / "exported_symbols.txt"
    declared = declared_in(arguments.tree)
    if arguments.update:
        listing.write_text("".join(f"{name}\n" for name in sorted(declared)), encoding="utf-8")
    listed = set(listing.read_text(encoding="utf-8").split())
    problems = compare(declared, listed, "include/datalake")
    if arguments.library:
        problems += compare(exported_by(arguments.library), listed, arguments.library.name)
    return report(problems, "exported symbols")


if __name__ == "__main__":
    sys.exit(main())
