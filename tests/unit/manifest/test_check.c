/* Each thing that manifest_check promises to find is broken in turn and found; what is whole is not accused. */
#include <stdio.h>
#include <string.h>

#include "manifest/absence.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"
#include "manifest/sqlite.h"
#include "manifest/type.h"
#include "unit/manifest/fixture.h"

struct problems {
    int n, stop_after;
    char text[4000];
};

static int note(void *context, const char *detail)
{
    struct problems *problems = context;
    size_t at = strlen(problems->text);
    problems->n++;
    snprintf(problems->text + at, sizeof problems->text - at, "%s\n", detail);
    return problems->stop_after > 0 && problems->n >= problems->stop_after;
}

static struct problems check(struct fixture *f, bool full)
{
    struct problems problems = {0, 0, ""};
    must(f, manifest_check(f->manifest, full, note, &problems, &f->err));
    return problems;
}

/* A row in each table of what is known besides; two absences that touch. */
static void fill_knowledge(struct fixture *f, struct write write, const int64_t datasets[2])
{
    const struct manifest_source source = {"b.csv", 7, NULL};
    const struct manifest_derivation derivation = {datasets[1], datasets[0], "from 1m", 3, 3};
    const struct manifest_lineage lineage = {datasets[1], 3, 1, 3, 1};
    const struct manifest_origin origin = {datasets[0], 3, write.operation, 1, 5, 0, 9, 1, 5, false, false, ""};
    const struct manifest_finding finding = {datasets[0], write.operation, "repeated", 1, 0, 0, "", "", 0};
    must(f, manifest_add_source(f->manifest, write.operation, &source, &f->err));
    must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    must(f, manifest_add_origin(f->manifest, &origin, &f->err));
    must(f, manifest_add_finding(f->manifest, &finding, &f->err));
    struct manifest_type_column columns[] = {{"ts", 6, "", true, false, 1}, {"price", 5, "quote", false, true, 0}};
    const struct manifest_type type = {"orders", "", false, 5, columns, 2};
    must(f, manifest_put_type(f->manifest, &type, &f->err));
    for (int64_t i = 1; i <= 2; i++) {
        const struct manifest_absence absence = {
            datasets[0], i * 100, i * 100 + 100, REASON_SOURCE_EMPTY, i == 1 ? write.operation : 0, 0, 5, "none"};
        must(f, manifest_put_absence(f->manifest, &absence, &f->err));
    }
}

/* Two datasets with days, one superseded, one named, one that is being moved. */
static void fill(struct fixture *f)
{
    for (int64_t s = 1; s <= 3; s++) {
        struct write write = fixture_begin(f, s * 1000);
        int64_t datasets[2] = {fixture_dataset(f, "BTCUSDT", "1m"), fixture_dataset(f, "ETHUSDT", "1m")};
        if (s == 2)
            must(f, retire(f, 1, write.snapshot, "history/1"));
        for (int d = 0; d < 2 && s != 2; d++) {
            struct manifest_file file = fixture_file(datasets[d], write, s, 1, "B/file");
            struct manifest_content content = fixture_content(datasets[d], write, s, 1);
            must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
            must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
        }
        struct manifest_content none = {.dataset_id = datasets[0], .day = 1, .operation_id = write.operation};
        if (s == 2)
            must(f, manifest_put_content(f->manifest, &none, write.snapshot, &f->err));
        if (s == 3)
            must(f, manifest_put_name(f->manifest, "name", 1, 1, &f->err));
        if (s == 3)
            fill_knowledge(f, write, datasets);
        fixture_commit(f);
    }
}

static void test_what_is_whole_is_not_accused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(check(f, true).n, 0); /* empty */
    fill(f);
    assert_int_equal(check(f, false).n, 0);
    struct problems problems = check(f, true);
    if (problems.n != 0)
        fail_msg("%s", problems.text);
}

static const struct {
    const char *sql;
    const char *found;
    bool full_only;
} damages[] = {
    {"UPDATE datasets SET n_rows = n_rows + 1 WHERE id = 2", "ETHUSDT raw 1m: its totals of live files", false},
    {"UPDATE datasets SET n_files = 0 WHERE id = 1", "BTCUSDT raw 1m: its totals of live files", false},
    {"UPDATE datasets SET history_bytes = 7 WHERE id = 1", "BTCUSDT raw 1m: its totals of history", false},
    {"UPDATE lake SET live_bytes = 0", "the totals of the lake are not", false},
    {"UPDATE lake SET unchanged_named_bytes = 1", "the totals of history are not", false},
    {"DELETE FROM lake", "the totals of the lake are missing", false},
    {"UPDATE lake SET idle_operations = 5", "the lake counts 5 operations without effect", true},
    {"UPDATE operations SET n_uses = 9 WHERE id = 1", "operation 1 counts 9 uses and has", true},
    {"UPDATE operations SET snapshot = 2 WHERE id = 1", "operation 1 and snapshot 2 do not belong together", false},
    {"UPDATE snapshots SET committed_ms = 5000 WHERE id = 2", "snapshot 3 was committed before", false},
    {"UPDATE files SET partition_end_ms = 4 * 86400000 WHERE id = 2", "ETHUSDT raw 1m: live files 2 and 4 overlap",
     false},
    {"UPDATE contents SET n_rows = 7 WHERE dataset_id = 2 AND day = 1", "B/file: has 1440 rows, its days 7", false},
    {"UPDATE contents SET day = 9 WHERE dataset_id = 2 AND day = 1", "B/file: has 1440 rows, its days 0", false},
    {"INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added)"
     " VALUES (2, 77, 1, zeroblob(32), 3, 0, 0, 1, 1)",
     "ETHUSDT raw 1m: its days hold 2883 rows, its files 2880", false},
    {"UPDATE files SET named = 0 WHERE id = 1", "file 1 is needed by a named snapshot", false},
    {"DELETE FROM snapshot_names", "file 1 is kept for a named snapshot", false},
    {"UPDATE files SET path = 'a/../b' WHERE id = 2", "'a/../b' is a path that is not below its root", false},
    {"UPDATE outstanding SET state_path = '/etc/passwd'", "'/etc/passwd' is a path", false},
    {"INSERT INTO removals VALUES ('../x')", "'../x' is a path", false},
    {"UPDATE datasets SET changed = 1 WHERE id = 1", "BTCUSDT raw 1m: snapshot 1 is not the last that changed it",
     false},
    {"DELETE FROM derivations", "lineage of day 3 of dataset 2 is of a dataset that is not derived", false},
    {"UPDATE derivations SET source_id = 77", "derivations row 2 refers to a row in datasets", false},
    {"UPDATE absences SET end_ms = 201 WHERE start_ms = 100", "absence at 200 of dataset 1 overlaps", false},
    {"UPDATE absences SET operation_id = 99 WHERE start_ms = 100",
     "absence at 100 of dataset 1 is known by operation 99", false},
    {"UPDATE type_columns SET position = 3 WHERE position = 1", "data type orders does not begin with a time", false},
    {"UPDATE type_columns SET type = 5 WHERE position = 1", "data type orders does not begin with a time", false},
    {"DELETE FROM types", "type_columns refers to a row in types", false},
    {"DELETE FROM operation_sources", "origins refers to a row in operation_sources", false},
    {"UPDATE findings SET operation_id = 99", "findings refers to a row in operations", false},
    {"UPDATE lineage SET dataset_id = 99", "lineage refers to a row in datasets", false},
    {"DELETE FROM operations WHERE id = 1", "files row 1 refers to a row in operations", false},
    {"DELETE FROM datasets WHERE id = 2", "refers to a row in datasets", false},
    {"DELETE FROM snapshots WHERE id = 2", "file 1 was superseded in snapshot 2, which is not there", false},
    {"DELETE FROM snapshots WHERE id = 2", "content of day 1 of dataset 1 was superseded in snapshot 2", false},
    {"DELETE FROM files WHERE id = 1", "outstanding refers to a row in files", false},
    {"DELETE FROM snapshots WHERE id = 1", "snapshot_names refers to a row in snapshots", false},
    /* a row that its index does not have: what SQLite's own check is for */
    {"PRAGMA writable_schema=RESET; DROP INDEX files_live; CREATE UNIQUE INDEX files_live ON files"
     " (dataset_id, partition_start_ms) WHERE retired = 0; UPDATE files SET partition_start_ms = -1, time_from_ms = -1"
     " WHERE id = 4",
     "live files", false},
};

static void test_each_damage_is_found_and_named(void **state)
{
    struct fixture *f = *state;
    fill(f);
    char copy[128];
    snprintf(copy, sizeof copy, "%s/whole.db", f->directory);
    must(f, manifest_copy(f->manifest, copy, &f->err));
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/damaged-%d.db", f->directory, (int)i);
        must(f, manifest_copy(f->manifest, path, &f->err));
        run_sql(f, path, damages[i].sql);
        struct manifest *whole = f->manifest;
        must(f, manifest_open(path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
        struct problems fast = check(f, false), full = check(f, true);
        manifest_close(f->manifest);
        f->manifest = whole;
        if (strstr(full.text, damages[i].found) == NULL)
            fail_msg("%s\nfound:\n%s", damages[i].sql, full.text);
        if ((strstr(fast.text, damages[i].found) == NULL) != damages[i].full_only)
            fail_msg("%s\nfast found:\n%s", damages[i].sql, fast.text);
    }
}

static void test_a_check_can_be_stopped(void **state)
{
    struct fixture *f = *state;
    struct problems problems = {0, 1, ""};
    fill(f);
    run_sql(f, f->path, "UPDATE datasets SET n_rows = 1; UPDATE lake SET live_bytes = 0");
    expect_status(f, LAKE_CANCELLED, manifest_check(f->manifest, true, note, &problems, &f->err));
    assert_int_equal(problems.n, 1);
    assert_true(check(f, true).n > 3); /* and run again */
    must(f, manifest_begin(f->manifest, &f->err));
    fixture_commit(f);
}

/* A closed manifest with rows in every kind of page, as bytes that the caller frees. */
static uint8_t *take_bytes(struct fixture *f, int64_t *n_bytes)
{
    fill(f);
    manifest_flush(f->manifest);
    manifest_close(f->manifest);
    f->manifest = NULL;
    *n_bytes = file_bytes(f->path);
    uint8_t *bytes = test_malloc((size_t)*n_bytes);
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, (size_t)*n_bytes, file), *n_bytes);
    fclose(file);
    return bytes;
}

/* Whether these bytes are refused or found damaged. */
static bool is_found(struct fixture *f, const uint8_t *bytes, int64_t n_bytes)
{
    char path[160];
    bool found = true;
    snprintf(path, sizeof path, "%s/damaged.db", f->directory);
    write_bytes(path, bytes, (size_t)n_bytes);
    if (manifest_open(path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err) == LAKE_OK) {
        found = check(f, true).n > 0;
        manifest_close(f->manifest);
        f->manifest = NULL;
    }
    return found;
}

/* Damage below SQL: pages of nonsense. The check says so and comes to its end. */
static void test_nonsense_in_pages_is_found(void **state)
{
    struct fixture *f = *state;
    uint8_t nonsense[300], kept[300];
    int64_t n_bytes = 0;
    uint8_t *bytes = take_bytes(f, &n_bytes);
    memset(nonsense, 0xa5, sizeof nonsense);
    for (int64_t at = 4096; at < n_bytes; at += 4096) {
        memcpy(kept, bytes + at, sizeof kept);
        memcpy(bytes + at, nonsense, sizeof nonsense);
        assert_true(is_found(f, bytes, n_bytes));
        memcpy(bytes + at, kept, sizeof kept);
    }
    test_free(bytes);
}

/* A bit anywhere, free space, texts and numbers alike. The steps are primes, so that every page and every part of one is met. */
static void test_any_bit_is_found(void **state)
{
    struct fixture *f = *state;
    int64_t n_bytes = 0;
    uint8_t *bytes = take_bytes(f, &n_bytes);
    assert_false(is_found(f, bytes, n_bytes));
    for (int64_t at = 0; at < n_bytes; at += at < 100 ? 1 : 509) {
        uint8_t bit = (uint8_t)(1 << at % 8);
        bytes[at] ^= bit;
        if (!is_found(f, bytes, n_bytes))
            fail_msg("a flipped bit %d of byte %d is not found", (int)(at % 8), (int)at);
        bytes[at] ^= bit;
    }
    test_free(bytes);
}

static void test_a_copy_has_checksums_too(void **state)
{
    struct fixture *f = *state;
    struct database *copy = NULL;
    char path[160];
    int64_t page = 0;
    fill(f);
    snprintf(path, sizeof path, "%s/copy.db", f->directory);
    must(f, manifest_copy(f->manifest, path, &f->err));
    must(f, database_open(path, DATABASE_READ_WRITE, &copy, &f->err));
    must(f, database_find_damaged_page(copy, &page, &f->err));
    assert_int_equal(page, -1);
    database_close(copy);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 3 * 4096 - 9, SEEK_SET), 0);
    assert_int_equal(fputc('?', file), '?');
    fclose(file);
    must(f, database_open(path, DATABASE_READ_WRITE, &copy, &f->err));
    page = 0;
    must(f, database_find_damaged_page(copy, &page, &f->err));
    assert_int_equal(page, 2);
    database_close(copy);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_what_is_whole_is_not_accused),
        T(test_each_damage_is_found_and_named),
        T(test_a_check_can_be_stopped),
        T(test_nonsense_in_pages_is_found),
        T(test_any_bit_is_found),
        T(test_a_copy_has_checksums_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
