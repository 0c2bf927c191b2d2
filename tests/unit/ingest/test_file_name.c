#include "ingest/file_name.h"

#include "base/calendar.h"
#include "ingest/symbol_text.h"
#include "unit/base/check.h"

struct named {
    const char *name;
    const char *exchange, *market, *symbol, *type, *period; /* "" where none is told */
    const char *day;
};

static const struct named names[] = {
    {"Binance_BTCUSDT_1h.csv", "BINANCE", "", "BTCUSDT", "", "1h", ""},
    {"BTCUSDT-1m-2023-04.csv", "", "", "BTCUSDT", "", "1m", ""},
    {"data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2023-04.csv", "", "FUTURES", "BTCUSDT", "raw", "1m", ""},
    {"data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2023-04-01.csv", "", "FUTURES", "BTCUSDT", "aggtrades",
     "", "2023-04-01"},
    {"bybit/BTCUSDT2024-01-01.csv.gz", "BYBIT", "", "BTCUSDT", "", "", "2024-01-01"},
    {"lean_bybit_btcusdt_20221213_trade.zip", "BYBIT", "", "BTCUSDT", "", "", "2022-12-13"},
    {"minute/btcusdt/20221213_trade.zip/20221213_btcusdt_minute_trade.csv", "", "", "BTCUSDT", "", "1m", "2022-12-13"},
    {"BINANCE_BTCUSDT, 60.csv", "BINANCE", "", "BTCUSDT", "", "1h", ""},
    {"BINANCE_BTCUSDT, 1D.csv", "BINANCE", "", "BTCUSDT", "", "1d", ""},
    {"kraken_XBTUSD_60.csv", "KRAKEN", "", "XBTUSD", "", "1h", ""},
    {"kraken_XBTUSD_1440.csv", "KRAKEN", "", "XBTUSD", "", "1d", ""},
    {"btc_usdt-5m-futures.csv", "", "FUTURES", "BTCUSDT", "", "5m", ""},
    {"BTC_USDT_USDT-1m-futures.feather", "", "FUTURES", "BTCUSDT", "", "1m", ""},
    {"okx/BTC-USDT-SWAP-trades-2023-04-01.csv", "OKX", "FUTURES", "BTCUSDT", "trades", "", "2023-04-01"},
    {"BTCUSDT-fundingRate-2024-01.csv", "", "", "BTCUSDT", "funding", "", ""},
    {"DAT_ASCII_EURUSD_M1_2023.csv", "", "", "EURUSD", "", "1m", ""},
    {"cdd_Binance_BTCUSDT_d.csv", "BINANCE", "", "BTCUSDT", "", "1d", ""},
    {"gemini_BTCUSD_2020_1min.csv", "GEMINI", "", "BTCUSD", "", "1m", ""},
    {"BTCUSDT_ETHUSDT_1m.csv", "", "", "", "", "1m", ""},
    {"Binance_Kraken_BTCUSDT.csv", "", "", "BTCUSDT", "", "", ""},
    {"BTCUSDT-2023-04-01-2023-04-02.csv", "", "", "BTCUSDT", "", "", ""},
    {"BTCUSDT-1m-1h.csv", "", "", "BTCUSDT", "", "", ""},
    {"data.csv", "", "", "", "", "", ""},
    {"/home/d/x.csv", "", "", "", "", "", ""},
    {"weights.csv", "", "", "", "", "", ""},
    {"1.csv", "", "", "", "", "", ""},
    {"", "", "", "", "", "", ""},
    {"///", "", "", "", "", "", ""},
};

static void assert_told(const char *name, const char *what, const char *found, const char *wanted)
{
    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s is '%s', not '%s'", name, what, found, wanted);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct file_name_facts facts;
        char day[CALENDAR_TEXT_BYTES] = "";
        file_name_read(names[i].name, &facts);
        if (facts.has_day)
            (void)calendar_format_day(calendar_day_of_ms(facts.day_ms), day);
        assert_told(names[i].name, "exchange", facts.exchange, names[i].exchange);
        assert_told(names[i].name, "market", facts.market, names[i].market);
        assert_told(names[i].name, "symbol", facts.symbol, names[i].symbol);
        assert_told(names[i].name, "type", facts.type != NULL ? facts.type : "", names[i].type);
        assert_told(names[i].name, "period", facts.period != NULL ? facts.period->name : "", names[i].period);
        assert_told(names[i].name, "day", day, names[i].day);
    }
}

static void test_long_names(void **state)
{
    (void)state;
    char name[4096];
    struct file_name_facts facts;
    for (size_t n = 1; n < sizeof name; n = n * 3 / 2 + 1) {
        memset(name, 'A', n);
        name[n - 1] = '\0';
        file_name_read(name, &facts);
        for (size_t k = 0; k + 1 < n; k++)
            name[k] = "BTCUSDT-2023-04-01_1m/"[k % 22];
        file_name_read(name, &facts);
    }
}

static bool is_same(const char *a, const char *b)
{
    return symbol_text_is_same((struct csv_span){a, strlen(a)}, (struct csv_span){b, strlen(b)});
}

static void test_symbols(void **state)
{
    (void)state;
    assert_true(is_same("BTC/USDT", "btcusdt"));
    assert_true(is_same("BTC/USDT:USDT", "BTC-USDT"));
    assert_true(is_same("XBTUSD", "BTC-USD"));
    assert_true(is_same("BINANCE:BTCUSDT", "BTCUSDT"));
    assert_true(is_same("BTC-USDT-SWAP", "BTCUSDT"));
    assert_true(is_same("BTCUSDT Perpetual", "BTCUSDT"));
    assert_false(is_same("BTCUSDT", "ETHUSDT"));
    assert_false(is_same("BTCUSD", "BTCUSDT"));
    assert_false(is_same("BTCPERP", "BTC"));
    assert_true(is_same("", "-"));
    assert_int_equal(symbol_text_split("BTCUSDT"), 3);
    assert_int_equal(symbol_text_split("BTCFDUSD"), 3);
    assert_int_equal(symbol_text_split("USDT"), 0);
    assert_int_equal(symbol_text_split("AAPL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
