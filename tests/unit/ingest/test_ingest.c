#include <datalake/lake.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/lake/lake_fixture.h"

#include "io/file.h"
#include "unit/base/check.h"

enum { PATH_BYTES = FIXTURE_PATH_BYTES + 64, MAX_SOURCES = 4 };

#define HEADER "ts,open,high,low,close,volume\n"

static const char two_rows[] = HEADER "1704067200000,1,2,0.5,1.5,10\n1704067260000,1.5,3,1,2,11\n";
static const char next_day[] = "note,unix,o,h,l,c,v,a b\n"
                               "x,1704153600,5,6,4,5,12,y\n"
                               "x,1704153660,5,6,4,,13,y\n";
static const char bad_row[] = HEADER "1704240000000,1,2,0.5,1.5,10\n1704240060000,1,2,0.5,abc,10\n";
static const char corrected[] = HEADER "1704067260000,1.5,3,1,2.25,11\n1704067320000,2,3,1,2,12\n";

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

/* The path of a file with this text. The text of the path lives until the fourth call after. */
static const char *write_source(const char *name, const char *text)
{
    static char paths[MAX_SOURCES][PATH_BYTES];
    static size_t next = 0;
    struct lake_error err = {0};
    char *path = paths[next++ % MAX_SOURCES];
    struct file_writer writer = {0};
    (void)snprintf(path, PATH_BYTES, "%s/%s", fixture->root, name);
    lake_ok(file_writer_open(&writer, io_system(), path, &err));
    lake_ok(file_writer_append(&writer, text, strlen(text), &err));
    lake_ok(file_writer_close(&writer, false, &err));
    file_writer_release(&writer);
    return path;
}

static struct lake_ingest_options options_of(const char *const *sources, size_t n_sources)
{
    return (struct lake_ingest_options){.size = sizeof(struct lake_ingest_options),
                                        .sources = sources,
                                        .n_sources = n_sources,
                                        .dataset = {.exchange = "test", .symbol = "BTC/USDT"}};
}

static lake_status ingest(const struct lake_ingest_options *options, struct lake_ingest_result *result,
                          struct lake_error *err)
{
    *result = (struct lake_ingest_result){.size = sizeof *result};
    return lake_ingest(fixture->lake, options, result, err);
}

static void assert_nothing_was_committed(void)
{
    assert_int_equal(count_files(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", NULL), 0);
    assert_int_equal(count_paths(fixture, ".lake", ".parquet"), 0);
}

static void assert_refused(const struct lake_ingest_options *options, lake_status wanted, const char *message)
{
    struct lake_error err = {0};
    struct lake_ingest_result result;
    lake_fails(ingest(options, &result, &err), wanted, message);
    assert_nothing_was_committed();
}

static void test_sources_become_one_operation(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", two_rows), write_source("b.csv", next_day)};
    struct lake_ingest_options options = options_of(sources, 2);
    lake_ok(ingest(&options, &result, &err));
    assert_string_equal(result.dataset.exchange, "TEST");
    assert_string_equal(result.dataset.market, "FUTURES");
    assert_string_equal(result.dataset.symbol, "BTCUSDT");
    assert_string_equal(result.dataset.type, "raw");
    assert_string_equal(result.dataset.period, "1m");
    assert_int_equal(result.rows_read, 4);
    assert_int_equal(result.rows_new, 4);
    assert_int_equal(result.rows_changed, 0);
    assert_int_equal(result.rows_equal, 0);
    assert_true(result.first_ms == DAY_2024 && result.last_ms == DAY_2024 + MS_PER_DAY + MS_PER_MINUTE);
    assert_int_equal(result.days_changed, 2);
    assert_int_equal(result.source_bytes, strlen(two_rows) + strlen(next_day));
    assert_true(result.snapshot > 0);
    assert_string_equal(result.ignored_columns, "note,a b");
    size_t n = 0;
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 2 * MS_PER_DAY, &n);
    assert_int_equal(n, 4);
    assert_true(bars[1].ts == DAY_2024 + MS_PER_MINUTE && bars[1].close == 2 && bars[3].volume == 13);
    assert_true(bars[3].close != bars[3].close);
    free(bars);
}

static void test_the_same_again_changes_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", two_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    lake_ok(ingest(&options, &result, &err));
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_equal, 2);
    assert_int_equal(result.rows_new + result.rows_changed, 0);
    assert_int_equal(result.files_written, 0);
    assert_int_equal(result.snapshot, 0);
    assert_string_equal(result.ignored_columns, "");
    assert_int_equal(count_files(fixture->lake), 1);
}

static void test_later_sources_win(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", two_rows), write_source("b.csv", corrected)};
    struct lake_ingest_options options = options_of(sources, 2);
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_read, 4);
    assert_int_equal(result.rows_new, 3);
    size_t n = 0;
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, 3);
    assert_true(bars[1].close == 2.25);
    free(bars);
}

static void test_an_error_in_the_last_source_commits_nothing(void **state)
{
    (void)state;
    const char *sources[] = {write_source("a.csv", two_rows), write_source("bad.csv", bad_row)};
    struct lake_ingest_options options = options_of(sources, 2);
    assert_refused(&options, LAKE_INVALID_DATA, "bad.csv:3: close is 'abc', not a number");
}

static void test_sources_are_of_one_period(void **state)
{
    (void)state;
    char hours[1024] = HEADER;
    size_t n = strlen(hours);
    for (int i = 0; i < 12; i++)
        n += (size_t)snprintf(hours + n, sizeof hours - n, "2024-01-01 %02d:00:00,1,2,0.5,1.5,10\n", i);
    const char *sources[] = {write_source("a.csv", two_rows), write_source("h.csv", hours)};
    struct lake_ingest_options options = options_of(sources, 2);
    assert_refused(&options, LAKE_INVALID_DATA, "h.csv: all times are multiples of 1h apart, but the period is 1m");
    options.dataset.period = "5m";
    assert_refused(&options, LAKE_INVALID_DATA, "a.csv:3: 2024-01-01T00:01:00Z is no time at which a bar of 5m opens");
}

static void test_wrong_arguments(void **state)
{
    (void)state;
    const char *sources[] = {write_source("a.csv", two_rows), NULL};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.type = "agg";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "agg bars are derived");
    options.dataset.type = "ticks";
    assert_refused(&options, LAKE_UNSUPPORTED, "ingest of trades");
    options.dataset.type = "bars";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "bars");
    options.dataset.type = "raw";
    options.dataset.period = "7m";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "7m");
    options.dataset.period = "";
    options.dataset.symbol = "../../etc";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "etc");
    options = options_of(sources, 0);
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "no source");
    options = options_of(sources, 2);
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "source 2 has no name");
    options = options_of(sources, 1);
    options.size = 8;
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "size");
}

static void test_sources_that_are_no_files(void **state)
{
    (void)state;
    char missing[PATH_BYTES];
    (void)snprintf(missing, sizeof missing, "%s/missing.csv", fixture->root);
    const char *sources[] = {write_source("a.csv", two_rows), "-"};
    struct lake_ingest_options options = options_of(sources, 2);
    assert_refused(&options, LAKE_UNSUPPORTED, "standard input");
    sources[1] = fixture->root;
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "is a directory");
    sources[1] = missing;
    assert_refused(&options, LAKE_NOT_FOUND, "missing.csv");
}

struct watcher {
    int n_reports, cancel_at;
    int64_t n_rows, n_bytes, n_bytes_total;
};

static int watch(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct watcher *watcher = context;
    assert_true(n_rows >= watcher->n_rows && n_bytes >= watcher->n_bytes && n_bytes <= n_bytes_total);
    *watcher = (struct watcher){watcher->n_reports + 1, watcher->cancel_at, n_rows, n_bytes, n_bytes_total};
    return watcher->n_reports == watcher->cancel_at;
}

static void test_progress_and_cancelling(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", two_rows), write_source("b.csv", next_day)};
    struct watcher watcher = {.cancel_at = -1};
    struct lake_ingest_options options = options_of(sources, 2);
    options.progress = (struct lake_progress){watch, &watcher};
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(watcher.n_rows, 4);
    assert_int_equal(watcher.n_bytes, strlen(two_rows) + strlen(next_day));
    assert_int_equal(watcher.n_bytes_total, watcher.n_bytes);
    int n_reports = watcher.n_reports;
    tear_down(state);
    set_up(state);
    sources[0] = write_source("a.csv", two_rows);
    sources[1] = write_source("b.csv", next_day);
    for (int i = 1; i <= n_reports; i++) {
        watcher = (struct watcher){.cancel_at = i};
        assert_refused(&options, LAKE_CANCELLED, "nothing was committed");
        assert_int_equal(watcher.n_reports, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sources_become_one_operation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_again_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_later_sources_win, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_in_the_last_source_commits_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sources_are_of_one_period, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_arguments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sources_that_are_no_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_progress_and_cancelling, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
