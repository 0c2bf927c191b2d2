#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "column/data_type.h"
#include "lake/layout.h"

static void check_path(const char *symbol, const char *period, enum partition_grain grain, const char *expected)
{
    struct buffer path = BUFFER_INIT(1024);
    const struct manifest_dataset dataset = {0, "BINANCE", "FUTURES", symbol, "raw", period};
    /* 2023-04-01 */
    const struct layout_file file = {&dataset, grain, INT64_C(1680307200000), UINT64_C(0xabc)};
    assert_int_equal(layout_file_path(&file, &path, NULL), LAKE_OK);
    assert_string_equal((const char *)path.data, expected);
    buffer_release(&path);
}

static void test_paths_of_each_grain(void **state)
{
    (void)state;
    check_path("BTCUSDT", "1m", GRAIN_DAY,
               "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet");
    check_path("BTCUSDT", "1h", GRAIN_MONTH,
               "BINANCE/FUTURES/BTCUSDT/raw/1h/2023/04/BTCUSDT-1h-2023-04-0000000000000abc.parquet");
    check_path("BTCUSDT", "1d", GRAIN_YEAR,
               "BINANCE/FUTURES/BTCUSDT/raw/1d/2023/BTCUSDT-1d-2023-0000000000000abc.parquet");
    check_path("CON", "1d", GRAIN_YEAR, "BINANCE/FUTURES/%CON/raw/1d/2023/%CON-1d-2023-0000000000000abc.parquet");
}

static void assert_parses_back(const struct layout_file *file)
{
    struct buffer path = BUFFER_INIT(1024);
    struct layout_path parsed;
    int64_t start_ms = 0, end_ms = 0;
    assert_int_equal(layout_file_path(file, &path, NULL), LAKE_OK);
    assert_int_equal(layout_parse_path((const char *)path.data, &parsed, NULL), LAKE_OK);
    assert_string_equal(parsed.exchange, file->dataset->exchange);
    assert_string_equal(parsed.market, file->dataset->market);
    assert_string_equal(parsed.symbol, file->dataset->symbol);
    assert_string_equal(parsed.type, file->dataset->type);
    assert_string_equal(parsed.period, file->dataset->period);
    assert_int_equal(parsed.grain, file->grain);
    assert_true(parsed.random == file->random);
    partition_bounds(file->grain, file->partition_start_ms, &start_ms, &end_ms);
    assert_int_equal(parsed.start_ms, start_ms);
    assert_int_equal(parsed.end_ms, end_ms);
    buffer_release(&path);
}

static void test_every_path_parses_back(void **state)
{
    static const char *const symbols[] = {"BTCUSDT",       "CON",
                                          "FEATURES",      "COM1.X",
                                          "1000SATS-PERP", "BTCUSDT_261225",
                                          "A-B-2024",      "\xe5\xb8\x81\xe5\xae\x89",
                                          "X^!=@&+#"};
    static const char *const periods[] = {"1m", "5m", "1h", "1d", "1mo", "tick", "event"};
    static const char *const dates[] = {"0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31"};
    char longest[LIMIT_NAME_BYTES + 1] = "";
    (void)state;
    memset(longest, 'L', LIMIT_NAME_BYTES);
    for (size_t i = 0; i <= sizeof symbols / sizeof *symbols; i++) {
        for (size_t k = 0; k < sizeof periods / sizeof *periods; k++) {
            const char *symbol = i == sizeof symbols / sizeof *symbols ? longest : symbols[i];
            const char *type = data_type_at(k % 5)->name;
            const struct manifest_dataset dataset = {0, "AUX", "NUL", symbol, type, periods[k]};
            struct layout_file file = {&dataset, (enum partition_grain)(k % 3), 0, UINT64_MAX / (k + 1)};
            int64_t us = 0;
            assert_true(calendar_parse_us(dates[k % 4], 10, &us, NULL));
            file.partition_start_ms = us / US_PER_MS;
            assert_parses_back(&file);
        }
    }
}

static void test_other_paths_are_refused(void **state)
{
    static const char good[] =
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet";
    static const char *const bad[] = {
        "",
        "/",
        "stranger.parquet",
        "binance/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/UM/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/../BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/CON/raw/1m/2023/04/01/CON-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/ticks/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1min/2023/04/01/BTCUSDT-1min-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/02/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/02/29/BTCUSDT-1m-2023-02-29-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/0000/01/01/BTCUSDT-1m-0000-01-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/ETHUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000ABC.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/1m/BTCUSDT-1m-0000000000000abc.parquet",
        "x/BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
    };
    char text[sizeof good + 1];
    struct layout_path parsed;
    (void)state;
    assert_int_equal(layout_parse_path(good, &parsed, NULL), LAKE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(layout_parse_path(bad[i], &parsed, NULL), LAKE_INVALID_ARGUMENT);
    for (size_t n = 0; n < sizeof good - 1; n++) { /* cut off, and with a character more */
        (void)snprintf(text, sizeof text, "%.*s", (int)n, good);
        assert_int_equal(layout_parse_path(text, &parsed, NULL), LAKE_INVALID_ARGUMENT);
        (void)snprintf(text, sizeof text, "%.*s/%s", (int)n, good, good + n);
        assert_int_equal(layout_parse_path(text, &parsed, NULL), LAKE_INVALID_ARGUMENT);
    }
}

static void test_state_lies_beside_the_data(void **state)
{
    static const struct {
        const char *data_root, *state_root;
    } cases[] = {{"data", "./.lake"},
                 {"data/", "./.lake"},
                 {"/srv/lake/data", "/srv/lake/.lake"},
                 {"/srv/lake/bars", "/srv/lake/.lake-bars"},
                 {"/data", "/.lake"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *found = NULL;
        assert_int_equal(layout_state_root(cases[i].data_root, &found, NULL), LAKE_OK);
        assert_string_equal(found, cases[i].state_root);
        memory_free(found);
    }
    char *none = NULL;
    assert_int_equal(layout_state_root(".", &none, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(layout_state_root("/", &none, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(layout_state_root("a/..", &none, NULL), LAKE_INVALID_ARGUMENT);
}

static void test_no_state_file_looks_like_data(void **state)
{
    struct buffer path = BUFFER_INIT(1024);
    (void)state;
    assert_int_equal(layout_history_path("A/B/C/raw/1m/2023/04/01/x.parquet", &path, NULL), LAKE_OK);
    assert_string_equal((const char *)path.data, "history/x.parquet.retired");
    buffer_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_of_each_grain),           cmocka_unit_test(test_every_path_parses_back),
        cmocka_unit_test(test_other_paths_are_refused),       cmocka_unit_test(test_state_lies_beside_the_data),
        cmocka_unit_test(test_no_state_file_looks_like_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
