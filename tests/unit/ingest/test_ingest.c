#include "ingest_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/base/check.h"

#define HEADER BAR_HEADER

static const char two_rows[] = HEADER "1704067200000,1,2,0.5,1.5,10\n1704067260000,1.5,3,1,2,11\n";
static const char next_day[] = "note,unix,o,h,l,c,v,a b\n"
                               "x,1704153600,5,6,4,5,12,y\n"
                               "x,1704153660,5,6,4,,13,y\n";
static const char bad_row[] = HEADER "1704240000000,1,2,0.5,1.5,10\n1704240060000,1,2,0.5,abc,10\n";
static const char corrected[] = HEADER "1704067260000,1.5,3,1,2.25,11\n1704067320000,2,3,1,2,12\n";

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
    assert_string_equal(result.ignored_columns, "");
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
    assert_refused(&options, LAKE_INVALID_DATA, "h.csv: all times are multiples of 1h apart, but the bars of ");
    assert_refused(&options, LAKE_INVALID_DATA, "a.csv are 1m; ingest them one by one");
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
    assert_refused(&options, LAKE_INVALID_DATA, "a.csv: no column for price");
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

struct wrong_option {
    struct lake_ingest_options options;
    const char *message;
};

/* What is refused before a source is looked at. */
static void test_wrong_options(void **state)
{
    (void)state;
    const char *sources[] = {"-", "-"};
    static const char *const columns[] = {"volume="};
    const struct wrong_option wrong[] = {
        {{.separator = "x"}, "separator 'x' is none of"},
        {{.header = "maybe"}, "header 'maybe' is none of yes no"},
        {{.decimal = "dot"}, "decimal 'dot' is none of point comma"},
        {{.decimal = "comma", .separator = ","}, "a comma cannot separate both"},
        {{.time_format = "min"}, "time format 'min' is none of"},
        {{.stamp = "middle"}, "stamp 'middle' is none of open close"},
        {{.max_rejects = -1, .rejects_path = "r.csv"}, "at most -1 rejected rows"},
        {{.max_rejects = 5}, "--max-rejects needs --rejects"},
        {{.checks = (enum lake_check_action)9}, "checks are 9"},
        {{.columns = columns, .n_columns = 1}, "columns: item 1"},
        {{.n_sources = 2}, "standard input can be read once, but is named 2 times"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct lake_ingest_options options = wrong[i].options;
        struct lake_ingest_options base = options_of(sources, options.n_sources == 0 ? 1 : options.n_sources);
        options.size = base.size;
        options.sources = base.sources;
        options.n_sources = base.n_sources;
        options.dataset = base.dataset;
        assert_refused(&options, LAKE_INVALID_ARGUMENT, wrong[i].message);
    }
}

static void test_types_agree_with_the_options(void **state)
{
    (void)state;
    const char *sources[] = {write_source("t.csv", "ts,id,price,amount,side\n1704067200000,1,2.5,3,buy\n"),
                             write_source("a.csv", two_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "t.csv: these are single trades, which have no period");
    options.dataset.period = NULL;
    options.stamp = "close";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "t.csv: these are single trades, which have no close");
    options.stamp = NULL;
    options.n_sources = 2;
    assert_refused(&options, LAKE_INVALID_DATA, "a.csv: these are bars as the venue published them, but ");
}

static void test_names_tell_what_is_not_given(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("Binance_BTCUSDT_1m.csv", two_rows),
                             write_source("Binance_ETHUSDT_1m.csv", corrected), write_source("rows.csv", corrected)};
    struct lake_ingest_options options = options_of(sources, 2);
    options.dataset = (struct lake_selection){.exchange = NULL};
    assert_refused(&options, LAKE_INVALID_DATA, "Binance_ETHUSDT_1m.csv: its name tells symbol ETHUSDT, but that of ");
    options.sources = &sources[2];
    options.n_sources = 1;
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "rows.csv: the exchange is not told by the file's name");
    options.dataset.exchange = "test";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "rows.csv: the symbol is not told by the file's name");
    /* A later source may have a name that tells nothing. */
    options.sources = (const char *const[]){sources[0], sources[2]};
    options.n_sources = 2;
    options.dataset.exchange = NULL;
    lake_ok(ingest(&options, &result, &err));
    assert_string_equal(result.dataset.exchange, "BINANCE");
    assert_string_equal(result.dataset.symbol, "BTCUSDT");
    assert_string_equal(finding_of(&result, "exchange"), "BINANCE");
    assert_string_equal(finding_of(&result, "period"), "1m");
}

static void test_sources_without_rows(void **state)
{
    (void)state;
    const char *sources[] = {write_source("a.csv", two_rows), write_source("none.csv", HEADER)};
    struct lake_ingest_options options = options_of(sources, 2);
    assert_refused(&options, LAKE_INVALID_DATA, "none.csv: there is no row in it");
}

/* A column of the source's own turns out to need a wider type: all is read again, and what the lake has stays as it is. */
static void test_columns_that_become_wider(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {
        write_source("a.csv",
                     "ts,open,high,low,close,volume,rank\n1704067200000,1,2,1,2,10,7\n1704067260000,1,2,1,2,10,8\n"),
        write_source("b.csv", "ts,open,high,low,close,volume,rank\n1704067320000,1,2,1,2,10,8.5\n"),
        write_source("c.csv", "ts,open,high,low,close,volume,rank\n1704067380000,1,2,1,2,10,high\n"),
    };
    struct lake_ingest_options options = options_of(sources, 2);
    lake_ok(ingest(&options, &result, &err));
    char *text = read_text("BTCUSDT", NULL);
    assert_string_equal(text, "ts,open,high,low,close,volume,rank\n2024-01-01T00:00:00Z,1,2,1,2,10,7\n"
                              "2024-01-01T00:01:00Z,1,2,1,2,10,8\n2024-01-01T00:02:00Z,1,2,1,2,10,8.5\n");
    free(text);
    options.sources = &sources[2];
    options.n_sources = 1;
    lake_fails(ingest(&options, &result, &err), LAKE_INVALID_DATA, "c.csv:2: rank is 'high', not a number");
    options.dataset.symbol = "NEW";
    options.sources = sources;
    options.n_sources = 3;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 4);
    assert_string_equal(finding_of(&result, "period"), "1m");
}

static void test_sources_that_are_no_files(void **state)
{
    (void)state;
    char missing[SOURCE_PATH_BYTES];
    (void)snprintf(missing, sizeof missing, "%s/missing.csv", fixture->root);
    const char *sources[] = {write_source("a.csv", two_rows), fixture->root};
    struct lake_ingest_options options = options_of(sources, 2);
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
    ingest_tear_down(state);
    ingest_set_up(state);
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
        cmocka_unit_test_setup_teardown(test_sources_become_one_operation, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_again_changes_nothing, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_later_sources_win, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_an_error_in_the_last_source_commits_nothing, ingest_set_up,
                                        ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_sources_are_of_one_period, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_arguments, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_options, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_types_agree_with_the_options, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_names_tell_what_is_not_given, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_sources_without_rows, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_columns_that_become_wider, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_sources_that_are_no_files, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_progress_and_cancelling, ingest_set_up, ingest_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
