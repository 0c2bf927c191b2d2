/* lake_put: rows of tables into the lake, and what of them is refused. */
#include "put_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is stored ---- */

static void assert_bars(int64_t first, int64_t n)
{
    size_t n_found = 0;
    struct bar *found =
        read_bars(fixture->lake, "BTCUSDT", DAY_2024 - MS_PER_DAY, DAY_2024 + 400 * MS_PER_DAY, &n_found);
    assert_int_equal(n_found, n);
    for (int64_t i = 0; i < n; i++) {
        struct bar bar = bar_of(DAY_2024 + (first + i) * MS_PER_MINUTE);
        assert_bars_equal(&found[i], &bar, 1);
    }
    free(found);
}

static void test_rows_are_stored(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3000);
    struct lake_put_options options = put_options();
    table.batch_rows = 700;
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_read, 3000);
    assert_int_equal(result.rows_new, 3000);
    assert_int_equal(result.rows_changed + result.rows_equal + result.rows_warned + result.rows_left_out, 0);
    assert_int_equal(result.days_changed, 3);
    assert_int_equal(result.files_written, 3);
    assert_true(result.bytes_written > 0);
    assert_int_equal(result.first_ms, DAY_2024);
    assert_int_equal(result.last_ms, DAY_2024 + 2999 * MS_PER_MINUTE);
    assert_true(result.snapshot > 0);
    assert_string_equal(result.dataset.exchange, "TEST");
    assert_string_equal(result.dataset.market, "FUTURES");
    assert_string_equal(result.dataset.symbol, "BTCUSDT");
    assert_string_equal(result.dataset.type, "raw");
    assert_string_equal(result.dataset.period, "1m");
    assert_bars(0, 3000);
}

static void test_the_same_rows_again_change_nothing(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 100);
    struct lake_put_options options = put_options();
    (void)put_well(&table, &options);
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_equal, 100);
    assert_int_equal(result.rows_new + result.rows_changed, 0);
    assert_int_equal(result.snapshot, 0);
}

static void test_a_table_of_many_slices(void **state)
{
    (void)state;
    const int64_t n = 150000; /* more than two slices of one batch */
    struct put_table table = bar_table(0, n);
    struct lake_put_options options = put_options();
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_new, n);
    assert_bars(0, n);
}

static void test_slices_of_buffers(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 50);
    struct lake_put_options options = put_options();
    table.first = 13;
    table.n_rows = 30;
    table.batch_rows = 7;
    (void)put_well(&table, &options);
    assert_bars(13, 30);
}

static void test_an_empty_table_changes_nothing(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 0);
    struct lake_put_options options = put_options();
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_read, 0);
    assert_int_equal(result.snapshot, 0);
    assert_nothing_was_committed();
}

static void test_a_dry_run_leaves_nothing(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 2000);
    struct lake_put_options options = put_options();
    options.dry_run = true;
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_new, 2000);
    assert_int_equal(result.snapshot, 0);
    assert_nothing_was_committed();
}

/* ---- order ---- */

static void test_rows_out_of_order(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 10);
    struct lake_put_options options = put_options();
    int64_t ts[10];
    memcpy(ts, table.fields[0].values, sizeof ts);
    ts[7] = ts[6] - 90000;
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[0].values = ts;
    table.fields = fields;
    put_badly(&table, &options, LAKE_INVALID_DATA,
              "row 7: ts 2024-01-01T00:04:30Z comes after 2024-01-01T00:06:00Z: the rows are not in order");
    ts[7] = ts[3];
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 7: ts 2024-01-01T00:03:00Z comes again, first in row 3");
    ts[7] = ts[6];
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 7: ts 2024-01-01T00:06:00Z comes again, first in row 6");
    table.batch_rows = 7; /* the row before is of another batch */
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 7: ts 2024-01-01T00:06:00Z comes again, first in row 6");
}

static void test_unsorted_rows_are_taken_on_request(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 6);
    struct lake_put_options options = put_options();
    const int64_t minutes[6] = {4, 1, 0, 2, 1, 3}; /* minute 1 comes again: the last row counts */
    int64_t ts[6];
    for (int i = 0; i < 6; i++)
        ts[i] = DAY_2024 + minutes[i] * MS_PER_MINUTE;
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[0].values = ts;
    table.fields = fields;
    options.is_unsorted = true;
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_read, 6);
    assert_int_equal(result.rows_new, 5);
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, 5);
    assert_int_equal(found[1].ts, DAY_2024 + MS_PER_MINUTE);
    assert_true(found[1].open == ((const double *)table.fields[1].values)[4]);
    free(found);
}

/* ---- range ---- */

static void test_rows_outside_of_the_range(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 10);
    struct lake_put_options options = put_options();
    options.has_start = options.has_end = true;
    options.start_ms = DAY_2024;
    options.end_ms = DAY_2024 + 9 * MS_PER_MINUTE;
    put_badly(&table, &options, LAKE_INVALID_DATA,
              "row 9: ts 2024-01-01T00:09:00Z is outside of [2024-01-01T00:00:00Z, 2024-01-01T00:09:00Z)");
    options.start_ms = options.end_ms;
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "start 2024-01-01T00:09:00Z is not before end");
    options.start_ms = DAY_2024 + MS_PER_MINUTE;
    options.has_end = false;
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 0: ts 2024-01-01T00:00:00Z is outside of [");
    options.start_ms = DAY_2024;
    options.has_end = true;
    options.end_ms = DAY_2024 + 10 * MS_PER_MINUTE;
    (void)put_well(&table, &options);
}

static void test_times_without_a_year(void **state)
{
    (void)state;
    static const int64_t bad[] = {INT64_MIN, INT64_MAX, INT64_C(-62135596800001), INT64_C(253402300800000)};
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    struct put_field fields[BAR_FIELDS];
    int64_t ts[3];
    memcpy(fields, table.fields, sizeof fields);
    memcpy(ts, fields[0].values, sizeof ts);
    fields[0].values = ts;
    table.fields = fields;
    options.is_unsorted = true;
    options.checks = LAKE_CHECK_OFF;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ts[1] = bad[i];
        put_badly(&table, &options, LAKE_INVALID_DATA, "outside the years 1 to 9999");
    }
    ts[1] = INT64_C(-62135596800000); /* 0001-01-01 */
    assert_int_equal(put_well(&table, &options).first_ms, ts[1]);
}

/* ---- columns ---- */

static void test_columns_that_are_missing(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    table.fields = fields + 1;
    table.n_fields = 2;
    put_badly(&table, &options, LAKE_INVALID_DATA,
              "the frame must have 'ts' column, and 'low', 'close', 'volume'; it has open, high");
    table.n_fields = 5;
    put_badly(&table, &options, LAKE_INVALID_DATA, "the frame must have 'ts' column; it has open, high");
    table.fields = fields;
    table.n_fields = BAR_FIELDS;
    fields[4].name = "Close";
    put_badly(&table, &options, LAKE_INVALID_DATA,
              "the frame must have 'close' column (is 'Close' meant?); it has ts, open, high, low, Close, volume");
    fields[4].name = "clsoe";
    put_badly(&table, &options, LAKE_INVALID_DATA, "'close' column (is 'clsoe' meant?)");
    table.n_fields = 0;
    put_badly(&table, &options, LAKE_INVALID_DATA, "it has no column at all");
}

static void test_columns_with_names_like_others(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    struct put_field fields[BAR_FIELDS + 1];
    memcpy(fields, table.fields, BAR_FIELDS * sizeof *fields);
    fields[BAR_FIELDS] = fields[BAR_FIELDS - 1];
    table.fields = fields;
    table.n_fields = BAR_FIELDS + 1;
    fields[BAR_FIELDS].name = "Trades";
    put_badly(&table, &options, LAKE_INVALID_DATA, "column 'Trades' must be called 'trades'");
    fields[BAR_FIELDS].name = "Open";
    put_badly(&table, &options, LAKE_INVALID_DATA, "'open' and 'Open', which differ in case only");
    fields[BAR_FIELDS].name = "open";
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "two columns 'open'");
    fields[BAR_FIELDS].name = "";
    put_badly(&table, &options, LAKE_INVALID_DATA, "column 7 is called '', which is no name");
    fields[BAR_FIELDS].name = "a\nb";
    put_badly(&table, &options, LAKE_INVALID_DATA, "which is no name");
}

static void test_timestamp_stands_for_ts(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[0].name = "timestamp";
    table.fields = fields;
    (void)put_well(&table, &options);
    assert_bars(0, 3);
}

static void test_a_partial_table_keeps_what_is_stored(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 5);
    struct lake_put_options options = put_options();
    (void)put_well(&table, &options);
    const double volume[2] = {77, 78};
    struct put_field fields[2] = {{.name = "ts", .format = "tsm:UTC", .values = table.fields[0].values},
                                  {.name = "volume", .format = "g", .values = volume}};
    struct put_table part = {.fields = fields, .n_fields = 2, .n_rows = 2};
    put_badly(&part, &options, LAKE_INVALID_DATA,
              "the frame must have 'open' column, and 'high', 'low', 'close'; it has");
    options.is_partial = true;
    struct lake_put_result result = put_well(&part, &options);
    assert_int_equal(result.rows_changed, 2);
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, 5);
    assert_true(found[1].volume == 78 && found[1].close == bar_of(found[1].ts).close);
    free(found);
}

static void test_other_columns_are_kept(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 2);
    struct lake_put_options options = put_options();
    struct put_field fields[BAR_FIELDS + 3];
    const int16_t flags[2] = {-3, 4};
    const int32_t offsets[3] = {0, 1, 3};
    memcpy(fields, table.fields, BAR_FIELDS * sizeof *fields);
    fields[BAR_FIELDS] = (struct put_field){.name = "flags", .format = "s", .values = flags};
    fields[BAR_FIELDS + 1] = (struct put_field){.name = "note", .format = "u", .values = offsets, .bytes = "abc"};
    fields[BAR_FIELDS + 2] = (struct put_field){.name = "nothing", .format = "n", .n_buffers = -1};
    table.fields = fields;
    table.n_fields = BAR_FIELDS + 3;
    (void)put_well(&table, &options);
    char *text = read_text("BTCUSDT", "raw");
    assert_non_null(strstr(text, ",flags,note\n"));
    assert_non_null(strstr(text, ",-3,a\n"));
    assert_non_null(strstr(text, ",4,bc\n"));
    free(text);
    /* What is stored decides the type from then on. */
    const int32_t *as_text = offsets;
    fields[BAR_FIELDS] = (struct put_field){.name = "flags", .format = "u", .values = as_text, .bytes = "abc"};
    put_badly(&table, &options, LAKE_INVALID_DATA, "column 'flags' is utf8, and must be int32");
}

/* ---- rules ---- */

static void test_times_off_the_grid_stop(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    const int64_t ts[3] = {DAY_2024, DAY_2024 + 61000, DAY_2024 + 120000};
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[0].values = ts;
    table.fields = fields;
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 1: ts 2024-01-01T00:01:01Z is no time of the grid of 1m");
    options.checks = LAKE_CHECK_WARN;
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_warned, 1);
    assert_int_equal(result.rows_new, 3);
}

static void test_rules_of_sanity(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    const double high[3] = {1e-3, 1e9, 1e-3};
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[2].values = high;
    table.fields = fields;
    options.checks = LAKE_CHECK_REJECT;
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 0: high 0.001 is below low");
    options.checks = LAKE_CHECK_DEFAULT;
    assert_int_equal(put_well(&table, &options).rows_warned, 2);
    options.checks = LAKE_CHECK_OFF;
    assert_int_equal(put_well(&table, &options).rows_warned, 0);
    options.checks = (enum lake_check_action)7;
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "checks are 7");
}

static void test_a_bar_that_is_open_is_left_out(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    struct io io = lake_io(fixture->lake);
    int64_t month = calendar_month_start(calendar_day_of_ms(io.ops->now_ms(io.context)));
    int64_t before = calendar_month_start(month - 1);
    const int64_t ts[3] = {calendar_month_start(before - 1) * MS_PER_DAY, before * MS_PER_DAY, month * MS_PER_DAY};
    struct put_field fields[BAR_FIELDS];
    memcpy(fields, table.fields, sizeof fields);
    fields[0].values = ts;
    table.fields = fields;
    options.dataset.period = "1mo";
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.rows_read, 3);
    assert_int_equal(result.rows_left_out, 1);
    assert_int_equal(result.rows_new, 2);
    char *text = log_text();
    assert_non_null(strstr(text, "still-open"));
    free(text);
}

/* ---- cancelling, and what the log says ---- */

static int stop_at(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    (void)n_bytes;
    (void)n_bytes_total;
    return n_rows >= *(const int64_t *)context;
}

static void test_cancelled_by_progress(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 100);
    struct lake_put_options options = put_options();
    int64_t limit = 30;
    table.batch_rows = 10;
    options.progress = (struct lake_progress){stop_at, &limit};
    put_badly(&table, &options, LAKE_CANCELLED, "stopped on request after 30 rows");
    assert_int_equal(table.n_batches, 3);
}

static void test_the_log_names_the_source(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    (void)put_well(&table, &options);
    table = bar_table(3, 3);
    options.source = "notebook of Ann";
    (void)put_well(&table, &options);
    char *text = log_text();
    assert_non_null(strstr(text, "put"));
    assert_non_null(strstr(text, "a table"));
    assert_non_null(strstr(text, "notebook of Ann"));
    free(text);
}

static void test_a_bar_is_explained(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 100);
    struct lake_put_options options = put_options();
    table.batch_rows = 40;
    options.source = "my table";
    (void)put_well(&table, &options);
    char *text = explained_bar(DAY_2024 + 57 * MS_PER_MINUTE);
    assert_non_null(strstr(text, "put by dl-datalake"));
    const char *source = strstr(text, "my table");
    assert_non_null(source);
    assert_non_null(strstr(source, ",58,58,")); /* rows are counted from 1 there */
    free(text);
}

/* ---- what cannot be put ---- */

static void test_arguments(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 3);
    struct lake_put_options options = put_options();
    options.size = 3;
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "unknown size");
    options = put_options();
    options.dataset.symbol = "../x";
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "..");
    options = put_options();
    options.dataset.period = NULL;
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "period is needed");
    options = put_options();
    options.dataset.type = "agg";
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "agg bars are derived");
    struct ArrowArrayStream released = {0};
    struct lake_put_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    options = put_options();
    assert_int_equal(lake_put(fixture->lake, &options, &released, &result, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "the stream of rows has been released");
}

static void test_errors_of_the_stream(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 30);
    struct lake_put_options options = put_options();
    table.schema_error = EINVAL;
    table.message = "no such thing";
    put_badly(&table, &options, LAKE_INVALID_DATA, "the stream of rows failed: no such thing");
    table.schema_error = 0;
    table.batch_rows = 10;
    table.error_at = 2;
    table.error = ENOMEM;
    put_badly(&table, &options, LAKE_NO_MEMORY, "no such thing");
    table.error = ECANCELED;
    put_badly(&table, &options, LAKE_CANCELLED, "no such thing");
    table.error = EIO;
    table.message = NULL;
    put_badly(&table, &options, LAKE_IO, "Input/output error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)
        TEST(test_rows_are_stored),
        TEST(test_the_same_rows_again_change_nothing),
        TEST(test_a_table_of_many_slices),
        TEST(test_slices_of_buffers),
        TEST(test_an_empty_table_changes_nothing),
        TEST(test_a_dry_run_leaves_nothing),
        TEST(test_rows_out_of_order),
        TEST(test_unsorted_rows_are_taken_on_request),
        TEST(test_rows_outside_of_the_range),
        TEST(test_times_without_a_year),
        TEST(test_columns_that_are_missing),
        TEST(test_columns_with_names_like_others),
        TEST(test_timestamp_stands_for_ts),
        TEST(test_a_partial_table_keeps_what_is_stored),
        TEST(test_other_columns_are_kept),
        TEST(test_times_off_the_grid_stop),
        TEST(test_rules_of_sanity),
        TEST(test_a_bar_that_is_open_is_left_out),
        TEST(test_cancelled_by_progress),
        TEST(test_the_log_names_the_source),
        TEST(test_a_bar_is_explained),
        TEST(test_arguments),
        TEST(test_errors_of_the_stream),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
