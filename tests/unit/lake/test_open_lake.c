/* Opening: what is no lake is refused with a clear error and left as it was; settings count from the first moment; one lake has one
 * state, whatever way leads to it; an older schema is brought up to date by one process at a time; who may not write may read. */
#define _XOPEN_SOURCE 700 /* symlink, setuid */
#include "lake_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "manifest/schema.h"
#include "manifest/sqlite.h"
#include "unit/base/check.h"

enum { PATH_BYTES = FIXTURE_PATH_BYTES + 64, N_BARS = 1440, NOBODY = 65534 };

static struct fixture *fixture;

/* A lake with one file, closed. */
static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

static const char *at(const char *name)
{
    static char paths[8][PATH_BYTES];
    static size_t next = 0;
    char *path = paths[next++ % 8];
    (void)snprintf(path, PATH_BYTES, "%s/%s", fixture->root, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(at(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

struct opening {
    const char *data_root, *db_path, *config_path;
    bool create;
    struct io io;
};

static lake_status try_open(const struct opening *opening, struct lake **out, struct lake_error *err)
{
    struct lake_options options = {.size = sizeof options,
                                   .data_root = at(opening->data_root == NULL ? "data" : opening->data_root),
                                   .db_path = at(opening->db_path == NULL ? "manifest.db" : opening->db_path),
                                   .config_path = opening->config_path == NULL ? "" : at(opening->config_path),
                                   .create = opening->create,
                                   .n_threads = 1};
    return lake_open_with(&options, opening->io.ops == NULL ? io_system() : opening->io, out, err);
}

static struct lake *open_lake(const struct opening *opening)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    lake_ok(try_open(opening, &lake, &err));
    return lake;
}

/* Regular files, but for those that SQLite makes beside whatever says of itself that it keeps a log. */
static size_t count_kept(void)
{
    return count_paths(fixture, ".", NULL) - count_paths(fixture, ".", "-wal") - count_paths(fixture, ".", "-shm");
}

/* Refused, with or without leave to make one, and no file has come or gone. */
static void refuses(struct opening opening, lake_status status, const char *text)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    size_t n = count_kept();
    for (int create = 0; create < 2; create++) {
        opening.create = create == 1;
        lake_fails(try_open(&opening, &lake, &err), status, text);
        assert_null(lake);
        if (count_kept() != n)
            fail_msg("refused with '%s', and files came or went", err.message);
    }
}

static void assert_has_rows(struct lake *lake)
{
    size_t n = 0;
    struct bar *bars = read_bars(lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, N_BARS);
    assert_bars_equal(bars, bars_from(DAY_2024, N_BARS), N_BARS);
    free(bars);
}

/* ---- what is no manifest ---- */

/* The bytes of a file, into a buffer. */
static struct buffer bytes_of(const char *name)
{
    struct lake_error err = {0};
    struct buffer bytes = BUFFER_INIT(64 << 20);
    lake_ok(file_read_all(io_system(), at(name), 64 << 20, &bytes, &err));
    return bytes;
}

static void refuses_manifest(const void *bytes, size_t n, lake_status status, const char *text)
{
    put("other.db", bytes, n);
    refuses((struct opening){.db_path = "other.db"}, status, text);
    struct buffer after = bytes_of("other.db");
    assert_int_equal(after.length, n);
    assert_memory_equal(after.data, bytes, n);
    buffer_release(&after);
}

static void test_a_file_that_is_no_database(void **state)
{
    static const char text[] = "ts,open,high,low,close,volume\n1704067200000,1,2,0.5,1.5,10\n";
    (void)state;
    refuses_manifest(text, sizeof text - 1, LAKE_CORRUPT, "other.db");
}

static void test_a_manifest_that_is_damaged(void **state)
{
    struct buffer bytes = bytes_of("manifest.db");
    (void)state;
    memset(bytes.data + 100, 0xa5, 400); /* the first page's table of tables */
    refuses_manifest(bytes.data, bytes.length, LAKE_CORRUPT, "other.db");
    buffer_release(&bytes);
}

static void test_a_manifest_cut_short(void **state)
{
    struct buffer bytes = bytes_of("manifest.db");
    (void)state;
    refuses_manifest(bytes.data, 50, LAKE_CORRUPT, "other.db");
    buffer_release(&bytes);
}

static void make_database(const char *name, const char *sql)
{
    struct lake_error err = {0};
    struct database *database = NULL;
    lake_ok(database_open(at(name), DATABASE_CREATE, &database, &err));
    lake_ok(database_run(database, sql, &err));
    database_close(database);
}

static void test_a_database_of_another_program(void **state)
{
    (void)state;
    make_database("other.db", "CREATE TABLE quotes (id INTEGER PRIMARY KEY, price REAL);");
    struct buffer bytes = bytes_of("other.db");
    refuses_manifest(bytes.data, bytes.length, LAKE_CORRUPT, "other.db");
    buffer_release(&bytes);
}

static void test_a_manifest_of_a_newer_version(void **state)
{
    struct lake_error err = {0};
    struct database *database = NULL;
    (void)state;
    lake_ok(database_open(at("manifest.db"), DATABASE_READ_WRITE, &database, &err));
    lake_ok(database_run(database, "PRAGMA user_version = 999;", &err));
    database_checkpoint(database);
    database_close(database);
    refuses((struct opening){.data_root = NULL}, LAKE_UNSUPPORTED, "999");
}

static void test_a_directory(void **state)
{
    (void)state;
    refuses((struct opening){.db_path = "data"}, LAKE_INVALID_ARGUMENT, "a directory");
}

/* ---- places ---- */

static void test_data_without_a_manifest(void **state)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    struct opening opening = {.db_path = "lost.db"};
    (void)state;
    lake_fails(try_open(&opening, &lake, &err), LAKE_NOT_FOUND, "dl init --rebuild");
    assert_non_null(strstr(err.message, "--db-path"));
    opening.create = true;
    lake_fails(try_open(&opening, &lake, &err), LAKE_EXISTS, "dl init --rebuild");
    assert_non_null(strstr(err.message, "--db-path"));
    assert_int_equal(access(at("lost.db"), F_OK), -1);
}

static void test_a_manifest_without_data(void **state)
{
    (void)state;
    refuses((struct opening){.data_root = "elsewhere"}, LAKE_NOT_FOUND, "--data-root");
}

static void test_nothing_at_all(void **state)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    struct opening opening = {.data_root = "new/data", .db_path = "new/manifest.db"};
    (void)state;
    lake_fails(try_open(&opening, &lake, &err), LAKE_NOT_FOUND, "dl init");
    assert_null(strstr(err.message, "rebuild"));
    assert_int_equal(access(at("new"), F_OK), -1);
    opening.create = true;
    lake = open_lake(&opening);
    assert_true(lake_was_created(lake));
    lake_close(lake);
}

static int always_network(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 1;
}

static void test_a_network_filesystem(void **state)
{
    struct io_ops ops = *io_system().ops;
    (void)state;
    ops.is_network = always_network;
    refuses((struct opening){.io = {&ops, NULL}}, LAKE_UNSUPPORTED, "local disk");
}

/* Without that, two ways to one lake would have two locks. */
static void test_a_link_to_the_data_leads_to_the_same_state(void **state)
{
    struct lake_error err = {0};
    struct file_lock lock = {0}, second = {0};
    (void)state;
    assert_int_equal(mkdir(at("way"), 0755), 0);
    assert_int_equal(symlink("../data", at("way/link")), 0);
    assert_int_equal(symlink("way", at("way2")), 0);
    struct lake *direct = open_lake(&(struct opening){.data_root = "data"});
    static const char *const ways[] = {"way/link", "way2/link", "way/link/", "way/../data"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct lake *linked = open_lake(&(struct opening){.data_root = ways[i]});
        assert_string_equal(linked->state_root, direct->state_root);
        lake_ok(lake_lock(direct, &lock, 0, "the first", &err));
        lake_fails(lake_lock(linked, &second, 0, "the second", &err), LAKE_BUSY, "the first");
        file_lock_release(&lock);
        assert_has_rows(linked);
        lake_close(linked);
    }
    lake_close(direct);
    assert_int_equal(access(at("way/.lake-link"), F_OK), -1);
}

/* ---- settings ---- */

static void test_settings_count(void **state)
{
    struct lake_error err = {0};
    struct lake_policy policy = {.size = sizeof policy};
    (void)state;
    put_text("dl.toml", "market = 'SPOT'\n[history]\nkeep_changed = '1d'\n");
    struct lake *lake = open_lake(&(struct opening){.config_path = "dl.toml"});
    lake_ok(lake_get_policy(lake, &policy, &err));
    assert_int_equal(policy.keep_changed_ms, MS_PER_DAY);
    assert_int_equal(policy.keep_unchanged_ms, MS_PER_HOUR);
    assert_string_equal(lake->default_market, "SPOT");
    policy.size = 1;
    lake_fails(lake_get_policy(lake, &policy, &err), LAKE_INVALID_ARGUMENT, "size");
    lake_close(lake);
    lake = open_lake(&(struct opening){.config_path = NULL});
    policy.size = sizeof policy;
    lake_ok(lake_get_policy(lake, &policy, &err));
    assert_int_equal(policy.keep_changed_ms, 7 * MS_PER_DAY);
    assert_string_equal(lake->default_market, "FUTURES");
    lake_close(lake);
}

static void test_settings_are_found_beside_the_manifest(void **state)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    struct lake_options options = {.size = sizeof options, .n_threads = 1};
    (void)state;
    put_text("dl.toml", "[history]\nkeep_log = 17\n");
    options.data_root = at("data");
    options.db_path = at("manifest.db");
    lake_ok(lake_open(&options, &lake, &err));
    assert_int_equal(lake->policy.keep_log, 17);
    lake_close(lake);
}

static void test_settings_that_are_not_understood(void **state)
{
    (void)state;
    put_text("dl.toml", "[history]\nkeep_chnged = '1d'\n");
    refuses((struct opening){.config_path = "dl.toml"}, LAKE_INVALID_DATA, "dl.toml:2: unknown key");
    refuses((struct opening){.config_path = "dl.toml", .db_path = "new.db", .data_root = "new"}, LAKE_INVALID_DATA,
            "dl.toml:2");
    refuses((struct opening){.config_path = "absent.toml"}, LAKE_NOT_FOUND, "absent.toml");
}

/* ---- an older schema ---- */

/* The manifest of the first release, without files. */
static void make_old_lake(void)
{
    struct lake_error err = {0};
    struct database *database = NULL;
    bool created = false;
    struct schema_migrations first = schema_migrations();
    first.n = 1;
    assert_int_equal(mkdir(at("old"), 0755), 0);
    assert_int_equal(mkdir(at("old/data"), 0755), 0);
    lake_ok(database_open(at("old/manifest.db"), DATABASE_CREATE, &database, &err));
    lake_ok(schema_prepare(database, first, SCHEMA_CREATE, &created, &err));
    assert_true(created);
    database_checkpoint(database);
    database_close(database);
}

static const struct opening old_lake = {.data_root = "old/data", .db_path = "old/manifest.db"};

static void test_an_older_schema_is_brought_up_to_date(void **state)
{
    (void)state;
    make_old_lake();
    struct lake *lake = open_lake(&old_lake);
    assert_false(lake_was_created(lake));
    (void)write_bars(lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    assert_has_rows(lake);
    assert_int_equal(count_problems(lake), 0);
    lake_close(lake);
    lake = open_lake(&old_lake);
    assert_has_rows(lake);
    lake_close(lake);
}

/* Time passes only by sleeping. */
static int64_t slept_ms;

static int64_t monotonic_by_sleeping(void *context)
{
    (void)context;
    return slept_ms;
}

static void sleep_at_once(void *context, int64_t ms)
{
    (void)context;
    slept_ms += ms;
}

static void test_only_under_the_lock(void **state)
{
    struct lake_error err = {0};
    struct file_lock lock = {0};
    struct lake *lake = NULL;
    struct io_ops ops = *io_system().ops;
    struct opening opening = old_lake;
    (void)state;
    make_old_lake();
    ops.monotonic_ms = monotonic_by_sleeping;
    ops.sleep_ms = sleep_at_once;
    opening.io = (struct io){&ops, NULL};
    assert_int_equal(mkdir(at("old/.lake"), 0755), 0);
    lake_ok(file_lock_acquire(&lock, io_system(), at("old/.lake/lake.lock"), IO_LOCK_EXCLUSIVE, 0, "another", &err));
    lake_fails(try_open(&opening, &lake, &err), LAKE_BUSY, "another");
    file_lock_release(&lock);
    lake = open_lake(&opening);
    lake_close(lake);
}

/* ---- without permission to write ---- */

/* Runs in a child as a user who owns nothing; returns its exit status, or -1 where there is no such user to become. */
static int run_as_nobody(int (*run)(void))
{
    int status = 0;
    if (geteuid() != 0)
        return -1;
    assert_int_equal(chmod(fixture->root, 0755), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
            _exit(1);
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int read_rows_of_two_days(void)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    struct lake_selection dataset = {"test", NULL, "BTCUSDT", NULL, "1m"};
    struct lake_scan_options options = {.size = sizeof options, .dataset = dataset};
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    int64_t n = 0;
    if (try_open(&(struct opening){.data_root = NULL}, &lake, &err) != LAKE_OK ||
        lake_scan_open(lake, &options, &scan, &err) != LAKE_OK) {
        print_message("%s\n", err.message);
        return 2;
    }
    while (lake_scan_next(scan, &array, &err) == LAKE_OK && array.release != NULL) {
        n += array.length;
        array.release(&array);
    }
    lake_scan_close(scan);
    lake_close(lake);
    if (n != 2 * N_BARS)
        print_message("%d rows, %s\n", (int)n, err.message);
    return n == 2 * N_BARS ? 0 : 3;
}

static int rename_fails(void *context, const char *from, const char *to)
{
    (void)context;
    (void)from;
    (void)to;
    return -EIO;
}

/* The second day's file still lies in staging, and nobody has finished that yet. */
static void test_reading_what_is_committed_and_not_yet_published(void **state)
{
    struct lake_error err = {0};
    struct io_ops ops = *io_system().ops;
    struct batch batch = {0};
    struct lake_write_result result;
    (void)state;
    ops.rename = rename_fails;
    struct lake *lake = open_lake(&(struct opening){.io = {&ops, NULL}});
    make_batch(bars_from(DAY_2024 + MS_PER_DAY, N_BARS), N_BARS, &batch);
    struct lake_write *write = begin_write(lake, "BTCUSDT", "1m");
    lake_ok(lake_write_append(write, &batch, &err));
    lake_fails(lake_write_commit(write, &result, &err), LAKE_IO, "the rows are committed");
    lake_write_free(write);
    batch_release(&batch);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    int open_status = run_as_nobody(read_rows_of_two_days); /* beside the writer */
    lake_close(lake);
    int closed_status = run_as_nobody(read_rows_of_two_days); /* after it */
    if (open_status < 0)
        skip();
    assert_int_equal(open_status, 0);
    assert_int_equal(closed_status, 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
}

static int migrate(void)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    lake_status status = try_open(&old_lake, &lake, &err);
    lake_close(lake);
    return status == LAKE_PERMISSION && strstr(err.message, "schema") != NULL ? 0 : 2;
}

static void test_an_older_schema_without_permission(void **state)
{
    (void)state;
    make_old_lake();
    int status = run_as_nobody(migrate);
    if (status < 0)
        skip();
    assert_int_equal(status, 0);
}

static int make_one(void)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    lake_status status = try_open(
        &(struct opening){.data_root = "mine/data", .db_path = "mine/manifest.db", .create = true}, &lake, &err);
    lake_close(lake);
    return status == LAKE_PERMISSION && strstr(err.message, "mine") != NULL ? 0 : 2;
}

static void test_making_one_without_permission(void **state)
{
    (void)state;
    int status = run_as_nobody(make_one);
    if (status < 0)
        skip();
    assert_int_equal(status, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_file_that_is_no_database),
        T(test_a_manifest_that_is_damaged),
        T(test_a_manifest_cut_short),
        T(test_a_database_of_another_program),
        T(test_a_manifest_of_a_newer_version),
        T(test_a_directory),
        T(test_data_without_a_manifest),
        T(test_a_manifest_without_data),
        T(test_nothing_at_all),
        T(test_a_network_filesystem),
        T(test_a_link_to_the_data_leads_to_the_same_state),
        T(test_settings_count),
        T(test_settings_are_found_beside_the_manifest),
        T(test_settings_that_are_not_understood),
        T(test_an_older_schema_is_brought_up_to_date),
        T(test_only_under_the_lock),
        T(test_reading_what_is_committed_and_not_yet_published),
        T(test_an_older_schema_without_permission),
        T(test_making_one_without_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
