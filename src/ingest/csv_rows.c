#include "ingest/csv_rows.h"

#include <string.h>

#include "base/memory.h"

enum { FIRST_ROWS = 1024, VALUE_BYTES = 8, FIRST_TEXT_BYTES = 16 << 10 };

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
        memory_free(rows->batch.columns[c].offsets);
        if (rows->bitmaps != NULL)
            memory_free(rows->bitmaps[c]);
    }
    memory_free(rows->batch.columns);
    memory_free(rows->bitmaps);
    memory_free(rows->text_bytes);
    csv_rows_init(rows);
}

lake_status csv_rows_start(struct csv_rows *rows, const struct schema *schema, struct lake_error *err)
{
    rows->batch.schema = schema;
    rows->batch.n_rows = 0;
    if (rows->batch.columns == NULL)
        TRY(memory_new(schema->n_fields, sizeof *rows->batch.columns, &rows->batch.columns, err));
    if (rows->bitmaps == NULL)
        TRY(memory_new(schema->n_fields, sizeof *rows->bitmaps, &rows->bitmaps, err));
    if (rows->text_bytes == NULL)
        TRY(memory_new(schema->n_fields, sizeof *rows->text_bytes, &rows->text_bytes, err));
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

static lake_status grow_offsets(struct csv_rows *rows, size_t c, int64_t capacity, struct lake_error *err)
{
    struct column *column = &rows->batch.columns[c];
    TRY(memory_resize(&column->offsets, (size_t)capacity + 1, sizeof *column->offsets, err));
    if (rows->capacity == 0)
        column->offsets[0] = 0;
    if (rows->text_bytes[c] > 0)
        return LAKE_OK;
    TRY(memory_resize(&column->values, FIRST_TEXT_BYTES, 1, err));
    rows->text_bytes[c] = FIRST_TEXT_BYTES;
    return LAKE_OK;
}

static lake_status grow_column(struct csv_rows *rows, size_t c, int64_t capacity, struct lake_error *err)
{
    struct column *column = &rows->batch.columns[c];
    enum column_type type = rows->batch.schema->fields[c].type;
    if (column_type_has_offsets(type))
        TRY(grow_offsets(rows, c, capacity, err));
    else if (type == COLUMN_BOOL)
        TRY(memory_resize(&column->values, bitmap_bytes(capacity), 1, err));
    else
        TRY(memory_resize(&column->values, (size_t)capacity, VALUE_BYTES, err));
    if (rows->bitmaps[c] == NULL)
        return LAKE_OK;
    TRY(memory_resize(&rows->bitmaps[c], bitmap_bytes(capacity), 1, err));
    size_t used = bitmap_bytes(rows->capacity);
    memset(rows->bitmaps[c] + used, 0xff, bitmap_bytes(capacity) - used);
    column->validity = column->validity != NULL ? rows->bitmaps[c] : NULL;
    return LAKE_OK;
}

lake_status csv_rows_reserve(struct csv_rows *rows, int64_t n, struct lake_error *err)
{
    int64_t capacity = rows->capacity == 0 ? FIRST_ROWS : rows->capacity;
    while (capacity - rows->batch.n_rows < n)
        capacity *= 2;
    if (capacity == rows->capacity)
        return LAKE_OK;
    for (size_t c = 0; c < rows->batch.schema->n_fields; c++)
        TRY(grow_column(rows, c, capacity, err));
    rows->capacity = capacity;
    return LAKE_OK;
}

static void clear_value(struct column *column, enum column_type type, int64_t row)
{
    if (column_type_has_offsets(type))
        column->offsets[row + 1] = column->offsets[row];
    else if (type == COLUMN_BOOL)
        bit_set(column->values, row, false);
    else
        ((int64_t *)column->values)[row] = 0;
}

lake_status csv_rows_set_null(struct csv_rows *rows, size_t column_index, int64_t row, struct lake_error *err)
{
    struct column *column = &rows->batch.columns[column_index];
    uint8_t **bitmap = &rows->bitmaps[column_index];
    if (column->validity == NULL) {
        if (*bitmap == NULL)
            TRY(memory_new(bitmap_bytes(rows->capacity), 1, bitmap, err));
        memset(*bitmap, 0xff, bitmap_bytes(rows->capacity));
        column->validity = *bitmap;
    }
    bit_set(column->validity, row, false);
    column->null_count++;
    clear_value(column, rows->batch.schema->fields[column_index].type, row);
    return LAKE_OK;
}

lake_status csv_rows_set_text(struct csv_rows *rows, size_t column_index, int64_t row, struct csv_span text,
                              struct lake_error *err)
{
    struct column *column = &rows->batch.columns[column_index];
    size_t used = (size_t)column->offsets[row], capacity = rows->text_bytes[column_index];
    if (text.length > (size_t)INT32_MAX - used)
        return lake_fail(err, LAKE_NO_MEMORY, "texts of a column take more than %d bytes", INT32_MAX);
    if (text.length > capacity - used) {
        while (capacity - used < text.length)
            capacity *= 2;
        TRY(memory_resize(&column->values, capacity, 1, err));
        rows->text_bytes[column_index] = capacity;
    }
    memcpy((char *)column->values + used, text.data, text.length);
    column->offsets[row + 1] = (int32_t)(used + text.length);
    return LAKE_OK;
}

void csv_rows_rewind(struct csv_rows *rows, int64_t n)
{
    for (size_t c = 0; c < rows->batch.schema->n_fields; c++) {
        struct column *column = &rows->batch.columns[c];
        if (column->validity == NULL)
            continue;
        for (int64_t row = rows->batch.n_rows; row < rows->batch.n_rows + n; row++) {
            column->null_count -= !bit_get(column->validity, row);
            bit_set(column->validity, row, true);
        }
        if (column->null_count == 0)
            column->validity = NULL;
    }
}
