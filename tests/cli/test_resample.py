"""Bars that are asked for and not stored, gaps that are filled, bars that lack source bars: against Polars."""

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import polars
import pytest
from dl_runner import DAY_MS, FIRST_MS, Runner

N_DAYS = 9
NAMES = ["--exchange", "binance", "--symbol", "BTCUSDT"]
READ = ["read", *NAMES]
COLUMNS = ["ts", "open", "high", "low", "close", "volume"]
MINUTE = 60_000
LENGTHS = {"3m": 3, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240, "6h": 360, "8h": 480, "12h": 720}
ON_THE_WAY = "bars of {} are derived on the way from raw 1m of FUTURES: {}; see dl aggregate"


def make_minutes() -> polars.DataFrame:
    """Nine days with holes of a minute to a day; prices and volumes whose sums are exact in any order."""
    numbers = random.Random(6)
    rows: list[tuple[int, float, float, float, float, float]] = []
    minute = 4
    while minute < N_DAYS * 1440 - 9:
        if numbers.random() < 0.01:
            minute += numbers.choice([1, 1, 2, 7, 30, 400])
        if minute // 1440 == 5 and minute % 1440 > 600:
            minute = 7 * 1440 + 13
        low = numbers.randrange(4000, 5000) / 4
        opened, closed = low + numbers.randrange(100) / 4, low + numbers.randrange(100) / 4
        high = max(opened, closed) + numbers.randrange(9) / 4
        rows.append((FIRST_MS + minute * MINUTE, opened, high, low, closed, numbers.randrange(64) / 8))
        minute += 1
    schema = {name: polars.Int64 if name == "ts" else polars.Float64 for name in COLUMNS}
    return polars.DataFrame(rows, schema=schema, orient="row")


MINUTES = make_minutes()


def ingest(dl: Runner, frame: polars.DataFrame, name: str = "bars.csv", period: str = "1m") -> None:
    frame.write_csv(dl.directory / name)
    dl("ingest", "--source", name, *NAMES, "--period", period, "--quiet").ok()


@pytest.fixture(scope="module")
def plain(program: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A lake with the minutes and nothing else, for tests that only read."""
    dl = Runner(program, tmp_path_factory.mktemp("plain"))
    ingest(dl, MINUTES)
    return dl


@pytest.fixture(scope="module")
def stored(program: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The same with derived bars that are stored."""
    dl = Runner(program, tmp_path_factory.mktemp("stored"))
    ingest(dl, MINUTES)
    dl("aggregate", *NAMES, "--to", "3m,15m,1h,4h,1d,1w,1mo", "--quiet").ok()
    return dl


def frame_of(text: str) -> polars.DataFrame:
    """What `dl read` printed, with times as epoch milliseconds."""
    frame = polars.read_csv(io.StringIO(text), infer_schema_length=None)
    return frame.with_columns(polars.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="ms").dt.epoch("ms"))


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def oracle(period: str, minutes: polars.DataFrame = MINUTES, offset: str = "0m") -> polars.DataFrame:
    times = polars.from_epoch("ts", time_unit="ms").cast(polars.Datetime("ms"))
    grouped = minutes.with_columns(times).group_by_dynamic("ts", every=period, offset=offset, closed="left")
    bars = grouped.agg(
        polars.col("open").first(),
        polars.col("high").max(),
        polars.col("low").min(),
        polars.col("close").last(),
        polars.col("volume").sum(),
        polars.len().cast(polars.Int64).alias("bars"),
    )
    return bars.with_columns(polars.col("ts").dt.epoch("ms"))


def assert_same(found: polars.DataFrame, wanted: polars.DataFrame) -> None:
    assert found.select(wanted.columns).rows() == wanted.rows()


class TestOnTheWay:
    @pytest.mark.parametrize(
        "period", ["3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1mo"]
    )
    def test_equal_to_polars(self, plain: Runner, period: str) -> None:
        done = plain(*READ, "--period", period).ok()
        found = frame_of(done.out)
        wanted = oracle(period)
        if period == "3d":  # Polars counts its days from another one
            assert found["volume"].sum() == wanted["volume"].sum()
            assert (found["ts"] // DAY_MS % 3 == 0).all()
        else:
            assert_same(found, wanted)
        assert ON_THE_WAY.format(period, "none are stored") in done.err
        if period in LENGTHS:
            assert (found["bars_expected"] == LENGTHS[period]).all()

    @pytest.mark.parametrize("period", ["3m", "15m", "1h", "4h", "1d", "1w", "1mo"])
    def test_equal_to_what_is_stored(self, plain: Runner, stored: Runner, period: str) -> None:
        """Any range, also one that cuts bars: a bar is whole, and belongs to where it begins."""
        numbers = random.Random(period)
        for _ in range(4):
            edges = sorted(FIRST_MS + numbers.randrange(-2000, N_DAYS * 1440 + 500) * MINUTE for _ in range(2))
            options = [*READ, "--period", period, "--start", iso(edges[0]), "--end", iso(edges[1] + MINUTE)]
            options += numbers.choice([[], ["--tail", "7"], ["--limit", "5"], ["--complete"], ["--columns", "close"]])
            there, on_the_way = stored(*options).ok(), plain(*options).ok()
            assert there.out == on_the_way.out, options
            assert "derived on the way" not in there.err
            assert "derived on the way" in on_the_way.err

    @pytest.mark.parametrize(
        ("period", "offset"), [("1h", "30m"), ("4h", "90m"), ("1d", "22h"), ("1w", "2d"), ("15m", "5m")]
    )
    def test_offsets(self, stored: Runner, period: str, offset: str) -> None:
        found = frame_of(stored(*READ, "--period", period, "--offset", offset).ok().out)
        assert_same(found, oracle(period, offset=offset))
        origin = iso(int(found["ts"][3 % len(found)]))
        assert_same(frame_of(stored(*READ, "--period", period, "--origin", origin).ok().out), found)

    def test_a_negative_offset(self, plain: Runner) -> None:
        found = frame_of(plain(*READ, "--period", "1d", "--offset", "-2h").ok().out)
        assert_same(found, oracle("1d", offset="22h"))

    def test_every_format_holds_the_same(self, plain: Runner) -> None:
        options = [*READ, "--period", "15m", "--fill", "null"]
        for name in ("r.csv", "r.json", "r.ndjson", "r.parquet"):
            plain(*options, "--output", name).ok()
        times = polars.col("ts").dt.epoch("ms")
        parquet = polars.read_parquet(plain.directory / "r.parquet").with_columns(times)
        assert frame_of((plain.directory / "r.csv").read_text()).rows() == parquet.rows()
        assert polars.read_json(plain.directory / "r.json", infer_schema_length=None).rows() == parquet.rows()
        assert polars.read_ndjson(plain.directory / "r.ndjson", infer_schema_length=None).rows() == parquet.rows()

    def test_a_table_counts_the_rows(self, plain: Runner) -> None:
        out = plain(*READ, "--period", "1h", "--format", "table").ok().out
        assert f"\n{len(oracle('1h'))} rows, the first and last 20 shown\n" in out

    def test_from_trades(self, dl: Runner) -> None:
        text = "timestamp,id,price,amount,side\n"
        for i in range(200):
            text += f"{FIRST_MS + i * 7000},{i},{100 + i % 13},{1 + i % 3},{'buy' if i % 2 else 'sell'}\n"
        (dl.directory / "t.csv").write_text(text)
        dl("ingest", "--source", "t.csv", *NAMES, "--type", "trades", "--quiet").ok()
        done = dl(*READ, "--period", "5m").ok()
        assert "from trades of FUTURES: none are stored" in done.err
        assert "1 of 5 bars lacks source bars" in done.err  # nobody knows whether there are more trades to come
        assert frame_of(done.out)["trades"].sum() == 200
        assert len(frame_of(dl(*READ, "--period", "5m", "--complete").ok().out)) == 4
        assert "only gaps between bars can be filled" in dl(*READ, "--data-type", "trades", "--fill", "null").error(2)


class TestStale:
    """Derived bars that no longer fit what they were derived from are never served."""

    @pytest.fixture
    def lake(self, dl: Runner) -> Runner:
        ingest(dl, MINUTES.head(4000))
        dl("aggregate", *NAMES, "--quiet").ok()
        return dl

    def read(self, dl: Runner, *options: str) -> tuple[polars.DataFrame, str]:
        done = dl(*READ, "--period", "15m", *options).ok()
        return frame_of(done.out), "\n".join(line for line in done.err.splitlines() if "derived on" in line)

    def test_restated(self, lake: Runner) -> None:
        assert self.read(lake)[1] == ""
        row = MINUTES.slice(77, 1).with_columns(polars.lit(9999.0).alias("high"))
        ingest(lake, row, "restated.csv")
        minutes = polars.concat([MINUTES.head(77), row, MINUTES.slice(78, 4000 - 78)])
        found, message = self.read(lake)
        assert_same(found, oracle("15m", minutes))
        assert message == "dl: " + ON_THE_WAY.format("15m", "agg 15m is not current")
        lake("aggregate", *NAMES, "--quiet").ok()
        found, message = self.read(lake)
        assert_same(found, oracle("15m", minutes))
        assert message == ""

    def test_deleted_and_put_back(self, lake: Runner) -> None:
        kept = MINUTES.head(4000).filter(polars.col("ts") >= FIRST_MS + DAY_MS)
        lake("delete", *NAMES, "--data-type", "raw", "--end", "2021-01-01", "--yes").ok()
        assert_same(self.read(lake)[0], oracle("15m", kept))
        lake("undo").ok()
        found, message = self.read(lake)
        assert_same(found, oracle("15m", MINUTES.head(4000)))
        assert "not current" in message

    def test_as_of(self, lake: Runner) -> None:
        before = self.read(lake)[0]
        ingest(lake, MINUTES.slice(4000, 2000), "more.csv")
        now, _ = self.read(lake)
        assert_same(now, oracle("15m", MINUTES.head(6000)))
        then, message = self.read(lake, "--as-of", "2")
        assert then.rows() == before.rows()
        assert message == ""
        then, message = self.read(lake, "--as-of", "1")
        assert then.rows() == before.rows()
        assert "none are stored" in message


class TestFill:
    """Against Polars' upsample."""

    def filled(self, frame: polars.DataFrame, every: str, fill: str) -> polars.DataFrame:
        times = polars.from_epoch("ts", time_unit="ms").cast(polars.Datetime("ms"))
        wide = frame.with_columns(times).upsample("ts", every=every)
        prices = ["open", "high", "low", "close"]
        missing = polars.col("close").is_null()
        before = polars.col("close").forward_fill()
        if fill == "previous":
            wide = wide.with_columns(polars.col(COLUMNS[1:]).forward_fill())
        elif fill == "zero-volume":
            wide = wide.with_columns(
                *[polars.when(missing).then(before).otherwise(polars.col(name)).alias(name) for name in prices],
                polars.col("volume").fill_null(0.0),
            )
        return wide.with_columns(polars.col("ts").dt.epoch("ms")).select(COLUMNS)

    @pytest.mark.parametrize("fill", ["null", "previous", "zero-volume"])
    @pytest.mark.parametrize("period", ["1m", "15m", "1h"])
    def test_all_of_it(self, plain: Runner, period: str, fill: str) -> None:
        bars = MINUTES if period == "1m" else oracle(period)
        found = frame_of(plain(*READ, "--period", period, "--fill", fill).ok().out)
        assert_same(found, self.filled(bars.select(COLUMNS), period, fill))

    @pytest.mark.parametrize("fill", ["null", "previous", "zero-volume"])
    def test_a_range_is_a_part_of_all(self, plain: Runner, fill: str) -> None:
        """Ranges that begin and end in the hole of a day and a half, and in short ones."""
        wanted = self.filled(MINUTES, "1m", fill)
        hole = FIRST_MS + 6 * DAY_MS
        numbers = random.Random(fill)
        edges = [(hole, hole + 10 * MINUTE), (hole - DAY_MS, hole + 1), (hole, hole + 5 * DAY_MS)]
        edges += [(FIRST_MS - DAY_MS, FIRST_MS + 600_001), (FIRST_MS + (N_DAYS - 1) * DAY_MS, FIRST_MS + 99 * DAY_MS)]
        edges += [(FIRST_MS + (s := numbers.randrange(N_DAYS * DAY_MS)), FIRST_MS + s + 3_000_000) for _ in range(3)]
        for start, end in edges:
            start, end = start // 1000 * 1000, end // 1000 * 1000
            options = ["--start", iso(start), "--end", iso(end), "--fill", fill]
            part = wanted.filter((polars.col("ts") >= start) & (polars.col("ts") < end))
            found = plain(*READ, *options).ok()
            if len(part) == 0:
                assert found.out == ",".join(COLUMNS) + "\n"
            else:
                assert_same(frame_of(found.out), part)
                assert_same(frame_of(plain(*READ, *options, "--columns", "volume").ok().out), part[["ts", "volume"]])

    @pytest.mark.parametrize("stored", ["1d", "1mo"])
    def test_months_follow_the_calendar(self, dl: Runner, stored: str) -> None:
        days = [0, 31, 151, 365]  # of 2021: January, February, June, and January 2022
        frame = MINUTES.head(4).with_columns(polars.Series("ts", [FIRST_MS + day * DAY_MS for day in days]))
        ingest(dl, frame, period=stored)
        for fill in ("previous", "zero-volume"):
            found = frame_of(dl(*READ, "--period", "1mo", "--fill", fill).ok().out)
            months = [iso(int(ms))[:10] for ms in found["ts"]]
            assert months == [*[f"2021-{month:02}-01" for month in range(1, 13)], "2022-01-01"]
            if stored == "1d":
                assert found["bars"].to_list() == [1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]

    def test_filled_bars_never_look_complete(self, plain: Runner) -> None:
        found = frame_of(plain(*READ, "--period", "1h", "--fill", "previous").ok().out)
        filled = found.filter(polars.col("bars") == 0)
        assert len(filled) > 20
        assert filled["bars_expected"].is_null().all()

    def test_nothing_of_it_is_stored(self, dl: Runner) -> None:
        ingest(dl, MINUTES.head(500))
        files = sorted(str(path) for path in Path(dl.directory / "data").rglob("*"))
        dl(*READ, "--fill", "previous").ok()
        dl(*READ, "--period", "15m").ok()
        assert sorted(str(path) for path in Path(dl.directory / "data").rglob("*")) == files
        assert dl("log", "--json").ok().json[0]["operation"] == "ingest"


class TestComplete:
    def test_incomplete_bars_are_counted_or_left_out(self, plain: Runner, stored: Runner) -> None:
        bars = oracle("15m")
        whole = bars.filter(polars.col("bars") == 15)
        for lake in (plain, stored):
            done = lake(*READ, "--period", "15m").ok()
            message = f"dl: {len(bars) - len(whole)} of {len(bars)} bars lack source bars; --complete leaves them out"
            assert message in done.err.splitlines()
            only_close = lake(*READ, "--period", "15m", "--columns", "close").ok()
            assert message in only_close.err.splitlines()
            assert only_close.lines[0] == "ts,close"
            done = lake(*READ, "--period", "15m", "--complete").ok()
            assert_same(frame_of(done.out), whole)
            assert "lack" not in done.err

    def test_one_bar(self, plain: Runner) -> None:
        done = plain(*READ, "--period", "15m", "--limit", "1").ok()
        assert "dl: 1 of 1 bar lacks source bars; --complete leaves it out" in done.err.splitlines()

    def test_quiet_and_json_say_nothing(self, plain: Runner) -> None:
        assert plain(*READ, "--period", "15m", "--quiet").ok().err == ""
        done = plain(*READ, "--period", "15m", "--json", "--limit", "1").ok()
        assert done.err == ""
        assert (done.json[0]["bars"], done.json[0]["bars_expected"]) == (oracle("15m")["bars"][0], 15)


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "part"),
        [
            (["--complete"], "--complete is of derived bars"),
            (["--offset", "30m"], "name their period"),
            (["--period", "1h", "--offset", "soon"], "soon"),
            (["--period", "1h", "--origin", "soon"], "soon"),
            (["--period", "1h", "--offset", "1m", "--origin", "2021-01-01"], "leave one out"),
            (["--period", "1h", "--data-type", "raw", "--offset", "1m"], "no type but agg"),
            (["--data-type", "agg", "--period", "1m"], "raw/1m"),
            (["--period", "7m"], "7m"),
            (["--fill", "next"], "none|null|previous|zero-volume"),
        ],
    )
    def test_what_cannot_be(self, plain: Runner, options: list[str], part: str) -> None:
        assert part in plain(*READ, *options).error(2)

    def test_finer_than_what_is_stored(self, dl: Runner) -> None:
        hours = MINUTES.head(30).with_columns(polars.Series("ts", [FIRST_MS + i * 60 * MINUTE for i in range(30)]))
        ingest(dl, hours, period="1h")
        message = dl(*READ, "--period", "15m").error(2)
        assert "raw/1h" in message
        assert "4h" in message

    def test_another_symbol_is_named(self, plain: Runner) -> None:
        message = plain("read", "--exchange", "binance", "--symbol", "BTCUSDX", "--period", "1h").error(1)
        assert message == "there is no dataset BINANCE BTCUSDX 1h; there is BINANCE BTCUSDT"
