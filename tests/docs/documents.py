"""The documents of the repository, cut into the blocks that a reader would type."""

import re
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "include", "src", "tests", "fuzz", "bench", "tools")

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    line: int
    language: str
    text: str
    output: str  # of the ```text block that follows at once, or ""


def documents() -> list[Path]:
    """README.md, CONTRIBUTING.md, and every document in the folders."""
    top = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return top + sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks_of(text: str) -> list[Block]:
    fences = list(_FENCE.finditer(text))
    blocks = []
    for fence, following in zip_longest(fences, fences[1:]):
        adjacent = following and following.group(1) == "text" and not text[fence.end() : following.start()].strip()
        line = text.count("\n", 0, fence.start()) + 2
        blocks.append(Block(line, fence.group(1), fence.group(2), following.group(2) if adjacent else ""))
    return blocks


def commands_of(block: str) -> list[str]:
    """The command lines of a shell block: comments and blank lines left out, continued lines joined."""
    lines = re.sub(r"\\\n\s*", "", block).splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
