"""Arguments are checked before anything is done, with the argument and the type named."""

from pathlib import Path

import numpy as np
import pytest
from dl_datalake import _native as native
from dl_datalake import errors
from lakes import MINUTE, START, bars

WHERE = {"exchange": "BINANCE", "symbol": "BTCUSDT"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nonsense": 1}, r"Lake\.scan\(\) has no argument 'nonsense'"),
        ({"start_ms": 1.5}, "start_ms must be an int, not float"),
        ({"start_ms": "2024"}, "start_ms must be an int, not str"),
        ({"start_ms": True}, "start_ms must be an int, not bool"),
        ({"complete": 1}, "complete must be a bool, not int"),
        ({"complete": None}, "complete must be a bool, not NoneType"),
        ({"columns": "close"}, "columns must be a sequence, not str"),
        ({"columns": 3}, "columns must be a sequence, not int"),
        ({"columns": ["close", 3]}, "columns must be a str, not int"),
        ({"market": b"SPOT"}, "market must be a str, not bytes"),
        ({"fill": 1}, "fill must be a str, not int"),
    ],
)
def test_wrong_types(lake: native.Lake, arguments: dict, message: str):
    with pytest.raises(TypeError, match=message) as caught:
        lake.scan("BINANCE", "BTCUSDT", **arguments)
    assert not isinstance(caught.value, errors.LakeError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": -1}, "limit is negative"),
        ({"start_ms": 1 << 63}, "start_ms does not fit in 64 bits"),
        ({"end_ms": -(1 << 70)}, "end_ms does not fit in 64 bits"),
        ({"fill": "zeros"}, "fill is 'zeros': it can be none, null, previous, zero-volume"),
        ({"market": "SPOT\0X"}, "market has a NUL character in it"),
        ({"market": "\ud800"}, "market has a lone surrogate"),
        ({"columns": ["clo\0se"]}, "columns has a NUL character in it"),
        ({"columns": ["clos"]}, "no column 'clos'"),
    ],
)
def test_wrong_values(lake: native.Lake, arguments: dict, message: str):
    with pytest.raises(errors.InvalidArgumentError, match=message):
        lake.scan("BINANCE", "BTCUSDT", **arguments)


def test_places_and_names(lake: native.Lake):
    with pytest.raises(TypeError, match=r"Lake\.scan\(\) needs 'exchange'"):
        lake.scan()
    with pytest.raises(TypeError, match=r"Lake\.scan\(\) needs 'symbol'"):
        lake.scan("BINANCE")
    with pytest.raises(TypeError, match="'exchange' twice"):
        lake.scan("BINANCE", "BTCUSDT", exchange="BINANCE")
    with pytest.raises(TypeError, match="takes 2 arguments by position, not 3"):
        lake.scan("BINANCE", "BTCUSDT", "FUTURES")
    with pytest.raises(TypeError, match="exchange must be a str, not NoneType"):
        lake.scan(None, "BTCUSDT")
    with pytest.raises(TypeError, match=r"Lake\.put\(\) needs 'exchange'"):
        lake.put(bars(1), symbol="X")
    assert len(lake.scan(**WHERE, limit=3).read_all()) == 3


class Raising:
    """An object whose methods raise what is no TypeError."""

    def __index__(self) -> int:
        raise KeyboardInterrupt

    def __fspath__(self) -> str:
        raise MemoryError


def test_what_a_value_raises_is_raised(lake: native.Lake):
    with pytest.raises(KeyboardInterrupt):
        lake.scan("BINANCE", "BTCUSDT", limit=Raising())
    with pytest.raises(MemoryError):
        lake.adopt(Raising())


def test_numbers_are_whatever_is_a_whole_number(lake: native.Lake):
    rows = lake.scan(**WHERE, start_ms=np.int64(START), end_ms=np.uint64(START + MINUTE)).read_all()
    assert rows.to_pylist()[0]["ts"] == START
    assert len(rows) == 1


def test_none_is_the_default(lake: native.Lake):
    given = lake.scan(**WHERE, market=None, columns=None, fill=None, start_ms=None, end_ms=None).read_all()
    assert len(given) == 3 * 1440


@pytest.mark.parametrize("path", ["nul\0in it", "\ud800"])
def test_paths_that_are_none(path: str):
    with pytest.raises(errors.InvalidArgumentError, match="data_root"):
        native.Lake(path)


def test_paths_of_any_kind_and_bytes(tmp_path: Path):
    odd = b"d\xff"
    lake = native.Lake(tmp_path / "data", tmp_path / "manifest.db", create=True)
    assert lake.was_created
    source = tmp_path / odd.decode("utf-8", "surrogateescape")
    source.write_text("ts,open,high,low,close,volume\n1704067200000,1,2,1,2,3\n1704067260000,1,2,1,2,3\n")
    for path in (source, str(source), bytes(source)):
        lake.ingest([path], exchange="BINANCE", symbol="BTCUSDT", period="1m")
    assert lake.list_datasets().read_all().value("rows", 0) == 2
    with pytest.raises(TypeError, match="sources must be a sequence, not str"):
        lake.ingest(str(source))
    lake.close()


def test_what_has_no_rows_is_told_so_and_nothing_is_written(empty: native.Lake):
    for rows, name in (([1], "list"), ({"ts": [1]}, "dict"), (bars(2).lazy(), "LazyFrame"), (None, "NoneType")):
        with pytest.raises(TypeError, match=f"rows must be a table with __arrow_c_stream__.*, not {name}"):
            empty.put(rows, exchange="BINANCE", symbol="X", period="1m")
    assert len(empty.list_datasets().read_all()) == 0


class Odd:
    """Has the method, but what it gives is wrong."""

    def __init__(self, answer: object):
        self.answer = answer

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_streams_that_are_none(empty: native.Lake):
    capsule = bars(2).__arrow_c_stream__()
    for answer, kind in (
        (None, ValueError),
        (bars(1).to_arrow().schema.__arrow_c_schema__(), ValueError),
        (OSError("no"), OSError),
    ):
        with pytest.raises(kind):
            empty.put(Odd(answer), exchange="BINANCE", symbol="X", period="1m")
    with pytest.raises(TypeError):
        empty.put(bars(2), exchange="BINANCE", symbol="X", period=1)
    assert empty.put(Odd(capsule), exchange="BINANCE", symbol="X", period="1m")["rows_new"] == 2
    with pytest.raises(ValueError, match="read already"):
        empty.put(Odd(capsule), exchange="BINANCE", symbol="X", period="1m")


def test_types_are_registered_by_tuples(empty: native.Lake):
    ts, price = ("ts", "timestamp[ms]", None, True, False), ("price", "double", "quote", True, True)
    for columns, message in (
        ("ts", "columns must be a sequence, not str"),
        ([ts[:3]], "a column must be a tuple"),
        ([["ts"]], "a column must be a tuple"),
        ([ts, (1, *price[1:])], "the name of a column must be a str, not int"),
        ([ts, (*price[:4], 1)], "is_nullable of a column must be a bool, not int"),
    ):
        with pytest.raises(TypeError, match=message):
            empty.register_type("marks", columns, ["ts"])
    empty.register_type("marks", (ts, price), ("ts",), what="marks")
    names = [row["name"] for row in empty.list_types().read_all().to_pylist()]
    assert "marks" in names
    assert "raw" in names
