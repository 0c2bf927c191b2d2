#include "view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <datalake/text.h>

#include "human.h"
#include "options.h"
#include "report.h"

enum { CELL_BYTES = 1024, CHECKSUM_CHARACTERS = 12, DATE_CHARACTERS = 10 };

/* The batches with the last rows, oldest first. All but the first of them hold fewer than VIEW_EDGE_ROWS rows
 * together, and each at least one, so there is always room. */
struct tail {
    struct ArrowArray batches[VIEW_EDGE_ROWS + 1];
    size_t n_batches;
    int64_t n_rows;
};

struct rows_view {
    struct view *view;
    struct ArrowSchema schema;
    struct table_column *columns; /* the stream's, then those of the narrow form */
    size_t n_columns;
    struct table table;
    struct tail tail;
};

lake_status stream_fail(struct ArrowArrayStream *stream, int error_number, struct lake_error *err)
{
    const char *message = stream->get_last_error(stream);
    lake_status status = error_number == ENOMEM ? LAKE_NO_MEMORY : LAKE_IO;
    return cli_fail(err, status, "%s", message != NULL ? message : strerror(error_number));
}

/* ---- cells ---- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static void shorten(const struct ArrowSchema *column, char *cell)
{
    char text[HUMAN_BYTES];
    int64_t number = 0;
    if (strcmp(column->name, "sha256") == 0 && strlen(cell) > CHECKSUM_CHARACTERS)
        cell[CHECKSUM_CHARACTERS] = '\0';
    else if (column->format[0] == 't')
        snprintf(cell, CELL_BYTES, "%s", human_time(cell, text));
    else if (column->format[0] != 'l' || !parse_digits(cell, &number))
        return;
    else if (ends_in(column->name, "bytes") || strcmp(column->name, "bytes_after") == 0)
        snprintf(cell, CELL_BYTES, "%s", human_size(number, text));
    else
        snprintf(cell, CELL_BYTES, "%s", human_count(number, text));
}

static void format_cell(const struct view *view, const struct ArrowSchema *column, const struct ArrowArray *array,
                        int64_t row, char cell[CELL_BYTES])
{
    size_t length = lake_format_value(column, array, row, cell, CELL_BYTES);
    if (length >= CELL_BYTES)
        memcpy(cell + CELL_BYTES - 4, "...", 4);
    if (length > 0 && view->ts_numbers && column->format[0] == 't')
        snprintf(cell, CELL_BYTES, "%" PRId64, ((const int64_t *)array->buffers[1])[array->offset + row]);
    if (view->style == VIEW_HUMAN)
        shorten(column, cell);
}

/* Whether a list of names separated by blanks has this one. */
static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (; *words != '\0'; words += strspn(words, " ")) {
        size_t length = strcspn(words, " ");
        if (length == n && strncmp(words, word, n) == 0)
            return true;
        words += length;
    }
    return false;
}

static void format_narrow(const struct rows_view *rows, const struct view_column *column,
                          const struct ArrowArray *batch, int64_t row, char cell[CELL_BYTES])
{
    size_t used = 0;
    *cell = '\0';
    for (int64_t i = 0; i < rows->schema.n_children; i++) {
        const struct ArrowSchema *source = rows->schema.children[i];
        char part[CELL_BYTES];
        if (!has_word(column->names, source->name))
            continue;
        format_cell(rows->view, source, batch->children[i], row, part);
        int n = snprintf(cell + used, CELL_BYTES - used, "%s%s", used > 0 ? " " : "", part);
        used = used + (size_t)n < CELL_BYTES ? used + (size_t)n : CELL_BYTES - 1;
    }
    if (column->is_date && strlen(cell) > DATE_CHARACTERS)
        cell[DATE_CHARACTERS] = '\0';
}

/* A struct array may be a slice of its children: its offset counts in each of them. */
static lake_status add_row(struct rows_view *rows, const struct ArrowArray *batch, int64_t row, struct lake_error *err)
{
    char cell[CELL_BYTES];
    for (int64_t i = 0; i < rows->schema.n_children; i++) {
        format_cell(rows->view, rows->schema.children[i], batch->children[i], batch->offset + row, cell);
        TRY(table_add_cell(&rows->table, cell, err));
    }
    for (size_t i = 0; i < rows->view->n_narrow; i++) {
        format_narrow(rows, &rows->view->narrow[i], batch, batch->offset + row, cell);
        TRY(table_add_cell(&rows->table, cell, err));
    }
    return LAKE_OK;
}

static lake_status add_ellipsis(struct rows_view *rows, struct lake_error *err)
{
    for (size_t i = 0; i < rows->n_columns; i++)
        TRY(table_add_cell(&rows->table, "\xE2\x80\xA6", err));
    return LAKE_OK;
}

/* ---- the last rows ---- */

static void tail_push(struct tail *tail, struct ArrowArray *batch)
{
    tail->batches[tail->n_batches++] = *batch;
    tail->n_rows += batch->length;
    batch->release = NULL;
    while (tail->n_rows - tail->batches[0].length >= VIEW_EDGE_ROWS) {
        tail->n_rows -= tail->batches[0].length;
        tail->batches[0].release(&tail->batches[0]);
        tail->n_batches--;
        memmove(tail->batches, tail->batches + 1, tail->n_batches * sizeof *tail->batches);
    }
}

static void tail_release(struct tail *tail)
{
    for (size_t i = 0; i < tail->n_batches; i++)
        tail->batches[i].release(&tail->batches[i]);
    tail->n_batches = 0;
}

static lake_status add_tail(struct rows_view *rows, int64_t n_wanted, struct lake_error *err)
{
    int64_t skip = rows->tail.n_rows - n_wanted;
    for (size_t i = 0; i < rows->tail.n_batches; i++) {
        const struct ArrowArray *batch = &rows->tail.batches[i];
        for (int64_t row = skip < batch->length ? skip : batch->length; row < batch->length; row++)
            TRY(add_row(rows, batch, row, err));
        skip -= skip < batch->length ? skip : batch->length;
    }
    return LAKE_OK;
}

/* ---- the whole ---- */

static bool is_number(const struct ArrowSchema *column)
{
    return strchr("ilfg", column->format[0]) != NULL;
}

static void describe_columns(struct rows_view *rows)
{
    size_t n = (size_t)rows->schema.n_children;
    for (size_t i = 0; i < n; i++) {
        const struct ArrowSchema *column = rows->schema.children[i];
        rows->columns[i] = (struct table_column){column->name, is_number(column)};
        for (size_t j = 0; j < rows->view->n_narrow; j++)
            if (strcmp(rows->view->narrow[j].names, column->name) == 0)
                rows->columns[n + j].is_right = is_number(column);
    }
    for (size_t j = 0; j < rows->view->n_narrow; j++)
        rows->columns[n + j].title = rows->view->narrow[j].title;
}

static lake_status begin_table(struct rows_view *rows, struct ArrowArrayStream *stream, struct lake_error *err)
{
    int failed = stream->get_schema(stream, &rows->schema);
    if (failed != 0)
        return stream_fail(stream, failed, err);
    rows->n_columns = (size_t)rows->schema.n_children + rows->view->n_narrow;
    rows->columns = calloc(rows->n_columns + 1, sizeof *rows->columns);
    if (rows->columns == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    describe_columns(rows);
    struct table_layout layout = {
        .out = rows->view->out,
        .columns = rows->columns,
        .n_columns = rows->n_columns,
        .n_narrow = rows->view->n_narrow,
        .has_colour = rows->view->has_colour,
        .width = rows->view->width,
    };
    return table_init(&rows->table, layout, err);
}

/* Takes the batch over. */
static lake_status add_batch(struct rows_view *rows, struct ArrowArray *batch, struct lake_error *err)
{
    struct view *view = rows->view;
    lake_status status = LAKE_OK;
    for (int64_t row = 0; row < batch->length && status == LAKE_OK; row++) {
        if (view->is_cut && view->n_rows + row >= VIEW_EDGE_ROWS)
            break;
        status = add_row(rows, batch, row, err);
    }
    view->n_rows += batch->length;
    if (view->is_cut && batch->length > 0)
        tail_push(&rows->tail, batch);
    else
        batch->release(batch);
    return status;
}

static lake_status add_rest(struct rows_view *rows, struct lake_error *err)
{
    int64_t n_rest = rows->view->n_rows - VIEW_EDGE_ROWS;
    if (!rows->view->is_cut || n_rest <= 0)
        return LAKE_OK;
    if (n_rest > VIEW_EDGE_ROWS)
        TRY(add_ellipsis(rows, err));
    return add_tail(rows, n_rest < VIEW_EDGE_ROWS ? n_rest : VIEW_EDGE_ROWS, err);
}

/* Whether a column of the stream is in the table, as itself or in the narrow form. */
static bool is_shown(const struct rows_view *rows, size_t column)
{
    const struct table *table = &rows->table;
    size_t n_wide = rows->n_columns - rows->view->n_narrow;
    if (table->first_shown == 0)
        return column < table->n_shown;
    for (size_t i = n_wide; i < n_wide + table->n_shown; i++)
        if (has_word(rows->view->narrow[i - n_wide].names, rows->columns[column].title))
            return true;
    return false;
}

static void write_footer(struct rows_view *rows)
{
    char count[HUMAN_BYTES];
    struct output *out = rows->view->out;
    int64_t n_rows = rows->view->n_rows;
    output_printf(out, "%s row%s", human_count(n_rows, count), n_rows == 1 ? "" : "s");
    if (rows->view->is_cut && n_rows > 2 * VIEW_EDGE_ROWS)
        output_printf(out, ", the first and last %d shown", VIEW_EDGE_ROWS);
    const char *before = "; too narrow for ";
    for (size_t i = 0; i < (size_t)rows->schema.n_children; i++) {
        if (is_shown(rows, i))
            continue;
        output_printf(out, "%s%s", before, rows->columns[i].title);
        before = ", ";
    }
    output_text(out, "\n");
}

static lake_status read_rows(struct rows_view *rows, struct ArrowArrayStream *stream, struct lake_error *err)
{
    for (;;) {
        struct ArrowArray batch = {0};
        int failed = stream->get_next(stream, &batch);
        if (failed != 0)
            return stream_fail(stream, failed, err);
        if (batch.release == NULL)
            return add_rest(rows, err);
        TRY(add_batch(rows, &batch, err));
    }
}

lake_status view_stream(struct view *view, struct ArrowArrayStream *stream, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    struct rows_view rows = {.view = view};

    TRY_OUT(begin_table(&rows, stream, err));
    TRY_OUT(read_rows(&rows, stream, err));
    table_finish(&rows.table);
    write_footer(&rows);
out:
    tail_release(&rows.tail);
    table_release(&rows.table);
    free(rows.columns);
    if (rows.schema.release != NULL)
        rows.schema.release(&rows.schema);
    stream->release(stream);
    return status;
}
