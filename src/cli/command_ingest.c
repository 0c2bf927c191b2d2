#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <datalake/text.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "progress.h"
#include "report.h"
#include "session.h"

struct ingest_options {
    struct option_list sources;
    struct lake_selection dataset;
    bool progress;
};

#define AT(member) offsetof(struct ingest_options, member)

static const struct option options_table[] = {
    {"source", NULL, OPTION_FILES, true, "FILE", "the CSV to read; may be repeated, and take several", AT(sources)},
    {"exchange", NULL, OPTION_TEXT, true, "NAME", "where the rows are from, in any case", AT(dataset.exchange)},
    {"symbol", NULL, OPTION_TEXT, true, "NAME", "the symbol: BTCUSDT or BTC/USDT:USDT", AT(dataset.symbol)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "SPOT, FUTURES, INVERSE, …; FUTURES if not given", AT(dataset.market)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD", "1m, 1h, …; told from the rows if not given", AT(dataset.period)},
    {"type", "data-type", OPTION_TEXT, false, "TYPE", "raw if not given", AT(dataset.type)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

struct ingest_report {
    struct lake_ingest_result result;
    double seconds;
    bool made_lake;
};

static double per_second(double n, double seconds)
{
    return seconds > 0 ? n / seconds : 0;
}

/* ISO 8601 by the library's own formatter, so that times look alike everywhere. */
static void time_text(int64_t ms, char out[HUMAN_BYTES])
{
    struct ArrowSchema schema = {.format = "tsm:UTC"};
    const void *buffers[] = {NULL, &ms};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    lake_format_value(&schema, &array, 0, out, HUMAN_BYTES);
}

/* ---- the summary ---- */

static void write_line(struct cli *cli, const char *name, const char *value)
{
    if (cli->terminal.out_is_terminal)
        output_printf(&cli->out, "  %-9s", name);
    else
        output_printf(&cli->out, "%s: ", name);
    output_printf(&cli->out, "%s\n", value);
}

/* Thousands are separated where people read. */
static const char *count_text(const struct cli *cli, int64_t n, char out[HUMAN_BYTES])
{
    if (cli->terminal.out_is_terminal)
        return human_count(n, out);
    snprintf(out, HUMAN_BYTES, "%" PRId64, n);
    return out;
}

static void write_count(struct cli *cli, const char *name, int64_t n)
{
    char count[HUMAN_BYTES];
    write_line(cli, name, count_text(cli, n, count));
}

static void write_range(struct cli *cli, const struct lake_ingest_result *result)
{
    char first[HUMAN_BYTES];
    char last[HUMAN_BYTES];
    char line[2 * HUMAN_BYTES + 8];
    time_text(result->first_ms, first);
    time_text(result->last_ms, last);
    snprintf(line, sizeof line, "%s to %s", first, last);
    write_line(cli, "range", line);
}

static void write_duration(struct cli *cli, const struct ingest_report *report)
{
    char duration[HUMAN_BYTES];
    char rate[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    char line[4 * HUMAN_BYTES];
    const struct lake_ingest_result *result = &report->result;
    human_count((int64_t)per_second((double)result->rows_read, report->seconds), rate);
    human_size((int64_t)per_second((double)result->source_bytes, report->seconds), size);
    snprintf(line, sizeof line, "%s, %s rows/s, %s/s", human_duration(report->seconds, duration), rate, size);
    write_line(cli, "time", line);
}

static void write_summary(struct cli *cli, const struct ingest_report *report)
{
    const struct lake_ingest_result *result = &report->result;
    char name[DATASET_NAME_BYTES];
    char count[HUMAN_BYTES];
    write_line(cli, "dataset", dataset_name(&result->dataset, name));
    write_count(cli, "read", result->rows_read);
    write_count(cli, "new", result->rows_new);
    write_count(cli, "changed", result->rows_changed);
    write_count(cli, "equal", result->rows_equal);
    if (result->rows_read > 0)
        write_range(cli, result);
    write_count(cli, "days", result->days_changed);
    write_count(cli, "files", result->files_written);
    write_duration(cli, report);
    if (result->snapshot == 0)
        output_printf(&cli->out, "nothing new: all %s rows are already there, no new version\n",
                      count_text(cli, result->rows_read, count));
}

static void write_ignored(struct json *json, const char *names)
{
    json_open(json, "ignored_columns", '[');
    while (*names != '\0') {
        char name[256];
        size_t n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        json_text(json, NULL, name);
        names += n + (names[n] == ',');
        names += strspn(names, " ");
    }
    json_close(json, ']');
}

static void write_json(struct cli *cli, const struct ingest_report *report)
{
    const struct lake_ingest_result *result = &report->result;
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "exchange", result->dataset.exchange);
    json_text(&json, "market", result->dataset.market);
    json_text(&json, "symbol", result->dataset.symbol);
    json_text(&json, "type", result->dataset.type);
    json_text(&json, "period", result->dataset.period);
    json_int64(&json, "rows_read", result->rows_read);
    json_int64(&json, "rows_new", result->rows_new);
    json_int64(&json, "rows_changed", result->rows_changed);
    json_int64(&json, "rows_equal", result->rows_equal);
    json_int64(&json, "first_ts", result->first_ms);
    json_int64(&json, "last_ts", result->last_ms);
    json_int64(&json, "days_changed", result->days_changed);
    json_int64(&json, "files_written", result->files_written);
    json_int64(&json, "source_bytes", result->source_bytes);
    if (result->snapshot == 0)
        json_null(&json, "snapshot");
    else
        json_int64(&json, "snapshot", result->snapshot);
    write_ignored(&json, result->ignored_columns);
    json_bool(&json, "lake_created", report->made_lake);
    json_seconds(&json, "seconds", report->seconds);
    json_close(&json, '}');
}

/* ---- the work ---- */

/* Looked at before a lake is made: a misspelt name must not leave an empty one behind. */
static lake_status check_sources(const struct option_list *sources, struct lake_error *err)
{
    for (size_t i = 0; i < sources->n; i++) {
        struct stat status;
        if (stat(sources->items[i], &status) != 0 && errno == ENOENT && strcmp(sources->items[i], "-") != 0)
            return cli_fail(err, LAKE_NOT_FOUND, "%s: there is no such file; check what --source names",
                            sources->items[i]);
    }
    return LAKE_OK;
}

static lake_status ingest(struct cli *cli, const struct ingest_options *options, struct lake *lake,
                          struct ingest_report *report, struct lake_error *err)
{
    struct progress progress;
    progress_begin(&progress, cli, options->progress, "ingesting");
    struct lake_ingest_options job = {
        .size = sizeof job,
        .sources = (const char *const *)options->sources.items,
        .n_sources = options->sources.n,
        .dataset = options->dataset,
        .progress = progress_reporter(&progress),
    };
    lake_status status = lake_ingest(lake, &job, &report->result, err);
    report->seconds = progress_seconds(&progress);
    progress_end(&progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; nothing was committed, the lake is as it was");
    return status;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct ingest_options *given = options;
    struct ingest_report report = {.result = {.size = sizeof report.result}};
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY_OUT(check_sources(&given->sources, err));
    TRY_OUT(session_open(cli, (struct session_options){.kind = SESSION_WRITE}, &lake, err));
    report.made_lake = lake_was_created(lake);
    TRY_OUT(ingest(cli, given, lake, &report, err));
    if (report.made_lake)
        note(cli, "made a lake: manifest %s, data in %s", session_db_path(cli), session_data_root(cli));
    if (*report.result.ignored_columns != '\0')
        note(cli, "columns that were left out: %s", report.result.ignored_columns);
    if (cli->global.json)
        write_json(cli, &report);
    else if (!cli->global.quiet)
        write_summary(cli, &report);
out:
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl ingest --source btc_1m.csv --exchange BINANCE --symbol BTCUSDT",
    "dl ingest --source btc_1m.csv btc_1m_2.csv --exchange binance --market spot --symbol BTC/USDT --period 1m",
    NULL,
};

const struct command command_ingest = {
    .name = "ingest",
    .summary = "reads CSV files into the lake",
    .description =
        "Reads bars from CSV files into the lake: files with named columns in any order, and Binance archive files\n"
        "with or without a header; times in s, ms, µs, ns or ISO 8601. All files become one commit, or nothing does.\n"
        "Rows that are there already change nothing, so a file can be ingested again at will.\n",
    .stray_hint = "files are given with --source",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct ingest_options),
    .examples = examples,
    .run = run,
};
