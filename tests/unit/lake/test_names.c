#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lake/names.h"

static void test_symbols(void **state)
{
    static const struct {
        const char *given, *canonical;
    } cases[] = {
        {"BTCUSDT", "BTCUSDT"},
        {"btcusdt", "BTCUSDT"},
        {"BTC/USDT", "BTCUSDT"},
        {"BTC/USDT:USDT", "BTCUSDT"},
        {"btc/usdt:usdt", "BTCUSDT"},
        {"BTC/USDT:USDT-261225", "BTCUSDT_261225"},
        {"BTCUSDT_261225", "BTCUSDT_261225"},
        {"BTCUSD_PERP", "BTCUSD_PERP"},
        {"BTC-USDT-SWAP", "BTC-USDT-SWAP"},
        {"1000PEPE/USDT:USDT", "1000PEPEUSDT"},
        {"BRK.B", "BRK.B"},
        {"\xe5\xb8\x81\xe5\xae\x89\xe4\xba\xba\xe7\x94\x9fUSDT",
         "\xe5\xb8\x81\xe5\xae\x89\xe4\xba\xba\xe7\x94\x9fUSDT"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[NAME_BYTES];
        assert_int_equal(name_symbol(cases[i].given, name, NULL), LAKE_OK);
        assert_string_equal(name, cases[i].canonical);
    }
}

static void test_no_name_leads_out_of_the_lake(void **state)
{
    static const char *const refused[] = {
        "",
        "..",
        ".",
        "../../etc",
        "/etc/passwd",
        "a/../b",
        "BTC/../../x",
        "BTC/USDT/",
        "/USDT",
        "BTC/",
        "BTC/:USDT",
        "BTC/USDT:",
        "BTC/USDT:-",
        "%2e%2e",
        "a\\b",
        "C:",
        "a b",
        " BTC",
        "BTC\n",
        "BTC\t",
        "a*",
        "a?",
        "a\"b",
        "a<b",
        "a|b",
        ".hidden",
        "BTC.",
        "-rf",
        "\x7f",
        "\xc0\xaf",
        "\xff",
        "\xed\xa0\x80",
        "\xe5\xb8",
        "BTC/USDT:USDT/x",
        "BTC/.",
        "BTC/..:x",
        "A/.B",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM",
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char name[NAME_BYTES];
        struct lake_error err = {LAKE_OK, ""};
        if (name_symbol(refused[i], name, &err) != LAKE_INVALID_ARGUMENT)
            fail_msg("accepted: %s", refused[i]);
        assert_non_null(strstr(err.message, "symbol"));
    }
}

static void test_exchanges_and_markets(void **state)
{
    char name[NAME_BYTES];
    (void)state;
    assert_int_equal(name_exchange("binance", name, NULL), LAKE_OK);
    assert_string_equal(name, "BINANCE");
    assert_int_equal(name_exchange("../x", name, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(name_exchange("\xe5\xb8\x81", name, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(name_market("linear", name, NULL), LAKE_OK);
    assert_string_equal(name, "FUTURES");
    assert_int_equal(name_market("Coin-M", name, NULL), LAKE_OK);
    assert_string_equal(name, "INVERSE");
    assert_int_equal(name_market("spot", name, NULL), LAKE_OK);
    assert_string_equal(name, "SPOT");
}

static void test_reserved_names_are_escaped(void **state)
{
    static const struct {
        const char *name, *directory;
    } cases[] = {{"CON", "%CON"},           {"NUL.X", "%NUL.X"}, {"COM1", "%COM1"},        {"LPT9", "%LPT9"},
                 {"FEATURES", "%FEATURES"}, {"COM", "COM"},      {"CONUSDT", "CONUSDT"},   {"COM10", "COM10"},
                 {"con", "%con"},           {"Nul.x", "%Nul.x"}, {"features", "%features"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char directory[NAME_BYTES];
        name_directory(cases[i].name, directory);
        assert_string_equal(directory, cases[i].directory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_no_name_leads_out_of_the_lake),
        cmocka_unit_test(test_exchanges_and_markets),
        cmocka_unit_test(test_reserved_names_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
