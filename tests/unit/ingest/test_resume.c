/* Which ingests are the same job, and where one stands. */
#include "unit/lake/lake_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "ingest/resume.h"

static const char *const two_paths[] = {"a.csv", "-"};

static void job_of(const struct lake_ingest_options *options, const char *const *paths, size_t n,
                   uint8_t job[SHA256_BYTES])
{
    assert_int_equal(resume_job(io_system(), options, paths, n, job, NULL), LAKE_OK);
}

static bool is_same_job(const struct lake_ingest_options *a, const struct lake_ingest_options *b)
{
    uint8_t one[SHA256_BYTES], other[SHA256_BYTES];
    job_of(a, two_paths, 2, one);
    job_of(b, two_paths, 2, other);
    return memcmp(one, other, SHA256_BYTES) == 0;
}

static const struct lake_ingest_options plain = {
    .size = sizeof plain, .dataset = {"binance", NULL, "BTCUSDT", NULL, "1m"}, .time_zone = "UTC"};

/* Every option that changes which rows come out makes another job. */
static void test_options_make_the_job(void **state)
{
    static const char *const columns[] = {"ts", "-"}, *const others[] = {"ts-"};
    enum { N = 13 };
    struct lake_ingest_options options[N];
    (void)state;
    for (size_t i = 0; i < N; i++)
        options[i] = plain;
    options[0].dataset.exchange = "bybit";
    options[1].dataset.market = "SPOT";
    options[2].dataset.symbol = "ETHUSDT";
    options[3].dataset.type = "raw";
    options[4].dataset.period = "5m";
    options[5].separator = "tab";
    options[6].header = "no";
    options[7].decimal = "comma";
    options[8].time_format = "ms";
    options[9].time_zone = "+09:00";
    options[10].stamp = "close";
    options[11].rejects_path = "rejects.csv";
    options[12].checks = LAKE_CHECK_OFF;
    for (size_t i = 0; i < N; i++) {
        assert_false(is_same_job(&plain, &options[i]));
        assert_true(is_same_job(&options[i], &options[i]));
    }
    struct lake_ingest_options a = plain, b = plain;
    a.columns = columns;
    a.n_columns = 2;
    b.columns = others;
    b.n_columns = 1;
    assert_false(is_same_job(&a, &b));
    assert_false(is_same_job(&a, &plain));
    a = b = plain;
    a.separator = "x"; /* the same letters in another place */
    b.header = "x";
    assert_false(is_same_job(&a, &b));
    b = plain;
    b.dataset.market = ""; /* given as nothing is another job than not given: that costs time only */
    assert_false(is_same_job(&plain, &b));
}

static void test_what_changes_no_row_does_not(void **state)
{
    struct lake_ingest_options other = plain;
    (void)state;
    other.max_rejects = 7;
    other.restart = true;
    other.dry_run = true;
    assert_true(is_same_job(&plain, &other));
}

static void test_paths_make_the_job(void **state)
{
    char root[] = "/tmp/resume-test-XXXXXX", path[64], link_path[64], around[64];
    uint8_t jobs[5][SHA256_BYTES];
    (void)state;
    assert_non_null(mkdtemp(root));
    (void)snprintf(path, sizeof path, "%s/a.csv", root);
    (void)snprintf(link_path, sizeof link_path, "%s/b.csv", root);
    (void)snprintf(around, sizeof around, "%s/./a.csv", root);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(symlink(path, link_path), 0);
    const char *const ways[][2] = {{path, "-"}, {link_path, "-"}, {around, "-"}, {"-", path}};
    for (size_t i = 0; i < 4; i++)
        job_of(&plain, ways[i], 2, jobs[i]);
    job_of(&plain, ways[0], 1, jobs[4]);
    assert_memory_equal(jobs[0], jobs[1], SHA256_BYTES);
    assert_memory_equal(jobs[0], jobs[2], SHA256_BYTES);
    assert_memory_not_equal(jobs[0], jobs[3], SHA256_BYTES);
    assert_memory_not_equal(jobs[0], jobs[4], SHA256_BYTES);
    assert_int_equal(unlink(path) + unlink(link_path) + rmdir(root), 0);
}

static void leave(struct lake *lake, const uint8_t job[SHA256_BYTES], const struct resume_point *point)
{
    struct lake_write *write = begin_write(lake, "BTCUSDT", "1m");
    append_bars(write, bars_from(DAY_2024, 10), 10);
    assert_int_equal(resume_save(write, job, point, NULL), LAKE_OK);
    lake_write_keep(write);
    lake_write_free(write);
}

static void test_a_point_is_read_as_it_was_saved(void **state)
{
    const uint8_t job[SHA256_BYTES] = {5};
    struct fixture *fixture = fixture_new();
    struct lake_write *write = NULL;
    struct resume_point point = {.source = 3,
                                 .member = 2,
                                 .position = {INT64_C(13000000000), 987654321},
                                 .mark = {INT64_C(12000000000), {1, 2, 3}},
                                 .texts = BUFFER_INIT(KIB)};
    struct resume_point found;
    (void)state;
    for (int i = 0; i < RESUME_COUNTERS; i++)
        point.counters[i] = i % 2 == 0 ? -i : INT64_MAX - i;
    assert_int_equal(buffer_append(&point.texts, "some\0text", 9, NULL), LAKE_OK);
    leave(fixture->lake, job, &point);
    assert_int_equal(resume_load(fixture->lake, job, &write, &found, NULL), LAKE_OK);
    assert_non_null(write);
    assert_int_equal(found.source, 3);
    assert_int_equal(found.member, 2);
    assert_int_equal(found.position.offset, point.position.offset);
    assert_int_equal(found.position.line, point.position.line);
    assert_int_equal(found.mark.n_bytes, point.mark.n_bytes);
    assert_memory_equal(found.mark.digest, point.mark.digest, SHA256_BYTES);
    assert_memory_equal(found.counters, point.counters, sizeof point.counters);
    assert_int_equal(found.texts.length, 9);
    assert_memory_equal(found.texts.data, "some\0text", 9);
    assert_int_equal(commit_write(write).rows_new, 10);
    buffer_release(&point.texts);
    buffer_release(&found.texts);
    fixture_free(fixture);
}

static void test_nothing_saved_is_the_beginning(void **state)
{
    const uint8_t job[SHA256_BYTES] = {5};
    struct fixture *fixture = fixture_new();
    struct lake_write *write = NULL;
    struct resume_point found;
    (void)state;
    assert_int_equal(resume_load(fixture->lake, job, &write, &found, NULL), LAKE_OK);
    assert_null(write);
    assert_int_equal(found.source + found.member, 0);
    assert_int_equal(found.texts.length, 0);
    buffer_release(&found.texts);
    fixture_free(fixture);
}

/* A note that this version does not understand: from the beginning, and it says so. */
static void test_another_note_is_given_up(void **state)
{
    static const char *const notes[] = {"", "\x02 of another version", "\x01 too short"};
    const uint8_t job[SHA256_BYTES] = {5};
    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct fixture *fixture = fixture_new();
        struct buffer note = BUFFER_INIT(KIB);
        struct resume_point found;
        struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
        assert_int_equal(buffer_append_text(&note, notes[i], NULL), LAKE_OK);
        assert_int_equal(lake_write_save(write, job, &note, NULL), LAKE_OK);
        lake_write_keep(write);
        lake_write_free(write);
        assert_int_equal(resume_load(fixture->lake, job, &write, &found, NULL), LAKE_OK);
        assert_null(write);
        assert_true(found.texts.length > 0);
        assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
        buffer_release(&note);
        buffer_release(&found.texts);
        fixture_free(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_make_the_job),
        cmocka_unit_test(test_what_changes_no_row_does_not),
        cmocka_unit_test(test_paths_make_the_job),
        cmocka_unit_test(test_a_point_is_read_as_it_was_saved),
        cmocka_unit_test(test_nothing_saved_is_the_beginning),
        cmocka_unit_test(test_another_note_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
