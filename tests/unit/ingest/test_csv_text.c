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
    const char *const nulls[] = {"", "null", "NULL", "NaN", "nan", "None", "NA", "n/a", "N/A", "-"};
    const char *const values[] = {"0", "nul", "nulls", "nanx", "--", "none ", "inf"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        assert_true(csv_is_null(span(nulls[i])));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        assert_false(csv_is_null(span(values[i])));
}

static void check_bool(const char *text, bool want)
{
    bool got = !want;
    assert_true(csv_read_bool(span(text), &got));
    assert_int_equal(got, want);
}

static void test_words_for_true_and_false(void **state)
{
    (void)state;
    const char *const yes[] = {"true", "True", "TRUE", "t", "1", "yes", "Y"};
    const char *const no[] = {"false", "False", "F", "0", "no", "N"};
    const char *const others[] = {"", "2", "tru", "truee", "-1", "buy"};
    bool value;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        check_bool(yes[i], true);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        check_bool(no[i], false);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(csv_read_bool(span(others[i]), &value));
}

static void test_words_for_sides(void **state)
{
    (void)state;
    const char *const buys[] = {"buy", "Buy", "BUY", "b", "B", "1", "+1"};
    const char *const sells[] = {"sell", "Sell", "S", "-1"};
    const char *const others[] = {"", "bid", "0", "buys", "sel", "true", "A"};
    for (size_t i = 0; i < sizeof buys / sizeof buys[0]; i++)
        assert_string_equal(csv_read_side(span(buys[i])), "buy");
    for (size_t i = 0; i < sizeof sells / sizeof sells[0]; i++)
        assert_string_equal(csv_read_side(span(sells[i])), "sell");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(csv_read_side(span(others[i])));
}

static void test_sides_of_the_book(void **state)
{
    (void)state;
    const char *const others[] = {"", "S", "AB", "ask", "1"};
    assert_string_equal(csv_read_ask_bid(span("A")), "sell");
    assert_string_equal(csv_read_ask_bid(span("b")), "buy");
    assert_string_equal(csv_read_ask_bid(span("N")), "");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(csv_read_ask_bid(span(others[i])));
}

static void test_one_thing_in_two_spellings(void **state)
{
    (void)state;
    const char *const same[][2] = {{"BTCUSDT", "BTC/USDT"}, {"btc-usdt", "BTC_USDT"}, {"1m", "1 m"}, {"", "/"}};
    const char *const different[][2] = {{"BTCUSDT", "BTCUSD"}, {"BTCUSD", "BTCUSDT"}, {"1m", "1M"}, {"A", ""}};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_true(csv_is_same_thing(span(same[i][0]), span(same[i][1])));
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++)
        assert_false(csv_is_same_thing(span(different[i][0]), span(different[i][1])));
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
        cmocka_unit_test(test_trim_keeps_what_separates),   cmocka_unit_test(test_null_words),
        cmocka_unit_test(test_words_for_true_and_false),    cmocka_unit_test(test_words_for_sides),
        cmocka_unit_test(test_sides_of_the_book),           cmocka_unit_test(test_one_thing_in_two_spellings),
        cmocka_unit_test(test_show_is_printable_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
