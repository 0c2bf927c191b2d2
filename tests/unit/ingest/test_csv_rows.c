#include "ingest/csv_rows.h"

#include <stdio.h>

#include "unit/base/check.h"

enum { N_ROWS = 5000, N_COLUMNS = 4, TEXT_BYTES = 32 };

static const struct column_field fields[N_COLUMNS] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                      {"close", COLUMN_DOUBLE, 0, true},
                                                      {"id", COLUMN_UTF8, 0, true},
                                                      {"is_best", COLUMN_BOOL, 0, true}};

static struct schema *make_schema(void)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    lake_ok(schema_new(fields, N_COLUMNS, &schema, &err));
    return schema;
}

/* Text of row i: of many lengths, none among them. */
static struct csv_span text_of(int64_t i, char out[TEXT_BYTES])
{
    (void)snprintf(out, TEXT_BYTES, "%0*d", (int)(i % 20) + 1, (int)i);
    return (struct csv_span){out, i % 11 == 0 ? 0 : strlen(out)};
}

/* Row i is null where i % stride == first. */
static void fill_row(struct csv_rows *rows, int64_t i, bool is_null)
{
    struct lake_error err = {0};
    char text[TEXT_BYTES];
    lake_ok(csv_rows_reserve(rows, 1, &err));
    ((int64_t *)batch_values(&rows->batch, 0))[i] = i;
    ((double *)batch_values(&rows->batch, 1))[i] = 0.5 * (double)i;
    bit_set(batch_values(&rows->batch, 3), i, i % 3 == 0);
    if (!is_null) {
        lake_ok(csv_rows_set_text(rows, 2, i, text_of(i, text), &err));
        return;
    }
    for (size_t c = 1; c < N_COLUMNS; c++)
        lake_ok(csv_rows_set_null(rows, c, i, &err));
}

static void fill(struct csv_rows *rows, const struct schema *schema, int64_t stride, int64_t first)
{
    struct lake_error err = {0};
    lake_ok(csv_rows_start(rows, schema, &err));
    for (int64_t i = 0; i < N_ROWS; i++) {
        fill_row(rows, i, stride > 0 && i % stride == first);
        if (i % 5 == 4) { /* once more, after what was not to be */
            csv_rows_rewind(rows, 1);
            fill_row(rows, i, true);
            csv_rows_rewind(rows, 1);
            fill_row(rows, i, stride > 0 && i % stride == first);
        }
        rows->batch.n_rows++;
    }
}

static void check_row(const struct csv_rows *rows, int64_t i, bool is_null)
{
    const struct column *columns = rows->batch.columns;
    char text[TEXT_BYTES];
    struct csv_span want = text_of(i, text);
    size_t length = (size_t)(columns[2].offsets[i + 1] - columns[2].offsets[i]);
    assert_int_equal(((int64_t *)columns[0].values)[i], i);
    assert_true(((double *)columns[1].values)[i] == (is_null ? 0 : 0.5 * (double)i));
    assert_int_equal(bit_get(columns[3].values, i), !is_null && i % 3 == 0);
    assert_int_equal(length, is_null ? 0 : want.length);
    assert_memory_equal((char *)columns[2].values + columns[2].offsets[i], want.data, length);
    for (size_t c = 1; c < N_COLUMNS; c++)
        assert_int_equal(column_is_valid(&columns[c], i), !is_null);
}

static void check(const struct csv_rows *rows, int64_t stride, int64_t first)
{
    int64_t n_nulls = 0;
    assert_int_equal(rows->batch.n_rows, N_ROWS);
    assert_int_equal(rows->batch.columns[2].offsets[0], 0);
    for (int64_t i = 0; i < N_ROWS; i++) {
        bool is_null = stride > 0 && i % stride == first;
        n_nulls += is_null;
        check_row(rows, i, is_null);
    }
    for (size_t c = 1; c < N_COLUMNS; c++) {
        assert_int_equal(rows->batch.columns[c].null_count, n_nulls);
        assert_int_equal(rows->batch.columns[c].validity == NULL, n_nulls == 0);
    }
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

static void test_room_for_many_rows(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct schema *schema = make_schema();
    struct csv_rows rows;
    csv_rows_init(&rows);
    lake_ok(csv_rows_start(&rows, schema, &err));
    lake_ok(csv_rows_reserve(&rows, 3 * N_ROWS, &err));
    assert_true(rows.capacity >= 3 * N_ROWS);
    int64_t capacity = rows.capacity;
    rows.batch.n_rows = capacity - N_ROWS;
    lake_ok(csv_rows_reserve(&rows, N_ROWS, &err));
    assert_int_equal(rows.capacity, capacity);
    lake_ok(csv_rows_reserve(&rows, N_ROWS + 1, &err));
    assert_true(rows.capacity > capacity);
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
        cmocka_unit_test(test_room_for_many_rows),
        cmocka_unit_test(test_releasing_the_view_keeps_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
