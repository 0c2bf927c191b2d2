#include <string.h>

#include "command.h"
#include "human.h"
#include "report.h"
#include "rows.h"
#include "scan_stream.h"
#include "session.h"

/* Rows of a batch: enough to decode several files at once, few enough for five years to pass through 64 MB. */
#define BATCH_ROWS INT64_C(65536)
#define ENGINE_BYTES (UINT64_C(32) << 20)
/* Below these a second thread costs more to start than it saves. */
#define SMALL_ROWS INT64_C(20000)
#define SMALL_RANGE_MS (INT64_C(7) * 86400000)

struct read_options {
    struct lake_selection dataset;
    struct option_time start, end;
    struct option_list columns;
    int64_t limit, tail;
    int format;
    int ts;
    const char *output, *as_of, *offset, *origin;
    int fill;
    bool complete, progress;
};

#define AT(member) offsetof(struct read_options, member)

static const struct option options_table[] = {
    {"exchange", NULL, OPTION_TEXT, true, "NAME", "the exchange, in any case", AT(dataset.exchange)},
    {"symbol", NULL, OPTION_TEXT, true, "NAME", "the symbol: BTCUSDT or BTC/USDT:USDT", AT(dataset.symbol)},
    {"start", NULL, OPTION_START, false, "TIME", "from this time on, UTC: 2026-01-31, 2026-01, '2026-01-31 09:30', …",
     AT(start)},
    {"end", NULL, OPTION_END, false, "TIME", "before this time; a bare date means the end of that day", AT(end)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "needed where the symbol is in several markets", AT(dataset.market)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD",
     "1m, 1h, …: needed where there are several; bars that are not stored are derived on the way", AT(dataset.period)},
    {"data-type", "type", OPTION_TEXT, false, "TYPE", "raw if not given; agg: bars derived from others",
     AT(dataset.type)},
    {"columns", NULL, OPTION_NAMES, false, "NAME,...", "only these; ts comes first in any case", AT(columns)},
    {"as-of", NULL, OPTION_TEXT, false, "SNAPSHOT", "as it was then: a snapshot's number or name ('dl log'), or a time",
     AT(as_of)},
    {"fill", NULL, OPTION_CHOICE, false, "none|null|previous|zero-volume",
     "what stands where bars are missing between the first and the last one: nothing if not given", AT(fill)},
    {"complete", NULL, OPTION_FLAG, false, NULL, "leave out derived bars that lack source bars", AT(complete)},
    {"offset", NULL, OPTION_TEXT, false, "LENGTH",
     "derive bars that begin later than 00:00 UTC, Monday or the 1st: 30m, 22h, -4h", AT(offset)},
    {"origin", NULL, OPTION_TEXT, false, "TIME", "the same, by a time at which a bar begins", AT(origin)},
    {"limit", NULL, OPTION_COUNT, false, "N", "only the first N rows", AT(limit)},
    {"tail", NULL, OPTION_COUNT, false, "N", "only the last N rows", AT(tail)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson|parquet",
     "how to print; a table on a terminal and CSV elsewhere if not given", AT(format)},
    {"ts", NULL, OPTION_CHOICE, false, "iso|ms",
     "times as ISO 8601 (tables, CSV) or as epoch numbers in the unit of the type (JSON)", AT(ts)},
    {"output", NULL, OPTION_TEXT, false, "FILE",
     "into a file, which appears when it is complete; its name tells the format", AT(output)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static bool is_small(const struct read_options *read)
{
    if (read->start.is_given && read->end.is_given && read->end.ms - read->start.ms <= SMALL_RANGE_MS)
        return true;
    return (read->limit > 0 && read->limit <= SMALL_ROWS) || (read->tail > 0 && read->tail <= SMALL_ROWS);
}

static lake_status check_options(const struct read_options *read, struct lake_error *err)
{
    if (read->start.is_given && read->end.is_given && read->start.ms >= read->end.ms)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--start is not before --end; swap them or leave one out");
    if (read->limit > 0 && read->tail > 0)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--limit and --tail contradict each other; leave one out");
    if (read->offset != NULL && read->origin != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--offset and --origin say the same; leave one out");
    return LAKE_OK;
}

static lake_status open_scan(struct lake *lake, const struct read_options *read, struct lake_scan **out,
                             struct lake_error *err)
{
    struct lake_scan_options options = {
        .size = sizeof options,
        .dataset = read->dataset,
        .has_start = read->start.is_given,
        .has_end = read->end.is_given,
        .start_ms = read->start.ms,
        .end_ms = read->end.ms,
        .columns = (const char *const *)read->columns.items,
        .n_columns = read->columns.n,
        .limit = read->limit,
        .tail = read->tail,
        .batch_rows = BATCH_ROWS,
        .fill = read->fill == 0 ? LAKE_FILL_NONE : (enum lake_fill)(read->fill - 1),
        .complete = read->complete,
        .offset = read->offset,
        .origin = read->origin,
    };
    TRY(session_find_snapshot(lake, read->as_of, &options.as_of, err));
    return lake_scan_open(lake, &options, out, err);
}

static void note_choice(const struct cli *cli, const struct lake_scan *scan)
{
    char name[DATASET_NAME_BYTES];
    bool chosen = false;
    struct lake_selection dataset = lake_scan_dataset(scan, &chosen);
    if (chosen)
        note(cli, "reading %s", dataset_name(&dataset, name));
    if (*lake_scan_note(scan) != '\0')
        note(cli, "bars of %s are derived on the way %s; see dl aggregate", dataset.period, lake_scan_note(scan));
}

/* I12: nobody takes a bar for what it is not because he did not look at its columns. */
static void note_incomplete(const struct cli *cli, const struct lake_scan *scan)
{
    char incomplete[HUMAN_BYTES], bars[HUMAN_BYTES];
    int64_t n_bars = 0;
    int64_t n_incomplete = lake_scan_incomplete(scan, &n_bars);
    if (n_incomplete > 0)
        note(cli, "%s of %s %s source bars; --complete leaves %s out", human_count(n_incomplete, incomplete),
             human_counted(n_bars, "bar", bars), n_incomplete == 1 ? "lacks" : "lack",
             n_incomplete == 1 ? "it" : "them");
}

/* The scan's own error, else the output's (a full disk, Ctrl-C while waiting for a slow reader), else what the
 * writer of the rows said. A pipe that was closed is the reader's wish. */
static lake_status settle(lake_status status, const struct scan_stream *source, struct output *out,
                          struct lake_error *err)
{
    if (source->error.status != LAKE_OK) {
        *err = source->error;
        return err->status;
    }
    if (out->broken_pipe)
        return LAKE_OK;
    if (status != LAKE_OK && out->failed == 0)
        return status;
    return output_finish(out, err);
}

static lake_status write_rows(struct cli *cli, const struct read_options *read, struct lake_scan *scan,
                              struct output *out, struct lake_error *err)
{
    enum rows_format format = ROWS_UNSET;
    struct ArrowArrayStream stream = {0};
    struct scan_stream source;
    struct progress progress;
    bool is_standard = out == &cli->out;
    struct view view = {
        .out = out,
        .has_colour = is_standard && cli->terminal.has_colour,
        .width = is_standard ? cli->terminal.width : 0,
        .is_cut = read->limit == 0 && read->tail == 0,
    };

    TRY(rows_choose_format(cli, read->format, is_standard ? NULL : read->output, &format, err));
    progress_begin(&progress, cli, read->progress, "reading");
    if (is_standard && !read->progress)
        progress.is_shown = false; /* the rows themselves, or the reader of the pipe, show it */
    scan_stream_begin(&source, scan, &progress, &stream);
    lake_status status = rows_write(&stream, format, (enum rows_time)read->ts, &view, err);
    progress_end(&progress);
    status = settle(status, &source, out, err);
    if (status == LAKE_OK && source.n_rows == 0 && cli->terminal.err_is_terminal)
        note(cli, "there are no rows in this range");
    return status;
}

static lake_status read_into(struct cli *cli, const struct read_options *read, struct lake_scan *scan,
                             struct lake_error *err)
{
    if (read->output == NULL || strcmp(read->output, "-") == 0)
        return write_rows(cli, read, scan, &cli->out, err);
    struct output file;
    lake_status status = output_begin_file(&file, read->output, err);
    if (status == LAKE_OK)
        status = write_rows(cli, read, scan, &file, err);
    output_abandon(&file);
    return status;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct read_options *read = options;
    struct session_options session = {
        .kind = SESSION_READ,
        .n_threads = is_small(read) ? 1 : 0,
        .memory_bytes = ENGINE_BYTES,
    };
    struct lake *lake = NULL;
    struct lake_scan *scan = NULL;
    lake_status status = LAKE_OK;

    TRY_OUT(check_options(read, err));
    TRY_OUT(session_open(cli, session, &lake, err));
    TRY_OUT(open_scan(lake, read, &scan, err));
    note_choice(cli, scan);
    TRY_OUT(read_into(cli, read, scan, err));
    note_incomplete(cli, scan);
out:
    lake_scan_close(scan);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl read --exchange BINANCE --symbol BTCUSDT --start 2026-01-01 --end 2026-01-07",
    "dl read --exchange binance --symbol BTCUSDT --columns close,volume --tail 5",
    "dl read --exchange binance --symbol BTC/USDT:USDT --period 1m --output btc.parquet",
    "dl read --exchange binance --symbol BTCUSDT --period 15m --complete --tail 5",
    "dl read --exchange binance --symbol BTCUSDT --period 1d --offset 22h",
    "dl read --exchange binance --symbol BTCUSDT --fill previous --start 2026-01",
    "dl read --exchange binance --symbol BTCUSDT --as-of 1 --limit 5",
    "dl read --exchange binance --symbol BTCUSDT --start 2026-01 --format ndjson | head -n 3",
    NULL,
};

const struct command command_read = {
    .name = "read",
    .summary = "prints rows as a table, CSV, JSON or Parquet",
    .description =
        "Prints the rows of one dataset in the order of time: a table on a terminal, CSV into a pipe.\n"
        "A long table shows its first and last rows. Both --start and --end may be left out.\n"
        "\n"
        "Coarser bars that are not stored, or no longer fit what they were derived from, are derived on the\n"
        "way: 'bars' says of how many source bars each is made, 'bars_expected' of how many it should be.\n"
        "Rows that --fill puts in are never stored; their 'bars' are 0 and 'bars_expected' is empty.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct read_options),
    .examples = examples,
    .run = run,
};
