/* Repair: what can be had again comes back exactly, what cannot is set aside and named, nothing is deleted, and what is not known for
 * certain stays as it is. After each repair the lake is sound and says nothing false. */
#include "verify_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <datalake/history.h>

#include "lake/lake.h"

enum { DAY_BARS = 1440, N_DAYS = 5 };

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static const char *keep(const char *path)
{
    static char kept[512];
    (void)snprintf(kept, sizeof kept, "%s", path);
    return kept;
}

/* Days of bars, one commit each. */
static void write_days(struct fixture *fixture, int n)
{
    for (int day = 0; day < n; day++)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
}

/* All bars of the days but those of one (-1: none) are there. */
static void assert_days_but(struct fixture *fixture, int n, int missing)
{
    for (int day = 0; day < n; day++) {
        int64_t start_ms = DAY_2024 + day * MS_PER_DAY;
        size_t n_bars = 0;
        struct bar *bars = read_bars(fixture->lake, "BTCUSDT", start_ms, start_ms + MS_PER_DAY, &n_bars);
        assert_int_equal(n_bars, day == missing ? 0 : DAY_BARS);
        if (day != missing)
            assert_bars_equal(bars, bars_from(start_ms, DAY_BARS), DAY_BARS);
        free(bars);
    }
}

static void assert_sound(struct fixture *fixture)
{
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
    fixture_reopen(fixture);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
}

static size_t n_quarantined(const struct fixture *fixture)
{
    return count_paths(fixture, ".lake/quarantine", ".quarantined");
}

/* ---- rows that can be had again ---- */

static int64_t find_text(const char *path, const char *text)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file), n_text = strlen(text);
    assert_int_equal(fclose(file), 0);
    for (size_t at = 0; at + n_text <= n; at++)
        if (memcmp(bytes + at, text, n_text) == 0)
            return (int64_t)at;
    fail_msg("%s does not hold '%s'", path, text);
    return -1;
}

/* In the index, the footer's statistics or the magic: the pages, and so the rows, are all there. */
static void test_a_file_whose_rows_are_unharmed_is_made_anew(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, 1);
    const char *path = keep(find_path(fixture, "data", "2024-01-01"));
    char before[512];
    (void)snprintf(before, sizeof before, "%s", path);
    flip_bit(path, find_text(path, "dl-datalake"), 0); /* who made it, in the footer */
    assert_one_action(run_repair(fixture), "checksum", "repaired");
    assert_sound(fixture);
    assert_days_but(fixture, 1, -1);
    assert_int_equal(n_quarantined(fixture), 1);
    assert_int_equal(access(before, F_OK), -1);
}

static void test_a_month_is_made_again_from_the_days_in_history(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, N_DAYS);
    roll_up(fixture, "BTCUSDT");
    assert_int_equal(unlink(find_path(fixture, "data", "2024-01")), 0);
    const struct found *found = run_repair(fixture);
    assert_one_action(found, "missing", "repaired");
    assert_non_null(strstr(found->rows[0].detail, "history"));
    assert_int_equal(found->verified.n_repaired, 1);
    assert_int_equal(n_quarantined(fixture), 0);
    assert_sound(fixture);
    assert_days_but(fixture, N_DAYS, -1);
    assert_int_equal(count_files(fixture->lake), 1);
}

/* The same rows in the same form: also the same bytes. */
static void test_a_month_made_again_has_the_same_bytes(void **state)
{
    struct fixture *fixture = *state;
    char first[600], second[600], command[1300];
    write_days(fixture, N_DAYS);
    roll_up(fixture, "BTCUSDT");
    (void)snprintf(first, sizeof first, "%s/kept", fixture->root);
    assert_int_equal(rename(find_path(fixture, "data", "2024-01"), first), 0);
    assert_one_action(run_repair(fixture), "missing", "repaired");
    (void)snprintf(second, sizeof second, "%s", find_path(fixture, "data", "2024-01"));
    (void)snprintf(command, sizeof command, "cmp -s '%s' '%s'", first, second);
    assert_int_equal(system(command), 0);
}

/* A page of one day is hit, and no version of that day is left but this: the other days are saved. */
static void test_of_a_month_only_the_day_that_was_hit_is_lost(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, N_DAYS);
    roll_up(fixture, "BTCUSDT");
    /* The days' own files go, as if they had expired. */
    for (int day = 0; day < N_DAYS; day++) {
        char date[16];
        (void)snprintf(date, sizeof date, "2024-01-0%d", day + 1);
        assert_int_equal(unlink(find_path(fixture, ".lake/history", date)), 0);
    }
    assert_int_equal(run_repair(fixture)->verified.n_quarantined, N_DAYS); /* history, no longer to be read */
    assert_sound(fixture);
    const char *path = keep(find_path(fixture, "data", "2024-01"));
    /* Somewhere in the middle of the file's second column. */
    flip_bit(path, size_of(path) / 4, 2);
    const struct found *found = run_repair(fixture);
    assert_one_action(found, "checksum", "quarantined");
    assert_non_null(strstr(found->rows[0].detail, "1 of 5 days (1440 rows) are lost"));
    assert_sound(fixture);
    int n_missing = 0;
    for (int day = 0; day < N_DAYS; day++) {
        int64_t start_ms = DAY_2024 + day * MS_PER_DAY;
        size_t n_bars = 0;
        struct bar *bars = read_bars(fixture->lake, "BTCUSDT", start_ms, start_ms + MS_PER_DAY, &n_bars);
        n_missing += n_bars == 0;
        if (n_bars > 0)
            assert_bars_equal(bars, bars_from(start_ms, DAY_BARS), DAY_BARS);
        free(bars);
    }
    assert_int_equal(n_missing, 1);
}

/* The lost version is one of several: what an older version had is not what the day held. */
static void test_an_older_version_of_the_rows_does_not_come_back(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, 2);
    struct bar changed = bar_of(DAY_2024);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    cut_file(find_path(fixture, "data", "2024-01-01"), 100);
    assert_one_action(run_repair(fixture), "size", "quarantined");
    assert_sound(fixture);
    assert_days_but(fixture, 2, 0);
}

/* The rows of a day that was changed and changed back are those that an older version has. */
static void test_an_older_version_with_the_same_rows_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct lake_undo_options undo = {.size = sizeof undo};
    struct lake_change_result result = {.size = sizeof result};
    write_days(fixture, 1);
    struct bar changed = bar_of(DAY_2024);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    assert_int_equal(lake_undo(fixture->lake, &undo, &result, NULL), LAKE_OK);
    cut_file(find_path(fixture, "data", "2024-01-01"), 100);
    assert_one_action(run_repair(fixture), "size", "repaired");
    assert_sound(fixture);
    assert_days_but(fixture, 1, -1);
}

static void test_a_misplaced_file_goes_back(void **state)
{
    struct fixture *fixture = *state;
    char to[700];
    write_days(fixture, 1);
    const char *path = keep(find_path(fixture, "data", "2024-01-01"));
    (void)snprintf(to, sizeof to, "%s/.lake/history/%s.retired", fixture->root, strrchr(path, '/') + 1);
    assert_int_equal(rename(path, to), 0);
    assert_one_action(run_repair(fixture), "misplaced", "repaired");
    assert_int_equal(access(path, F_OK), 0);
    assert_sound(fixture);
    assert_days_but(fixture, 1, -1);
}

/* ---- rows that cannot ---- */

static void test_a_lost_day_is_empty_and_its_file_kept(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, 3);
    const char *path = keep(find_path(fixture, "data", "2024-01-02"));
    int64_t size = size_of(path);
    flip_bit(path, size / 2, 3);
    const struct found *found = run_repair(fixture);
    assert_one_action(found, "checksum", "quarantined");
    assert_non_null(strstr(found->rows[0].path, "2024-01-02"));
    assert_non_null(strstr(found->rows[0].detail, "quarantine/"));
    assert_int_equal(found->verified.n_quarantined, 1);
    assert_int_equal(size_of(find_path(fixture, ".lake/quarantine", "2024-01-02")), size);
    assert_sound(fixture);
    assert_days_but(fixture, 3, 1);
    /* The day can be written again. */
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + MS_PER_DAY, DAY_BARS), DAY_BARS);
    assert_sound(fixture);
    assert_days_but(fixture, 3, -1);
    assert_int_equal(n_quarantined(fixture), 1);
}

/* Nobody reads a hole as "no rows": an older snapshot is refused there, and is as it was elsewhere. */
static void test_older_snapshots_are_refused_where_bytes_are_lost(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_scan *scan = NULL;
    write_days(fixture, 2);
    assert_int_equal(unlink(find_path(fixture, "data", "2024-01-01")), 0);
    assert_one_action(run_repair(fixture), "missing", "quarantined");
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, NULL}, .as_of = 2};
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, &err), LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "2024-01-01"));
    options.has_start = true;
    options.start_ms = DAY_2024 + MS_PER_DAY;
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, &err), LAKE_OK);
    assert_int_equal(lake_scan_rows(scan), DAY_BARS);
    lake_scan_close(scan);
}

static void test_damaged_history_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, 1);
    struct bar changed = bar_of(DAY_2024);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    flip_bit(find_path(fixture, ".lake/history", "2024-01-01"), 1000, 1);
    const struct found *found = run_repair(fixture);
    assert_one_action(found, "history", "quarantined");
    assert_int_equal(n_quarantined(fixture), 1);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    assert_sound(fixture);
}

static void test_strangers_are_set_aside(void **state)
{
    struct fixture *fixture = *state;
    char copy[700];
    write_days(fixture, 1);
    const char *path = keep(find_path(fixture, "data", "2024-01-01"));
    (void)snprintf(copy, sizeof copy, "%.*s/stranger.parquet", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(link(path, copy), 0);
    (void)snprintf(copy, sizeof copy, "%s/data/stranger.parquet", fixture->root);
    assert_int_equal(link(path, copy), 0);
    const struct found *found = run_repair(fixture);
    assert_int_equal(found->n, 2);
    assert_int_equal(found->verified.n_quarantined, 2);
    assert_string_equal(found->rows[0].action, "quarantined");
    assert_int_equal(n_quarantined(fixture), 2);
    assert_sound(fixture);
    assert_days_but(fixture, 1, -1);
}

/* ---- what is not touched ---- */

static void test_a_sound_lake_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    write_days(fixture, 2);
    int64_t before = size_of(find_path(fixture, "data", "2024-01-02"));
    const struct found *found = run_repair(fixture);
    assert_int_equal(found->n, 0);
    assert_int_equal(n_quarantined(fixture), 0);
    assert_int_equal(size_of(find_path(fixture, "data", "2024-01-02")), before);
}

static void test_an_empty_data_root_is_a_disk_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    char data[FIXTURE_PATH_BYTES + 16], away[FIXTURE_PATH_BYTES + 16];
    write_days(fixture, 2);
    (void)snprintf(data, sizeof data, "%s/data", fixture->root);
    (void)snprintf(away, sizeof away, "%s/away", fixture->root);
    assert_int_equal(rename(data, away), 0);
    char command[2 * sizeof data];
    (void)snprintf(command, sizeof command, "mkdir '%s'", data);
    assert_int_equal(system(command), 0);
    assert_int_equal(try_repair(fixture->lake, &err), LAKE_INVALID_STATE);
    assert_non_null(strstr(err.message, "nothing was changed"));
    assert_int_equal(rmdir(data), 0);
    assert_int_equal(rename(away, data), 0);
    assert_sound(fixture);
    assert_days_but(fixture, 2, -1);
}

/* A disk that gives errors: reading fails with EIO, below a path. */
struct bad_disk {
    struct io io;
    const char *part; /* of the path */
    int n_left;       /* failures */
    int file;         /* open, of that path */
};

static int bad_open(void *context, const char *path, enum io_open_mode mode)
{
    struct bad_disk *disk = context;
    int file = disk->io.ops->open(disk->io.context, path, mode);
    if (file >= 0 && strstr(path, disk->part) != NULL && strstr(path, ".parquet") != NULL)
        disk->file = file;
    return file;
}

static int bad_close(void *context, int file)
{
    struct bad_disk *disk = context;
    if (file == disk->file)
        disk->file = -1;
    return disk->io.ops->close(disk->io.context, file);
}

static int64_t bad_read_at(void *context, int file, void *bytes, size_t n, int64_t offset)
{
    struct bad_disk *disk = context;
    if (file == disk->file && disk->n_left > 0) {
        disk->n_left--;
        return -EIO;
    }
    return disk->io.ops->read_at(disk->io.context, file, bytes, n, offset);
}

/* The system's table, of which these three are replaced. The system's functions take no context. */
static struct io bad_io(struct bad_disk *disk)
{
    static struct io_ops ops;
    disk->io = io_system();
    disk->file = -1;
    ops = *disk->io.ops;
    ops.open = bad_open;
    ops.close = bad_close;
    ops.read_at = bad_read_at;
    return (struct io){&ops, disk};
}

static void repair_on_bad_disk(struct fixture *fixture, struct bad_disk *disk, const char *problem, const char *action)
{
    fixture->n_threads = 1;
    assert_int_equal(fixture_try_open(fixture, bad_io(disk), NULL), LAKE_OK);
    assert_one_action(run_repair(fixture), problem, action);
    fixture_reopen(fixture);
}

static void test_what_the_disk_does_not_give_stays(void **state)
{
    struct fixture *fixture = *state;
    struct bad_disk once = {.part = "2024-01-01", .n_left = 1}, ever = {.part = "2024-01-01", .n_left = 1000000};
    write_days(fixture, 2);
    repair_on_bad_disk(fixture, &once, "unreadable", "none");
    repair_on_bad_disk(fixture, &ever, "unreadable", "none");
    assert_int_equal(n_quarantined(fixture), 0);
    assert_sound(fixture);
    assert_days_but(fixture, 2, -1);
}

/* But where all its rows are in history, nobody needs the disk to come back. */
static void test_what_the_disk_does_not_give_is_made_again_from_history(void **state)
{
    struct fixture *fixture = *state;
    struct bad_disk disk = {.part = "-2024-01-", .n_left = 1000000};
    char month[64];
    write_days(fixture, N_DAYS);
    roll_up(fixture, "BTCUSDT");
    const char *name = strrchr(find_path(fixture, "data", "2024-01"), '/') + 1;
    (void)snprintf(month, sizeof month, "%s", name);
    disk.part = month;
    repair_on_bad_disk(fixture, &disk, "unreadable", "repaired");
    assert_int_equal(n_quarantined(fixture), 1);
    assert_sound(fixture);
    assert_days_but(fixture, N_DAYS, -1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_whose_rows_are_unharmed_is_made_anew),
        TEST(test_a_month_is_made_again_from_the_days_in_history),
        TEST(test_a_month_made_again_has_the_same_bytes),
        TEST(test_of_a_month_only_the_day_that_was_hit_is_lost),
        TEST(test_an_older_version_of_the_rows_does_not_come_back),
        TEST(test_an_older_version_with_the_same_rows_is_found),
        TEST(test_a_misplaced_file_goes_back),
        TEST(test_a_lost_day_is_empty_and_its_file_kept),
        TEST(test_older_snapshots_are_refused_where_bytes_are_lost),
        TEST(test_damaged_history_is_set_aside),
        TEST(test_strangers_are_set_aside),
        TEST(test_a_sound_lake_is_left_alone),
        TEST(test_an_empty_data_root_is_a_disk_that_is_not_there),
        TEST(test_what_the_disk_does_not_give_stays),
        TEST(test_what_the_disk_does_not_give_is_made_again_from_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
