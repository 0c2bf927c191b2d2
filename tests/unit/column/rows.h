/* A small table with a column of every type, for the tests of this folder.
 *
 * Row i holds values made of i; every third row is null where its column may be. */
#ifndef TESTS_UNIT_COLUMN_ROWS_H
#define TESTS_UNIT_COLUMN_ROWS_H

#include "column/batch.h"
#include "unit/base/check.h"

enum { ROWS_FIELDS = 11, ROWS_FIXED_WIDTH = 3 };

static const struct column_field rows_fields[ROWS_FIELDS] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"us", COLUMN_TIMESTAMP_US, 0, true},
    {"ns", COLUMN_TIMESTAMP_NS, 0, true},
    {"flag", COLUMN_BOOL, 0, true},
    {"small", COLUMN_INT32, 0, true},
    {"large", COLUMN_INT64, 0, true},
    {"single", COLUMN_FLOAT, 0, true},
    {"close", COLUMN_DOUBLE, 0, true},
    {"side", COLUMN_UTF8, 0, true},
    {"blob", COLUMN_BINARY, 0, true},
    {"code", COLUMN_FIXED, ROWS_FIXED_WIDTH, true},
};

static const struct schema rows_schema = {ROWS_FIELDS, (struct column_field *)(uintptr_t)rows_fields};

static inline bool rows_is_null(size_t column, int64_t i)
{
    return column > 0 && i % 3 == 2;
}

/* The text of row i: of length i % 5. */
static inline size_t rows_text(int64_t i, char out[8])
{
    size_t length = (size_t)(i % 5);
    for (size_t k = 0; k < length; k++)
        out[k] = (char)('a' + (i + (int64_t)k) % 26);
    return length;
}

static inline void rows_fill_value(struct batch *batch, size_t column, int64_t row, int64_t i)
{
    void *values = batch->columns[column].values;
    switch (batch->schema->fields[column].type) {
    case COLUMN_BOOL: bit_set(values, row, i % 2 == 0); break;
    case COLUMN_INT32: ((int32_t *)values)[row] = (int32_t)-i; break;
    case COLUMN_FLOAT: ((float *)values)[row] = (float)i / 4; break;
    case COLUMN_DOUBLE: ((double *)values)[row] = (double)i / 8; break;
    case COLUMN_FIXED: memset((uint8_t *)values + row * ROWS_FIXED_WIDTH, (int)(i % 256), ROWS_FIXED_WIDTH); break;
    case COLUMN_UTF8:
    case COLUMN_BINARY: break;
    default: ((int64_t *)values)[row] = i * 1000000007; break;
    }
}

static inline void rows_fill_text(struct batch *batch, size_t column, int64_t first)
{
    struct lake_error err = {0};
    char text[8];
    struct column *to = &batch->columns[column];
    lake_ok(batch_add_bytes(batch, column, (size_t)batch->n_rows * 4 + 1, &err));
    for (int64_t row = 0; row < batch->n_rows; row++) {
        size_t length = rows_is_null(column, first + row) ? 0 : rows_text(first + row, text);
        memcpy((char *)to->values + to->offsets[row], text, length);
        to->offsets[row + 1] = to->offsets[row] + (int32_t)length;
    }
}

/* Rows first … first + n_rows - 1 of the endless table. */
static inline void rows_make(struct batch *batch, int64_t first, int64_t n_rows)
{
    struct lake_error err = {0};
    lake_ok(batch_new(batch, &rows_schema, n_rows, &err));
    for (size_t c = 0; c < ROWS_FIELDS; c++) {
        size_t width = column_type_width(&rows_fields[c]);
        if (width > 0)
            memset(batch->columns[c].values, 0, (size_t)n_rows * width);
        if (column_type_has_offsets(rows_fields[c].type))
            rows_fill_text(batch, c, first);
        for (int64_t row = 0; row < n_rows; row++) {
            if (!rows_is_null(c, first + row)) {
                rows_fill_value(batch, c, row, first + row);
                continue;
            }
            lake_ok(batch_add_validity(batch, c, &err));
            bit_set(batch->columns[c].validity, row, false);
            batch->columns[c].null_count++;
        }
    }
}

static inline void rows_check_column(const struct batch *batch, size_t c, int64_t row, int64_t i)
{
    const struct column *column = &batch->columns[c];
    struct batch wanted = {0};
    rows_make(&wanted, i, 1);
    size_t width = column_type_width(&rows_fields[c]);
    bool ok = column_is_valid(column, row) == !rows_is_null(c, i);
    if (column_type_has_offsets(rows_fields[c].type)) {
        size_t length = (size_t)(column->offsets[row + 1] - column->offsets[row]);
        ok = ok && length == (size_t)wanted.columns[c].offsets[1];
        ok = ok && (length == 0 ||
                    memcmp((const char *)column->values + column->offsets[row], wanted.columns[c].values, length) == 0);
    } else if (width == 0) {
        ok = ok && bit_get(column->values, row) == bit_get(wanted.columns[c].values, 0);
    } else {
        ok = ok && memcmp((const char *)column->values + (size_t)row * width, wanted.columns[c].values, width) == 0;
    }
    batch_release(&wanted);
    if (!ok)
        fail_msg("column %s, row %lld is not that of %lld", rows_fields[c].name, (long long)row, (long long)i);
}

/* Rows [row, row + n) of the batch are rows i … of the endless table. */
static inline void rows_check(const struct batch *batch, int64_t row, int64_t n, int64_t i)
{
    assert_int_equal(batch->schema->n_fields, ROWS_FIELDS);
    assert_true(row + n <= batch->n_rows);
    for (size_t c = 0; c < ROWS_FIELDS; c++)
        for (int64_t k = 0; k < n; k++)
            rows_check_column(batch, c, row + k, i + k);
}

/* The invariants of column/batch.h that can be seen from outside. */
static inline void rows_check_invariants(const struct batch *batch)
{
    for (size_t c = 0; c < batch->schema->n_fields; c++) {
        const struct column *column = &batch->columns[c];
        int64_t n_null = 0;
        for (int64_t row = 0; row < batch->n_rows; row++)
            n_null += !column_is_valid(column, row);
        assert_int_equal(n_null, column->null_count);
        assert_true((column->null_count == 0) == (column->validity == NULL));
        if (!column_type_has_offsets(batch->schema->fields[c].type))
            continue;
        assert_int_equal(column->offsets[0], 0);
        for (int64_t row = 0; row < batch->n_rows; row++)
            assert_true(column->offsets[row] <= column->offsets[row + 1]);
    }
}

#endif
