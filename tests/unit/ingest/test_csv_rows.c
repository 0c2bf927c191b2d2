#include "ingest/csv_rows.h"

#include "unit/base/check.h"

enum { N_ROWS = 5000 };

static const struct column_field fields[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"close", COLUMN_DOUBLE, 0, true}};

static struct schema *make_schema(void)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    lake_ok(schema_new(fields, 2, &schema, &err));
    return schema;
}

/* Row i is null where i % stride == first. */
static void fill(struct csv_rows *rows, const struct schema *schema, int64_t stride, int64_t first)
{
    struct lake_error err = {0};
    lake_ok(csv_rows_start(rows, schema, &err));
    for (int64_t i = 0; i < N_ROWS; i++) {
        if (rows->batch.n_rows == rows->capacity)
            lake_ok(csv_rows_grow(rows, &err));
        ((int64_t *)batch_values(&rows->batch, 0))[i] = i;
        ((double *)batch_values(&rows->batch, 1))[i] = 0.5 * (double)i;
        if (stride > 0 && i % stride == first)
            lake_ok(csv_rows_set_null(rows, 1, &err));
        rows->batch.n_rows++;
    }
}

static void check(const struct csv_rows *rows, int64_t stride, int64_t first)
{
    const struct column *column = &rows->batch.columns[1];
    int64_t n_nulls = 0;
    assert_int_equal(rows->batch.n_rows, N_ROWS);
    for (int64_t i = 0; i < N_ROWS; i++) {
        bool is_null = stride > 0 && i % stride == first;
        n_nulls += is_null;
        assert_int_equal(((int64_t *)batch_values(&rows->batch, 0))[i], i);
        assert_int_equal(column_is_valid(column, i), !is_null);
        assert_true(((double *)column->values)[i] == (is_null ? 0 : 0.5 * (double)i));
    }
    assert_int_equal(column->null_count, n_nulls);
    assert_int_equal(column->validity == NULL, n_nulls == 0);
    assert_null(rows->batch.columns[0].validity);
}

static void test_rows_and_nulls_survive_growth_and_reuse(void **state)
{
    (void)state;
    struct schema *schema = make_schema();
    struct csv_rows rows;
    csv_rows_init(&rows);
    const int64_t cases[][2] = {{3, 1}, {0, 0}, {7, 0}, {N_ROWS, N_ROWS - 1}, {1, 0}, {0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fill(&rows, schema, cases[i][0], cases[i][1]);
        check(&rows, cases[i][0], cases[i][1]);
    }
    csv_rows_release(&rows);
    csv_rows_release(&rows);
    schema_free(schema);
}

static void test_releasing_the_view_keeps_the_memory(void **state)
{
    (void)state;
    struct schema *schema = make_schema();
    struct csv_rows rows;
    csv_rows_init(&rows);
    fill(&rows, schema, 2, 0);
    struct batch view = rows.batch;
    batch_release(&view);
    check(&rows, 2, 0);
    csv_rows_release(&rows);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_and_nulls_survive_growth_and_reuse),
        cmocka_unit_test(test_releasing_the_view_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
