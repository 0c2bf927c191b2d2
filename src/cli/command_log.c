#include <datalake/history.h>

#include "command.h"
#include "report.h"
#include "rows.h"
#include "selection_options.h"
#include "session.h"

struct log_options {
    struct lake_selection selection;
    int64_t limit;
    bool all;
    int format;
};

#define AT(member) offsetof(struct log_options, member)

static const struct option options_table[] = {
    {"limit", NULL, OPTION_COUNT, false, "N", "the latest N; 20 if not given", AT(limit)},
    {"all", NULL, OPTION_FLAG, false, NULL, "all of them", AT(all)},
    SELECTION_OPTIONS(offsetof(struct log_options, selection)),
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson",
     "how to print; a table on a terminal and CSV elsewhere if not given", AT(format)},
};

enum { DEFAULT_LIMIT = 20 };

static const struct view_column narrow[] = {
    {"snapshot", "snapshot", false}, {"committed", "committed", false},  {"operation", "operation", false},
    {"datasets", "datasets", false}, {"written", "rows_written", false}, {"removed", "rows_removed", false},
    {"detail", "detail", false},     {"undone_by", "undone_by", false},  {"names", "names", false},
};

static lake_status write_log(struct cli *cli, const struct log_options *given, struct lake *lake,
                             enum rows_format format, struct lake_error *err)
{
    struct lake_log_options options = {.size = sizeof options, .selection = given->selection, .limit = given->limit};
    struct ArrowArrayStream stream = {0};
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
        .narrow = narrow,
        .n_narrow = sizeof narrow / sizeof *narrow,
    };
    if (options.limit == 0 && !given->all)
        options.limit = DEFAULT_LIMIT;
    TRY(lake_log(lake, &options, &stream, err));
    TRY(rows_write(&stream, format, ROWS_TIME_UNSET, &view, err));
    if (view.n_rows == DEFAULT_LIMIT && given->limit == 0 && !given->all)
        note(cli, "these are the latest %d; --all shows all", DEFAULT_LIMIT);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct log_options *given = options;
    enum rows_format format = ROWS_UNSET;
    struct lake *lake = NULL;

    if (given->all && given->limit > 0)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--all and --limit contradict each other; leave one out");
    TRY(rows_choose_format(cli, given->format, NULL, &format, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    lake_status status = write_log(cli, given, lake, format, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl log", "dl log --symbol BTCUSDT --limit 5", "dl log --all --json", NULL};

const struct command command_log = {
    .name = "log",
    .summary = "shows the operations that made the lake what it is",
    .description =
        "Shows the operations, latest first: the snapshot each made, when it was committed and how long it took, its\n"
        "datasets and source, and the rows read, written, rejected and removed. Times are UTC.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct log_options),
    .examples = examples,
    .run = run,
};
