"""Frames into the lake: ParquetWriter, and what it refuses."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from dl_datalake.client.dl_client import DataLakeClient
from dl_datalake.errors import InvalidDataError, LakeError
from dl_datalake.storage.writer import ParquetWriter
from frames import DAY_MS, START_MS, files_below, make_bars, make_trades
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal


@pytest.fixture
def writer(tmp_path: Path) -> ParquetWriter:
    return ParquetWriter(base_path=str(tmp_path / "data"))


def client_of(writer: ParquetWriter) -> DataLakeClient:
    return DataLakeClient(data_root=writer.base_path, db_path=writer.base_path.parent / "manifest.db")


def read(writer: ParquetWriter, **more: object) -> pl.DataFrame:
    return client_of(writer).read_ohlc("X", "Y", "2024-01-01", "2024-12-31", **more)


def test_triples_name_files_that_hold_the_rows(writer: ParquetWriter) -> None:
    bars = make_bars(2 * 1440)
    triples = list(writer.write_ohlc(bars, "x", "spot", "Y"))
    assert [(first, last) for _, first, last in triples] == [
        (START_MS, START_MS + DAY_MS - 60_000),
        (START_MS + DAY_MS, START_MS + 2 * DAY_MS - 60_000),
    ]
    for k, (path, _, _) in enumerate(triples):
        assert isinstance(path, Path)
        assert path.is_absolute()
        assert path.relative_to(writer.base_path).parts[:8] == (
            "X",
            "SPOT",
            "Y",
            "raw",
            "1m",
            "2024",
            "03",
            f"0{k + 1}",
        )
        assert_frame_equal(pl.read_parquet(path), bars[k * 1440 : (k + 1) * 1440])


def test_work_is_done_before_anybody_looks_at_the_triples(writer: ParquetWriter) -> None:
    writer.write_ohlc(make_bars(5), "X", "SPOT", "Y")
    assert read(writer).height == 5


def test_writing_again_changes_nothing(writer: ParquetWriter) -> None:
    bars = make_bars(100)
    first = list(writer.write_ohlc(bars, "X", "SPOT", "Y"))
    before = files_below(writer.base_path)
    assert list(writer.write_ohlc(bars, "X", "SPOT", "Y")) == first
    assert files_below(writer.base_path) == before


def test_a_later_value_wins_and_others_stay(writer: ParquetWriter) -> None:
    bars = make_bars(10)
    list(writer.write_ohlc(bars, "X", "SPOT", "Y"))
    more = bars[5:].with_columns(
        pl.col("close") * 1.0, (pl.col("volume") + 1).alias("volume"), pl.lit(1.5).alias("spread")
    )
    list(writer.write_ohlc(more, "X", "SPOT", "Y"))
    frame = read(writer)
    assert frame["volume"].to_list() == bars["volume"][:5].to_list() + more["volume"].to_list()
    assert frame["spread"].to_list() == [None] * 5 + [1.5] * 5


@pytest.mark.parametrize(
    "form", ["int ms", "int s", "us", "ns", "naive", "Tokyo", "pandas", "arrow", "reader", "duckdb"]
)
def test_any_frame_with_an_arrow_stream(writer: ParquetWriter, form: str) -> None:
    bars = make_bars(300)
    ts = pl.col("ts")
    frames = {
        "int ms": lambda: bars.with_columns(ts.to_physical()),
        "int s": lambda: bars.with_columns(ts.to_physical() // 1000),
        "us": lambda: bars.with_columns(ts.dt.cast_time_unit("us")),
        "ns": lambda: bars.with_columns(ts.dt.cast_time_unit("ns")),
        "naive": lambda: bars.with_columns(ts.dt.replace_time_zone(None)),
        "Tokyo": lambda: bars.with_columns(ts.dt.convert_time_zone("Asia/Tokyo")),
        "pandas": lambda: bars.to_pandas(),
        "arrow": lambda: bars.to_arrow(),
        "reader": lambda: bars.to_arrow().to_reader(max_chunksize=7),
        "duckdb": lambda: duckdb.connect().from_arrow(bars.to_arrow()),
    }
    list(writer.write_ohlc(frames[form](), "X", "SPOT", "Y"))
    assert_frame_equal(read(writer), bars)


def test_numbers_of_other_widths(writer: ParquetWriter) -> None:
    bars = make_bars(50).with_columns(pl.col("volume").cast(pl.Int32), pl.col("open").cast(pl.Float32))
    list(writer.write_ohlc(bars, "X", "SPOT", "Y"))
    frame = read(writer)
    assert frame.schema["volume"] == pl.Float64
    assert frame["open"].to_list() == bars["open"].cast(pl.Float64).to_list()


def test_text_of_any_kind(writer: ParquetWriter) -> None:
    bars = make_bars(4).with_columns(pl.Series("note", ["a", None, "ü", "a"]))
    for kind in (pl.String, pl.Categorical):
        list(writer.write_ohlc(bars.with_columns(pl.col("note").cast(kind)), "X", "SPOT", "Y"))
        assert read(writer)["note"].to_list() == ["a", None, "ü", "a"]


def bad_frames() -> dict[str, tuple[object, type[Exception], str]]:
    bars = make_bars(10)
    return {
        "no ts": (bars.drop("ts"), ValueError, "must have 'ts' column"),
        "no close": (bars.drop("close"), ValueError, "close"),
        "two missing": (bars.drop("open", "low"), ValueError, "open.*low"),
        "Close": (bars.rename({"close": "Close"}), ValueError, "Close"),
        "text price": (bars.with_columns(pl.col("close").cast(pl.String)), ValueError, "close"),
        "null key": (bars.with_columns(pl.when(pl.int_range(10) != 3).then(pl.col("ts"))), ValueError, "row 3"),
        "unsorted": (bars.reverse(), ValueError, "row 1"),
        "repeated": (pl.concat([bars, bars[-1:]]), ValueError, "row 10"),
        "off grid": (bars.with_columns(pl.col("ts").dt.offset_by("1s")), ValueError, "1m"),
        "nested": (bars.with_columns(pl.lit([1, 2]).alias("levels")), (ValueError, NotImplementedError), "levels"),
        "boolean ts": (bars.with_columns(pl.lit(True).alias("ts")), ValueError, "ts"),
        "no columns": (pl.DataFrame(), ValueError, "ts"),
        "a dict": ({"ts": [1]}, TypeError, "dict"),
        "None": (None, TypeError, "None"),
        "a lazy frame": (bars.lazy(), TypeError, "collect"),
    }


@pytest.mark.parametrize("name", bad_frames())
def test_a_frame_that_is_refused_changes_nothing(writer: ParquetWriter, name: str) -> None:
    list(writer.write_ohlc(make_bars(3), "X", "SPOT", "Y"))
    before = files_below(writer.base_path)
    log = client_of(writer).log()
    frame, kind, text = bad_frames()[name]
    with pytest.raises(kind, match=text) as caught:
        list(writer.write_ohlc(frame, "X", "SPOT", "Y"))
    assert isinstance(caught.value, (LakeError, TypeError))
    assert files_below(writer.base_path) == before
    assert len(client_of(writer).log()) == len(log)


def test_a_stream_that_fails_in_the_middle(writer: ParquetWriter) -> None:
    table = make_bars(100).to_arrow()

    def batches():
        yield from table.to_batches(max_chunksize=50)[:1]
        raise RuntimeError("the venue hung up")

    with pytest.raises(LakeError, match="the venue hung up"):
        list(writer.write_ohlc(pa.RecordBatchReader.from_batches(table.schema, batches()), "X", "SPOT", "Y"))
    assert files_below(writer.base_path) == {}


def test_no_rows_are_no_files(writer: ParquetWriter) -> None:
    assert list(writer.write_ohlc(make_bars(3).clear(), "X", "SPOT", "Y")) == []


@pytest.mark.parametrize(
    "names", [("", "SPOT", "Y"), ("X", "../..", "Y"), ("X", "SPOT", "../../etc"), ("X", "SPOT", "a\0b")]
)
def test_names_that_are_none(writer: ParquetWriter, names: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError):
        list(writer.write_ohlc(make_bars(3), *names))
    assert not writer.base_path.exists() or files_below(writer.base_path) == {}


def test_a_table_of_one_day(writer: ParquetWriter) -> None:
    frame = pl.DataFrame({"ts": [START_MS, START_MS + 60_000], "signal": [1, 2]})
    path, first, last = writer.write_table(frame, "X", "SPOT", "Y", "raw", "1min", date(2024, 3, 1))
    assert (first, last) == (START_MS, START_MS + 60_000)
    assert pl.read_parquet(path)["signal"].to_list() == [1, 2]
    with pytest.raises(InvalidDataError, match=r"row 0.*2024-03-01"):
        writer.write_table(frame, "X", "SPOT", "Y", "raw", "1min", date(2024, 3, 2))


def test_trades_of_one_millisecond_are_all_kept(writer: ParquetWriter) -> None:
    trades = make_trades(2000)
    (path, first, last), *rest = writer.write_ticks(trades, "X", "SPOT", "Y")
    assert rest == []
    assert "trades" in path.parts or "ticks" in path.parts
    frame = read(writer, data_type="ticks")
    assert frame.height == 2000
    assert frame["id"].to_list() == trades["id"].to_list()
    assert (first, last) == (trades["ts"].to_physical()[0], trades["ts"].to_physical()[-1])
    anonymous = pl.DataFrame({"ts": [START_MS] * 3, "price": [1.0, 1.0, 2.0], "qty": [5.0, 5.0, 5.0]})
    list(writer.write_ticks(anonymous, "X", "SPOT", "Z"))
    assert (
        client_of(writer).read_ohlc("X", "Z", "2024-03-01", "2024-03-01", data_type="trades")["amount"].to_list()
        == [5.0] * 3
    )


def test_a_side_is_buy_or_sell(writer: ParquetWriter) -> None:
    trades = make_trades(5)
    shouted = trades.with_columns(pl.Series("side", ["buy", "sell", None, "SELL", "buy"]))
    with pytest.raises(InvalidDataError, match="row 3: side is 'SELL'"):
        list(writer.write_ticks(shouted, "X", "SPOT", "Y"))
    assert files_below(writer.base_path) == {}


def test_an_index_of_pandas_that_is_called_ts_is_the_column(writer: ParquetWriter) -> None:
    list(writer.write_ohlc(make_bars(5).to_pandas().set_index("ts"), "X", "SPOT", "Y"))
    assert_frame_equal(read(writer), make_bars(5))


def test_an_index_of_times_without_a_name_is_the_time(writer: ParquetWriter) -> None:
    frame = make_bars(5).to_pandas().set_index("ts").rename_axis(None)
    list(writer.write_ohlc(frame, "X", "SPOT", "Y"))
    assert read(writer).height == 5
    assert frame.index.name is None


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64, min_value=1e-9, max_value=1e12)


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.tuples(numbers, st.one_of(st.none(), st.floats())), min_size=1, max_size=50),
    steps=st.lists(st.integers(1, 3000), min_size=50, max_size=50),
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, values, steps) -> None:
    writer = ParquetWriter(base_path=tmp_path_factory.mktemp("property") / "data")
    times, at = [], START_MS
    for step in steps[: len(values)]:
        times.append(at)
        at += step * 60_000
    price = pl.Series([value for value, _ in values], dtype=pl.Float64)
    frame = pl.DataFrame(
        {"ts": times, "open": price, "high": price, "low": price, "close": price, "volume": price}
    ).with_columns(
        pl.col("ts").cast(pl.Datetime("ms", "UTC")),
        pl.Series("extra", [extra for _, extra in values], dtype=pl.Float64),
    )
    list(writer.write_ohlc(frame, "X", "SPOT", "Y"))
    assert_frame_equal(read_all(writer), frame, check_exact=True)


def read_all(writer: ParquetWriter) -> pl.DataFrame:
    return client_of(writer).read_ohlc("X", "Y", datetime(2024, 1, 1, tzinfo=timezone.utc), "2030")
