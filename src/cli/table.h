/* A table with aligned columns, printed in pieces: rows are gathered and printed together once there are many, so
 * that a table of any length needs little memory; columns only ever grow wider. Cells are measured as a terminal
 * shows them.
 *
 *     struct table table;
 *     status = table_init(&table, layout, &err);
 *     status = table_add_cell(&table, "BTCUSDT", &err);       // n_columns times makes a row
 *     status = table_finish(&table, &err);
 *     table_release(&table); */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

struct table_column {
    const char *title;
    bool is_right; /* aligned to the right: numbers */
};

struct table_layout {
    struct output *out;
    const struct table_column *columns; /* outlive the table, titles too */
    size_t n_columns;
    size_t n_narrow; /* of them, the last ones: shown in place of all the others where those do not fit */
    bool has_colour;
    size_t width; /* columns at the end that do not fit into it are left out; 0: all are shown */
};

struct table {
    struct table_layout layout;
    size_t *widths;
    char *text; /* terminated cells, one behind the other */
    size_t text_used, text_capacity;
    size_t n_cells;
    size_t first_shown, n_shown; /* columns; settled with the first piece */
    bool has_header;             /* printed */
};

LAKE_MUST_CHECK lake_status table_init(struct table *table, struct table_layout layout, struct lake_error *err);
LAKE_MUST_CHECK lake_status table_add_cell(struct table *table, const char *text, struct lake_error *err);
/* Prints what is gathered, and the header where there were no rows at all. */
void table_finish(struct table *table);
void table_release(struct table *table);

#endif
