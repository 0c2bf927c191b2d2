/* Content hashes against vectors computed by another program from docs/FORMAT.md, and what must not change them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "lake/content.h"

#define DAY_2024 INT64_C(1704067200000)

/* Order of the columns as they stand in the batch. */
static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"close", COLUMN_DOUBLE, 0, true}, {"note", COLUMN_UTF8, 0, true},
    {"flag", COLUMN_BOOL, 0, true},        {"empty", COLUMN_INT32, 0, true},
};

static void clear_row(struct batch *batch, size_t column, int64_t row)
{
    assert_int_equal(batch_add_validity(batch, column, NULL), LAKE_OK);
    bit_set(batch->columns[column].validity, row, false);
    batch->columns[column].null_count++;
}

/* Two rows of one day and one of the next; close is null in row 1; "empty" has a value on the second day only. */
static void make_batch(const size_t *order, struct batch *out)
{
    static const int64_t ts[] = {DAY_2024, DAY_2024 + 60000, DAY_2024 + 86400000};
    static const double close[] = {1.5, 0.0, -2.25};
    static const int32_t offsets[] = {0, 2, 2, 5};
    static const int32_t empty[] = {0, 0, 7};
    struct column_field ordered[5];
    struct schema *schema = NULL;
    for (size_t i = 0; i < 5; i++)
        ordered[i] = fields[order[i]];
    assert_int_equal(schema_new(ordered, 5, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(out, schema, 3, NULL), LAKE_OK);
    out->owns_schema = true;
    size_t at_close = (size_t)schema_find(schema, "close"), at_note = (size_t)schema_find(schema, "note");
    size_t at_flag = (size_t)schema_find(schema, "flag"), at_empty = (size_t)schema_find(schema, "empty");
    memcpy(batch_values(out, 0), ts, sizeof ts);
    memcpy(batch_values(out, at_close), close, sizeof close);
    memcpy(out->columns[at_note].offsets, offsets, sizeof offsets);
    assert_int_equal(batch_add_bytes(out, at_note, 5, NULL), LAKE_OK);
    memcpy(batch_values(out, at_note), "abxyz", 5);
    bit_set(batch_values(out, at_flag), 0, true);
    bit_set(batch_values(out, at_flag), 2, true);
    memcpy(batch_values(out, at_empty), empty, sizeof empty);
    clear_row(out, at_close, 1);
    clear_row(out, at_empty, 0);
    clear_row(out, at_empty, 1);
}

static void assert_hash(const struct content_day *day, const char *expected)
{
    char text[SHA256_TEXT_BYTES];
    sha256_text(day->sha256, text);
    assert_string_equal(text, expected);
}

static void check_days(const size_t *order)
{
    struct batch batch = {0};
    struct sha256 *hash = NULL;
    struct content_day *days = NULL;
    size_t n_days = 0;
    make_batch(order, &batch);
    assert_int_equal(sha256_new(&hash, NULL), LAKE_OK);
    assert_int_equal(content_find_days(&batch, hash, &days, &n_days, NULL), LAKE_OK);
    assert_int_equal(n_days, 2);
    assert_int_equal(days[0].day, 19723);
    assert_int_equal(days[0].n_rows, 2);
    assert_int_equal(days[0].first_ms, DAY_2024);
    assert_int_equal(days[0].last_ms, DAY_2024 + 60000);
    assert_int_equal(days[1].first_row, 2);
    assert_int_equal(days[1].n_rows, 1);
    assert_hash(&days[0], "24b2b0825d2b79007dddb30f519cca1942ebf55bd82225a8466996e0c13f735f");
    assert_hash(&days[1], "16e70232768e466c1055f8d4ae1ba5c37d2d5107273be98c79bc4670b569c9a1");
    memory_free(days);
    sha256_free(hash);
    batch_release(&batch);
}

static void test_vectors(void **state)
{
    static const size_t order[] = {0, 1, 2, 3, 4};
    (void)state;
    check_days(order);
}

static void test_the_order_of_columns_does_not_matter(void **state)
{
    static const size_t order[] = {0, 4, 2, 1, 3};
    (void)state;
    check_days(order);
}

static void test_any_change_of_a_value_changes_the_hash(void **state)
{
    static const size_t order[] = {0, 1, 2, 3, 4};
    struct sha256 *hash = NULL;
    struct content_day *days = NULL, *other = NULL;
    size_t n_days = 0;
    (void)state;
    assert_int_equal(sha256_new(&hash, NULL), LAKE_OK);
    for (int change = 0; change < 5; change++) {
        struct batch batch = {0}, changed = {0};
        make_batch(order, &batch);
        make_batch(order, &changed);
        if (change == 0)
            ((int64_t *)batch_values(&changed, 0))[2]++;
        if (change == 1)
            ((double *)batch_values(&changed, 1))[2] = 2.25;
        if (change == 2)
            ((char *)batch_values(&changed, 2))[4] = 'Z';
        if (change == 3)
            bit_set(batch_values(&changed, 3), 2, false);
        if (change == 4)
            clear_row(&changed, 1, 2);
        assert_int_equal(content_find_days(&batch, hash, &days, &n_days, NULL), LAKE_OK);
        assert_int_equal(content_find_days(&changed, hash, &other, &n_days, NULL), LAKE_OK);
        assert_memory_equal(days[0].sha256, other[0].sha256, SHA256_BYTES);
        assert_memory_not_equal(days[1].sha256, other[1].sha256, SHA256_BYTES);
        batch_release(&batch);
        batch_release(&changed);
    }
    memory_free(days);
    memory_free(other);
    sha256_free(hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_the_order_of_columns_does_not_matter),
        cmocka_unit_test(test_any_change_of_a_value_changes_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
