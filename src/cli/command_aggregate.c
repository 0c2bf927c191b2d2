#include <stdio.h>

#include <datalake/bars.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "json_rows.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "view.h"

struct aggregate_options {
    struct lake_selection dataset;
    struct option_list to, columns;
    const char *from, *offset, *origin;
    bool anew, dry_run, progress;
};

#define AT(member) offsetof(struct aggregate_options, member)

static const struct option options_table[] = {
    {"exchange", NULL, OPTION_TEXT, false, "NAME", "only this exchange", AT(dataset.exchange)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "only this market: SPOT, FUTURES, …", AT(dataset.market)},
    {"symbol", NULL, OPTION_TEXT, false, "NAME", "only this symbol", AT(dataset.symbol)},
    {"to", NULL, OPTION_NAMES, false, "PERIOD,…", "what is derived; else dl.toml's [aggregate] to, else 15m,1h",
     AT(to)},
    {"from", NULL, OPTION_TEXT, false, "PERIOD",
     "what it is derived from: bars of that period, trades, aggtrades; else 1m, else the finest bars there are",
     AT(from)},
    {"offset", NULL, OPTION_TEXT, false, "LENGTH", "bars begin later than 00:00 UTC, Monday, the 1st: 30m, 22h, -4h",
     AT(offset)},
    {"origin", NULL, OPTION_TEXT, false, "TIME", "instead: a time at which a bar begins", AT(origin)},
    {"columns", NULL, OPTION_FILES, false, "COLUMN…",
     "of the source's own: 'spread_max=max(spread)', 'fair=weighted(price,amount)'", AT(columns)},
    {"anew", NULL, OPTION_FLAG, false, NULL, "derive everything again, also what was derived in another way", AT(anew)},
    {"dry-run", NULL, OPTION_FLAG, false, NULL, "say what would be derived, and derive nothing", AT(dry_run)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static const struct view_column narrow[] = {
    {"dataset", "exchange market symbol period", false},
    {"from", "from", false},
    {"days", "days", false},
    {"written", "rows_written", false},
    {"removed", "rows_removed", false},
    {"state", "state", false},
};

static const char *const *texts(const struct option_list *list)
{
    return list->n == 0 ? NULL : (const char *const *)list->items;
}

static struct lake_aggregate_options library_options(const struct aggregate_options *given, struct progress *progress)
{
    return (struct lake_aggregate_options){
        .size = sizeof(struct lake_aggregate_options),
        .dataset = given->dataset,
        .periods = texts(&given->to),
        .n_periods = given->to.n,
        .recipe = {.from = given->from,
                   .offset = given->offset,
                   .origin = given->origin,
                   .columns = texts(&given->columns),
                   .n_columns = given->columns.n},
        .anew = given->anew,
        .dry_run = given->dry_run,
        .progress = progress_reporter(progress),
    };
}

/* ---- what was done, or would be ---- */

static lake_status write_json(struct cli *cli, const struct lake_aggregate_result *result, bool dry_run,
                              struct ArrowArrayStream *report, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", dry_run);
    json_int64(&json, "datasets", result->n_datasets);
    json_int64(&json, "current", result->n_current);
    json_int64(&json, "source_rows", result->source_rows);
    json_int64(&json, "rows_written", result->rows_written);
    json_int64(&json, "rows_removed", result->rows_removed);
    json_int64(&json, "days_changed", result->days_changed);
    json_int64(&json, "files_written", result->files_written);
    json_int64(&json, "bytes_written", result->bytes_written);
    json_int64(&json, "commits", result->n_commits);
    if (result->snapshot == 0)
        json_null(&json, "snapshot");
    else
        json_int64(&json, "snapshot", result->snapshot);
    TRY(json_rows(&json, "derived", report, err));
    json_close(&json, '}');
    return LAKE_OK;
}

static void write_sums(struct cli *cli, const struct lake_aggregate_result *result)
{
    char rows[HUMAN_BYTES];
    char files[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    char read[HUMAN_BYTES];
    output_printf(&cli->out, "%s read, %s written", human_counted(result->source_rows, "row", read),
                  human_counted(result->rows_written, "bar", rows));
    if (result->rows_removed > 0)
        output_printf(&cli->out, ", %s removed", human_count(result->rows_removed, rows));
    if (result->files_written > 0)
        output_printf(&cli->out, "; %s, %s", human_counted(result->files_written, "file", files),
                      human_size(result->bytes_written, size));
    if (result->snapshot != 0)
        output_printf(&cli->out, "; snapshot %s", human_count(result->snapshot, rows));
    output_text(&cli->out, "\n");
}

static lake_status write_text(struct cli *cli, const struct lake_aggregate_result *result, bool dry_run,
                              struct ArrowArrayStream *report, struct lake_error *err)
{
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
        .narrow = narrow,
        .n_narrow = sizeof narrow / sizeof *narrow,
    };
    TRY(view_stream(&view, report, err));
    if (result->n_current == result->n_datasets)
        output_text(&cli->out, "everything is current\n");
    else if (!dry_run)
        write_sums(cli, result);
    return LAKE_OK;
}

static lake_status aggregate(struct cli *cli, const struct aggregate_options *given, struct lake *lake,
                             struct lake_error *err)
{
    struct lake_aggregate_result result = {.size = sizeof result};
    struct ArrowArrayStream report = {0};
    struct progress progress;
    progress_begin(&progress, cli, given->progress, "deriving");
    const struct lake_aggregate_options options = library_options(given, &progress);
    lake_status status = lake_aggregate(lake, &options, &result, &report, err);
    progress_end(&progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; what was committed stays, the same command goes on from there");
    TRY(status);
    if (cli->global.json)
        return write_json(cli, &result, given->dry_run, &report, err);
    if (!cli->global.quiet || given->dry_run)
        return write_text(cli, &result, given->dry_run, &report, err);
    report.release(&report);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct aggregate_options *given = options;
    struct lake *lake = NULL;
    if (given->offset != NULL && given->origin != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--offset and --origin say the same; leave one out");
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    lake_status status = aggregate(cli, given, lake, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl aggregate",
    "dl aggregate --exchange binance --symbol BTCUSDT --to 5m,15m,4h",
    "dl aggregate --symbol BTCUSDT --to 1d --offset 22h --dry-run",
    "dl aggregate --json",
    NULL,
};

const struct command command_aggregate = {
    .name = "aggregate",
    .summary = "derives coarser bars, or brings them up to date",
    .description =
        "Derives bars (type agg) from finer ones or from trades, and brings those that are stored up to date: only days\n"
        "whose source changed since are derived again. Each bar says of how many source bars it is made, and of how many\n"
        "it would be made if none were missing. dl.toml's [aggregate] says what is derived where the command does not;\n"
        "without --to, what was stored before is brought up to date as well.\n",
    .stray_hint = "what is derived is named with --symbol, --to, …",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct aggregate_options),
    .examples = examples,
    .run = run,
};
