/* What the manifest knows besides files: derivations, lineage, origins, findings, holes, versions; and that pruning takes what it must. */
#include "manifest/absence.h"
#include "manifest/knowledge.h"

#include <stdio.h>
#include <string.h>

#include "manifest/handle.h"
#include "manifest/history.h"
#include "manifest/upkeep.h"
#include "unit/manifest/fixture.h"

static struct write begin_with_datasets(struct fixture *f)
{
    struct write write = fixture_begin(f, 1000);
    (void)fixture_dataset(f, "BTCUSDT", "1m");
    (void)fixture_dataset(f, "BTCUSDT", "15m");
    (void)fixture_dataset(f, "BTCUSDT", "1h");
    return write;
}

/* ---- derivations ---- */

static void test_derivations(void **state)
{
    struct fixture *f = *state;
    struct manifest_derivation found, *derived = NULL;
    bool is_found = true;
    size_t n = 0;
    (void)begin_with_datasets(f);
    must(f, manifest_find_derivation(f->manifest, 2, &f->arena, &found, &is_found, &f->err));
    assert_false(is_found);
    for (int64_t target = 3; target >= 2; target--) {
        const struct manifest_derivation derivation = {target, 1, "from 1m", 4, 5};
        must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    }
    const struct manifest_derivation again = {2, 1, "from 1m offset 30m", 6, 7};
    must(f, manifest_put_derivation(f->manifest, &again, &f->err));
    fixture_commit(f);
    must(f, manifest_find_derivation(f->manifest, 2, &f->arena, &found, &is_found, &f->err));
    assert_true(is_found);
    assert_true(found.dataset_id == 2 && found.source_id == 1 && found.source_changed == 6 &&
                found.target_changed == 7);
    assert_string_equal(found.recipe, "from 1m offset 30m");
    must(f, manifest_find_derived(f->manifest, 1, &f->arena, &derived, &n, &f->err));
    assert_int_equal(n, 2);
    assert_true(derived[0].dataset_id == 2 && derived[1].dataset_id == 3);
    assert_string_equal(derived[1].recipe, "from 1m");
    must(f, manifest_find_derived(f->manifest, 2, &f->arena, &derived, &n, &f->err));
    assert_int_equal(n, 0);
}

static void expect_lineage(struct fixture *f, int64_t from_day, int64_t to_day, const int64_t (*expected)[4], size_t n)
{
    struct manifest_lineage *found = NULL;
    size_t n_found = 0;
    must(f, manifest_find_lineage(f->manifest, 2, from_day, to_day, &f->arena, &found, &n_found, &f->err));
    assert_int_equal(n_found, n);
    for (size_t i = 0; i < n; i++) {
        const int64_t values[] = {found[i].day, found[i].version, found[i].source_day, found[i].source_version};
        assert_int_equal(found[i].dataset_id, 2);
        assert_memory_equal(values, expected[i], sizeof values);
    }
}

static void test_lineage(void **state)
{
    static const int64_t rows[][4] = {{-1, 0, -1, 2}, {3, 1, 2, 5}, {3, 1, 3, 6}, {4, 2, 4, 1}};
    static const int64_t again[][4] = {{3, 9, 2, 10}};
    struct fixture *f = *state;
    const struct manifest_derivation derivation = {2, 1, "", 0, 0};
    (void)begin_with_datasets(f);
    must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    for (size_t i = 4; i-- > 0;) {
        const struct manifest_lineage lineage = {2, rows[i][0], rows[i][1], rows[i][2], rows[i][3]};
        must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    }
    expect_lineage(f, INT64_MIN, INT64_MAX, rows, 4);
    expect_lineage(f, 3, 4, rows + 1, 2);
    must(f, manifest_clear_lineage(f->manifest, 2, 3, 5, &f->err));
    expect_lineage(f, INT64_MIN, INT64_MAX, rows, 1);
    const struct manifest_lineage lineage = {2, 3, 9, 2, 10};
    must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    expect_lineage(f, 3, 4, again, 1);
    const struct manifest_lineage stray = {3, 3, 9, 2, 10}; /* of a dataset that is not derived */
    expect_status(f, LAKE_INTERNAL, manifest_add_lineage(f->manifest, &stray, &f->err));
}

/* ---- contents ---- */

static int64_t changed(struct fixture *f, int64_t dataset_id)
{
    int64_t snapshot = -1;
    must(f, manifest_find_changed(f->manifest, dataset_id, &snapshot, &f->err));
    return snapshot;
}

static void put_day(struct fixture *f, struct write write, int64_t dataset_id, int64_t day, int seed)
{
    struct manifest_content content = fixture_content(dataset_id, write, day, seed);
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
}

static void test_the_last_change_of_a_dataset(void **state)
{
    struct fixture *f = *state;
    struct write write = begin_with_datasets(f);
    assert_int_equal(changed(f, 1), 0);
    assert_int_equal(changed(f, 99), 0);
    put_day(f, write, 1, 3, 1);
    put_day(f, write, 2, 3, 1);
    put_day(f, write, 1, 3, 2); /* replaced in the same snapshot */
    fixture_commit(f);
    assert_true(changed(f, 1) == 1 && changed(f, 2) == 1 && changed(f, 3) == 0);
    write = fixture_begin(f, 2000);
    put_day(f, write, 1, 3, 2); /* the same rows change nothing */
    assert_int_equal(changed(f, 1), 1);
    put_day(f, write, 1, 4, 1);
    fixture_commit(f);
    assert_true(changed(f, 1) == 2 && changed(f, 2) == 1);
}

static void test_holes_are_none_unknown_or_some(void **state)
{
    static const uint8_t bytes[] = {5, 0, 200, 1};
    struct fixture *f = *state;
    struct manifest_content *contents = NULL;
    size_t n = 0;
    struct write write = begin_with_datasets(f);
    for (int i = 0; i < 3; i++) {
        struct manifest_content content = fixture_content(1, write, i, 1);
        content.holes = i == 0 ? NULL : bytes;
        content.n_holes_bytes = i == 2 ? sizeof bytes : 0;
        must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    }
    fixture_commit(f);
    must(f, manifest_find_contents(f->manifest, 1, 0, 5, &f->arena, &contents, &n, &f->err));
    assert_int_equal(n, 3);
    assert_null(contents[0].holes);
    assert_non_null(contents[1].holes);
    assert_int_equal(contents[1].n_holes_bytes, 0);
    assert_int_equal(contents[2].n_holes_bytes, sizeof bytes);
    assert_memory_equal(contents[2].holes, bytes, sizeof bytes);
    /* a change in the same snapshot takes its holes along */
    must(f, manifest_begin(f->manifest, &f->err));
    struct manifest_content other = fixture_content(1, write, 2, 9);
    other.holes = bytes;
    other.n_holes_bytes = 1;
    must(f, manifest_put_content(f->manifest, &other, write.snapshot, &f->err));
    fixture_commit(f);
    must(f, manifest_find_contents_at(f->manifest, 1, 2, 3, 1, &f->arena, &contents, &n, &f->err));
    assert_int_equal(n, 1);
    assert_int_equal(contents[0].n_holes_bytes, 1);
}

/* Day 1 in snapshots 1, 2 and 3; day 2 in 2. */
static void write_versions(struct fixture *f)
{
    for (int64_t s = 1; s <= 3; s++) {
        struct write write = s == 1 ? begin_with_datasets(f) : fixture_begin(f, s * 1000);
        put_day(f, write, 1, 1, (int)s);
        if (s == 2)
            put_day(f, write, 1, 2, 1);
        fixture_commit(f);
    }
}

static void test_versions_of_a_day(void **state)
{
    struct fixture *f = *state;
    struct manifest_content *found = NULL;
    size_t n = 0;
    write_versions(f);
    must(f, manifest_find_versions(f->manifest, 1, 1, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(found[0].version == 3 && found[0].retired == 0 && found[0].added == 3);
    assert_true(found[1].version == 2 && found[1].retired == 3 && found[2].version == 1 && found[2].retired == 2);
    must(f, manifest_find_versions(f->manifest, 1, 5, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_contents_as_of_a_snapshot(void **state)
{
    static const int64_t versions[][2] = {{0, 0}, {1, 0}, {2, 1}, {3, 1}};
    struct fixture *f = *state;
    write_versions(f);
    for (int64_t snapshot = 0; snapshot <= 3; snapshot++) {
        struct manifest_content *found = NULL;
        size_t n = 0, expected = snapshot == 0 ? 0 : snapshot == 1 ? 1 : 2;
        must(f,
             manifest_find_contents_at(f->manifest, 1, INT64_MIN, INT64_MAX, snapshot, &f->arena, &found, &n, &f->err));
        assert_int_equal(n, expected);
        for (size_t i = 0; i < n; i++)
            assert_true(found[i].day == (int64_t)i + 1 && found[i].version == versions[snapshot][i]);
    }
    run_sql(f, f->path, "INSERT INTO expired VALUES (1, 86400000, 172800000, 1, 2)");
    struct manifest_content *found = NULL;
    size_t n = 0;
    expect_status(f, LAKE_NOT_FOUND,
                  manifest_find_contents_at(f->manifest, 1, 0, 9, 1, &f->arena, &found, &n, &f->err));
    must(f, manifest_find_contents_at(f->manifest, 1, 2, 9, 2, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 1);
}

/* ---- origins ---- */

static void add_origin(struct fixture *f, struct write write, int64_t key_from_ms, int64_t key_to_ms,
                       const char *member)
{
    const struct manifest_origin origin = {.dataset_id = 1,
                                           .day = 2,
                                           .operation_id = write.operation,
                                           .source_position = 1,
                                           .n_rows = 7,
                                           .key_from_ms = 2 * DAY_MS + key_from_ms,
                                           .key_to_ms = 2 * DAY_MS + key_to_ms,
                                           .line_from = 11,
                                           .line_to = 17,
                                           .is_descending = true,
                                           .member = member};
    must(f, manifest_add_origin(f->manifest, &origin, &f->err));
}

static void add_source(struct fixture *f, struct write write, const char *path, const uint8_t *sha256)
{
    const struct manifest_source source = {path, 123, sha256};
    must(f, manifest_add_source(f->manifest, write.operation, &source, &f->err));
}

static void test_origins_of_an_instant_latest_first(void **state)
{
    struct fixture *f = *state;
    struct manifest_origin *found = NULL;
    size_t n = 0;
    struct write first = begin_with_datasets(f);
    add_source(f, first, "a.zip", NULL);
    add_origin(f, first, 100, 200, "one.csv");
    add_origin(f, first, 150, 300, "two.csv");
    fixture_commit(f);
    struct write second = fixture_begin(f, 2000);
    add_source(f, second, "b.csv", NULL);
    add_origin(f, second, 200, 200, "");
    fixture_commit(f);
    must(f, manifest_find_origins(f->manifest, 1, 2 * DAY_MS + 200, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(found[0].operation_id == second.operation && found[1].operation_id == first.operation);
    assert_string_equal(found[1].member, "two.csv"); /* later in its source */
    assert_string_equal(found[2].member, "one.csv");
    assert_true(found[2].dataset_id == 1 && found[2].day == 2 && found[2].source_position == 1 && found[2].n_rows == 7);
    assert_true(found[2].key_from_ms == 2 * DAY_MS + 100 && found[2].key_to_ms == 2 * DAY_MS + 200);
    assert_true(found[2].line_from == 11 && found[2].line_to == 17 && found[2].is_descending);
    must(f, manifest_find_origins_in(f->manifest, 1, 2 * DAY_MS, 2 * DAY_MS + 101, &f->arena, &found, &n, &f->err));
    assert_true(n == 1 && strcmp(found[0].member, "one.csv") == 0 && !found[0].is_mixed);
    must(f, manifest_find_origins_in(f->manifest, 1, DAY_MS, 3 * DAY_MS, &f->arena, &found, &n, &f->err));
    assert_true(n == 3 && found[2].operation_id == second.operation);
    must(f, manifest_find_origins_in(f->manifest, 1, 2 * DAY_MS + 301, 3 * DAY_MS, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_find_origins(f->manifest, 1, 2 * DAY_MS + 301, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_find_origins(f->manifest, 2, 2 * DAY_MS + 200, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_an_origin_needs_its_source(void **state)
{
    struct fixture *f = *state;
    struct write write = begin_with_datasets(f);
    const struct manifest_origin origin = {
        .dataset_id = 1, .operation_id = write.operation, .source_position = 1, .n_rows = 1, .member = ""};
    expect_status(f, LAKE_INTERNAL, manifest_add_origin(f->manifest, &origin, &f->err));
}

static void test_an_operation_is_found_by_its_id(void **state)
{
    struct fixture *f = *state;
    struct manifest_log_entry entry;
    struct write write = begin_with_datasets(f);
    add_source(f, write, "a.csv", NULL);
    fixture_commit(f);
    must(f, manifest_find_operation(f->manifest, write.operation, &f->arena, &entry, &f->err));
    assert_int_equal(entry.snapshot, write.snapshot);
    assert_string_equal(entry.operation.kind, "ingest");
    assert_string_equal(entry.operation.source, "a.csv");
    expect_status(f, LAKE_NOT_FOUND, manifest_find_operation(f->manifest, 99, &f->arena, &entry, &f->err));
}

static void test_sources_of_an_operation(void **state)
{
    static const uint8_t hash[SHA256_BYTES] = {1, 2, 3};
    struct fixture *f = *state;
    struct manifest_source *found = NULL;
    size_t n = 0;
    struct write write = begin_with_datasets(f);
    add_source(f, write, "a.zip", hash);
    add_source(f, write, "https://x/b.csv", NULL);
    fixture_commit(f);
    must(f, manifest_find_sources(f->manifest, write.operation, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(found[0].path, "a.zip");
    assert_int_equal(found[0].size_bytes, 123);
    assert_memory_equal(found[0].sha256, hash, SHA256_BYTES);
    assert_string_equal(found[1].path, "https://x/b.csv");
    assert_null(found[1].sha256);
    must(f, manifest_find_sources(f->manifest, 99, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
}

/* ---- findings ---- */

static void add_finding(struct fixture *f, struct write write, const char *rule)
{
    const struct manifest_finding finding = {1, write.operation, rule, 198, 60000, 120000, "a.csv:7", "detail", 0};
    must(f, manifest_add_finding(f->manifest, &finding, &f->err));
}

static void test_findings_latest_first(void **state)
{
    struct fixture *f = *state;
    struct manifest_finding *found = NULL;
    size_t n = 0;
    struct write first = begin_with_datasets(f);
    add_finding(f, first, "repeated");
    add_finding(f, first, "backward");
    fixture_commit(f);
    struct write second = fixture_begin(f, 2000);
    add_finding(f, second, "close-outside");
    fixture_commit(f);
    must(f, manifest_find_findings(f->manifest, 1, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 3);
    assert_string_equal(found[0].rule, "close-outside");
    assert_string_equal(found[1].rule, "repeated");
    assert_string_equal(found[2].rule, "backward");
    assert_true(found[1].dataset_id == 1 && found[1].operation_id == first.operation && found[1].n_rows == 198);
    assert_true(found[1].first_ms == 60000 && found[1].last_ms == 120000 && found[0].snapshot == second.snapshot);
    assert_string_equal(found[1].place, "a.csv:7");
    assert_string_equal(found[1].detail, "detail");
    must(f, manifest_find_findings(f->manifest, 2, &f->arena, &found, &n, &f->err));
    assert_int_equal(n, 0);
}

/* ---- what becomes of it ---- */

/* Three operations that leave nothing behind but what is known of them. */
static void write_knowledge(struct fixture *f)
{
    for (int64_t s = 1; s <= 3; s++) {
        struct write write = s == 1 ? begin_with_datasets(f) : fixture_begin(f, s * 1000);
        const struct manifest_absence absence = {1, s * 100, s * 100 + 50, REASON_SOURCE_EMPTY, write.operation,
                                                 0, s,       "x"};
        add_source(f, write, "a.csv", NULL);
        add_origin(f, write, 0, 10, "");
        add_finding(f, write, "repeated");
        must(f, manifest_put_absence(f->manifest, &absence, &f->err));
        fixture_commit(f);
    }
}

static void test_pruning_takes_what_belongs_to_the_operation(void **state)
{
    struct fixture *f = *state;
    struct manifest_absence *absences = NULL;
    int64_t n_pruned = 0;
    size_t n = 0;
    write_knowledge(f);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_prune_log(f->manifest, 0, 10, &n_pruned, &f->err));
    fixture_commit(f);
    assert_int_equal(n_pruned, 1); /* neither the first nor the last */
    assert_int_equal(query_int64(f, "SELECT count(*) * 100 + sum(operation_id) FROM origins"), 204);
    assert_int_equal(query_int64(f, "SELECT count(*) * 100 + sum(operation_id) FROM findings"), 204);
    must(f, manifest_find_absences(f->manifest, 1, 0, 1000, &f->arena, &absences, &n, &f->err));
    assert_int_equal(n, 3); /* what is known stays known */
    assert_true(absences[1].operation_id == 0 && absences[1].snapshot == 0 && absences[1].asked_ms == 2);
    assert_true(absences[2].operation_id == 3 && absences[2].snapshot == 3);
}

static int fail_on(void *context, const char *detail)
{
    (void)context;
    fail_msg("%s", detail);
    return 1;
}

static void test_a_copy_without_history_keeps_what_is_known(void **state)
{
    struct fixture *f = *state;
    const struct manifest_derivation derivation = {2, 1, "from 1m", 1, 1};
    const struct manifest_lineage lineage = {2, 1, 1, 1, 1};
    write_knowledge(f);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    must(f, manifest_forget_history(f->manifest, &f->err));
    fixture_commit(f);
    must(f, manifest_check(f->manifest, true, fail_on, NULL, &f->err));
    assert_int_equal(query_int64(f, "SELECT (SELECT count(*) FROM derivations) + (SELECT count(*) FROM lineage)"
                                    " + (SELECT count(*) FROM origins) + (SELECT count(*) FROM absences)"
                                    " + (SELECT count(*) FROM findings)"),
                     11);
}

/* ---- what nobody writes ---- */

/* As another program may have left them: no constraint holds it back. */
static void spoil(struct fixture *f, const char *change)
{
    char sql[256];
    snprintf(sql, sizeof sql, "PRAGMA ignore_check_constraints = ON; %s", change);
    run_sql(f, f->path, sql);
}

static lake_status find_all(struct fixture *f)
{
    struct manifest_content *contents = NULL;
    struct manifest_lineage *lineage = NULL;
    struct manifest_origin *origins = NULL;
    struct manifest_absence *absences = NULL;
    size_t n = 0;
    TRY(manifest_find_contents(f->manifest, 1, INT64_MIN, INT64_MAX, &f->arena, &contents, &n, &f->err));
    TRY(manifest_find_lineage(f->manifest, 2, INT64_MIN, INT64_MAX, &f->arena, &lineage, &n, &f->err));
    TRY(manifest_find_origins_in(f->manifest, 1, 3 * DAY_MS, 4 * DAY_MS, &f->arena, &origins, &n, &f->err));
    return manifest_find_absences(f->manifest, 1, INT64_MIN, INT64_MAX, &f->arena, &absences, &n, &f->err);
}

static void test_rows_that_nobody_writes_are_corrupt(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE contents SET day = 9223372036854775806", "UPDATE contents SET day = 3"},
        {"UPDATE contents SET day = -719200", "UPDATE contents SET day = 3"},
        {"UPDATE contents SET day = 4", "UPDATE contents SET day = 3"},
        {"UPDATE contents SET time_to_ms = 9223372036854775807", "UPDATE contents SET time_to_ms = time_from_ms"},
        {"UPDATE contents SET time_from_ms = time_to_ms + 1", "UPDATE contents SET time_from_ms = time_to_ms"},
        {"UPDATE contents SET n_rows = -1", "UPDATE contents SET n_rows = 1"},
        {"UPDATE lineage SET day = -9223372036854775808", "UPDATE lineage SET day = 3"},
        {"UPDATE lineage SET source_day = 2932897", "UPDATE lineage SET source_day = 2932896"},
        {"UPDATE origins SET n_rows = 0", "UPDATE origins SET n_rows = 1"},
        {"UPDATE origins SET line_from = -1", "UPDATE origins SET line_from = 1"},
        {"UPDATE origins SET line_to = 0", "UPDATE origins SET line_to = 9223372036854775807"},
        {"UPDATE origins SET key_to_ms = 9223372036854775807", "UPDATE origins SET key_to_ms = key_from_ms"},
        {"UPDATE absences SET end_ms = start_ms", "UPDATE absences SET end_ms = start_ms + 1"},
        {"UPDATE absences SET reason = 0", "UPDATE absences SET reason = 1"},
    };
    struct fixture *f = *state;
    struct write write = begin_with_datasets(f);
    const struct manifest_derivation derivation = {2, 1, "", 0, 0};
    const struct manifest_lineage lineage = {2, 3, 1, 3, 1};
    const struct manifest_origin origin = {.dataset_id = 1,
                                           .day = 3,
                                           .operation_id = write.operation,
                                           .source_position = 1,
                                           .n_rows = 1,
                                           .key_from_ms = 3 * DAY_MS,
                                           .key_to_ms = 3 * DAY_MS,
                                           .line_from = 1,
                                           .line_to = 1,
                                           .member = ""};
    const struct manifest_absence absence = {
        .dataset_id = 1, .start_ms = 1, .end_ms = 2, .reason = REASON_DELETED, .answer = ""};
    put_day(f, write, 1, 3, 1);
    add_source(f, write, "a.csv", NULL);
    must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    must(f, manifest_add_origin(f->manifest, &origin, &f->err));
    must(f, manifest_put_absence(f->manifest, &absence, &f->err));
    fixture_commit(f);
    must(f, find_all(f));
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        spoil(f, changes[i][0]);
        expect_status(f, LAKE_CORRUPT, find_all(f));
        spoil(f, changes[i][1]);
        must(f, find_all(f));
    }
}

static void test_all_writing_needs_a_transaction(void **state)
{
    struct fixture *f = *state;
    const struct manifest_derivation derivation = {2, 1, "", 0, 0};
    const struct manifest_lineage lineage = {2, 1, 1, 1, 1};
    const struct manifest_origin origin = {.member = ""};
    const struct manifest_finding finding = {.rule = "", .place = "", .detail = ""};
    expect_status(f, LAKE_INVALID_STATE, manifest_put_derivation(f->manifest, &derivation, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_lineage(f->manifest, &lineage, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_clear_lineage(f->manifest, 1, 0, 1, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_origin(f->manifest, &origin, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_add_finding(f->manifest, &finding, &f->err));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_derivations),
        T(test_lineage),
        T(test_the_last_change_of_a_dataset),
        T(test_holes_are_none_unknown_or_some),
        T(test_versions_of_a_day),
        T(test_contents_as_of_a_snapshot),
        T(test_origins_of_an_instant_latest_first),
        T(test_an_origin_needs_its_source),
        T(test_an_operation_is_found_by_its_id),
        T(test_sources_of_an_operation),
        T(test_findings_latest_first),
        T(test_pruning_takes_what_belongs_to_the_operation),
        T(test_a_copy_without_history_keeps_what_is_known),
        T(test_rows_that_nobody_writes_are_corrupt),
        T(test_all_writing_needs_a_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
