#include "ingest/csv_text.h"

#include "unit/base/check.h"

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

static void test_trim_keeps_what_separates(void **state)
{
    (void)state;
    struct csv_span trimmed = csv_trim(span(" \t1 2\t "), ',');
    assert_int_equal(trimmed.length, 3);
    assert_memory_equal(trimmed.data, "1 2", 3);
    assert_int_equal(csv_trim(span(" \t "), ',').length, 0);
    assert_int_equal(csv_trim(span("\t1"), '\t').length, 2);
}

static void test_null_words(void **state)
{
    (void)state;
    const char *const nulls[] = {"", "null", "NULL", "NaN", "nan", "None", "NA", "n/a", "N/A"};
    const char *const values[] = {"0", "nul", "nulls", "nanx", "-", "none ", "inf"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        assert_true(csv_is_null(span(nulls[i])));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_false(csv_is_null(span(values[i])));
}

static void test_show_is_printable_and_short(void **state)
{
    (void)state;
    char out[CSV_SHOWN_TEXT_BYTES];
    assert_string_equal(csv_show(span("abc"), out), "abc");
    assert_string_equal(csv_show(span(""), out), "");
    assert_string_equal(csv_show(span("a\r\x1b[31m\x7f\xff"), out), "a\\x0d\\x1b[31m\\x7f\\xff");
    assert_string_equal(csv_show(span("0123456789012345678901234567890123456789"), out),
                        "0123456789012345678901234567890123456789");
    assert_string_equal(csv_show(span("01234567890123456789012345678901234567890"), out),
                        "0123456789012345678901234567890123456789...");
    assert_string_equal(csv_show(span("012345678901234567890123456789012345678\xe2\x82\xac"), out),
                        "012345678901234567890123456789012345678...");
    char worst[200];
    memset(worst, 0xff, sizeof worst);
    csv_show((struct csv_span){worst, sizeof worst}, out);
    assert_int_equal(strlen(out), 4 * CSV_SHOWN_BYTES + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim_keeps_what_separates),
        cmocka_unit_test(test_null_words),
        cmocka_unit_test(test_show_is_printable_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
