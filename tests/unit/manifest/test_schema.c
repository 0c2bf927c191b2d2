/* Migrations: made whole or not at all; what is not ours is left alone. */
#include "manifest/schema.h"

#include <stdio.h>
#include <string.h>

#include "unit/manifest/fixture.h"

static struct database *open_empty(struct fixture *f)
{
    struct database *database = NULL;
    must(f, database_open(f->path, DATABASE_CREATE, &database, &f->err));
    return database;
}

static void test_the_table_leads_to_the_version_in_the_header(void **state)
{
    (void)state;
    assert_int_equal(schema_migrations().n, MANIFEST_SCHEMA_VERSION);
}

static void test_an_empty_database_becomes_a_manifest_once(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = false;
    must(f, schema_prepare(database, schema_migrations(), SCHEMA_CREATE, &created, &f->err));
    assert_true(created);
    must(f, schema_prepare(database, schema_migrations(), SCHEMA_CREATE, &created, &f->err));
    assert_false(created);
    database_close(database);
    assert_int_equal(query_int64(f, "PRAGMA user_version"), MANIFEST_SCHEMA_VERSION);
    assert_int_equal(query_int64(f, "PRAGMA application_id"), 0x444C444C);
    assert_int_equal(query_int64(f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

static void test_an_empty_database_is_not_found_unless_created(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = true;
    expect_status(f, LAKE_NOT_FOUND, schema_prepare(database, schema_migrations(), SCHEMA_LOOK, &created, &f->err));
    assert_false(created);
    database_close(database);
}

/* The released schemas and one more: a table, then something that fails where `good` is not set. */
static struct schema_migrations one_more(bool good)
{
    static struct schema_migration rows[MANIFEST_SCHEMA_VERSION + 1];
    for (int i = 0; i < MANIFEST_SCHEMA_VERSION; i++)
        rows[i] = schema_migrations().rows[i];
    rows[MANIFEST_SCHEMA_VERSION] = (struct schema_migration){
        {"CREATE TABLE tags (name TEXT) STRICT; INSERT INTO tags VALUES ('a')",
         good ? "ALTER TABLE files ADD COLUMN tag TEXT" : "ALTER TABLE nothing ADD COLUMN x"}};
    return (struct schema_migrations){rows, MANIFEST_SCHEMA_VERSION + 1};
}

static void test_a_schema_with_rows_is_migrated(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = false;
    must(f, schema_prepare(database, schema_migrations(), SCHEMA_CREATE, &created, &f->err));
    must(f, database_run(database,
                         "INSERT INTO datasets (exchange, market, symbol, type, period)"
                         " VALUES ('BINANCE', 'SPOT', 'BTCUSDT', 'raw', '1m')",
                         &f->err));
    must(f, schema_prepare(database, one_more(true), SCHEMA_MIGRATE, &created, &f->err));
    assert_false(created);
    database_close(database);
    assert_int_equal(query_int64(f, "PRAGMA user_version"), MANIFEST_SCHEMA_VERSION + 1);
    assert_int_equal(query_int64(f, "SELECT count(tag) FROM files"), 0);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM datasets WHERE symbol = 'BTCUSDT'"), 1);
    /* and a software that does not know it refuses it */
    expect_status(f, LAKE_UNSUPPORTED, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
}

static void test_a_failed_migration_leaves_the_schema_before_it(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = false;
    must(f, schema_prepare(database, schema_migrations(), SCHEMA_CREATE, &created, &f->err));
    expect_status(f, LAKE_INTERNAL, schema_prepare(database, one_more(false), SCHEMA_CREATE, &created, &f->err));
    assert_false(database_in_transaction(database));
    assert_int_equal(query_int64(f, "PRAGMA user_version"), MANIFEST_SCHEMA_VERSION);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'tags'"), 0);
    must(f, schema_prepare(database, one_more(true), SCHEMA_CREATE, &created, &f->err));
    database_close(database);
    assert_int_equal(query_int64(f, "PRAGMA user_version"), MANIFEST_SCHEMA_VERSION + 1);
}

static void test_a_failed_creation_leaves_an_empty_database(void **state)
{
    static const struct schema_migration rows[] = {{{"CREATE TABLE a (x)", "CREATE TABLE a (x)"}}};
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = false;
    expect_status(f, LAKE_INTERNAL,
                  schema_prepare(database, (struct schema_migrations){rows, 1}, SCHEMA_CREATE, &created, &f->err));
    database_close(database);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM sqlite_schema"), 0);
    expect_status(f, LAKE_NOT_FOUND, manifest_open(f->path, MANIFEST_READ_WRITE, NULL, &f->manifest, &f->err));
    must(f, manifest_open(f->path, MANIFEST_CREATE, &created, &f->manifest, &f->err));
    assert_true(created);
}

static void test_an_older_schema_needs_permission_to_write(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_empty(f);
    bool created = false;
    must(f, schema_prepare(database, schema_migrations(), SCHEMA_CREATE, &created, &f->err));
    database_close(database);
    must(f, database_open(f->path, DATABASE_READ_ONLY, &database, &f->err));
    expect_status(f, LAKE_PERMISSION, schema_prepare(database, one_more(true), SCHEMA_CREATE, &created, &f->err));
    assert_non_null(strstr(f->err.message, "from 4 to 5"));
    database_close(database);
}

static void expect_refused(struct fixture *f, const char *sql, lake_status status, const char *message)
{
    struct manifest *manifest = NULL;
    run_sql(f, f->path, sql);
    int64_t before = file_bytes(f->path);
    expect_status(f, status, manifest_open(f->path, MANIFEST_CREATE, NULL, &manifest, &f->err));
    assert_null(manifest);
    assert_non_null(strstr(f->err.message, message));
    assert_int_equal(file_bytes(f->path), before);
    assert_int_equal(query_int64(f, "SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
}

static void test_somebody_elses_database_is_refused_and_left_alone(void **state)
{
    expect_refused(*state, "CREATE TABLE t (x)", LAKE_CORRUPT, "not a lake's manifest");
    expect_refused(*state, "PRAGMA application_id=77", LAKE_CORRUPT, "not a lake's manifest");
    expect_refused(*state, "PRAGMA application_id=0; PRAGMA user_version=1", LAKE_CORRUPT, "not a lake's manifest");
    expect_refused(*state, "PRAGMA application_id=0x444C444C; PRAGMA user_version=0", LAKE_CORRUPT,
                   "not a lake's manifest");
    expect_refused(*state, "PRAGMA user_version=-3", LAKE_CORRUPT, "not a lake's manifest");
    expect_refused(*state, "PRAGMA user_version=99", LAKE_UNSUPPORTED,
                   "schema is 99, this software knows schemas up to 4");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_the_table_leads_to_the_version_in_the_header),
        T(test_an_empty_database_becomes_a_manifest_once),
        T(test_an_empty_database_is_not_found_unless_created),
        T(test_a_schema_with_rows_is_migrated),
        T(test_a_failed_migration_leaves_the_schema_before_it),
        T(test_a_failed_creation_leaves_an_empty_database),
        T(test_an_older_schema_needs_permission_to_write),
        T(test_somebody_elses_database_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
