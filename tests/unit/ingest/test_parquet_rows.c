/* Parquet files as sources of rows: where rows stand, what is put aside, and where reading goes on. Values of others' files are compared in
 * tests/interop/test_sources.py. */
#include "ingest/parquet_rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "column/builder.h"
#include "parquet/writer.h"
#include "unit/base/check.h"
#include "unit/ingest/memory_file.h"

enum { N_ROWS = 20000, GROUP_ROWS = 7000, TEXT_BYTES = 256, FILE_BYTES = 8 << 20 };

#define START_MS INT64_C(1700000040000)
#define MINUTE_MS INT64_C(60000)

static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"symbol", COLUMN_UTF8, 0, false}, {"open", COLUMN_DOUBLE, 0, false},
    {"high", COLUMN_DOUBLE, 0, false},     {"low", COLUMN_FLOAT, 0, false},   {"close", COLUMN_DOUBLE, 0, true},
    {"volume", COLUMN_INT64, 0, true},     {"note", COLUMN_UTF8, 0, true},
};
enum { N_FIELDS = sizeof fields / sizeof fields[0], SYMBOL = 1, OPEN = 2, CLOSE = 5, VOLUME = 6, NOTE = 7 };

/* Every seventh volume is null; what `change` makes of a row. */
static void make_row(int64_t row, struct cell *cells, void (*change)(int64_t row, struct cell *cells))
{
    cells[0] = (struct cell){.kind = CELL_INT64, .int64 = START_MS + row * MINUTE_MS};
    cells[SYMBOL] = (struct cell){.kind = CELL_TEXT, .text = "BTCUSDT"};
    for (size_t i = OPEN; i <= CLOSE; i++)
        cells[i] = (struct cell){.kind = CELL_DOUBLE, .number = 1 + (double)i + (double)row};
    cells[VOLUME] = (struct cell){.kind = row % 7 == 0 ? CELL_NULL : CELL_INT64, .int64 = row};
    cells[NOTE] = (struct cell){.kind = CELL_TEXT, .text = "a,\"b\""};
    if (change != NULL)
        change(row, cells);
}

static void make_batch(const struct schema *schema, void (*change)(int64_t row, struct cell *cells), struct batch *out)
{
    struct lake_error err;
    struct batch_builder *builder = NULL;
    lake_ok(batch_builder_new(schema, &builder, &err));
    for (int64_t row = 0; row < N_ROWS; row++) {
        struct cell cells[N_FIELDS];
        make_row(row, cells, change);
        lake_ok(batch_builder_append_cells(builder, cells, &err));
    }
    lake_ok(batch_builder_take(builder, out, &err));
    batch_builder_free(builder);
}

static void make_file(void (*change)(int64_t row, struct cell *cells), struct buffer *out)
{
    struct lake_error err;
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct parquet_writer *writer = NULL;
    struct parquet_writer_options options = {.doubles = PARQUET_DOUBLES_FAST};
    buffer_init(out, FILE_BYTES);
    lake_ok(schema_new(fields, N_FIELDS, &schema, &err));
    make_batch(schema, change, &batch);
    lake_ok(parquet_writer_new(&writer, &err));
    lake_ok(parquet_writer_begin(writer, schema, &options, parquet_sink_buffer(out), &err));
    for (int64_t first = 0; first < N_ROWS; first += GROUP_ROWS)
        lake_ok(parquet_writer_append(writer, &batch, first, N_ROWS - first < GROUP_ROWS ? N_ROWS - first : GROUP_ROWS,
                                      &err));
    lake_ok(parquet_writer_finish(writer, &err));
    parquet_writer_free(writer);
    batch_release(&batch);
    schema_free(schema);
}

/* A file being read. */
struct reading {
    struct buffer bytes;
    struct memory_file file;
    struct pool *pool;
    struct source *source;
    struct csv_wishes wishes;
    struct parquet_rows_options options;
    struct row_source *rows;
    struct row_runs runs;
};

static void begin(struct reading *reading, void (*change)(int64_t row, struct cell *cells))
{
    struct lake_error err;
    bool has_member = false;
    *reading = (struct reading){.rows = NULL};
    make_file(change, &reading->bytes);
    reading->file = memory_file_of((const char *)reading->bytes.data, reading->bytes.length);
    lake_ok(pool_new(2, &reading->pool, &err));
    lake_ok(source_open(memory_file_io(&reading->file), "x.parquet", &reading->source, &err));
    lake_ok(source_next_member(reading->source, &has_member, &err));
    assert_true(has_member);
    reading->options =
        (struct parquet_rows_options){.pool = reading->pool, .source = reading->source, .wishes = &reading->wishes};
}

static void end(struct reading *reading)
{
    if (reading->rows != NULL)
        reading->rows->ops->close(reading->rows);
    source_close(reading->source);
    pool_free(reading->pool);
    buffer_release(&reading->bytes);
    assert_int_equal(reading->file.n_open, 0);
}

static lake_status open_rows(struct reading *reading, struct lake_error *err)
{
    return parquet_rows_open(&reading->options, &reading->rows, err);
}

static lake_status next(struct reading *reading, struct lake_error *err)
{
    return reading->rows->ops->next(reading->rows, &reading->runs, err);
}

/* Row r of a run is row `line - 1` of the file. */
static void check_row(const struct reading *reading, size_t run, int64_t row)
{
    const struct batch *batch = reading->runs.runs[run].batch;
    int64_t number = reading->rows->ops->line(reading->rows, run, row) - 1;
    assert_int_equal(((const int64_t *)batch_values(batch, 0))[row], START_MS + number * MINUTE_MS);
    assert_true(((const double *)batch_values(batch, 1))[row] == 1 + OPEN + (double)number);
    assert_int_equal(column_is_valid(&batch->columns[5], row), number % 7 != 0);
}

/* The rows of a block, each checked; they ascend. */
static int64_t check_runs(const struct reading *reading)
{
    int64_t n = 0, last = 0;
    for (size_t run = 0; run < reading->runs.n_runs; run++)
        for (int64_t row = 0; row < reading->runs.runs[run].batch->n_rows; row++, n++) {
            int64_t line = reading->rows->ops->line(reading->rows, run, row);
            assert_true(line > last);
            last = line;
            check_row(reading, run, row);
        }
    return n;
}

static int64_t check_all(struct reading *reading)
{
    struct lake_error err;
    int64_t n = 0;
    do {
        lake_ok(next(reading, &err));
        n += check_runs(reading);
    } while (reading->runs.n_runs > 0);
    return n;
}

static void test_rows_know_where_they_stand(void **state)
{
    struct lake_error err;
    struct reading reading;
    struct buffer text = BUFFER_INIT(TEXT_BYTES);
    const char *line;
    (void)state;
    begin(&reading, NULL);
    lake_ok(open_rows(&reading, &err));
    assert_string_equal(reading.rows->type->name, "raw");
    assert_int_equal(reading.rows->schema->n_fields, 7); /* without the symbol, which is the same in all */
    assert_string_equal(reading.rows->schema->fields[6].name, "note");
    assert_false(parquet_rows_is_time_local(reading.rows));
    lake_ok(next(&reading, &err));
    assert_true(reading.runs.n_runs > 1);
    lake_ok(reading.rows->ops->text(reading.rows, 1, 1, &text, &err));
    lake_ok(buffer_string(&text, &line, &err));
    assert_string_equal(line, "2023-11-20T14:47:00Z,BTCUSDT,8196,8197,8198,8199,8193,\"a,\"\"b\"\"\"");
    buffer_release(&text);
    reading.rows->ops->close(reading.rows);
    lake_ok(open_rows(&reading, &err));
    assert_int_equal(check_all(&reading), N_ROWS);
    end(&reading);
}

static void test_reading_goes_on_where_it_stood(void **state)
{
    struct lake_error err;
    struct reading reading;
    (void)state;
    begin(&reading, NULL);
    reading.options.start.offset = 12345;
    lake_ok(open_rows(&reading, &err));
    assert_int_equal(reading.rows->ops->position(reading.rows).offset, 12345);
    assert_int_equal(check_all(&reading), N_ROWS - 12345);
    assert_int_equal(reading.rows->ops->position(reading.rows).offset, N_ROWS);
    assert_int_equal(reading.rows->ops->position(reading.rows).line, N_ROWS + 1);
    reading.rows->ops->close(reading.rows);
    reading.rows = NULL;
    reading.options.start.offset = N_ROWS + 1;
    lake_fails(open_rows(&reading, &err), LAKE_CONFLICT, "x.parquet: has 20000 rows, and 20001 were read before");
    end(&reading);
}

static void spoil_opens(int64_t row, struct cell *cells)
{
    if (row == 100 || row == 8191 || row == 19999)
        cells[OPEN].number = INFINITY;
}

static void test_a_wrong_value_is_named(void **state)
{
    struct lake_error err;
    struct reading reading;
    (void)state;
    begin(&reading, spoil_opens);
    lake_ok(open_rows(&reading, &err));
    lake_fails(next(&reading, &err), LAKE_INVALID_DATA, "x.parquet: row 101: open is 'inf', not a number");
    end(&reading);
}

static void test_wrong_rows_are_put_aside(void **state)
{
    static const int64_t lines[] = {101, 8192, 20000};
    struct lake_error err;
    struct reading reading;
    size_t n = 0;
    (void)state;
    begin(&reading, spoil_opens);
    reading.options.wants_rejects = true;
    lake_ok(open_rows(&reading, &err));
    lake_ok(next(&reading, &err));
    for (size_t run = 0; run < reading.runs.n_runs; run++)
        for (size_t i = 0; i < reading.runs.runs[run].n_rejects; i++, n++) {
            const struct row_reject *reject = &reading.runs.runs[run].rejects[i];
            assert_int_equal(reject->line, lines[n]);
            assert_string_equal(reject->reason, "open is 'inf', not a number");
            assert_string_equal(reject->rule, "value");
            assert_non_null(strstr(reject->text, "Z,BTCUSDT,inf,"));
            assert_int_equal(reject->length, strlen(reject->text));
        }
    assert_int_equal(n, 3);
    reading.rows->ops->close(reading.rows);
    lake_ok(open_rows(&reading, &err));
    assert_int_equal(check_all(&reading), N_ROWS - 3);
    end(&reading);
}

static void alternate_symbols(int64_t row, struct cell *cells)
{
    if (row % 4 == 3)
        cells[SYMBOL].text = "ETHUSDT";
    if (row % 8 == 7)
        cells[OPEN].number = NAN; /* of no matter */
}

static void test_rows_of_other_symbols_are_stepped_over(void **state)
{
    struct lake_error err;
    struct reading reading;
    int64_t n_others = 0;
    (void)state;
    begin(&reading, alternate_symbols);
    reading.wishes.columns.symbol = "BTCUSDT";
    lake_ok(open_rows(&reading, &err));
    lake_ok(next(&reading, &err));
    for (size_t run = 0; run < reading.runs.n_runs; run++)
        n_others += reading.runs.runs[run].n_others;
    assert_int_equal(n_others, N_ROWS / 4);
    reading.rows->ops->close(reading.rows);
    lake_ok(open_rows(&reading, &err));
    assert_int_equal(check_all(&reading), N_ROWS - N_ROWS / 4);
    end(&reading);
}

static void test_times_that_are_utc_have_no_other_zone(void **state)
{
    struct lake_error err;
    struct reading reading;
    (void)state;
    begin(&reading, NULL);
    reading.wishes.has_zone = true;
    lake_fails(open_rows(&reading, &err), LAKE_INVALID_ARGUMENT, "leave --tz out");
    end(&reading);
}

static void test_damage_is_named(void **state)
{
    struct lake_error err;
    struct reading reading;
    (void)state;
    begin(&reading, NULL);
    lake_ok(open_rows(&reading, &err));
    memset(reading.bytes.data + 4, 0xff, 3000);
    lake_fails(next(&reading, &err), LAKE_CORRUPT, "x.parquet: column 'ts'");
    reading.rows->ops->close(reading.rows);
    reading.rows = NULL;
    reading.bytes.data[reading.bytes.length - 1] = 'x';
    lake_fails(open_rows(&reading, &err), LAKE_CORRUPT, "x.parquet: not a Parquet file");
    end(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_know_where_they_stand),
        cmocka_unit_test(test_reading_goes_on_where_it_stood),
        cmocka_unit_test(test_a_wrong_value_is_named),
        cmocka_unit_test(test_wrong_rows_are_put_aside),
        cmocka_unit_test(test_rows_of_other_symbols_are_stepped_over),
        cmocka_unit_test(test_times_that_are_utc_have_no_other_zone),
        cmocka_unit_test(test_damage_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
