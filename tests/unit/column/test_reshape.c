#include "column/reshape.h"

#include "unit/column/rows.h"

enum { ROWS = 10 };

static const void *values_of(const struct batch *batch, const char *name)
{
    int found = schema_find(batch->schema, name);
    return found < 0 ? NULL : batch_values(batch, (size_t)found);
}

static void test_dropping_a_column_moves_no_value(void **state)
{
    struct batch batch = {0};
    struct lake_error err;
    (void)state;
    rows_make(&batch, 0, ROWS);
    const void *close = values_of(&batch, "close");
    const int64_t *dropped = values_of(&batch, "us");
    int64_t n_nulls = batch.columns[7].null_count;
    lake_ok(batch_drop_column(&batch, 1, &err));
    assert_int_equal(batch.schema->n_fields, ROWS_FIELDS - 1);
    assert_string_equal(batch.schema->fields[1].name, "ns");
    assert_int_equal(batch.n_rows, ROWS);
    assert_null(values_of(&batch, "us"));
    assert_ptr_equal(values_of(&batch, "close"), close);
    assert_int_equal(batch.columns[6].null_count, n_nulls);
    assert_int_equal(dropped[4], 4 * INT64_C(1000000007)); /* stays there as long as the batch */
    lake_ok(batch_drop_column(&batch, 0, &err));
    assert_string_equal(batch.schema->fields[0].name, "ns");
    batch_release(&batch);
}

static void test_adding_a_column(void **state)
{
    struct batch batch = {0};
    struct lake_error err;
    (void)state;
    rows_make(&batch, 0, ROWS);
    const void *close = values_of(&batch, "close");
    lake_ok(batch_add_int32(&batch, "source", -7, &err));
    assert_int_equal(batch.schema->n_fields, ROWS_FIELDS + 1);
    assert_string_equal(batch.schema->fields[ROWS_FIELDS].name, "source");
    assert_int_equal(batch.schema->fields[ROWS_FIELDS].type, COLUMN_INT32);
    assert_ptr_equal(values_of(&batch, "close"), close);
    const int32_t *sources = values_of(&batch, "source");
    for (int row = 0; row < ROWS; row++)
        assert_int_equal(sources[row], -7);
    lake_ok(batch_drop_column(&batch, ROWS_FIELDS, &err));
    assert_true(schema_equal(batch.schema, &rows_schema));
    batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dropping_a_column_moves_no_value),
        cmocka_unit_test(test_adding_a_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
