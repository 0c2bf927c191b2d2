#define _XOPEN_SOURCE 700
#include "history_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <datalake/text.h>

enum { OPEN_FILES = 16 };

/* ---- the clock ---- */

static int64_t clock_now_ms(void *context)
{
    const struct clock *clock = context;
    return clock->now_ms;
}

struct io clock_io(struct clock *clock)
{
    /* The system's functions look at no context. */
    clock->ops = *io_system().ops;
    clock->ops.now_ms = clock_now_ms;
    return (struct io){&clock->ops, clock};
}

struct fixture *fixture_new_at(struct clock *clock)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = fixture_new();
    if (fixture_try_open(fixture, clock_io(clock), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return fixture;
}

/* ---- tables ---- */

static char *copy_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    assert_non_null(copy);
    return strcpy(copy, text);
}

static char *copy_value(const struct ArrowSchema *schema, const struct ArrowArray *column, int64_t row)
{
    size_t n = lake_format_value(schema, column, row, NULL, 0);
    char *text = malloc(n + 1);
    assert_non_null(text);
    (void)lake_format_value(schema, column, row, text, n + 1);
    return text;
}

static void add_batch(struct table *table, const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    size_t n_rows = table->n_rows + (size_t)array->length;
    table->cells = realloc(table->cells, (n_rows * table->n_columns + 1) * sizeof *table->cells);
    assert_non_null(table->cells);
    for (int64_t row = 0; row < array->length; row++)
        for (size_t column = 0; column < table->n_columns; column++)
            table->cells[(table->n_rows + (size_t)row) * table->n_columns + column] =
                copy_value(schema->children[column], array->children[column], row);
    table->n_rows = n_rows;
    table->n_batches++;
}

struct table *table_read(struct ArrowArrayStream *stream)
{
    struct table *table = calloc(1, sizeof *table);
    struct ArrowSchema schema;
    struct ArrowArray array;
    assert_non_null(table);
    assert_int_equal(stream->get_schema(stream, &schema), 0);
    table->n_columns = (size_t)schema.n_children;
    table->names = calloc(table->n_columns, sizeof *table->names);
    assert_non_null(table->names);
    for (size_t i = 0; i < table->n_columns; i++)
        table->names[i] = copy_text(schema.children[i]->name);
    for (;;) {
        if (stream->get_next(stream, &array) != 0)
            fail_msg("%s", stream->get_last_error(stream));
        if (array.release == NULL)
            break;
        add_batch(table, &schema, &array);
        array.release(&array);
    }
    schema.release(&schema);
    stream->release(stream);
    return table;
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->n_columns; i++)
        free(table->names[i]);
    for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
        free(table->cells[i]);
    free(table->names);
    free(table->cells);
    free(table);
}

const char *table_get(const struct table *table, size_t row, const char *column)
{
    assert_true(row < table->n_rows);
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->names[i], column) == 0)
            return table->cells[row * table->n_columns + i];
    fail_msg("there is no column %s", column);
    return NULL;
}

/* ---- the past ---- */

lake_status read_past(struct lake *lake, const struct past *past, struct bar *bars, size_t room, size_t *n,
                      struct lake_error *err)
{
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    bool is_ranged = past->end_ms != 0;
    struct lake_scan_options options = {.size = sizeof options,
                                        .dataset = {"test", NULL, past->symbol, NULL, "1m"},
                                        .has_start = is_ranged,
                                        .has_end = is_ranged,
                                        .start_ms = past->start_ms,
                                        .end_ms = past->end_ms,
                                        .as_of = past->as_of};
    *n = 0;
    lake_status status = lake_scan_open(lake, &options, &scan, err);
    if (status != LAKE_OK)
        return status;
    for (;;) {
        status = lake_scan_next(scan, &array, err);
        if (status != LAKE_OK || array.release == NULL)
            break;
        assert_true(*n + (size_t)array.length <= room);
        copy_bars(&array, bars + *n);
        *n += (size_t)array.length;
        array.release(&array);
    }
    lake_scan_close(scan);
    return status;
}

/* ---- bytes ---- */

static int64_t n_bytes; /* nftw has no context argument */

static int add_bytes(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)path;
    (void)where;
    if (kind == FTW_F)
        n_bytes += status->st_size;
    return 0;
}

int64_t count_bytes(const struct fixture *fixture, const char *below)
{
    char path[FIXTURE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, below);
    n_bytes = 0;
    (void)nftw(path, add_bytes, OPEN_FILES, FTW_PHYS);
    return n_bytes;
}
