/* Bars with columns of their source's own, of each type that a source can give, and funding rates: kept, united, rolled up. */
#include "verify_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column/arrow.h"
#include "column/builder.h"

enum { MOST_COLUMNS = 8, TEXT_BYTES = 1 << 16, DAYS = 31 };

#define N(array) (sizeof(array) / sizeof *(array))

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

/* ---- tables ---- */

struct table {
    const struct column_field *fields;
    size_t n_fields;
    const struct cell *cells; /* row after row */
    size_t n_rows;
};

static void make(const struct table *table, struct batch *out)
{
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    assert_int_equal(schema_new(table->fields, table->n_fields, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_builder_new(schema, &builder, NULL), LAKE_OK);
    for (size_t row = 0; row < table->n_rows; row++)
        assert_int_equal(batch_builder_append_cells(builder, table->cells + row * table->n_fields, NULL), LAKE_OK);
    assert_int_equal(batch_builder_take(builder, out, NULL), LAKE_OK);
    batch_builder_free(builder);
    schema_free(schema);
}

static struct lake_write_result write_table(struct lake *lake, const char *type, const struct table *table)
{
    const struct lake_selection dataset = {"test", NULL, "btcusdt", type, "1m"};
    struct lake_write *write = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct batch batch = {0};
    make(table, &batch);
    if (lake_write_begin(lake, &dataset, "ingest", &write, &err) != LAKE_OK ||
        lake_write_append(write, &batch, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    batch_release(&batch);
    return commit_write(write);
}

static size_t put_value(char *out, size_t room, const struct batch *batch, size_t column, int64_t row)
{
    const struct column *from = &batch->columns[column];
    const int64_t *integers = from->values;
    const double *numbers = from->values;
    const char *bytes = from->values;
    int n = 0;
    if (!column_is_valid(from, row))
        n = snprintf(out, room, " -");
    else if (batch->schema->fields[column].type == COLUMN_UTF8)
        n = snprintf(out, room, " %.*s", (int)(from->offsets[row + 1] - from->offsets[row]),
                     bytes + from->offsets[row]);
    else if (batch->schema->fields[column].type == COLUMN_BOOL)
        n = snprintf(out, room, " %s", bit_get(from->values, row) ? "yes" : "no");
    else if (batch->schema->fields[column].type == COLUMN_DOUBLE)
        n = snprintf(out, room, " %.17g", numbers[row]);
    else
        n = snprintf(out, room, " %lld", (long long)(column == 0 ? integers[row] - DAY_2024 : integers[row]));
    assert_true(n > 0 && (size_t)n < room);
    return (size_t)n;
}

/* Names, then rows. The text lives until the next call. */
static const char *scan_text(struct lake *lake, const char *type)
{
    static char text[TEXT_BYTES];
    const struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "btcusdt", type, NULL}};
    struct lake_scan *scan = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct ArrowSchema exported = {0};
    struct ArrowArray array;
    struct schema *schema = NULL;
    struct batch batch = {0};
    size_t n = 0;
    if (lake_scan_open(lake, &options, &scan, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(lake_scan_schema(scan, &exported, NULL), LAKE_OK);
    assert_int_equal(arrow_import_schema(&exported, &schema, NULL), LAKE_OK);
    for (size_t i = 0; i < schema->n_fields; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " %s", schema->fields[i].name);
    n += (size_t)snprintf(text + n, sizeof text - n, "\n");
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    assert_int_equal(arrow_import_batch(schema, &array, &batch, NULL), LAKE_OK);
    for (int64_t row = 0; row < batch.n_rows; row++) {
        for (size_t i = 0; i < schema->n_fields; i++)
            n += put_value(text + n, sizeof text - n, &batch, i, row);
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
    }
    batch_release(&batch);
    exported.release(&exported);
    schema_free(schema);
    lake_scan_close(scan);
    return text;
}

/* ---- bars ---- */

#define TIME(ms)                                                                                                       \
    {                                                                                                                  \
        .kind = CELL_INT64, .int64 = DAY_2024 + (ms)                                                                   \
    }
#define INTEGER(value)                                                                                                 \
    {                                                                                                                  \
        .kind = CELL_INT64, .int64 = (value)                                                                           \
    }
#define NUMBER(value)                                                                                                  \
    {                                                                                                                  \
        .kind = CELL_DOUBLE, .number = (value)                                                                         \
    }
#define FLAG(value)                                                                                                    \
    {                                                                                                                  \
        .kind = CELL_BOOL, .int64 = (value)                                                                            \
    }
#define TEXT(value)                                                                                                    \
    {                                                                                                                  \
        .kind = CELL_TEXT, .text = (value)                                                                             \
    }
#define MISSING                                                                                                        \
    {                                                                                                                  \
        .kind = CELL_NULL                                                                                              \
    }

static const struct column_field wide[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"close", COLUMN_DOUBLE, 0, true},
                                           {"trades", COLUMN_INT64, 0, true},     {"is_final", COLUMN_BOOL, 0, true},
                                           {"note", COLUMN_UTF8, 0, true},        {"oi", COLUMN_DOUBLE, 0, true},
                                           {"sequence", COLUMN_INT64, 0, true}};

static const struct cell wide_rows[] = {
    TIME(0),     NUMBER(1), INTEGER(7), FLAG(1), TEXT("a,\"b\""), NUMBER(0.5), INTEGER(INT64_MAX),
    TIME(60000), NUMBER(2), MISSING,    MISSING, MISSING,         MISSING,     MISSING,
};

static const struct column_field narrow[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"note", COLUMN_UTF8, 0, true}, {"is_final", COLUMN_BOOL, 0, true}};

static void test_columns_of_a_source_are_kept_under_their_names(void **state)
{
    struct fixture *fixture = *state;
    const struct table first = {wide, N(wide), wide_rows, 2};
    static const struct cell more[] = {TIME(60000), TEXT("b"), MISSING, TIME(120000), MISSING, FLAG(0)};
    const struct table second = {narrow, N(narrow), more, 2};
    write_table(fixture->lake, "raw", &first);
    struct lake_write_result written = write_table(fixture->lake, "raw", &second);
    assert_int_equal(written.rows_changed, 1);
    assert_int_equal(written.rows_new, 1);
    assert_string_equal(scan_text(fixture->lake, "raw"), " ts close trades is_final note oi sequence\n"
                                                         " 0 1 7 yes a,\"b\" 0.5 9223372036854775807\n"
                                                         " 60000 2 - - b - -\n"
                                                         " 120000 - - no - - -\n");
    assert_int_equal(write_table(fixture->lake, "raw", &second).snapshot, 0);
    assert_int_equal(write_table(fixture->lake, "raw", &first).snapshot, 0);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_days_with_other_columns_become_one_month(void **state)
{
    struct fixture *fixture = *state;
    char before[TEXT_BYTES];
    for (int day = 0; day < DAYS; day++) {
        struct cell cells[N(wide)];
        const struct table table = {day % 2 == 0 ? wide : narrow, day % 2 == 0 ? N(wide) : N(narrow), cells, 1};
        static const struct cell even[] = {TIME(0), NUMBER(1), INTEGER(7), FLAG(1), TEXT("x"), NUMBER(0.5), INTEGER(1)};
        static const struct cell odd[] = {TIME(0), TEXT("y"), FLAG(0)};
        memcpy(cells, day % 2 == 0 ? even : odd, table.n_fields * sizeof *cells);
        cells[0].int64 += day * MS_PER_DAY;
        write_table(fixture->lake, "raw", &table);
    }
    (void)snprintf(before, sizeof before, "%s", scan_text(fixture->lake, "raw"));
    roll_up(fixture, "BTCUSDT");
    assert_int_equal(count_files(fixture->lake), 1);
    assert_string_equal(scan_text(fixture->lake, "raw"), before);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(run_rebuild(fixture)->n, 0);
    assert_string_equal(scan_text(fixture->lake, "raw"), before);
}

static void test_a_column_keeps_its_type(void **state)
{
    struct fixture *fixture = *state;
    static const struct column_field other[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"note", COLUMN_INT64, 0, true}};
    static const struct cell cells[] = {TIME(0), INTEGER(1)};
    const struct table first = {wide, N(wide), wide_rows, 2}, table = {other, 2, cells, 1};
    const struct lake_selection dataset = {"test", NULL, "btcusdt", "raw", "1m"};
    struct lake_write *write = NULL;
    struct lake_write_result result;
    struct lake_error err = {LAKE_OK, ""};
    struct batch batch = {0};
    write_table(fixture->lake, "raw", &first);
    make(&table, &batch);
    assert_int_equal(lake_write_begin(fixture->lake, &dataset, "ingest", &write, NULL), LAKE_OK);
    lake_status status = lake_write_append(write, &batch, &err);
    if (status == LAKE_OK)
        status = lake_write_commit(write, &result, &err);
    assert_int_equal(status, LAKE_INVALID_DATA);
    assert_non_null(strstr(err.message, "column note is utf8 in the lake and int64 in the new rows"));
    batch_release(&batch);
    lake_write_free(write);
}

/* ---- funding ---- */

static const struct column_field funding[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                              {"rate", COLUMN_DOUBLE, 0, true},
                                              {"mark_price", COLUMN_DOUBLE, 0, true},
                                              {"interval", COLUMN_INT64, 0, true}};

/* Times as venues give them, some milliseconds off the hour; a month is a file, and two of them a year. */
static void test_funding_keeps_its_real_times(void **state)
{
    struct fixture *fixture = *state;
    static const struct cell cells[] = {
        TIME(3),           NUMBER(0.0001),    MISSING, INTEGER(28800000),          TIME(28800000),
        NUMBER(-0.000125), NUMBER(4.5),       MISSING, TIME(35 * MS_PER_DAY + 17), NUMBER(0.0003),
        NUMBER(5),         INTEGER(14400000),
    };
    const struct table table = {funding, N(funding), cells, 3};
    const char *expected = " ts rate mark_price interval\n"
                           " 3 0.0001 - 28800000\n"
                           " 28800000 -0.000125 4.5 -\n"
                           " 3024000017 0.00029999999999999997 5 14400000\n";
    struct lake_write_result written = write_table(fixture->lake, "funding", &table);
    assert_int_equal(written.rows_new, 3);
    assert_int_equal(written.files_written, 2);
    assert_string_equal(scan_text(fixture->lake, "funding"), expected);
    assert_int_equal(write_table(fixture->lake, "funding", &table).snapshot, 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(run_rebuild(fixture)->n, 0);
    assert_string_equal(scan_text(fixture->lake, "funding"), expected);
}

int main(void)
{
#define IN_A_LAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_LAKE(test_columns_of_a_source_are_kept_under_their_names),
        IN_A_LAKE(test_days_with_other_columns_become_one_month),
        IN_A_LAKE(test_a_column_keeps_its_type),
        IN_A_LAKE(test_funding_keeps_its_real_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
