#include "ingest_plan.h"

#include <stdlib.h>
#include <string.h>

#include <datalake/text.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "report.h"
#include "row_cursor.h"
#include "table.h"

enum { CELL_BYTES = 256, EDGE_ROWS = 3 /* of the sample at either end (lake_ingest) */ };

/* ---- what was understood ---- */

static lake_status add_finding(struct table *table, const struct lake_ingest_finding *finding, struct lake_error *err)
{
    TRY(table_add_cell(table, finding->what, err));
    TRY(table_add_cell(table, finding->value, err));
    TRY(table_add_cell(table, finding->origin, err));
    return table_add_cell(table, finding->option, err);
}

static lake_status write_findings(struct cli *cli, const struct lake_ingest_result *result, struct lake_error *err)
{
    static const struct table_column columns[] = {
        {"what", false}, {"found", false}, {"told by", false}, {"option", false}};
    struct table table;
    lake_status status = LAKE_OK;
    struct table_layout layout = {
        .out = &cli->out,
        .columns = columns,
        .n_columns = sizeof columns / sizeof *columns,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
    };
    TRY(table_init(&table, layout, err));
    for (size_t i = 0; i < result->n_findings; i++)
        TRY_OUT(add_finding(&table, &result->findings[i], err));
    table_finish(&table);
out:
    table_release(&table);
    return status;
}

/* ---- the rows ---- */

static lake_status add_row(struct table *table, const struct row_cursor *cursor, struct lake_error *err)
{
    for (int64_t i = 0; i < cursor->schema.n_children; i++) {
        char cell[CELL_BYTES];
        lake_format_value(cursor->schema.children[i], cursor->batch.children[i], cursor->row, cell, sizeof cell);
        TRY(table_add_cell(table, cell, err));
    }
    return LAKE_OK;
}

static lake_status add_ellipsis(struct table *table, struct lake_error *err)
{
    for (size_t i = 0; i < table->layout.n_columns; i++)
        TRY(table_add_cell(table, "\xE2\x80\xA6", err));
    return LAKE_OK;
}

static lake_status add_rows(struct table *table, struct row_cursor *cursor, int64_t n_rows, struct lake_error *err)
{
    for (int64_t n = 0;; n++) {
        bool has_row = false;
        TRY(row_cursor_next(cursor, &has_row, err));
        if (!has_row)
            return LAKE_OK;
        if (n == EDGE_ROWS && n_rows > 2 * EDGE_ROWS)
            TRY(add_ellipsis(table, err));
        TRY(add_row(table, cursor, err));
    }
}

static lake_status write_table(struct cli *cli, struct row_cursor *cursor, int64_t n_rows, struct lake_error *err)
{
    struct table table;
    lake_status status = LAKE_OK;
    size_t n_columns = (size_t)cursor->schema.n_children;
    struct table_column *columns = calloc(n_columns + 1, sizeof *columns);
    if (columns == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n_columns; i++) {
        const struct ArrowSchema *column = cursor->schema.children[i];
        columns[i] = (struct table_column){column->name, strchr("ilfg", column->format[0]) != NULL};
    }
    struct table_layout layout = {
        .out = &cli->out,
        .columns = columns,
        .n_columns = n_columns,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
    };
    status = table_init(&table, layout, err);
    if (status == LAKE_OK)
        status = add_rows(&table, cursor, n_rows, err);
    if (status == LAKE_OK)
        table_finish(&table);
    if (status == LAKE_OK && table.n_shown < n_columns)
        output_printf(&cli->out, "too narrow for %zu more\n", n_columns - table.n_shown);
    table_release(&table);
    free(columns);
    return status;
}

static lake_status write_sample(struct cli *cli, struct lake_ingest_result *result, struct lake_error *err)
{
    int64_t n_rows = result->rows_new + result->rows_changed + result->rows_equal;
    struct row_cursor cursor = {.stream = &result->sample};
    lake_status status = LAKE_OK;
    if (result->sample.release == NULL)
        return LAKE_OK;
    TRY_OUT(row_cursor_begin(&cursor, err));
    TRY_OUT(write_table(cli, &cursor, n_rows, err));
    output_text(&cli->out, "\n");
out:
    row_cursor_release(&cursor);
    return status;
}

/* ---- the whole ---- */

lake_status ingest_plan_write_text(struct cli *cli, struct ingest_report *report, struct lake_error *err)
{
    TRY(write_findings(cli, &report->result, err));
    output_text(&cli->out, "\n");
    TRY(write_sample(cli, &report->result, err));
    ingest_report_write_rows(cli, &report->result);
    output_text(&cli->out, "nothing was committed: this is what would be done\n");
    return LAKE_OK;
}

lake_status ingest_plan_write_json(struct cli *cli, struct ingest_report *report, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    struct lake_write_options options = {.size = sizeof options, .format = LAKE_FORMAT_JSON};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", true);
    ingest_report_write_members(&json, report);
    if (report->result.sample.release != NULL) {
        json_name(&json, "sample");
        TRY(lake_write_stream(&report->result.sample, &options, output_sink(&cli->out), err));
    }
    json_close(&json, '}');
    return LAKE_OK;
}
