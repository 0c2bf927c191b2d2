/* What running scans need is known to whoever expires, in this process and in others, and forgotten when they end. */
#include "history_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lake/readers.h"

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    for (int64_t i = 0; i < 5; i++)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + i * MS_PER_MINUTE, 1), 1);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static int64_t oldest_of(struct lake *lake, int64_t last)
{
    struct lake_error err = {LAKE_OK, ""};
    int64_t oldest = -1;
    if (readers_oldest(lake, last, &oldest, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return oldest;
}

static struct reader_pin pin(struct lake *lake, int64_t as_of)
{
    struct lake_error err = {LAKE_OK, ""};
    struct reader_pin result;
    if (readers_pin(lake, as_of, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return result;
}

static size_t count_reader_files(const struct fixture *fixture)
{
    return count_paths(fixture, ".lake/readers", NULL);
}

static void test_nobody_reads(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(oldest_of(fixture->lake, 5), 5);
}

static void test_the_oldest_of_several_counts(void **state)
{
    struct fixture *fixture = *state;
    struct reader_pin now = pin(fixture->lake, 0);
    assert_true(now.is_held);
    assert_int_equal(now.snapshot, 5);
    struct reader_pin past = pin(fixture->lake, 2);
    struct reader_pin same = pin(fixture->lake, 2);
    struct reader_pin older = pin(fixture->lake, 1);
    assert_int_equal(oldest_of(fixture->lake, 7), 1);
    readers_unpin(fixture->lake, &older);
    assert_int_equal(oldest_of(fixture->lake, 7), 2);
    readers_unpin(fixture->lake, &past);
    readers_unpin(fixture->lake, &past); /* again: nothing */
    assert_int_equal(oldest_of(fixture->lake, 7), 2);
    readers_unpin(fixture->lake, &same);
    assert_int_equal(oldest_of(fixture->lake, 7), 5);
    readers_unpin(fixture->lake, &now);
    assert_int_equal(oldest_of(fixture->lake, 7), 7);
    assert_int_equal(count_reader_files(fixture), 1);
}

static void test_a_pin_is_raised_to_what_was_resolved(void **state)
{
    struct fixture *fixture = *state;
    struct reader_pin first = pin(fixture->lake, 0);
    readers_raise(fixture->lake, &first, 9);
    assert_int_equal(oldest_of(fixture->lake, 12), 9);
    struct reader_pin second = pin(fixture->lake, 0); /* knows of it now */
    assert_int_equal(second.snapshot, 9);
    readers_raise(fixture->lake, &second, 3); /* never lower */
    assert_int_equal(oldest_of(fixture->lake, 12), 9);
    readers_unpin(fixture->lake, &first);
    readers_unpin(fixture->lake, &second);
}

/* A scan open in this process keeps its snapshot, a stream made of it too. */
static void test_scans_pin(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan *scan = NULL;
    struct ArrowArrayStream stream;
    const struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}, .as_of = 3};
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, NULL), LAKE_OK);
    assert_int_equal(oldest_of(fixture->lake, 5), 3);
    assert_int_equal(lake_scan_take_stream(scan, &stream, NULL), LAKE_OK);
    assert_int_equal(oldest_of(fixture->lake, 5), 3);
    stream.release(&stream);
    assert_int_equal(oldest_of(fixture->lake, 5), 5);
}

static void test_a_file_that_grows_long_is_changed(void **state)
{
    struct fixture *fixture = *state;
    struct reader_pin kept = pin(fixture->lake, 4);
    for (int64_t i = 0; i < 10000; i++) {
        struct reader_pin some = pin(fixture->lake, 1 + i % 3);
        if (i % 997 == 0)
            assert_int_equal(oldest_of(fixture->lake, 5), 1 + i % 3);
        readers_unpin(fixture->lake, &some);
    }
    assert_int_equal(oldest_of(fixture->lake, 5), 4);
    assert_int_equal(count_reader_files(fixture), 1);
    assert_true(count_bytes(fixture, ".lake/readers") < 200000);
    readers_unpin(fixture->lake, &kept);
}

static void test_closing_the_lake_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct reader_pin some = pin(fixture->lake, 2);
    assert_int_equal(count_reader_files(fixture), 1);
    readers_unpin(fixture->lake, &some);
    fixture_reopen(fixture);
    assert_int_equal(count_reader_files(fixture), 0);
}

/* ---- other processes ---- */

/* A process of its own that opens the lake, pins a snapshot, says so, and lives until it is killed. */
static pid_t start_reader(const struct fixture *fixture, int64_t snapshot)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fixture own = {.n_threads = 1};
        struct reader_pin held;
        (void)snprintf(own.root, sizeof own.root, "%s", fixture->root);
        if (fixture_try_open(&own, io_system(), NULL) != LAKE_OK ||
            readers_pin(own.lake, snapshot, &held, NULL) != LAKE_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    (void)close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    return child;
}

static void end_reader(pid_t child)
{
    int how = 0;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
}

static void test_readers_of_other_processes(void **state)
{
    struct fixture *fixture = *state;
    lake_close(fixture->lake); /* a handle is not for two processes */
    fixture->lake = NULL;
    pid_t first = start_reader(fixture, 2);
    pid_t second = start_reader(fixture, 4);
    fixture_reopen(fixture);
    assert_int_equal(oldest_of(fixture->lake, 5), 2);
    end_reader(first);
    assert_int_equal(oldest_of(fixture->lake, 5), 4);
    assert_int_equal(count_reader_files(fixture), 1); /* the dead one's is gone */
    end_reader(second);
    assert_int_equal(oldest_of(fixture->lake, 5), 5);
    assert_int_equal(count_reader_files(fixture), 0);
}

/* ---- while others look ---- */

/* A reader that goes on to a new file between the listing of the names and the look at its old one. */
struct moving {
    struct io_ops ops;
    const char *from, *to;
    int n_lists;
};

static int moving_list(void *context, const char *path, io_list_entry entry, void *entry_context)
{
    struct moving *moving = context;
    int result = io_system().ops->list(NULL, path, entry, entry_context);
    if (strstr(path, "/readers") != NULL && moving->n_lists++ == 0)
        assert_int_equal(rename(moving->from, moving->to), 0); /* the lock stays with the file */
    return result;
}

static void test_a_reader_that_changes_its_file_is_not_missed(void **state)
{
    struct fixture *fixture = *state;
    char from[FIXTURE_PATH_BYTES + 64], to[FIXTURE_PATH_BYTES + 64];
    struct file_lock lock = {0};
    struct moving moving = {.ops = *io_system().ops, .from = from, .to = to};
    moving.ops.list = moving_list;
    assert_int_equal(fixture_try_open(fixture, (struct io){&moving.ops, &moving}, NULL), LAKE_OK);
    struct reader_pin some = pin(fixture->lake, 4); /* makes the directory */
    (void)snprintf(from, sizeof from, "%s/.lake/readers/0000000000000001.lock", fixture->root);
    (void)snprintf(to, sizeof to, "%s/.lake/readers/0000000000000002.lock", fixture->root);
    assert_int_equal(file_lock_acquire(&lock, io_system(), from, IO_LOCK_EXCLUSIVE, 0, "reading", NULL), LAKE_OK);
    FILE *file = fopen(from, "w");
    assert_non_null(file);
    assert_true(fputs("0000000000000000002\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(oldest_of(fixture->lake, 5), 2);
    assert_int_equal(moving.n_lists, 2);
    file_lock_release(&lock);
    readers_unpin(fixture->lake, &some);
    lake_close(fixture->lake); /* before what its io points to goes */
    fixture->lake = NULL;
    fixture_reopen(fixture);
}

enum { N_THREADS = 4, PINS_A_THREAD = 2000 };

static lake_status pin_often(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct lake *lake = context;
    (void)worker;
    for (int64_t i = 0; i < PINS_A_THREAD; i++) {
        struct reader_pin some;
        TRY(readers_pin(lake, 3 + (i + (int64_t)index) % 3, &some, err));
        if (!some.is_held)
            return lake_fail(err, LAKE_INTERNAL, "a pin was not held");
        readers_raise(lake, &some, 4);
        readers_unpin(lake, &some);
        int64_t oldest = 0;
        if (index == 0 && i % 100 == 0) /* one expires at a time */
            TRY(readers_oldest(lake, 5, &oldest, err));
        if (index == 0 && i % 100 == 0 && oldest != 2)
            return lake_fail(err, LAKE_INTERNAL, "the oldest was %d", (int)oldest);
    }
    return LAKE_OK;
}

static void test_pins_of_many_threads(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct pool *pool = NULL;
    struct reader_pin oldest = pin(fixture->lake, 2);
    assert_int_equal(pool_new(N_THREADS, &pool, NULL), LAKE_OK);
    if (pool_run(pool, N_THREADS, pin_often, fixture->lake, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    pool_free(pool);
    assert_int_equal(oldest_of(fixture->lake, 5), 2);
    readers_unpin(fixture->lake, &oldest);
    assert_int_equal(oldest_of(fixture->lake, 5), 5);
}

/* ---- where nothing can be registered ---- */

/* The system's files, but for those below readers/. */
struct refusing {
    struct io_ops ops;
    int error_number; /* 0: none */
    bool is_write;    /* it is writing that fails; else opening */
    int file;         /* of the readers' file */
};

static int refusing_open(void *context, const char *path, enum io_open_mode mode)
{
    struct refusing *refusing = context;
    bool is_reader = strstr(path, "/readers/") != NULL && mode == IO_OPEN_LOCK;
    if (is_reader && refusing->error_number != 0 && !refusing->is_write)
        return -refusing->error_number;
    int file = io_system().ops->open(NULL, path, mode);
    if (is_reader)
        refusing->file = file;
    return file;
}

static int64_t refusing_write(void *context, int file, const void *bytes, size_t n)
{
    struct refusing *refusing = context;
    if (file == refusing->file && refusing->error_number != 0 && refusing->is_write)
        return -refusing->error_number;
    return io_system().ops->write(NULL, file, bytes, n);
}

static struct io refusing_io(struct refusing *refusing)
{
    refusing->ops = *io_system().ops;
    refusing->ops.open = refusing_open;
    refusing->ops.write = refusing_write;
    refusing->file = -1;
    return (struct io){&refusing->ops, refusing};
}

static void assert_reads(struct lake *lake)
{
    size_t n = 0;
    struct bar bars[5];
    struct lake_error err = {LAKE_OK, ""};
    const struct past past = {"BTCUSDT", 0, 0, 0};
    if (read_past(lake, &past, bars, 5, &n, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(n, 5);
}

static void test_who_cannot_register_reads_all_the_same(void **state)
{
    struct fixture *fixture = *state;
    static const int errors[] = {EACCES, EROFS, ENOSPC};
    for (size_t i = 0; i < 3; i++) {
        struct refusing refusing = {.error_number = errors[i]};
        assert_int_equal(fixture_try_open(fixture, refusing_io(&refusing), NULL), LAKE_OK);
        struct reader_pin none = pin(fixture->lake, 0);
        assert_false(none.is_held);
        assert_reads(fixture->lake);
        assert_int_equal(oldest_of(fixture->lake, 5), 5);
        lake_close(fixture->lake); /* before what its io points to goes */
        fixture->lake = NULL;
    }
    fixture_reopen(fixture);
}

/* A line that could not be written whole does not count, and the next pin is in a new file. */
static void test_a_disk_that_was_full(void **state)
{
    struct fixture *fixture = *state;
    struct refusing refusing = {.is_write = true};
    assert_int_equal(fixture_try_open(fixture, refusing_io(&refusing), NULL), LAKE_OK);
    struct reader_pin first = pin(fixture->lake, 4);
    refusing.error_number = ENOSPC;
    struct reader_pin second = pin(fixture->lake, 2);
    assert_true(first.is_held);
    assert_false(second.is_held);
    assert_int_equal(oldest_of(fixture->lake, 5), 4);
    refusing.error_number = 0;
    struct reader_pin third = pin(fixture->lake, 3);
    assert_true(third.is_held);
    assert_int_equal(oldest_of(fixture->lake, 5), 3);
    readers_unpin(fixture->lake, &third);
    readers_unpin(fixture->lake, &second);
    readers_unpin(fixture->lake, &first);
    assert_int_equal(oldest_of(fixture->lake, 5), 5);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    fixture_reopen(fixture);
}

/* A reader whose file says nothing yet keeps everything. */
static void test_a_file_without_a_line_keeps_everything(void **state)
{
    struct fixture *fixture = *state;
    char path[FIXTURE_PATH_BYTES + 64];
    struct file_lock lock = {0};
    struct reader_pin some = pin(fixture->lake, 3); /* makes the directory */
    (void)snprintf(path, sizeof path, "%s/.lake/readers/0123456789abcdef.lock", fixture->root);
    assert_int_equal(file_lock_acquire(&lock, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "reading", NULL), LAKE_OK);
    assert_int_equal(oldest_of(fixture->lake, 5), 0);
    file_lock_release(&lock);
    assert_int_equal(oldest_of(fixture->lake, 5), 3);
    assert_int_equal(count_reader_files(fixture), 1);
    readers_unpin(fixture->lake, &some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nobody_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_oldest_of_several_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_pin_is_raised_to_what_was_resolved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scans_pin, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_grows_long_is_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closing_the_lake_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readers_of_other_processes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_that_changes_its_file_is_not_missed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pins_of_many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_cannot_register_reads_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_disk_that_was_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_without_a_line_keeps_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
