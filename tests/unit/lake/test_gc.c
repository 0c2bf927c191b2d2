/* Removal of what nothing refers to, and of nothing else. */
#include "maintain_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <datalake/history.h>

#include "unit/base/check.h"

static const struct lake_maintain_options gc = {.gc = true};

enum { PATH_BYTES = 3 * FIXTURE_PATH_BYTES };

/* A path of the fixture. The text lives until the next call but one. */
static const char *path_in(const struct fixture *fixture, const char *below)
{
    static char paths[2][PATH_BYTES];
    static size_t next;
    next = 1 - next;
    (void)snprintf(paths[next], PATH_BYTES, "%s/%s", fixture->root, below);
    return paths[next];
}

static bool is_there(const struct fixture *fixture, const char *below)
{
    return access(path_in(fixture, below), F_OK) == 0;
}

static void put_file(const struct fixture *fixture, const char *below, const char *text)
{
    FILE *file = fopen(path_in(fixture, below), "wb");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static int64_t modified_ms(const struct fixture *fixture, const char *below)
{
    struct io io = io_system();
    struct io_status found;
    assert_int_equal(io.ops->status(io.context, path_in(fixture, below), &found), 0);
    return found.modified_ms;
}

#define ORPHAN ".lake/history/BTCUSDT-1m-2024-01-01-0123456789abcdef.parquet.retired"

/* To the millisecond: what is as old as a day goes. */
static void test_an_orphan_goes_after_a_day(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 2);
    write_days(fixture->lake, "BTCUSDT", 1, 1);
    struct bar bar = bar_of(DAY_2024);
    bar.close = -1;
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 1); /* it is known, and stays */
    put_file(fixture, ORPHAN, "orphan");
    now_ms = modified_ms(fixture, ORPHAN) + MS_PER_DAY - 1;
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    assert_true(is_there(fixture, ORPHAN));
    now_ms++;
    const struct plan *plan = maintain_twice(fixture->lake, gc);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].task, "gc");
    assert_string_equal(plan->rows[0].what, strchr(ORPHAN, '/') + 1);
    assert_int_equal(plan->rows[0].n_files, 1);
    assert_int_equal(plan->rows[0].n_bytes, 6);
    assert_int_equal(plan->result.orphans_removed, 1);
    assert_int_equal(plan->result.orphan_bytes, 6);
    assert_false(is_there(fixture, ORPHAN));
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 1);
    fixture_free(fixture);
}

/* A live file that somebody moved to history, as where an older manifest was put back: it is read from there, and kept. */
static void test_what_is_live_is_no_orphan(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    char from[PATH_BYTES], to[PATH_BYTES];
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, 2);
    write_days(fixture->lake, "ETHUSDT", 0, 2);
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    (void)snprintf(from, sizeof from, "%s/data/%s", fixture->root, files[0].path);
    (void)snprintf(to, sizeof to, "%s/.lake/history", fixture->root);
    (void)mkdir(to, 0777);
    (void)snprintf(to, sizeof to, "%s/.lake/history/%s.retired", fixture->root, strrchr(files[0].path, '/') + 1);
    assert_int_equal(rename(from, to), 0);
    now_ms = INT64_MAX / 2;
    assert_int_equal(maintain(fixture->lake, gc)->result.orphans_removed, 0);
    assert_int_equal(access(to, F_OK), 0);
    assert_days(fixture->lake, "BTCUSDT", 0, 2, -1);
    fixture_free(fixture);
}

/* What has not the shape of a retired file's name is not ours to remove. */
static void test_other_files_in_history_stay(void **state)
{
    (void)state;
    static const char *const names[] = {
        ".lake/history/notes.txt",
        ".lake/history/.retired",
        ".lake/history/.parquet.retired",
        ".lake/history/BTCUSDT-1m-2024-01-01-0123456789abcdef.parquet",
        ".lake/history/BTCUSDT-1m-2024-13-01-0123456789abcdef.parquet.retired",
        ".lake/history/2024-01-01-0123456789abcdef.parquet.retired",
    };
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    (void)mkdir(path_in(fixture, ".lake/history"), 0777);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_file(fixture, names[i], "?");
    put_file(fixture, ORPHAN, "?");
    now_ms = INT64_MAX / 2;
    assert_int_equal(maintain(fixture->lake, gc)->result.orphans_removed, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!is_there(fixture, names[i]))
            fail_msg("%s is gone", names[i]);
    fixture_free(fixture);
}

static void test_directories_left_empty_go(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 40);
    (void)maintain(fixture->lake, (struct lake_maintain_options){.compact = true});
    assert_true(is_there(fixture, "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/05"));
    assert_int_equal(mkdir(path_in(fixture, "data/TEST/SPOT"), 0777), 0);
    assert_int_equal(mkdir(path_in(fixture, "data/TEST/SPOT/EMPTY"), 0777), 0);
    put_file(fixture, "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/06/notes.txt", "mine");
    const struct plan *plan = maintain_twice(fixture->lake, gc);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].what, "empty directories");
    assert_int_equal(plan->rows[0].n_files, 40 - 1 + 2);
    assert_int_equal(plan->result.orphans_removed, 0);
    assert_false(is_there(fixture, "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/05"));
    assert_false(is_there(fixture, "data/TEST/SPOT"));
    assert_true(is_there(fixture, "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/06/notes.txt"));
    assert_days(fixture->lake, "BTCUSDT", 0, 40, -1);
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    write_days(fixture->lake, "BTCUSDT", 45, 1);
    fixture_free(fixture);
}

static void test_the_data_root_stays(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    assert_true(is_there(fixture, "data"));
    fixture_free(fixture);
}

/* A commit after the directories of its own outstanding moves were removed: it makes those durable first. */
static void test_writing_goes_on_after_directories_went(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 400 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    for (int round = 0; round < 4; round++) {
        write_days(fixture->lake, "BTCUSDT", round * 31, 31);
        (void)maintain(fixture->lake, (struct lake_maintain_options){.compact = true, .gc = true});
        write_days(fixture->lake, "ETHUSDT", round, 1);
    }
    clock_fixture_reopen(fixture, &now_ms);
    assert_days(fixture->lake, "BTCUSDT", 0, 4 * 31, -1);
    assert_days(fixture->lake, "ETHUSDT", 0, 4, -1);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* Between two steps a day is deleted: the move of its file waits to be made durable, and its directory with it. */
static int delete_a_day(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct lake_error err = {0};
    struct lake_delete_options options = {.size = sizeof options,
                                          .selection = {.symbol = "BTCUSDT"},
                                          .has_start = true,
                                          .has_end = true,
                                          .start_ms = DAY_2024 + MS_PER_DAY,
                                          .end_ms = DAY_2024 + 2 * MS_PER_DAY};
    struct lake_change_result result = {.size = sizeof result};
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    lake_ok(lake_delete(context, &options, &result, &err));
    return 0;
}

static void test_a_directory_that_a_move_waits_for_stays(void **state)
{
    (void)state;
    static const char day[] = "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/02";
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_maintain_options options = {.gc = true, .progress = {delete_a_day, fixture->lake}};
    write_days(fixture->lake, "BTCUSDT", 0, 3);
    (void)mkdir(path_in(fixture, ".lake/history"), 0777);
    put_file(fixture, ORPHAN, "orphan"); /* so that there is a step before the one on directories */
    now_ms = modified_ms(fixture, ORPHAN) + MS_PER_DAY;
    assert_int_equal(maintain(fixture->lake, options)->n, 1);
    assert_days(fixture->lake, "BTCUSDT", 0, 3, 1);
    assert_true(is_there(fixture, day));
    assert_int_equal(maintain_twice(fixture->lake, gc)->rows[0].n_files, 1);
    assert_false(is_there(fixture, day));
    fixture_free(fixture);
}

/* ---- dead processes ---- */

/* A child stages rows, begins a scan, and is gone without a word. */
static void leave_things(const struct fixture *fixture, int64_t *now_ms)
{
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        struct fixture own = *fixture;
        struct lake_scan *scan = NULL;
        struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}};
        own.lake = NULL;
        if (fixture_try_open(&own, clock_io(now_ms), NULL) != LAKE_OK ||
            lake_scan_open(own.lake, &options, &scan, NULL) != LAKE_OK)
            _exit(1);
        struct lake_write *write = begin_write(own.lake, "ETHUSDT", "1m");
        for (int day = 0; day < 200; day++)
            append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY, 2), 2);
        settle_write(write);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_what_dead_processes_left_goes(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 3);
    leave_things(fixture, &now_ms);
    size_t n_staged = count_paths(fixture, ".lake/staging", NULL),
           n_readers = count_paths(fixture, ".lake/readers", NULL);
    assert_true(n_staged > 64);
    assert_int_equal(n_readers, 1);
    const struct plan *plan = maintain_twice(fixture->lake, gc);
    assert_int_equal(plan->n, 2);
    assert_memory_equal(plan->rows[0].what, "staging/", 8);
    assert_int_equal(plan->rows[0].n_files, n_staged);
    assert_true(plan->rows[0].n_bytes > 0);
    assert_memory_equal(plan->rows[1].what, "readers/", 8);
    assert_int_equal(plan->rows[1].n_files, 1);
    assert_int_equal(plan->result.orphans_removed, n_staged + 1);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_int_equal(count_paths(fixture, ".lake/readers", NULL), 0);
    assert_days(fixture->lake, "BTCUSDT", 0, 3, -1);
    fixture_free(fixture);
}

/* This process's own write and scan live. */
static void test_the_living_keep_what_is_theirs(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_scan *scan = NULL;
    struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}};
    write_days(fixture->lake, "BTCUSDT", 0, 3);
    lake_ok(lake_scan_open(fixture->lake, &options, &scan, &err));
    struct lake_write *write = begin_write(fixture->lake, "ETHUSDT", "1m");
    for (int day = 0; day < 200; day++)
        append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
    settle_write(write);
    size_t n_staged = count_paths(fixture, ".lake/staging", NULL);
    assert_true(n_staged > 64);
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), n_staged);
    assert_int_equal(count_paths(fixture, ".lake/readers", NULL), 1);
    (void)commit_write(write);
    assert_days(fixture->lake, "ETHUSDT", 0, 200, -1);
    lake_scan_close(scan);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_orphan_goes_after_a_day),
        cmocka_unit_test(test_what_is_live_is_no_orphan),
        cmocka_unit_test(test_other_files_in_history_stay),
        cmocka_unit_test(test_directories_left_empty_go),
        cmocka_unit_test(test_the_data_root_stays),
        cmocka_unit_test(test_writing_goes_on_after_directories_went),
        cmocka_unit_test(test_a_directory_that_a_move_waits_for_stays),
        cmocka_unit_test(test_what_dead_processes_left_goes),
        cmocka_unit_test(test_the_living_keep_what_is_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
