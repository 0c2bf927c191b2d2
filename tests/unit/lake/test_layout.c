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
#include "column/feature_period.h"
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

/* Which types a lake has is not known where paths are taken apart: what could be one is. */
static void test_paths_of_registered_types(void **state)
{
    static const char *const good[][2] = {
        {"liquidations", "X/SPOT/Y/liquidations/event/2024/01/Y-event-2024-01-0000000000000abc.parquet"},
        {"oi_2", "X/SPOT/Y/oi_2/5m/2024/01/31/Y-5m-2024-01-31-0000000000000abc.parquet"},
    };
    static const char *const bad[] = {
        "X/SPOT/Y/Liquidations/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
        "X/SPOT/Y/liquidations/tick/2024/01/01/Y-tick-2024-01-01-0000000000000abc.parquet",
        "X/SPOT/Y/x/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
        "X/SPOT/Y/con/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
        "X/SPOT/Y/event/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
        "X/SPOT/Y/a-b/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
        "X/SPOT/Y/abcdefghijklmnopqrstuvwxyz0123456/event/2024/01/Y-event-2024-01-0000000000000abc.parquet",
    };
    struct layout_path parsed;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(layout_parse_path(good[i][1], &parsed, NULL), LAKE_OK);
        assert_string_equal(parsed.type, good[i][0]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(layout_parse_path(bad[i], &parsed, NULL), LAKE_INVALID_ARGUMENT);
}

static void test_features_lie_below_their_own_directory(void **state)
{
    static const struct {
        const char *symbol, *period, *path;
    } cases[] = {
        {"BTCUSDT", "alpha_v1@1.0.1",
         "features/BINANCE/FUTURES/BTCUSDT/alpha_v1/1.0.1/2023/04/BTCUSDT-alpha_v1@1.0.1-2023-04-0000000000000abc.parquet"},
        {"CON", "con@Nul.1",
         "features/BINANCE/FUTURES/%CON/%con/%Nul.1/2023/04/%CON-con@Nul.1-2023-04-0000000000000abc.parquet"},
        {"X@Y", "features@2024",
         "features/BINANCE/FUTURES/X@Y/%features/2024/2023/04/X@Y-features@2024-2023-04-0000000000000abc.parquet"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct manifest_dataset dataset = {0, "BINANCE", "FUTURES", cases[i].symbol, "feature", cases[i].period};
        struct layout_file file = {&dataset, GRAIN_MONTH, INT64_C(1680307200000), 0xabc};
        struct buffer path = BUFFER_INIT(1024);
        assert_int_equal(layout_file_path(&file, &path, NULL), LAKE_OK);
        assert_string_equal((const char *)path.data, cases[i].path);
        assert_memory_equal(cases[i].path + layout_dataset_length(cases[i].path), "/2023/04/", 9);
        for (int grain = GRAIN_DAY; grain <= GRAIN_YEAR; grain++) {
            file.grain = (enum partition_grain)grain;
            assert_parses_back(&file);
        }
        buffer_release(&path);
    }
}

static void test_longest_names_of_features(void **state)
{
    char symbol[LIMIT_NAME_BYTES + 1] = "", period[PERIOD_BYTES] = "";
    const struct manifest_dataset dataset = {0, "AUX", "NUL", symbol, "feature", period};
    struct layout_file file = {&dataset, GRAIN_DAY, 0, UINT64_MAX};
    (void)state;
    memset(symbol, 'L', LIMIT_NAME_BYTES);
    memset(period, 's', FEATURE_SET_LENGTH + 1 + FEATURE_VERSION_LENGTH);
    period[FEATURE_SET_LENGTH] = '@';
    assert_parses_back(&file);
}

static void test_other_paths_of_features_are_refused(void **state)
{
    static const char good[] =
        "features/BINANCE/FUTURES/BTCUSDT/alpha/1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet";
    static const char *const bad[] = {
        "FEATURES/BINANCE/FUTURES/BTCUSDT/alpha/1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/alpha/1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/feature/alpha@1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "BINANCE/FUTURES/BTCUSDT/raw/alpha@1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/raw/1m/2023/04/01/BTCUSDT-1m-2023-04-01-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/alpha@1/0/2023/04/BTCUSDT-alpha@1@0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/../1.0/2023/04/BTCUSDT-..@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/alpha/../2023/04/BTCUSDT-alpha@..-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/%alpha/1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/con/1.0/2023/04/BTCUSDT-con@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/alpha/1.0/2023/04/BTCUSDT-Alpha@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT/alpha/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "features/features/BINANCE/FUTURES/BTCUSDT/alpha/1.0/2023/04/BTCUSDT-alpha@1.0-2023-04-0000000000000abc.parquet",
        "features/BINANCE/FUTURES/BTCUSDT//1.0/2023/04/BTCUSDT-@1.0-2023-04-0000000000000abc.parquet",
        "features/",
        "features",
    };
    char text[sizeof good + 1];
    struct layout_path parsed;
    (void)state;
    assert_int_equal(layout_parse_path(good, &parsed, NULL), LAKE_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (layout_parse_path(bad[i], &parsed, NULL) != LAKE_INVALID_ARGUMENT)
            fail_msg("%s", bad[i]);
    for (size_t n = 0; n < sizeof good - 1; n++) {
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
        cmocka_unit_test(test_paths_of_each_grain),
        cmocka_unit_test(test_every_path_parses_back),
        cmocka_unit_test(test_other_paths_are_refused),
        cmocka_unit_test(test_paths_of_registered_types),
        cmocka_unit_test(test_state_lies_beside_the_data),
        cmocka_unit_test(test_no_state_file_looks_like_data),
        cmocka_unit_test(test_features_lie_below_their_own_directory),
        cmocka_unit_test(test_longest_names_of_features),
        cmocka_unit_test(test_other_paths_of_features_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
