#include "ingest/csv_rows.h"

#include <string.h>

#include "base/memory.h"

enum { FIRST_ROWS = 1024, VALUE_BYTES = 8 };

/* The view owns nothing. */
static void forget_batch(struct batch *batch)
{
    *batch = (struct batch){0};
}

void csv_rows_init(struct csv_rows *rows)
{
    *rows = (struct csv_rows){.batch = {.release = forget_batch}};
}

void csv_rows_release(struct csv_rows *rows)
{
    for (size_t c = 0; rows->batch.columns != NULL && c < rows->batch.schema->n_fields; c++) {
        memory_free(rows->batch.columns[c].values);
        if (rows->bitmaps != NULL)
            memory_free(rows->bitmaps[c]);
    }
    memory_free(rows->batch.columns);
    memory_free(rows->bitmaps);
    csv_rows_init(rows);
}

lake_status csv_rows_start(struct csv_rows *rows, const struct schema *schema, struct lake_error *err)
{
    rows->batch.schema = schema;
    rows->batch.n_rows = 0;
    rows->n_lines = 0;
    if (rows->batch.columns == NULL)
        TRY(memory_new(schema->n_fields, sizeof *rows->batch.columns, &rows->batch.columns, err));
    if (rows->bitmaps == NULL)
        TRY(memory_new(schema->n_fields, sizeof *rows->bitmaps, &rows->bitmaps, err));
    for (size_t c = 0; c < schema->n_fields; c++) {
        rows->batch.columns[c].validity = NULL;
        rows->batch.columns[c].null_count = 0;
    }
    return LAKE_OK;
}

static size_t bitmap_bytes(int64_t n_rows)
{
    return ((size_t)n_rows + 7) / 8;
}

lake_status csv_rows_grow(struct csv_rows *rows, struct lake_error *err)
{
    int64_t capacity = rows->capacity == 0 ? FIRST_ROWS : rows->capacity * 2;
    for (size_t c = 0; c < rows->batch.schema->n_fields; c++) {
        struct column *column = &rows->batch.columns[c];
        TRY(memory_resize(&column->values, (size_t)capacity, VALUE_BYTES, err));
        if (rows->bitmaps[c] == NULL)
            continue;
        TRY(memory_resize(&rows->bitmaps[c], bitmap_bytes(capacity), 1, err));
        size_t used = bitmap_bytes(rows->capacity);
        memset(rows->bitmaps[c] + used, 0xff, bitmap_bytes(capacity) - used);
        column->validity = column->validity != NULL ? rows->bitmaps[c] : NULL;
    }
    rows->capacity = capacity;
    return LAKE_OK;
}

lake_status csv_rows_set_null(struct csv_rows *rows, size_t column_index, struct lake_error *err)
{
    struct column *column = &rows->batch.columns[column_index];
    uint8_t **bitmap = &rows->bitmaps[column_index];
    int64_t row = rows->batch.n_rows;
    if (column->validity == NULL) {
        if (*bitmap == NULL)
            TRY(memory_new(bitmap_bytes(rows->capacity), 1, bitmap, err));
        memset(*bitmap, 0xff, bitmap_bytes(rows->capacity));
        column->validity = *bitmap;
    }
    bit_set(column->validity, row, false);
    column->null_count++;
    ((int64_t *)column->values)[row] = 0;
    return LAKE_OK;
}
