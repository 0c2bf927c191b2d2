/* What a dictionary takes for equal, when it gives up, and which encoding a column gets. */
#include <math.h>

#include "base/bytes.h"
#include "parquet/encoding_choice.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

static struct values reals(const double *values, int64_t n)
{
    return (struct values){.type = COLUMN_DOUBLE,
                           .physical = PARQUET_DOUBLE,
                           .width = 8,
                           .n_rows = n,
                           .n = n,
                           .fixed = (const uint8_t *)values};
}

static struct values integers(const int64_t *values, int64_t n)
{
    struct values out = reals(NULL, n);
    out.type = COLUMN_INT64;
    out.physical = PARQUET_INT64;
    out.fixed = (const uint8_t *)values;
    return out;
}

static void test_equal_means_equal_bits(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct dictionary dictionary;
    double numbers[] = {0.0, -0.0, NAN, 0.0, 1, NAN, NAN};
    uint64_t other_nan = UINT64_C(0x7ff8000000000123);
    memcpy(&numbers[6], &other_nan, sizeof other_nan);
    struct values values = reals(numbers, 7);
    bool fits = false;
    dictionary_init(&dictionary);
    lake_ok(dictionary_build(&dictionary, &values, 1000, &fits, &err));
    assert_true(fits);
    assert_int_equal(dictionary.n_entries, 5);
    static const uint32_t wanted[] = {0, 1, 2, 0, 3, 2, 4};
    assert_memory_equal(dictionary_indices(&dictionary), wanted, sizeof wanted);
    assert_int_equal(dictionary_index_width(&dictionary), 3);
    struct buffer entries = BUFFER_INIT(1000);
    lake_ok(dictionary_append_entries(&dictionary, &values, &entries, &err));
    assert_int_equal(entries.length, 40);
    assert_memory_equal(entries.data + 32, &other_nan, 8);
    buffer_release(&entries);
    dictionary_release(&dictionary);
}

static void test_the_budget_is_kept_exactly(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct dictionary dictionary;
    static const double numbers[] = {1, 2, 3, 1, 2, 3};
    struct values values = reals(numbers, 6);
    bool fits = false;
    dictionary_init(&dictionary);
    lake_ok(dictionary_build(&dictionary, &values, 24, &fits, &err));
    assert_true(fits);
    assert_int_equal(dictionary.entry_bytes, 24);
    lake_ok(dictionary_build(&dictionary, &values, 23, &fits, &err));
    assert_false(fits);
    lake_ok(dictionary_build(&dictionary, &values, 0, &fits, &err));
    assert_false(fits);
    values.n = 0;
    lake_ok(dictionary_build(&dictionary, &values, 100, &fits, &err));
    assert_false(fits);
    dictionary_release(&dictionary);
}

static void test_texts(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct dictionary dictionary;
    static const struct text_view views[] = {
        {(const uint8_t *)"sell", 4},           {NULL, 0},
        {(const uint8_t *)"sell\0", 5},         {(const uint8_t *)"a longer text", 13},
        {(const uint8_t *)"a longer texx", 13}, {(const uint8_t *)"sell", 4}};
    struct values values = {.type = COLUMN_UTF8, .physical = PARQUET_BYTE_ARRAY, .n_rows = 6, .n = 6, .texts = views};
    bool fits = false;
    dictionary_init(&dictionary);
    lake_ok(dictionary_build(&dictionary, &values, 1000, &fits, &err));
    static const uint32_t wanted[] = {0, 1, 2, 3, 4, 0};
    assert_true(fits);
    assert_memory_equal(dictionary_indices(&dictionary), wanted, sizeof wanted);
    assert_int_equal(dictionary.entry_bytes, 5 * 4 + 4 + 0 + 5 + 13 + 13);
    lake_ok(dictionary_build(&dictionary, &values, 5 * 4 + 34, &fits, &err));
    assert_false(fits);
    dictionary_release(&dictionary);
}

static void test_as_many_entries_as_there_may_be(void **state)
{
    (void)state;
    enum { N = DICTIONARY_ENTRIES_MAX + 1 };
    struct lake_error err = {0};
    struct dictionary dictionary;
    static int64_t numbers[N];
    for (int64_t i = 0; i < N; i++)
        numbers[i] = i * 1000;
    struct values values = integers(numbers, N);
    bool fits = false;
    dictionary_init(&dictionary);
    lake_ok(dictionary_build(&dictionary, &values, SIZE_MAX, &fits, &err));
    assert_false(fits);
    values.n = DICTIONARY_ENTRIES_MAX;
    lake_ok(dictionary_build(&dictionary, &values, SIZE_MAX, &fits, &err));
    assert_true(fits);
    assert_int_equal(dictionary_index_width(&dictionary), 15);
    for (uint32_t i = 0; i < DICTIONARY_ENTRIES_MAX; i++)
        assert_int_equal(dictionary_indices(&dictionary)[i], i);
    dictionary_release(&dictionary);
}

static enum parquet_encoding choose(const struct values *values, enum parquet_doubles doubles)
{
    struct lake_error err = {0};
    struct dictionary dictionary;
    enum parquet_encoding encoding = PARQUET_BIT_PACKED;
    dictionary_init(&dictionary);
    lake_ok(encoding_choose(values, doubles, &dictionary, &encoding, &err));
    dictionary_release(&dictionary);
    return encoding;
}

static void test_doubles_by_what_they_hold(void **state)
{
    (void)state;
    static double numbers[1440];
    struct values values = reals(numbers, 1440);
    for (int64_t i = 0; i < 1440; i++)
        numbers[i] = (double)i / 100;
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_BYTE_STREAM_SPLIT);
    assert_int_equal(choose(&values, PARQUET_DOUBLES_PLAIN), PARQUET_PLAIN);
    for (int64_t i = 0; i < 1440; i++)
        numbers[i] = (double)(i % 200) / 100;
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_RLE_DICTIONARY);
    assert_int_equal(choose(&values, PARQUET_DOUBLES_PLAIN), PARQUET_PLAIN);
    values.n = 3; /* too few for a page of entries */
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_BYTE_STREAM_SPLIT);
}

static void test_integers_by_what_they_hold(void **state)
{
    (void)state;
    static int64_t numbers[1440];
    struct values values = integers(numbers, 1440);
    uint64_t seed = 1;
    for (int64_t i = 0; i < 1440; i++)
        numbers[i] = i * 60000;
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_DELTA_BINARY_PACKED);
    for (int64_t i = 0; i < 1440; i++)
        numbers[i] = (int64_t)(fixture_random(&seed) << 24 ^ fixture_random(&seed));
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_PLAIN);
    values.type = COLUMN_TIMESTAMP_US;
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_DELTA_BINARY_PACKED);
    values.type = COLUMN_INT64;
    for (int64_t i = 0; i < 1440; i++)
        numbers[i] = (int64_t)(fixture_random(&seed) % 3) << 50;
    assert_int_equal(choose(&values, PARQUET_DOUBLES_FAST), PARQUET_RLE_DICTIONARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_means_equal_bits),
        cmocka_unit_test(test_the_budget_is_kept_exactly),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_as_many_entries_as_there_may_be),
        cmocka_unit_test(test_doubles_by_what_they_hold),
        cmocka_unit_test(test_integers_by_what_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
