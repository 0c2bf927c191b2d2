#include "ingest/csv_names.h"

#include "unit/base/check.h"

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

static const struct data_type *type_of(const char *name)
{
    struct lake_error err = {0};
    const struct data_type *type = NULL;
    lake_ok(data_type_find(name, &type, &err));
    return type;
}

static void assert_means(const char *type, const char *name, const char *column)
{
    struct csv_meaning meaning = csv_meaning_of(span(name), type_of(type));
    if ((meaning.column == NULL) != (column == NULL) || (column != NULL && strcmp(meaning.column, column) != 0))
        fail_msg("%s: '%s' means %s", type, name, meaning.column != NULL ? meaning.column : "nothing");
}

static void test_usual_spellings(void **state)
{
    (void)state;
    assert_means("raw", "Timestamp", "ts");
    assert_means("raw", "OPEN TIME", "ts");
    assert_means("raw", "open_time", "ts");
    assert_means("raw", "unix", "ts");
    assert_means("raw", "Open", "open");
    assert_means("raw", "<OPEN>", "open");
    assert_means("raw", "c", "close");
    assert_means("raw", "Close/Last", "close");
    assert_means("raw", " Base-Volume ", "volume");
    assert_means("raw", "Vol.", "volume");
    assert_means("raw", "quote_asset_volume", "quote_volume");
    assert_means("raw", "Number of trades", "trades");
    assert_means("raw", "taker_buy_base_asset_volume", "taker_buy_volume");
    assert_means("raw", "taker_buy_quote_volume", "taker_buy_quote_volume");
    assert_means("raw", "close_time", NAME_CLOSE_TIME);
    assert_means("raw", "ignore", NAME_IGNORE);
    assert_means("raw", "1. open", "open");
    assert_means("raw", "4a. close (USD)", "close");
    assert_means("raw", "opens", NULL);
    assert_means("raw", "", NULL);
    assert_means("raw", "ope", NULL);
    assert_means("raw", "Volume MA", NULL);
}

static void test_a_name_means_what_the_type_has(void **state)
{
    (void)state;
    assert_means("raw", "price", "close");
    assert_means("trades", "price", "price");
    assert_means("raw", "volume", "volume");
    assert_means("trades", "volume", "amount");
    assert_means("trades", "isBuyerMaker", NAME_MAKER);
    assert_means("raw", "isBuyerMaker", NULL);
    assert_means("trades", "close_time", NULL);
    assert_means("funding", "interval", "interval");
    assert_means("raw", "interval", NAME_PERIOD);
    assert_means("trades", "size/\xe6\x95\xb0\xe9\x87\x8f", "amount");
    assert_means("trades", "size(base)", "amount");
}

static void test_languages(void **state)
{
    (void)state;
    assert_means("raw", "\xe6\x97\xb6\xe9\x97\xb4", "ts"); /* Chinese: time */
    assert_means("raw",
                 "ER\xc3\x96"
                 "FFNUNG",
                 "open");                                                  /* German, upper case */
    assert_means("raw", "Cl\xc3\xb4ture", "close");                        /* French */
    assert_means("raw", "\xd0\x9c\xd0\xb8\xd0\xbd.", "low");               /* Russian, upper case first letter */
    assert_means("raw", "\xec\x8b\x9c\xea\xb0\x80", "open");               /* Korean */
    assert_means("raw", "\xe5\x87\xba\xe6\x9d\xa5\xe9\xab\x98", "volume"); /* Japanese */
}

static void assert_asset(const char *name, const char *asset)
{
    struct csv_span found = csv_volume_asset(span(name));
    if (found.length != strlen(asset) || memcmp(found.data, asset, found.length) != 0)
        fail_msg("'%s': %.*s", name, (int)found.length, found.data);
}

static void test_assets_of_volumes(void **state)
{
    (void)state;
    assert_asset("Volume BTC", "BTC");
    assert_asset("volume_usdt", "usdt");
    assert_asset("Volume_(Currency)", "Currency");
    assert_asset("BTC Volume", "BTC");
    assert_asset("Volume", "");
    assert_asset("VolumeBTC", "");
    assert_asset("BidVolume", "");
    assert_asset("Volume of all", "");
    assert_asset("Volume ", "");
    assert_asset("Volume X", "");
}

static void test_each_spelling_stands_once_and_in_plain_letters(void **state)
{
    (void)state;
    const char *name, *column, *other_name, *other_column;
    for (size_t i = 0; (name = csv_spelling_at(i, &column)) != NULL; i++) {
        assert_int_equal(strcspn(name, " _-./()ABCDEFGHIJKLMNOPQRSTUVWXYZ"), strlen(name));
        for (size_t k = 0; k < i && (other_name = csv_spelling_at(k, &other_column)) != NULL; k++)
            if (csv_is_same_name(span(name), span(other_name)) && strcmp(column, other_column) == 0)
                fail_msg("'%s' stands twice for %s", name, column);
    }
}

/* Every column of each type can be named as it is called in the lake: what `read` prints can be ingested. */
static void test_the_lakes_own_names_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        for (size_t c = 0; c < type->n_columns; c++) {
            const char *name = type->columns[c].name;
            assert_means(type->name, name, strcmp(name, "side") == 0 ? NAME_SIDE : name);
            assert_true(csv_is_known_name(span(name)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_spellings),
        cmocka_unit_test(test_a_name_means_what_the_type_has),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_assets_of_volumes),
        cmocka_unit_test(test_each_spelling_stands_once_and_in_plain_letters),
        cmocka_unit_test(test_the_lakes_own_names_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
