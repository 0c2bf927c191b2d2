#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "human.h"
#include "ingest_plan.h"
#include "ingest_report.h"
#include "ingest_sources.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "temporary_lake.h"

struct ingest_options {
    struct option_list sources, columns;
    struct lake_selection dataset;
    const char *separator, *time_zone, *rejects_path;
    int header, decimal, time_format, stamp, checks; /* choices */
    int64_t max_rejects;
    bool dry_run, restart, progress;
};

#define AT(member) offsetof(struct ingest_options, member)

#define HEADERS "yes|no"
#define DECIMALS "point|comma"
#define TIME_FORMATS "s|ms|us|ns|ymd|dmy|mdy"
#define STAMPS "open|close"

static const struct option options_table[] = {
    {"source", NULL, OPTION_FILES, true, "FILE",
     "what to read: files, patterns ('*.csv'), or - for standard input; may be repeated, and take several",
     AT(sources)},
    {"exchange", NULL, OPTION_TEXT, false, "NAME", "where the rows are from, in any case; else as the file's name says",
     AT(dataset.exchange)},
    {"symbol", NULL, OPTION_TEXT, false, "NAME", "BTCUSDT or BTC/USDT:USDT; else as the file's name says",
     AT(dataset.symbol)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "SPOT, FUTURES, INVERSE, …; FUTURES if not given", AT(dataset.market)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD", "1m, 1h, …; told from the rows if not given", AT(dataset.period)},
    {"type", "data-type", OPTION_TEXT, false, "TYPE",
     "raw (bars), trades, aggtrades or funding; told from the columns if not given", AT(dataset.type)},
    {"columns", NULL, OPTION_NAMES, false, "NAME,...",
     "what the columns are: by place, ts,open,-,close (- leaves one out), or single ones: 'volume=Volume USDT', "
     "'trades=#7', note:text",
     AT(columns)},
    {"separator", NULL, OPTION_TEXT, false, "CHARACTER", "comma, semicolon, tab, pipe or space; else told",
     AT(separator)},
    {"header", NULL, OPTION_CHOICE, false, HEADERS, "whether the first line names the columns; else told", AT(header)},
    {"decimal", NULL, OPTION_CHOICE, false, DECIMALS, "whether 1,5 is one and a half; else told", AT(decimal)},
    {"time-format", NULL, OPTION_CHOICE, false, TIME_FORMATS,
     "the unit of times that are numbers, or the order of dates; else told", AT(time_format)},
    {"tz", NULL, OPTION_TEXT, false, "ZONE",
     "of times that do not say it: +09:00, EST, America/New_York; UTC if not given", AT(time_zone)},
    {"stamp", NULL, OPTION_CHOICE, false, STAMPS, "close: bars are stamped with their end, not their beginning",
     AT(stamp)},
    {"checks", NULL, OPTION_CHOICE, false, "off|warn|reject",
     "what becomes of rows that break a rule of sanity; warn if not given", AT(checks)},
    {"rejects", NULL, OPTION_TEXT, false, "FILE", "put rows that are wrong there, with the reason, and go on",
     AT(rejects_path)},
    {"max-rejects", NULL, OPTION_COUNT, false, "N", "stop where there are more of them; 1000 if not given",
     AT(max_rejects)},
    {"dry-run", NULL, OPTION_FLAG, false, NULL, "say what was understood and what would be done, and do nothing",
     AT(dry_run)},
    {"restart", NULL, OPTION_FLAG, false, NULL, "begin anew, where an interrupted ingest would be gone on with",
     AT(restart)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

/* ---- what the options say to the library ---- */

enum { CHOICE_BYTES = 16 };

/* The choice at a place counted from 1; NULL for 0. */
static const char *choice_text(const char *choices, int place, char out[CHOICE_BYTES])
{
    if (place == 0)
        return NULL;
    for (; place > 1; place--)
        choices += strcspn(choices, "|") + 1;
    snprintf(out, CHOICE_BYTES, "%.*s", (int)strcspn(choices, "|"), choices);
    return out;
}

static lake_status check_options(const struct ingest_options *given, struct lake_error *err)
{
    if (given->max_rejects > 0 && given->rejects_path == NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--max-rejects needs --rejects FILE to put the rows into");
    if (given->dry_run && given->restart)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--dry-run and --restart contradict each other; leave one out");
    return ingest_sources_check(&given->sources, err);
}

/* ---- the work ---- */

/* An interrupt is no failure: people are told how far it came, and how to go on or not. */
static lake_status tell_interrupt(const struct ingest_report *report, struct lake_error *err)
{
    char rows[HUMAN_BYTES];
    if (!report->result.can_resume)
        return cli_fail(err, LAKE_CANCELLED, "interrupted; nothing was committed, the lake is as it was");
    return cli_fail(err, LAKE_CANCELLED,
                    "interrupted after %s, which are kept but not committed: the same command goes on from there, "
                    "with --restart it begins anew; kept for 7 days",
                    human_counted(report->result.rows_read, "row", rows));
}

static lake_status ingest(struct cli *cli, const struct ingest_options *given, struct lake *lake,
                          struct ingest_report *report, struct lake_error *err)
{
    char header[CHOICE_BYTES];
    char decimal[CHOICE_BYTES];
    char time_format[CHOICE_BYTES];
    char stamp[CHOICE_BYTES];
    struct progress progress;
    struct lake_ingest_options job = {
        .size = sizeof job,
        .sources = (const char *const *)given->sources.items,
        .n_sources = given->sources.n,
        .dataset = given->dataset,
        .columns = (const char *const *)given->columns.items,
        .n_columns = given->columns.n,
        .separator = given->separator,
        .header = choice_text(HEADERS, given->header, header),
        .decimal = choice_text(DECIMALS, given->decimal, decimal),
        .time_format = choice_text(TIME_FORMATS, given->time_format, time_format),
        .time_zone = given->time_zone,
        .stamp = choice_text(STAMPS, given->stamp, stamp),
        .rejects_path = given->rejects_path,
        .max_rejects = given->max_rejects,
        .checks = (enum lake_check_action)given->checks,
        .dry_run = given->dry_run,
        .restart = given->restart,
    };
    progress_begin(&progress, cli, given->progress, "ingesting");
    job.progress = progress_reporter(&progress);
    lake_status status = lake_ingest(lake, &job, &report->result, err);
    report->seconds = progress_seconds(&progress);
    progress_end(&progress);
    return status == LAKE_CANCELLED ? tell_interrupt(report, err) : status;
}

static lake_status write_report(struct cli *cli, const struct ingest_options *given, struct ingest_report *report,
                                struct lake_error *err)
{
    if (report->made_lake)
        note(cli, "made a lake: manifest %s, data in %s", session_db_path(cli), session_data_root(cli));
    ingest_report_note(cli, &report->result);
    if (given->dry_run)
        return (cli->global.json ? ingest_plan_write_json : ingest_plan_write_text)(cli, report, err);
    if (cli->global.json)
        ingest_report_write_json(cli, report);
    else if (!cli->global.quiet)
        ingest_report_write_text(cli, report);
    return LAKE_OK;
}

/* A dry run leaves no trace: where there is no lake it works on one that nobody sees. */
static lake_status open_lake(struct cli *cli, const struct ingest_options *given, struct temporary_lake *temporary,
                             struct lake **out, struct lake_error *err)
{
    struct session_options session = {.kind = given->dry_run ? SESSION_READ : SESSION_WRITE};
    lake_status status = session_open(cli, session, out, err);
    if (status != LAKE_NOT_FOUND || !given->dry_run)
        return status;
    return temporary_lake_open(temporary, session_lake_options(cli, session), out, err);
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct ingest_options *given = options;
    struct ingest_report report = {.result = {.size = sizeof report.result}};
    struct temporary_lake temporary = {0};
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY_OUT(check_options(given, err));
    TRY_OUT(open_lake(cli, given, &temporary, &lake, err));
    report.made_lake = !given->dry_run && lake_was_created(lake);
    TRY_OUT(ingest(cli, given, lake, &report, err));
    TRY_OUT(write_report(cli, given, &report, err));
out:
    if (report.result.sample.release != NULL)
        report.result.sample.release(&report.result.sample);
    lake_close(lake);
    temporary_lake_remove(&temporary);
    return status;
}

static const char *const examples[] = {
    "dl ingest --source btc_1m.csv --exchange BINANCE --symbol BTCUSDT",
    "dl ingest --source btc_1m.csv --exchange BINANCE --symbol BTCUSDT --dry-run",
    "dl ingest --source btc_1m.csv btc_1m_2.csv --exchange binance --market spot --symbol BTC/USDT --period 1m",
    "dl ingest --source 'btc_1m*.csv' --exchange binance --symbol BTCUSDT --rejects wrong_rows.csv",
    NULL,
};

const struct command command_ingest = {
    .name = "ingest",
    .summary = "reads CSV and Parquet files into the lake",
    .description =
        "Reads bars, trades or funding rates into the lake: text in any usual form, also in .gz, .zst or .zip, and\n"
        "Parquet. What the columns are, how times are written, the period and more is told from the file; what is not\n"
        "certain is asked for. All files become one commit, or nothing does. Rows that are there already change\n"
        "nothing, so that a file can be ingested again at will. A long ingest that was interrupted goes on from a safe\n"
        "point when the same command is given again. --dry-run shows what is understood; its exit status is 0 also\n"
        "where rows would be rejected.\n"
        "\n"
        "  The file …                                      say\n"
        "  is stamped in another zone (HistData: EST)      --tz EST\n"
        "  is stamped with the end of bars (BitMEX)        --stamp close\n"
        "  has dates such as 03/04/2021                    --time-format dmy (or mdy)\n"
        "  has no header and is of no known form           --columns ts,open,high,low,close,volume\n"
        "  has a volume in two units                       --columns 'volume=Volume BTC'\n"
        "  has columns that are not wanted                 --columns 'spread=-,note=-'\n"
        "  writes 1.234,56                                 --decimal comma\n"
        "  has some rows that are wrong                    --rejects wrong_rows.csv\n"
        "  has no two neighbouring bars                    --period 1d\n"
        "  comes out of another program                    --source -\n",
    .stray_hint = "files are given with --source",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct ingest_options),
    .examples = examples,
    .run = run,
};
