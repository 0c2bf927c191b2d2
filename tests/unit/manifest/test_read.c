/* What is found, in which order, and at which cost. */
#include "unit/manifest/fixture.h"

#include <stdio.h>
#include <string.h>

static const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};

static void add_dataset(struct fixture *f, const char *exchange, const char *market, const char *symbol,
                        const char *period)
{
    struct manifest_dataset dataset = {0, exchange, market, symbol, "raw", period};
    must(f, manifest_add_dataset(f->manifest, &dataset, &f->err));
}

static void add_five_datasets(struct fixture *f)
{
    fixture_begin(f, 1);
    add_dataset(f, "BYBIT", "SPOT", "BTCUSDT", "1m");
    add_dataset(f, "BINANCE", "SPOT", "ETHUSDT", "1m");
    add_dataset(f, "BINANCE", "SPOT", "BTCUSDT", "1m");
    add_dataset(f, "BINANCE", "FUTURES", "BTCUSDT", "5m");
    add_dataset(f, "BINANCE", "FUTURES", "BTCUSDT", "1m");
    fixture_commit(f);
}

/* The periods' and markets' first letters of what is found tell which they were. */
static void expect_found(struct fixture *f, struct manifest_filter filter, const char *expected)
{
    struct manifest_dataset *datasets = NULL;
    struct manifest_totals *totals = NULL;
    size_t n = 0, n_totals = 0;
    char found[256] = "";
    must(f, manifest_find_datasets(f->manifest, &filter, &f->arena, &datasets, &n, &f->err));
    must(f, manifest_list_totals(f->manifest, &filter, NULL, &f->arena, &totals, &n_totals, &f->err));
    assert_int_equal(n, n_totals);
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(found);
        snprintf(found + at, sizeof found - at, "%.2s/%.1s/%.1s/%s ", datasets[i].exchange, datasets[i].market,
                 datasets[i].symbol, datasets[i].period);
        assert_int_equal(datasets[i].id, totals[i].dataset.id);
        assert_string_equal(datasets[i].symbol, totals[i].dataset.symbol);
    }
    assert_string_equal(found, expected);
}

static void test_datasets_are_filtered_and_ordered(void **state)
{
    struct fixture *f = *state;
    add_five_datasets(f);
    expect_found(f, everything, "BI/F/B/1m BI/F/B/5m BI/S/B/1m BI/S/E/1m BY/S/B/1m ");
    expect_found(f, (struct manifest_filter){.exchange = "BINANCE"}, "BI/F/B/1m BI/F/B/5m BI/S/B/1m BI/S/E/1m ");
    expect_found(f, (struct manifest_filter){.symbol = "BTCUSDT"}, "BI/F/B/1m BI/F/B/5m BI/S/B/1m BY/S/B/1m ");
    expect_found(f, (struct manifest_filter){.exchange = "BINANCE", .symbol = "BTCUSDT"},
                 "BI/F/B/1m BI/F/B/5m BI/S/B/1m ");
    expect_found(f, (struct manifest_filter){.exchange = "BINANCE", .symbol = "BTCUSDT", .market = "SPOT"},
                 "BI/S/B/1m ");
    expect_found(f, (struct manifest_filter){.exchange = "BINANCE", .symbol = "BTCUSDT", .period = "5m"}, "BI/F/B/5m ");
    expect_found(f, (struct manifest_filter){"BINANCE", "SPOT", "ETHUSDT", "raw", "1m"}, "BI/S/E/1m ");
    expect_found(f, (struct manifest_filter){"BINANCE", "SPOT", "ETHUSDT", "agg", "1m"}, "");
    expect_found(f, (struct manifest_filter){.type = "raw", .period = "1m", .market = "FUTURES"}, "BI/F/B/1m ");
    expect_found(f, (struct manifest_filter){.exchange = "binance"}, ""); /* names are canonical here */
}

static void test_a_new_manifest_has_nothing(void **state)
{
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    struct manifest_content *contents = NULL;
    struct manifest_outstanding *outstanding = NULL;
    const char *state_path = "x";
    int64_t snapshot = -1;
    size_t n = 9;
    expect_found(f, everything, "");
    must(f, manifest_snapshot(f->manifest, &snapshot, &f->err));
    assert_int_equal(snapshot, 0);
    must(f, manifest_find_files(f->manifest, 0, INT64_MIN, INT64_MAX, &f->arena, &files, &n, &snapshot, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_find_contents(f->manifest, 1, INT64_MIN, INT64_MAX, &f->arena, &contents, &n, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_find_outstanding(f->manifest, &f->arena, &outstanding, &n, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_find_state_path(f->manifest, 1, &f->arena, &state_path, &f->err));
    assert_null(state_path);
}

/* A year file, a month file, two day files, a hole of a day, a day file: paths are letters. */
static int64_t add_mixed_files(struct fixture *f)
{
    static const struct {
        const char *path;
        int64_t day, n_days;
    } files[] = {{"y", 0, 366}, {"m", 366, 31}, {"a", 397, 1}, {"b", 398, 1}, {"c", 400, 1}, {"old", -3, 2}};
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    int64_t other = fixture_dataset(f, "ETHUSDT", "1m");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct manifest_file file = fixture_file(dataset, write, files[i].day, files[i].n_days, files[i].path);
        must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    }
    struct manifest_file file = fixture_file(other, write, 397, 1, "other");
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    fixture_commit(f);
    return dataset;
}

static void expect_files(struct fixture *f, int64_t dataset, int64_t from_ms, int64_t to_ms, const char *expected)
{
    struct manifest_file *files = NULL;
    int64_t snapshot = -1;
    size_t n = 0;
    char found[256] = "";
    must(f, manifest_find_files(f->manifest, dataset, from_ms, to_ms, &f->arena, &files, &n, &snapshot, &f->err));
    for (size_t i = 0; i < n; i++) {
        strcat(found, files[i].path);
        strcat(found, " ");
    }
    assert_string_equal(found, expected);
    assert_int_equal(snapshot, 1);
}

static void test_files_that_overlap_a_range(void **state)
{
    struct fixture *f = *state;
    int64_t d = add_mixed_files(f);
    expect_files(f, d, INT64_MIN, INT64_MAX, "old y m a b c ");
    expect_files(f, d, 400 * DAY_MS, 401 * DAY_MS, "c ");
    expect_files(f, d, 400 * DAY_MS + 5, 400 * DAY_MS + 6, "c ");
    expect_files(f, d, 401 * DAY_MS, 500 * DAY_MS, "");
    expect_files(f, d, 399 * DAY_MS, 400 * DAY_MS, "");             /* the hole */
    expect_files(f, d, 398 * DAY_MS + 1, 400 * DAY_MS + 1, "b c "); /* across it */
    expect_files(f, d, 397 * DAY_MS - 1, 397 * DAY_MS, "m ");
    expect_files(f, d, 397 * DAY_MS - 1, 397 * DAY_MS + 1, "m a ");
    expect_files(f, d, 365 * DAY_MS, 366 * DAY_MS + 1, "y m "); /* from the last day of a year file */
    expect_files(f, d, -DAY_MS, 0, "");                         /* between old and y */
    expect_files(f, d, -2 * DAY_MS, 1, "old y ");
    expect_files(f, d, -9 * DAY_MS, -3 * DAY_MS, "");
    expect_files(f, d, -9 * DAY_MS, -3 * DAY_MS + 1, "old ");
    expect_files(f, d, 398 * DAY_MS, 398 * DAY_MS, ""); /* empty ranges */
    expect_files(f, d, 399 * DAY_MS, 397 * DAY_MS, "");
    expect_files(f, d + 77, INT64_MIN, INT64_MAX, "");
}

static void test_files_of_all_datasets(void **state)
{
    struct fixture *f = *state;
    add_mixed_files(f);
    expect_files(f, 0, INT64_MIN, INT64_MAX, "old y m a b c other ");
    expect_files(f, 0, 397 * DAY_MS, 398 * DAY_MS, "a other ");
    expect_files(f, 0, 397 * DAY_MS - 1, 397 * DAY_MS, "m ");
}

static void test_a_file_comes_back_as_it_was_added(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    struct manifest_file *found = NULL;
    struct manifest_file file =
        fixture_file(fixture_dataset(f, "BTCUSDT", "1m"), write, 19000, 1, "BINANCE/SPOT/BTCUSDT/raw/1m/a.parquet");
    int64_t snapshot = 0;
    size_t n = 0;
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    fixture_commit(f);
    fixture_reopen(f, MANIFEST_READ_ONLY);
    must(f, manifest_find_files(f->manifest, file.dataset_id, 19000 * DAY_MS, 19001 * DAY_MS, &f->arena, &found, &n,
                                &snapshot, &f->err));
    assert_int_equal(n, 1);
    assert_true(found->id == file.id && file.id > 0);
    assert_int_equal(found->dataset_id, file.dataset_id);
    assert_string_equal(found->path, file.path);
    assert_true(found->partition_start_ms == file.partition_start_ms &&
                found->partition_end_ms == file.partition_end_ms);
    assert_true(found->time_from_ms == file.time_from_ms && found->time_to_ms == file.time_to_ms);
    assert_true(found->n_rows == file.n_rows && found->size_bytes == file.size_bytes);
    assert_memory_equal(found->sha256, file.sha256, sizeof file.sha256);
    assert_int_equal(found->operation_id, write.operation);
    assert_int_equal(found->added, write.snapshot);
    assert_int_equal(found->retired, 0);
}

static void test_contents_of_a_range_of_days(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_content *found = NULL;
    size_t n = 0;
    for (int day = -2; day < 6; day++) {
        struct manifest_content content = fixture_content(dataset, write, day, 100 + day);
        must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    }
    fixture_commit(f);
    must(f, manifest_find_contents(f->manifest, dataset, -1, 4, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 5);
    for (int i = 0; i < 5; i++) {
        struct manifest_content content = fixture_content(dataset, write, i - 1, 100 + i - 1);
        assert_int_equal(found[i].dataset_id, dataset);
        assert_int_equal(found[i].day, i - 1);
        assert_int_equal(found[i].version, 1);
        assert_memory_equal(found[i].sha256, content.sha256, sizeof content.sha256);
        assert_int_equal(found[i].n_rows, 1440);
        assert_true(found[i].time_from_ms == content.time_from_ms && found[i].time_to_ms == content.time_to_ms);
        assert_int_equal(found[i].operation_id, write.operation);
    }
    must(f, manifest_find_contents(f->manifest, dataset + 1, -1, 4, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_the_version_of_a_file_is_the_greatest_of_its_days(void **state)
{
    struct fixture *f = *state;
    int64_t dataset = 0, version = -1;
    for (int round = 0; round < 3; round++) {
        struct write write = fixture_begin(f, round);
        dataset = fixture_dataset(f, "BTCUSDT", "1m");
        for (int64_t day = round; day < 3; day++) { /* day 0 is changed once, day 2 three times */
            struct manifest_content content = fixture_content(dataset, write, day, round + 1);
            must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
        }
        fixture_commit(f);
    }
    struct manifest_file day_0 = {.dataset_id = dataset, .partition_start_ms = 0, .partition_end_ms = DAY_MS};
    struct manifest_file month = {
        .dataset_id = dataset, .partition_start_ms = -DAY_MS, .partition_end_ms = 30 * DAY_MS};
    struct manifest_file none = {.dataset_id = dataset, .partition_start_ms = -1, .partition_end_ms = 0};
    must(f, manifest_find_version(f->manifest, &day_0, &version, &f->err));
    assert_int_equal(version, 1);
    must(f, manifest_find_version(f->manifest, &month, &version, &f->err));
    assert_int_equal(version, 3);
    must(f, manifest_find_version(f->manifest, &none, &version, &f->err));
    assert_int_equal(version, 0);
}

/* Old snapshots can be read back: live in S is added <= S and (retired is 0 or retired > S). */
static int64_t count_as_of(struct fixture *f, const char *table, int64_t snapshot)
{
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE added <= %d AND (retired = 0 OR retired > %d)", table,
             (int)snapshot, (int)snapshot);
    return query_int64(f, sql);
}

static void test_an_old_snapshot_is_still_there(void **state)
{
    struct fixture *f = *state;
    struct write one = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_file a = fixture_file(dataset, one, 1, 1, "a");
    struct manifest_content content = fixture_content(dataset, one, 1, 1);
    must(f, manifest_add_file(f->manifest, &a, NULL, &f->err));
    must(f, manifest_put_content(f->manifest, &content, one.snapshot, &f->err));
    fixture_commit(f);

    struct write two = fixture_begin(f, 2);
    struct manifest_file b = fixture_file(dataset, two, 1, 1, "b"), c = fixture_file(dataset, two, 2, 1, "c");
    content = fixture_content(dataset, two, 1, 2);
    must(f, retire(f, a.id, two.snapshot, NULL));
    must(f, manifest_add_file(f->manifest, &b, NULL, &f->err));
    must(f, manifest_add_file(f->manifest, &c, NULL, &f->err));
    must(f, manifest_put_content(f->manifest, &content, two.snapshot, &f->err));
    fixture_commit(f);

    assert_int_equal(count_as_of(f, "files", 0), 0);
    assert_int_equal(count_as_of(f, "files", one.snapshot), 1);
    assert_int_equal(count_as_of(f, "files", two.snapshot), 2);
    assert_int_equal(count_as_of(f, "contents", one.snapshot), 1);
    assert_int_equal(count_as_of(f, "contents", two.snapshot), 1);
    assert_int_equal(query_int64(f, "SELECT version FROM contents WHERE retired = 2"), 1);
    assert_int_equal(query_int64(f, "SELECT version FROM contents WHERE retired = 0"), 2);
}

static void test_a_path_that_leaves_the_data_root_is_corrupt(void **state)
{
    static const char *const paths[] = {
        "../../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "a/./b", "", "a/", "c:x", "a\\b"};
    struct fixture *f = *state;
    add_mixed_files(f);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct manifest_file *files = NULL;
        int64_t snapshot = 0;
        size_t n = 0;
        char sql[200];
        snprintf(sql, sizeof sql, "UPDATE files SET path = '%s' WHERE partition_start_ms = 0", paths[i]);
        run_sql(f, f->path, sql);
        expect_status(
            f, LAKE_CORRUPT,
            manifest_find_files(f->manifest, 1, INT64_MIN, INT64_MAX, &f->arena, &files, &n, &snapshot, &f->err));
        assert_non_null(strstr(f->err.message, "a path that is not below the data root"));
        assert_null(files);
        assert_int_equal(n, 0);
    }
    run_sql(f, f->path, "UPDATE files SET path = '..a/b..c/.d' WHERE partition_start_ms = 0");
    expect_files(f, 1, 0, 1, "..a/b..c/.d ");
}

static void test_more_than_the_arena_may_hold_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct arena small = ARENA_INIT(200);
    struct manifest_file *files = NULL;
    int64_t snapshot = 0;
    size_t n = 0;
    add_mixed_files(f);
    expect_status(f, LAKE_NO_MEMORY,
                  manifest_find_files(f->manifest, 1, INT64_MIN, INT64_MAX, &small, &files, &n, &snapshot, &f->err));
    arena_release(&small);
    expect_files(f, 1, 0, 1, "y "); /* the handle is as it was */
    must(f, manifest_begin(f->manifest, &f->err));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_datasets_are_filtered_and_ordered),
        T(test_a_new_manifest_has_nothing),
        T(test_files_that_overlap_a_range),
        T(test_files_of_all_datasets),
        T(test_a_file_comes_back_as_it_was_added),
        T(test_contents_of_a_range_of_days),
        T(test_the_version_of_a_file_is_the_greatest_of_its_days),
        T(test_an_old_snapshot_is_still_there),
        T(test_a_path_that_leaves_the_data_root_is_corrupt),
        T(test_more_than_the_arena_may_hold_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
