/* Ingests that are interrupted, and go on: equal to those that were not, or nothing is left. */
#include "ingest_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/base/check.h"

enum { ROWS_OF_A = 3000, ROWS_OF_B = 2000, MOST_REPORTS = 1000 };

/* Sources of some hundred KiB have safe points as those of many GiB have. */
static const struct ingest_tuning small = {.save_from_bytes = 1, .save_every_bytes = 24 << 10, .block_bytes = 6 << 10};

/* Stops at the report number stop_at. */
struct stopper {
    int64_t n_reports, stop_at;
    int64_t n_rows, n_bytes;
};

static int watch(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct stopper *stopper = context;
    assert_true(n_rows >= stopper->n_rows && n_bytes >= stopper->n_bytes && n_bytes <= n_bytes_total);
    stopper->n_rows = n_rows;
    stopper->n_bytes = n_bytes;
    return ++stopper->n_reports == stopper->stop_at;
}

static lake_status run(struct lake_ingest_options *options, int64_t stop_at, struct lake_ingest_result *result,
                       struct lake_error *err)
{
    struct stopper stopper = {.stop_at = stop_at};
    options->progress = (struct lake_progress){watch, &stopper};
    *result = (struct lake_ingest_result){.size = sizeof *result};
    return ingest_run(fixture->lake, options, &small, result, err);
}

/* Minutes, some of which are no row at all and some off the grid; with a column of the source's own, a text. */
static const char *make_source(const char *name, int64_t first, int64_t n)
{
    enum { LINE_BYTES = 128 };
    char *text = malloc((size_t)n * LINE_BYTES + LINE_BYTES);
    assert_non_null(text);
    size_t at = (size_t)snprintf(text, LINE_BYTES, "ts,open,high,low,close,volume,note\n");
    for (int64_t i = first; i < first + n; i++) {
        struct bar bar = bar_of(DAY_2024 + i * MS_PER_MINUTE);
        const char *high = i % 701 == 5 ? "x" : "9999999";
        at += (size_t)snprintf(text + at, LINE_BYTES, "%lld,%g,%s,%g,%g,%g,n%lld\n",
                               (long long)(bar.ts + (i % 501 == 7 ? 1 : 0)), bar.open, high, bar.low, bar.close,
                               bar.volume, (long long)i);
    }
    const char *path = write_source(name, text);
    free(text);
    return path;
}

struct job_files {
    const char *sources[2];
    char rejects[SOURCE_PATH_BYTES];
};

static struct lake_ingest_options make_job(struct job_files *files)
{
    files->sources[0] = make_source("a.csv", 0, ROWS_OF_A);
    files->sources[1] = make_source("b.csv", ROWS_OF_A, ROWS_OF_B);
    (void)snprintf(files->rejects, sizeof files->rejects, "%s/rejects.csv", fixture->root);
    struct lake_ingest_options options = options_of(files->sources, 2);
    options.dataset.period = "1m";
    options.rejects_path = files->rejects;
    return options;
}

static char *file_text(const char *path)
{
    enum { MOST_BYTES = 1 << 16 };
    char *text = calloc(1, MOST_BYTES);
    FILE *file = fopen(path, "rb");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, MOST_BYTES - 1, file) < MOST_BYTES - 1);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* What an ingest that nothing interrupts gives. */
struct wanted {
    char *rows, *rejects;
    struct lake_ingest_result result; /* its texts went with the lake */
    int64_t n_values, n_off_grid, n_reports;
};

static struct wanted make_wanted(void)
{
    struct lake_error err = {0};
    struct job_files files;
    struct wanted wanted;
    struct lake_ingest_options options = make_job(&files);
    struct stopper stopper = {.stop_at = 0};
    options.progress = (struct lake_progress){watch, &stopper};
    wanted.result = (struct lake_ingest_result){.size = sizeof wanted.result};
    lake_ok(ingest_run(fixture->lake, &options, &small, &wanted.result, &err));
    assert_false(wanted.result.can_resume);
    wanted.rows = read_text("BTCUSDT", NULL);
    wanted.rejects = file_text(files.rejects);
    wanted.n_reports = stopper.n_reports;
    wanted.n_values = n_rejected(&wanted.result, "value");
    wanted.n_off_grid = n_rejected(&wanted.result, "off-grid");
    assert_int_equal(wanted.result.rows_rejected, 18);
    assert_int_equal(wanted.result.gaps, 18);
    return wanted;
}

/* Texts name the fixture's folder, which differs from one to the next in its last characters only. */
static void assert_same_rejects(const char *a, const char *b)
{
    const char *name = strrchr(fixture->root, '-');
    size_t skipped = strlen(fixture->root);
    assert_non_null(name);
    assert_int_equal(strlen(a), strlen(b));
    for (; *a != '\0'; a++, b++)
        if (*a == '/') {
            a += skipped - 1;
            b += skipped - 1;
        } else {
            assert_int_equal(*a, *b);
        }
}

static void assert_equals_wanted(const struct wanted *wanted, const struct lake_ingest_result *result)
{
    char path[SOURCE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/rejects.csv", fixture->root);
    char *rows = read_text("BTCUSDT", NULL), *rejects = file_text(path);
    assert_string_equal(rows, wanted->rows);
    assert_same_rejects(rejects, wanted->rejects);
    assert_int_equal(result->rows_read, wanted->result.rows_read);
    assert_int_equal(result->rows_new, wanted->result.rows_new);
    assert_int_equal(result->rows_rejected, wanted->result.rows_rejected);
    assert_int_equal(result->gaps, wanted->result.gaps);
    assert_int_equal(result->bars_missing, wanted->result.bars_missing);
    assert_int_equal(result->source_bytes, wanted->result.source_bytes);
    assert_int_equal(result->n_findings, wanted->result.n_findings);
    assert_int_equal(n_rejected(result, "value"), wanted->n_values);
    assert_int_equal(n_rejected(result, "off-grid"), wanted->n_off_grid);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    free(rows);
    free(rejects);
}

static void renew(void)
{
    fixture_free(fixture);
    fixture = fixture_new();
}

static void free_wanted(struct wanted *wanted)
{
    free(wanted->rows);
    free(wanted->rejects);
}

static void test_cancelling_leaves_nothing_or_is_gone_on_with(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct wanted wanted = make_wanted();
    int64_t n_resumed = 0;
    for (int64_t i = 1; i <= wanted.n_reports; i++) {
        struct job_files files;
        struct lake_ingest_result result;
        renew();
        struct lake_ingest_options options = make_job(&files);
        lake_fails(run(&options, i, &result, &err), LAKE_CANCELLED, "ingest was stopped; nothing was committed");
        assert_int_equal(count_files(fixture->lake), 0);
        assert_int_equal(result.can_resume, strstr(err.message, "the same command goes on from there") != NULL);
        if (!result.can_resume) {
            assert_nothing_was_committed();
            continue;
        }
        lake_ok(run(&options, 0, &result, &err));
        assert_true(result.rows_resumed > 0 && result.rows_resumed <= result.rows_read);
        assert_equals_wanted(&wanted, &result);
        n_resumed++;
    }
    assert_true(n_resumed > wanted.n_reports / 2);
    free_wanted(&wanted);
}

/* Again and again, through another handle each time, as other processes would; each comes further than its safe point. */
static void test_many_interruptions(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct wanted wanted = make_wanted();
    struct job_files files;
    struct lake_ingest_result result;
    int64_t n_resumed = 0;
    renew();
    struct lake_ingest_options options = make_job(&files);
    while (run(&options, 8, &result, &err) == LAKE_CANCELLED) {
        assert_true(result.can_resume);
        fixture_reopen(fixture);
        n_resumed++;
        assert_true(n_resumed < MOST_REPORTS);
    }
    assert_true(n_resumed > 3);
    assert_true(result.rows_resumed > 0);
    assert_equals_wanted(&wanted, &result);
    free_wanted(&wanted);
}

static void interrupt(struct lake_ingest_options *options)
{
    struct lake_error err = {0};
    struct lake_ingest_result result;
    lake_fails(run(options, 20, &result, &err), LAKE_CANCELLED, "goes on from there");
}

static void test_what_was_done_can_be_discarded(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct wanted wanted = make_wanted();
    struct job_files files;
    struct lake_ingest_result result;
    renew();
    struct lake_ingest_options options = make_job(&files);
    interrupt(&options);
    assert_int_equal(unlink(files.rejects), 0);
    options.restart = true;
    lake_ok(run(&options, 0, &result, &err));
    assert_int_equal(result.rows_resumed, 0);
    assert_equals_wanted(&wanted, &result);
    free_wanted(&wanted);
}

/* Another job does not take it up, nor is it in the way. */
static void test_other_options_are_another_job(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct job_files files;
    struct lake_ingest_result result;
    struct lake_ingest_options options = make_job(&files);
    interrupt(&options);
    struct lake_ingest_options other = options;
    char path[SOURCE_PATH_BYTES + 8];
    (void)snprintf(path, sizeof path, "%s.other", files.rejects);
    other.rejects_path = path;
    other.checks = LAKE_CHECK_OFF;
    lake_ok(run(&other, 0, &result, &err));
    assert_int_equal(result.rows_resumed, 0);
    lake_ok(run(&options, 0, &result, &err));
    assert_true(result.rows_resumed > 0);
    assert_true(result.rows_new == 0 && result.rows_changed == 0);
}

static void test_a_source_that_became_another_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct job_files files;
    struct lake_ingest_result result;
    struct lake_ingest_options options = make_job(&files);
    interrupt(&options);
    char *text = file_text(files.rejects);
    free(text);
    (void)make_source("a.csv", 1, ROWS_OF_A);
    lake_fails(run(&options, 0, &result, &err), LAKE_CONFLICT, "is not the file that was being ingested");
    assert_non_null(strstr(err.message, "--restart discards what was done and begins anew"));
    assert_int_equal(count_files(fixture->lake), 0);
    /* It is put back: what was done is still there. */
    (void)make_source("a.csv", 0, ROWS_OF_A);
    lake_ok(run(&options, 0, &result, &err));
    assert_true(result.rows_resumed > 0);
}

/* More rejects may be allowed the next time: what was read is not read again. */
static void test_too_many_rejects_are_gone_on_with(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct wanted wanted = make_wanted();
    struct job_files files;
    struct lake_ingest_result result;
    renew();
    struct lake_ingest_options options = make_job(&files);
    options.max_rejects = 9;
    lake_fails(run(&options, 0, &result, &err), LAKE_INVALID_DATA, "more than 9 rows are wrong");
    assert_true(result.can_resume);
    options.max_rejects = 100;
    lake_ok(run(&options, 0, &result, &err));
    assert_true(result.rows_resumed > 0);
    assert_equals_wanted(&wanted, &result);
    free_wanted(&wanted);
}

/* Small sources are read again sooner than they are saved. */
static void test_small_sources_are_not_saved(void **state)
{
    (void)state;
    struct job_files files;
    struct lake_ingest_options options = make_job(&files);
    struct stopper stopper = {.stop_at = 1};
    options.progress = (struct lake_progress){watch, &stopper};
    assert_refused(&options, LAKE_CANCELLED, "nothing was committed");
    assert_int_equal(access(files.rejects, F_OK), -1);
}

/* The hour that clocks repeat is read the same way, wherever the work was interrupted in it. */
static void test_a_repeated_hour(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    static char text[200000];
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        skip();
    size_t at = (size_t)snprintf(text, sizeof text, BAR_HEADER);
    /* At 3 o'clock the clocks go back to 2. */
    for (int hour = 0; hour < 6; hour++)
        for (int minute = 0; minute < 60; minute++)
            at += (size_t)snprintf(text + at, sizeof text - at, "2023-10-29 %02d:%02d,1,2,1,2,%d\n",
                                   hour < 3 ? hour : hour - 1, minute, hour * 60 + minute);
    const struct ingest_tuning tiny = {.save_from_bytes = 1, .save_every_bytes = 1, .block_bytes = 512};
    char *whole = NULL;
    bool is_interrupted = true;
    for (int64_t stop_at = 0; is_interrupted; stop_at++) {
        struct stopper stopper = {.stop_at = stop_at};
        renew();
        const char *sources[] = {write_source("a.csv", text)};
        struct lake_ingest_options options = options_of(sources, 1);
        options.time_zone = "Europe/Berlin";
        options.progress = (struct lake_progress){watch, &stopper};
        result = (struct lake_ingest_result){.size = sizeof result};
        lake_status status = ingest_run(fixture->lake, &options, &tiny, &result, &err);
        is_interrupted = stop_at == 0 || status == LAKE_CANCELLED;
        options.progress = (struct lake_progress){NULL, NULL};
        if (status == LAKE_CANCELLED)
            lake_ok(ingest_run(fixture->lake, &options, &tiny, &result, &err));
        if (result.rows_new != 360)
            fail_msg("stopped at report %lld: %lld rows", (long long)stop_at, (long long)result.rows_new);
        assert_int_equal(result.bars_missing, 0);
        char *rows = read_text("BTCUSDT", NULL);
        if (whole != NULL)
            assert_string_equal(rows, whole);
        free(whole);
        whole = rows;
    }
    free(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cancelling_leaves_nothing_or_is_gone_on_with),
        TEST(test_many_interruptions),
        TEST(test_what_was_done_can_be_discarded),
        TEST(test_other_options_are_another_job),
        TEST(test_a_source_that_became_another_is_refused),
        TEST(test_too_many_rejects_are_gone_on_with),
        TEST(test_small_sources_are_not_saved),
        TEST(test_a_repeated_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
