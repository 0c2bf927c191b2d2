/* What bounds say of values, and what the page index says of pages. */
#include <math.h>

#include "base/bytes.h"
#include "parquet/page_index_writer.h"
#include "unit/base/check.h"

static struct values reals(const double *values, int64_t n)
{
    return (struct values){.type = COLUMN_DOUBLE,
                           .physical = PARQUET_DOUBLE,
                           .width = 8,
                           .n_rows = n,
                           .n = n,
                           .fixed = (const uint8_t *)values};
}

static struct values texts_of(enum column_type type, const struct text_view *texts, int64_t n)
{
    return (struct values){.type = type, .physical = PARQUET_BYTE_ARRAY, .n_rows = n, .n = n, .texts = texts};
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void assert_real_range(const double *numbers, int64_t n, double min, double max, int64_t nan_count)
{
    struct values values = reals(numbers, n);
    struct statistics statistics = statistics_of(&values, 0, n);
    assert_int_equal(statistics.range, RANGE_KNOWN);
    assert_int_equal(load_u64(statistics.min.bytes), bits_of(min));
    assert_int_equal(load_u64(statistics.max.bytes), bits_of(max));
    assert_int_equal(statistics.nan_count, nan_count);
    assert_true(statistics.min.exact && statistics.max.exact);
}

static void test_nan_is_no_bound(void **state)
{
    (void)state;
    static const double first[] = {NAN, 3, 1, NAN, 2};
    assert_real_range(first, 5, 1, 3, 2);
    static const double last[] = {3, 1, 2, 5, 4, 9, 7, 8, -NAN};
    assert_real_range(last, 9, 1, 9, 1);
    static const double only[] = {NAN, -NAN};
    struct values values = reals(only, 2);
    struct statistics statistics = statistics_of(&values, 0, 2);
    assert_int_equal(statistics.range, RANGE_EMPTY);
    assert_int_equal(statistics.nan_count, 2);
}

static void test_infinities_are_bounds(void **state)
{
    (void)state;
    static const double all[] = {INFINITY, INFINITY};
    assert_real_range(all, 2, INFINITY, INFINITY, 0);
    static const double both[] = {1, -INFINITY, INFINITY, 2, NAN};
    assert_real_range(both, 5, -INFINITY, INFINITY, 1);
}

static void test_a_bound_of_zero_has_the_outer_sign(void **state)
{
    (void)state;
    static const double zeros[] = {0.0, 0.0};
    assert_real_range(zeros, 2, -0.0, 0.0, 0);
    static const double negative[] = {-0.0, -1};
    assert_real_range(negative, 2, -1, 0.0, 0);
    static const double positive[] = {0.0, 1};
    assert_real_range(positive, 2, -0.0, 1, 0);
}

/* Each length and place, so that no chain of the scan is forgotten. */
static void test_extremes_at_every_place(void **state)
{
    (void)state;
    double numbers[11];
    for (int64_t n = 2; n <= 11; n++) {
        for (int64_t low = 0; low < n; low++) {
            for (int64_t i = 0; i < n; i++)
                numbers[i] = 5;
            numbers[low] = -7;
            numbers[(low + 1) % n] = 8;
            assert_real_range(numbers, n, -7, 8, 0);
        }
    }
}

static void test_integers(void **state)
{
    (void)state;
    static const int32_t narrow[] = {5, INT32_MIN, INT32_MAX, 0};
    struct values values = {
        .type = COLUMN_INT32, .physical = PARQUET_INT32, .width = 4, .n = 4, .fixed = (const uint8_t *)narrow};
    struct statistics statistics = statistics_of(&values, 0, 4);
    assert_int_equal(statistics.min.n, 4);
    assert_int_equal(load_u32(statistics.min.bytes), 0x80000000u);
    assert_int_equal(load_u32(statistics.max.bytes), 0x7FFFFFFFu);
    statistics = statistics_of(&values, 3, 1);
    assert_int_equal(load_u32(statistics.min.bytes), 0);
    static const uint8_t flags[] = {1, 1, 0};
    values = (struct values){.type = COLUMN_BOOL, .physical = PARQUET_BOOLEAN, .width = 1, .n = 3, .fixed = flags};
    statistics = statistics_of(&values, 0, 3);
    assert_int_equal(statistics.min.bytes[0], 0);
    assert_int_equal(statistics.max.bytes[0], 1);
    statistics = statistics_of(&values, 0, 2);
    assert_int_equal(statistics.min.bytes[0], 1);
}

static struct statistics of_text(enum column_type type, const char *text, size_t n)
{
    struct text_view view = {(const uint8_t *)text, n};
    struct values values = texts_of(type, &view, 1);
    return statistics_of(&values, 0, 1);
}

static void assert_bound(const struct bound *bound, const char *text, size_t n, bool exact)
{
    assert_int_equal(bound->n, n);
    assert_memory_equal(bound->bytes, text, n);
    assert_int_equal(bound->exact, exact);
}

static void test_texts_compare_as_unsigned_bytes(void **state)
{
    (void)state;
    static const struct text_view views[] = {{(const uint8_t *)"b", 1},
                                             {(const uint8_t *)"\xc3\xa9", 2},
                                             {(const uint8_t *)"", 0},
                                             {(const uint8_t *)"bb", 2}};
    struct values values = texts_of(COLUMN_UTF8, views, 4);
    struct statistics statistics = statistics_of(&values, 0, 4);
    assert_bound(&statistics.min, "", 0, true);
    assert_bound(&statistics.max, "\xc3\xa9", 2, true);
    statistics = statistics_of(&values, 3, 1);
    assert_bound(&statistics.min, "bb", 2, true);
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'a', sizeof text);
    struct statistics statistics = of_text(COLUMN_UTF8, text, 64);
    assert_bound(&statistics.max, text, 64, true);
    statistics = of_text(COLUMN_UTF8, text, 65);
    assert_bound(&statistics.min, text, 64, false);
    text[63] = 'b';
    assert_bound(&statistics.max, text, 64, false);
    memset(text, 0xFF, sizeof text);
    text[3] = 'x';
    statistics = of_text(COLUMN_BINARY, text, 80);
    assert_bound(&statistics.min, text, 64, false);
    assert_bound(&statistics.max, "\xff\xff\xffy", 4, false);
    text[3] = '\xff';
    statistics = of_text(COLUMN_BINARY, text, 80); /* nothing lies above */
    assert_int_equal(statistics.range, RANGE_UNKNOWN);
}

static void test_cut_utf8_stays_utf8(void **state)
{
    (void)state;
    char text[80];
    memset(text, 'a', sizeof text);
    memcpy(text + 62, "\xe2\x82\xac", 3); /* a euro sign over the edge */
    struct statistics statistics = of_text(COLUMN_UTF8, text, 80);
    assert_bound(&statistics.min, text, 62, false);
    text[61] = 'b';
    assert_bound(&statistics.max, text, 62, false);
    memcpy(text + 61, "\x7f\xc3\xa9", 3); /* neither may grow: the last é becomes ê */
    memset(text + 64, 'z', 16);
    statistics = of_text(COLUMN_UTF8, text, 80);
    memcpy(text + 61, "\x7f\xc3\xaa", 3);
    assert_bound(&statistics.max, text, 64, false);
    memcpy(text + 60, "b\xed\x9f\xbf", 4); /* U+D7FF: the next character is U+E000 */
    statistics = of_text(COLUMN_UTF8, text, 80);
    memcpy(text + 60, "b\xee\x80\x80", 4);
    assert_bound(&statistics.max, text, 64, false);
    memcpy(text + 59, "b\xf4\x8f\xbf\xbf", 5); /* U+10FFFF has none: the b before it is raised */
    statistics = of_text(COLUMN_UTF8, text, 80);
    text[59] = 'c';
    assert_bound(&statistics.max, text, 60, false);
}

static void test_texts_without_a_bound(void **state)
{
    (void)state;
    char text[80];
    memset(text, 0x80, sizeof text); /* not UTF-8 */
    assert_int_equal(of_text(COLUMN_UTF8, text, 80).range, RANGE_UNKNOWN);
    memset(text, 'a', sizeof text);
    text[63] = '\xc1'; /* neither */
    assert_int_equal(of_text(COLUMN_UTF8, text, 80).range, RANGE_UNKNOWN);
    for (size_t i = 0; i < 64; i += 4)
        memcpy(text + i, "\xf4\x8f\xbf\xbf", 4);
    assert_int_equal(of_text(COLUMN_UTF8, text, 80).range, RANGE_UNKNOWN);
    memset(text, 0x80, sizeof text); /* a lower bound that is none, under an upper one that is */
    struct text_view views[] = {{(const uint8_t *)text, 80}, {(const uint8_t *)"\xc3\xa9", 2}};
    struct values pair = texts_of(COLUMN_UTF8, views, 2);
    assert_int_equal(statistics_of(&pair, 0, 2).range, RANGE_UNKNOWN);
    static const uint8_t wide[100] = {0};
    struct values values = {
        .type = COLUMN_FIXED, .physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .width = 100, .n = 1, .fixed = wide};
    assert_int_equal(statistics_of(&values, 0, 1).range, RANGE_UNKNOWN);
}

static void test_adding_pages(void **state)
{
    (void)state;
    static const double numbers[] = {3, 4, NAN, NAN, -1, 3.5};
    struct values values = reals(numbers, 6);
    struct statistics all = statistics_of(&values, 2, 2);
    struct statistics page = statistics_of(&values, 0, 2);
    page.null_count = 7;
    statistics_add(&all, &page);
    page = statistics_of(&values, 4, 2);
    page.null_count = 1;
    statistics_add(&all, &page);
    page = statistics_of(&values, 0, 0);
    statistics_add(&all, &page);
    assert_int_equal(load_u64(all.min.bytes), bits_of(-1));
    assert_int_equal(load_u64(all.max.bytes), bits_of(4));
    assert_int_equal(all.nan_count, 2);
    assert_int_equal(all.null_count, 8);
    assert_int_equal(all.n_values, 6);
    assert_int_equal(all.range, RANGE_KNOWN);
    page.range = RANGE_UNKNOWN;
    statistics_add(&all, &page);
    page = statistics_of(&values, 0, 2);
    statistics_add(&all, &page);
    assert_int_equal(all.range, RANGE_UNKNOWN);
}

static void test_exactness_survives_adding(void **state)
{
    (void)state;
    char text[65];
    memset(text, 'a', sizeof text);
    struct statistics cut = of_text(COLUMN_UTF8, text, 65);
    struct statistics whole = of_text(COLUMN_UTF8, text, 64);
    struct statistics all = cut;
    statistics_add(&all, &whole);
    assert_bound(&all.min, text, 64, true);
    assert_false(all.max.exact);
    all = whole;
    statistics_add(&all, &cut);
    assert_bound(&all.min, text, 64, true);
    assert_false(all.max.exact);
}

/* --- the column index --- */

static struct written_page page_of(const double *numbers, int64_t n)
{
    struct values values = reals(numbers, n);
    return (struct written_page){.statistics = statistics_of(&values, 0, n)};
}

/* The boundary order, or -1 where there is no index. */
static int64_t order_of(const struct written_page *pages, size_t n_pages)
{
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct thrift_field field = {0};
    int64_t order = -1;
    lake_ok(column_index_append(pages, n_pages, &out, &err));
    if (out.length == 0)
        return order;
    struct thrift_reader in = thrift_reader_init(out.data, out.length);
    while (thrift_next_field(&in, &field)) {
        if (field.id == 4)
            order = thrift_i32(&in, field);
        else
            thrift_skip(&in, field.type);
    }
    buffer_release(&out);
    return order;
}

static void test_boundary_order(void **state)
{
    (void)state;
    static const double low[] = {1, 2};
    static const double high[] = {2, 5};
    static const double wide[] = {0, 9};
    static const double nothing[] = {NAN};
    struct written_page a = page_of(low, 2);
    struct written_page b = page_of(high, 2);
    struct written_page c = page_of(wide, 2);
    struct written_page none = page_of(low, 0);
    struct written_page nan = page_of(nothing, 1);
    assert_int_equal(order_of((struct written_page[]){a}, 1), 1);
    assert_int_equal(order_of((struct written_page[]){a, a}, 2), 1);
    assert_int_equal(order_of((struct written_page[]){a, none, b}, 3), 1);
    assert_int_equal(order_of((struct written_page[]){b, none, a}, 3), 2);
    assert_int_equal(order_of((struct written_page[]){a, b, a}, 3), 0);
    assert_int_equal(order_of((struct written_page[]){a, c}, 2), 0);
    assert_int_equal(order_of((struct written_page[]){none}, 1), 1);
    assert_int_equal(order_of((struct written_page[]){a, nan}, 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nan_is_no_bound),
        cmocka_unit_test(test_infinities_are_bounds),
        cmocka_unit_test(test_a_bound_of_zero_has_the_outer_sign),
        cmocka_unit_test(test_extremes_at_every_place),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_texts_compare_as_unsigned_bytes),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_cut_utf8_stays_utf8),
        cmocka_unit_test(test_texts_without_a_bound),
        cmocka_unit_test(test_adding_pages),
        cmocka_unit_test(test_exactness_survives_adding),
        cmocka_unit_test(test_boundary_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
