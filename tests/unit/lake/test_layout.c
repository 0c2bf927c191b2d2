#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
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
        cmocka_unit_test(test_state_lies_beside_the_data),
        cmocka_unit_test(test_no_state_file_looks_like_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
