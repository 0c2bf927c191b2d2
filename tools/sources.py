"""What the checks share: the C files of a tree, and their text without comments and literals."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_NOT_CODE = re.compile(
    r"""/\*.*?\*/                # a comment
      | //[^\n]*
      | "(?:\\.|[^"\\\n])*"      # a string
      | '(?:\\.|[^'\\\n])*'      # a character""",
    re.DOTALL | re.VERBOSE,
)


def c_files(root: Path, *folders: str) -> list[Path]:
    """The .c and .h files under the folders of a tree, in a fixed order."""
    return sorted(path for folder in folders for path in (root / folder).rglob("*.[ch]"))


def code_of(text: str) -> str:
    """The text with comments, strings and characters blanked out; lines and columns stay where they are."""
    return _NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def report(problems: Iterable[str], what: str) -> int:
    """Prints each problem and returns the exit status."""
    problems = list(problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{what}: {len(problems)} problem(s)" if problems else f"{what}: ok")
    return 1 if problems else 0


def root_argument() -> Path:
    """The tree to check: the first argument, else this repository."""
    return Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
