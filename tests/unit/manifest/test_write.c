/* Writes: whole or not at all, and only what keeps the manifest's promises. */
#include "unit/manifest/fixture.h"

#include <stdio.h>
#include <string.h>

#include "manifest/handle.h"

static const char count_everything[] =
    "SELECT (SELECT count(*) FROM datasets) + (SELECT count(*) FROM operations) + (SELECT count(*) FROM operation_sources)"
    " + (SELECT count(*) FROM snapshots) + (SELECT count(*) FROM files) + (SELECT count(*) FROM contents)"
    " + (SELECT count(*) FROM outstanding) + (SELECT count(*) FROM columns)";

/* One of each kind of row; returns the file's id. */
static int64_t write_one_of_each(struct fixture *f)
{
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_source source = {"a.csv", 10, NULL};
    struct manifest_file file = fixture_file(dataset, write, 1, 1, "a");
    struct manifest_content content = fixture_content(dataset, write, 1, 1);
    struct manifest_column column = {"ts", 6, 0};
    must(f, manifest_add_column(f->manifest, dataset, &column, 0, &f->err));
    must(f, manifest_add_source(f->manifest, write.operation, &source, &f->err));
    must(f, manifest_add_file(f->manifest, &file, "staging/a", &f->err));
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    return file.id;
}

static void test_a_rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    manifest_rollback(f->manifest); /* harmless */
    write_one_of_each(f);
    manifest_rollback(f->manifest);
    assert_int_equal(query_int64(f, count_everything), 0);
    write_one_of_each(f);
    fixture_commit(f);
    assert_int_equal(query_int64(f, count_everything), 8);
}

static void test_closing_rolls_back(void **state)
{
    struct fixture *f = *state;
    write_one_of_each(f);
    fixture_reopen(f, MANIFEST_READ_WRITE);
    assert_int_equal(query_int64(f, count_everything), 0);
}

static void test_a_commit_is_there_for_others_and_after_reopening(void **state)
{
    struct fixture *f = *state;
    int64_t snapshot = 0;
    write_one_of_each(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 0);
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 1);
    fixture_reopen(f, MANIFEST_READ_ONLY);
    must(f, manifest_snapshot(f->manifest, &snapshot, &f->err));
    assert_int_equal(snapshot, 1);
}

static void test_writes_need_a_transaction(void **state)
{
    struct fixture *f = *state;
    struct write write = {1, 1};
    struct manifest_dataset dataset = {0, "A", "B", "C", "raw", "1m"};
    struct manifest_operation operation = {.kind = "ingest", .source = "", .software = ""};
    struct manifest_source source = {"a", 1, NULL};
    struct manifest_file file = fixture_file(1, write, 1, 1, "a");
    struct manifest_content content = fixture_content(1, write, 1, 1);
    struct manifest_column column = {"ts", 6, 0};
    int64_t snapshot = 0;
    expect_status(f, LAKE_INVALID_STATE, manifest_add_column(f->manifest, 1, &column, 0, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_dataset(f->manifest, &dataset, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_operation(f->manifest, &operation, &snapshot, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_source(f->manifest, 1, &source, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_file(f->manifest, &file, NULL, &f->err));
    expect_status(f, LAKE_INVALID_STATE, retire(f, 1, 1, NULL));
    expect_status(f, LAKE_INVALID_STATE, manifest_put_content(f->manifest, &content, 1, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_clear_outstanding(f->manifest, 1, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_commit(f->manifest, &f->err));
    must(f, manifest_begin(f->manifest, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_begin(f->manifest, &f->err));
    must(f, manifest_commit(f->manifest, &f->err));
    assert_int_equal(query_int64(f, count_everything), 0);
}

static void test_a_dataset_is_added_once(void **state)
{
    struct fixture *f = *state;
    fixture_begin(f, 1);
    int64_t one = fixture_dataset(f, "BTCUSDT", "1m");
    int64_t two = fixture_dataset(f, "BTCUSDT", "5m");
    assert_int_not_equal(one, two);
    assert_int_equal(fixture_dataset(f, "BTCUSDT", "1m"), one);
    fixture_commit(f);
    fixture_begin(f, 2);
    assert_int_equal(fixture_dataset(f, "BTCUSDT", "5m"), two);
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM datasets"), 2);
}

static void add_column(struct fixture *f, const char *name, int32_t type, int32_t width, lake_status status)
{
    struct manifest_column column = {name, type, width};
    expect_status(f, status, manifest_add_column(f->manifest, 1, &column, 0, &f->err));
}

static void test_columns_are_added_once_and_keep_their_type(void **state)
{
    struct fixture *f = *state;
    struct manifest_column *found = NULL;
    size_t n = 0;
    fixture_begin(f, 1);
    add_column(f, "ts", 6, 0, LAKE_INTERNAL); /* no such dataset */
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    add_column(f, "ts", 6, 0, LAKE_OK);
    add_column(f, "hash", 11, 32, LAKE_OK);
    add_column(f, "ts", 6, 0, LAKE_OK);
    add_column(f, "ts", 7, 0, LAKE_INVALID_DATA);
    assert_non_null(strstr(f->err.message, "column ts"));
    add_column(f, "hash", 11, 16, LAKE_INVALID_DATA);
    fixture_commit(f);
    must(f, manifest_find_columns(f->manifest, dataset, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(found[0].name, "hash");
    assert_true(found[0].type == 11 && found[0].width == 32);
    assert_string_equal(found[1].name, "ts");
    assert_true(found[1].type == 6 && found[1].width == 0);
    run_sql(f, f->path, "UPDATE columns SET width = -1 WHERE name = 'ts'");
    expect_status(f, LAKE_CORRUPT, manifest_find_columns(f->manifest, dataset, &f->arena, &found, &n, &f->err));
    run_sql(f, f->path, "UPDATE columns SET width = 4294967296 WHERE name = 'ts'");
    expect_status(f, LAKE_CORRUPT, manifest_find_columns(f->manifest, dataset, &f->arena, &found, &n, &f->err));
}

static void test_an_operation_keeps_what_it_was_told(void **state)
{
    struct fixture *f = *state;
    struct manifest_operation operation = {.kind = "ingest",
                                           .source = "/data/btc.csv",
                                           .source_bytes = 12345,
                                           .has_source_sha256 = true,
                                           .rows_read = 30,
                                           .rows_written = 20,
                                           .rows_rejected = 10,
                                           .started_ms = 7,
                                           .finished_ms = 9,
                                           .software = "dl-datalake 0.1.0"};
    uint8_t digest[SHA256_BYTES];
    struct manifest_source more = {"https://example.org/x.zip", 5, digest};
    int64_t snapshot = 0;
    memset(operation.source_sha256, 0xab, sizeof operation.source_sha256);
    memset(digest, 0xcd, sizeof digest);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_add_operation(f->manifest, &operation, &snapshot, &f->err));
    must(f, manifest_add_source(f->manifest, operation.id, &more, &f->err));
    more = (struct manifest_source){"c", 6, NULL};
    must(f, manifest_add_source(f->manifest, operation.id, &more, &f->err));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT operation_id FROM snapshots WHERE id = 1"), operation.id);
    assert_int_equal(query_int64(f,
                                 "SELECT count(*) FROM operations WHERE kind = 'ingest' AND rows_read = 30 AND"
                                 " rows_written = 20 AND rows_rejected = 10 AND started_ms = 7 AND finished_ms = 9 AND"
                                 " software = 'dl-datalake 0.1.0'"),
                     1);
    assert_int_equal(
        query_int64(f, "SELECT count(*) FROM operation_sources WHERE position = 1 AND path = '/data/btc.csv' AND"
                       " size_bytes = 12345 AND hex(sha256) LIKE 'ABAB%'"),
        1);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM operation_sources WHERE position = 2 AND size_bytes = 5 AND"
                                    " path = 'https://example.org/x.zip' AND hex(sha256) LIKE '%CDCD'"),
                     1);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM operation_sources WHERE position = 3 AND sha256 IS NULL"), 1);
}

static void test_snapshots_are_numbered_one_by_one(void **state)
{
    struct fixture *f = *state;
    for (int64_t i = 1; i < 5; i++) {
        int64_t seen = 0;
        struct write write = fixture_begin(f, i);
        assert_int_equal(write.snapshot, i);
        must(f, manifest_snapshot(f->manifest, &seen, &f->err)); /* the writer sees its own */
        assert_int_equal(seen, i);
        fixture_commit(f);
        fixture_begin(f, i);
        manifest_rollback(f->manifest);
    }
}

static void test_retiring_twice_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    int64_t id = write_one_of_each(f);
    fixture_commit(f);
    struct write write = fixture_begin(f, 2);
    must(f, manifest_clear_outstanding(f->manifest, id, &f->err));
    must(f, retire(f, id, write.snapshot, "history/a"));
    expect_status(f, LAKE_CONFLICT, retire(f, id, write.snapshot, "history/b"));
    expect_status(f, LAKE_CONFLICT, retire(f, id + 1, write.snapshot, NULL));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT retired FROM files"), 2);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM outstanding WHERE state_path = 'history/a'"), 1);
}

static void test_live_files_never_overlap(void **state)
{
    static const struct {
        int64_t day, n_days;
        lake_status status;
    } cases[] = {{10, 5, LAKE_CONFLICT}, {9, 2, LAKE_CONFLICT}, {14, 9, LAKE_CONFLICT}, {12, 1, LAKE_CONFLICT},
                 {0, 99, LAKE_CONFLICT}, {9, 1, LAKE_OK},       {15, 1, LAKE_OK},       {15, 2, LAKE_CONFLICT}};
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_file file = fixture_file(dataset, write, 10, 5, "a");
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    int64_t first = file.id;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file = fixture_file(dataset, write, cases[i].day, cases[i].n_days, "b");
        expect_status(f, cases[i].status, manifest_add_file(f->manifest, &file, NULL, &f->err));
    }
    must(f, retire(f, first, write.snapshot, NULL));
    file = fixture_file(dataset, write, 11, 2, "c");
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files WHERE retired = 0"), 3);
}

static void test_files_that_make_no_sense_are_refused(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_file file = fixture_file(dataset, write, 1, 1, "../a");
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_add_file(f->manifest, &file, NULL, &f->err));
    file.path = "a";
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_add_file(f->manifest, &file, "/tmp/x", &f->err));
    expect_status(f, LAKE_INVALID_ARGUMENT, retire(f, 1, 1, ".."));
    file.time_to_ms = file.partition_end_ms;
    expect_status(f, LAKE_INTERNAL, manifest_add_file(f->manifest, &file, NULL, &f->err));
    file = fixture_file(dataset, write, 1, 1, "a");
    file.n_rows = 0;
    expect_status(f, LAKE_INTERNAL, manifest_add_file(f->manifest, &file, NULL, &f->err));
    file = fixture_file(dataset + 5, write, 1, 1, "a");
    expect_status(f, LAKE_INTERNAL, manifest_add_file(f->manifest, &file, NULL, &f->err)); /* no such dataset */
    file = fixture_file(dataset, (struct write){99, 1}, 1, 1, "a");
    expect_status(f, LAKE_INTERNAL, manifest_add_file(f->manifest, &file, NULL, &f->err)); /* no such operation */
    file = fixture_file(dataset, (struct write){1, 99}, 1, 1, "a");
    expect_status(f, LAKE_INTERNAL, manifest_add_file(f->manifest, &file, NULL, &f->err)); /* no such snapshot */
    struct manifest_content content = fixture_content(dataset + 5, write, 1, 1);
    expect_status(f, LAKE_INTERNAL, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 0);
}

static void expect_outstanding(struct fixture *f, const char *expected)
{
    struct manifest_outstanding *outstanding = NULL;
    size_t n = 0;
    char found[256] = "";
    must(f, manifest_find_outstanding(f->manifest, &f->arena, &outstanding, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(found);
        snprintf(found + at, sizeof found - at, "%d%c %s %s;", (int)outstanding[i].file_id,
                 outstanding[i].move == MANIFEST_PUBLISH ? 'P' : 'R', outstanding[i].path, outstanding[i].state_path);
    }
    assert_string_equal(found, expected);
}

static void expect_state_path(struct fixture *f, int64_t file_id, const char *expected)
{
    const char *state_path = NULL;
    must(f, manifest_find_state_path(f->manifest, file_id, &f->arena, &state_path, &f->err));
    if (expected == NULL)
        assert_null(state_path);
    else
        assert_string_equal(state_path, expected);
}

static void test_the_life_of_an_outstanding_move(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_file a = fixture_file(dataset, write, 1, 1, "d/a"), b = fixture_file(dataset, write, 2, 1, "d/b");
    must(f, manifest_add_file(f->manifest, &a, "staging/a", &f->err));
    must(f, manifest_add_file(f->manifest, &b, "staging/b", &f->err));
    fixture_commit(f);
    expect_outstanding(f, "1P d/a staging/a;2P d/b staging/b;");
    expect_state_path(f, 2, "staging/b");

    write = fixture_begin(f, 2);
    must(f, manifest_clear_outstanding(f->manifest, a.id, &f->err));
    must(f, manifest_clear_outstanding(f->manifest, 99, &f->err)); /* nothing to clear is fine */
    must(f, retire(f, b.id, write.snapshot, "history/b"));         /* not yet published */
    fixture_commit(f);
    expect_outstanding(f, "2P d/b staging/b;2R d/b history/b;");
    expect_state_path(f, 1, NULL);
    expect_state_path(f, 2, "history/b");

    fixture_begin(f, 3);
    must(f, manifest_clear_outstanding(f->manifest, b.id, &f->err));
    fixture_commit(f);
    expect_outstanding(f, "");
    expect_state_path(f, 2, NULL);
}

static void put(struct fixture *f, struct write write, int64_t day, int seed, int64_t expected_version)
{
    struct manifest_content content = fixture_content(1, write, day, seed);
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    assert_int_equal(content.version, expected_version);
}

static void test_a_version_grows_when_rows_change_and_only_then(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 100);
    fixture_dataset(f, "BTCUSDT", "1m");
    put(f, write, 7, 1, 1);
    put(f, write, 7, 1, 1);
    fixture_commit(f);
    write = fixture_begin(f, 200);
    put(f, write, 7, 1, 1); /* the same rows: nothing happened */
    put(f, write, 8, 1, 1);
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT added FROM contents WHERE day = 7"), 1);
    write = fixture_begin(f, 300);
    put(f, write, 7, 2, 2);
    put(f, write, 7, 3, 2); /* still the same snapshot */
    fixture_commit(f);
    write = fixture_begin(f, 400);
    put(f, write, 7, 1, 3); /* back to the first rows is a change, too */
    fixture_commit(f);
    assert_int_equal(
        query_int64(f,
                    "SELECT group_concat(version || ':' || added || ':' || retired || ':' || hex(substr(sha256, 1, 1)),"
                    " ' ') = '1:1:3:01 2:3:4:03 3:4:0:01' FROM"
                    " (SELECT * FROM contents WHERE day = 7 ORDER BY version)"),
        1);
}

static void test_a_day_without_rows_has_a_content(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 100);
    fixture_dataset(f, "BTCUSDT", "1m");
    put(f, write, 7, 1, 1);
    fixture_commit(f);
    write = fixture_begin(f, 200);
    struct manifest_content empty = {.dataset_id = 1, .day = 7, .operation_id = write.operation};
    must(f, manifest_put_content(f->manifest, &empty, write.snapshot, &f->err));
    assert_int_equal(empty.version, 2);
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT n_days FROM datasets"), 0);
}

static void test_a_full_disk_leaves_the_manifest_usable(void **state)
{
    struct fixture *f = *state;
    lake_status status = LAKE_OK;
    int64_t snapshot = -1;
    write_one_of_each(f);
    fixture_commit(f);
    must(f, database_run(f->manifest->database, "PRAGMA max_page_count=30", &f->err));
    struct write write = fixture_begin(f, 2);
    for (int64_t day = 2; day < 5000 && status == LAKE_OK; day++) {
        struct manifest_file file =
            fixture_file(1, write, day, 1, "BINANCE/SPOT/BTCUSDT/raw/1m/a-long-enough-name.parquet");
        status = manifest_add_file(f->manifest, &file, "staging/a", &f->err);
    }
    expect_status(f, LAKE_NO_SPACE, status);
    manifest_rollback(f->manifest);
    must(f, manifest_snapshot(f->manifest, &snapshot, &f->err));
    assert_int_equal(snapshot, 1);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files"), 1);
    fixture_begin(f, 3);
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT max(id) FROM snapshots"), 2);
}

static void test_checkpoints_keep_the_wal_short(void **state)
{
    struct fixture *f = *state;
    char wal[128];
    int64_t longest = 0;
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    for (int64_t i = 0; i < 200; i++) {
        fixture_begin(f, i);
        fixture_commit(f);
        longest = file_bytes(wal) > longest ? file_bytes(wal) : longest;
        manifest_checkpoint(f->manifest);
    }
    assert_in_range(longest, 512 * 1024, 600 * 1024);
    assert_true(file_bytes(f->path) > 4096 * 10);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM snapshots"), 200);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_rollback_leaves_nothing),
        T(test_closing_rolls_back),
        T(test_a_commit_is_there_for_others_and_after_reopening),
        T(test_writes_need_a_transaction),
        T(test_a_dataset_is_added_once),
        T(test_columns_are_added_once_and_keep_their_type),
        T(test_an_operation_keeps_what_it_was_told),
        T(test_snapshots_are_numbered_one_by_one),
        T(test_retiring_twice_is_a_conflict),
        T(test_live_files_never_overlap),
        T(test_files_that_make_no_sense_are_refused),
        T(test_the_life_of_an_outstanding_move),
        T(test_a_version_grows_when_rows_change_and_only_then),
        T(test_a_day_without_rows_has_a_content),
        T(test_a_full_disk_leaves_the_manifest_usable),
        T(test_checkpoints_keep_the_wal_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
