"""Ctrl-C, termination, and readers that go away."""

import signal
import subprocess
from pathlib import Path

import pytest
from dl_runner import TIMEOUT, Runner, bars_csv, day_files

READ = ["read", "--exchange", "x", "--symbol", "y"]
INGEST = ["ingest", "--source", "big.csv", "--exchange", "x", "--symbol", "y"]


@pytest.fixture(scope="module")
def big_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two million bars: they take a while."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    header, rows = bars_csv(50_000).split("\n", 1)
    with path.open("w") as file:
        file.write(header + "\n")
        for i in range(40):
            file.write("".join(shifted(rows, i * 50_000 * 60_000)))
    return path


@pytest.fixture
def big(dl: Runner, big_csv: Path) -> Runner:
    """A lake without data, with those bars at hand."""
    (dl.directory / "big.csv").symlink_to(big_csv)
    dl("init").ok()
    return dl


def shifted(rows: str, by_ms: int) -> list[str]:
    return [f"{int(line[:13]) + by_ms}{line[13:]}\n" for line in rows.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_during_an_ingest_commits_nothing(big: Runner, number: signal.Signals) -> None:
    process = big.start(*INGEST, "--progress", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith(b"ingesting: ")
    process.send_signal(number)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().splitlines()[-1] == "dl: interrupted; nothing was committed, the lake is as it was"
    assert big("list", "--json").ok().json == []
    assert day_files(big.directory) == []
    big("verify").ok()


def test_what_was_interrupted_can_be_done_again(big: Runner) -> None:
    process = big.start(*INGEST, "--progress", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=TIMEOUT)
    assert "read: 2000000\nnew: 2000000\n" in big(*INGEST).ok().out
    big("verify").ok()


def test_an_interrupt_as_json(big: Runner) -> None:
    process = big.start(*INGEST, "--progress", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert '{"error":{"code":"cancelled"' in err.decode()


def test_ctrl_c_while_a_reader_is_slow(lake: Runner) -> None:
    """The pipe is full and nobody reads: the write that waits must end too."""
    process = lake.start(
        "read", "--exchange", "binance", "--symbol", "BTCUSDT", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.read(1)
    while b"pipe" not in wait_channel(process.pid):
        assert process.poll() is None, "all rows fit into the pipe"
    process.send_signal(signal.SIGINT)
    process.wait(timeout=TIMEOUT)
    assert process.returncode == 130
    process.communicate()


def wait_channel(pid: int) -> bytes:
    """What the process waits for; where the kernel does not tell, sleeping is taken for waiting on the pipe."""
    with open(f"/proc/{pid}/wchan", "rb") as file:  # noqa: PTH123
        channel = file.read()
    if channel not in (b"", b"0"):
        return channel
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
        return b"pipe" if file.read().rsplit(b")", 1)[1].split()[0] == b"S" else b""


def test_a_reader_that_goes_away_is_no_error(lake: Runner) -> None:
    for options in ([], ["--json"], ["--format", "ndjson"], ["--format", "parquet"], ["--format", "table"]):
        process = lake.start(
            "read",
            "--exchange",
            "binance",
            "--symbol",
            "BTCUSDT",
            *options,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=TIMEOUT) == 0


def test_through_head(lake: Runner) -> None:
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" read --exchange binance --symbol BTCUSDT | head -n 2', lake.program],
        cwd=lake.directory,
        env=lake.environment(),
        capture_output=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("close", [">&-", "2>&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_closed_ends(lake: Runner, close: str) -> None:
    """Started without some of its ends, as services do: what it says must not go into a file of the lake instead."""
    script = f'"$0" ingest --source btc_1m.csv --exchange binance --symbol ETHUSDT --progress {close}'
    subprocess.run(["bash", "-c", script, lake.program], cwd=lake.directory, env=lake.environment(), timeout=TIMEOUT)
    said = (b"ingesting: ", b"dataset: ", b"dl: ")
    for path in lake.directory.rglob("*"):
        assert not path.is_file() or not any(words in path.read_bytes() for words in said), path
    lake("verify").ok()


def test_a_closed_standard_output_is_an_error(lake: Runner) -> None:
    script = '"$0" read --exchange binance --symbol BTCUSDT --limit 1 >&-'
    done = subprocess.run(
        ["bash", "-c", script, lake.program], cwd=lake.directory, env=lake.environment(), capture_output=True
    )
    assert done.returncode == 1
    assert done.stderr == b"dl: cannot write standard output: Bad file descriptor\n"
