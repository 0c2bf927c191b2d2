/* A process that dies at its Nth call to the operating system, for every N of a commit: whoever opens the lake next finds either all
 * of the commit or none, nothing left over, and can write (I1, I3, I4). */
#include "lake_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEATH = 77, N_BARS = 2 * 1440, MOST_CALLS = 4000 };

/* The system's table, but that the process ends before its Nth call. */
struct mortal {
    atomic_int calls_left; /* tasks of the pool call, too */
};

static void live(void *context)
{
    struct mortal *mortal = context;
    if (atomic_fetch_sub(&mortal->calls_left, 1) == 1)
        _exit(DEATH);
}

#define SYSTEM (io_system().ops)
#define MORTAL(type, name, parameters, arguments)                                                                      \
    static type mortal_##name parameters                                                                               \
    {                                                                                                                  \
        live(context);                                                                                                 \
        return SYSTEM->name arguments;                                                                                 \
    }

MORTAL(int, open, (void *context, const char *path, enum io_open_mode mode), (NULL, path, mode))
MORTAL(int, close, (void *context, int file), (NULL, file))
MORTAL(int64_t, read_at, (void *context, int file, void *bytes, size_t n, int64_t at), (NULL, file, bytes, n, at))
MORTAL(int64_t, write, (void *context, int file, const void *bytes, size_t n), (NULL, file, bytes, n))
MORTAL(int, sync, (void *context, int file), (NULL, file))
MORTAL(int, lock, (void *context, int file, enum io_lock lock), (NULL, file, lock))
MORTAL(int, rename, (void *context, const char *from, const char *to), (NULL, from, to))
MORTAL(int, remove, (void *context, const char *path), (NULL, path))
MORTAL(int, make_directory, (void *context, const char *path), (NULL, path))
MORTAL(int, remove_directory, (void *context, const char *path), (NULL, path))

static struct io mortal_io(struct mortal *mortal)
{
    static struct io_ops ops;
    ops = *SYSTEM;
    ops.open = mortal_open;
    ops.close = mortal_close;
    ops.read_at = mortal_read_at;
    ops.write = mortal_write;
    ops.sync = mortal_sync;
    ops.lock = mortal_lock;
    ops.rename = mortal_rename;
    ops.remove = mortal_remove;
    ops.make_directory = mortal_make_directory;
    ops.remove_directory = mortal_remove_directory;
    struct io io = {&ops, mortal};
    return io;
}

/* Every bar's close replaced. */
static struct bar *changed_bars(void)
{
    struct bar *bars = calloc(N_BARS, sizeof *bars);
    memcpy(bars, bars_from(DAY_2024, N_BARS), N_BARS * sizeof *bars);
    for (size_t i = 0; i < N_BARS; i++)
        bars[i].close = -(double)(i + 1);
    return bars;
}

/* In the child: writes, and dies at call N or ends with 0. Nothing of the parent's handles is touched. */
static void write_and_die(struct fixture *fixture, const struct bar *bars, int n)
{
    struct mortal mortal;
    atomic_init(&mortal.calls_left, n);
    fixture->lake = NULL; /* the parent's: not ours to close */
    if (fixture_try_open(fixture, mortal_io(&mortal), NULL) != LAKE_OK)
        _exit(1);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, N_BARS);
    lake_close(fixture->lake);
    _exit(0);
}

/* The exit status of a writer that dies at call N. */
static int run_writer(struct fixture *fixture, const struct bar *bars, int n)
{
    int status = 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_and_die(fixture, bars, n);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool holds(struct fixture *fixture, const struct bar *expected)
{
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 10 * MS_PER_DAY, &n);
    assert_int_equal(n, N_BARS);
    bool same = found[0].close == expected[0].close;
    assert_bars_equal(found, same ? expected : bars_from(DAY_2024, N_BARS), N_BARS);
    free(found);
    return same;
}

static void test_a_change_is_whole_or_absent(void **state)
{
    struct bar *changed = changed_bars();
    int n = 1, n_kept = 0, n_lost = 0, status = DEATH;
    (void)state;
    for (; status == DEATH; n++) {
        assert_true(n < MOST_CALLS);
        struct fixture *fixture = fixture_new();
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
        status = run_writer(fixture, changed, n);
        fixture_reopen(fixture);
        if (holds(fixture, changed))
            n_kept++;
        else
            n_lost++;
        assert_int_equal(count_problems(fixture->lake), 0);
        assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
        assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
        (void)write_bars(fixture->lake, "BTCUSDT", changed, N_BARS);
        assert_true(holds(fixture, changed));
        assert_int_equal(count_problems(fixture->lake), 0);
        fixture_free(fixture);
    }
    assert_int_equal(status, 0);
    assert_true(n_lost > 20 && n_kept > 5); /* it died on both sides of the commit */
    free(changed);
}

static void test_a_first_write_is_whole_or_absent(void **state)
{
    struct bar *bars = changed_bars();
    int status = DEATH;
    (void)state;
    for (int n = 1; status == DEATH; n++) {
        assert_true(n < MOST_CALLS);
        struct fixture *fixture = fixture_new();
        status = run_writer(fixture, bars, n);
        fixture_reopen(fixture);
        int64_t n_files = count_files(fixture->lake);
        assert_true(n_files == 0 || n_files == 2);
        assert_int_equal(count_problems(fixture->lake), 0);
        assert_int_equal(count_paths(fixture, "data", ".parquet"), (size_t)n_files);
        assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
        (void)write_bars(fixture->lake, "BTCUSDT", bars, N_BARS);
        assert_true(holds(fixture, bars));
        fixture_free(fixture);
    }
    assert_int_equal(status, 0);
    free(bars);
}

/* A writer that lives is not taken for a dead one. */
static void test_the_staging_of_a_live_writer_is_left_alone(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    struct lake *first = fixture->lake;
    (void)state;
    for (int day = 0; day < 80; day++)
        append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY, 10), 10);
    settle_write(write);
    size_t n_staged = count_paths(fixture, ".lake/staging", ".staged");
    assert_true(n_staged > 0);
    fixture->lake = NULL;
    fixture_reopen(fixture);
    assert_int_equal(count_paths(fixture, ".lake/staging", ".staged"), n_staged);
    assert_string_equal(lake_recovery_report(fixture->lake), "");
    assert_int_equal(commit_write(write).rows_new, 800);
    lake_close(first);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static void empty_file(const struct fixture *fixture, const char *name)
{
    char path[FIXTURE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Killed while it made the manifest: the file is there, and empty. */
static void test_a_lake_that_was_never_finished_is_made(void **state)
{
    static const char *const names[] = {"manifest.db-wal", "manifest.db-shm"};
    struct fixture *fixture = fixture_new();
    char path[FIXTURE_PATH_BYTES + 32];
    (void)state;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fixture->root, names[i]);
        (void)remove(path);
    }
    empty_file(fixture, "manifest.db");
    fixture_reopen(fixture);
    assert_true(lake_was_created(fixture->lake));
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* Copied as manifest.db and data/ alone. */
static void test_a_lake_without_its_state_directory_works(void **state)
{
    struct fixture *fixture = fixture_new();
    char from[FIXTURE_PATH_BYTES + 32], to[FIXTURE_PATH_BYTES + 32];
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    (void)snprintf(from, sizeof from, "%s/.lake", fixture->root);
    (void)snprintf(to, sizeof to, "%s/elsewhere", fixture->root);
    assert_int_equal(rename(from, to), 0);
    fixture_reopen(fixture);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 20), 20);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static lake_status open_with(const struct fixture *fixture, const char *data, const char *db, struct lake_error *err)
{
    char data_root[FIXTURE_PATH_BYTES + 32], db_path[FIXTURE_PATH_BYTES + 32];
    struct lake *lake = NULL;
    (void)snprintf(data_root, sizeof data_root, "%s/%s", fixture->root, data);
    (void)snprintf(db_path, sizeof db_path, "%s/%s", fixture->root, db);
    const struct lake_options options = {
        .size = sizeof options, .data_root = data_root, .db_path = db_path, .create = true};
    lake_status status = lake_open(&options, &lake, err);
    lake_close(lake);
    return status;
}

/* I3: a second manifest over the same data would list every row twice. */
static void test_a_data_root_has_one_manifest(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    assert_int_equal(open_with(fixture, "data", "other.db", &err), LAKE_EXISTS);
    assert_non_null(strstr(err.message, "holds data already"));
    assert_int_equal(count_paths(fixture, ".", "other.db"), 0);
    assert_int_equal(open_with(fixture, "nowhere", "manifest.db", &err), LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "name its directory with --data-root"));
    assert_int_equal(open_with(fixture, "data2", "other.db", &err), LAKE_OK);
    fixture_free(fixture);
}

/* Something stands where a directory of one symbol must go: that symbol's files cannot be published, everything else works. */
static void test_a_move_that_cannot_be_done_locks_nobody_out(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write_result result;
    struct lake_error err = {LAKE_OK, ""};
    size_t n = 0;
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    empty_file(fixture, "data/TEST/FUTURES/ETHUSDT");
    struct lake_write *write = begin_write(fixture->lake, "ETHUSDT", "1m");
    append_bars(write, bars_from(DAY_2024, 20), 20);
    assert_int_not_equal(lake_write_commit(write, &result, &err), LAKE_OK);
    assert_non_null(strstr(err.message, "the rows are committed"));
    lake_write_free(write);
    for (int round = 0; round < 2; round++) {
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 20 + (size_t)round), 20 + (size_t)round);
        free(read_bars(fixture->lake, "ETHUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n));
        assert_int_equal(n, 20);
        fixture_reopen(fixture);
    }
    char path[FIXTURE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/data/TEST/FUTURES/ETHUSDT", fixture->root);
    assert_int_equal(remove(path), 0);
    fixture_reopen(fixture);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
}

/* A committed file that somebody removed is a finding of verify, not the end of the lake. */
static void test_a_removed_file_locks_nobody_out(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    assert_int_equal(remove(first_file(fixture)), 0);
    (void)write_bars(fixture->lake, "ETHUSDT", bars_from(DAY_2024, 10), 10);
    fixture_reopen(fixture);
    (void)write_bars(fixture->lake, "ETHUSDT", bars_from(DAY_2024, 20), 20);
    assert_int_equal(count_problems(fixture->lake), 1);
    fixture_free(fixture);
}

static int64_t wal_bytes(const struct fixture *fixture)
{
    char path[FIXTURE_PATH_BYTES + 32];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/manifest.db-wal", fixture->root);
    return stat(path, &found) == 0 ? (int64_t)found.st_size : 0;
}

/* In another process, whose closing of SQLite's files costs none of our locks. */
static void run(const char *verb, const struct fixture *from, const struct fixture *to, const char *below)
{
    char command[4 * FIXTURE_PATH_BYTES];
    (void)snprintf(command, sizeof command, "%s '%s%s' '%s%s'", verb, from->root, below, to->root, below);
    assert_int_equal(system(command), 0);
}

/* A commit whose sync failed counts for nobody, yet its frames may stand in the WAL behind those that do, and count again for
 * who reads the WAL from its beginning. Before the files that it staged are removed they are written over. */
static void test_a_failed_commit_does_not_come_back(void **state)
{
    struct fixture *fixture = fixture_new(), *copy = calloc(1, sizeof *copy);
    struct bar *bars = changed_bars();
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    for (int n = 1; count_paths(fixture, ".lake/staging", NULL) == 0; n++)
        assert_int_equal(run_writer(fixture, bars, n), DEATH);
    fixture_reopen(fixture); /* clears all moves: the recovery below has nothing else to record */
    assert_true(wal_bytes(fixture) > 0);
    struct lake *living = fixture->lake;
    fixture->lake = NULL;
    *copy = *fixture;
    assert_true(strlen(copy->root) + sizeof "-copy" <= sizeof copy->root);
    strcat(copy->root, "-copy");
    for (int n = 1;; n++) { /* in a copy, the same commit, dead between its transaction and its moves */
        run("rm -rf", copy, copy, "");
        run("cp -a", fixture, copy, "");
        assert_int_equal(run_writer(copy, bars, n), DEATH);
        if (wal_bytes(copy) > wal_bytes(fixture))
            break;
    }
    run("cp", copy, fixture, "/manifest.db-wal");
    run("cp -aT", copy, fixture, "/.lake/staging");
    fixture_reopen(fixture); /* recovers */
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    lake_close(living);
    fixture_reopen(fixture);
    assert_false(holds(fixture, bars));
    assert_int_equal(count_problems(fixture->lake), 0);
    run("rm -rf", copy, copy, "");
    fixture_free(fixture);
    free(copy);
    free(bars);
}

static void test_recovery_says_what_it_did(void **state)
{
    struct fixture *fixture = fixture_new();
    struct bar *bars = changed_bars();
    int n = 1;
    (void)state;
    /* Find a death that leaves staging behind. */
    do {
        assert_int_equal(run_writer(fixture, bars, n++), DEATH);
    } while (count_paths(fixture, ".lake/staging", ".staged") == 0);
    fixture_reopen(fixture);
    assert_non_null(strstr(lake_recovery_report(fixture->lake), "recovered from 1 interrupted write"));
    fixture_free(fixture);
    free(bars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_is_whole_or_absent),
        cmocka_unit_test(test_a_first_write_is_whole_or_absent),
        cmocka_unit_test(test_the_staging_of_a_live_writer_is_left_alone),
        cmocka_unit_test(test_a_lake_that_was_never_finished_is_made),
        cmocka_unit_test(test_a_lake_without_its_state_directory_works),
        cmocka_unit_test(test_a_data_root_has_one_manifest),
        cmocka_unit_test(test_a_move_that_cannot_be_done_locks_nobody_out),
        cmocka_unit_test(test_a_removed_file_locks_nobody_out),
        cmocka_unit_test(test_a_failed_commit_does_not_come_back),
        cmocka_unit_test(test_recovery_says_what_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
