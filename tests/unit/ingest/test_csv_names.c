#include "ingest/csv_names.h"

#include "column/data_type.h"
#include "unit/base/check.h"

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

static void assert_means(const char *name, const char *column)
{
    struct csv_meaning meaning = csv_meaning_of(span(name));
    if (column == NULL)
        assert_null(meaning.column);
    else
        assert_string_equal(meaning.column, column);
}

static void test_usual_spellings(void **state)
{
    (void)state;
    assert_means("Timestamp", "ts");
    assert_means("OPEN TIME", "ts");
    assert_means("open_time", "ts");
    assert_means("unix", "ts");
    assert_means("Open", "open");
    assert_means("c", "close");
    assert_means(" Base-Volume ", "volume");
    assert_means("quote_asset_volume", "quote_volume");
    assert_means("Number of trades", "trades");
    assert_means("taker_buy_base_asset_volume", "taker_buy_volume");
    assert_means("taker_buy_quote_volume", "taker_buy_quote_volume");
    assert_means("close_time", CSV_CLOSE_TIME);
    assert_means("ignore", CSV_IGNORE);
    assert_means("opens", NULL);
    assert_means("", NULL);
    assert_means("ope", NULL);
}

static void test_each_spelling_stands_once_and_in_plain_letters(void **state)
{
    (void)state;
    const char *name;
    for (size_t i = 0; (name = csv_spelling_at(i)) != NULL; i++) {
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz"), strlen(name));
        assert_int_equal(csv_meaning_of(span(name)).rank, i);
    }
}

/* Every column of raw bars can be named as it is called in the lake: what `read` prints can be ingested. */
static void test_the_lakes_own_names_are_known(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct data_type *raw = NULL;
    lake_ok(data_type_find("raw", &raw, &err));
    for (size_t i = 0; i < raw->n_columns; i++)
        assert_means(raw->columns[i].name, raw->columns[i].name);
}

static void test_binance_columns_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < CSV_BINANCE_COLUMNS; i++)
        assert_non_null(csv_meaning_of(span(csv_binance_columns[i])).column);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_spellings),
        cmocka_unit_test(test_each_spelling_stands_once_and_in_plain_letters),
        cmocka_unit_test(test_the_lakes_own_names_are_known),
        cmocka_unit_test(test_binance_columns_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
