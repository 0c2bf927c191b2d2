/* Merging against a plain oracle: a map from time to the latest value of each column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lake/merge.h"

enum { KEYS = 40, MOST_ROWS = 60, ROUNDS = 2000, NAME_OF_VALUE = 16 };

static uint64_t seed = 1;

static uint32_t roll(uint32_t sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % sides;
}

/* What a table should hold: of each key and column a value, or none. Column 0 is a number, 1 a boolean, 2 a text. */
struct oracle {
    bool has_row[KEYS];
    bool has[KEYS][3];
    int64_t value[KEYS][3];
};

static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"number", COLUMN_INT64, 0, true},
    {"flag", COLUMN_BOOL, 0, true},
    {"text", COLUMN_UTF8, 0, true},
};

static const struct data_type *bars(void)
{
    const struct data_type *type = NULL;
    assert_int_equal(data_type_find("raw", &type, NULL), LAKE_OK);
    return type;
}

struct table_row {
    int64_t key;
    bool has[3];
    int64_t value[3];
};

static size_t make_rows(struct table_row *rows, bool sorted)
{
    size_t n = 0;
    if (sorted) {
        for (int64_t key = 0; key < KEYS; key++)
            if (roll(3) == 0)
                rows[n++].key = key;
    } else {
        n = roll(MOST_ROWS);
        for (size_t i = 0; i < n; i++)
            rows[i].key = roll(KEYS);
    }
    for (size_t i = 0; i < n; i++)
        for (int column = 0; column < 3; column++) {
            rows[i].has[column] = roll(3) != 0;
            rows[i].value[column] = column == 1 ? roll(2) : roll(4);
        }
    return n;
}

static void set_null(struct batch *batch, size_t column, int64_t row)
{
    assert_int_equal(batch_add_validity(batch, column, NULL), LAKE_OK);
    bit_set(batch->columns[column].validity, row, false);
    batch->columns[column].null_count++;
}

/* A text of as many bytes as the value says, so that lengths differ. */
static void fill_text(struct batch *batch, const struct table_row *rows, size_t n)
{
    int32_t *offsets = batch->columns[3].offsets;
    for (size_t i = 0; i < n; i++)
        offsets[i + 1] = offsets[i] + (rows[i].has[2] ? (int32_t)rows[i].value[2] : 0);
    assert_int_equal(batch_add_bytes(batch, 3, (size_t)offsets[n], NULL), LAKE_OK);
    memset(batch->columns[3].values, 'x', (size_t)offsets[n]);
}

static void make_batch(const struct table_row *rows, size_t n, struct batch *out)
{
    struct schema *schema = NULL;
    assert_int_equal(schema_new(fields, 4, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(out, schema, (int64_t)n, NULL), LAKE_OK);
    out->owns_schema = true;
    int64_t *ts = batch_values(out, 0);
    int64_t *numbers = batch_values(out, 1);
    for (size_t i = 0; i < n; i++) {
        ts[i] = rows[i].key * 60000;
        numbers[i] = rows[i].has[0] ? rows[i].value[0] : 0;
        bit_set(out->columns[2].values, (int64_t)i, rows[i].has[1] && rows[i].value[1] != 0);
        for (size_t column = 0; column < 3; column++)
            if (!rows[i].has[column])
                set_null(out, column + 1, (int64_t)i);
    }
    fill_text(out, rows, n);
}

static void apply(struct oracle *oracle, const struct table_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        oracle->has_row[rows[i].key] = true;
        for (int column = 0; column < 3; column++)
            if (rows[i].has[column]) {
                oracle->has[rows[i].key][column] = true;
                oracle->value[rows[i].key][column] = rows[i].value[column];
            }
    }
}

static void assert_matches(const struct batch *batch, const struct oracle *oracle)
{
    int64_t row = 0;
    const int64_t *ts = batch_values(batch, 0);
    for (int64_t key = 0; key < KEYS; key++) {
        if (!oracle->has_row[key])
            continue;
        assert_true(row < batch->n_rows);
        assert_int_equal(ts[row], key * 60000);
        for (size_t column = 0; column < 3; column++)
            assert_int_equal(column_is_valid(&batch->columns[column + 1], row), oracle->has[key][column]);
        if (oracle->has[key][0])
            assert_int_equal(((const int64_t *)batch_values(batch, 1))[row], oracle->value[key][0]);
        if (oracle->has[key][1])
            assert_int_equal(bit_get(batch_values(batch, 2), row), oracle->value[key][1] != 0);
        const int32_t *offsets = batch->columns[3].offsets;
        assert_int_equal(offsets[row + 1] - offsets[row], oracle->has[key][2] ? oracle->value[key][2] : 0);
        row++;
    }
    assert_int_equal(row, batch->n_rows);
}

static void count_expected(const struct oracle *before, const struct oracle *after, const struct table_row *rows,
                           size_t n, struct merge_counts *counts)
{
    *counts = (struct merge_counts){0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        int64_t key = rows[i].key;
        bool same = memcmp(before->has[key], after->has[key], sizeof before->has[key]) == 0 &&
                    memcmp(before->value[key], after->value[key], sizeof before->value[key]) == 0;
        counts->n_new += !before->has_row[key];
        counts->n_changed += before->has_row[key] && !same;
        counts->n_equal += before->has_row[key] && same;
    }
}

static void test_sorting_folds_rows_of_one_key(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct table_row rows[MOST_ROWS];
        struct oracle oracle = {{0}, {{0}}, {{0}}};
        struct batch in = {0}, out = {0};
        size_t n = make_rows(rows, false);
        make_batch(rows, n, &in);
        apply(&oracle, rows, n);
        assert_int_equal(merge_sort(bars(), &in, &out, NULL), LAKE_OK);
        assert_matches(&out, &oracle);
        batch_release(&in);
        batch_release(&out);
    }
}

static void test_merging_is_by_key_and_column(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct table_row stored_rows[KEYS], incoming_rows[KEYS];
        struct oracle before = {{0}, {{0}}, {{0}}}, after;
        struct batch stored = {0}, incoming = {0}, out = {0};
        struct merge_counts counts, expected;
        size_t n_stored = make_rows(stored_rows, true), n_incoming = make_rows(incoming_rows, true);
        make_batch(stored_rows, n_stored, &stored);
        make_batch(incoming_rows, n_incoming, &incoming);
        apply(&before, stored_rows, n_stored);
        after = before;
        apply(&after, incoming_rows, n_incoming);
        const struct merge_sides sides = {bars(), &stored, &incoming};
        assert_int_equal(merge_batches(&sides, &out, &counts, NULL), LAKE_OK);
        assert_matches(&out, &after);
        count_expected(&before, &after, incoming_rows, n_incoming, &expected);
        assert_memory_equal(&counts, &expected, sizeof counts);
        batch_release(&stored);
        batch_release(&incoming);
        batch_release(&out);
    }
}

static void make_single(const struct column_field *field, struct batch *out)
{
    const struct column_field two[] = {fields[0], *field};
    struct schema *schema = NULL;
    assert_int_equal(schema_new(two, 2, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(out, schema, 1, NULL), LAKE_OK);
    out->owns_schema = true;
    ((int64_t *)batch_values(out, 0))[0] = 60000;
    memset(batch_values(out, 1), 1, 8);
}

static void test_columns_are_united_by_name(void **state)
{
    static const struct column_field a = {"a", COLUMN_DOUBLE, 0, false}, b = {"b", COLUMN_INT64, 0, false};
    struct batch stored = {0}, incoming = {0}, out = {0};
    struct merge_counts counts;
    (void)state;
    make_single(&a, &stored);
    make_single(&b, &incoming);
    ((int64_t *)batch_values(&incoming, 0))[0] = 120000;
    const struct merge_sides sides = {bars(), &stored, &incoming};
    assert_int_equal(merge_batches(&sides, &out, &counts, NULL), LAKE_OK);
    assert_int_equal(out.schema->n_fields, 3);
    assert_int_equal(out.n_rows, 2);
    assert_true(out.schema->fields[1].nullable && out.schema->fields[2].nullable);
    assert_true(column_is_valid(&out.columns[1], 0) && !column_is_valid(&out.columns[1], 1));
    assert_true(!column_is_valid(&out.columns[2], 0) && column_is_valid(&out.columns[2], 1));
    batch_release(&stored);
    batch_release(&incoming);
    batch_release(&out);
}

static void test_a_column_cannot_change_its_type(void **state)
{
    static const struct column_field a = {"a", COLUMN_DOUBLE, 0, false}, b = {"a", COLUMN_INT64, 0, false};
    struct batch stored = {0}, incoming = {0}, out = {0};
    struct merge_counts counts;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    make_single(&a, &stored);
    make_single(&b, &incoming);
    const struct merge_sides sides = {bars(), &stored, &incoming};
    assert_int_equal(merge_batches(&sides, &out, &counts, &err), LAKE_INVALID_DATA);
    assert_non_null(strstr(err.message, "column a is double in the lake and int64"));
    assert_null(out.release);
    batch_release(&stored);
    batch_release(&incoming);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorting_folds_rows_of_one_key),
        cmocka_unit_test(test_merging_is_by_key_and_column),
        cmocka_unit_test(test_columns_are_united_by_name),
        cmocka_unit_test(test_a_column_cannot_change_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
