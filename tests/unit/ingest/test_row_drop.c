#include "ingest/row_drop.h"

#include <stdio.h>

#include "column/builder.h"
#include "unit/base/check.h"

enum { N_ROWS = 100 };

static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"close", COLUMN_DOUBLE, 0, true},
    {"is_maker", COLUMN_BOOL, 0, true},
    {"note", COLUMN_UTF8, 0, true},
};

static bool is_null(int64_t row)
{
    return row % 7 == 3;
}

/* Texts of every length, empty ones too. */
static const char *note_of(int64_t row, char out[N_ROWS + 1])
{
    memset(out, 'a' + (int)(row % 26), (size_t)(row % 11));
    out[row % 11] = '\0';
    return out;
}

static void make_rows(struct batch *batch)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    char note[N_ROWS + 1];
    lake_ok(schema_new(fields, 4, &schema, &err));
    lake_ok(batch_builder_new(schema, &builder, &err));
    for (int64_t row = 0; row < N_ROWS; row++) {
        struct cell cells[] = {
            {.kind = CELL_INT64, .int64 = row},
            {.kind = is_null(row) ? CELL_NULL : CELL_DOUBLE, .number = (double)row / 8},
            {.kind = is_null(row + 1) ? CELL_NULL : CELL_BOOL, .int64 = row % 3 == 0},
            {.kind = is_null(row + 2) ? CELL_NULL : CELL_TEXT, .text = note_of(row, note)},
        };
        lake_ok(batch_builder_append_cells(builder, cells, &err));
    }
    lake_ok(batch_builder_take(builder, batch, &err));
    batch_builder_free(builder);
    schema_free(schema);
}

static void assert_row(const struct batch *batch, int64_t at, int64_t row)
{
    char note[N_ROWS + 1];
    const struct column *columns = batch->columns;
    const int32_t *offsets = columns[3].offsets;
    assert_true(((const int64_t *)columns[0].values)[at] == row);
    assert_int_equal(column_is_valid(&columns[1], at), !is_null(row));
    assert_int_equal(column_is_valid(&columns[2], at), !is_null(row + 1));
    assert_int_equal(column_is_valid(&columns[3], at), !is_null(row + 2));
    if (!is_null(row))
        assert_true(((const double *)columns[1].values)[at] == (double)row / 8);
    if (!is_null(row + 1))
        assert_int_equal(bit_get(columns[2].values, at), row % 3 == 0);
    if (is_null(row + 2))
        return;
    size_t length = strlen(note_of(row, note));
    assert_int_equal(offsets[at + 1] - offsets[at], length);
    assert_memory_equal((const char *)columns[3].values + offsets[at], note, length);
}

static void drop_and_check(bool (*drops)(int64_t row))
{
    struct batch batch = {0};
    uint8_t marks[N_ROWS];
    int64_t n = 0, n_null = 0;
    make_rows(&batch);
    for (int64_t row = 0; row < N_ROWS; row++)
        marks[row] = drops(row);
    row_drop(&batch, marks);
    for (int64_t row = 0; row < N_ROWS; row++) {
        if (drops(row))
            continue;
        assert_row(&batch, n++, row);
        n_null += is_null(row);
    }
    assert_int_equal(batch.n_rows, n);
    assert_int_equal(batch.columns[1].null_count, n_null);
    assert_int_equal(batch.columns[3].offsets[0], 0);
    batch_release(&batch);
}

static bool none(int64_t row)
{
    (void)row;
    return false;
}

static bool all(int64_t row)
{
    (void)row;
    return true;
}

static bool third(int64_t row)
{
    return row % 3 == 1;
}

static bool ends(int64_t row)
{
    return row < 20 || row >= 90;
}

static bool nulls(int64_t row)
{
    return is_null(row) || is_null(row + 1) || is_null(row + 2);
}

static void test_the_rows_that_stay_are_the_same(void **state)
{
    (void)state;
    drop_and_check(none);
    drop_and_check(all);
    drop_and_check(third);
    drop_and_check(ends);
    drop_and_check(nulls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rows_that_stay_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
