"""Help: on every command, with examples that work."""

import re
import shlex
import subprocess

import pytest
from dl_runner import Runner, bars_csv

COMMANDS = [
    *["init", "ingest", "list", "read", "aggregate", "delete", "undo", "log", "snapshot"],
    *["verify", "gaps", "explain", "maintenance", "backup", "restore", "version", "help"],
]


def examples_of(text: str) -> list[str]:
    return re.findall(r"^  (dl .*)$", text.split("Examples:")[1], re.MULTILINE)


def test_overview_lists_every_command(dl: Runner) -> None:
    text = dl("--help").ok().out
    listed = re.findall(r"^  (\w+)  ", text.split("Commands:")[1].split("Options")[0], re.MULTILINE)
    assert listed == COMMANDS
    assert dl("help").out == dl("-h").out == text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(dl: Runner, command: str) -> None:
    text = dl(command, "--help").ok().out
    assert text.startswith(f"Usage: dl {command}")
    assert examples_of(text)
    assert dl("help", command).out == text
    assert dl(command, "-h").out == text
    assert max(len(line) for line in text.splitlines()) <= 112


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_run(lake: Runner, command: str) -> None:
    (lake.directory / "btc_1m_2.csv").write_text(bars_csv(100, first_ms=1_612_051_200_000))
    (lake.directory / "elsewhere").mkdir()
    for line in examples_of(lake("help", command).out):
        line = line.replace("/tmp/lake", str(lake.directory / "elsewhere"))
        words = line.split(" | ")[0]
        done = lake(*shlex.split(words)[1:])
        assert done.status == 0, (line, done)


def test_help_needs_no_required_options_and_no_lake(dl: Runner) -> None:
    assert dl("read", "--help").status == 0
    assert dl("read", "--help", "--symbol", "X").status == 0


def test_help_of_a_command_there_is_not(dl: Runner) -> None:
    assert dl("help", "raed").error(2) == "unknown command 'raed'; did you mean 'read'? see 'dl --help'"


def test_help_names_every_option_that_is_understood(dl: Runner) -> None:
    """What help prints is the table the parser works by: each option is taken, if only to ask for its value."""
    for command in COMMANDS:
        text = dl("help", command).out
        for option, argument in re.findall(r"^  --([\w-]+) ?(\S*)", text, re.MULTILINE):
            done = dl(command, f"--{option}")
            assert "unknown option" not in done.err, option
            assert ("needs a value" in done.err) == bool(argument.isupper() or "|" in argument or "," in argument), (
                option
            )


def test_version(dl: Runner) -> None:
    assert re.fullmatch(r"dl \d+\.\d+\.\d+\n", dl("version").ok().out)
    assert dl("--version").out == dl("version").out == dl("read", "--version").out
    assert re.fullmatch(r"\d+\.\d+\.\d+", dl("version", "--json").json["version"])


def test_a_program_without_a_name(dl: Runner) -> None:
    """An empty argument vector is no reason to fall over."""
    done = subprocess.run([""], executable=dl.program, capture_output=True, timeout=60)
    assert done.returncode == 2
