"""Every command line and every example in Python and C in the documents runs as printed, and prints what is printed under it.

A document's blocks run in its order, in one directory of its own that holds the files the documents speak of, those in Python
in one interpreter. What cannot run inside this test stands in NOT_RUN, with the reason and with a check that what it names exists.
"""

import contextlib
import fcntl
import gzip
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks_of, commands_of, documents, name_of
from samples import write_samples
from sessions import Session

LIBRARY = Path(os.environ.get("LAKE_LIB", ROOT / "build/release/libdatalake.so")).resolve()
DL = Path(os.environ.get("LAKE_DL", ROOT / "build/release/dl")).resolve()
TIMEOUT_S = 120

# ---- what is not run, and why ----


def check_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    variables = re.findall(r"^([A-Z]+) =", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for word in words[1:]:
        name, _, value = word.partition("=")
        assert name in (variables if value else targets), f"the Makefile does not know {word}"


def check_preset(words: list[str]) -> None:
    presets = json.loads((ROOT / "CMakePresets.json").read_text("utf-8"))
    kind = {"cmake": "buildPresets" if "--build" in words else "configurePresets", "ctest": "testPresets"}[words[0]]
    name = words[words.index("--preset") + 1]
    assert name in [preset["name"] for preset in presets[kind]], f"there is no such preset: {name}"
    if "-R" in words:
        pattern = words[words.index("-R") + 1]
        assert any(re.search(pattern, test) for test in program_names()), f"no test is called {pattern}"


def program_names() -> list[str]:
    """The names of the C tests and of the replays of fuzz targets, which are those of their files."""
    tests = [path.stem for path in (ROOT / "tests").rglob("test_*.c")]
    return tests + [f"fuzz_replay_{path.stem}" for path in (ROOT / "fuzz").glob("fuzz_*.c")]


def check_paths(words: list[str]) -> None:
    for word in words:
        path = word.split("::")[0]
        if "/" in path and not path.startswith("build/"):
            assert (ROOT / path).exists(), f"{path} is not there"


def check_packages(words: list[str]) -> None:
    setup = (ROOT / "tools/setup.sh").read_text("utf-8")
    for word in words[words.index("install") + 1 :]:
        assert word.startswith("-") or re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", setup), (
            f"{word}: not in setup.sh"
        )


def check_extras(words: list[str]) -> None:
    """Files are there, and extras are those of the package."""
    for word in words[2:]:
        extras = re.search(r"\[(.*)\]", word)
        for extra in extras.group(1).split(",") if extras else ():
            named = re.search(rf"^{re.escape(extra)} = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
            assert named, f"{extra}: no extra of pyproject.toml"
        assert not word.endswith(".txt") or (ROOT / word).is_file(), f"{word} is not there"


def check_nothing(words: list[str]) -> None:
    assert words


# Beginning of a command -> (why it is not run, how what it names is checked).
NOT_RUN = {
    "make ": ("would build the tree or run this test again", check_make),
    "cmake --": ("would build the tree again", check_preset),
    "ctest --": ("make test has run it before this test", check_preset),
    "build/venv/bin/python -m pytest": ("would run this test again", check_paths),
    "build/venv/bin/python fuzz/": ("writes into the tree", check_paths),
    "build/venv/bin/python tools/": ("writes into the tree", check_paths),
    "build/venv/bin/python tests/docs/": ("writes into the tree", check_paths),
    "build/venv/bin/python tests/power/": ("cuts the power for minutes", check_paths),
    "bench/run.sh": ("measures for minutes", check_paths),
    "tools/": ("part of make check and make test", check_paths),
    "pip install ": ("would install the package again; tests/package does", check_extras),
    "git clone ": ("needs the network", check_nothing),
    "cd dl-datalake": ("goes with git clone", check_nothing),
    "sudo apt-get install ": ("needs root and the network", check_packages),
    "brew install ": ("another system", check_packages),
    "vcpkg install": ("another system", check_nothing),
}


def not_run(command: str) -> bool:
    """Whether a command is one that is not run; then what it names has been checked."""
    command = re.sub(r"^(?:[A-Z_]+=\S*\s+)+", "", command)
    for beginning, (_, check) in NOT_RUN.items():
        if f"{command} ".startswith(beginning):
            check(shlex.split(command, comments=True))
            return True
    return False


# ---- the files that documents speak of ----


def bars(days: int) -> str:
    command = ["awk", "-f", ROOT / "tools/demo_bars.awk", "-v", f"days={days}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_files(directory: Path) -> None:
    week = bars(7)
    (directory / "btc_1m.csv").write_text(week, encoding="utf-8")
    (directory / "BTCUSDT-1m-2024-01.csv").write_text(week, encoding="utf-8")
    with gzip.open(directory / "btc_1m.csv.gz", "wt", encoding="utf-8") as file:
        file.write(week)
    write_samples(directory)


# ---- running ----


def environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DL_", "LAKE_"))}
    path = os.pathsep.join([str(DL.parent), str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {"PATH": path, "HOME": str(directory), "NO_COLOR": "1"}


def terminal_output(command: list[str], directory: Path) -> tuple[int, str]:
    """Exit status and output of a command that a person types: what it prints goes to a terminal, its notes follow."""
    master, terminal = pty.openpty()
    tty.setraw(terminal)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 50, 160, 0, 0))
    with tempfile.TemporaryFile() as notes:
        process = subprocess.Popen(
            command, cwd=directory, env=environment(directory), stdin=subprocess.DEVNULL, stdout=terminal, stderr=notes
        )
        os.close(terminal)
        printed = b""
        with contextlib.suppress(OSError):  # the end of a terminal reads as an error
            while chunk := os.read(master, 65536):
                printed += chunk
        os.close(master)
        status = process.wait(TIMEOUT_S)
        notes.seek(0)
        return status, (printed + notes.read()).decode("utf-8")


def run(command: list[str], directory: Path, where: str) -> str:
    status, output = terminal_output(command, directory)
    assert status == 0, f"{where}: {command[-1]}: exit status {status}\n{output}"
    return output


def run_c(program: str, directory: Path, where: str) -> str:
    (directory / "example.c").write_text(program, encoding="utf-8")
    include, library = ROOT / "include", LIBRARY.parent
    compile_it = f"cc -std=c11 -Wall -Wextra -Werror -I {include} -o example example.c {LIBRARY} -Wl,-rpath,{library}"
    run(["bash", "-c", compile_it], directory, where)
    return run(["./example"], directory, where)


def masked(line: str) -> str:
    """A line of output without what differs from run to run: figures, names made of random digits, widths."""
    line = re.sub(r"\b[0-9a-f]{8,}\b", "0", line.strip())
    line = re.sub(r"\d[\d,.]*", "0", line)
    line = re.sub(r"\b0 (?:k|K|M|G)?i?B\b", "0 B", line)
    return re.sub(r"\s+|[-─]{3,}", " ", line)


def check_output(printed: str, shown: str, where: str) -> None:
    """The lines shown appear in the output in their order; a line of … stands for any lines."""
    lines = [masked(line) for line in printed.splitlines()]
    position = 0
    for line in shown.splitlines():
        if not line.strip() or line.strip() == "…":
            continue
        wanted = masked(line)
        assert wanted in lines[position:], f"{where}: not in the output: {line}\n--- output:\n{printed}"
        position = lines.index(wanted, position) + 1


def run_python(session: Session, block: Block, where: str) -> None:
    """What it prints is compared as it stands: its figures are of made-up rows, which are the same everywhere."""
    answer = session.run(block.text, where)
    assert not answer.failed, f"{where}: {answer.failed}\n{answer.printed}"
    if block.output:
        missing = missing_line(answer.printed, block.output)
        assert missing is None, f"{where}: not in the output: {missing}\n--- output:\n{answer.printed}"


def missing_line(printed: str, shown: str) -> str | None:
    """The first line shown that does not appear in its order; … stands for any text, and alone on a line for any lines."""
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    position = 0
    for line in shown.splitlines():
        wanted = " ".join(line.split())
        if wanted in ("", "…"):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("…")))
        found = next((i for i in range(position, len(lines)) if pattern.fullmatch(lines[i])), None)
        if found is None:
            return line
        position = found + 1
    return None


def run_block(block: Block, directory: Path, where: str, session: Session) -> None:
    printed = ""
    if block.language in ("bash", "sh"):
        for command in commands_of(block.text):
            if not not_run(command):
                printed += run(["bash", "-euo", "pipefail", "-c", command], directory, where)
    elif block.language == "python":
        run_python(session, block, where)
    elif block.language == "toml":  # as a reader would keep it, for the commands that follow
        (directory / "dl.toml").write_text(block.text, encoding="utf-8")
    elif block.language == "c" and "int main(" in block.text:
        printed = run_c(block.text, directory, where)
    if block.output and printed:
        check_output(printed, block.output, where)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    started = Session(tmp_path, environment(tmp_path))
    yield started
    started.close()


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_the_commands_of(document: Path, tmp_path: Path, session: Session) -> None:
    make_files(tmp_path)
    for block in blocks_of(document.read_text("utf-8")):
        run_block(block, tmp_path, f"{name_of(document)}:{block.line}", session)


# ---- this test itself ----


def test_dl_is_there() -> None:
    assert shutil.which("dl", path=str(DL.parent)), f"{DL} is not built (make build)"


def test_commands_are_found() -> None:
    text = "a\n```bash\n# no\ndl init\ndl ingest \\\n    --source x\n```\n\n```text\nmade\n```\n```python\nx = 1\n```\n"
    first, _, last = blocks_of(text)
    assert commands_of(first.text) == ["dl init", "dl ingest --source x"]
    assert (first.line, first.output) == (3, "made\n")
    assert (last.language, last.text, last.output) == ("python", "x = 1\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "make nothing",
        "make demo COLOUR=red",
        "cmake --preset nothing",
        "ctest --preset dev -R test_nothing_at_all",
        "build/venv/bin/python -m pytest tests/nothing",
        "sudo apt-get install -y cowsay",
    ],
)
def test_what_is_not_run_is_still_checked(command: str) -> None:
    with pytest.raises(AssertionError):
        not_run(command)


def test_settings_hold_for_the_commands_that_follow(tmp_path: Path, session: Session) -> None:
    run_block(Block(3, "toml", "[history]\nkeep_log = 'many'\n", ""), tmp_path, "x.md:3", session)
    with pytest.raises(AssertionError, match=r"dl\.toml:2: "):
        run_block(Block(7, "bash", "dl list\n", ""), tmp_path, "x.md:7", session)


def test_every_key_of_the_settings_is_explained() -> None:
    keys = re.findall(r'^    \{"\w*", "(\w+)", VALUE_', (ROOT / "src/lake/config.c").read_text("utf-8"), re.MULTILINE)
    blocks = blocks_of((ROOT / "docs/MAINTENANCE.md").read_text("utf-8"))
    shown = "".join(block.text for block in blocks if block.language == "toml")
    assert len(keys) > 5
    assert re.findall(r"^(\w+) = ", shown, re.MULTILINE) == keys


def test_a_failing_command_fails(tmp_path: Path, session: Session) -> None:
    with pytest.raises(AssertionError, match=r"x\.md:3: dl no-such-command: exit status"):
        run_block(Block(3, "bash", "dl no-such-command\n", ""), tmp_path, "x.md:3", session)


def test_other_output_fails(tmp_path: Path, session: Session) -> None:
    run_block(Block(3, "bash", "printf 'rows 10\\nfiles 7\\n'\n", "rows  12,345\n"), tmp_path, "x.md:3", session)
    with pytest.raises(AssertionError, match="not in the output: files"):
        run_block(
            Block(3, "bash", "printf 'files 7\\nrows 10\\n'\n", "rows 10\nfiles 7\n"), tmp_path, "x.md:3", session
        )


def test_blocks_of_python_share_an_interpreter(tmp_path: Path, session: Session) -> None:
    run_block(Block(3, "python", "x = 41\n", ""), tmp_path, "x.md:3", session)
    run_block(Block(7, "python", "print(x + 1, 'of', 1.25)\n", "42 of …\n"), tmp_path, "x.md:7", session)
    with pytest.raises(AssertionError, match="not in the output: 43"):
        run_block(Block(9, "python", "print(x + 1)\n", "43\n"), tmp_path, "x.md:9", session)
    with pytest.raises(AssertionError, match=r'(?s)x\.md:12: Traceback.*File "x\.md:12", line 2.*ZeroDivisionError'):
        run_block(Block(12, "python", "print(x)\n1 / 0\n", ""), tmp_path, "x.md:12", session)


def test_every_option_of_ingest_is_explained() -> None:
    text = (ROOT / "docs/INGEST.md").read_text("utf-8")
    options = re.findall(r'^    \{"([a-z-]+)", ', (ROOT / "src/cli/command_ingest.c").read_text("utf-8"), re.MULTILINE)
    assert len(options) > 15
    assert [name for name in options if not re.search(rf"--{name}\b", text)] == []
