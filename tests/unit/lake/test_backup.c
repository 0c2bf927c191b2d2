/* Backups: whole, of one snapshot, checked, a lake of their own, beside writers; refused where they must be; no trace of those
 * that did not come about. */
#include <datalake/history.h>

#include "backup_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/copy.h"
#include "unit/base/check.h"

enum { N_BARS = 3 * 1440 };

static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "CON"};
enum { N_SYMBOLS = sizeof symbols / sizeof *symbols };

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    for (size_t i = 0; i < N_SYMBOLS; i++)
        (void)write_bars(fixture->lake, symbols[i], bars_from(DAY_2024 + (int64_t)i * MS_PER_DAY, N_BARS), N_BARS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

/* Every close of a symbol's first n bars becomes the value. */
static void change(struct lake *lake, const char *symbol, size_t n, double value)
{
    struct bar *bars = calloc(n, sizeof *bars);
    assert_non_null(bars);
    memcpy(bars, bars_from(DAY_2024, n), n * sizeof *bars);
    for (size_t i = 0; i < n; i++)
        bars[i].close = value;
    (void)write_bars(lake, symbol, bars, n);
    free(bars);
}

static void assert_backup_is_the_lake(const char *name)
{
    struct lake *backup = open_place(fixture, name);
    assert_same_lake(fixture->lake, backup, symbols, N_SYMBOLS);
    lake_close(backup);
}

/* ---- what there is ---- */

static void test_a_backup_is_the_lake_once_more(void **state)
{
    (void)state;
    struct lake_backup_result result = back_up(fixture, "backup", LAKE_COPY_AUTO);
    assert_int_equal(result.n_files, 9);
    assert_int_equal(result.n_reflinked + result.n_hard_linked + result.n_copied, 9);
    assert_int_equal(result.snapshot, 3);
    assert_true(result.n_bytes > 9 * 1000);
    assert_int_equal(count_paths(fixture, "backup", NULL), 9 + 1); /* the files and the manifest: no -wal, no -shm */
    assert_backup_is_the_lake("backup");
}

static void test_of_an_empty_lake(void **state)
{
    struct lake *backup = NULL;
    (void)state;
    fixture_free(fixture);
    fixture = fixture_new();
    struct lake_backup_result result = back_up(fixture, "backup", LAKE_COPY_AUTO);
    assert_int_equal(result.n_files + result.n_bytes + result.snapshot, 0);
    backup = open_place(fixture, "backup");
    assert_int_equal(count_files(backup), 0);
    lake_close(backup);
}

static void test_into_an_empty_directory(void **state)
{
    (void)state;
    assert_int_equal(mkdir(place(fixture, "backup"), 0700), 0);
    (void)back_up(fixture, "backup", LAKE_COPY_BYTES);
    assert_backup_is_the_lake("backup");
    (void)back_up(fixture, "second/", LAKE_COPY_BYTES);
    assert_backup_is_the_lake("second");
}

static ino_t inode_below(const char *name)
{
    struct stat status;
    char path[2 * PLACE_BYTES];
    const char *data = strstr(first_file(fixture), "/data/");
    assert_non_null(data);
    (void)snprintf(path, sizeof path, "%s%s", place(fixture, name), data);
    assert_int_equal(stat(path, &status), 0);
    return status.st_ino;
}

static void test_by_bytes_nothing_is_shared(void **state)
{
    (void)state;
    struct lake_backup_result result = back_up(fixture, "backup", LAKE_COPY_BYTES);
    assert_int_equal(result.n_copied, 9);
    assert_true(inode_below(".") != inode_below("backup"));
}

/* The system's table with one way of sharing, or none. */
static int cannot(void *context, const char *from, const char *to)
{
    (void)context;
    (void)from;
    (void)to;
    return -EOPNOTSUPP;
}

/* A reflink is a new file with the same bytes: so is a copy. */
static int clone_by_copying(void *context, const char *from, const char *to)
{
    uint8_t digest[SHA256_BYTES];
    struct copy_tools tools;
    (void)context;
    lake_status status = copy_tools_init(&tools, io_system(), NULL);
    if (status == LAKE_OK)
        status = file_copy(&tools, from, to, digest, NULL);
    copy_tools_release(&tools);
    return status == LAKE_OK ? 0 : -EIO;
}

static struct lake_backup_result back_up_with(int (*clone)(void *, const char *, const char *),
                                              int (*link)(void *, const char *, const char *))
{
    struct lake_error err = {0};
    struct io_ops ops = *io_system().ops;
    struct lake_backup_result result = {.size = sizeof result};
    ops.clone = clone;
    ops.link = link;
    lake_ok(fixture_try_open(fixture, (struct io){&ops, NULL}, &err));
    result = back_up(fixture, "backup", LAKE_COPY_AUTO);
    fixture_reopen(fixture);
    return result;
}

static void test_by_reflinks(void **state)
{
    (void)state;
    assert_int_equal(back_up_with(clone_by_copying, cannot).n_reflinked, 9);
    assert_backup_is_the_lake("backup");
}

static void test_by_hard_links(void **state)
{
    (void)state;
    assert_int_equal(back_up_with(cannot, io_system().ops->link).n_hard_linked, 9);
    assert_true(inode_below(".") == inode_below("backup"));
    assert_backup_is_the_lake("backup");
    /* Both sides live on: what one replaces, the other keeps. */
    change(fixture->lake, "BTCUSDT", N_BARS, -1);
    struct lake *backup = open_place(fixture, "backup");
    assert_int_equal(count_problems(backup), 0);
    lake_close(backup);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_by_bytes_where_nothing_can_be_shared(void **state)
{
    (void)state;
    assert_int_equal(back_up_with(cannot, cannot).n_copied, 9);
    assert_backup_is_the_lake("backup");
}

/* The past stays behind, and a hole is not taken for it. */
static void test_history_is_not_taken_along(void **state)
{
    struct lake_error err = {0};
    struct lake_scan *scan = NULL;
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}, .as_of = 3};
    (void)state;
    lake_ok(lake_name_snapshot(fixture->lake, "before", 3, &err));
    change(fixture->lake, "BTCUSDT", N_BARS, -1);
    lake_ok(lake_name_snapshot(fixture->lake, "after", 4, &err));
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 3);
    struct lake_backup_result result = back_up(fixture, "backup", LAKE_COPY_AUTO);
    assert_int_equal(result.n_files, 9);
    assert_int_equal(result.snapshot, 4);
    assert_backup_is_the_lake("backup");
    struct lake *backup = open_place(fixture, "backup");
    lake_fails(lake_scan_open(backup, &options, &scan, &err), LAKE_NOT_FOUND, "");
    int64_t snapshot = 0;
    lake_fails(lake_find_snapshot(backup, "before", &snapshot, &err), LAKE_NOT_FOUND, "before");
    lake_ok(lake_find_snapshot(backup, "after", &snapshot, &err));
    assert_int_equal(snapshot, 4);
    lake_close(backup);
    lake_ok(lake_scan_open(fixture->lake, &options, &scan, &err)); /* the lake itself has it */
    lake_scan_close(scan);
}

static void test_a_backup_is_written_to_like_any_lake(void **state)
{
    (void)state;
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
    struct lake *backup = open_place(fixture, "backup");
    change(backup, "BTCUSDT", N_BARS, -1);
    change(fixture->lake, "BTCUSDT", N_BARS, -1);
    assert_same_lake(fixture->lake, backup, symbols, N_SYMBOLS);
    lake_close(backup);
}

/* ---- beside writers ---- */

/* In a child: commits that each give all bars one value, until it is killed. */
static pid_t start_writer(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    fixture->lake = NULL; /* the parent's: not ours to close */
    if (fixture_try_open(fixture, io_system(), NULL) != LAKE_OK)
        _exit(1);
    for (int i = 1;; i++)
        change(fixture->lake, "BTCUSDT", N_BARS, i);
}

static void assert_one_value(struct lake *lake)
{
    size_t n = 0;
    struct bar *bars = read_bars(lake, "BTCUSDT", 0, INT64_MAX, &n);
    assert_int_equal(n, N_BARS);
    for (size_t i = 1; i < n; i++)
        assert_true(bars[i].close == bars[0].close);
    free(bars);
}

static void wait_for_a_commit_after(int64_t last)
{
    struct lake_error err = {0};
    int64_t snapshot = last;
    while (snapshot <= last) {
        mutex_lock(fixture->lake->mutex);
        lake_status status = manifest_snapshot(fixture->lake->manifest, &snapshot, &err);
        mutex_unlock(fixture->lake->mutex);
        lake_ok(status);
        io_system().ops->sleep_ms(NULL, 1);
    }
}

static void test_while_another_process_writes(void **state)
{
    enum { N_BACKUPS = 12 };
    int64_t last = 0;
    char name[32];
    (void)state;
    change(fixture->lake, "BTCUSDT", N_BARS, 0);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    pid_t writer = start_writer();
    fixture_reopen(fixture);
    for (int i = 0; i < N_BACKUPS; i++) {
        (void)snprintf(name, sizeof name, "backup-%d", i);
        wait_for_a_commit_after(last);
        last = back_up(fixture, name, i % 2 == 0 ? LAKE_COPY_AUTO : LAKE_COPY_BYTES).snapshot;
        struct lake *backup = open_place(fixture, name);
        assert_one_value(backup);
        assert_int_equal(count_problems(backup), 0);
        lake_close(backup);
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    fixture_reopen(fixture);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static int64_t expire(void)
{
    struct lake_error err = {0};
    struct lake_maintain_options options = {.size = sizeof options, .expire = true};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan;
    lake_ok(lake_maintain(fixture->lake, &options, &result, &plan, &err));
    plan.release(&plan);
    return result.files_expired;
}

/* Replaces everything once the manifest was copied, and before a file is: with settings that keep no past at all. */
static int replace_all(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    (void)context;
    (void)n_bytes;
    (void)n_bytes_total;
    if (n_rows > 0)
        return 0;
    for (size_t i = 0; i < N_SYMBOLS; i++)
        change(fixture->lake, symbols[i], N_BARS, -1);
    assert_int_equal(expire(), 0);
    return 0;
}

static void test_what_it_still_needs_does_not_expire(void **state)
{
    static const char settings[] = "[history]\nkeep_changed = '0s'\nkeep_unchanged = '0s'\n";
    struct lake_error err = {0};
    struct lake_backup_result result = {.size = sizeof result};
    struct lake_backup_options options = {.size = sizeof options, .progress = {replace_all, NULL}};
    size_t n = 0;
    (void)state;
    FILE *file = fopen(place(fixture, "dl.toml"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(settings, 1, sizeof settings - 1, file), sizeof settings - 1);
    assert_int_equal(fclose(file), 0);
    fixture_reopen(fixture);
    options.directory = place(fixture, "backup");
    lake_ok(lake_backup(fixture->lake, &options, &result, &err));
    assert_int_equal(result.snapshot, 3);
    struct lake *backup = open_place(fixture, "backup");
    assert_int_equal(count_problems(backup), 0);
    struct bar *bars = read_bars(backup, "BTCUSDT", 0, INT64_MAX, &n);
    assert_int_equal(n, N_BARS);
    assert_bars_equal(bars, bars_from(DAY_2024, N_BARS), N_BARS);
    free(bars);
    lake_close(backup);
    assert_true(count_paths(fixture, ".lake/history", NULL) >= 3);
    assert_true(expire() >= 3); /* nobody needs them any more */
}

/* The last step of a commit has not been taken: the files lie in staging. */
static int rename_fails(void *context, const char *from, const char *to)
{
    (void)context;
    (void)from;
    (void)to;
    return -EIO;
}

static void test_of_what_is_committed_and_not_yet_published(void **state)
{
    struct lake_error err = {0};
    struct io_ops ops = *io_system().ops;
    struct lake_backup_result result;
    struct file_lock lock = {0};
    struct bar *bars = calloc(1440, sizeof *bars);
    struct batch batch = {0};
    struct lake_write_result written;
    (void)state;
    ops.rename = rename_fails;
    lake_ok(fixture_try_open(fixture, (struct io){&ops, NULL}, &err));
    memcpy(bars, bars_from(DAY_2024 + 100 * MS_PER_DAY, 1440), 1440 * sizeof *bars);
    make_batch(bars, 1440, &batch);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    lake_ok(lake_write_append(write, &batch, &err));
    lake_fails(lake_write_commit(write, &written, &err), LAKE_IO, "the rows are committed");
    lake_write_free(write);
    batch_release(&batch);
    free(bars);
    lake_ok(file_lock_acquire(&lock, io_system(), place(fixture, ".lake/lake.lock"), IO_LOCK_EXCLUSIVE, 1000, "test",
                              &err));
    fixture_reopen(fixture); /* recovery is left to whoever holds the lock */
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 9);
    result = back_up(fixture, "backup", LAKE_COPY_AUTO);
    assert_int_equal(result.n_files, 10);
    assert_int_equal(count_paths(fixture, "backup/data", ".parquet"), 10);
    file_lock_release(&lock);
    fixture_reopen(fixture);
    assert_backup_is_the_lake("backup");
}

/* ---- what is refused ---- */

static void refuses(const char *name, lake_status status, const char *text)
{
    struct lake_error err = {0};
    size_t n = count_all(fixture);
    lake_fails(try_backup(fixture, name, LAKE_COPY_AUTO, NULL, &err), status, text);
    assert_int_equal(count_all(fixture), n);
}

static void test_places_that_cannot_be(void **state)
{
    struct lake_error err = {0};
    struct lake_backup_result result = {.size = sizeof result};
    struct lake_backup_options options = {.size = sizeof options};
    (void)state;
    refuses("data/backup", LAKE_INVALID_ARGUMENT, "inside the lake");
    refuses("data", LAKE_INVALID_ARGUMENT, "inside the lake");
    refuses(".lake/backup", LAKE_INVALID_ARGUMENT, "inside the lake");
    refuses("no/where", LAKE_NOT_FOUND, "no directory");
    refuses("manifest.db", LAKE_EXISTS, "no directory");
    refuses("manifest.db/backup", LAKE_NOT_FOUND, "no directory");
    refuses("..", LAKE_INVALID_ARGUMENT, "name of its own");
    assert_int_equal(symlink("data", place(fixture, "way-in")), 0);
    refuses("way-in/backup", LAKE_INVALID_ARGUMENT, "inside the lake");
    assert_int_equal(mkdir(place(fixture, "full"), 0755), 0);
    assert_int_equal(mkdir(place(fixture, "full/of"), 0755), 0);
    refuses("full", LAKE_EXISTS, "not empty");
    lake_fails(lake_backup(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT, "needs the name");
    options.directory = "/backup";
    options.size = 1;
    lake_fails(lake_backup(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT, "size");
    options.size = sizeof options;
    result.size = 1;
    lake_fails(lake_backup(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT, "size");
}

static int other_device(void *context, const char *path, struct io_status *out)
{
    int result = io_system().ops->status(NULL, path, out);
    if (strcmp(path, context) == 0)
        out->device++;
    return result;
}

static void test_a_mount_point_is_no_place(void **state)
{
    struct lake_error err = {0};
    struct io_ops ops = *io_system().ops;
    char path[PLACE_BYTES];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", place(fixture, "usb"));
    assert_int_equal(mkdir(path, 0755), 0);
    ops.status = other_device;
    lake_ok(fixture_try_open(fixture, (struct io){&ops, path}, &err));
    refuses("usb", LAKE_INVALID_ARGUMENT, "mount point");
    (void)back_up(fixture, "usb/backup", LAKE_COPY_AUTO);
    fixture_reopen(fixture);
}

static void test_a_second_backup_does_not_touch_the_first(void **state)
{
    (void)state;
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
    refuses("backup", LAKE_EXISTS, "not empty");
    assert_backup_is_the_lake("backup");
}

static void test_damage_is_found_and_named(void **state)
{
    struct lake_error err = {0};
    (void)state;
    for (int way = LAKE_COPY_AUTO; way <= LAKE_COPY_BYTES; way++) {
        const char *path = first_file(fixture);
        flip_bit(path, 100);
        lake_fails(try_backup(fixture, "backup", (enum lake_copy)way, NULL, &err), LAKE_CORRUPT,
                   strrchr(path, '/') + 1);
        assert_no_trace(fixture, "backup");
        flip_bit(path, 100);
    }
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
}

static void test_a_missing_file_is_named(void **state)
{
    struct lake_error err = {0};
    char name[PLACE_BYTES];
    (void)state;
    (void)snprintf(name, sizeof name, "%s", first_file(fixture));
    assert_int_equal(unlink(name), 0);
    lake_fails(try_backup(fixture, "backup", LAKE_COPY_AUTO, NULL, &err), LAKE_NOT_FOUND, strrchr(name, '/') + 1);
    assert_no_trace(fixture, "backup");
}

struct stop {
    int n_calls, stop_at;
    int64_t n_bytes, n_bytes_total;
};

static int report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct stop *stop = context;
    assert_true(n_rows >= 0 && n_bytes >= stop->n_bytes);
    stop->n_bytes = n_bytes;
    stop->n_bytes_total = n_bytes_total;
    return ++stop->n_calls == stop->stop_at;
}

static void test_progress_and_stopping(void **state)
{
    struct lake_error err = {0};
    struct stop stop = {.stop_at = 0};
    struct lake_backup_result result = {.size = sizeof result};
    struct lake_backup_options options = {.size = sizeof options, .progress = {report, &stop}};
    (void)state;
    options.directory = place(fixture, "backup");
    for (stop.stop_at = 1; stop.stop_at <= 2; stop.stop_at++) {
        stop.n_calls = 0;
        stop.n_bytes = 0;
        lake_fails(lake_backup(fixture->lake, &options, &result, &err), LAKE_CANCELLED, "stopped");
        assert_no_trace(fixture, "backup");
    }
    stop = (struct stop){.stop_at = 0};
    lake_ok(lake_backup(fixture->lake, &options, &result, &err));
    assert_int_equal(stop.n_bytes, result.n_bytes);
    assert_int_equal(stop.n_bytes_total, result.n_bytes);
}

/* ---- what the dead left ---- */

static int die(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    (void)context;
    (void)n_rows;
    (void)n_bytes_total;
    if (n_bytes > 0)
        _exit(77);
    return 0;
}

static void back_up_and_die(void)
{
    struct lake_backup_result result = {.size = sizeof result};
    struct lake_backup_options options = {.size = sizeof options, .progress = {die, NULL}};
    int status = 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    options.directory = place(fixture, "backup");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fixture_reopen(fixture);
        (void)(lake_backup(fixture->lake, &options, &result, NULL) == LAKE_OK);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 77);
    fixture_reopen(fixture);
}

static void test_the_next_backup_removes_what_a_dead_one_left(void **state)
{
    (void)state;
    size_t n = count_all(fixture);
    back_up_and_die();
    assert_int_equal(access(place(fixture, "backup"), F_OK), -1);
    assert_true(count_all(fixture) > n + 3);
    (void)back_up(fixture, "other", LAKE_COPY_BYTES); /* not its own */
    assert_true(count_all(fixture) > n + 10 + 3);
    (void)back_up(fixture, "backup", LAKE_COPY_BYTES);
    assert_backup_is_the_lake("backup");
    assert_backup_is_the_lake("other");
    assert_no_trace(fixture, "backup.");
}

/* What is made at this moment is not taken for dead. */
static void test_a_living_backup_is_left_alone(void **state)
{
    struct lake_error err = {0};
    struct file_lock lock = {0};
    (void)state;
    assert_int_equal(mkdir(place(fixture, "backup.partial-0123456789abcdef"), 0755), 0);
    lake_ok(file_lock_acquire(&lock, io_system(), place(fixture, "backup.partial-0123456789abcdef.lock"),
                              IO_LOCK_EXCLUSIVE, 0, "test", &err));
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
    assert_int_equal(access(place(fixture, "backup.partial-0123456789abcdef"), F_OK), 0);
    file_lock_release(&lock);
}

/* Names that only look like it are nobody's leftovers. */
static void test_strangers_are_left_alone(void **state)
{
    static const char *const names[] = {"backup.partial-0123456789abcdef", "backup.partial-0123456789abcdeg.lock",
                                        "backup.partial-0123.lock", "backup.partial-0123456789abcdef.locked"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(mkdir(place(fixture, names[i]), 0755), 0);
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(access(place(fixture, names[i]), F_OK), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_backup_is_the_lake_once_more),
        T(test_of_an_empty_lake),
        T(test_into_an_empty_directory),
        T(test_by_bytes_nothing_is_shared),
        T(test_by_reflinks),
        T(test_by_hard_links),
        T(test_by_bytes_where_nothing_can_be_shared),
        T(test_history_is_not_taken_along),
        T(test_a_backup_is_written_to_like_any_lake),
        T(test_while_another_process_writes),
        T(test_what_it_still_needs_does_not_expire),
        T(test_of_what_is_committed_and_not_yet_published),
        T(test_places_that_cannot_be),
        T(test_a_mount_point_is_no_place),
        T(test_a_second_backup_does_not_touch_the_first),
        T(test_damage_is_found_and_named),
        T(test_a_missing_file_is_named),
        T(test_progress_and_stopping),
        T(test_the_next_backup_removes_what_a_dead_one_left),
        T(test_a_living_backup_is_left_alone),
        T(test_strangers_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
