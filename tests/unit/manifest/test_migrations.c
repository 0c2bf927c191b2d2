/* From the schemas that were released to this one: with rows in every table, and killed at each step. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/sha256.h"
#include "manifest/history.h"
#include "manifest/schema.h"
#include "manifest/type.h"
#include "unit/manifest/fixture.h"

/* Rows as schema 1 had them: a file published, one replaced in snapshot 2, one deleted in snapshot 3; a clock that was set back
 * before snapshot 3; an operation without a trace. */
static const char schema_1_rows[] =
    "INSERT INTO datasets (id, exchange, market, symbol, type, period) VALUES (1, 'BINANCE', 'SPOT', 'BTCUSDT', 'raw', '1m');"
    "INSERT INTO columns VALUES (1, 'ts', 6, 0), (1, 'close', 5, 0);"
    "INSERT INTO operations VALUES (1, 'ingest', 10, 9, 1, 100, 1000, 'old'), (2, 'ingest', 5, 5, 0, 1900, 2000, 'old'),"
    " (3, 'ingest', 5, 5, 0, 400, 500, 'old'), (4, 'ingest', 0, 0, 0, 3000, 3000, 'old');"
    "INSERT INTO operation_sources VALUES (1, 1, 'a.csv', 10, NULL), (1, 2, 'b.csv', 11, zeroblob(32));"
    "INSERT INTO snapshots VALUES (1, 1), (2, 2), (3, 3), (4, 4);"
    "INSERT INTO files VALUES"
    " (1, 1, 'B/S/X/raw/1m/1970/01/01/x-1.parquet', 0, 86400000, 0, 60000, 2, 100, zeroblob(32), 1, 1, 0),"
    " (2, 1, 'B/S/X/raw/1m/1970/01/02/x-2.parquet', 86400000, 172800000, 86400000, 86400000, 1, 70, zeroblob(32), 1, 1, 0);"
    "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added) VALUES"
    " (1, 0, 1, zeroblob(32), 2, 0, 60000, 1, 1), (1, 1, 1, zeroblob(32), 1, 86400000, 86400000, 1, 1);"
    "UPDATE files SET retired = 2 WHERE id = 1; UPDATE files SET retired = 3 WHERE id = 2;"
    "UPDATE contents SET retired = 2 WHERE day = 0; UPDATE contents SET retired = 3 WHERE day = 1;"
    "INSERT INTO files VALUES"
    " (3, 1, 'B/S/X/raw/1m/1970/01/01/x-3.parquet', 0, 86400000, 0, 120000, 3, 120, zeroblob(32), 2, 2, 0);"
    "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added) VALUES"
    " (1, 0, 2, zeroblob(32), 3, 0, 120000, 2, 2), (1, 1, 2, zeroblob(32), 0, 0, 0, 3, 3);"
    "INSERT INTO outstanding VALUES (3, 1, 'staging/x/x-3'), (2, 2, 'history/x-2.parquet.retired');";

/* Rows as schema 2 had them: of two datasets, one whose last change took all rows of a day away, and one without contents. */
static const char schema_2_rows[] =
    "INSERT INTO datasets (id, exchange, market, symbol, type, period) VALUES (1, 'BINANCE', 'SPOT', 'BTCUSDT', 'raw', '1m'),"
    " (2, 'BINANCE', 'SPOT', 'ETHUSDT', 'raw', '1m'), (3, 'BINANCE', 'SPOT', 'ETHUSDT', 'funding', 'event');"
    "INSERT INTO operations (id, kind, rows_read, rows_written, rows_rejected, started_ms, finished_ms, software, snapshot)"
    " VALUES (1, 'ingest', 10, 9, 1, 100, 1000, 'old', 1), (2, 'ingest', 5, 5, 0, 1900, 2000, 'old', 2),"
    " (3, 'delete', 0, 0, 0, 2500, 3000, 'old', 3);"
    "INSERT INTO operation_sources VALUES (1, 1, 'a.csv', 10, NULL), (2, 1, 'b.csv', 11, zeroblob(32));"
    "INSERT INTO operation_datasets VALUES (1, 1), (2, 2), (3, 1);"
    "INSERT INTO snapshots VALUES (1, 1, 1000), (2, 2, 2000), (3, 3, 3000);"
    "INSERT INTO files (id, dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms, time_to_ms, n_rows,"
    "  size_bytes, sha256, operation_id, added) VALUES"
    " (1, 1, 'a-1.parquet', 0, 86400000, 0, 60000, 2, 100, zeroblob(32), 1, 1),"
    " (2, 2, 'b-2.parquet', 86400000, 172800000, 86400000, 86400000, 1, 70, zeroblob(32), 2, 2);"
    "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added) VALUES"
    " (1, 0, 1, zeroblob(32), 2, 0, 60000, 1, 1), (2, 1, 1, zeroblob(32), 1, 86400000, 86400000, 2, 2);"
    "UPDATE files SET retired = 3, retired_ms = 3000, rows_lost = 2, state_path = 'history/a-1' WHERE id = 1;"
    "UPDATE contents SET retired = 3 WHERE dataset_id = 1;"
    "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added) VALUES"
    " (1, 0, 2, zeroblob(32), 0, 0, 0, 3, 3);";

/* Rows as schema 3 had them, in the tables that were new in it: a derived day, where a row came from, why some are missing. */
static const char schema_3_rows[] =
    "INSERT INTO datasets (id, exchange, market, symbol, type, period) VALUES (1, 'BINANCE', 'SPOT', 'BTCUSDT', 'raw', '1m'),"
    " (2, 'BINANCE', 'SPOT', 'BTCUSDT', 'agg', '15m');"
    "INSERT INTO operations (id, kind, rows_read, rows_written, rows_rejected, started_ms, finished_ms, software, snapshot)"
    " VALUES (1, 'ingest', 10, 9, 1, 100, 1000, 'old', 1);"
    "INSERT INTO operation_sources VALUES (1, 1, 'a.csv', 10, NULL);"
    "INSERT INTO operation_datasets VALUES (1, 1), (1, 2);"
    "INSERT INTO snapshots VALUES (1, 1, 1000);"
    "INSERT INTO files (id, dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms, time_to_ms, n_rows,"
    "  size_bytes, sha256, operation_id, added) VALUES"
    " (1, 1, 'a-1.parquet', 0, 86400000, 0, 60000, 2, 100, zeroblob(32), 1, 1);"
    "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id, added, holes)"
    " VALUES (1, 0, 1, zeroblob(32), 2, 0, 60000, 1, 1, x'');"
    "INSERT INTO derivations VALUES (2, 1, 'bars 15m', 1, 0);"
    "INSERT INTO lineage VALUES (2, 0, 0, 0, 1);"
    "INSERT INTO origins VALUES (1, 0, 1, 1, 1, 2, 0, 60000, 2, 3, 0, 0, '');"
    "INSERT INTO absences VALUES (1, 120000, 180000, 1, 1, 900, 'a.csv has none');"
    "INSERT INTO findings VALUES (1, 1, 1, 'spike', 1, 0, 0, 'a.csv:2', 'jumps');";

static struct schema_migrations released_schema(int64_t version)
{
    return (struct schema_migrations){schema_migrations().rows, version};
}

static void make_schema(struct fixture *f, int64_t version, const char *rows)
{
    struct database *database = NULL;
    bool created = false;
    must(f, database_open(f->path, DATABASE_CREATE, &database, &f->err));
    must(f, schema_prepare(database, released_schema(version), SCHEMA_CREATE, &created, &f->err));
    must(f, database_run(database, rows, &f->err));
    database_close(database);
}

static int count_problem(void *context, const char *detail)
{
    print_message("%s\n", detail);
    (*(int *)context)++;
    return 0;
}

struct expected {
    const char *sql;
    int64_t value;
};

static void expect_values(struct fixture *f, const struct expected *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t value = query_int64(f, expected[i].sql);
        if (value != expected[i].value)
            fail_msg("%d instead of %d: %s", (int)value, (int)expected[i].value, expected[i].sql);
    }
}

static void expect_migrated_from_1(struct fixture *f)
{
    static const struct expected expected[] = {
        {"PRAGMA user_version", MANIFEST_SCHEMA_VERSION},
        {"SELECT count(*) FROM files", 3},
        {"SELECT retired_ms FROM files WHERE id = 1", 2000},
        {"SELECT retired_ms FROM files WHERE id = 2", 2000}, /* not 500: time does not fall */
        {"SELECT retired_ms FROM files WHERE id = 3", 0},
        {"SELECT sum(rows_lost) FROM files WHERE id IN (1, 2)", 2},
        {"SELECT state_path = 'history/x-1.parquet.retired' FROM files WHERE id = 1", 1},
        {"SELECT state_path IS NULL FROM files WHERE id = 3", 1},
        {"SELECT committed_ms FROM snapshots WHERE id = 1", 1000},
        {"SELECT committed_ms FROM snapshots WHERE id = 4", 3000},
        {"SELECT sum(snapshot) FROM operations", 10},
        {"SELECT n_days FROM operations WHERE id = 1", 2},
        {"SELECT n_uses FROM operations WHERE id = 1", 4}, /* two files, two contents */
        {"SELECT n_uses FROM operations WHERE id = 2", 4}, /* one each, one of each superseded */
        {"SELECT n_uses FROM operations WHERE id = 3", 3}, /* a content, and what it removed */
        {"SELECT n_uses FROM operations WHERE id = 4", 0},
        {"SELECT count(*) FROM operation_datasets", 3},
        {"SELECT history_files FROM datasets", 2},
        {"SELECT history_bytes FROM datasets", 170},
        {"SELECT changed_bytes FROM lake", 170},
        {"SELECT live_bytes FROM lake", 120},
        {"SELECT unchanged_files FROM lake", 0},
        {"SELECT idle_operations FROM lake", 1},
        {"SELECT count(*) FROM outstanding", 2},
        {"SELECT sum(added) FROM columns", 0},
        {"SELECT changed FROM datasets", 3},
    };
    expect_values(f, expected, sizeof expected / sizeof *expected);
}

static void expect_migrated_from_2(struct fixture *f)
{
    static const struct expected expected[] = {
        {"PRAGMA user_version", MANIFEST_SCHEMA_VERSION},
        {"SELECT changed FROM datasets WHERE id = 1", 3}, /* a day without rows is a change, too */
        {"SELECT changed FROM datasets WHERE id = 2", 2},
        {"SELECT changed FROM datasets WHERE id = 3", 0},
        {"SELECT count(*) FROM contents", 3},
        {"SELECT count(holes) FROM contents", 0},
        {"SELECT n_days FROM operations WHERE id = 3", 1},
        {"SELECT count(*) FROM manifest", 1},
        {"SELECT count(metadata) FROM manifest", 0},
        {"SELECT (SELECT count(*) FROM derivations) + (SELECT count(*) FROM lineage) + (SELECT count(*) FROM origins)"
         " + (SELECT count(*) FROM absences) + (SELECT count(*) FROM findings)",
         0},
    };
    expect_values(f, expected, sizeof expected / sizeof *expected);
}

static void expect_migrated_from_3(struct fixture *f)
{
    static const struct expected expected[] = {
        {"PRAGMA user_version", MANIFEST_SCHEMA_VERSION},
        {"SELECT count(*) FROM manifest", 1},
        {"SELECT (SELECT count(*) FROM derivations) + (SELECT count(*) FROM lineage) + (SELECT count(*) FROM origins)"
         " + (SELECT count(*) FROM absences) + (SELECT count(*) FROM findings)",
         5},
        {"SELECT (SELECT count(*) FROM types) + (SELECT count(*) FROM type_columns)", 0},
    };
    expect_values(f, expected, sizeof expected / sizeof *expected);
}

static void test_schema_1_with_rows_in_every_table(void **state)
{
    struct fixture *f = *state;
    int n_problems = 0;
    make_schema(f, 1, schema_1_rows);
    expect_status(f, LAKE_INVALID_STATE, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
    assert_non_null(strstr(f->err.message, "its schema is 1 and must first be brought to 4"));
    expect_status(f, LAKE_PERMISSION, manifest_open(f->path, MANIFEST_READ_ONLY, NULL, &f->manifest, &f->err));
    assert_int_equal(query_int64(f, "PRAGMA user_version"), 1);
    must(f, manifest_open(f->path, MANIFEST_MIGRATE, NULL, &f->manifest, &f->err));
    expect_migrated_from_1(f);
    must(f, manifest_check(f->manifest, true, count_problem, &n_problems, &f->err));
    assert_int_equal(n_problems, 0);
    /* and from now on anybody opens it */
    fixture_reopen(f, MANIFEST_READ_WRITE);
}

static void test_schema_2_with_rows(void **state)
{
    struct fixture *f = *state;
    int n_problems = 0;
    struct manifest_content *contents = NULL;
    size_t n = 0;
    make_schema(f, 2, schema_2_rows);
    expect_status(f, LAKE_INVALID_STATE, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
    must(f, manifest_open(f->path, MANIFEST_MIGRATE, NULL, &f->manifest, &f->err));
    expect_migrated_from_2(f);
    must(f, manifest_check(f->manifest, true, count_problem, &n_problems, &f->err));
    assert_int_equal(n_problems, 0);
    must(f, manifest_find_contents(f->manifest, 2, 0, 5, &f->arena, &contents, &n, &f->err));
    assert_int_equal(n, 1);
    assert_null(contents[0].holes);
    assert_int_equal(contents[0].n_holes_bytes, 0);
}

static void test_schema_3_with_rows(void **state)
{
    struct fixture *f = *state;
    struct manifest_type *types = NULL;
    size_t n = 1;
    int n_problems = 0;
    make_schema(f, 3, schema_3_rows);
    expect_status(f, LAKE_INVALID_STATE, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
    must(f, manifest_open(f->path, MANIFEST_MIGRATE, NULL, &f->manifest, &f->err));
    expect_migrated_from_3(f);
    must(f, manifest_check(f->manifest, true, count_problem, &n_problems, &f->err));
    assert_int_equal(n_problems, 0);
    must(f, manifest_find_types(f->manifest, &f->arena, &types, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_what_was_migrated_can_be_read_as_of_and_expires(void **state)
{
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    size_t n = 0;
    make_schema(f, 1, schema_1_rows);
    must(f, manifest_open(f->path, MANIFEST_MIGRATE, NULL, &f->manifest, &f->err));
    must(f, manifest_find_files_at(f->manifest, 1, INT64_MIN, INT64_MAX, 1, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 2);
    assert_true(files[0].id == 1 && files[1].id == 2);
    const struct manifest_expiry expiry = {.changed_before_ms = 2001, .needed_snapshot = 4, .limit = 10};
    must(f, manifest_find_expired(f->manifest, &expiry, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 1); /* the other is outstanding */
    assert_int_equal(files[0].id, 1);
}

static void test_an_empty_schema_1(void **state)
{
    struct fixture *f = *state;
    bool created = true;
    make_schema(f, 1, "");
    must(f, manifest_open(f->path, MANIFEST_CREATE, &created, &f->manifest, &f->err));
    assert_false(created);
    assert_int_equal(query_int64(f, "SELECT live_files + live_bytes + changed_files + idle_operations FROM lake"), 0);
}

static int64_t n_steps(int64_t from)
{
    int64_t n = 0;
    while (n < SCHEMA_MIGRATION_PARTS && schema_migrations().rows[from].parts[n] != NULL)
        n++;
    return n;
}

/* Runs the first steps of the migration from a schema as schema.c does, then dies. */
static void die_after(struct fixture *f, int64_t from, int64_t steps)
{
    struct database *database = NULL;
    must(f, database_open(f->path, DATABASE_READ_WRITE, &database, &f->err));
    must(f, database_run(database, "BEGIN IMMEDIATE", &f->err));
    for (int64_t i = 0; i < steps; i++)
        must(f, database_run(database, schema_migrations().rows[from].parts[i], &f->err));
    char sql[64];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", (int)from + 1);
    if (steps == n_steps(from))
        must(f, database_run(database, sql, &f->err));
    kill(getpid(), SIGKILL);
}

static void kill_at_each_step(struct fixture *f, int64_t from)
{
    int64_t n_objects = query_int64(f, "SELECT count(*) FROM sqlite_schema");
    for (int64_t steps = 0; steps <= n_steps(from); steps++) {
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            die_after(f, from, steps);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(query_int64(f, "PRAGMA user_version"), from);
        assert_int_equal(query_int64(f, "SELECT count(*) FROM sqlite_schema"), n_objects);
        expect_status(f, LAKE_INVALID_STATE, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
    }
    must(f, manifest_open(f->path, MANIFEST_MIGRATE, NULL, &f->manifest, &f->err));
}

static void test_killed_at_each_step_from_schema_1(void **state)
{
    struct fixture *f = *state;
    make_schema(f, 1, schema_1_rows);
    kill_at_each_step(f, 1);
    expect_migrated_from_1(f);
}

static void test_killed_at_each_step_from_schema_2(void **state)
{
    struct fixture *f = *state;
    make_schema(f, 2, schema_2_rows);
    kill_at_each_step(f, 2);
    expect_migrated_from_2(f);
}

static void test_killed_at_each_step_from_schema_3(void **state)
{
    struct fixture *f = *state;
    make_schema(f, 3, schema_3_rows);
    kill_at_each_step(f, 3);
    expect_migrated_from_3(f);
}

/* A released migration is never edited: manifests made by it are out there. */
static void test_released_migrations_are_as_they_were(void **state)
{
    static const uint8_t released[][4] = {{0x91, 0x24, 0xa5, 0xbc}, {0xd7, 0xca, 0xf3, 0x3a}, {0x3f, 0x98, 0x7e, 0xe8}};
    (void)state;
    for (size_t row = 0; row < sizeof released / sizeof *released; row++) {
        struct sha256 *hash = NULL;
        uint8_t digest[SHA256_BYTES];
        assert_int_equal(sha256_new(&hash, NULL), LAKE_OK);
        assert_int_equal(sha256_begin(hash, NULL), LAKE_OK);
        for (size_t i = 0; i < SCHEMA_MIGRATION_PARTS && schema_migrations().rows[row].parts[i] != NULL; i++) {
            const char *part = schema_migrations().rows[row].parts[i];
            assert_int_equal(sha256_update(hash, part, strlen(part), NULL), LAKE_OK);
        }
        assert_int_equal(sha256_end(hash, digest, NULL), LAKE_OK);
        sha256_free(hash);
        if (memcmp(digest, released[row], sizeof released[row]) != 0)
            fail_msg("migration %d: 0x%02x, 0x%02x, 0x%02x, 0x%02x", (int)row + 1, digest[0], digest[1], digest[2],
                     digest[3]);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_schema_1_with_rows_in_every_table),
        T(test_schema_2_with_rows),
        T(test_schema_3_with_rows),
        T(test_what_was_migrated_can_be_read_as_of_and_expires),
        T(test_an_empty_schema_1),
        T(test_killed_at_each_step_from_schema_1),
        T(test_killed_at_each_step_from_schema_2),
        T(test_killed_at_each_step_from_schema_3),
        T(test_released_migrations_are_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
