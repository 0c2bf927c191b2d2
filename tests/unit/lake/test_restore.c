/* Restoring: the drill, every row and every file of it; what is refused, with nothing touched; what an interrupted one left. */
#include "backup_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/base/check.h"

enum { N_BARS = 2 * 1440, DEATH = 77 };

static const char *const symbols[] = {"BTCUSDT", "ETHUSDT"};
enum { N_SYMBOLS = sizeof symbols / sizeof *symbols, N_FILES = 2 * N_SYMBOLS };

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    for (size_t i = 0; i < N_SYMBOLS; i++)
        (void)write_bars(fixture->lake, symbols[i], bars_from(DAY_2024, N_BARS), N_BARS);
    (void)back_up(fixture, "backup", LAKE_COPY_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

static void assert_is_the_lake(const char *name)
{
    struct lake *lake = open_place(fixture, name);
    assert_same_lake(fixture->lake, lake, symbols, N_SYMBOLS);
    assert_string_equal(lake_recovery_report(lake), "");
    lake_close(lake);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(place(fixture, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* ---- what there is ---- */

static void test_the_drill(void **state)
{
    (void)state;
    struct lake_backup_result result = restore(fixture, "backup", "new");
    assert_int_equal(result.n_files, N_FILES);
    assert_int_equal(result.n_hard_linked, 0);
    assert_int_equal(result.n_reflinked + result.n_copied, N_FILES);
    assert_int_equal(result.snapshot, 2);
    assert_int_equal(count_paths(fixture, "new/data", NULL), N_FILES);
    assert_int_equal(count_paths(fixture, "new", NULL), N_FILES + 1 + 1); /* the manifest and the lake's lock */
    assert_is_the_lake("new");
    assert_is_the_lake("backup");
}

static void test_into_places_that_are_to_be_made(void **state)
{
    (void)state;
    (void)restore(fixture, "backup", "far/off");
    assert_is_the_lake("far/off");
}

static void test_into_an_empty_directory_and_through_a_link(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(mkdir(place(fixture, "new"), 0755), 0);
    assert_int_equal(mkdir(place(fixture, "disk"), 0755), 0);
    assert_int_equal(mkdir(place(fixture, "disk/bars"), 0755), 0);
    assert_int_equal(symlink("../disk/bars", place(fixture, "new/data")), 0);
    (void)restore(fixture, "backup", "new");
    assert_int_equal(lstat(place(fixture, "new/data"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(count_paths(fixture, "disk/bars", ".parquet"), N_FILES);
    assert_is_the_lake("new");
}

/* A lake's directory serves as well as a backup: its past and its unfinished moves stay behind. */
static void test_from_a_lake_with_history(void **state)
{
    struct bar *bars = calloc(N_BARS, sizeof *bars);
    (void)state;
    memcpy(bars, bars_from(DAY_2024, N_BARS), N_BARS * sizeof *bars);
    for (size_t i = 0; i < N_BARS; i++)
        bars[i].close = -1;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, N_BARS);
    free(bars);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 2);
    struct lake_backup_result result = restore(fixture, ".", "new");
    assert_int_equal(result.n_files, N_FILES);
    assert_int_equal(result.snapshot, 3);
    assert_is_the_lake("new");
}

static void test_a_restored_lake_is_written_to(void **state)
{
    (void)state;
    (void)restore(fixture, "backup", "new");
    struct lake *lake = open_place(fixture, "new");
    const struct bar *bars = bars_from(DAY_2024 + 5 * MS_PER_DAY, 1440);
    (void)write_bars(lake, "BTCUSDT", bars, 1440);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 1440);
    assert_same_lake(fixture->lake, lake, symbols, N_SYMBOLS);
    lake_close(lake);
}

/* ---- what is refused ---- */

static void refuses(const char *from, const char *to, lake_status status, const char *text)
{
    struct lake_error err = {0};
    size_t n = count_all(fixture);
    lake_fails(try_restore(fixture, from, to, io_system(), NULL, &err), status, text);
    assert_int_equal(count_all(fixture), n);
}

static void test_a_lake_is_never_written_over(void **state)
{
    (void)state;
    refuses("backup", ".", LAKE_EXISTS, "manifest.db: is there already");
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_data_without_a_manifest_is_not_written_over(void **state)
{
    (void)state;
    assert_int_equal(mkdir(place(fixture, "new"), 0755), 0);
    assert_int_equal(mkdir(place(fixture, "new/data"), 0755), 0);
    put("new/data/mine.parquet", "rows");
    refuses("backup", "new", LAKE_EXISTS, "new/data: holds data already");
}

static void test_a_file_where_the_data_shall_be(void **state)
{
    (void)state;
    assert_int_equal(mkdir(place(fixture, "new"), 0755), 0);
    put("new/data", "not a directory");
    refuses("backup", "new", LAKE_EXISTS, "new/data: holds data already");
}

/* SQLite would take its pages for the restored manifest's. */
static void test_the_log_of_an_old_manifest_is_in_the_way(void **state)
{
    (void)state;
    assert_int_equal(mkdir(place(fixture, "new"), 0755), 0);
    put("new/manifest.db-wal", "pages of another time");
    refuses("backup", "new", LAKE_EXISTS, "manifest.db-wal");
}

static void test_what_is_no_backup(void **state)
{
    (void)state;
    refuses("nowhere", "new", LAKE_NOT_FOUND, "there is no backup here");
    assert_int_equal(mkdir(place(fixture, "empty"), 0755), 0);
    refuses("empty", "new", LAKE_NOT_FOUND, "there is no backup here");
    assert_int_equal(unlink(place(fixture, "backup/manifest.db")), 0);
    refuses("backup", "new", LAKE_NOT_FOUND, "there is no backup here");
    put("backup/manifest.db", "SQLite format 2, or what do I know");
    refuses("backup", "new", LAKE_CORRUPT, "manifest.db");
    assert_no_trace(fixture, "new/data");
}

static void test_a_flipped_bit_in_any_file_is_found_and_named(void **state)
{
    struct lake_error err = {0};
    char path[PLACE_BYTES];
    (void)state;
    assert_true(count_paths(fixture, "backup/data", ".parquet") > 0);
    (void)snprintf(path, sizeof path, "%s/backup%s", fixture->root, strstr(first_file(fixture), "/data/"));
    for (int64_t byte = 0; byte < 3000; byte += 600) {
        flip_bit(path, byte);
        lake_fails(try_restore(fixture, "backup", "new", io_system(), NULL, &err), LAKE_CORRUPT, "is damaged");
        assert_non_null(strstr(err.message, strrchr(path, '/') + 1));
        assert_int_equal(count_paths(fixture, "new", NULL), 0);
        flip_bit(path, byte);
    }
    (void)restore(fixture, "backup", "new");
}

static void test_a_flipped_bit_in_the_manifest_is_found(void **state)
{
    enum { HEADER = 110, STEP = 1171 };
    struct lake_error err = {0};
    struct stat status;
    char path[PLACE_BYTES];
    (void)state;
    (void)snprintf(path, sizeof path, "%s", place(fixture, "backup/manifest.db"));
    assert_int_equal(stat(path, &status), 0);
    for (int64_t byte = 0; byte < status.st_size; byte += byte < HEADER ? 1 : STEP) {
        flip_bit(path, byte);
        lake_status answer = try_restore(fixture, "backup", "new", io_system(), NULL, &err);
        if (answer == LAKE_OK || strstr(err.message, "manifest") == NULL)
            fail_msg("byte %d was flipped: %s %s", (int)byte, lake_status_name(answer), err.message);
        assert_int_equal(count_paths(fixture, "new", NULL), 0);
        flip_bit(path, byte);
    }
    (void)restore(fixture, "backup", "new");
    assert_is_the_lake("new");
}

static void test_a_backup_that_was_used_as_a_lake(void **state)
{
    (void)state;
    struct lake *lake = open_place(fixture, "backup");
    const struct bar *bars = bars_from(DAY_2024 + 5 * MS_PER_DAY, 1440);
    (void)write_bars(lake, "BTCUSDT", bars, 1440);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 1440);
    lake_close(lake);
    assert_int_equal(restore(fixture, "backup", "new").snapshot, 3);
    assert_is_the_lake("new");
}

static void test_a_missing_file_is_named(void **state)
{
    struct lake_error err = {0};
    char path[PLACE_BYTES];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/backup%s", fixture->root, strstr(first_file(fixture), "/data/"));
    assert_int_equal(unlink(path), 0);
    lake_fails(try_restore(fixture, "backup", "new", io_system(), NULL, &err), LAKE_NOT_FOUND, strrchr(path, '/') + 1);
    assert_int_equal(count_paths(fixture, "new", NULL), 0);
}

static int is_network(void *context, const char *path)
{
    (void)context;
    (void)path;
    return 1;
}

static void test_a_network_filesystem_is_no_place(void **state)
{
    struct lake_error err = {0};
    struct io_ops ops = *io_system().ops;
    (void)state;
    ops.is_network = is_network;
    lake_fails(try_restore(fixture, "backup", "new", (struct io){&ops, NULL}, NULL, &err), LAKE_UNSUPPORTED,
               "network filesystem");
    assert_int_equal(count_paths(fixture, "new", NULL), 0);
}

/* ---- what an interrupted one left ---- */

struct mortal {
    const char *rename_to; /* the process ends before (after) something gets a name that ends so */
    bool after;
};

static int mortal_rename(void *context, const char *from, const char *to)
{
    const struct mortal *mortal = context;
    size_t n = strlen(to), n_end = strlen(mortal->rename_to);
    bool is_it = n >= n_end && strcmp(to + n - n_end, mortal->rename_to) == 0;
    if (is_it && !mortal->after)
        _exit(DEATH);
    int result = io_system().ops->rename(NULL, from, to);
    if (is_it)
        _exit(DEATH);
    return result;
}

/* A restore that dies at that point. */
static void restore_and_die(const char *from, const char *rename_to, bool after)
{
    static struct io_ops ops;
    struct mortal mortal = {rename_to, after};
    int status = 0;
    ops = *io_system().ops;
    ops.rename = mortal_rename;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)(try_restore(fixture, from, "new", (struct io){&ops, &mortal}, NULL, NULL) == LAKE_OK);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), DEATH);
}

/* Nothing but the lake is left under new/: its files, its manifest, its lock. */
static void assert_clean(void)
{
    assert_is_the_lake("new");
    size_t n_sqlite = count_paths(fixture, "new", "manifest.db-wal") + count_paths(fixture, "new", "manifest.db-shm");
    assert_int_equal(count_paths(fixture, "new", NULL), N_FILES + 1 + 1 + n_sqlite);
}

static void test_before_the_data_has_its_name_it_begins_anew(void **state)
{
    (void)state;
    restore_and_die("backup", "new/data", false);
    assert_int_equal(access(place(fixture, "new/data"), F_OK), -1);
    assert_int_equal(restore(fixture, "backup", "new").n_files, N_FILES);
    assert_clean();
}

static void test_once_the_data_has_its_name_it_is_finished(void **state)
{
    (void)state;
    restore_and_die("backup", "new/data", true);
    assert_int_equal(count_paths(fixture, "new/data", ".parquet"), N_FILES);
    assert_int_equal(access(place(fixture, "new/manifest.db"), F_OK), -1);
    struct lake_backup_result result = restore(fixture, "backup", "new");
    assert_int_equal(result.n_files, N_FILES);
    assert_int_equal(result.n_copied + result.n_reflinked, 0); /* all was there */
    assert_clean();
}

static void test_once_the_manifest_has_its_name_there_is_a_lake(void **state)
{
    (void)state;
    restore_and_die("backup", "new/manifest.db", true);
    assert_is_the_lake("new");
    struct lake_error err = {0};
    lake_fails(try_restore(fixture, "backup", "new", io_system(), NULL, &err), LAKE_EXISTS, "is there already");
    assert_clean();
}

/* What was whole is kept; that it is not what is asked for now is said. */
static void test_an_interrupted_restore_of_another_backup(void **state)
{
    struct lake_error err = {0};
    (void)state;
    restore_and_die("backup", "new/data", true);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + 5 * MS_PER_DAY, 1440), 1440);
    (void)back_up(fixture, "second", LAKE_COPY_AUTO);
    lake_fails(try_restore(fixture, "second", "new", io_system(), NULL, &err), LAKE_EXISTS, "of another backup");
    struct lake *lake = open_place(fixture, "new");
    assert_int_equal(count_files(lake), N_FILES);
    assert_int_equal(count_problems(lake), 0);
    lake_close(lake);
}

/* Nothing makes a lake of half of one: till the end there is no manifest. */
static void test_no_lake_is_opened_before_it_is_whole(void **state)
{
    struct lake_error err = {0};
    struct lake_options options = {.size = sizeof options, .config_path = ""};
    struct lake *lake = NULL;
    (void)state;
    restore_and_die("backup", "new/data", true);
    options.data_root = place(fixture, "new/data");
    options.db_path = place(fixture, "new/manifest.db");
    lake_fails(lake_open(&options, &lake, &err), LAKE_NOT_FOUND, "holds data");
    options.create = true;
    lake_fails(lake_open(&options, &lake, &err), LAKE_EXISTS, "holds data");
    (void)restore(fixture, "backup", "new");
    assert_clean();
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_the_drill),
        T(test_into_places_that_are_to_be_made),
        T(test_into_an_empty_directory_and_through_a_link),
        T(test_from_a_lake_with_history),
        T(test_a_restored_lake_is_written_to),
        T(test_a_lake_is_never_written_over),
        T(test_data_without_a_manifest_is_not_written_over),
        T(test_a_file_where_the_data_shall_be),
        T(test_the_log_of_an_old_manifest_is_in_the_way),
        T(test_what_is_no_backup),
        T(test_a_flipped_bit_in_any_file_is_found_and_named),
        T(test_a_flipped_bit_in_the_manifest_is_found),
        T(test_a_backup_that_was_used_as_a_lake),
        T(test_a_missing_file_is_named),
        T(test_a_network_filesystem_is_no_place),
        T(test_before_the_data_has_its_name_it_begins_anew),
        T(test_once_the_data_has_its_name_it_is_finished),
        T(test_once_the_manifest_has_its_name_there_is_a_lake),
        T(test_an_interrupted_restore_of_another_backup),
        T(test_no_lake_is_opened_before_it_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
