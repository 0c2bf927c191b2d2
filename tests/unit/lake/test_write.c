#include "lake_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
    return 0;
}

static void assert_holds(struct fixture *fixture, const struct bar *expected, size_t n)
{
    size_t n_found = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 400 * MS_PER_DAY, &n_found);
    assert_int_equal(n_found, n);
    assert_bars_equal(found, expected, n);
    free(found);
}

static void test_what_goes_in_comes_out(void **state)
{
    struct fixture *fixture = *state;
    const struct bar *bars = bars_from(DAY_2024, 3 * 1440);
    struct lake_write_result result = write_bars(fixture->lake, "BTC/USDT:USDT", bars, 3 * 1440);
    assert_int_equal(result.rows_read, 3 * 1440);
    assert_int_equal(result.rows_new, 3 * 1440);
    assert_int_equal(result.days_changed, 3);
    assert_int_equal(result.files_written, 3);
    assert_int_equal(result.first_ms, DAY_2024);
    assert_int_equal(result.last_ms, DAY_2024 + 3 * MS_PER_DAY - MS_PER_MINUTE);
    assert_true(result.snapshot > 0);
    assert_holds(fixture, bars, 3 * 1440);
    fixture_reopen(fixture);
    assert_holds(fixture, bars, 3 * 1440);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 3);
}

/* I7 */
static void test_the_same_rows_again_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct bar *bars = bars_from(DAY_2024, 2 * 1440);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * 1440);
    struct lake_write_result result = write_bars(fixture->lake, "BTCUSDT", bars, 2 * 1440);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.files_written, 0);
    assert_int_equal(result.rows_equal, 2 * 1440);
    result = write_bars(fixture->lake, "BTCUSDT", bars + 100, 1);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.rows_equal, 1);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
}

/* In pieces, with other days between them, so that each day is looked up several times. */
static void test_the_same_rows_again_in_pieces_change_nothing(void **state)
{
    enum { DAYS = 70, STEP = 20 };
    struct fixture *fixture = *state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10 * 1440), 10 * 1440);
    for (int day = 10; day < DAYS; day++)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + day * MS_PER_DAY, 2 * STEP), 2 * STEP);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (int piece = 0; piece < 2; piece++)
        for (int day = 0; day < DAYS; day++)
            append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY + piece * STEP * MS_PER_MINUTE, STEP), STEP);
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.rows_equal, 2 * DAYS * STEP);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
}

static void test_only_days_that_change_get_a_new_file(void **state)
{
    struct fixture *fixture = *state;
    struct bar bars[2 * 1440];
    memcpy(bars, bars_from(DAY_2024, 2 * 1440), sizeof bars);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * 1440);
    bars[2000].close = 7.0;
    struct lake_write_result result = write_bars(fixture->lake, "BTCUSDT", bars, 2 * 1440);
    assert_int_equal(result.files_written, 1);
    assert_int_equal(result.days_changed, 1);
    assert_int_equal(result.rows_changed, 1);
    assert_int_equal(result.rows_equal, 2 * 1440 - 1);
    assert_holds(fixture, bars, 2 * 1440);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_int_equal(count_paths(fixture, ".lake/history", ".retired"), 1);
    assert_int_equal(count_paths(fixture, ".lake", ".parquet"), 0);
}

/* I8: a null keeps what was there, a later value wins */
static void test_merging_is_per_column(void **state)
{
    struct fixture *fixture = *state;
    struct bar first[2] = {bar_of(DAY_2024), bar_of(DAY_2024 + MS_PER_MINUTE)};
    struct bar second[2] = {bar_of(DAY_2024), bar_of(DAY_2024 + 2 * MS_PER_MINUTE)};
    first[1].volume = (double)NAN;
    second[0].volume = (double)NAN;
    second[0].close = 3.0;
    (void)write_bars(fixture->lake, "BTCUSDT", first, 2);
    struct lake_write_result result = write_bars(fixture->lake, "BTCUSDT", second, 2);
    assert_int_equal(result.rows_new, 1);
    assert_int_equal(result.rows_changed, 1);
    struct bar expected[3] = {bar_of(DAY_2024), first[1], second[1]};
    expected[0].close = 3.0;
    assert_holds(fixture, expected, 3);
}

static void shuffle(size_t *order, size_t n)
{
    uint64_t seed = 42;
    for (size_t i = n - 1; i > 0; i--) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t j = (size_t)((seed >> 33) % (i + 1)), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* Rows of 150 days in random order and in small batches: partitions are staged and reopened again and again. */
static void test_any_order_gives_the_same_rows(void **state)
{
    enum { N = 6000, STEP = 36, BATCH = 250 };
    struct fixture *fixture = *state;
    struct bar *sorted = calloc(N, sizeof *sorted), *mixed = calloc(N, sizeof *mixed);
    size_t *order = calloc(N, sizeof *order);
    for (size_t i = 0; i < N; i++) {
        sorted[i] = bar_of(DAY_2024 + (int64_t)i * STEP * MS_PER_MINUTE);
        order[i] = i;
    }
    shuffle(order, N);
    for (size_t i = 0; i < N; i++)
        mixed[i] = sorted[order[i]];
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (size_t i = 0; i < N; i += BATCH)
        append_bars(write, mixed + i, BATCH);
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_new, N);
    assert_holds(fixture, sorted, N);
    free(sorted);
    free(mixed);
    free(order);
}

static void test_of_rows_with_one_key_the_last_counts(void **state)
{
    struct fixture *fixture = *state;
    struct bar bars[3] = {bar_of(DAY_2024), bar_of(DAY_2024), bar_of(DAY_2024)};
    bars[0].close = 1.0;
    bars[1].close = 2.0;
    bars[1].volume = 9.0;
    bars[2].close = 3.0;
    bars[2].volume = (double)NAN;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 3);
    struct bar expected = bar_of(DAY_2024);
    expected.close = 3.0;
    expected.volume = 9.0;
    assert_holds(fixture, &expected, 1);
}

/* More days, all of which are staged. */
static void stage_far_days(struct lake_write *write)
{
    for (int day = 1; day <= 70; day++) {
        const struct bar bar = bar_of(DAY_2024 + day * MS_PER_DAY);
        append_bars(write, &bar, 1);
    }
    settle_write(write);
}

/* I6: b has staged the absent first day when a commits it. */
static void test_two_first_writers_of_a_day_lose_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct bar first = bar_of(DAY_2024), second = bar_of(DAY_2024 + MS_PER_MINUTE);
    struct lake_write *a = begin_write(fixture->lake, "BTCUSDT", "1m");
    struct lake_write *b = begin_write(fixture->lake, "BTCUSDT", "1m");
    append_bars(b, &second, 1);
    stage_far_days(b);
    append_bars(a, &first, 1);
    assert_int_equal(commit_write(a).rows_new, 1);
    struct lake_write_result result = commit_write(b);
    assert_int_equal(result.rows_new, 71);
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    const struct bar expected[] = {first, second};
    assert_int_equal(n, 2);
    assert_bars_equal(found, expected, 2);
    free(found);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 71);
}

/* I6: b merged with a file that a replaces; where both wrote one minute, b came later. */
static void test_a_stale_merge_is_done_again(void **state)
{
    struct fixture *fixture = *state;
    struct bar base = bar_of(DAY_2024), from_a = bar_of(DAY_2024 + MS_PER_MINUTE), from_b = base;
    from_b.close = 5.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &base, 1);
    struct lake_write *b = begin_write(fixture->lake, "BTCUSDT", "1m");
    append_bars(b, &from_b, 1);
    stage_far_days(b);
    (void)write_bars(fixture->lake, "BTCUSDT", &from_a, 1);
    struct lake_write_result result = commit_write(b);
    assert_int_equal(result.rows_changed, 1);
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    const struct bar expected[] = {from_b, from_a};
    assert_int_equal(n, 2);
    assert_bars_equal(found, expected, 2);
    free(found);
}

static void test_a_write_without_commit_leaves_no_trace(void **state)
{
    struct fixture *fixture = *state;
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (int day = 0; day < 80; day++)
        append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY, 10), 10);
    settle_write(write);
    assert_true(count_paths(fixture, ".lake/staging", NULL) > 80);
    lake_write_free(write);
    assert_int_equal(count_paths(fixture, "data", NULL), 0);
    assert_int_equal(count_files(fixture->lake), 0);
}

static void test_grain_follows_from_the_period(void **state)
{
    struct fixture *fixture = *state;
    struct bar hours[48], days[400];
    for (int i = 0; i < 48; i++)
        hours[i] = bar_of(DAY_2024 + 30 * MS_PER_DAY + i * MS_PER_HOUR);
    for (int i = 0; i < 400; i++)
        days[i] = bar_of(DAY_2024 + i * MS_PER_DAY);
    struct lake_write *write = begin_write(fixture->lake, "HOURS", "1h");
    append_bars(write, hours, 48);
    assert_int_equal(commit_write(write).files_written, 2); /* 31 January and 1 February */
    write = begin_write(fixture->lake, "DAYS", "1d");
    append_bars(write, days, 400);
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.files_written, 2); /* 2024 and 2025 */
    assert_int_equal(result.days_changed, 400);
}

/* A copy of manifest.db alone, made while nobody has the lake open, holds every commit. */
static void test_closing_leaves_no_commit_in_the_wal(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    char path[FIXTURE_PATH_BYTES + 32];
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    (void)snprintf(path, sizeof path, "%s/manifest.db-wal", fixture->root);
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size > 0);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 0);
    fixture_reopen(fixture);
    assert_int_equal(count_files(fixture->lake), 1);
}

static void test_bad_batches_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct column_field text_close[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                     {"close", COLUMN_UTF8, 0, true}};
    static const struct column_field no_key[] = {{"close", COLUMN_DOUBLE, 0, true}};
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    assert_int_equal(schema_new(text_close, 2, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "column close is utf8, it must be double");
    batch_release(&batch);
    schema_free(schema);
    lake_write_free(write);
    write = begin_write(fixture->lake, "BTCUSDT", "1m");
    assert_int_equal(schema_new(no_key, 1, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    batch_release(&batch);
    schema_free(schema);
    lake_write_free(write);
    write = begin_write(fixture->lake, "BTCUSDT", "1m");
    const struct bar bar = bar_of(DAY_2024);
    make_batch(&bar, 1, &batch);
    assert_int_equal(batch_add_validity(&batch, 0, NULL), LAKE_OK);
    bit_set(batch.columns[0].validity, 0, false);
    batch.columns[0].null_count = 1;
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "ts is null in 1 rows");
    batch_release(&batch);
    lake_write_free(write);
}

/* Days may bring other columns, but not one column with two types: no scan could unite them. */
static void test_one_column_cannot_have_two_types(void **state)
{
    static const struct column_field as_number[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                    {"extra", COLUMN_INT64, 0, true}};
    static const struct column_field as_double[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                    {"extra", COLUMN_DOUBLE, 0, true}};
    const struct column_field *const both[] = {as_number, as_double};
    static const lake_status expected[] = {LAKE_OK, LAKE_INVALID_DATA};
    struct fixture *fixture = *state;
    struct lake_write_result result;
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (size_t i = 0; i < 2; i++) {
        struct schema *schema = NULL;
        struct batch batch = {0};
        assert_int_equal(schema_new(both[i], 2, &schema, NULL), LAKE_OK);
        assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
        ((int64_t *)batch_values(&batch, 0))[0] = DAY_2024 + (int64_t)i * MS_PER_DAY;
        ((int64_t *)batch_values(&batch, 1))[0] = 0;
        assert_int_equal(lake_write_append(write, &batch, NULL), expected[i]);
        batch_release(&batch);
        schema_free(schema);
    }
    assert_int_equal(lake_write_commit(write, &result, NULL), LAKE_INVALID_STATE); /* it has failed: no half of it */
    lake_write_free(write);
    assert_int_equal(count_files(fixture->lake), 0);
}

static void test_times_without_a_date_are_refused(void **state)
{
    static const int64_t refused[] = {INT64_MIN, INT64_MAX, INT64_C(-62135596800001), INT64_C(253402300800000)};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
        struct bar bar = bar_of(DAY_2024);
        struct batch batch = {0};
        struct lake_error err = {LAKE_OK, ""};
        bar.ts = refused[i];
        make_batch(&bar, 1, &batch);
        assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
        assert_non_null(strstr(err.message, "outside the years 1 to 9999"));
        batch_release(&batch);
        lake_write_free(write);
    }
}

static void test_bad_datasets_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const struct lake_selection refused[] = {
        {NULL, NULL, "BTCUSDT", NULL, "1m"},     {"test", NULL, NULL, NULL, "1m"},
        {"test", NULL, "../../etc", NULL, "1m"}, {"test", NULL, "BTCUSDT", NULL, "17m"},
        {"test", NULL, "BTCUSDT", NULL, NULL},   {"test", NULL, "BTCUSDT", "nonsense", "1m"},
        {"test", "a/b", "BTCUSDT", NULL, "1m"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct lake_write *write = NULL;
        assert_int_equal(lake_write_begin(fixture->lake, &refused[i], "ingest", &write, NULL), LAKE_INVALID_ARGUMENT);
        assert_null(write);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_goes_in_comes_out),
        TEST(test_the_same_rows_again_change_nothing),
        TEST(test_the_same_rows_again_in_pieces_change_nothing),
        TEST(test_only_days_that_change_get_a_new_file),
        TEST(test_merging_is_per_column),
        TEST(test_any_order_gives_the_same_rows),
        TEST(test_of_rows_with_one_key_the_last_counts),
        TEST(test_two_first_writers_of_a_day_lose_nothing),
        TEST(test_a_stale_merge_is_done_again),
        TEST(test_a_write_without_commit_leaves_no_trace),
        TEST(test_grain_follows_from_the_period),
        TEST(test_closing_leaves_no_commit_in_the_wal),
        TEST(test_bad_batches_are_refused),
        TEST(test_one_column_cannot_have_two_types),
        TEST(test_times_without_a_date_are_refused),
        TEST(test_bad_datasets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
