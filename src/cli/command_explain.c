#include <stdlib.h>
#include <string.h>

#include <datalake/bars.h>

#include "command.h"
#include "human.h"
#include "json_rows.h"
#include "report.h"
#include "row_cursor.h"
#include "selection_options.h"
#include "session.h"

struct explain_options {
    struct lake_selection selection;
    struct option_time ts;
};

static const struct option options_table[] = {
    {"exchange", NULL, OPTION_TEXT, true, "NAME", "the exchange", offsetof(struct explain_options, selection.exchange)},
    {"symbol", NULL, OPTION_TEXT, true, "NAME", "the symbol", offsetof(struct explain_options, selection.symbol)},
    {"ts", NULL, OPTION_START, true, "TIME", "the row at this time; of bars the one that holds it; UTC",
     offsetof(struct explain_options, ts)},
    {"market", NULL, OPTION_TEXT, false, "NAME", "the market: SPOT, FUTURES, …; chosen as dl read does if not given",
     offsetof(struct explain_options, selection.market)},
    {"data-type", "type", OPTION_TEXT, false, "TYPE", "the type: raw, agg, trades, …",
     offsetof(struct explain_options, selection.type)},
    {"period", NULL, OPTION_TEXT, false, "PERIOD", "the period: 1m, 1h, …",
     offsetof(struct explain_options, selection.period)},
};

/* ---- the tree ---- */

enum { SHORT_BYTES = 80, LONG_BYTES = 4200, FACTS_INDENT = 4 };

static void write_indent(struct output *out, int64_t depth, int64_t more)
{
    for (int64_t i = 0; i < 2 * depth + more; i++)
        output_text(out, " ");
}

/* A line below a step: "label value", nothing where there is no value. */
static void write_fact(struct output *out, int64_t depth, const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    write_indent(out, depth, FACTS_INDENT);
    output_text(out, label);
    output_shown(out, value);
    output_text(out, "\n");
}

/* Of files and contents: since when. */
static void write_state(struct output *out, int64_t depth, const struct row_cursor *cursor, bool is_state)
{
    char version[SHORT_BYTES], snapshot[SHORT_BYTES], committed[SHORT_BYTES], time[HUMAN_BYTES];
    row_cursor_text(cursor, "version", version, sizeof version);
    row_cursor_text(cursor, "snapshot", snapshot, sizeof snapshot);
    row_cursor_text(cursor, "committed", committed, sizeof committed);
    if (version[0] == '\0' && snapshot[0] == '\0')
        return;
    write_indent(out, depth, FACTS_INDENT);
    if (version[0] != '\0')
        output_printf(out, "version %s%s", version, snapshot[0] == '\0' ? "" : ", ");
    if (snapshot[0] != '\0')
        output_printf(out, "%ssnapshot %s", is_state ? "since " : "", snapshot);
    if (committed[0] != '\0')
        output_printf(out, " of %s", human_time(committed, time));
    output_text(out, "\n");
}

static void write_step(struct output *out, const struct row_cursor *cursor, char *text)
{
    char cell[SHORT_BYTES], ts[SHORT_BYTES];
    int64_t depth = 0;
    row_cursor_text(cursor, "depth", cell, sizeof cell);
    (void)parse_digits(cell, &depth);
    row_cursor_text(cursor, "step", cell, sizeof cell);
    row_cursor_text(cursor, "ts", ts, sizeof ts);
    bool has_heading = depth == 0 || strcmp(cell, "derived-from") == 0;
    bool is_state = strcmp(cell, "file") == 0 || strcmp(cell, "content") == 0;
    write_indent(out, depth, 0);
    output_printf(out, "%s  ", cell);
    row_cursor_text(cursor, "dataset", text, LONG_BYTES);
    if (has_heading)
        output_shown(out, text);
    if (has_heading)
        output_text(out, depth == 0 ? " " : ": ");
    if (depth == 0)
        output_printf(out, "%s\n    ", ts);
    row_cursor_text(cursor, "what", text, LONG_BYTES);
    output_shown(out, text);
    output_text(out, "\n");
    row_cursor_text(cursor, "path", text, LONG_BYTES);
    write_fact(out, depth, "", text);
    write_state(out, depth, cursor, is_state);
    row_cursor_text(cursor, "sha256", cell, sizeof cell);
    write_fact(out, depth, "sha256 ", cell);
    row_cursor_text(cursor, "detail", text, LONG_BYTES);
    write_fact(out, depth, "", text);
}

static lake_status write_tree(struct cli *cli, struct ArrowArrayStream *steps, struct lake_error *err)
{
    struct row_cursor cursor = {.stream = steps};
    char *text = malloc(LONG_BYTES);
    lake_status status = LAKE_OK;
    if (text == NULL) {
        status = cli_fail(err, LAKE_NO_MEMORY, "no memory for a line");
        goto out;
    }
    TRY_OUT(row_cursor_begin(&cursor, err));
    for (bool has_row = true; has_row;) {
        TRY_OUT(row_cursor_next(&cursor, &has_row, err));
        if (has_row)
            write_step(&cli->out, &cursor, text);
    }
out:
    free(text);
    row_cursor_release(&cursor);
    return status;
}

/* ---- the command ---- */

static lake_status write_answer(struct cli *cli, const struct explain_options *given, struct lake *lake,
                                struct lake_error *err)
{
    const struct lake_explain_options options = {
        .size = sizeof options, .dataset = given->selection, .ts_ms = given->ts.ms};
    struct ArrowArrayStream steps = {0};
    struct json json = {.out = &cli->out};
    TRY(lake_explain(lake, &options, &steps, err));
    if (!cli->global.json)
        return write_tree(cli, &steps, err);
    json_open(&json, NULL, '{');
    TRY(json_rows(&json, "steps", &steps, err));
    json_close(&json, '}');
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    struct lake *lake = NULL;
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    lake_status status = write_answer(cli, options, lake, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl explain --exchange binance --symbol BTCUSDT --ts 2021-01-01T00:05",
    "dl explain --exchange binance --symbol BTCUSDT --period 15m --ts 2021-01-01T00:15",
    "dl explain --exchange binance --symbol BTCUSDT --ts 2021-01-01T00:05 --json",
    NULL,
};

const struct command command_explain = {
    .name = "explain",
    .summary = "tells where a bar came from: file, version, operation, source, line",
    .description =
        "Walks from one row back to where it came from: the file it lies in, the versions of its day and the\n"
        "operations that made them, and the sources that brought it (latest first), with their checksum and line. Of\n"
        "derived bars also the recipe, the days they were derived from and whether these have changed since, and the\n"
        "rows of their bucket. A line is exact where the source's rows follow each other without a gap; else it is\n"
        "told between which lines it lies. A row that is not there is an error that says why, as dl gaps does, and\n"
        "what is before it and behind it.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct explain_options),
    .examples = examples,
    .run = run,
};
