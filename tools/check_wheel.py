#!/usr/bin/env python3
"""What a published wheel must be: check_wheel.py WHEEL…

One wheel for Python 3.10 and later, with a tag that names the oldest glibc it runs on; every file of the package; `dl` executable;
SQLite from the system and no copy of it; every other library inside, reached by $ORIGIN, named in NOTICE and with its
licence; nothing to debug with.
"""

import io
import re
import sys
import zipfile
from pathlib import Path

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "dl_datalake"
TAG = re.compile(r"-cp310-abi3-(manylinux_2_\d+_\w+|macosx_\w+|win_\w+)\.whl$")
EXTENSION = "dl_datalake/_native.abi3.so"
PROGRAM = "dl_datalake/bin/dl"
SQLITE = "libsqlite3.so.0"
# How NOTICE calls what comes as lib<key>.
CALLED = {"bz2": "bzip2", "crypto": "OpenSSL", "snappy": "Snappy", "zip": "libzip", "zstd": "Zstandard"}
# Of which every Linux has one, as the tag says.
OF_THE_SYSTEM = re.compile(
    r"^(lib(c|m|z|dl|rt|pthread|gcc_s|stdc\+\+)|ld-linux[-a-z0-9]*)\.so\.\d+$|^" + re.escape(SQLITE)
)


def dynamic(elf: ELFFile) -> tuple[list[str], list[str]]:
    """The libraries that a file needs and the folders it looks for them in."""
    section = elf.get_section_by_name(".dynamic")
    tags = list(section.iter_tags())
    needed = [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
    paths = [getattr(tag, "runpath", "") or getattr(tag, "rpath", "") for tag in tags]
    return needed, [folder for path in paths if path for folder in path.split(":")]


def check_elf(name: str, content: bytes, inside: set[str]) -> list[str]:
    elf = ELFFile(io.BytesIO(content))
    needed, paths = dynamic(elf)
    faults = [f"{name} needs {library}, which is neither inside nor part of every system"
              for library in needed if library not in inside and not OF_THE_SYSTEM.match(library)]  # fmt: skip
    faults += [f"{name} looks for libraries in {path}" for path in paths if not path.startswith("$ORIGIN")]
    if name in (EXTENSION, PROGRAM):
        if SQLITE not in needed:
            faults.append(f"{name} does not need the system's {SQLITE}")
        if elf.get_section_by_name(".symtab") or elf.get_section_by_name(".debug_info"):
            faults.append(f"{name} is not stripped")
    return faults


def check_libraries(names: list[str]) -> list[str]:
    notice = (ROOT / "NOTICE").read_text()
    faults = []
    for name in names:
        short = re.sub(r"^.*/lib([a-z0-9]+)[-.].*$", r"\1", name)
        if "sqlite" in name:
            faults.append(f"{name} is a copy of SQLite")
        elif CALLED.get(short, "?") not in notice:
            faults.append(f"{name} is not named in NOTICE")
    return faults


def expected_files() -> set[str]:
    sources = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".pyi", ".typed")]
    return {f"dl_datalake/{path.relative_to(PACKAGE).as_posix()}" for path in sources} | {EXTENSION, PROGRAM}


def check_wheel(path: Path) -> list[str]:
    faults = (
        []
        if TAG.search(path.name)
        else [f"{path.name} is not for all of Python 3.10 and later, or for this machine only"]
    )
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        libraries = [name for name in names if ".libs/" in name and not name.endswith("/")]
        faults += [f"{name} is missing" for name in sorted(expected_files() - names)]
        faults += check_libraries(libraries)
        inside = {name.rsplit("/", 1)[1] for name in libraries}
        for name in sorted({EXTENSION, PROGRAM, *libraries} & names):
            faults += check_elf(name, wheel.read(name), inside)
        if PROGRAM in names and not wheel.getinfo(PROGRAM).external_attr >> 16 & 0o100:
            faults.append(f"{PROGRAM} is not executable")
        licences = [name for name in names if "/licenses/libraries/" in name]
        if len(licences) < len(libraries):
            faults.append(f"{len(libraries)} libraries, but the licences of {len(licences)}")
    return faults


if __name__ == "__main__":
    found = [fault for wheel in sys.argv[1:] for fault in check_wheel(Path(wheel))]
    for fault in found:
        print(f"check_wheel: {fault}", file=sys.stderr)
    if found or len(sys.argv) < 2:
        sys.exit(1)
    print("check_wheel: ok")
