#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "utf8.h"

enum { PIECE_ROWS = 1000, GAP = 2 };

lake_status table_init(struct table *table, struct table_layout layout, struct lake_error *err)
{
    *table = (struct table){.layout = layout, .n_shown = layout.n_columns - layout.n_narrow};
    table->widths = calloc(layout.n_columns + 1, sizeof *table->widths);
    if (table->widths == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < layout.n_columns; i++)
        table->widths[i] = utf8_width(layout.columns[i].title, strlen(layout.columns[i].title));
    return LAKE_OK;
}

void table_release(struct table *table)
{
    free(table->widths);
    free(table->text);
    *table = (struct table){0};
}

static void write_blanks(struct output *out, size_t n)
{
    static const char blanks[] = "                                ";
    for (; n > 0; n -= n < sizeof blanks - 1 ? n : sizeof blanks - 1)
        output_write(out, blanks, n < sizeof blanks - 1 ? n : sizeof blanks - 1);
}

static void write_cell(const struct table *table, size_t column, const char *text)
{
    struct output *out = table->layout.out;
    size_t width = utf8_width(text, strlen(text));
    size_t blanks = table->widths[column] > width ? table->widths[column] - width : 0;
    if (column > table->first_shown)
        write_blanks(out, GAP);
    if (table->layout.columns[column].is_right)
        write_blanks(out, blanks);
    output_shown(out, text);
    if (!table->layout.columns[column].is_right && column + 1 < table->first_shown + table->n_shown)
        write_blanks(out, blanks);
}

static void write_header(struct table *table)
{
    struct output *out = table->layout.out;
    if (table->layout.has_colour)
        output_text(out, "\033[1m");
    for (size_t i = table->first_shown; i < table->first_shown + table->n_shown; i++)
        write_cell(table, i, table->layout.columns[i].title);
    output_text(out, table->layout.has_colour ? "\033[0m\n" : "\n");
    table->has_header = true;
}

static void measure_cells(struct table *table)
{
    const char *cell = table->text;
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t n = strlen(cell);
        size_t width = utf8_width(cell, n);
        size_t column = i % table->layout.n_columns;
        if (width > table->widths[column])
            table->widths[column] = width;
        cell += n + 1;
    }
}

/* How many of the columns [first, end) fit. The first one is shown in any case. */
static size_t count_fitting(const struct table *table, size_t first, size_t end)
{
    size_t used = 0;
    size_t at = first;
    for (; at < end; at++) {
        used += table->widths[at] + (at > first ? GAP : 0);
        if (table->layout.width > 0 && used > table->layout.width && at > first)
            break;
    }
    return at - first;
}

static void choose_columns(struct table *table)
{
    size_t n_wide = table->layout.n_columns - table->layout.n_narrow;
    table->n_shown = count_fitting(table, 0, n_wide);
    if (table->n_shown == n_wide || table->layout.n_narrow == 0)
        return;
    table->first_shown = n_wide;
    table->n_shown = count_fitting(table, n_wide, table->layout.n_columns);
}

static void print_piece(struct table *table)
{
    measure_cells(table);
    if (!table->has_header) {
        choose_columns(table);
        write_header(table);
    }
    const char *cell = table->text;
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->layout.n_columns;
        if (column >= table->first_shown && column < table->first_shown + table->n_shown)
            write_cell(table, column, cell);
        if (column + 1 == table->layout.n_columns)
            output_text(table->layout.out, "\n");
        cell += strlen(cell) + 1;
    }
    table->n_cells = 0;
    table->text_used = 0;
}

static lake_status reserve_text(struct table *table, size_t extra, struct lake_error *err)
{
    if (extra <= table->text_capacity - table->text_used)
        return LAKE_OK;
    size_t capacity = 2 * table->text_capacity + extra + 1024;
    char *text = realloc(table->text, capacity);
    if (text == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    table->text = text;
    table->text_capacity = capacity;
    return LAKE_OK;
}

lake_status table_add_cell(struct table *table, const char *text, struct lake_error *err)
{
    size_t n = strlen(text) + 1;
    if (table->n_cells == PIECE_ROWS * table->layout.n_columns)
        print_piece(table);
    TRY(reserve_text(table, n, err));
    memcpy(table->text + table->text_used, text, n);
    table->text_used += n;
    table->n_cells++;
    return LAKE_OK;
}

void table_finish(struct table *table)
{
    if (table->n_cells > 0 || !table->has_header)
        print_piece(table);
}
