#!/usr/bin/env python3
"""Finds calls that have no place here: tools/check_banned.py [tree].

A row of the table says why, where the functions are at home nevertheless (paths that begin so), and which they are.
Members (ops->open) and function pointers are not calls of these functions.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

from sources import c_files, code_of, report, root_argument


class Rule(NamedTuple):
    reason: str
    homes: tuple[str, ...]
    functions: str


FRONT_ENDS = ("src/cli/", "src/server/", "src/python/")

RULES = [
    Rule(
        "does not know the size of its target",
        (),
        "gets stpcpy strcat strcpy sprintf vsprintf scanf sscanf fscanf vsscanf wcscpy wcscat",
    ),
    Rule("leaves text unterminated, or fills it up", (), "strncat strncpy stpncpy"),
    Rule(
        "keeps state between calls, so threads disturb each other",
        (),
        "asctime ctime gmtime localtime rand srand random srandom drand48 strtok readdir_r tmpnam",
    ),
    Rule(
        "knows the machine's zone or locale",
        (),
        "asctime_r ctime_r gmtime_r localtime_r mktime timegm timelocal tzset setlocale strcoll strftime strxfrm wcsftime",
    ),
    Rule("is not safe in threads; strerror_r is", FRONT_ENDS, "strerror"),
    Rule("cannot tell a wrong number from 0", (), "atof atoi atol atoll"),
    Rule("reads numbers by the locale", ("src/io/number.c",), "strtod strtof strtold strtod_l strtof_l newlocale"),
    Rule(
        "accepts blanks, signs and overflow",
        ("src/io/number.c",),
        "strtoimax strtol strtoll strtoul strtoull strtoumax",
    ),
    Rule("takes memory from the stack without a limit", (), "alloca"),
    Rule("races with other programs", (), "access mktemp tempnam"),
    Rule("starts a shell", (), "popen system"),
    Rule("behaves differently from system to system; sigaction does not", (), "signal"),
    Rule(
        "the library does not print",
        FRONT_ENDS,
        "printf vprintf fprintf vfprintf dprintf puts putchar putc fputs fputc fwrite perror",
    ),
    Rule("the library does not end the program", FRONT_ENDS, "abort exit _exit _Exit quick_exit atexit"),
    Rule("the library takes its settings from its caller", FRONT_ENDS, "getenv secure_getenv setenv putenv unsetenv"),
    Rule(
        "memory comes from base/memory.h, base/arena.h or base/buffer.h",
        (*FRONT_ENDS, "src/base/memory"),
        "aligned_alloc calloc free malloc memalign posix_memalign realloc reallocarray strdup strndup asprintf "
        "vasprintf getline",
    ),
    Rule(
        "files are reached through io/io.h",
        (*FRONT_ENDS, "src/io/"),
        "fopen freopen fdopen fclose fread remove rename open openat creat unlink mkdir rmdir opendir readdir stat lstat "
        "fstat fsync fdatasync truncate ftruncate flock lockf",
    ),
    Rule(
        "clocks and random bytes are reached through io/io.h",
        (*FRONT_ENDS, "src/io/"),
        "time clock clock_gettime gettimeofday nanosleep getrandom",
    ),
]

_CALL = re.compile(r"(?<![\w.>*])([A-Za-z_]\w*)\s*\(")
_POSTPONED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def reasons_for(file: str) -> dict[str, str]:
    """Function -> reason, of the rules that hold in a file."""
    return {
        function: rule.reason
        for rule in RULES
        if not any(file.startswith(home) for home in rule.homes)
        for function in rule.functions.split()
    }


def check_file(path: Path, file: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    code = code_of(text)
    banned = reasons_for(file)
    problems = []
    for match in _CALL.finditer(code):
        if match.group(1) in banned:
            line = code.count("\n", 0, match.start()) + 1
            problems.append(f"{file}:{line}: {match.group(1)}: {banned[match.group(1)]}")
    for match in _POSTPONED.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        problems.append(f"{file}:{line}: {match.group()}: do it now, or leave it out")
    return problems


def main() -> int:
    root = root_argument()
    files = c_files(root, "src", "include")
    problems = [p for path in files for p in check_file(path, path.relative_to(root).as_posix())]
    return report(problems, "banned functions")


if __name__ == "__main__":
    sys.exit(main())
