/* Allocations of the manifest fail in turn, ours and SQLite's: an error each time, no leak (run under ASan), nothing half
 * written, and the same handle, or the next one, goes on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "fault/fault_memory.h"
#include "manifest/absence.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"
#include "manifest/sqlite.h"

#define DAY_MS INT64_C(86400000)
enum { N_FILES = 5 };

struct place {
    char directory[64], path[96];
    struct manifest *manifest; /* where a test keeps one open */
};

static void remove_database(const struct place *place)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", place->path, suffixes[i]);
        unlink(path);
    }
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    snprintf(place->directory, sizeof place->directory, "/tmp/lake-fault-XXXXXX");
    if (mkdtemp(place->directory) == NULL)
        return -1;
    snprintf(place->path, sizeof place->path, "%s/manifest.db", place->directory);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    manifest_close(place->manifest);
    remove_database(place);
    int removed = rmdir(place->directory);
    free(place);
    return removed;
}

/* ---- the work ---- */

static lake_status write_day(struct manifest *manifest, int64_t dataset_id, const struct manifest_operation *operation,
                             int64_t snapshot, int64_t day, struct lake_error *err)
{
    struct manifest_file file = {.dataset_id = dataset_id,
                                 .path = "BINANCE/SPOT/BTCUSDT/raw/1m/2024/01/01/file.parquet",
                                 .partition_start_ms = day * DAY_MS,
                                 .partition_end_ms = (day + 1) * DAY_MS,
                                 .time_from_ms = day * DAY_MS,
                                 .time_to_ms = day * DAY_MS,
                                 .n_rows = 1,
                                 .size_bytes = 1,
                                 .operation_id = operation->id,
                                 .added = snapshot};
    struct manifest_content content = {.dataset_id = dataset_id,
                                       .day = day,
                                       .n_rows = 1,
                                       .time_from_ms = day * DAY_MS,
                                       .time_to_ms = day * DAY_MS,
                                       .operation_id = operation->id};
    struct manifest_file *old = NULL;
    struct arena arena = ARENA_INIT(MIB);
    size_t n_old = 0;
    int64_t seen = 0;
    lake_status status = LAKE_OK;
    content.sha256[0] = (uint8_t)snapshot;
    TRY_OUT(
        manifest_find_files(manifest, dataset_id, day * DAY_MS, (day + 1) * DAY_MS, &arena, &old, &n_old, &seen, err));
    for (size_t i = 0; i < n_old; i++) {
        struct manifest_retirement retirement = {old[i].id, snapshot, operation->finished_ms, 1, "history/file"};
        TRY_OUT(manifest_retire_file(manifest, &retirement, err));
    }
    TRY_OUT(manifest_add_file(manifest, &file, "staging/file", err));
    TRY_OUT(manifest_put_content(manifest, &content, snapshot, err));
out:
    arena_release(&arena);
    return status;
}

static lake_status clear_moves(struct manifest *manifest, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_outstanding *moves = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_outstanding(manifest, &arena, &moves, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(manifest_clear_outstanding(manifest, moves[i].file_id, err));
out:
    arena_release(&arena);
    return status;
}

/* A row of each kind of knowledge, the same at each snapshot but for its numbers. */
static lake_status write_knowledge(struct manifest *manifest, int64_t dataset_id, int64_t operation_id,
                                   int64_t snapshot, struct lake_error *err)
{
    const struct manifest_derivation derivation = {dataset_id, dataset_id, "from 1m", snapshot, snapshot};
    const struct manifest_lineage lineage = {dataset_id, 0, snapshot, 0, snapshot};
    const struct manifest_origin origin = {dataset_id, 0, operation_id, 1, 1, 0, 0, 1, 1, false, false, ""};
    const struct manifest_absence absence = {dataset_id, 5 * snapshot, 50 * snapshot, REASON_SOURCE_EMPTY, operation_id,
                                             0,          snapshot,     "none"};
    const struct manifest_finding finding = {dataset_id, operation_id, "repeated", 1, 0, 0, "", "", 0};
    TRY(manifest_put_derivation(manifest, &derivation, err));
    TRY(manifest_clear_lineage(manifest, dataset_id, 0, 1, err));
    TRY(manifest_add_lineage(manifest, &lineage, err));
    TRY(manifest_add_origin(manifest, &origin, err));
    TRY(manifest_put_absence(manifest, &absence, err));
    return manifest_add_finding(manifest, &finding, err);
}

/* LAKE_INTERNAL unless it is that of the snapshot. */
static lake_status read_knowledge(struct manifest *manifest, int64_t snapshot, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_derivation derivation = {0}, *derived = NULL;
    struct manifest_lineage *lineage = NULL;
    struct manifest_origin *origins = NULL;
    struct manifest_source *sources = NULL;
    struct manifest_absence *absences = NULL;
    struct manifest_finding *findings = NULL;
    size_t n_derived = 0, n_lineage = 0, n_origins = 0, n_sources = 0, n_absences = 0, n_findings = 0;
    int64_t changed = 0;
    bool is_found = false;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_derivation(manifest, 1, &arena, &derivation, &is_found, err));
    TRY_OUT(manifest_find_derived(manifest, 1, &arena, &derived, &n_derived, err));
    TRY_OUT(manifest_find_changed(manifest, 1, &changed, err));
    TRY_OUT(manifest_find_lineage(manifest, 1, 0, 1, &arena, &lineage, &n_lineage, err));
    TRY_OUT(manifest_find_origins(manifest, 1, 0, &arena, &origins, &n_origins, err));
    TRY_OUT(manifest_find_sources(manifest, 1, &arena, &sources, &n_sources, err));
    TRY_OUT(manifest_find_absences(manifest, 1, 50 * snapshot - 1, INT64_MAX, &arena, &absences, &n_absences, err));
    TRY_OUT(manifest_find_findings(manifest, 1, &arena, &findings, &n_findings, err));
    bool is_whole = is_found && derivation.source_changed == snapshot && changed == snapshot && n_derived == 1 &&
                    n_lineage == 1 && lineage[0].version == snapshot && n_origins > 0 && n_sources == 1 &&
                    n_absences == 1 && absences[0].asked_ms == snapshot && n_findings > 0 &&
                    findings[0].snapshot == snapshot;
    if (!is_whole)
        status = lake_fail(err, LAKE_INTERNAL, "what is known is not of snapshot %d", (int)snapshot);
out:
    arena_release(&arena);
    return status;
}

/* Replaces all files by N_FILES of one new snapshot. */
static lake_status write_snapshot(struct manifest *manifest, struct lake_error *err)
{
    struct manifest_dataset dataset = {0, "BINANCE", "SPOT", "BTCUSDT", "raw", "1m"};
    struct manifest_operation operation = {.kind = "ingest", .source = "a.csv", .software = "test"};
    struct manifest_column column = {"ts", 6, 0};
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    TRY(manifest_begin(manifest, err));
    TRY_OUT(clear_moves(manifest, err));
    TRY_OUT(manifest_add_dataset(manifest, &dataset, err));
    TRY_OUT(manifest_add_column(manifest, dataset.id, &column, 0, err));
    TRY_OUT(manifest_add_operation(manifest, &operation, &snapshot, err));
    for (int64_t day = 0; day < N_FILES; day++)
        TRY_OUT(write_day(manifest, dataset.id, &operation, snapshot, day, err));
    TRY_OUT(write_knowledge(manifest, dataset.id, operation.id, snapshot, err));
    TRY_OUT(manifest_commit(manifest, err));
out:
    manifest_rollback(manifest);
    return status;
}

/* LAKE_INTERNAL unless what can be read is one whole snapshot, or nothing. */
static lake_status read_all(struct manifest *manifest, int64_t *snapshot, struct lake_error *err)
{
    const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_file *files = NULL;
    struct manifest_content *contents = NULL;
    struct manifest_totals *totals = NULL;
    struct manifest_outstanding *outstanding = NULL;
    struct manifest_column *columns = NULL;
    size_t n_files = 0, n_contents = 0, n_totals = 0, n_outstanding = 0, n_columns = 0;
    const char *state_path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_files(manifest, 0, INT64_MIN, INT64_MAX, &arena, &files, &n_files, snapshot, err));
    TRY_OUT(manifest_find_contents(manifest, 1, 0, N_FILES, &arena, &contents, &n_contents, err));
    TRY_OUT(manifest_list_totals(manifest, &everything, NULL, &arena, &totals, &n_totals, err));
    TRY_OUT(manifest_find_outstanding(manifest, &arena, &outstanding, &n_outstanding, err));
    TRY_OUT(manifest_find_columns(manifest, 1, &arena, &columns, &n_columns, err));
    if (n_files > 0)
        TRY_OUT(manifest_find_state_path(manifest, files[0].id, &arena, &state_path, err));
    bool is_whole = *snapshot == 0 ? n_files == 0 && n_contents == 0 && n_totals == 0
                                   : n_files == N_FILES && n_contents == N_FILES && n_totals == 1 && n_columns == 1 &&
                                         totals->n_files == N_FILES && strcmp(state_path, "staging/file") == 0;
    for (size_t i = 0; i < n_files && is_whole; i++)
        is_whole = files[i].added == *snapshot;
    if (!is_whole)
        status = lake_fail(err, LAKE_INTERNAL, "snapshot %d is not whole", (int)*snapshot);
    else if (*snapshot != 0)
        status = read_knowledge(manifest, *snapshot, err);
out:
    arena_release(&arena);
    return status;
}

/* ---- history ---- */

/* Expires all that may go, prunes the log, names the last snapshot. */
static lake_status forget(struct manifest *manifest, int64_t snapshot, struct lake_error *err)
{
    const struct manifest_expiry expiry = {
        .changed_before_ms = INT64_MAX, .needed_snapshot = snapshot, .limit = 2 * N_FILES};
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_file *files = NULL;
    int64_t n_pruned = 0;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY(manifest_begin(manifest, err));
    TRY_OUT(clear_moves(manifest, err));
    TRY_OUT(manifest_find_expired(manifest, &expiry, &arena, &files, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(manifest_expire_file(manifest, &files[i], NULL, err));
    TRY_OUT(manifest_prune_log(manifest, 0, 10, &n_pruned, err));
    TRY_OUT(manifest_put_name(manifest, "last", snapshot, 1, err));
    TRY_OUT(manifest_commit(manifest, err));
out:
    manifest_rollback(manifest);
    arena_release(&arena);
    return status;
}

static int count_problem(void *context, const char *detail)
{
    (void)detail;
    ++*(int *)context;
    return 0;
}

static lake_status look_back(struct manifest *manifest, int64_t snapshot, struct lake_error *err)
{
    const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    const struct manifest_log_query all = {{NULL, NULL, NULL, NULL, NULL}, 0, 0};
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_file *files = NULL;
    struct manifest_totals *totals = NULL;
    struct manifest_log_entry *log = NULL;
    struct manifest_name *names = NULL;
    struct manifest_content *contents = NULL;
    size_t n_files = 0, n = 0;
    int n_problems = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_files_at(manifest, 1, INT64_MIN, INT64_MAX, snapshot, &arena, &files, &n_files, err));
    TRY_OUT(manifest_list_totals_at(manifest, &everything, snapshot, &arena, &totals, &n, err));
    TRY_OUT(manifest_list_log(manifest, &all, &arena, &log, &n, err));
    TRY_OUT(manifest_list_names(manifest, &arena, &names, &n, err));
    TRY_OUT(manifest_find_contents_of(manifest, snapshot, &arena, &contents, &n, err));
    TRY_OUT(manifest_check(manifest, true, count_problem, &n_problems, err));
    if (n_files != N_FILES || n_problems > 0)
        status = lake_fail(err, LAKE_INTERNAL, "%d files, %d problems", (int)n_files, n_problems);
out:
    arena_release(&arena);
    return status;
}

/* ---- our allocations ---- */

static lake_status create_write_and_read(void *context, struct lake_error *err)
{
    struct place *place = context;
    struct manifest *manifest = NULL;
    bool created = false;
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    remove_database(place);
    TRY_OUT(manifest_open(place->path, MANIFEST_CREATE, &created, &manifest, err));
    TRY_OUT(write_snapshot(manifest, err));
    TRY_OUT(read_all(manifest, &snapshot, err));
    if (!created || snapshot != 1)
        status = lake_fail(err, LAKE_INTERNAL, "snapshot %d of a new manifest", (int)snapshot);
out:
    manifest_close(manifest);
    return status;
}

static lake_status create_forget_and_look_back(void *context, struct lake_error *err)
{
    struct place *place = context;
    struct manifest *manifest = NULL;
    char copy[128];
    lake_status status = LAKE_OK;
    snprintf(copy, sizeof copy, "%s-copy", place->path);
    remove_database(place);
    TRY_OUT(manifest_open(place->path, MANIFEST_CREATE, NULL, &manifest, err));
    for (int i = 0; i < 3; i++)
        TRY_OUT(write_snapshot(manifest, err));
    TRY_OUT(forget(manifest, 3, err));
    TRY_OUT(look_back(manifest, 3, err));
    TRY_OUT(manifest_copy(manifest, copy, err));
    TRY_OUT(manifest_optimize(manifest, err));
out:
    unlink(copy);
    manifest_close(manifest);
    return status;
}

static void test_memory_of_history(void **state)
{
    assert_true(sweep_memory(create_forget_and_look_back, *state) >= 2 * 100);
}

static void test_memory_of_a_new_manifest(void **state)
{
    assert_true(sweep_memory(create_write_and_read, *state) >= 2 * 45);
}

/* A creation that failed midway is finished by the next one, without removing anything. */
static void test_a_failed_creation_is_finished_by_the_next(void **state)
{
    struct place *place = *state;
    struct lake_error err = {LAKE_OK, ""};
    bool was_reached = true;
    for (int64_t at = 1; was_reached; at++) {
        struct manifest *manifest = NULL;
        bool created = false;
        remove_database(place);
        fault_memory_arm(at, true);
        lake_status status = manifest_open(place->path, MANIFEST_CREATE, &created, &manifest, &err);
        was_reached = fault_memory_disarm() >= at;
        assert_int_equal(status, was_reached ? LAKE_NO_MEMORY : LAKE_OK);
        manifest_close(manifest);
        if (manifest_open(place->path, MANIFEST_CREATE, &created, &manifest, &err) != LAKE_OK)
            fail_msg("%s", err.message);
        manifest_close(manifest);
    }
}

/* The same handle all the time: what failed is rolled back, what is read is always whole. */
static void test_a_handle_goes_on_after_a_failure(void **state)
{
    struct place *place = *state;
    struct lake_error err = {LAKE_OK, ""};
    int64_t n_committed = 0, snapshot = 0;
    bool was_reached = true;
    for (int64_t at = 1; was_reached; at++) {
        manifest_close(place->manifest); /* so that the statements are prepared anew */
        place->manifest = NULL;
        assert_int_equal(manifest_open(place->path, MANIFEST_CREATE, NULL, &place->manifest, &err), LAKE_OK);
        fault_memory_arm(at, false);
        lake_status status = write_snapshot(place->manifest, &err);
        if (status == LAKE_OK)
            n_committed++;
        if (status == LAKE_OK)
            status = read_all(place->manifest, &snapshot, &err);
        was_reached = fault_memory_disarm() >= at;
        assert_int_equal(status, was_reached ? LAKE_NO_MEMORY : LAKE_OK);
        if (write_snapshot(place->manifest, &err) != LAKE_OK || read_all(place->manifest, &snapshot, &err) != LAKE_OK)
            fail_msg("after allocation %d: %s", (int)at, err.message);
        assert_int_equal(snapshot, ++n_committed);
    }
}

/* ---- SQLite's own allocations and writes ---- */

/* Both limits are the whole process's and cannot be raised again: each run is a process of its own. */
typedef lake_status (*set_limit)(const struct place *place, int64_t limit);

/* What SQLite may allocate in all; it needs some to take the limit. */
static lake_status limit_memory(const struct place *place, int64_t limit_bytes)
{
    struct database *database = NULL;
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA hard_heap_limit=%d", (int)limit_bytes + 60000);
    TRY(database_open(place->path, DATABASE_READ_WRITE, &database, NULL));
    lake_status status = database_run(database, sql, NULL);
    database_close(database);
    return status;
}

/* How long a file may become: a write past it fails (EFBIG), in the middle of a page if need be. */
static lake_status limit_file_size(const struct place *place, int64_t limit_bytes)
{
    struct rlimit limit = {(rlim_t)limit_bytes, (rlim_t)limit_bytes};
    (void)place;
    signal(SIGXFSZ, SIG_IGN);
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? LAKE_OK : LAKE_INTERNAL;
}

static lake_status open_and_write(const struct place *place)
{
    struct manifest *manifest = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_open(place->path, MANIFEST_READ_WRITE, NULL, &manifest, NULL));
    TRY_OUT(write_snapshot(manifest, NULL));
out:
    manifest_close(manifest);
    return status;
}

static lake_status run_limited(const struct place *place, set_limit set, int64_t limit)
{
    int exit_status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        lake_status status = set(place, limit);
        _exit((int)(status == LAKE_OK ? open_and_write(place) : status));
    }
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    if (!WIFEXITED(exit_status))
        fail_msg("with a limit of %d bytes the process died", (int)limit);
    return (lake_status)WEXITSTATUS(exit_status);
}

/* Without a limit: what the limited process left is one whole snapshot. */
static int64_t check_what_is_left(const struct place *place)
{
    struct manifest *manifest = NULL;
    struct lake_error err = {LAKE_OK, ""};
    int64_t snapshot = 0;
    lake_status status = manifest_open(place->path, MANIFEST_READ_WRITE, NULL, &manifest, &err);
    if (status == LAKE_OK)
        status = read_all(manifest, &snapshot, &err);
    manifest_close(manifest);
    if (status != LAKE_OK)
        fail_msg("%s", err.message);
    return snapshot;
}

/* Raises the limit until the work succeeds; returns how often it failed, each time with `expected`. */
static int64_t raise_limit(const struct place *place, set_limit set, int64_t step, lake_status expected)
{
    struct lake_error err = {LAKE_OK, ""};
    int64_t n_failed = 0, limit = 0;
    if (create_write_and_read((void *)(uintptr_t)place, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    for (;; limit += step) {
        lake_status status = run_limited(place, set, limit);
        int64_t snapshot = check_what_is_left(place);
        if (status == LAKE_OK) {
            assert_int_equal(snapshot, 2);
            return n_failed;
        }
        if (status != expected || snapshot != 1 || limit > 4000000)
            fail_msg("with a limit of %d bytes: %s, snapshot %d", (int)limit, lake_status_name(status), (int)snapshot);
        n_failed++;
    }
}

static void test_sqlite_out_of_memory(void **state)
{
    assert_true(raise_limit(*state, limit_memory, 1500, LAKE_NO_MEMORY) >= 50);
}

static void test_sqlite_cannot_write(void **state)
{
    assert_true(raise_limit(*state, limit_file_size, 3000, LAKE_IO) >= 20);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_memory_of_a_new_manifest),
        T(test_memory_of_history),
        T(test_a_failed_creation_is_finished_by_the_next),
        T(test_a_handle_goes_on_after_a_failure),
        T(test_sqlite_out_of_memory),
        T(test_sqlite_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
