"""Every guess has an option that sets it, and what is wrong is said in one line."""

import csv
import gzip
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dl_runner import FIRST_MS, TIMEOUT, Result, Runner, bars_csv

DATASET = ["--exchange", "X", "--symbol", "Y"]
HOUR_MS = 3_600_000


def write(dl: Runner, text: str, name: str = "rows.csv") -> None:
    (dl.directory / name).write_text(text, encoding="utf-8")


def ingest(dl: Runner, *options: str) -> Result:
    return dl("ingest", "--source", "rows.csv", *DATASET, *options)


def read(dl: Runner, *options: str) -> list[dict[str, str]]:
    out = dl("read", *DATASET, "--format", "csv", "--ts", "ms", *options).ok().out
    return list(csv.DictReader(out.splitlines()))


def times(dl: Runner) -> list[int]:
    return [int(row["ts"]) for row in read(dl)]


def rows(template: str, n: int = 15) -> str:
    """Lines of bars: {ms}, {s}, {d} (a datetime), {p} (a price)."""
    lines = []
    for i in range(n):
        ms = FIRST_MS + i * 60_000
        day = datetime.fromtimestamp(ms / 1000, tz=UTC)
        lines.append(template.format(ms=ms, s=ms // 1000, d=day, p=100 + i, i=i))
    return "\n".join(lines) + "\n"


HEADER = "ts,open,high,low,close,volume\n"
PLAIN = HEADER + rows("{ms},{p},{p}.5,{p},{p}.25,7")
WANT = [FIRST_MS + i * 60_000 for i in range(15)]


class TestColumns:
    def test_by_place(self, dl: Runner) -> None:
        write(dl, rows("{p}.25,{p},x,{p}.5,{ms},{p},7"))
        ingest(dl, "--columns", "close,open,-,high,ts,low,volume").ok()
        got = read(dl)
        assert times(dl) == WANT
        assert (got[3]["open"], got[3]["close"], got[3]["volume"]) == ("103", "103.25", "7")

    def test_several_times_or_with_commas(self, dl: Runner) -> None:
        write(dl, rows("{p}.25,{p},x,{p}.5,{ms},{p},7"))
        ingest(dl, "--columns", "close,open,-", "high", "--columns", "ts,low,volume").ok()
        assert times(dl) == WANT

    def test_one_of_two(self, dl: Runner) -> None:
        write(dl, "ts,open,high,low,close,Lots,Coins\n" + rows("{ms},{p},{p}.5,{p},{p}.25,3,{i}"))
        ingest(dl, "--columns", "volume=Coins").ok()
        assert [row["volume"] for row in read(dl)] == [str(i) for i in range(15)]

    def test_by_number(self, dl: Runner) -> None:
        write(dl, "ts,open,high,low,close,volume,x,n\n" + rows("{ms},{p},{p}.5,{p},{p}.25,3,0,{i}"))
        ingest(dl, "--columns", "trades=#8").ok()
        assert [row["trades"] for row in read(dl)] == [str(i) for i in range(15)]

    def test_left_out(self, dl: Runner) -> None:
        write(dl, "ts,open,high,low,close,volume,note\n" + rows("{ms},{p},{p}.5,{p},{p}.25,3,a"))
        ingest(dl, "--columns", "note=-").ok()
        assert "note" not in read(dl)[0]

    def test_kept_as_text(self, dl: Runner) -> None:
        write(dl, "ts,open,high,low,close,volume,code\n" + rows("{ms},{p},{p}.5,{p},{p}.25,3,00{i}"))
        ingest(dl, "--columns", "code:text").ok()
        assert read(dl)[7]["code"] == "007"

    def test_unknown_ones_are_kept(self, dl: Runner) -> None:
        write(dl, "ts,open,high,low,close,volume,spread,mood\n" + rows("{ms},{p},{p}.5,{p},{p}.25,3,{i},abc"))
        ingest(dl).ok()
        assert (read(dl)[7]["spread"], read(dl)[7]["mood"]) == ("7", "abc")

    def test_a_name_that_is_not_there(self, dl: Runner) -> None:
        write(dl, PLAIN)
        message = ingest(dl, "--columns", "volume=Volumen").error(2)
        assert "Volumen" in message
        assert "volume" in message


class TestForm:
    def test_separator(self, dl: Runner) -> None:
        write(dl, PLAIN.replace(",", "|"))
        ingest(dl, "--separator", "pipe").ok()
        assert times(dl) == WANT

    @pytest.mark.parametrize("name", ["semicolon", ";", "tab", "\\t", "\t", "space", "|"])
    def test_names_of_separators(self, dl: Runner, name: str) -> None:
        character = {"semicolon": ";", "tab": "\t", "\\t": "\t", "space": " "}.get(name, name)
        write(dl, PLAIN.replace(",", character))
        ingest(dl, "--separator", name).ok()
        assert times(dl) == WANT

    def test_a_wrong_separator_is_said(self, dl: Runner) -> None:
        write(dl, PLAIN)
        assert ingest(dl, "--separator", "semicolon").status in (1, 2)
        assert "'x'" in ingest(dl, "--separator", "x").error(2)

    def test_no_header(self, dl: Runner) -> None:
        write(dl, rows("{s},{p},{p}.5,{p},{p}.25,7"))
        ingest(dl, "--header", "no", "--columns", "ts,open,high,low,close,volume").ok()
        assert times(dl) == WANT

    def test_a_header_that_means_nothing(self, dl: Runner) -> None:
        write(dl, "1,2,3,4,5,6\n" + rows("{s},{p},{p}.5,{p},{p}.25,7"))
        ingest(dl, "--header", "yes", "--columns", "ts,open,high,low,close,volume").ok()
        assert times(dl) == WANT

    def test_decimal_comma(self, dl: Runner) -> None:
        write(dl, HEADER.replace(",", ";") + rows("{ms};{p};{p},5;{p};{p},25;7"))
        ingest(dl, "--decimal", "comma").ok()
        assert read(dl)[0]["close"] == "100.25"


class TestTimes:
    def test_order_of_dates(self, dl: Runner) -> None:
        text = HEADER + rows("{d:%m/%d/%Y %H:%M},{p},{p}.5,{p},{p}.25,7")
        write(dl, text)
        message = ingest(dl).error(1)
        assert "--time-format dmy" in message
        assert "--time-format mdy" in message
        ingest(dl, "--time-format", "mdy").ok()
        assert times(dl) == WANT

    def test_unit(self, dl: Runner) -> None:
        write(dl, PLAIN)
        assert ingest(dl, "--time-format", "s").status != 0
        ingest(dl, "--time-format", "ms").ok()
        assert times(dl) == WANT

    def test_a_unit_reaches_back_to_1971(self, dl: Runner) -> None:
        days = [345_427_200 + 86_400 * i for i in range(5)]
        write(dl, HEADER + "".join(f"{day},1,2,0.5,1.5,10\n" for day in days))
        assert "between 1990 and 2100" in ingest(dl).error(1)
        assert "between 1971 and 2100 in the unit that --time-format says" in ingest(dl, "--time-format", "ms").error(1)
        ingest(dl, "--time-format", "s").ok()
        assert [int(row["ts"]) for row in read(dl, "--period", "1d")] == [1000 * day for day in days]

    @pytest.mark.parametrize(
        ("zone", "hours"), [("+09:00", 9), ("EST", -5), ("America/New_York", -5), ("Asia/Tokyo", 9), ("UTC", 0)]
    )
    def test_zone(self, dl: Runner, zone: str, hours: int) -> None:
        write(dl, HEADER + rows("{d:%Y-%m-%d %H:%M:%S},{p},{p}.5,{p},{p}.25,7"))
        done = ingest(dl, "--tz", zone)
        if "/" in zone and not Path("/usr/share/zoneinfo").is_dir():
            pytest.skip("the system has no time zones")
        done.ok()
        assert times(dl) == [ms - hours * HOUR_MS for ms in WANT]

    def test_a_zone_there_is_not(self, dl: Runner) -> None:
        write(dl, HEADER + rows("{d:%Y-%m-%d %H:%M:%S},{p},{p}.5,{p},{p}.25,7"))
        assert "America/NewYork" in ingest(dl, "--tz", "America/NewYork").error(2)

    def test_a_zone_for_times_that_say_theirs(self, dl: Runner) -> None:
        write(dl, PLAIN)
        assert "--tz" in ingest(dl, "--tz", "EST").error(2)

    def test_stamped_at_the_close(self, dl: Runner) -> None:
        write(dl, PLAIN)
        ingest(dl, "--stamp", "close").ok()
        assert times(dl) == [ms - 60_000 for ms in WANT]

    def test_the_machines_zone_is_never_asked(self, dl: Runner) -> None:
        write(dl, HEADER + rows("{d:%Y-%m-%d %H:%M:%S},{p},{p}.5,{p},{p}.25,7"))
        dl("ingest", "--source", "rows.csv", *DATASET, env={"TZ": "America/St_Johns"}).ok()
        assert times(dl) == WANT


class TestDataset:
    def test_exchange_and_symbol_from_the_name(self, dl: Runner) -> None:
        write(dl, PLAIN, "Binance_BTCUSDT_1m.csv")
        done = dl("ingest", "--source", "Binance_BTCUSDT_1m.csv", "--json").ok().json
        assert (done["exchange"], done["symbol"], done["period"]) == ("BINANCE", "BTCUSDT", "1m")

    def test_what_the_name_does_not_say_is_asked_for(self, dl: Runner) -> None:
        write(dl, PLAIN)
        message = dl("ingest", "--source", "rows.csv").error(2)
        assert "--exchange" in message or "--symbol" in message

    def test_what_is_given_counts(self, dl: Runner) -> None:
        write(dl, PLAIN, "Binance_BTCUSDT_1m.csv")
        arguments = ["--exchange", "okx", "--symbol", "ETHUSDT", "--market", "spot", "--json"]
        done = dl("ingest", "--source", "Binance_BTCUSDT_1m.csv", *arguments).ok().json
        assert (done["exchange"], done["market"], done["symbol"]) == ("OKX", "SPOT", "ETHUSDT")

    def test_period_where_rows_do_not_tell(self, dl: Runner) -> None:
        write(dl, HEADER + f"{FIRST_MS},1,2,1,2,3\n")
        assert "--period" in ingest(dl).error(2)
        assert ingest(dl, "--period", "1h", "--json").ok().json["period"] == "1h"

    def test_two_periods(self, dl: Runner) -> None:
        write(dl, bars_csv(100), "a.csv")
        write(dl, bars_csv(100, step_ms=HOUR_MS), "b.csv")
        message = dl("ingest", "--source", "a.csv", "b.csv", *DATASET).error(1)
        assert "b.csv" in message
        assert "1h" in message
        assert "1m" in message

    def test_bars_for_trades(self, dl: Runner) -> None:
        write(dl, PLAIN)
        assert ingest(dl, "--type", "trades").status != 0

    def test_other_symbols_are_stepped_over(self, dl: Runner) -> None:
        head = "ts,symbol,open,high,low,close,volume\n"
        two = "{ms},AAAUSDT,{p},{p}.5,{p},{p}.25,7\n{ms},BBBUSDT,{p},{p}.5,{p},{p}.25,9"
        write(dl, head + rows(two))
        done = dl("ingest", "--source", "rows.csv", "--exchange", "X", "--symbol", "BBBUSDT", "--json").ok().json
        assert (done["rows_new"], done["rows_other"]) == (15, 15)
        out = dl("read", "--exchange", "X", "--symbol", "BBBUSDT", "--format", "csv").ok()
        assert {row["volume"] for row in csv.DictReader(out.lines)} == {"9"}


class TestStandardInput:
    def test_through_a_pipe(self, dl: Runner) -> None:
        done = pipe(dl, PLAIN.encode(), *DATASET)
        assert done.returncode == 0, done.stderr
        assert times(dl) == WANT

    def test_packed(self, dl: Runner) -> None:
        done = pipe(dl, gzip.compress(PLAIN.encode()), *DATASET)
        assert done.returncode == 0, done.stderr
        assert times(dl) == WANT

    def test_nothing(self, dl: Runner) -> None:
        done = pipe(dl, b"", *DATASET)
        assert done.returncode in (1, 2)
        assert done.stderr.decode().startswith("dl: standard input")

    def test_an_error_names_it(self, dl: Runner) -> None:
        done = pipe(dl, (PLAIN + "x,1,2,3,4,5\n").encode(), *DATASET)
        assert done.returncode == 1
        assert done.stderr.decode().startswith("dl: standard input:17: ")

    def test_twice(self, dl: Runner) -> None:
        message = dl("ingest", "--source", "-", "-", *DATASET).error(2)
        assert message == "standard input ('-') can be read once only"

    def test_from_a_terminal(self, dl: Runner) -> None:
        status, shown, _ = dl.on_terminal("ingest", "--source", "-", *DATASET, typed="")
        assert status == 2
        assert "which is a terminal" in shown


def pipe(dl: Runner, text: bytes, *options: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [dl.program, "ingest", "--source", "-", *options],
        input=text,
        cwd=dl.directory,
        env=dl.environment(),
        capture_output=True,
        timeout=TIMEOUT,
    )


class TestMistakes:
    """One line that names the file and says what to do; no lake is left behind."""

    def refuse(self, dl: Runner, status: int, *arguments: str) -> str:
        message = dl("ingest", *arguments).error(status)
        assert not (dl.directory / "manifest.db").exists()
        return message

    def test_a_directory(self, dl: Runner) -> None:
        (dl.directory / "months").mkdir()
        message = self.refuse(dl, 2, "--source", "months", *DATASET)
        assert message == "months is a directory; name its files: --source 'months/*.csv'"

    def test_a_pattern_without_a_match(self, dl: Runner) -> None:
        message = self.refuse(dl, 1, "--source", "no*.csv", *DATASET)
        assert message == "no*.csv: no file matches; check what --source names"

    def test_a_missing_file(self, dl: Runner) -> None:
        message = self.refuse(dl, 1, "--source", "no.csv", *DATASET)
        assert message == "no.csv: there is no such file; check what --source names"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--max-rejects", "3"], "--max-rejects needs --rejects FILE to put the rows into"),
            (["--dry-run", "--restart"], "--dry-run and --restart contradict each other; leave one out"),
            (["--header", "maybe"], "--header is 'maybe', which is not one of yes|no"),
            (["--stamp", "end"], "--stamp is 'end', which is not one of open|close"),
            (["--checks", "on"], "--checks is 'on', which is not one of off|warn|reject"),
            (["--time-format", "iso"], "--time-format is 'iso', which is not one of s|ms|us|ns|ymd|dmy|mdy"),
            (["--seperator", ";"], "unknown option --seperator; did you mean --separator? see 'dl ingest --help'"),
        ],
    )
    def test_options(self, dl: Runner, source: Path, options: list[str], message: str) -> None:
        assert self.refuse(dl, 2, "--source", source.name, *DATASET, *options) == message

    def test_an_empty_file(self, dl: Runner) -> None:
        write(dl, "")
        assert "rows.csv" in ingest(dl).error(1)

    def test_a_picture(self, dl: Runner) -> None:
        (dl.directory / "rows.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
        assert ingest(dl).error(1).startswith("rows.csv")

    def test_a_zip_with_a_picture_in_it(self, dl: Runner) -> None:
        with zipfile.ZipFile(dl.directory / "rows.csv", "w") as archive:
            archive.writestr("rows.csv", PLAIN)
            archive.writestr("chart.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
        assert "chart.png" in ingest(dl).error(1)

    def test_columns_that_are_no_bars(self, dl: Runner) -> None:
        write(dl, "name,colour\nx,red\ny,blue\n")
        assert ingest(dl).error(1).startswith("rows.csv")


class TestNothingIsLost:
    """Rows that say little are rows: none is taken for a line of text above them."""

    def test_first_rows_without_values(self, dl: Runner) -> None:
        empty = "".join(f"{ms},NaN,NaN,NaN,NaN,NaN\n" for ms in WANT[:3])
        write(dl, HEADER + empty + "".join(rows("{ms},{p},{p}.5,{p},{p}.25,7").splitlines(keepends=True)[3:]))
        ingest(dl, "--checks", "off").ok()
        assert times(dl) == WANT
        assert [row["close"] for row in read(dl)][:4] == ["", "", "", "103.25"]

    def test_without_a_header(self, dl: Runner) -> None:
        empty = "".join(f"{ms},,,,,\n" for ms in WANT[:3])
        write(dl, empty + "".join(rows("{ms},{p},{p}.5,{p},{p}.25,7").splitlines(keepends=True)[3:]))
        ingest(dl, "--checks", "off", "--columns", "ts,open,high,low,close,volume").ok()
        assert times(dl) == WANT

    def test_a_first_row_that_is_wrong(self, dl: Runner) -> None:
        write(dl, HEADER + f"{WANT[0] - 60_000},x,x,x,x,x\n" + rows("{ms},{p},{p}.5,{p},{p}.25,7"))
        assert ingest(dl).error(1).startswith("rows.csv:2: ")

    def test_words_between_the_header_and_the_rows(self, dl: Runner) -> None:
        write(dl, "Price,Open,High,Low,Close,Volume\nTicker,BTC,BTC,BTC,BTC,BTC\nDate,,,,,\n" + PLAIN.split("\n", 1)[1])
        assert ingest(dl, "--json").ok().json["rows_new"] == 15
