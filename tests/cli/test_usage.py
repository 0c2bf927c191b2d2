"""Wrong usage: status 2 and one line that says what to do."""

import pytest
from dl_runner import Runner

READ = ["read", "--exchange", "binance", "--symbol", "BTCUSDT"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no command given; see 'dl --help' for what there is"),
        (["raed"], "unknown command 'raed'; did you mean 'read'? see 'dl --help'"),
        (["verfy"], "unknown command 'verfy'; did you mean 'verify'? see 'dl --help'"),
        (["download-history"], "'download-history' is not in version 0.1.0; see 'dl --help' for what is"),
        (["--jsn", "list"], "unknown option --jsn; did you mean --json? see 'dl --help'"),
        (["read", "--symbl", "X"], "unknown option --symbl; did you mean --symbol? see 'dl read --help'"),
        (["list", "--tail", "3"], "unknown option --tail; see 'dl list --help'"),
        (["read"], "dl read needs --exchange NAME, --symbol NAME; see 'dl read --help'"),
        (["read", "--exchange", "x"], "dl read needs --symbol NAME; see 'dl read --help'"),
        (["read", "--exchange"], "--exchange needs a value: --exchange NAME"),
        (["read", "--exchange", "--symbol", "x"], "--exchange needs a value: --exchange NAME"),
        (["read", "--exchange="], "--exchange needs a value, not an empty text"),
        ([*READ, "--symbol", "x"], "--symbol is given twice"),
        ([*READ, "--limit", "many"], "--limit is 'many', which is not a whole number from 1 on"),
        ([*READ, "--limit", "0"], "--limit is '0', which is not a whole number from 1 on"),
        ([*READ, "--limit", "1", "--tail", "1"], "--limit and --tail contradict each other; leave one out"),
        ([*READ, "--format", "xml"], "--format is 'xml', which is not one of table|csv|json|ndjson|parquet"),
        ([*READ, "--ts", "us"], "--ts is 'us', which is not one of iso|ms"),
        ([*READ, "--columns", "open,,close"], "--columns has an empty name between its commas"),
        (
            [*READ, "--start", "2021-13-01"],
            "--start: '2021-13-01' is not a date or time; write 2026-01-31, 2026-01-31T09:30 or epoch milliseconds",
        ),
        (
            [*READ, "--start", "2021-02-01", "--end", "2021-01-01"],
            "--start is not before --end; swap them or leave one out",
        ),
        (["init", "here"], "'here' is more than dl init takes; see 'dl init --help'"),
        (
            ["ingest", "a.csv", "--exchange", "x", "--symbol", "y"],
            "'a.csv' is more than dl ingest takes; files are given with --source; see 'dl ingest --help'",
        ),
        (["list", "--files=yes"], "--files takes no value"),
        (["backup"], "dl backup needs DIR; see 'dl backup --help'"),
        (["restore"], "dl restore needs DIR; see 'dl restore --help'"),
        (["undo", "1", "2"], "'2' is more than dl undo takes; see 'dl undo --help'"),
        (
            ["delete"],
            "dl delete needs to be told what: at least one of --exchange, --market, --symbol, --data-type, --period; "
            "see 'dl delete --help'",
        ),
        (
            ["delete", "BTCUSDT"],
            "'BTCUSDT' is more than dl delete takes; what to delete is named with --symbol, --exchange, …; "
            "see 'dl delete --help'",
        ),
        (["log", "--all", "--limit", "3"], "--all and --limit contradict each other; leave one out"),
        (["snapshot", "--at", "1"], "--at needs a name for the snapshot: dl snapshot NAME --at 1"),
        (["snapshot", "a", "--remove", "b"], "--remove takes no other name and no --at; leave them out"),
        (["snapshot", "a", "--format", "csv"], "--format is for the list of names; leave it out"),
        (
            ["maintenance", "--gc", "--symbol", "BTCUSDT"],
            "datasets can be chosen for --compact only; leave the choice out or add --compact",
        ),
    ],
)
def test_one_line_says_what_is_wrong(lake: Runner, arguments: list[str], message: str) -> None:
    done = lake(*arguments)
    assert done.error(2) == message
    assert done.out == ""


def test_option_forms_are_the_same(lake: Runner) -> None:
    plain = lake(*READ, "--limit", "2", "--quiet").ok().out
    assert lake("read", "--exchange=binance", "--symbol=BTCUSDT", "--limit=2", "--quiet").out == plain
    assert lake("--quiet", *READ, "--limit", "2").out == plain


def test_options_end_at_two_dashes(lake: Runner) -> None:
    assert "'--limit' is more than dl list takes" in lake("list", "--", "--limit").error(2)


def test_an_error_stays_one_line_whatever_it_names(dl: Runner) -> None:
    message = dl("ingest", "--source", "a\nb\x1b[31m.csv", "--exchange", "x", "--symbol", "y").error(1)
    assert "a\\x0ab\\x1b[31m.csv" in message


def test_nothing_is_made_by_wrong_usage(dl: Runner) -> None:
    dl("ingest", "--exchange", "x", "--symbol", "y").error(2)
    dl("ingest", "--source", "nowhere.csv", "--exchange", "x", "--symbol", "y").error(1)
    assert list(dl.directory.iterdir()) == []
