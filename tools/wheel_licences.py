#!/usr/bin/env python3
"""Puts the licences of the libraries inside a repaired wheel into it: wheel_licences.py WHEEL…

They are found where the distribution that the libraries come from keeps them (/usr/share/doc/<package>/copyright); the
library's file in the wheel carries the system's name and a hash. A library without one is an error: BSD asks for the text.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

LIBRARY = re.compile(r"[^/]+\.libs/(?P<name>lib[a-z0-9+_]+)-[0-9a-f]{8}\.so(?P<version>[.0-9]*)$")


def packages_of(pattern: str) -> set[str]:
    found = subprocess.run(["dpkg", "--search", pattern], capture_output=True, text=True, check=False).stdout
    return {line.split(":", 1)[0] for line in found.splitlines()}


def licence_of(library: re.Match[str]) -> tuple[str, bytes]:
    """The name of the package that installed the library, and what it says of copyright."""
    for package in sorted(packages_of(f"*/{library['name']}.so{library['version']}")):
        path = Path("/usr/share/doc") / package / "copyright"
        if path.is_file():
            return package, path.read_bytes()
    raise SystemExit(f"wheel_licences: no package is known to have installed {library[0]}, so its licence is not known")


def record_row(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def add_licences(path: Path) -> int:
    """Copies the wheel member by member (names, modes, times stay) and lists what is added in its RECORD, which comes last."""
    whole = path.with_suffix(".partial")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        record = next(info for info in old.infolist() if info.filename.endswith(".dist-info/RECORD"))
        folder = PurePosixPath(record.filename).parent / "licenses" / "libraries"
        licences = dict(licence_of(found) for name in old.namelist() if (found := LIBRARY.search(name)))
        rows = old.read(record).decode()
        for info in old.infolist():
            if info is not record:
                new.writestr(info, old.read(info), zipfile.ZIP_DEFLATED)
        for package, text in sorted(licences.items()):
            name = str(folder / f"{package}.txt")
            new.writestr(zipfile.ZipInfo(name, record.date_time), text, zipfile.ZIP_DEFLATED)
            rows += record_row(name, text)
        new.writestr(record, rows, zipfile.ZIP_DEFLATED)
    shutil.move(whole, path)
    return len(licences)


if __name__ == "__main__":
    for wheel in sys.argv[1:]:
        print(f"wheel_licences: {add_licences(Path(wheel))} added")
