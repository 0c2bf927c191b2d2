/* History goes when its time is over, and not a millisecond before; never what a scan or a name still needs. */
#include "history_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lake/expiry.h"
#include "lake/readers.h"

enum { DAYS_ON = 8, LARGE_ROWS = 1440 };

static struct clock test_clock;

static int set_up(void **state)
{
    test_clock.now_ms = DAY_2024;
    *state = fixture_new_at(&test_clock);
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

/* What a commit does on the side, without one. */
static struct expiry_counts expire(struct lake *lake, bool with_bytes)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct expiry_counts counts = {0, 0, 0};
    struct manifest_file *files = NULL;
    struct file_lock lock = {0};
    size_t n = 0;
    bool is_due = false;
    ASSERT_OK(lake_lock(lake, &lock, 0, "expiry", err));
    ASSERT_OK(expiry_make_durable(lake, true, &is_due, err));
    ASSERT_OK(expiry_find(lake, 1000, &arena, &files, &n, err));
    mutex_lock(lake->mutex);
    ASSERT_OK(manifest_begin(lake->manifest, err));
    if (is_due)
        ASSERT_OK(expiry_clear_removals(lake, err));
    ASSERT_OK(expiry_record(lake, files, n, &counts, err));
    ASSERT_OK(manifest_commit(lake->manifest, err));
    mutex_unlock(lake->mutex);
    if (with_bytes)
        ASSERT_OK(expiry_remove_files(lake, err));
    file_lock_release(&lock);
    arena_release(&arena);
    return counts;
}

static void assert_expires(struct lake *lake, int64_t n_files)
{
    struct expiry_counts counts = expire(lake, true);
    assert_int_equal(counts.n_files, n_files);
}

static size_t count_history(const struct fixture *fixture)
{
    return count_paths(fixture, ".lake/history", NULL);
}

/* What is outstanding is never expired: recovery clears it. */
static void settle(struct fixture *fixture)
{
    ASSERT_OK(fixture_try_open(fixture, clock_io(&test_clock), err));
    struct file_lock lock = {0};
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_outstanding *moves = NULL;
    size_t n = 0;
    ASSERT_OK(lake_lock(fixture->lake, &lock, 0, "test", err));
    ASSERT_OK(manifest_find_outstanding(fixture->lake->manifest, &arena, &moves, &n, err));
    ASSERT_OK(manifest_begin(fixture->lake->manifest, err));
    for (size_t i = 0; i < n; i++)
        ASSERT_OK(manifest_clear_outstanding(fixture->lake->manifest, moves[i].file_id, err));
    ASSERT_OK(manifest_commit(fixture->lake->manifest, err));
    file_lock_release(&lock);
    arena_release(&arena);
}

/* Two snapshots; the second leaves one superseded file whose rows all live on. */
static void grow(struct fixture *fixture)
{
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + 10 * MS_PER_MINUTE, 10), 10);
    settle(fixture);
    assert_int_equal(count_history(fixture), 1);
}

/* Two snapshots; the second changes a row of the first. */
static void change(struct fixture *fixture)
{
    struct bar bar = bar_of(DAY_2024 + MS_PER_MINUTE);
    bar.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    settle(fixture);
    assert_int_equal(count_history(fixture), 1);
}

static size_t count_past(struct lake *lake, int64_t snapshot)
{
    struct bar bars[LARGE_ROWS];
    size_t n = 0;
    const struct past past = {"BTCUSDT", snapshot, 0, 0};
    ASSERT_OK(read_past(lake, &past, bars, LARGE_ROWS, &n, err));
    return n;
}

static void assert_refused(struct lake *lake, int64_t snapshot, const char *says)
{
    struct bar bars[LARGE_ROWS];
    size_t n = 0;
    struct lake_error err = {LAKE_OK, ""};
    const struct past past = {"BTCUSDT", snapshot, 0, 0};
    assert_int_equal(read_past(lake, &past, bars, LARGE_ROWS, &n, &err), LAKE_NOT_FOUND);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void test_what_lives_on_stays_an_hour(void **state)
{
    struct fixture *fixture = *state;
    grow(fixture);
    test_clock.now_ms += MS_PER_HOUR;
    assert_expires(fixture->lake, 0);
    assert_int_equal(count_past(fixture->lake, 1), 10);
    test_clock.now_ms += 1;
    assert_expires(fixture->lake, 1);
    assert_int_equal(count_history(fixture), 0);
    assert_refused(fixture->lake, 1, "2024-01-01");
    assert_refused(fixture->lake, 1, "2");
    assert_int_equal(count_past(fixture->lake, 2), 20);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_what_was_changed_stays_seven_days(void **state)
{
    struct fixture *fixture = *state;
    change(fixture);
    test_clock.now_ms += 7 * MS_PER_DAY;
    assert_expires(fixture->lake, 0);
    assert_int_equal(count_past(fixture->lake, 1), 10);
    test_clock.now_ms += 1;
    assert_expires(fixture->lake, 1);
    assert_int_equal(count_history(fixture), 0);
    assert_refused(fixture->lake, 1, "2024-01-01");
}

static void test_the_policy_says_how_long(void **state)
{
    struct fixture *fixture = *state;
    change(fixture);
    fixture->lake->policy.keep_changed_ms = 5;
    test_clock.now_ms += 5;
    assert_expires(fixture->lake, 0);
    test_clock.now_ms += 1;
    assert_expires(fixture->lake, 1);
}

static void test_a_name_keeps_a_snapshot(void **state)
{
    struct fixture *fixture = *state;
    change(fixture);
    ASSERT_OK(lake_name_snapshot(fixture->lake, "audit", 1, err));
    test_clock.now_ms += DAYS_ON * MS_PER_DAY;
    assert_expires(fixture->lake, 0);
    assert_int_equal(count_past(fixture->lake, 1), 10);
    ASSERT_OK(lake_unname_snapshot(fixture->lake, "audit", err));
    assert_expires(fixture->lake, 1);
}

static void test_a_scan_keeps_what_it_reads(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    change(fixture);
    const struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}, .as_of = 1};
    ASSERT_OK(lake_scan_open(fixture->lake, &options, &scan, err));
    test_clock.now_ms += DAYS_ON * MS_PER_DAY;
    assert_expires(fixture->lake, 0);
    ASSERT_OK(lake_scan_next(scan, &array, err));
    assert_int_equal(array.length, 10);
    array.release(&array);
    lake_scan_close(scan);
    assert_expires(fixture->lake, 1);
}

/* Of what lives on, more than a twentieth of the live bytes (256 KiB at least) goes before its hour, oldest first. */
static void test_what_lives_on_takes_no_more_than_its_share(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = calloc(LARGE_ROWS, sizeof *bars);
    assert_non_null(bars);
    for (size_t i = 0; i < LARGE_ROWS; i++) {
        bars[i] = bar_of(DAY_2024 + (int64_t)i * MS_PER_MINUTE);
        bars[i].volume = sin((double)i); /* does not compress */
        bars[i].high = cos((double)i) + 2.0;
    }
    fixture->lake->policy.keep_unchanged_ms = 1000 * MS_PER_DAY;
    size_t n = 100;
    while (count_bytes(fixture, ".lake/history") < 3 << 17) {
        (void)write_bars(fixture->lake, "BTCUSDT", bars, n);
        n += 10;
        test_clock.now_ms += 1;
        if (n + 10 > LARGE_ROWS)
            fail_msg("the files are too small for this test");
        fixture->lake->policy.keep_unchanged_percent = 1000000; /* commits leave it alone */
    }
    settle(fixture);
    fixture->lake->policy.keep_unchanged_ms = 1000 * MS_PER_DAY;
    struct expiry_counts counts = expire(fixture->lake, true);
    assert_true(counts.n_files > 0);
    int64_t left = count_bytes(fixture, ".lake/history");
    assert_in_range(left, (1 << 18) - 60000, 1 << 18);
    assert_refused(fixture->lake, 1, "2024-01-01"); /* the oldest are gone */
    int64_t last = 0;
    ASSERT_OK(lake_find_snapshot(fixture->lake, "2024-01-02", &last, err));
    assert_int_equal(count_past(fixture->lake, last - 1), n - 20);
    assert_int_equal(expire(fixture->lake, true).n_files, 0);
    free(bars);
}

/* Dead between the commit that forgets and the removal of the bytes: the next to open removes them. */
static void test_a_crash_before_the_bytes_went(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena = ARENA_INIT(1 << 20);
    const char **paths = NULL;
    size_t n = 0;
    grow(fixture);
    test_clock.now_ms += 2 * MS_PER_HOUR;
    assert_int_equal(expire(fixture->lake, false).n_files, 1);
    assert_int_equal(count_history(fixture), 1);
    ASSERT_OK(manifest_find_removals(fixture->lake->manifest, &arena, &paths, &n, err));
    assert_int_equal(n, 1);
    assert_int_equal(expire(fixture->lake, false).n_files, 0); /* the next finishes and clears it */
    assert_int_equal(count_history(fixture), 0);
    ASSERT_OK(manifest_find_removals(fixture->lake->manifest, &arena, &paths, &n, err));
    assert_int_equal(n, 0);
    arena_release(&arena);
}

/* The bytes of a removal that cannot be removed stay a removal: nothing else is held up. */
static int failing_remove(void *context, const char *path)
{
    return strstr(path, "/history/") != NULL ? -5 : io_system().ops->remove(context, path);
}

static void test_bytes_that_cannot_be_removed_hold_nothing_up(void **state)
{
    struct fixture *fixture = *state;
    struct arena arena = ARENA_INIT(1 << 20);
    const char **paths = NULL;
    size_t n = 0;
    grow(fixture);
    test_clock.now_ms += 2 * MS_PER_HOUR;
    assert_int_equal(expire(fixture->lake, false).n_files, 1);
    test_clock.ops.remove = failing_remove;
    assert_int_equal(expire(fixture->lake, false).n_files, 0);
    ASSERT_OK(manifest_find_removals(fixture->lake->manifest, &arena, &paths, &n, err));
    assert_int_equal(n, 1);
    assert_int_not_equal(expiry_remove_files(fixture->lake, NULL), LAKE_OK);
    test_clock.ops.remove = io_system().ops->remove;
    assert_int_equal(expire(fixture->lake, false).n_files, 0);
    ASSERT_OK(manifest_find_removals(fixture->lake->manifest, &arena, &paths, &n, err));
    assert_int_equal(n, 0);
    assert_int_equal(count_history(fixture), 0);
    arena_release(&arena);
}

/* Operations whose every effect is gone leave the log beyond those it keeps; what is live keeps its own. */
static void test_the_log_is_pruned(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream;
    for (int64_t i = 0; i < 20; i++)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + i * MS_PER_MINUTE, 1), 1);
    settle(fixture);
    fixture->lake->policy.keep_log = 5;
    test_clock.now_ms += DAYS_ON * MS_PER_DAY;
    struct expiry_counts counts = expire(fixture->lake, true);
    assert_int_equal(counts.n_files, 19);
    assert_true(counts.n_operations > 0);
    ASSERT_OK(lake_log(fixture->lake, NULL, &stream, err));
    struct table *table = table_read(&stream);
    assert_int_equal(table->n_rows, 20 - counts.n_operations);
    assert_in_range(table->n_rows, 5, 7);
    assert_string_equal(table_get(table, 0, "snapshot"), "20");
    table_free(table);
    assert_int_equal(count_past(fixture->lake, 20), 20);
}

/* A scan of another process holds its snapshot through everything that is committed and expired meanwhile. */
static void read_slowly(const char *root, int started, int go_on)
{
    struct fixture own = {.n_threads = 1};
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    char byte = 0;
    const struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}};
    (void)snprintf(own.root, sizeof own.root, "%s", root);
    if (fixture_try_open(&own, io_system(), NULL) != LAKE_OK ||
        lake_scan_open(own.lake, &options, &scan, NULL) != LAKE_OK)
        _exit(1);
    if (write(started, "x", 1) != 1 || read(go_on, &byte, 1) != 1)
        _exit(2);
    if (lake_scan_next(scan, &array, NULL) != LAKE_OK || array.release == NULL)
        _exit(3);
    const int64_t *ts = array.children[0]->buffers[1];
    const double *close_prices = array.children[4]->buffers[1];
    for (int64_t i = 0; i < array.length; i++)
        if (ts[i] != DAY_2024 + i * MS_PER_MINUTE || close_prices[i] != bar_of(ts[i]).close)
            _exit(4);
    _exit(array.length == 10 ? 0 : 5);
}

static void test_a_scan_of_another_process_is_not_disturbed(void **state)
{
    struct fixture *fixture = *state;
    int started[2], go_on[2], how = -1;
    char byte = 0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(pipe(started), 0);
    assert_int_equal(pipe(go_on), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        read_slowly(fixture->root, started[1], go_on[0]);
    assert_int_equal(read(started[0], &byte, 1), 1);
    ASSERT_OK(fixture_try_open(fixture, clock_io(&test_clock), err));
    for (int64_t i = 0; i < 50; i++) {
        struct bar bars[20];
        memcpy(bars, bars_from(DAY_2024, 20), sizeof bars);
        bars[i % 20].close = -(double)(i + 1);
        test_clock.now_ms += MS_PER_DAY;
        (void)write_bars(fixture->lake, "BTCUSDT", bars, 20);
    }
    settle(fixture);
    (void)expire(fixture->lake, true);
    assert_int_equal(write(go_on[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    (void)expire(fixture->lake, true);
    assert_refused(fixture->lake, 1, "2024-01-01"); /* then it goes */
    for (int i = 0; i < 2; i++) {
        (void)close(started[i]);
        (void)close(go_on[i]);
    }
}

/* Who may not register reads on at his own risk, and is told what happened. */
static int refusing_open(void *context, const char *path, enum io_open_mode mode)
{
    if (strstr(path, "/readers/") != NULL && mode == IO_OPEN_LOCK)
        return -13; /* EACCES */
    return io_system().ops->open(context, path, mode);
}

static void test_a_scan_that_could_not_register(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error failure = {LAKE_OK, ""};
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    settle(fixture);
    test_clock.ops.open = refusing_open;
    const struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}};
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, NULL), LAKE_OK);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + MS_PER_HOUR, 10), 10);
    mutex_lock(fixture->lake->mutex);
    ASSERT_OK(manifest_begin(fixture->lake->manifest, err));
    ASSERT_OK(manifest_clear_outstanding(fixture->lake->manifest, 1, err));
    ASSERT_OK(manifest_commit(fixture->lake->manifest, err));
    mutex_unlock(fixture->lake->mutex);
    test_clock.now_ms += 2 * MS_PER_HOUR;
    assert_expires(fixture->lake, 1);
    assert_int_equal(lake_scan_next(scan, &array, &failure), LAKE_NOT_FOUND);
    assert_non_null(strstr(failure.message, "expired while they were read"));
    assert_non_null(strstr(failure.message, "read again"));
    lake_scan_close(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_lives_on_stays_an_hour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_changed_stays_seven_days, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_policy_says_how_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_name_keeps_a_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_scan_keeps_what_it_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_lives_on_takes_no_more_than_its_share, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_crash_before_the_bytes_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bytes_that_cannot_be_removed_hold_nothing_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_log_is_pruned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_scan_of_another_process_is_not_disturbed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_scan_that_could_not_register, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
