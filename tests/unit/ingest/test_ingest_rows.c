/* Rows that are wrong, times that are not the lake's, and runs that only show what would be done. */
#include "ingest_fixture.h"

#include <datalake/history.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/file.h"
#include "unit/base/check.h"

#define MINUTES "2024-01-01 00:00,1,2,0.5,1.5,10\n2024-01-01 00:01,1.5,3,1,2,11\n"

static char rejects_path[SOURCE_PATH_BYTES];

static const char *path_of_rejects(void)
{
    (void)snprintf(rejects_path, sizeof rejects_path, "%s/rejects.csv", fixture->root);
    return rejects_path;
}

/* The file of rejected rows without the folder of its sources; "" where there is none. Lives until the next call. */
static const char *rejects_text(void)
{
    static char text[8192];
    char bytes[8192];
    size_t n = 0;
    FILE *file = fopen(rejects_path, "rb");
    text[0] = '\0';
    if (file == NULL)
        return text;
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    for (const char *p = bytes; *p != '\0'; p++) {
        size_t length = strlen(fixture->root);
        if (strncmp(p, fixture->root, length) == 0)
            p += length + 1;
        text[n++] = *p;
    }
    text[n] = '\0';
    return text;
}

/* ---- rules ---- */

static const char with_wrong_rows[] = BAR_HEADER MINUTES "2024-01-01 00:02,2,1,3,2,10\n"
                                                         "2024-01-01 00:02:30,2,3,1,2,10\n"
                                                         "2024-01-01 00:03,2,x,1,2,10\n"
                                                         "2024-01-01 00:04,2,3,1,9,10\n"
                                                         "2024-01-01 00:05,2,3,1,2,10,7\n"
                                                         "2024-01-01 00:06,2,3,1,2,12\n";

static void test_the_first_wrong_row_stops_everything(void **state)
{
    (void)state;
    const char *sources[] = {write_source("a.csv", with_wrong_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    assert_refused(&options, LAKE_INVALID_DATA, "a.csv:6: high is 'x', not a number");
    sources[0] = write_source("b.csv", BAR_HEADER MINUTES "2024-01-01 00:02:30,2,3,1,2,10\n");
    assert_refused(&options, LAKE_INVALID_DATA,
                   "b.csv:4: 2024-01-01T00:02:30Z is no time at which a bar of 1m opens; is the period another?");
    sources[0] = write_source("b.csv", BAR_HEADER "2024-01-01 00:02:59.999,2,3,1,2,10\n");
    assert_refused(
        &options, LAKE_INVALID_DATA,
        "b.csv:2: 2024-01-01T00:02:59.999Z is no time at which a bar of 1m opens; where it is the end of the bar, say "
        "--stamp close");
    sources[0] = write_source("c.csv", BAR_HEADER MINUTES "2024-01-01 00:02,2,1,3,2,10\n");
    options.checks = LAKE_CHECK_REJECT;
    assert_refused(&options, LAKE_INVALID_DATA, "c.csv:4: high 1 is below low 3; --rejects puts such rows aside");
}

static void test_rejected_rows_are_put_aside(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", with_wrong_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    options.rejects_path = path_of_rejects();
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_read, 5);
    assert_int_equal(result.rows_new, 5);
    assert_int_equal(result.rows_rejected, 3);
    assert_int_equal(n_rejected(&result, "off-grid"), 1);
    assert_int_equal(n_rejected(&result, "value"), 1);
    assert_int_equal(n_warned(&result, "high-below-low"), 1);
    assert_int_equal(n_warned(&result, "close-outside"), 1);
    assert_non_null(strstr(rejects_text(),
                           "place,line,rule,reason,record\n"
                           "a.csv,5,off-grid,2024-01-01T00:02:30Z is no time at which a bar of 1m opens,"
                           "\"2024-01-01 00:02:30,2,3,1,2,10\"\n"
                           "a.csv,6,value,\"high is 'x', not a number\",\"2024-01-01 00:03,2,x,1,2,10\"\n"
                           "a.csv,8,"));
    char *text = read_text("BTCUSDT", NULL);
    assert_string_equal(text, BAR_HEADER "2024-01-01T00:00:00Z,1,2,0.5,1.5,10\n2024-01-01T00:01:00Z,1.5,3,1,2,11\n"
                                         "2024-01-01T00:02:00Z,2,1,3,2,10\n2024-01-01T00:04:00Z,2,3,1,9,10\n"
                                         "2024-01-01T00:06:00Z,2,3,1,2,12\n");
    free(text);
    /* Again: the file is in the way, which is said before anything is read. */
    lake_fails(ingest(&options, &result, &err), LAKE_EXISTS, "rejects.csv: there is something in it already");
}

static void test_checks_do_as_configured(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", BAR_HEADER MINUTES "2024-01-01 00:02,2,1,3,2,10\n"
                                                                      "2024-01-01 00:02:30,2,3,1,2,10\n")};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    options.dry_run = true;
    options.checks = LAKE_CHECK_OFF;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 4);
    assert_int_equal(result.n_checks, 0);
    result.sample.release(&result.sample);
    options.checks = LAKE_CHECK_WARN;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 4);
    assert_int_equal(n_warned(&result, "off-grid"), 1);
    assert_int_equal(n_warned(&result, "high-below-low"), 1);
    result.sample.release(&result.sample);
    options.checks = LAKE_CHECK_REJECT;
    options.rejects_path = path_of_rejects();
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 2);
    assert_int_equal(n_rejected(&result, "off-grid"), 1);
    assert_int_equal(n_rejected(&result, "high-below-low"), 1);
    assert_string_equal(rejects_text(), "");
    result.sample.release(&result.sample);
    assert_nothing_was_committed();
}

static void test_too_many_rejected_rows(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", with_wrong_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    options.rejects_path = path_of_rejects();
    options.max_rejects = 1;
    lake_fails(ingest(&options, &result, &err), LAKE_INVALID_DATA,
               "a.csv:6: high is 'x', not a number; with it more than 1 rows are wrong, which are in ");
    assert_nothing_was_committed();
    assert_non_null(strstr(rejects_text(), "a.csv,6,value,"));
    assert_int_equal(unlink(rejects_path), 0);
    options.max_rejects = 3;
    lake_ok(ingest(&options, &result, &err));
}

static void test_all_rows_are_rejected(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", BAR_HEADER "2024-01-01 00:00:30,2,3,1,2,10\n")};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    options.rejects_path = path_of_rejects();
    lake_fails(ingest(&options, &result, &err), LAKE_INVALID_DATA, "a.csv: no row is left: all of 1 were rejected");
    assert_nothing_was_committed();
}

/* ---- now ---- */

static void test_a_bar_that_is_still_open_is_left_out(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    struct io io = lake_io(fixture->lake);
    int64_t now_ms = io.ops->now_ms(io.context), day = calendar_day_of_ms(now_ms);
    char text[512];
    (void)snprintf(text, sizeof text, BAR_HEADER "%lld,1,2,1,2,1\n%lld,1,2,1,2,1\n%lld,1,2,1,2,1\n",
                   (long long)((day - 2) * MS_PER_DAY), (long long)((day - 1) * MS_PER_DAY),
                   (long long)(day * MS_PER_DAY));
    const char *sources[] = {write_source("a.csv", text)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.checks = LAKE_CHECK_OFF;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 2);
    assert_int_equal(n_rejected(&result, "still-open"), 1);
    assert_int_equal(result.rows_rejected, 1);
    assert_true(result.last_ms == (day - 1) * MS_PER_DAY);
    /* A series that goes on into the future is made up: nothing of it is "still open". */
    (void)snprintf(text, sizeof text, BAR_HEADER "%lld,1,2,1,2,1\n%lld,1,2,1,2,1\n", (long long)(day * MS_PER_DAY),
                   (long long)((day + 3) * MS_PER_DAY));
    sources[0] = write_source("b.csv", text);
    options.checks = LAKE_CHECK_DEFAULT;
    options.dataset.period = "1d";
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 2);
    assert_int_equal(n_rejected(&result, "still-open"), 0);
    assert_int_equal(n_warned(&result, "time-future"), 1);
    options.checks = LAKE_CHECK_REJECT;
    lake_fails(ingest(&options, &result, &err), LAKE_INVALID_DATA, "b.csv:3: ");
    assert_non_null(strstr(err.message, " lies in the future"));
}

static void test_times_before_there_was_a_market(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", BAR_HEADER "2006-01-02,1,2,1,2,1\n2006-01-03,1,2,1,2,1\n")};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dry_run = true;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.n_checks, 0);
    result.sample.release(&result.sample);
    options.dataset.exchange = "binance";
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(n_warned(&result, "time-early"), 2);
    assert_non_null(strstr(result.checks[0].first_place, "a.csv:2"));
    result.sample.release(&result.sample);
}

/* ---- times of a place, and of the end ---- */

static void test_bars_that_are_stamped_with_their_end(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    static const struct {
        const char *text, *first, *last, *period;
    } cases[] = {
        {"2024-01-01 00:01,1,2,1,2,1\n2024-01-01 00:02,1,2,1,2,1\n", "2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z",
         "1m"},
        {"2024-01-01 00:59:59.999,1,2,1,2,1\n2024-01-01 01:59:59.999,1,2,1,2,1\n", "2024-01-01T00:00:00Z",
         "2024-01-01T01:00:00Z", "1h"},
        {"2024-01-01 23:59:59,1,2,1,2,1\n2024-01-02 23:59:59,1,2,1,2,1\n", "2024-01-01T00:00:00Z",
         "2024-01-02T00:00:00Z", "1d"},
        {"2024-03-01,1,2,1,2,1\n2024-04-01,1,2,1,2,1\n", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "1mo"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256], first[CALENDAR_TEXT_BYTES], last[CALENDAR_TEXT_BYTES];
        (void)snprintf(text, sizeof text, BAR_HEADER "%s", cases[i].text);
        const char *sources[] = {write_source("a.csv", text)};
        struct lake_ingest_options options = options_of(sources, 1);
        options.stamp = "close";
        options.dry_run = true;
        lake_ok(ingest(&options, &result, &err));
        (void)calendar_format_ms(result.first_ms, first);
        (void)calendar_format_ms(result.last_ms, last);
        assert_string_equal(first, cases[i].first);
        assert_string_equal(last, cases[i].last);
        assert_string_equal(result.dataset.period, cases[i].period);
        result.sample.release(&result.sample);
    }
}

static void test_times_of_a_place(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", BAR_HEADER MINUTES)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dry_run = true;
    options.time_zone = "+09:00";
    lake_ok(ingest(&options, &result, &err));
    assert_true(result.first_ms == DAY_2024 - 9 * MS_PER_HOUR);
    result.sample.release(&result.sample);
    sources[0] = write_source("b.csv", BAR_HEADER "1704067200000,1,2,0.5,1.5,10\n1704067260000,1.5,3,1,2,11\n");
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "leave out --tz");
    options.time_zone = "Nowhere/Land";
    assert_refused(&options, LAKE_INVALID_ARGUMENT, "Nowhere/Land");
    options.time_zone = "Europe/Berlin";
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        return;
    /* At 2 o'clock the clocks go to 3: that hour is no time. */
    sources[0] = write_source("c.csv", BAR_HEADER "2024-03-31 01:59,1,2,1,2,1\n2024-03-31 02:00,1,2,1,2,1\n"
                                                  "2024-03-31 03:00,1,2,1,2,1\n");
    assert_refused(&options, LAKE_INVALID_DATA,
                   "c.csv:3: 2024-03-31T02:00:00 is no time in Europe/Berlin, where the clocks skip it");
    options.rejects_path = path_of_rejects();
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 2);
    assert_int_equal(n_rejected(&result, "skipped-time"), 1);
    assert_int_equal(result.gaps, 0);
    assert_true(result.last_ms - result.first_ms == MS_PER_MINUTE);
    result.sample.release(&result.sample);
}

static void assert_range_in_berlin(const char *rows, const char *first, const char *last, int64_t gaps)
{
    struct lake_error err = {0};
    struct lake_ingest_result result;
    char text[512], found[CALENDAR_TEXT_BYTES];
    (void)snprintf(text, sizeof text, BAR_HEADER "%s", rows);
    const char *sources[] = {write_source("a.csv", text)};
    struct lake_ingest_options options = options_of(sources, 1);
    options.time_zone = "Europe/Berlin";
    options.stamp = "close";
    options.dry_run = true;
    lake_ok(ingest(&options, &result, &err));
    (void)calendar_format_ms(result.first_ms, found);
    assert_string_equal(found, first);
    (void)calendar_format_ms(result.last_ms, found);
    assert_string_equal(found, last);
    assert_int_equal(result.gaps, gaps);
    result.sample.release(&result.sample);
}

/* Days end when the day of the place ends, hours an hour after they began, also where clocks change in between. */
static void test_ends_of_a_place(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        skip();
    assert_range_in_berlin("2024-03-30,1,2,1,2,1\n2024-03-31,1,2,1,2,1\n2024-04-01,1,2,1,2,1\n", "2024-03-28T23:00:00Z",
                           "2024-03-30T23:00:00Z", 0);
    assert_range_in_berlin("2024-03-31 01:00,1,2,1,2,1\n2024-03-31 03:00,1,2,1,2,1\n2024-03-31 04:00,1,2,1,2,1\n",
                           "2024-03-30T23:00:00Z", "2024-03-31T01:00:00Z", 0);
}

/* ---- what would be done ---- */

static int64_t count_sample(struct ArrowArrayStream *sample, int64_t *first, int64_t *last)
{
    struct ArrowArray array = {.release = NULL};
    assert_int_equal(sample->get_next(sample, &array), 0);
    const int64_t *ts = array.children[0]->buffers[1];
    int64_t n = array.length;
    *first = ts[0];
    *last = ts[n - 1];
    array.release(&array);
    sample->release(sample);
    return n;
}

static void test_a_dry_run_leaves_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    int64_t first = 0, last = 0;
    const char *sources[] = {write_source("b.csv", minutes_text(1000, 3000)),
                             write_source("a.csv", minutes_text(0, 1000)),
                             write_source("c.csv", minutes_text(500, 100))};
    struct lake_ingest_options options = options_of(sources, 3);
    options.dry_run = true;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_read, 4100);
    assert_int_equal(result.rows_new, 4000);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.days_changed, 3);
    assert_int_equal(result.files_written, 3);
    assert_true(result.bytes_written > 4000);
    assert_int_equal(result.bars_missing, 0);
    assert_int_equal(count_sample(&result.sample, &first, &last), 6);
    assert_true(first == DAY_2024 && last == DAY_2024 + 3999 * MS_PER_MINUTE);
    assert_nothing_was_committed();
    /* The same, committed, and shown once more. */
    options.dry_run = false;
    struct lake_ingest_result done;
    lake_ok(ingest(&options, &done, &err));
    assert_int_equal(done.rows_new, 4000);
    assert_int_equal(done.bytes_written, result.bytes_written);
    assert_null(done.sample.release);
    options.dry_run = true;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_new, 0);
    assert_int_equal(result.rows_equal, 4000);
    assert_int_equal(result.bars_missing, 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    result.sample.release(&result.sample);
}

static void test_missing_bars_are_counted_in_the_lake(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    const char *sources[] = {write_source("a.csv", minutes_text(0, 100)),
                             write_source("b.csv", minutes_text(300, 100))};
    struct lake_ingest_options options = options_of(sources, 2);
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.bars_missing, 200);
    assert_int_equal(result.gaps, 1);
    options.sources = (const char *const[]){write_source("c.csv", minutes_text(150, 50)), sources[0], sources[1]};
    options.n_sources = 3;
    options.dry_run = true;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.bars_missing, 150);
    assert_int_equal(result.gaps, -1);
    result.sample.release(&result.sample);
    options.dry_run = false;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.bars_missing, 150);
}

/* ---- the record ---- */

static void test_the_operation_says_what_was_wrong(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    struct ArrowArrayStream stream;
    struct ArrowArray array = {.release = NULL};
    struct ArrowSchema schema = {.release = NULL};
    const char *sources[] = {write_source("a.csv", with_wrong_rows)};
    struct lake_ingest_options options = options_of(sources, 1);
    struct lake_log_options log = {.size = sizeof log};
    options.dataset.period = "1m";
    options.rejects_path = path_of_rejects();
    lake_ok(ingest(&options, &result, &err));
    lake_ok(lake_log(fixture->lake, &log, &stream, &err));
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    bool has_detail = false;
    for (int64_t i = 0; i < schema.n_children; i++) {
        const struct ArrowArray *column = array.children[i];
        if (strcmp(schema.children[i]->name, "rows_rejected") == 0)
            assert_int_equal(((const int64_t *)column->buffers[1])[0], 3);
        if (strcmp(schema.children[i]->name, "detail") != 0)
            continue;
        const int32_t *offsets = column->buffers[1];
        char text[1024] = "";
        memcpy(text, (const char *)column->buffers[2] + offsets[0], (size_t)(offsets[1] - offsets[0]));
        assert_non_null(strstr(text, "warned: high-below-low 1 ("));
        assert_non_null(strstr(text, "a.csv:4), close-outside 1 ("));
        assert_non_null(strstr(text, "; rejected: off-grid 1 ("));
        has_detail = true;
    }
    assert_true(has_detail);
    array.release(&array);
    schema.release(&schema);
    stream.release(&stream);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_wrong_row_stops_everything),
        TEST(test_rejected_rows_are_put_aside),
        TEST(test_checks_do_as_configured),
        TEST(test_too_many_rejected_rows),
        TEST(test_all_rows_are_rejected),
        TEST(test_a_bar_that_is_still_open_is_left_out),
        TEST(test_times_before_there_was_a_market),
        TEST(test_bars_that_are_stamped_with_their_end),
        TEST(test_times_of_a_place),
        TEST(test_ends_of_a_place),
        TEST(test_a_dry_run_leaves_nothing),
        TEST(test_missing_bars_are_counted_in_the_lake),
        TEST(test_the_operation_says_what_was_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
