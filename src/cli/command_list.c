#include "command.h"
#include "report.h"
#include "rows.h"
#include "selection_options.h"
#include "session.h"

struct list_options {
    struct lake_selection selection;
    bool files;
    const char *as_of, *after;
    int64_t limit;
    int format;
};

#define AT(member) offsetof(struct list_options, member)

static const struct option options_table[] = {
    SELECTION_OPTIONS(offsetof(struct list_options, selection)),
    {"files", NULL, OPTION_FLAG, false, NULL, "the files, not the datasets", AT(files)},
    {"as-of", NULL, OPTION_TEXT, false, "SNAPSHOT", "as it was then: a snapshot's number or name, or a time",
     AT(as_of)},
    {"limit", NULL, OPTION_COUNT, false, "N", "only the first N", AT(limit)},
    {"after", NULL, OPTION_TEXT, false, "DATASET",
     "the page after this dataset (BINANCE/FUTURES/BTCUSDT/raw/1m) or, with --files, this path", AT(after)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson",
     "how to print; a table on a terminal and CSV elsewhere if not given", AT(format)},
};

static const struct view_column narrow_datasets[] = {
    {"dataset", "exchange market symbol type period", false},
    {"first", "first_ts", true},
    {"last", "last_ts", true},
    {"rows", "rows", false},
    {"bytes", "bytes", false},
    {"gaps", "gaps", false},
    {"history", "history_bytes", false},
    {"files", "files", false},
    {"changed", "changed", false},
};

static const struct view_column narrow_files[] = {
    {"path", "path", false},
    {"rows", "rows", false},
    {"bytes", "bytes", false},
};

static lake_status write_list(struct cli *cli, const struct list_options *list, struct lake *lake,
                              enum rows_format format, struct lake_error *err)
{
    struct lake_list_options options = {
        .size = sizeof options,
        .selection = list->selection,
        .limit = list->limit,
        .after = list->after,
    };
    struct ArrowArrayStream stream = {0};
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
        .narrow = list->files ? narrow_files : narrow_datasets,
        .n_narrow =
            list->files ? sizeof narrow_files / sizeof *narrow_files : sizeof narrow_datasets / sizeof *narrow_datasets,
    };
    TRY(session_find_snapshot(lake, list->as_of, &options.as_of, err));
    TRY(list->files ? lake_list_files(lake, &options, &stream, err) : lake_list_datasets(lake, &options, &stream, err));
    return rows_write(&stream, format, ROWS_TIME_UNSET, &view, err);
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct list_options *list = options;
    enum rows_format format = ROWS_UNSET;
    struct lake *lake = NULL;

    TRY(rows_choose_format(cli, list->format, NULL, &format, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    lake_status status = write_list(cli, list, lake, format, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl list", "dl list --exchange binance --symbol BTCUSDT --files",
                                       "dl list --as-of 1", "dl list --limit 100 --json", NULL};

const struct command command_list = {
    .name = "list",
    .summary = "shows what the lake holds",
    .description =
        "Shows the datasets of the lake with their range, rows, days, files, size, gaps and what their history takes, or\n"
        "its files. Gaps counts the bars that are missing between the first and the last; dl gaps lists them. Times are\n"
        "UTC: ISO 8601 in CSV, epoch milliseconds in JSON.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct list_options),
    .examples = examples,
    .run = run,
};
