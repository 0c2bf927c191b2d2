/* Gaps and coverage: between days and inside them, by the calendar, at the edges of ranges, with what is known of them, as of a
 * snapshot, in a dataset whose holes were never recorded; and against a naive count over random histories. */
#include "gap_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "lake/commit.h"
#include "manifest/absence.h"

enum { DAY = 1440, MODEL_DAYS = 6, MODEL_SLOTS = MODEL_DAYS * DAY, MODEL_STEPS = 12, MODEL_HISTORIES = 12 };

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static int64_t minute(int64_t n)
{
    return DAY_2024 + n * MS_PER_MINUTE;
}

static int64_t ms_of(const char *text)
{
    int64_t us = 0;
    assert_true(calendar_parse_us(text, strlen(text), &us, NULL));
    return us / 1000;
}

static void write_minutes(struct lake *lake, int64_t first, int64_t end)
{
    (void)write_bars(lake, "BTCUSDT", bars_from(minute(first), (size_t)(end - first)), (size_t)(end - first));
}

/* What the manifest is told, in a transaction of its own. */
static void put_absence(struct lake *lake, struct manifest_absence absence)
{
    struct file_lock lock = {0};
    size_t n = 0;
    absence.dataset_id = live_contents(lake, "BTCUSDT", &n)[0].dataset_id;
    assert_int_equal(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "test", NULL), LAKE_OK);
    assert_int_equal(manifest_begin(lake->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_put_absence(lake->manifest, &absence, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(lake->manifest, NULL), LAKE_OK);
    file_lock_release(&lock);
}

/* ---- where bars are missing ---- */

static void test_between_days_and_inside_them(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 20, 30);
    write_minutes(lake, 2 * DAY + 5, 2 * DAY + 6);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 2);
    assert_gap(&told->gaps[0], minute(10), 10, "not-requested");
    assert_int_equal(told->gaps[0].end_ms, minute(20));
    assert_gap(&told->gaps[1], minute(30), 2 * DAY + 5 - 30, "not-requested");
    assert_int_equal(told->gaps[1].end_ms, minute(2 * DAY + 5));
    assert_int_equal(told->gaps[1].operation, -1);
    assert_int_equal(told->result.n_datasets, 1);
    assert_int_equal(told->result.n_gaps, 2);
    assert_int_equal(told->result.n_missing, 10 + 2 * DAY - 25);
    assert_int_equal(told->result.n_present, 21);
    assert_int_equal(told->result.n_expected, 2 * DAY + 6);
    assert_int_equal(told->result.n_reasons, 1);
    assert_string_equal(told->result.by_reason[0].reason, "not-requested");
    assert_int_equal(told->result.by_reason[0].n_gaps, 2);
}

static void test_nothing_is_missing(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    assert_int_equal(list_gaps(lake, (struct lake_gaps_options){0})->result.n_datasets, 0);
    write_minutes(lake, 700, 3 * DAY + 100);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 0);
    assert_int_equal(told->result.n_present, 3 * DAY - 600);
    assert_int_equal(told->result.n_expected, 3 * DAY - 600);
}

static void test_ranges(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 10, 20);
    write_minutes(lake, 30, 40);
    const struct told_gaps *told = list_gaps(
        lake,
        (struct lake_gaps_options){.has_start = true, .start_ms = minute(0), .has_end = true, .end_ms = minute(50)});
    assert_int_equal(told->n, 3);
    assert_gap(&told->gaps[0], minute(0), 10, "not-requested");
    assert_gap(&told->gaps[1], minute(20), 10, "not-requested");
    assert_gap(&told->gaps[2], minute(40), 10, "not-requested");
    assert_int_equal(told->result.n_expected, 50);
    /* inside a gap, between two bars of the grid */
    told =
        list_gaps(lake, (struct lake_gaps_options){
                            .has_start = true, .start_ms = minute(22) + 1, .has_end = true, .end_ms = minute(25) + 1});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], minute(23), 3, "not-requested");
    assert_int_equal(told->result.n_present, 0);
    told = list_gaps(lake, (struct lake_gaps_options){
                               .has_start = true, .start_ms = minute(22), .has_end = true, .end_ms = minute(29)});
    assert_gap(&told->gaps[0], minute(22), 7, "not-requested");
    /* over bars */
    told = list_gaps(lake, (struct lake_gaps_options){
                               .has_start = true, .start_ms = minute(12), .has_end = true, .end_ms = minute(35)});
    assert_int_equal(told->n, 1);
    assert_int_equal(told->result.n_present, 13);
    /* before the first, behind the last */
    told = list_gaps(lake, (struct lake_gaps_options){
                               .has_start = true, .start_ms = minute(-5), .has_end = true, .end_ms = minute(5)});
    assert_gap(&told->gaps[0], minute(-5), 10, "not-requested");
    told = list_gaps(lake, (struct lake_gaps_options){.has_start = true, .start_ms = minute(45)});
    assert_int_equal(told->n, 0);
    told = list_gaps(lake, (struct lake_gaps_options){.has_end = true, .end_ms = minute(2 * DAY)});
    assert_int_equal(told->n, 2);
    assert_gap(&told->gaps[1], minute(40), 2 * DAY - 40, "not-requested");
}

static void test_weeks_and_months(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    const int64_t weeks[] = {ms_of("2024-01-03"), ms_of("2024-01-24")};
    const int64_t months[] = {ms_of("2023-11-01"), ms_of("2023-12-01"), ms_of("2024-03-01")};
    const int64_t days[] = {ms_of("2024-02-28"), ms_of("2024-03-01")};
    write_times(lake, "W", "1w", weeks, 2);
    write_times(lake, "M", "1mo", months, 3);
    write_times(lake, "D", "1d", days, 2);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){.selection = {.symbol = "W"}});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], ms_of("2024-01-10"), 2, "not-requested");
    assert_int_equal(told->gaps[0].end_ms, weeks[1]);
    told = list_gaps(lake, (struct lake_gaps_options){.selection = {.symbol = "M"}});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], ms_of("2024-01-01"), 2, "not-requested");
    assert_int_equal(told->gaps[0].end_ms, months[2]);
    told = list_gaps(lake, (struct lake_gaps_options){.selection = {.symbol = "D"}});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], ms_of("2024-02-29"), 1, "not-requested");
}

/* The whole year is missing, and the grid is that of the bar elsewhere: Wednesdays. */
static void test_a_range_without_bars(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    const int64_t week = ms_of("2024-01-03");
    write_times(lake, "W", "1w", &week, 1);
    const struct lake_gaps_options options = {
        .has_start = true, .start_ms = ms_of("2022-01-01"), .has_end = true, .end_ms = ms_of("2022-12-31")};
    const struct told_gaps *told = list_gaps(lake, options);
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], ms_of("2022-01-05"), 52, "not-requested");
    assert_int_equal(told->gaps[0].end_ms, ms_of("2023-01-04"));
}

static void test_the_future_is_still_open(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    int64_t now = lake->io.ops->now_ms(lake->io.context), today = now - now % MS_PER_DAY;
    const int64_t bar = today - 3 * MS_PER_DAY;
    write_times(lake, "D", "1d", &bar, 1);
    const struct told_gaps *told =
        list_gaps(lake, (struct lake_gaps_options){.has_end = true, .end_ms = today + 10 * MS_PER_DAY});
    assert_int_equal(told->n, 2);
    assert_gap(&told->gaps[0], today - 2 * MS_PER_DAY, 2, "not-requested");
    assert_gap(&told->gaps[1], today, 10, "still-open");
}

/* ---- what is known ---- */

static void test_reasons_split_a_gap(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 40, 50);
    /* over bars too, which are not missing; then two that say the same, and one between two minutes */
    put_absence(lake, (struct manifest_absence){.start_ms = minute(5),
                                                .end_ms = minute(20),
                                                .reason = REASON_SOURCE_EMPTY,
                                                .operation_id = 1,
                                                .asked_ms = 77,
                                                .answer = "a.csv has none"});
    put_absence(lake, (struct manifest_absence){
                          .start_ms = minute(20), .end_ms = minute(25), .reason = REASON_VENUE_OUTAGE, .answer = ""});
    put_absence(lake, (struct manifest_absence){
                          .start_ms = minute(25), .end_ms = minute(28), .reason = REASON_VENUE_OUTAGE, .answer = ""});
    put_absence(
        lake, (struct manifest_absence){
                  .start_ms = minute(30) + 1, .end_ms = minute(32) + 1, .reason = REASON_BEFORE_LISTING, .answer = ""});
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 5);
    assert_gap(&told->gaps[0], minute(10), 10, "source-empty");
    assert_string_equal(told->gaps[0].answer, "a.csv has none");
    assert_int_equal(told->gaps[0].operation, 1);
    assert_gap(&told->gaps[1], minute(20), 8, "venue-outage");
    assert_gap(&told->gaps[2], minute(28), 3, "not-requested");
    assert_gap(&told->gaps[3], minute(31), 2, "before-listing");
    assert_gap(&told->gaps[4], minute(33), 7, "not-requested");
    told = list_gaps(lake, (struct lake_gaps_options){.reason = "not-requested"});
    assert_int_equal(told->n, 2);
    assert_int_equal(told->result.n_missing, 10);
    assert_int_equal(told->result.n_expected, 50);
    told = list_gaps(lake, (struct lake_gaps_options){.min_bars = 7});
    assert_int_equal(told->n, 3);
    told = list_gaps(lake, (struct lake_gaps_options){.limit = 2});
    assert_int_equal(told->n, 2);
    assert_int_equal(told->result.n_gaps, 5);
}

/* Also where bars are from before 1970, from which the ends of the type are farther than the type is long. */
static void test_what_is_known_of_all_time(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    const int64_t old_ms = ms_of("0001-01-01"), late_ms = ms_of("9999-12-31T23:59");
    const int64_t times[] = {old_ms, late_ms};
    const int64_t n_between = (late_ms - old_ms) / MS_PER_MINUTE - 1;
    write_times(lake, "BTCUSDT", "1m", times, 2);
    put_absence(lake, (struct manifest_absence){
                          .start_ms = minute(0), .end_ms = INT64_MAX, .reason = REASON_AFTER_DELISTING, .answer = ""});
    put_absence(lake, (struct manifest_absence){
                          .start_ms = INT64_MIN, .end_ms = minute(0), .reason = REASON_BEFORE_LISTING, .answer = ""});
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 2);
    assert_gap(&told->gaps[0], old_ms + MS_PER_MINUTE, (minute(0) - old_ms) / MS_PER_MINUTE - 1, "before-listing");
    assert_gap(&told->gaps[1], minute(0), (late_ms - minute(0)) / MS_PER_MINUTE, "after-delisting");
    assert_int_equal(told->result.n_missing, n_between);
    told = list_gaps(lake, (struct lake_gaps_options){
                               .has_start = true, .has_end = true, .start_ms = INT64_MIN, .end_ms = INT64_MAX});
    assert_int_equal(told->result.n_missing, n_between);
}

static void test_what_was_deleted(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 100);
    write_minutes(lake, 120, 3 * DAY);
    (void)delete_bars(lake, "BTCUSDT", minute(90), minute(2 * DAY + 30));
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 3);
    assert_gap(&told->gaps[0], minute(90), 10, "deleted");
    assert_string_equal(told->gaps[0].answer, "deleted");
    assert_int_equal(told->gaps[0].operation, 3);
    assert_gap(&told->gaps[1], minute(100), 20, "not-requested"); /* it never was there */
    assert_gap(&told->gaps[2], minute(120), 2 * DAY + 30 - 120, "deleted");
    (void)undo_operation(lake, 0);
    told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], minute(100), 20, "not-requested");
}

static void test_what_was_undone(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 30, 40);
    write_minutes(lake, 15, 20);
    (void)undo_operation(lake, 0);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 3);
    assert_gap(&told->gaps[0], minute(10), 5, "not-requested");
    assert_gap(&told->gaps[1], minute(15), 5, "deleted");
    assert_string_equal(told->gaps[1].answer, "undo of snapshot 3");
    assert_gap(&told->gaps[2], minute(20), 10, "not-requested");
}

static void test_as_of_a_snapshot(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 30, 40);
    write_minutes(lake, 10, 30);
    (void)delete_bars(lake, "BTCUSDT", minute(1), minute(39));
    assert_int_equal(list_gaps(lake, (struct lake_gaps_options){.as_of = 1})->n, 0);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){.as_of = 2});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], minute(10), 20, "not-requested"); /* the deletion came later */
    assert_int_equal(list_gaps(lake, (struct lake_gaps_options){.as_of = 3})->n, 0);
    told = list_gaps(lake, (struct lake_gaps_options){.as_of = 4});
    assert_int_equal(told->n, 1);
    assert_gap(&told->gaps[0], minute(1), 38, "deleted");
}

/* ---- days of before ---- */

/* Gives all days other holes, or none. A day is recorded anew only with other rows, so it is given others in between. */
static void put_holes(struct lake *lake, const uint8_t *holes, size_t n_bytes)
{
    struct manifest_operation operation = {
        .kind = "test", .source = "", .software = "test", .detail = "", .finished_ms = DAY_2024};
    int64_t snapshot = 0;
    size_t n = 0;
    const struct manifest_content *days = live_contents(lake, "BTCUSDT", &n);
    assert_int_equal(manifest_begin(lake->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_add_operation(lake->manifest, &operation, &snapshot, NULL), LAKE_OK);
    for (size_t i = 0; i < n; i++) {
        struct manifest_content day = days[i];
        day.operation_id = operation.id;
        day.holes = holes;
        day.n_holes_bytes = n_bytes;
        day.sha256[0] ^= 1;
        assert_int_equal(manifest_put_content(lake->manifest, &day, snapshot, NULL), LAKE_OK);
        day.sha256[0] ^= 1;
        assert_int_equal(manifest_put_content(lake->manifest, &day, snapshot, NULL), LAKE_OK);
    }
    assert_int_equal(manifest_commit(lake->manifest, NULL), LAKE_OK);
}

/* As the migration leaves them. */
static void forget_holes(struct lake *lake)
{
    size_t n = 0;
    put_holes(lake, NULL, 0);
    const struct manifest_content *days = live_contents(lake, "BTCUSDT", &n);
    for (size_t i = 0; i < n; i++)
        assert_null(days[i].holes);
}

static void test_days_whose_holes_were_not_recorded(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 20, DAY);
    write_minutes(lake, DAY, 2 * DAY);
    write_minutes(lake, 2 * DAY, 2 * DAY + 10);
    write_minutes(lake, 2 * DAY + 11, 3 * DAY);
    write_minutes(lake, 3 * DAY, 3 * DAY + 1);
    write_minutes(lake, 3 * DAY + 700, 3 * DAY + 702);
    forget_holes(lake);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 3);
    assert_gap(&told->gaps[2], minute(3 * DAY + 1), 699, "not-requested");
    assert_gap(&told->gaps[0], minute(10), 10, "not-requested");
    assert_gap(&told->gaps[1], minute(2 * DAY + 10), 1, "not-requested");
    assert_int_equal(told->result.n_present, 3 * DAY - 11 + 3);
}

static void test_holes_that_are_none(void **state)
{
    static const uint8_t half_a_pair[] = {7};
    struct lake *lake = ((struct fixture *)*state)->lake;
    struct lake_error err = {LAKE_OK, ""};
    write_minutes(lake, DAY, DAY + 10);
    put_holes(lake, half_a_pair, sizeof half_a_pair);
    assert_int_equal(try_list_gaps(lake, (struct lake_gaps_options){0}, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "TEST/FUTURES/BTCUSDT/raw/1m on 2024-01-02"));
}

/* ---- many ---- */

/* Days of five years, of which every hundredth is missing: more than one page of days, and gaps between two. */
static void test_many_days(void **state)
{
    static int64_t days[2000];
    struct lake *lake = ((struct fixture *)*state)->lake;
    size_t n = 0;
    for (int64_t i = 0; i < 2000; i++)
        if (i % 100 != 12 && (i < 500 || i > 700)) /* the page ends with day 511 */
            days[n++] = DAY_2024 - (2000 - i) * MS_PER_DAY;
    write_times(lake, "D", "1d", days, n);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 19);
    for (size_t i = 0; i < 5; i++)
        assert_gap(&told->gaps[i], DAY_2024 - (2000 - 12 - 100 * (int64_t)i) * MS_PER_DAY, 1, "not-requested");
    assert_gap(&told->gaps[5], DAY_2024 - 1500 * MS_PER_DAY, 201, "not-requested");
    assert_int_equal(told->result.n_present, n);
    assert_int_equal(told->result.n_expected, 2000);
}

static void test_several_datasets(void **state)
{
    static const char *const symbols[] = {"A", "B", "C"};
    struct lake *lake = ((struct fixture *)*state)->lake;
    const int64_t times[] = {minute(0), minute(5), minute(10)};
    for (size_t i = 0; i < 3; i++)
        write_times(lake, symbols[i], i == 1 ? "5m" : "1m", times, 3);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 4);
    assert_int_equal(told->result.n_datasets, 3);
    assert_int_equal(told->result.n_present, 9);
    assert_int_equal(told->result.n_missing, 16);
    assert_int_equal(list_gaps(lake, (struct lake_gaps_options){.selection = {.period = "5m"}})->n, 0);
    const struct told_months *months = list_coverage(lake, (struct lake_gaps_options){0});
    assert_int_equal(months->n, 3);
    assert_int_equal(months->months[0].expected, 11);
    assert_int_equal(months->months[1].expected, 3);
}

/* Every other minute of some months: too many gaps to keep, so that the list is made as it is read. */
static void test_a_list_that_is_too_long_to_keep(void **state)
{
    enum { N = 92 * DAY / 2 };
    static int64_t times[N];
    struct lake *lake = ((struct fixture *)*state)->lake;
    for (int64_t i = 0; i < N; i++)
        times[i] = minute(2 * i);
    write_times(lake, "M", "1m", times, N);
    const struct told_gaps *told = list_gaps(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, N - 1);
    assert_int_equal(told->result.n_gaps, N - 1);
    for (size_t i = 0; i < told->n; i++)
        assert_int_equal(told->gaps[i].start_ms, minute(2 * (int64_t)i + 1));
    told = list_gaps(lake, (struct lake_gaps_options){.limit = N - 100});
    assert_int_equal(told->n, N - 100);
    assert_int_equal(told->result.n_gaps, N - 1);
}

/* ---- coverage ---- */

static void test_coverage_by_month(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    write_minutes(lake, 20, 30);
    write_minutes(lake, 60 * DAY, 60 * DAY + 5); /* 2024-03-01 */
    put_absence(lake, (struct manifest_absence){.start_ms = minute(31 * DAY),
                                                .end_ms = minute(32 * DAY),
                                                .reason = REASON_VENUE_OUTAGE,
                                                .answer = ""});
    const struct told_months *told = list_coverage(lake, (struct lake_gaps_options){0});
    assert_int_equal(told->n, 3);
    assert_int_equal(told->months[0].month_ms, DAY_2024);
    assert_int_equal(told->months[0].expected, 31 * DAY);
    assert_int_equal(told->months[0].present, 20);
    assert_int_equal(told->months[0].n_gaps, 2);
    assert_string_equal(told->months[0].reasons, "not-requested 44620");
    assert_int_equal(told->months[1].expected, 29 * DAY);
    assert_int_equal(told->months[1].present, 0);
    assert_int_equal(told->months[1].n_gaps, 2);
    assert_string_equal(told->months[1].reasons, "not-requested 40320, venue-outage 1440");
    assert_int_equal(told->months[2].expected, 5);
    assert_int_equal(told->months[2].present, 5);
    assert_string_equal(told->months[2].reasons, "");
}

/* ---- what is refused ---- */

static void assert_refused(struct lake *lake, struct lake_gaps_options options, lake_status status, const char *part)
{
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(try_list_gaps(lake, options, &err), status);
    assert_non_null(strstr(err.message, part));
}

static void test_refusals(void **state)
{
    struct lake *lake = ((struct fixture *)*state)->lake;
    write_minutes(lake, 0, 10);
    assert_refused(lake, (struct lake_gaps_options){.reason = "lost"}, LAKE_INVALID_ARGUMENT, "source-empty");
    assert_refused(lake, (struct lake_gaps_options){.selection = {.type = "trades"}}, LAKE_INVALID_ARGUMENT,
                   "raw or agg");
    assert_refused(lake, (struct lake_gaps_options){.selection = {.period = "tick"}}, LAKE_INVALID_ARGUMENT, "1mo");
    assert_refused(lake, (struct lake_gaps_options){.selection = {.symbol = "BTCUSDX"}}, LAKE_NOT_FOUND, "BTCUSDT");
    assert_refused(lake, (struct lake_gaps_options){.as_of = 99}, LAKE_NOT_FOUND, "99");
    assert_refused(lake, (struct lake_gaps_options){.limit = -1}, LAKE_INVALID_ARGUMENT, "negative");
    assert_refused(lake, (struct lake_gaps_options){.has_start = true, .start_ms = 5, .has_end = true, .end_ms = 5},
                   LAKE_INVALID_ARGUMENT, "not after");
}

/* ---- against a naive count ---- */

enum slot_state { NEVER, PRESENT, LOST };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static void change_at_random(struct lake *lake, uint32_t *seed, enum slot_state *slots)
{
    int64_t first = draw(seed, MODEL_SLOTS - 1), n = 1 + draw(seed, draw(seed, 2) == 0 ? 30 : 3000);
    int64_t end = first + n < MODEL_SLOTS ? first + n : MODEL_SLOTS;
    bool is_delete = draw(seed, 3) == 0 && slots[MODEL_SLOTS - 1] == PRESENT;
    if (is_delete)
        (void)delete_bars(lake, "BTCUSDT", minute(first), minute(end));
    else
        write_minutes(lake, first, end);
    for (int64_t i = first; i < end; i++)
        slots[i] = !is_delete ? PRESENT : slots[i] == PRESENT ? LOST : slots[i];
}

static void assert_as_the_model(const struct told_gaps *told, const enum slot_state *slots, int64_t from, int64_t to)
{
    size_t at = 0;
    while (from < to) {
        int64_t end = from;
        if (slots[from] == PRESENT) {
            from++;
            continue;
        }
        while (end < to && slots[end] == slots[from])
            end++;
        assert_true(at < told->n);
        const struct told_gap *gap = &told->gaps[at++];
        assert_int_equal(gap->start_ms, minute(from));
        assert_string_equal(gap->reason, slots[from] == LOST ? "deleted" : "not-requested");
        /* deletions by several operations are told apart */
        while (gap->end_ms < minute(end)) {
            assert_string_equal(gap->reason, "deleted");
            assert_int_equal(told->gaps[at].start_ms, gap->end_ms);
            assert_string_equal(told->gaps[at].reason, "deleted");
            assert_true(told->gaps[at].operation != gap->operation);
            gap = &told->gaps[at++];
        }
        assert_int_equal(gap->end_ms, minute(end));
        from = end;
    }
    assert_int_equal(at, told->n);
}

static void test_random_histories(void **state)
{
    static enum slot_state slots[MODEL_SLOTS];
    (void)state;
    for (uint32_t history = 0; history < MODEL_HISTORIES; history++) {
        struct fixture *fixture = fixture_new();
        uint32_t seed = history + 1;
        memset(slots, 0, sizeof slots);
        write_minutes(fixture->lake, 0, 1);
        write_minutes(fixture->lake, MODEL_SLOTS - 1, MODEL_SLOTS);
        slots[0] = slots[MODEL_SLOTS - 1] = PRESENT;
        for (int step = 0; step < MODEL_STEPS; step++) {
            change_at_random(fixture->lake, &seed, slots);
            int64_t from = draw(&seed, MODEL_SLOTS / 2), to = MODEL_SLOTS / 2 + draw(&seed, MODEL_SLOTS / 2) + 1;
            const struct lake_gaps_options range = {
                .has_start = true, .start_ms = minute(from), .has_end = true, .end_ms = minute(to)};
            assert_as_the_model(list_gaps(fixture->lake, range), slots, from, to);
            const struct lake_gaps_options all = {
                .has_start = true, .start_ms = minute(0), .has_end = true, .end_ms = minute(MODEL_SLOTS)};
            assert_as_the_model(list_gaps(fixture->lake, all), slots, 0, MODEL_SLOTS);
        }
        fixture_free(fixture);
    }
}

#define ON_A_LAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_LAKE(test_between_days_and_inside_them),
        ON_A_LAKE(test_nothing_is_missing),
        ON_A_LAKE(test_ranges),
        ON_A_LAKE(test_weeks_and_months),
        ON_A_LAKE(test_a_range_without_bars),
        ON_A_LAKE(test_the_future_is_still_open),
        ON_A_LAKE(test_reasons_split_a_gap),
        ON_A_LAKE(test_what_is_known_of_all_time),
        ON_A_LAKE(test_what_was_deleted),
        ON_A_LAKE(test_what_was_undone),
        ON_A_LAKE(test_as_of_a_snapshot),
        ON_A_LAKE(test_days_whose_holes_were_not_recorded),
        ON_A_LAKE(test_holes_that_are_none),
        ON_A_LAKE(test_many_days),
        ON_A_LAKE(test_several_datasets),
        ON_A_LAKE(test_a_list_that_is_too_long_to_keep),
        ON_A_LAKE(test_coverage_by_month),
        ON_A_LAKE(test_refusals),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
