#include "column/builder.h"

#include "unit/column/rows.h"

static void append_rows(struct batch_builder *builder, int64_t made_from, int64_t made, int64_t first, int64_t n)
{
    struct lake_error err = {0};
    struct batch batch = {0};
    rows_make(&batch, made_from, made);
    lake_ok(batch_builder_append(builder, &batch, first, n, &err));
    batch_release(&batch);
}

static void test_ranges_are_joined(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    lake_ok(batch_builder_new(&rows_schema, &builder, &err));
    int64_t at = 0;
    for (int64_t n = 0; n < 60; n++) { /* all alignments of bits */
        append_rows(builder, at - n % 9 + 9, n + 20, n % 9, n);
        at += n;
        assert_int_equal(batch_builder_rows(builder), at);
    }
    assert_true(batch_builder_bytes(builder) >= (size_t)at * 59);
    lake_ok(batch_builder_take(builder, &batch, &err));
    assert_int_equal(batch.n_rows, at);
    assert_true(batch.owns_schema && schema_equal(batch.schema, &rows_schema));
    rows_check(&batch, 0, at, 9);
    rows_check_invariants(&batch);
    assert_int_not_equal(at % 8, 0);
    assert_int_equal(batch.columns[3].validity[at / 8] >> at % 8, 0); /* bits past the last row are zero */
    assert_int_equal(((uint8_t *)batch.columns[3].values)[at / 8] >> at % 8, 0);
    batch_builder_free(builder);
    batch_release(&batch);
}

/* A column that has nulls in the first range and none in the second, whatever room the first one made. */
static void test_values_behind_nulls_stay(void **state)
{
    (void)state;
    static const struct column_field field = {"close", COLUMN_DOUBLE, 0, true};
    const struct schema schema = {1, (struct column_field *)(uintptr_t)&field};
    for (int64_t n = 1; n < 200; n++) {
        struct lake_error err = {0};
        struct batch_builder *builder = NULL;
        struct batch batch = {0};
        lake_ok(batch_builder_new(&schema, &builder, &err));
        for (int part = 0; part < 2; part++) {
            lake_ok(batch_new(&batch, &schema, n, &err));
            for (int64_t i = 0; i < n; i++)
                ((double *)batch.columns[0].values)[i] = (double)i;
            if (part == 0) {
                lake_ok(batch_add_validity(&batch, 0, &err));
                bit_set(batch.columns[0].validity, 0, false);
                ((double *)batch.columns[0].values)[0] = 0;
                batch.columns[0].null_count = 1;
            }
            lake_ok(batch_builder_append(builder, &batch, 0, n, &err));
            batch_release(&batch);
        }
        lake_ok(batch_builder_take(builder, &batch, &err));
        assert_int_equal(batch.columns[0].null_count, 1);
        for (int64_t row = 0; row < 2 * n; row++)
            assert_int_equal(column_is_valid(&batch.columns[0], row), row > 0);
        batch_builder_free(builder);
        batch_release(&batch);
    }
}

static void test_builder_is_empty_after_take(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    lake_ok(batch_builder_new(&rows_schema, &builder, &err));
    for (int round = 0; round < 3; round++) {
        append_rows(builder, round, 100, 0, 100);
        lake_ok(batch_builder_take(builder, &batch, &err));
        assert_int_equal(batch_builder_rows(builder), 0);
        assert_int_equal(batch_builder_bytes(builder), 0);
        rows_check(&batch, 0, 100, round);
        batch_release(&batch);
    }
    lake_ok(batch_builder_take(builder, &batch, &err));
    assert_int_equal(batch.n_rows, 0);
    assert_non_null(batch.release);
    rows_check_invariants(&batch);
    batch_release(&batch);
    batch_builder_free(builder);
    batch_builder_free(NULL);
}

static void test_absent_columns_become_null(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct column_field fewer[] = {{"close", COLUMN_DOUBLE, 0, true},
                                                {"ts", COLUMN_TIMESTAMP_MS, 0, false}};
    const struct schema narrow = {2, (struct column_field *)(uintptr_t)fewer};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    lake_ok(batch_builder_new(&rows_schema, &builder, &err));
    append_rows(builder, 0, 10, 0, 10);
    lake_ok(batch_new(&batch, &narrow, 5, &err));
    for (int64_t i = 0; i < 5; i++) {
        ((double *)batch.columns[0].values)[i] = (double)i + 0.5;
        ((int64_t *)batch.columns[1].values)[i] = i + 77;
    }
    lake_ok(batch_builder_append(builder, &batch, 1, 3, &err));
    batch_release(&batch);
    append_rows(builder, 10, 10, 0, 10);
    lake_ok(batch_builder_take(builder, &batch, &err));
    rows_check(&batch, 0, 10, 0);
    rows_check(&batch, 13, 10, 10);
    rows_check_invariants(&batch);
    for (int64_t row = 10; row < 13; row++) {
        assert_true(((int64_t *)batch.columns[0].values)[row] == row - 10 + 78);
        assert_memory_equal(&((double *)batch.columns[7].values)[row], &(double){(double)(row - 10) + 1.5}, 8);
        for (size_t c = 1; c < ROWS_FIELDS; c++)
            assert_int_equal(column_is_valid(&batch.columns[c], row), c == 7);
        assert_int_equal(((int64_t *)batch.columns[5].values)[row], 0);
        assert_int_equal(batch.columns[8].offsets[row], batch.columns[8].offsets[row + 1]);
    }
    batch_release(&batch);
    batch_builder_free(builder);
}

static void test_refused_rows_leave_no_trace(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    /* "small" comes after columns with nulls, so part of the row is there when it fails. */
    static const struct column_field wrong[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                {"small", COLUMN_DOUBLE, 0, true}};
    static const struct column_field timeless[] = {{"close", COLUMN_DOUBLE, 0, true}};
    const struct schema wrong_schema = {2, (struct column_field *)(uintptr_t)wrong};
    const struct schema timeless_schema = {1, (struct column_field *)(uintptr_t)timeless};
    lake_ok(batch_builder_new(&rows_schema, &builder, &err));
    append_rows(builder, 0, 13, 0, 13);
    lake_ok(batch_new(&batch, &wrong_schema, 4, &err));
    memset(batch.columns[0].values, 0, 32);
    lake_fails(batch_builder_append(builder, &batch, 0, 4, &err), LAKE_INVALID_ARGUMENT,
               "'small' is double, not int32");
    lake_fails(batch_builder_append(builder, &batch, 2, 3, &err), LAKE_INVALID_ARGUMENT, "2 + 3");
    lake_fails(batch_builder_append(builder, &batch, -1, 1, &err), LAKE_INVALID_ARGUMENT, "-1");
    lake_fails(batch_builder_append(builder, &batch, 1, INT64_MAX, &err), LAKE_INVALID_ARGUMENT, "rows 1");
    batch_release(&batch);
    lake_ok(batch_new(&batch, &timeless_schema, 4, &err));
    lake_fails(batch_builder_append(builder, &batch, 0, 4, &err), LAKE_INVALID_DATA, "'ts'");
    batch_release(&batch);
    assert_int_equal(batch_builder_rows(builder), 13);
    append_rows(builder, 13, 30, 0, 30);
    lake_ok(batch_builder_take(builder, &batch, &err));
    rows_check(&batch, 0, 43, 0);
    rows_check_invariants(&batch);
    batch_release(&batch);
    batch_builder_free(builder);
}

static void test_nulls_where_none_may_be_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct column_field fields[] = {{"close", COLUMN_DOUBLE, 0, false}};
    const struct schema schema = {1, (struct column_field *)(uintptr_t)fields};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    rows_make(&batch, 0, 10);
    lake_ok(batch_builder_new(&schema, &builder, &err));
    lake_fails(batch_builder_append(builder, &batch, 0, 10, &err), LAKE_INVALID_DATA, "'close'");
    lake_ok(batch_builder_append(builder, &batch, 0, 2, &err)); /* without the null in row 2 */
    assert_int_equal(batch_builder_rows(builder), 2);
    batch_release(&batch);
    batch_builder_free(builder);
}

static void test_cells(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    static const struct column_field fields[] = {
        {"symbol", COLUMN_UTF8, 0, false}, {"rows", COLUMN_INT64, 0, true}, {"small", COLUMN_INT32, 0, true},
        {"share", COLUMN_DOUBLE, 0, true}, {"live", COLUMN_BOOL, 0, true},  {"first", COLUMN_TIMESTAMP_MS, 0, true}};
    const struct schema schema = {6, (struct column_field *)(uintptr_t)fields};
    lake_ok(batch_builder_new(&schema, &builder, &err));
    for (int64_t i = 0; i < 200; i++) {
        struct cell cells[] = {{.kind = CELL_TEXT, .text = i % 2 == 0 ? "BTCUSDT" : ""},
                               {.kind = CELL_INT64, .int64 = i},
                               {.kind = CELL_INT64, .int64 = -i},
                               {.kind = CELL_DOUBLE, .number = (double)i / 2},
                               {.kind = CELL_BOOL, .int64 = i % 3 == 0},
                               {.kind = i % 2 == 0 ? CELL_NULL : CELL_INT64, .int64 = i * 60000}};
        lake_ok(batch_builder_append_cells(builder, cells, &err));
    }
    lake_ok(batch_builder_take(builder, &batch, &err));
    rows_check_invariants(&batch);
    assert_int_equal(batch.n_rows, 200);
    assert_int_equal(batch.columns[5].null_count, 100);
    for (int64_t i = 0; i < 200; i++) {
        assert_int_equal(batch.columns[0].offsets[i + 1] - batch.columns[0].offsets[i], i % 2 == 0 ? 7 : 0);
        assert_int_equal(((int64_t *)batch.columns[1].values)[i], i);
        assert_int_equal(((int32_t *)batch.columns[2].values)[i], -i);
        assert_memory_equal(&((double *)batch.columns[3].values)[i], &(double){(double)i / 2}, 8);
        assert_int_equal(bit_get(batch.columns[4].values, i), i % 3 == 0);
        assert_int_equal(column_is_valid(&batch.columns[5], i), i % 2 != 0);
        assert_int_equal(((int64_t *)batch.columns[5].values)[i], i % 2 == 0 ? 0 : i * 60000);
    }
    assert_memory_equal((const char *)batch.columns[0].values + batch.columns[0].offsets[198], "BTCUSDT", 7);
    batch_release(&batch);
    batch_builder_free(builder);
}

static void test_cells_of_another_kind_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (size_t c = 0; c < ROWS_FIELDS; c++) {
        struct column_field field = rows_fields[c];
        field.nullable = false;
        const struct schema schema = {1, &field};
        struct batch_builder *builder = NULL;
        struct cell null = {.kind = CELL_NULL};
        lake_ok(batch_builder_new(&schema, &builder, &err));
        lake_fails(batch_builder_append_cells(builder, &null, &err), LAKE_INVALID_DATA, field.name);
        struct cell wrong = {.kind = field.type == COLUMN_DOUBLE ? CELL_INT64 : CELL_DOUBLE};
        if (field.type != COLUMN_FLOAT)
            lake_fails(batch_builder_append_cells(builder, &wrong, &err), LAKE_INVALID_ARGUMENT, field.name);
        struct cell too_large = {.kind = CELL_INT64, .int64 = INT64_C(1) << 31};
        if (field.type == COLUMN_INT32)
            lake_fails(batch_builder_append_cells(builder, &too_large, &err), LAKE_INVALID_ARGUMENT, field.name);
        assert_int_equal(batch_builder_rows(builder), 0);
        batch_builder_free(builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_are_joined),
        cmocka_unit_test(test_values_behind_nulls_stay),
        cmocka_unit_test(test_builder_is_empty_after_take),
        cmocka_unit_test(test_absent_columns_become_null),
        cmocka_unit_test(test_refused_rows_leave_no_trace),
        cmocka_unit_test(test_nulls_where_none_may_be_are_refused),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_cells_of_another_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
