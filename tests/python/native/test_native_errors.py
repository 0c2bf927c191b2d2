"""The exceptions are those of the one table in include/datalake/error.h, and errors.pyi says the same."""

import ast
import builtins
import pickle
import re
from pathlib import Path

import pytest
from dl_datalake import _native as native
from dl_datalake import errors

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r'^    X\((\w+), \d+, "(\w+)", "([^"]*)", (\d+), (\d+), "(\w*)"\)', re.MULTILINE)


def table() -> list[tuple[str, str, int, int, str]]:
    """(name, meaning, exit status, HTTP status, built-in) of each row but "ok"."""
    rows = ROW.findall((ROOT / "include/datalake/error.h").read_text())
    assert len(rows) > 10
    return [
        (name, meaning, int(exit_), int(http), base) for code, name, meaning, exit_, http, base in rows if code != "OK"
    ]


def class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_")) + "Error"


def test_classes_are_the_rows_of_the_table():
    assert [row[:4] for row in native.ERRORS] == [row[:4] for row in table()]
    for (name, meaning, exit_status, http_status, base), row in zip(table(), native.ERRORS, strict=True):
        kind = row[4]
        assert kind is getattr(errors, class_name(name))
        assert kind.__bases__ == (native.LakeError, getattr(builtins, base))
        assert (kind.code, kind.exit_status, kind.http_status) == (name, exit_status, http_status)
        assert kind.__doc__ == meaning[0].upper() + meaning[1:] + "."


def test_stub_and_exports_name_the_same_classes():
    stub = ast.parse((ROOT / "python/dl_datalake/errors.pyi").read_text())
    stubbed = {
        node.name: [ast.unparse(base).removeprefix("builtins.") for base in node.bases]
        for node in stub.body
        if isinstance(node, ast.ClassDef)
    }
    made = {class_name(name): ["LakeError", base] for name, _, _, _, base in table()}
    own = {"LakeError": ["Exception"], "MissingExtraError": ["LakeError", "ImportError"]}
    assert stubbed == made | own
    assert set(errors.__all__) == set(stubbed)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_can_be_raised_printed_and_pickled(name: str):
    kind = getattr(errors, name)
    assert kind.__module__ == "dl_datalake.errors"
    copy = pickle.loads(pickle.dumps(kind("it went wrong")))
    assert type(copy) is kind
    assert str(copy) == "it went wrong"
    with pytest.raises(errors.LakeError):
        raise copy


def test_a_failing_call_raises_the_class_of_its_status(empty: native.Lake, tmp_path: Path):
    with pytest.raises(errors.NotFoundError, match="no dataset") as caught:
        empty.scan("BINANCE", "BTCUSDT")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(errors.InvalidArgumentError, match="yesteryear"):
        native.parse_time("yesteryear")
    with pytest.raises(errors.NotFoundError):
        native.Lake(str(tmp_path / "no"), str(tmp_path / "no.db"))
