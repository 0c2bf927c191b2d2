#include "command.h"
#include "report.h"
#include "rows.h"
#include "session.h"

struct list_options {
    struct lake_selection selection;
    bool files;
    int format;
};

#define AT(member) offsetof(struct list_options, member)

static const struct option options_table[] = {
    {"exchange", NULL, OPTION_TEXT, false, "NAME", "only this exchange", AT(selection.exchange)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "only this market: SPOT, FUTURES, …", AT(selection.market)},
    {"symbol", NULL, OPTION_TEXT, false, "NAME", "only this symbol", AT(selection.symbol)},
    {"data-type", "type", OPTION_TEXT, false, "TYPE", "only this type: raw, …", AT(selection.type)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD", "only this period: 1m, 1h, …", AT(selection.period)},
    {"files", NULL, OPTION_FLAG, false, NULL, "the files, not the datasets", AT(files)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson",
     "how to print; a table on a terminal and CSV elsewhere if not given", AT(format)},
};

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct list_options *list = options;
    struct lake *lake = NULL;
    struct ArrowArrayStream stream = {0};
    enum rows_format format = ROWS_UNSET;
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
    };

    TRY(rows_choose_format(cli, list->format, NULL, &format, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    lake_status status = list->files ? lake_list_files(lake, &list->selection, &stream, err)
                                     : lake_list_datasets(lake, &list->selection, &stream, err);
    if (status == LAKE_OK)
        status = rows_write(&stream, format, ROWS_TIME_UNSET, &view, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl list", "dl list --exchange binance --symbol BTCUSDT --files",
                                       "dl list --json", NULL};

const struct command command_list = {
    .name = "list",
    .summary = "shows what the lake holds",
    .description = "Shows the datasets of the lake with their range, rows, days, files, size and gaps, or its files.\n"
                   "Times are UTC: ISO 8601 in CSV, epoch milliseconds in JSON.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct list_options),
    .examples = examples,
    .run = run,
};
