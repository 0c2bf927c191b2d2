"""Messages speak of arguments, not of the command's options."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import polars as pl
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import InvalidDataError, LakeError, NotFoundError
from dl_datalake.storage.writer import ParquetWriter
from frames import make_bars

ROOT = Path(__file__).resolve().parents[2]


def message_of(use: object) -> str:
    with pytest.raises(LakeError) as caught:
        use()  # pyright: ignore
    return str(caught.value)


def test_another_root(tmp_path: Path) -> None:
    list(ParquetWriter(tmp_path / "data").write_ohlc(make_bars(3), "X", "SPOT", "Y"))
    with pytest.raises(NotFoundError, match=r"name its directory with data_root$"):
        DataLakeClient(tmp_path / "other", tmp_path / "manifest.db").list()
    message = message_of(lambda: DataLakeClient(tmp_path / "data", tmp_path / "other.db").list())
    assert "name its manifest with db_path, or make it anew with 'dl init --rebuild'" in message


def test_a_source_that_does_not_say(tmp_path: Path) -> None:
    client = DataLakeClient(tmp_path / "data", tmp_path / "manifest.db")
    source = tmp_path / "bars.csv"
    pl.DataFrame(
        {"ts": [1704067200000], "open": [1.0], "high": [1.0], "low": [1.0], "close": [1.0], "volume": [1.0]}
    ).write_csv(source)
    assert "exchange" in message_of(lambda: client.ingest(source))
    message = message_of(lambda: client.ingest(source, "X", "Y"))
    assert message.endswith("name it with period")
    other = tmp_path / "other.csv"
    other.write_text("when,what\n1,2\n")
    with pytest.raises(InvalidDataError) as caught:
        client.ingest(other, "X", "Y")
    assert "--" not in str(caught.value)


def test_every_argument_that_is_an_option_is_known() -> None:
    """What the library's messages name and a method takes stands in the table of wording.c."""
    methods = [one for name, one in vars(DataLakeClient).items() if callable(one) and not name.startswith("__")]
    methods += [one for name, one in inspect.getmembers(DataLakeClient, callable) if not name.startswith("_")]
    arguments = {name for method in methods for name in inspect.signature(method).parameters} | {
        "data_root",
        "db_path",
        "type",
    }
    named: set[str] = set()
    for part in ("lake", "ops", "ingest", "manifest"):
        for file in (ROOT / "src" / part).glob("*.c"):
            texts = re.findall(r'"(?:[^"\\\n]|\\.)*"', file.read_text())
            without_commands = [re.sub(r"\bdl [a-z]+ --[a-z-]+", "", text) for text in texts]
            named.update(
                option for text in without_commands for option in re.findall(r"(?<![\w-])--([a-z][a-z-]*)", text)
            )
    known = set(
        re.findall(
            r'"([a-z-]+)"', (ROOT / "src/python/wording.c").read_text().split("ARGUMENTS[] = {")[1].split("};")[0]
        )
    )
    wanted = {option for option in named if option.replace("-", "_") in arguments}
    assert len(wanted) > 10
    assert wanted <= known, wanted - known
