"""`python -m dl_datalake.cli` and the script `dl` are the program: the same bytes, the same exit status, the same signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from interpreters import environment, make_environment

N_ROWS = 6000
FIRST_MS = 1_704_067_200_000
READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]
Argument = str | bytes

CASES: list[list[Argument]] = [
    [],
    ["--help"],
    ["help", "ingest"],
    ["version"],
    ["version", "--json"],
    ["no-such-command"],
    ["read"],
    ["list"],
    ["list", "--json"],
    ["list", "--files"],
    [*READ, "--limit", "3"],
    [*READ, "--limit", "3", "--format", "json"],
    [*READ, "--format", "parquet"],
    [*READ, "--start", "2024-01-02", "--end", "2024-01-01"],
    ["read", "--exchange", "binance", "--symbol", "BTCUSD"],
    ["gaps", "--json"],
    ["verify"],
    ["delete", "--symbol", "BTCUSDT", "--dry-run"],
    # Odd ones.
    [""],
    ["", ""],
    ["--"],
    ["-"],
    ["--", "list"],
    ["-m", "dl_datalake.cli"],
    ["-c", "print(1)"],
    ["--version"],
    ["list", "--symbol", ""],
    ["list", "--symbol", "a\nb\tc"],
    ["list", "--symbol", "ünï'\"$(x)`*?"],
    ["list", "--symbol", b"\xff\xfe\x80"],
    [b"\xc3("],
    ["list", "--symbol", "x" * 100_000],
    ["list", "--data-root", "-X"],
]


@dataclass
class Way:
    """One way to start it."""

    start: list[str]
    directory: Path

    def popen(
        self, *arguments: Argument, env: dict[str, str] | None = None, **options: Any
    ) -> "subprocess.Popen[bytes]":
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(
            [*self.start, *arguments], cwd=self.directory, env=environment(**(env or {})), **options
        )

    def __call__(self, *arguments: Argument, given: bytes | None = None, **options: Any) -> tuple[int, bytes, bytes]:
        if given is not None:
            options["stdin"] = subprocess.PIPE
        process = self.popen(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        out, err = process.communicate(given, timeout=120)
        return process.returncode, out, err


def bars() -> bytes:
    rows = (
        f"{FIRST_MS + i * 60_000},{100 + i % 97},{103 + i % 97},{98 + i % 97},{101 + i % 97},{i % 89}"
        for i in range(N_ROWS)
    )
    return "\n".join(["timestamp,open,high,low,close,volume", *rows, ""]).encode()


@pytest.fixture(scope="module")
def lake(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lake")
    (directory / "btc.csv").write_bytes(bars())
    subprocess.run(
        [program, "ingest", "--source", "btc.csv", "--exchange", "BINANCE", "--symbol", "BTCUSDT"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    return directory


@pytest.fixture(scope="module")
def direct(program: Path, lake: Path) -> Way:
    """The C program, under the name that a shell would give it."""
    return Way([str(program)], lake)


@pytest.fixture(scope="module", params=["module", "script"])
def packaged(request: pytest.FixtureRequest, bare: Path, lake: Path) -> Way:
    return Way([str(bare), "-m", "dl_datalake.cli"] if request.param == "module" else [str(bare.with_name("dl"))], lake)


@pytest.mark.parametrize("arguments", CASES, ids=lambda arguments: ascii(arguments)[1:-1][:60])
def test_says_and_returns_the_same(direct: Way, packaged: Way, arguments: list[Argument]) -> None:
    expected = direct(*arguments)
    assert expected[0] in (0, 1, 2, 3)
    assert packaged(*arguments) == expected


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "C.UTF-8"},
        {"TZ": "America/St_Johns"},
        {"PYTHONIOENCODING": "utf-16"},
        {"DL_DATA_ROOT": "elsewhere/data", "DL_DB_PATH": "elsewhere/manifest.db"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_in_any_environment(direct: Way, packaged: Way, env: dict[str, str]) -> None:
    for arguments in ([*READ, "--limit", "2"], ["list", "--symbol", b"\xff"], ["list", "--symbol", "é"]):
        assert packaged(*arguments, env=env) == direct(*arguments, env=env)


def test_standard_input_is_its_own(packaged: Way, direct: Way, tmp_path: Path) -> None:
    """All of it, byte for byte: no part is kept back in a buffer of the interpreter."""
    for name, way in (("packaged", packaged), ("direct", direct)):
        (tmp_path / name).mkdir()
        there = Way(way.start, tmp_path / name)
        status, _, err = there("ingest", "--source", "-", "--exchange", "BINANCE", "--symbol", "BTCUSDT", given=bars())
        assert status == 0, err
    read = [Way(way.start, tmp_path / name)(*READ) for name, way in (("packaged", packaged), ("direct", direct))]
    assert read[0] == read[1]
    assert read[0][1].count(b"\n") == N_ROWS + 1


def test_a_file_in_the_way_is_not_imported(packaged: Way, direct: Way, tmp_path: Path) -> None:
    """`python -m` looks into the working directory first, where a quant may keep a signal.py."""
    for name in ("signal", "subprocess", "typing", "enum"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported ' + __name__)\n")
    assert Way(packaged.start, tmp_path)("version") == Way(direct.start, tmp_path)("version")


def follow(packaged: Way, number: signal.Signals) -> int:
    """Sends a signal to a reader that waits for its pipe to be emptied; tells how it ended."""
    process = packaged.popen(*READ, "--format", "ndjson", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.read(1) == b"{"  # the program is running now, not the interpreter
    process.send_signal(number)
    process.wait(timeout=60)
    process.stdout.close()
    return process.returncode


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_signals(packaged: Way, direct: Way, number: signal.Signals, status: int) -> None:
    assert follow(packaged, number) == follow(direct, number) == status


def test_a_reader_that_goes_away(packaged: Way) -> None:
    process = packaged.popen(*READ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0


def test_the_process_is_replaced(packaged: Way) -> None:
    """No interpreter stays behind it: the same process id, no child."""
    process = packaged.popen(*READ, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read(1)
    assert Path(f"/proc/{process.pid}/exe").resolve().name == "dl"
    process.kill()
    process.communicate()


@pytest.fixture
def ignored(request: pytest.FixtureRequest) -> Callable[[], None]:
    return lambda: signal.signal(request.param, signal.SIG_IGN) and None


@pytest.mark.parametrize("ignored", [signal.SIGINT, signal.SIGHUP], indirect=True, ids=lambda number: number.name)
def test_what_the_caller_ignores_stays_ignored(packaged: Way, direct: Way, ignored: Callable[[], None]) -> None:
    """As nohup does."""
    statuses = {}
    for name, way in (("packaged", packaged), ("direct", direct)):
        process = way.popen(*READ, stdout=subprocess.PIPE, preexec_fn=ignored)
        assert process.stdout is not None
        process.stdout.read(1)
        statuses[name] = [
            line
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if line[:6] in ("SigIgn", "SigBlk")
        ]
        process.kill()
        process.communicate()
    assert statuses["packaged"] == statuses["direct"]


def test_open_files_pass(packaged: Way, lake: Path) -> None:
    """`--source /dev/fd/N`, as a shell gives it for <(…)."""
    with (lake / "btc.csv").open("rb") as file:
        passed = [file.fileno()]
        status, out, err = packaged(
            "ingest", "--source", f"/dev/fd/{passed[0]}", *READ[1:], "--dry-run", pass_fds=passed
        )
    assert status == 0, err
    assert f"equal: {N_ROWS}" in out.decode()


def test_where_the_program_is_missing(wheel: Path, tmp_path: Path) -> None:
    """A damaged installation is an error of one line, not a traceback."""
    python = make_environment(Path(sys.executable), tmp_path / "venv", wheel)
    found = subprocess.run(
        [python, "-c", "from dl_datalake.cli import program; print(program())"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.unlink(found.stdout.strip())  # noqa: PTH108
    done = subprocess.run([python, "-m", "dl_datalake.cli", "list"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("dl: ")
    assert done.stderr.count("\n") == 1
    assert "pip install" in done.stderr
