#include "check_findings.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "human.h"
#include "report.h"
#include "row_cursor.h"
#include "table.h"

enum { DATASET_PARTS = 5, PART_BYTES = 256, CELL_BYTES = 1024, HEADING_BYTES = 8 * PART_BYTES };

/* Columns of a table; a finding that is not about bars has only those of `plain`. */
struct shape {
    const char *const *names;
    const struct table_column *columns;
    size_t n;
};
static const char *const bar_names[] = {"ts", "open", "high", "low", "close", "volume", "detail"};
static const char *const plain_names[] = {"ts", "detail"};
static const struct table_column bar_columns[] = {{"ts", false},   {"open", true},   {"high", true}, {"low", true},
                                                  {"close", true}, {"volume", true}, {"what", false}};
static const struct table_column plain_columns[] = {{"ts", false}, {"what", false}};

static const struct shape bars = {bar_names, bar_columns, sizeof bar_names / sizeof *bar_names};
static const struct shape plain = {plain_names, plain_columns, sizeof plain_names / sizeof *plain_names};

/* The findings of one dataset and rule. */
struct group {
    char heading[HEADING_BYTES];
    const struct shape *shape; /* NULL: no table is open */
    struct table table;
};

static void read_heading(const struct row_cursor *cursor, char out[HEADING_BYTES])
{
    static const char *const parts[DATASET_PARTS] = {"exchange", "market", "symbol", "type", "period"};
    char text[PART_BYTES], rule[PART_BYTES];
    size_t used = 0;
    for (int i = 0; i < DATASET_PARTS; i++) {
        row_cursor_text(cursor, parts[i], text, sizeof text);
        used += (size_t)snprintf(out + used, HEADING_BYTES - used, "%s%s", i > 0 ? " " : "", text);
    }
    row_cursor_text(cursor, "rule", rule, sizeof rule);
    row_cursor_text(cursor, "severity", text, sizeof text);
    (void)snprintf(out + used, HEADING_BYTES - used, ": %s (%s)", rule, text);
}

static void write_heading(struct cli *cli, const struct group *group)
{
    output_shown(&cli->out, group->heading);
    output_text(&cli->out, "\n");
}

static void end_table(struct group *group)
{
    table_finish(&group->table);
    table_release(&group->table);
    group->shape = NULL;
}

static void end_group(struct cli *cli, struct group *group)
{
    if (group->shape == NULL)
        return;
    end_table(group);
    output_text(&cli->out, "\n");
}

static lake_status begin_group(struct cli *cli, struct group *group, const struct row_cursor *cursor,
                               struct lake_error *err)
{
    char open[CELL_BYTES];
    row_cursor_text(cursor, "open", open, sizeof open);
    const struct shape *shape = open[0] != '\0' ? &bars : &plain;
    write_heading(cli, group);
    const struct table_layout layout = {
        .out = &cli->out, .columns = shape->columns, .n_columns = shape->n, .has_colour = cli->terminal.has_colour};
    TRY(table_init(&group->table, layout, err));
    group->shape = shape;
    return LAKE_OK;
}

static lake_status add_row(struct group *group, const struct row_cursor *cursor, struct lake_error *err)
{
    char cell[CELL_BYTES];
    for (size_t i = 0; i < group->shape->n; i++) {
        row_cursor_text(cursor, group->shape->names[i], cell, sizeof cell);
        TRY(table_add_cell(&group->table, cell, err));
    }
    return LAKE_OK;
}

/* The row that says how many more there are. */
static void end_with_rest(struct cli *cli, struct group *group, const struct row_cursor *cursor)
{
    char count[HUMAN_BYTES];
    row_cursor_text(cursor, "bars", count, sizeof count);
    if (group->shape != NULL)
        end_table(group);
    else
        write_heading(cli, group);
    output_printf(&cli->out, "\xE2\x80\xA6 and %s more\n\n", count);
}

static lake_status write_row(struct cli *cli, struct group *group, const struct row_cursor *cursor,
                             struct lake_error *err)
{
    char heading[HEADING_BYTES], detail[CELL_BYTES];
    read_heading(cursor, heading);
    row_cursor_text(cursor, "detail", detail, sizeof detail);
    if (strcmp(heading, group->heading) != 0) {
        end_group(cli, group);
        memcpy(group->heading, heading, sizeof heading);
    }
    if (detail[0] == '\0') {
        end_with_rest(cli, group, cursor);
        return LAKE_OK;
    }
    if (group->shape == NULL)
        TRY(begin_group(cli, group, cursor, err));
    return add_row(group, cursor, err);
}

lake_status check_findings_write(struct cli *cli, struct ArrowArrayStream *findings, struct lake_error *err)
{
    struct row_cursor cursor = {.stream = findings};
    struct group group = {.heading = ""};
    lake_status status = LAKE_OK;
    TRY_OUT(row_cursor_begin(&cursor, err));
    for (;;) {
        bool has_row = false;
        TRY_OUT(row_cursor_next(&cursor, &has_row, err));
        if (!has_row)
            break;
        TRY_OUT(write_row(cli, &group, &cursor, err));
    }
    end_group(cli, &group);
out:
    if (group.shape != NULL)
        table_release(&group.table);
    row_cursor_release(&cursor);
    return status;
}

void check_findings_write_summary(struct cli *cli, const struct lake_check_result *result)
{
    char datasets[HUMAN_BYTES], rows[HUMAN_BYTES], wrong[HUMAN_BYTES], suspect[HUMAN_BYTES];
    const char *verdict = result->n_wrong > 0 ? "wrong" : result->n_suspect > 0 ? "suspect" : "ok";
    output_printf(&cli->out, "data %s: %s, %s checked", verdict, human_counted(result->n_datasets, "dataset", datasets),
                  human_counted(result->n_rows, "row", rows));
    if (result->n_wrong + result->n_suspect > 0)
        output_printf(&cli->out, "; %s wrong, %s suspect", human_count(result->n_wrong, wrong),
                      human_count(result->n_suspect, suspect));
    output_text(&cli->out, "\n");
}
