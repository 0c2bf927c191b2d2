"""What a lake looks like as text and in a notebook, and how progress shows."""

import os
import pty
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from dl_datalake import DataLakeClient, ParquetWriter, _display, _progress

START = 1_767_225_600_000


def bars(times: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {"ts": times, **{name: [1.0] * len(times) for name in ("open", "high", "low", "close", "volume")}}
    )


@pytest.fixture
def client(tmp_path: Path) -> DataLakeClient:
    return DataLakeClient(tmp_path / "data", tmp_path / "manifest.db")


def text_of(html: str) -> str:
    class Text(HTMLParser):
        text = ""

        def handle_data(self, data: str) -> None:
            self.text += data + "|"

    parser = Text()
    parser.feed(html)
    return parser.text


def test_repr_is_one_line_and_opens_nothing(client: DataLakeClient) -> None:
    assert repr(client).endswith("no lake yet>")
    assert not Path(client.db_path).exists()
    list(ParquetWriter(client.data_root).write_ohlc(bars([START, START + 60_000]), "BINANCE", "SPOT", "ETHUSDT"))
    assert repr(client).endswith("1 dataset, 2 rows>")
    assert "\n" not in repr(client)


def test_repr_never_fails(client: DataLakeClient) -> None:
    Path(client.db_path).write_bytes(b"this is no manifest" * 100)
    assert repr(client).startswith("<DataLakeClient ")
    assert client._repr_html_().startswith("<div>")


def test_html_shows_datasets_with_their_coverage(client: DataLakeClient) -> None:
    times = [START + i * 60_000 for i in range(100) if i not in (10, 11, 12)]
    list(ParquetWriter(client.data_root).write_ohlc(bars(times), "BINANCE", "SPOT", "ETHUSDT"))
    html = client._repr_html_()
    text = text_of(html)
    assert "|ETHUSDT|raw|1m|2026-01-01 00:00|2026-01-01 01:39|97|" in text
    assert "97.00 %" in text
    assert "3 missing" in html


def test_what_lacks_a_bar_is_not_shown_as_whole() -> None:
    assert "100 %" in _display._coverage(10_000_000, 0)
    assert "99.99 %" in _display._coverage(10_000_000, 1)
    assert _display._coverage(5, None) == ""


def test_html_is_escaped(tmp_path: Path) -> None:
    client = DataLakeClient(tmp_path / "<script>alert(1)</script>" / "data", tmp_path / "a&b.db")
    html = client._repr_html_()
    assert "<script>" not in html
    assert "a&amp;b.db" in html


def test_progress_line() -> None:
    assert _progress.line("ingesting", 1234, 1_100_000, 0.45, 0.1) == "ingesting: 1,234 rows, 1.1 MB (45 %)"
    assert (
        _progress.line("ingesting", 2000, 1_000_000, 0.5, 10)
        == "ingesting: 2,000 rows, 1.0 MB (50 %), 200 rows/s, 0:10 left"
    )
    assert _progress.line("copying", 0, 0, None, 1) == "copying: …"
    assert [_progress.human_bytes(n) for n in (0, 999, 1000, 10**12)] == ["0 B", "999 B", "1.0 kB", "1.0 TB"]


def test_progress_is_a_callable_or_a_choice(client: DataLakeClient) -> None:
    seen: list[tuple[int, int, int]] = []
    with _progress.Showing(lambda *counts: seen.append(counts), "ingesting") as showing:
        assert showing.report is not None
        showing.report(1, 2, 3)
    assert seen == [(1, 2, 3)]
    list(ParquetWriter(client.data_root).write_ohlc(bars([START]), "BINANCE", "SPOT", "ETHUSDT"))
    with pytest.raises(TypeError, match="progress is str"):
        client.verify(progress="yes")  # pyright: ignore


SHOW = """
from dl_datalake import _progress
_progress.PATIENCE_S = {patience}
with _progress.Showing({progress}, "ingesting") as showing:
    if showing.report is not None:
        showing.report(10, 1000, 2000)
"""


def run(progress: object, patience: float, *, on_terminal: bool) -> str:
    code = SHOW.format(progress=progress, patience=patience)
    if not on_terminal:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    parent, child = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=child, check=True)
    os.close(child)
    text = b""
    try:
        while piece := os.read(parent, 4096):
            text += piece
    except OSError:  # the end of a pty
        pass
    os.close(parent)
    return text.decode()


def test_progress_shows_on_a_terminal_and_is_wiped() -> None:
    shown = run(None, 0, on_terminal=True)
    assert "ingesting: 10 rows, 1.0 kB (50 %)" in shown
    assert re.search(r"\r +\r$", shown)


def test_progress_is_silent_where_nobody_looks() -> None:
    assert run(None, 0, on_terminal=False) == ""
    assert run(None, 60, on_terminal=True) == ""
    assert run(False, 0, on_terminal=True) == ""
    assert run(True, 60, on_terminal=False) == "ingesting: 10 rows, 1.0 kB (50 %)\n"
