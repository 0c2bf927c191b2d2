/* The statement layer: values in and out, and what SQLite's errors become. */
#include "unit/manifest/fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

static struct database *open_at(struct fixture *f, enum database_access access)
{
    struct database *database = NULL;
    must(f, database_open(f->path, access, &database, &f->err));
    return database;
}

static struct database *open_with_table(struct fixture *f, const char *sql)
{
    struct database *database = open_at(f, DATABASE_CREATE);
    must(f, database_use_wal(database, &f->err));
    must(f, database_run(database, sql, &f->err));
    return database;
}

static struct statement *prepare(struct fixture *f, struct database *database, const char *sql)
{
    struct statement *statement = NULL;
    must(f, statement_new(database, sql, &statement, &f->err));
    return statement;
}

static void test_values_come_back_as_they_were_bound(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_with_table(f, "CREATE TABLE t (i, s, b, n)");
    struct statement *in = prepare(f, database, "INSERT INTO t VALUES (?1, ?2, ?3, ?4)");
    struct statement *out = prepare(f, database, "SELECT i, s, b, n FROM t");
    const struct sql_value values[] = {sql_int(INT64_MIN), sql_text("h\xc3\xa9llo"), sql_bytes("\0\1\2", 3),
                                       sql_text(NULL)};
    uint8_t bytes[3] = {9, 9, 9};
    bool has_row = false;

    must(f, statement_run(in, values, 4, &f->err));
    assert_int_equal(database_changes(database), 1);
    assert_int_equal(database_last_id(database), 1);
    must(f, statement_step(out, &has_row, &f->err));
    assert_true(has_row);
    assert_true(statement_take_int64(out) == INT64_MIN);
    assert_string_equal(statement_take_text(out, &f->arena), "h\xc3\xa9llo");
    statement_take_bytes(out, bytes, 3);
    assert_memory_equal(bytes, "\0\1\2", 3);
    assert_int_equal(statement_take_int64_or(out, -7), -7);
    must(f, statement_check(out, &f->err));
    must(f, statement_step(out, &has_row, &f->err));
    assert_false(has_row);
    statement_free(in);
    statement_free(out);
    database_close(database);
}

/* Takes the one column of a query in each way; at most one of them may be right. */
static void expect_corrupt(struct fixture *f, struct database *database, const char *sql, char kind,
                           const char *message)
{
    struct statement *statement = prepare(f, database, sql);
    uint8_t bytes[4];
    bool has_row = false;
    must(f, statement_step(statement, &has_row, &f->err));
    assert_true(has_row);
    if (kind == 'i')
        statement_take_int64(statement);
    else if (kind == 't')
        assert_string_equal(statement_take_text(statement, &f->arena), "");
    else
        statement_take_bytes(statement, bytes, sizeof bytes);
    expect_status(f, LAKE_CORRUPT, statement_check(statement, &f->err));
    assert_non_null(strstr(f->err.message, message));
    statement_free(statement);
}

static void test_a_value_of_another_type_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_at(f, DATABASE_CREATE);
    expect_corrupt(f, database, "SELECT NULL", 'i', "not an integer");
    expect_corrupt(f, database, "SELECT '12'", 'i', "not an integer");
    expect_corrupt(f, database, "SELECT 1.5", 'i', "not an integer");
    expect_corrupt(f, database, "SELECT NULL", 't', "not a text");
    expect_corrupt(f, database, "SELECT 12", 't', "not a text");
    expect_corrupt(f, database, "SELECT CAST(x'610062' AS TEXT)", 't', "a text with a zero byte");
    expect_corrupt(f, database, "SELECT NULL", 'b', "not bytes of the right length");
    expect_corrupt(f, database, "SELECT x'010203'", 'b', "not bytes of the right length");
    expect_corrupt(f, database, "SELECT x''", 'b', "not bytes of the right length");
    expect_corrupt(f, database, "SELECT 'abcd'", 'b', "not bytes of the right length");
    database_close(database);
}

static void test_the_first_thing_wrong_is_reported_and_forgotten_with_the_row(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_at(f, DATABASE_CREATE);
    struct statement *statement = prepare(f, database, "SELECT 'x', 1 UNION ALL SELECT 1, 'y'");
    bool has_row = false;
    must(f, statement_step(statement, &has_row, &f->err));
    statement_take_int64(statement);
    statement_reject(statement, "something later");
    expect_status(f, LAKE_CORRUPT, statement_check(statement, &f->err));
    assert_non_null(strstr(f->err.message, "not an integer"));
    assert_non_null(strstr(f->err.message, f->path));
    must(f, statement_step(statement, &has_row, &f->err));
    assert_int_equal(statement_take_int64(statement), 1);
    must(f, statement_check(statement, &f->err));
    statement_free(statement);
    database_close(database);
}

static void test_a_text_beyond_the_arena_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_at(f, DATABASE_CREATE);
    struct statement *statement = prepare(f, database, "SELECT printf('%.*c', 5000, 'x')");
    struct arena small = ARENA_INIT(1000);
    bool has_row = false;
    must(f, statement_step(statement, &has_row, &f->err));
    statement_take_text(statement, &small);
    expect_status(f, LAKE_NO_MEMORY, statement_check(statement, &f->err));
    arena_release(&small);
    statement_free(statement);
    database_close(database);
}

static void test_constraints_have_their_own_errors(void **state)
{
    struct fixture *f = *state;
    struct database *database =
        open_with_table(f, "CREATE TABLE a (id INTEGER PRIMARY KEY, u TEXT UNIQUE, c INTEGER CHECK (c > 0)) STRICT;"
                           "CREATE TABLE b (a_id INTEGER NOT NULL REFERENCES a (id)) STRICT;"
                           "CREATE TRIGGER b_added AFTER INSERT ON b BEGIN SELECT RAISE(ABORT, 'no such row in a')"
                           " WHERE NOT EXISTS (SELECT 1 FROM a WHERE id = NEW.a_id); END;"
                           "INSERT INTO a VALUES (1, 'x', 1)");
    expect_status(f, LAKE_CONFLICT, database_run(database, "INSERT INTO a VALUES (2, 'x', 1)", &f->err));
    expect_status(f, LAKE_CONFLICT, database_run(database, "INSERT INTO a VALUES (1, 'y', 1)", &f->err));
    expect_status(f, LAKE_INTERNAL, database_run(database, "INSERT INTO a VALUES (2, 'y', 0)", &f->err));
    expect_status(f, LAKE_INTERNAL, database_run(database, "INSERT INTO b VALUES (7)", &f->err)); /* by the trigger */
    expect_status(f, LAKE_INTERNAL, database_run(database, "INSERT INTO b VALUES (NULL)", &f->err));
    expect_status(f, LAKE_INTERNAL, database_run(database, "INSERT INTO b VALUES ('x')", &f->err));
    database_close(database);
}

static void test_a_full_disk_is_no_space_and_passes(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_with_table(f, "CREATE TABLE t (x); PRAGMA max_page_count=8");
    must(f, database_run(database, "BEGIN IMMEDIATE", &f->err));
    must(f, database_run(database, "INSERT INTO t VALUES (zeroblob(4000))", &f->err));
    expect_status(f, LAKE_NO_SPACE, database_run(database, "INSERT INTO t VALUES (zeroblob(100000))", &f->err));
    database_rollback(database);
    assert_false(database_in_transaction(database));
    database_rollback(database); /* harmless */
    must(f, database_run(database, "PRAGMA max_page_count=1000; INSERT INTO t VALUES (zeroblob(100000))", &f->err));
    assert_int_equal(query_int64(f, "SELECT count(*) FROM t"), 1);
    database_close(database);
}

static void test_a_held_write_lock_is_busy(void **state)
{
    struct fixture *f = *state;
    struct database *one = open_with_table(f, "CREATE TABLE t (x)");
    struct database *two = open_at(f, DATABASE_READ_WRITE);
    must(f, database_run(two, "PRAGMA busy_timeout=0", &f->err));
    must(f, database_run(one, "BEGIN IMMEDIATE", &f->err));
    expect_status(f, LAKE_BUSY, database_run(two, "BEGIN IMMEDIATE", &f->err));
    assert_non_null(strstr(f->err.message, "another process has kept it for 5 s"));
    must(f, database_run(one, "COMMIT", &f->err));
    must(f, database_run(two, "BEGIN IMMEDIATE; COMMIT", &f->err));
    database_close(one);
    database_close(two);
}

static void test_a_value_over_the_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_with_table(f, "CREATE TABLE t (x)");
    expect_status(f, LAKE_INVALID_ARGUMENT,
                  database_run(database, "INSERT INTO t VALUES (zeroblob(1 << 21))", &f->err));
    database_close(database);
}

static void test_binding_more_values_than_parameters_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_at(f, DATABASE_CREATE);
    struct statement *statement = prepare(f, database, "SELECT ?1");
    const struct sql_value values[] = {sql_int(1), sql_int(2)};
    expect_status(f, LAKE_INTERNAL, statement_bind(statement, values, 2, &f->err));
    statement_free(statement);
    statement = NULL;
    expect_status(f, LAKE_INTERNAL, statement_new(database, "SELEC 1", &statement, &f->err));
    assert_null(statement);
    database_close(database);
}

static void test_no_row_is_corrupt_for_get_int64(void **state)
{
    struct fixture *f = *state;
    struct database *database = open_at(f, DATABASE_CREATE);
    int64_t value = 0;
    expect_status(f, LAKE_CORRUPT, database_get_int64(database, "SELECT 1 WHERE 0", &value, &f->err));
    expect_status(f, LAKE_CORRUPT, database_get_int64(database, "SELECT 'x'", &value, &f->err));
    database_close(database);
}

static void test_a_read_only_connection_does_not_write(void **state)
{
    struct fixture *f = *state;
    database_close(open_with_table(f, "CREATE TABLE t (x)"));
    struct database *database = open_at(f, DATABASE_READ_ONLY);
    assert_true(database_is_read_only(database));
    expect_status(f, LAKE_PERMISSION, database_run(database, "INSERT INTO t VALUES (1)", &f->err));
    database_close(database);
}

static void test_what_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    struct database *database = NULL;
    expect_status(f, LAKE_NOT_FOUND, database_open(f->path, DATABASE_READ_WRITE, &database, &f->err));
    assert_null(database);
    expect_status(f, LAKE_NOT_FOUND, database_open("/nowhere/at/all.db", DATABASE_CREATE, &database, &f->err));
    static const char text[] = "this is a text, long enough for a header: SQLite format 3 stands elsewhere, and so do "
                               "its page size and its versions";
    write_bytes(f->path, text, sizeof text);
    expect_status(f, LAKE_CORRUPT, database_open(f->path, DATABASE_READ_WRITE, &database, &f->err));
    assert_non_null(strstr(f->err.message, f->path));
    assert_null(database);
}

static void test_settings_of_every_connection(void **state)
{
    static const struct {
        const char *sql;
        int64_t value;
    } settings[] = {{"PRAGMA synchronous", 2},    {"PRAGMA foreign_keys", 0},    {"PRAGMA trusted_schema", 0},
                    {"PRAGMA mmap_size", 0},      {"PRAGMA cell_size_check", 1}, {"PRAGMA temp_store", 2},
                    {"PRAGMA cache_size", -1024}, {"PRAGMA busy_timeout", 5000}};
    struct fixture *f = *state;
    struct database *database = open_with_table(f, "CREATE TABLE t (x)");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int64_t value = -1;
        lake_status status = database_get_int64(database, settings[i].sql, &value, &f->err);
        if (status != LAKE_OK || value != settings[i].value)
            fail_msg("%s: %d", settings[i].sql, (int)value);
    }
    database_close(database);
}

static void test_only_checkpoint_moves_the_wal(void **state)
{
    struct fixture *f = *state;
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    struct database *database = open_with_table(f, "CREATE TABLE t (x)");
    for (int i = 0; i < 1100; i++) /* more pages than SQLite would leave to itself */
        must(f, database_run(database, "INSERT INTO t VALUES (zeroblob(100))", &f->err));
    assert_true(database_wal_pages(database) > 1100);
    database_close(database);
    assert_true(file_bytes(wal) > 1100 * 4096);

    database = open_at(f, DATABASE_READ_WRITE);
    must(f, database_run(database, "INSERT INTO t VALUES (1)", &f->err));
    assert_true(database_wal_pages(database) > 1100);
    database_checkpoint(database);
    assert_int_equal(database_wal_pages(database), 0);
    assert_int_equal(file_bytes(wal), 0);
    database_close(database);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM t"), 1101);
}

static void test_a_checkpoint_does_not_wait_for_readers(void **state)
{
    struct fixture *f = *state;
    struct database *writer = open_with_table(f, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    struct database *reader = open_at(f, DATABASE_READ_WRITE);
    int64_t n = 0;
    must(f, database_run(reader, "BEGIN", &f->err));
    must(f, database_get_int64(reader, "SELECT count(*) FROM t", &n, &f->err));
    must(f, database_run(writer, "INSERT INTO t VALUES (2)", &f->err));
    database_checkpoint(writer); /* would take the busy time-out of 5 s if it waited */
    assert_true(database_wal_pages(writer) > 0);
    must(f, database_get_int64(reader, "SELECT count(*) FROM t", &n, &f->err));
    assert_int_equal(n, 1);
    must(f, database_run(reader, "COMMIT", &f->err));
    database_close(reader);
    database_close(writer);
}

static void test_immutable_reads_under_any_name(void **state)
{
    static const char *const names[] = {"plain.db", "a b?c#d%41.db", "h\xc3\xa9.db"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct database *database = NULL;
        int64_t value = 0;
        char path[160];
        snprintf(path, sizeof path, "%s/%s", f->directory, names[i]);
        run_sql(f, path, "CREATE TABLE t (x); INSERT INTO t VALUES (42)");
        must(f, database_open(path, DATABASE_IMMUTABLE, &database, &f->err));
        assert_true(database_is_read_only(database));
        must(f, database_get_int64(database, "SELECT x FROM t", &value, &f->err));
        assert_int_equal(value, 42);
        database_close(database);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup_empty, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_values_come_back_as_they_were_bound),
        T(test_a_value_of_another_type_is_corrupt),
        T(test_the_first_thing_wrong_is_reported_and_forgotten_with_the_row),
        T(test_a_text_beyond_the_arena_is_no_memory),
        T(test_constraints_have_their_own_errors),
        T(test_a_full_disk_is_no_space_and_passes),
        T(test_a_held_write_lock_is_busy),
        T(test_a_value_over_the_limit_is_refused),
        T(test_binding_more_values_than_parameters_is_an_error),
        T(test_no_row_is_corrupt_for_get_int64),
        T(test_a_read_only_connection_does_not_write),
        T(test_what_cannot_be_opened),
        T(test_settings_of_every_connection),
        T(test_only_checkpoint_moves_the_wal),
        T(test_a_checkpoint_does_not_wait_for_readers),
        T(test_immutable_reads_under_any_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
