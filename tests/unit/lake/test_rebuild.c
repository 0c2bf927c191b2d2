/* A lake whose manifest is gone: everything that is in the tree is there again, once, with the same content; what cannot be used is
 * set aside and named; and until all of that is done, nothing has changed. */
#include "verify_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "io/lock.h"
#include "manifest/history.h"

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

static void write_days(struct fixture *fixture, const char *symbol, int n)
{
    for (int day = 0; day < n; day++)
        (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
}

static void assert_bars_of(struct fixture *fixture, const char *symbol, int first_day, int n_days)
{
    for (int day = first_day; day < first_day + n_days; day++) {
        int64_t start_ms = DAY_2024 + day * MS_PER_DAY;
        size_t n = 0;
        struct bar *bars = read_bars(fixture->lake, symbol, start_ms, start_ms + MS_PER_DAY, &n);
        assert_int_equal(n, DAY_BARS);
        assert_bars_equal(bars, bars_from(start_ms, DAY_BARS), DAY_BARS);
        free(bars);
    }
}

/* What is live, for comparing before and after: ids, versions and snapshots are new. */
struct state {
    struct arena arena;
    struct manifest_file *files;
    struct manifest_content *contents;
    size_t n_files, n_contents;
};

static void read_state(struct fixture *fixture, const char *symbol, struct state *out)
{
    const struct manifest_filter filter = {.symbol = symbol};
    struct manifest *manifest = fixture->lake->manifest;
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    arena_init(&out->arena, 16 << 20);
    assert_int_equal(manifest_find_datasets(manifest, &filter, &out->arena, &datasets, &n, NULL), LAKE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(manifest_find_files(manifest, datasets[0].id, INT64_MIN, INT64_MAX, &out->arena, &out->files,
                                         &out->n_files, &snapshot, NULL),
                     LAKE_OK);
    assert_int_equal(manifest_find_contents(manifest, datasets[0].id, -1000000, 1000000, &out->arena, &out->contents,
                                            &out->n_contents, NULL),
                     LAKE_OK);
}

static void assert_same_state(const struct state *a, const struct state *b)
{
    assert_int_equal(a->n_files, b->n_files);
    for (size_t i = 0; i < a->n_files; i++) {
        const struct manifest_file *x = &a->files[i], *y = &b->files[i];
        assert_string_equal(x->path, y->path);
        assert_memory_equal(x->sha256, y->sha256, SHA256_BYTES);
        assert_int_equal(x->partition_start_ms, y->partition_start_ms);
        assert_int_equal(x->partition_end_ms, y->partition_end_ms);
        assert_int_equal(x->time_from_ms, y->time_from_ms);
        assert_int_equal(x->time_to_ms, y->time_to_ms);
        assert_int_equal(x->n_rows, y->n_rows);
        assert_int_equal(x->size_bytes, y->size_bytes);
    }
    assert_int_equal(a->n_contents, b->n_contents);
    for (size_t i = 0; i < a->n_contents; i++) {
        assert_int_equal(a->contents[i].day, b->contents[i].day);
        assert_int_equal(a->contents[i].n_rows, b->contents[i].n_rows);
        assert_memory_equal(a->contents[i].sha256, b->contents[i].sha256, SHA256_BYTES);
        assert_int_equal(b->contents[i].version, 1);
    }
}

/* History is nobody's now, and gc's to remove. */
static void assert_sound(struct fixture *fixture)
{
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FULL);
    for (size_t i = 0; i < found->n; i++)
        if (strcmp(found->rows[i].problem, "leftover") != 0)
            fail_msg("%s: %s: %s", found->rows[i].path, found->rows[i].problem, found->rows[i].detail);
}

static void set_modified(const char *path, time_t when)
{
    const struct utimbuf times = {when, when};
    assert_int_equal(utime(path, &times), 0);
}

static void copy_file(const char *from, const char *to)
{
    char command[1400];
    (void)snprintf(command, sizeof command, "cp -p '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* ---- a whole tree ---- */

static void test_everything_is_there_again(void **state)
{
    struct fixture *fixture = *state;
    struct state before[3], after[3];
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "CON"};
    write_days(fixture, "BTCUSDT", N_DAYS);
    write_days(fixture, "ETHUSDT", 2);
    write_days(fixture, "CON", 1);
    roll_up(fixture, "ETHUSDT");
    struct lake_write *write = begin_write(fixture->lake, "CON", "1d");
    append_bars(write, &(struct bar){DAY_2024, 1, 2, 0.5, 1.5, 3}, 1);
    (void)commit_write(write);
    for (size_t i = 0; i < 2; i++)
        read_state(fixture, symbols[i], &before[i]);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 0);
    assert_int_equal(found->rebuilt.n_files, N_DAYS + 1 + 1 + 1);
    assert_int_equal(found->rebuilt.n_datasets, 4);
    assert_int_equal(found->rebuilt.n_rows, (N_DAYS + 2 + 1) * DAY_BARS + 1);
    assert_int_equal(found->rebuilt.n_set_aside, 0);
    for (size_t i = 0; i < 2; i++) {
        read_state(fixture, symbols[i], &after[i]);
        assert_same_state(&before[i], &after[i]);
        arena_release(&before[i].arena);
        arena_release(&after[i].arena);
    }
    assert_sound(fixture);
    assert_bars_of(fixture, "BTCUSDT", 0, N_DAYS);
    assert_bars_of(fixture, "ETHUSDT", 0, 2);
    /* It is an ordinary lake: the same rows change nothing, others go in. */
    assert_int_equal(write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, DAY_BARS), DAY_BARS).snapshot, 0);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + N_DAYS * MS_PER_DAY, DAY_BARS), DAY_BARS);
    assert_bars_of(fixture, "BTCUSDT", 0, N_DAYS + 1);
}

static void test_the_operation_says_what_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_log_entry entry;
    struct arena arena = ARENA_INIT(1 << 20);
    write_days(fixture, "BTCUSDT", 2);
    (void)run_rebuild(fixture);
    assert_int_equal(manifest_find_log_entry(fixture->lake->manifest, 1, &arena, &entry, NULL), LAKE_OK);
    assert_string_equal(entry.operation.kind, "rebuild");
    assert_int_equal(entry.operation.rows_read, 2 * DAY_BARS);
    assert_int_equal(entry.operation.rows_written, 2 * DAY_BARS);
    assert_int_equal(entry.operation.n_days, 2);
    arena_release(&arena);
}

static void test_an_empty_tree_gives_an_empty_lake(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run_rebuild(fixture)->rebuilt.n_files, 0);
    assert_sound(fixture);
}

/* ---- files that meet ---- */

/* Between publishing and retiring: the new file is in place, the old one not yet gone. */
static void test_of_two_versions_the_later_stays(void **state)
{
    struct fixture *fixture = *state;
    char old[600], kept[600];
    write_days(fixture, "BTCUSDT", 2);
    (void)snprintf(old, sizeof old, "%s", find_path(fixture, "data", "2024-01-01"));
    (void)snprintf(kept, sizeof kept, "%s/kept", fixture->root);
    copy_file(old, kept);
    struct bar changed = bar_of(DAY_2024);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    copy_file(kept, old);
    set_modified(old, 1000000);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 1);
    assert_string_equal(found->rows[0].problem, "overlap");
    assert_string_equal(found->rows[0].path, old + strlen(fixture->root) + strlen("/data/"));
    assert_non_null(strstr(found->rows[0].action, "quarantine/"));
    assert_int_equal(found->rebuilt.n_rows, 2 * DAY_BARS);
    assert_int_equal(count_paths(fixture, ".lake/quarantine", ".quarantined"), 1);
    assert_sound(fixture);
    size_t n = 0;
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_MINUTE, &n);
    assert_int_equal(n, 1);
    assert_true(bars[0].close == 1.0);
    free(bars);
}

/* The same in the middle of a compaction: the month is there, and some of its days. */
static void test_a_month_later_than_its_days_stays(void **state)
{
    struct fixture *fixture = *state;
    char days[2][600], kept[2][600];
    write_days(fixture, "BTCUSDT", N_DAYS);
    for (int i = 0; i < 2; i++) {
        char date[16];
        (void)snprintf(date, sizeof date, "2024-01-0%d", 2 * i + 1);
        (void)snprintf(days[i], sizeof days[i], "%s", find_path(fixture, "data", date));
        (void)snprintf(kept[i], sizeof kept[i], "%s/kept-%d", fixture->root, i);
        copy_file(days[i], kept[i]);
        set_modified(kept[i], 1000000);
    }
    roll_up(fixture, "BTCUSDT");
    for (int i = 0; i < 2; i++)
        copy_file(kept[i], days[i]);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 2);
    assert_string_equal(found->rows[0].problem, "overlap");
    assert_string_equal(found->rows[1].problem, "overlap");
    assert_int_equal(found->rebuilt.n_files, 1);
    assert_sound(fixture);
    assert_bars_of(fixture, "BTCUSDT", 0, N_DAYS);
}

/* A month's file that does not have all days, and days beside it: each answers for what it has. */
static void test_files_of_different_grain_share_a_month(void **state)
{
    struct fixture *fixture = *state;
    char later[600], kept[600];
    write_days(fixture, "BTCUSDT", 3);
    (void)snprintf(later, sizeof later, "%s", find_path(fixture, "data", "2024-01-03"));
    (void)snprintf(kept, sizeof kept, "%s/kept", fixture->root);
    assert_int_equal(rename(later, kept), 0); /* not of the month, then */
    (void)run_rebuild(fixture);
    roll_up(fixture, "BTCUSDT");
    remove_manifest(fixture);
    copy_file(kept, later);
    assert_int_equal(run_rebuild(fixture)->n, 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_sound(fixture);
    assert_bars_of(fixture, "BTCUSDT", 0, 3);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + 3 * MS_PER_DAY, DAY_BARS), DAY_BARS);
    assert_bars_of(fixture, "BTCUSDT", 0, 4);
}

/* ---- files that cannot be used ---- */

static void test_what_cannot_be_used_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    char path[700];
    write_days(fixture, "BTCUSDT", 4);
    const char *first = find_path(fixture, "data", "2024-01-01");
    (void)snprintf(path, sizeof path, "%s/data/stranger.parquet", fixture->root);
    copy_file(first, path);
    cut_file(find_path(fixture, "data", "2024-01-02"), 100);
    cut_file(find_path(fixture, "data", "2024-01-03"), 0);
    /* Rows of another day than the path says. */
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "2024-01-04"));
    copy_file(find_path(fixture, "data", "2024-01-01"), path);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 4);
    assert_int_equal(found->rebuilt.n_set_aside, 4);
    assert_int_equal(found->rebuilt.n_files, 1);
    assert_int_equal(found->rebuilt.n_rows, DAY_BARS);
    size_t n_structure = 0, n_range = 0, n_stranger = 0;
    for (size_t i = 0; i < found->n; i++) {
        n_structure += strcmp(found->rows[i].problem, "structure") == 0;
        n_range += strcmp(found->rows[i].problem, "range") == 0;
        n_stranger += strcmp(found->rows[i].problem, "stranger") == 0;
    }
    assert_int_equal(n_structure, 2);
    assert_int_equal(n_range, 1);
    assert_int_equal(n_stranger, 1);
    assert_int_equal(count_paths(fixture, ".lake/quarantine", ".quarantined"), 4);
    assert_sound(fixture);
    assert_bars_of(fixture, "BTCUSDT", 0, 1);
}

static void test_a_column_of_another_type_is_set_aside(void **state)
{
    struct fixture *fixture = *state;
    char path[700];
    /* The same name has another type in another dataset's file, which is put in this one's place. */
    write_days(fixture, "BTCUSDT", 2);
    struct lake_selection other = {"test", NULL, "OTHER", NULL, "1m"};
    static const struct column_field fields[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"open", COLUMN_DOUBLE, 0, true}, {"note", COLUMN_INT64, 0, true}};
    static const struct column_field others[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"open", COLUMN_DOUBLE, 0, true}, {"note", COLUMN_DOUBLE, 0, true}};
    for (int i = 0; i < 2; i++) {
        struct schema *schema = NULL;
        struct batch batch = {0};
        struct lake_write *write = NULL;
        struct lake_write_result result;
        other.symbol = i == 0 ? "OTHER" : "THIRD";
        assert_int_equal(schema_new(i == 0 ? fields : others, 3, &schema, NULL), LAKE_OK);
        assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
        *(int64_t *)batch_values(&batch, 0) = DAY_2024 + i * MS_PER_DAY;
        *(double *)batch_values(&batch, 1) = 1.0;
        memset(batch_values(&batch, 2), 0, 8);
        assert_int_equal(lake_write_begin(fixture->lake, &other, "ingest", &write, NULL), LAKE_OK);
        assert_int_equal(lake_write_append(write, &batch, NULL), LAKE_OK);
        assert_int_equal(lake_write_commit(write, &result, NULL), LAKE_OK);
        lake_write_free(write);
        batch_release(&batch);
        schema_free(schema);
    }
    (void)snprintf(path, sizeof path, "%s/data/TEST/FUTURES/OTHER/raw/1m/2024/01/02", fixture->root);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path,
                   "%s/data/TEST/FUTURES/OTHER/raw/1m/2024/01/02/OTHER-1m-2024-01-02-00000000000000aa.parquet",
                   fixture->root);
    assert_int_equal(rename(find_path(fixture, "data", "THIRD"), path), 0);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 1);
    assert_string_equal(found->rows[0].problem, "columns");
    assert_non_null(strstr(found->rows[0].path, "00000000000000aa"));
    assert_sound(fixture);
}

/* ---- what writers left ---- */

static void make_staged(const struct fixture *fixture, const char *name)
{
    char path[700];
    (void)snprintf(path, sizeof path, "%s/.lake/staging/%s", fixture->root, name);
    int file = open(path, O_CREAT | O_WRONLY, 0644);
    assert_true(file >= 0);
    assert_int_equal(write(file, "rows", 4), 4);
    assert_int_equal(close(file), 0);
}

static void test_what_dead_writers_staged_is_kept_and_named(void **state)
{
    struct fixture *fixture = *state;
    struct file_lock lock = {0};
    char path[700];
    write_days(fixture, "BTCUSDT", 1);
    remove_manifest(fixture);
    make_staged(fixture, "0123456789abcdef-x.staged");
    make_staged(fixture, "0123456789abcdef.lock");
    make_staged(fixture, "fedcba9876543210-x.staged");
    (void)snprintf(path, sizeof path, "%s/.lake/staging/fedcba9876543210.lock", fixture->root);
    /* This writer lives. */
    assert_int_equal(file_lock_acquire(&lock, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", NULL), LAKE_OK);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 1);
    assert_string_equal(found->rows[0].problem, "staged");
    assert_string_equal(found->rows[0].path, "staging/0123456789abcdef-x.staged");
    assert_int_equal(count_paths(fixture, ".lake/quarantine", ".quarantined"), 1);
    assert_int_equal(count_paths(fixture, ".lake/staging", "fedcba9876543210-x.staged"), 1);
    file_lock_release(&lock);
}

/* ---- refusals ---- */

static void test_a_manifest_that_is_there_is_not_replaced(void **state)
{
    struct fixture *fixture = *state;
    static const char *const left[] = {"manifest.db", "manifest.db-wal", "manifest.db-shm"};
    struct lake_error err = {LAKE_OK, ""};
    char path[FIXTURE_PATH_BYTES + 32];
    write_days(fixture, "BTCUSDT", 1);
    remove_manifest(fixture);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fixture->root, left[i]);
        int file = open(path, O_CREAT | O_WRONLY, 0644);
        assert_int_equal(close(file), 0);
        assert_int_equal(try_rebuild(fixture, io_system(), &err), LAKE_EXISTS);
        assert_non_null(strstr(err.message, left[i]));
        assert_non_null(strstr(err.message, "move it"));
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(count_paths(fixture, "", "manifest.db"), 0);
    assert_int_equal(run_rebuild(fixture)->rebuilt.n_files, 1);
}

static void test_without_data_there_is_nothing_to_make(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    char path[FIXTURE_PATH_BYTES + 32];
    remove_manifest(fixture);
    (void)snprintf(path, sizeof path, "%s/data", fixture->root);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(try_rebuild(fixture, io_system(), &err), LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "--data-root"));
}

/* What a rebuild that died left beside its place does no harm. */
static void test_leftovers_of_a_dead_rebuild_are_taken_away(void **state)
{
    struct fixture *fixture = *state;
    static const char *const left[] = {"manifest.db.rebuild", "manifest.db.rebuild-wal", "manifest.db.rebuild-shm"};
    char path[FIXTURE_PATH_BYTES + 32];
    write_days(fixture, "BTCUSDT", 1);
    remove_manifest(fixture);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", fixture->root, left[i]);
        int file = open(path, O_CREAT | O_WRONLY, 0644);
        assert_int_equal(write(file, "junk", 4), 4);
        assert_int_equal(close(file), 0);
    }
    assert_int_equal(run_rebuild(fixture)->rebuilt.n_files, 1);
    assert_sound(fixture);
    assert_int_equal(count_paths(fixture, "", ".rebuild"), 0);
    assert_int_equal(count_paths(fixture, "", ".rebuild-wal"), 0);
}

static int cancel(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    (void)context;
    (void)n_bytes_total;
    return n_rows > 0 && n_bytes > 0;
}

static void test_a_rebuild_that_is_stopped_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct lake_progress progress = {cancel, NULL};
    struct lake_rebuild_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    char data_root[FIXTURE_PATH_BYTES + 16], db_path[FIXTURE_PATH_BYTES + 16];
    (void)snprintf(data_root, sizeof data_root, "%s/data", fixture->root);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", fixture->root);
    const struct lake_options options = {.size = sizeof options, .data_root = data_root, .db_path = db_path};
    write_days(fixture, "BTCUSDT", 2);
    cut_file(find_path(fixture, "data", "2024-01-02"), 100);
    remove_manifest(fixture);
    assert_int_equal(lake_rebuild(&options, &progress, &result, &stream, NULL), LAKE_CANCELLED);
    assert_int_equal(count_paths(fixture, "", "manifest.db"), 0);
    assert_int_equal(count_paths(fixture, "", ".rebuild"), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_int_equal(run_rebuild(fixture)->rebuilt.n_files, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_everything_is_there_again),
        TEST(test_the_operation_says_what_it_was),
        TEST(test_an_empty_tree_gives_an_empty_lake),
        TEST(test_of_two_versions_the_later_stays),
        TEST(test_a_month_later_than_its_days_stays),
        TEST(test_files_of_different_grain_share_a_month),
        TEST(test_what_cannot_be_used_is_set_aside),
        TEST(test_a_column_of_another_type_is_set_aside),
        TEST(test_what_dead_writers_staged_is_kept_and_named),
        TEST(test_a_manifest_that_is_there_is_not_replaced),
        TEST(test_without_data_there_is_nothing_to_make),
        TEST(test_leftovers_of_a_dead_rebuild_are_taken_away),
        TEST(test_a_rebuild_that_is_stopped_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
