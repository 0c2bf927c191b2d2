/* Files byte for byte as tests/golden has them. tests/interop/test_parquet_write.py shows that pyarrow reads these bytes
 * as the rows below; here it is shown that we still write them. */
#include <stdio.h>

#include "base/limits.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

enum { LINE_BYTES_MAX = 512 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hexadecimal digits; a # begins a comment. */
static void take_line(const char *line, struct buffer *out)
{
    struct lake_error err = {0};
    for (; *line != '\0' && *line != '#'; line++) {
        if (hex_digit(line[0]) < 0)
            continue;
        assert_true(hex_digit(line[1]) >= 0);
        lake_ok(buffer_append_byte(out, (uint8_t)(hex_digit(line[0]) << 4 | hex_digit(line[1])), &err));
        line++;
    }
}

static void read_golden(const char *name, struct buffer *out)
{
    char path[LINE_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", GOLDEN_FOLDER, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        take_line(line, out);
    assert_int_equal(fclose(file), 0);
    assert_true(out->length > 0);
}

static void check_golden(const char *name, const struct batch *batch, const struct parquet_writer_options *options,
                         int64_t group_rows)
{
    struct lake_error err = {0};
    struct buffer wanted = BUFFER_INIT(MIB);
    struct buffer written = BUFFER_INIT(MIB);
    struct parquet_writer *writer = NULL;
    read_golden(name, &wanted);
    lake_ok(parquet_writer_new(&writer, &err));
    fixture_write(writer, batch, options, group_rows, &written);
    for (size_t i = 0; i < wanted.length && i < written.length; i++) {
        if (wanted.data[i] != written.data[i])
            fail_msg("%s: byte %zu is %02x, not %02x", name, i, written.data[i], wanted.data[i]);
    }
    assert_int_equal(written.length, wanted.length);
    parquet_writer_free(writer);
    buffer_release(&wanted);
    buffer_release(&written);
}

/* Three rows in pages of one and row groups of two: ts, close (the second is null), n, side, flag. */
static struct batch make_bars(const struct schema *schema)
{
    struct lake_error err = {0};
    struct batch batch = {0};
    lake_ok(batch_new(&batch, schema, 3, &err));
    for (int64_t row = 0; row < 3; row++)
        ((int64_t *)batch_values(&batch, 0))[row] = INT64_C(1704067200000) + 60000 * row;
    memcpy(batch_values(&batch, 1), (const double[]){42283.58, 0, -0.0}, 3 * sizeof(double));
    lake_ok(batch_add_validity(&batch, 1, &err));
    bit_set(batch.columns[1].validity, 1, false);
    batch.columns[1].null_count = 1;
    memcpy(batch_values(&batch, 2), (const int64_t[]){7, INT64_MIN, 9}, 3 * sizeof(int64_t));
    memcpy(batch.columns[3].offsets, (const int32_t[]){0, 3, 3, 7}, 4 * sizeof(int32_t));
    lake_ok(batch_add_bytes(&batch, 3, 7, &err));
    memcpy(batch_values(&batch, 3), "buysell", 7);
    for (int64_t row = 0; row < 3; row++)
        bit_set(batch_values(&batch, 4), row, row != 1);
    return batch;
}

static void test_bars(void **state)
{
    (void)state;
    static const struct column_field fields[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                 {"close", COLUMN_DOUBLE, 0, true},
                                                 {"n", COLUMN_INT64, 0, false},
                                                 {"side", COLUMN_UTF8, 0, true},
                                                 {"flag", COLUMN_BOOL, 0, true}};
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct parquet_writer_options options = {.compression = PARQUET_UNCOMPRESSED, .page_rows = 1};
    lake_ok(schema_new(fields, 5, &schema, &err));
    struct batch batch = make_bars(schema);
    check_golden("bars.hex", &batch, &options, 2);
    batch_release(&batch);
    schema_free(schema);
}

/* Doubles 100, 101, … 139: byte streams of zeros and of noise, in the snappy blocks of snappy_runs.h. */
static void test_split_doubles(void **state)
{
    (void)state;
    static const struct column_field field = {"price", COLUMN_DOUBLE, 0, true};
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct parquet_writer_options options = {0};
    lake_ok(schema_new(&field, 1, &schema, &err));
    lake_ok(batch_new(&batch, schema, 40, &err));
    for (int64_t row = 0; row < 40; row++)
        ((double *)batch_values(&batch, 0))[row] = (double)(100 + row);
    check_golden("split_doubles.hex", &batch, &options, 0);
    batch_release(&batch);
    schema_free(schema);
}

/* Forty prices of four kinds: a dictionary page and indices. */
static void test_dictionary(void **state)
{
    (void)state;
    static const struct column_field field = {"price", COLUMN_DOUBLE, 0, false};
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct parquet_writer_options options = {0};
    lake_ok(schema_new(&field, 1, &schema, &err));
    lake_ok(batch_new(&batch, schema, 40, &err));
    for (int64_t row = 0; row < 40; row++)
        ((double *)batch_values(&batch, 0))[row] = (double)(row % 4) / 10;
    check_golden("dictionary.hex", &batch, &options, 0);
    batch_release(&batch);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_split_doubles),
        cmocka_unit_test(test_dictionary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
