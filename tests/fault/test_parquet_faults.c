/* Every allocation of the Parquet writer and reader, and every call of the writer's sink and the reader's source, fails in turn:
 * an error each time, no leak (run under ASan), no wrong bytes or rows, and the same writer and reader go on afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/memory.h"
#include "fault/fault_memory.h"
#include "parquet/reader.h"
#include "parquet/writer.h"
#include "unit/parquet/writer_fixture.h"

/* The large example is handed to the sink, and read from the source, in several pieces. */
enum { SMALL_ROWS = 700, LARGE_ROWS = 60000, PAGE_ROWS = 150 };

/* What is to be written, and the file it makes, from before anything fails. */
struct example {
    int64_t n_rows, group_rows;
    struct schema *schema;
    struct batch batch;
    struct buffer file;
    struct parquet_writer_options options;
    /* The sink and the source fail at this call; 0: never. */
    int64_t fail_at, n_calls;
};

/* ---- writing ---- */

struct failing_sink {
    struct example *example;
    struct buffer *out;
};

static lake_status failing_write(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    struct failing_sink *sink = context;
    if (++sink->example->n_calls == sink->example->fail_at)
        return lake_fail(err, LAKE_NO_SPACE, "the disk is full");
    return buffer_append(sink->out, bytes, n, err);
}

static lake_status write_with(struct parquet_writer *writer, const struct example *example, struct parquet_sink sink,
                              struct lake_error *err)
{
    TRY(parquet_writer_begin(writer, example->schema, &example->options, sink, err));
    TRY(parquet_writer_append(writer, &example->batch, 0, example->group_rows, err));
    TRY(parquet_writer_append(writer, &example->batch, example->group_rows, example->n_rows - example->group_rows,
                              err));
    return parquet_writer_finish(writer, err);
}

static lake_status check_bytes(const struct example *example, const struct buffer *written, struct lake_error *err)
{
    if (written->length != example->file.length || memcmp(written->data, example->file.data, written->length) != 0)
        return lake_fail(err, LAKE_INTERNAL, "other bytes were written");
    return LAKE_OK;
}

static lake_status write_file(void *context, struct lake_error *err)
{
    struct example *example = context;
    struct parquet_writer *writer = NULL;
    struct buffer out = BUFFER_INIT(16 * MIB);
    lake_status status = LAKE_OK;
    TRY_OUT(parquet_writer_new(&writer, err));
    TRY_OUT(write_with(writer, example, parquet_sink_buffer(&out), err));
    TRY_OUT(check_bytes(example, &out, err));
out:
    parquet_writer_free(writer);
    buffer_release(&out);
    return status;
}

static void test_memory_of_the_writer(void **state)
{
    assert_true(sweep_memory(write_file, *state) >= 2 * 50);
}

/* One writer through all failures: what is left of a failed file must not show in the next one. */
static void test_a_writer_goes_on_after_a_failure(void **state)
{
    struct example *example = *state;
    struct parquet_writer *writer = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct buffer out = BUFFER_INIT(16 * MIB);
    bool was_reached = true;
    assert_int_equal(parquet_writer_new(&writer, &err), LAKE_OK);
    for (int64_t at = 1; was_reached; at++) {
        buffer_release(&out);
        fault_memory_arm(at, false);
        lake_status status = write_with(writer, example, parquet_sink_buffer(&out), &err);
        was_reached = fault_memory_disarm() >= at;
        assert_int_equal(status, was_reached ? LAKE_NO_MEMORY : LAKE_OK);
        buffer_clear(&out);
        assert_int_equal(write_with(writer, example, parquet_sink_buffer(&out), &err), LAKE_OK);
        assert_int_equal(check_bytes(example, &out, &err), LAKE_OK);
    }
    parquet_writer_free(writer);
    buffer_release(&out);
}

static void test_every_call_of_a_sink(void **state)
{
    struct example *example = *state;
    struct parquet_writer *writer = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct buffer out = BUFFER_INIT(16 * MIB);
    struct failing_sink context = {example, &out};
    struct parquet_sink sink = {failing_write, &context};
    int64_t n_failed = 0;
    assert_int_equal(parquet_writer_new(&writer, &err), LAKE_OK);
    for (example->fail_at = 1;; example->fail_at++) {
        buffer_clear(&out);
        example->n_calls = 0;
        lake_status status = write_with(writer, example, sink, &err);
        if (example->n_calls < example->fail_at) {
            assert_int_equal(status, LAKE_OK);
            break;
        }
        assert_int_equal(status, LAKE_NO_SPACE);
        assert_int_equal(example->n_calls, example->fail_at); /* a failed sink is not called again */
        assert_non_null(strstr(err.message, "the disk is full"));
        n_failed++;
    }
    assert_true(n_failed >= 2);
    assert_int_equal(check_bytes(example, &out, &err), LAKE_OK);
    parquet_writer_free(writer);
    buffer_release(&out);
}

/* ---- reading ---- */

static lake_status failing_read(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    struct example *example = context;
    if (++example->n_calls == example->fail_at)
        return lake_fail(err, LAKE_IO, "the disk is broken");
    if (offset < 0 || (uint64_t)offset > example->file.length || n > example->file.length - (size_t)offset)
        return lake_fail(err, LAKE_INTERNAL, "a read past the end");
    memcpy(bytes, example->file.data + offset, n);
    return LAKE_OK;
}

static struct parquet_source failing_source(struct example *example)
{
    return (struct parquet_source){"example", NULL, (int64_t)example->file.length, failing_read, example};
}

static struct parquet_source bytes_source(struct example *example)
{
    return parquet_source_bytes("example", example->file.data, example->file.length);
}

static bool same_row(const struct column_field *field, const struct column *wanted, const struct parquet_target *got,
                     int64_t row)
{
    bool is_valid = got->valid == NULL || got->valid[row] != 0;
    size_t width = column_type_width(field);
    if (is_valid != column_is_valid(wanted, row))
        return false;
    if (!is_valid)
        return true;
    if (field->type == COLUMN_BOOL)
        return ((const uint8_t *)got->values)[row] == (bit_get(wanted->values, row) ? 1 : 0);
    if (!column_type_has_offsets(field->type))
        return memcmp((const char *)got->values + (size_t)row * width,
                      (const char *)wanted->values + (size_t)row * width, width) == 0;
    size_t n = (size_t)(wanted->offsets[row + 1] - wanted->offsets[row]);
    return n == (size_t)(got->offsets[row + 1] - got->offsets[row]) &&
           (n == 0 ||
            memcmp(got->bytes->data + got->offsets[row], (const char *)wanted->values + wanted->offsets[row], n) == 0);
}

/* Where a column is read to, large enough for any. */
struct room {
    void *values;
    int32_t *offsets;
    struct buffer bytes;
};

static lake_status read_column(struct parquet_reader *reader, const struct example *example, size_t index,
                               struct room *room, struct lake_error *err)
{
    const struct column_field *field = &example->schema->fields[index];
    struct parquet_target target = {.values = room->values, .offsets = room->offsets, .bytes = &room->bytes};
    int column = parquet_reader_find(reader, field->name);
    if (column < 0)
        return lake_fail(err, LAKE_INTERNAL, "column %s is not found", field->name);
    TRY(parquet_reader_read(reader, (size_t)column, 0, example->n_rows, &target, err));
    for (int64_t row = 0; row < example->n_rows; row++)
        if (!same_row(field, &example->batch.columns[index], &target, row))
            return lake_fail(err, LAKE_INTERNAL, "column %s: row %d is wrong", field->name, (int)row);
    return LAKE_OK;
}

static lake_status read_with(struct parquet_reader *reader, const struct example *example, struct parquet_source source,
                             struct lake_error *err)
{
    struct room room = {.bytes = BUFFER_INIT(16 * MIB)};
    int64_t first = 0, n_rows = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new((size_t)example->n_rows, sizeof(int64_t), &room.values, err));
    TRY_OUT(memory_new((size_t)example->n_rows + 1, sizeof *room.offsets, &room.offsets, err));
    TRY_OUT(parquet_reader_open(reader, source, err));
    TRY_OUT(parquet_reader_find_rows(reader, 0, INT64_C(1704067200000), INT64_C(1704067200000), &first, &n_rows, err));
    if (first != 0 || n_rows < 1)
        TRY_OUT(lake_fail(err, LAKE_INTERNAL, "the first row is not found"));
    for (size_t i = 0; i < example->schema->n_fields; i++)
        TRY_OUT(read_column(reader, example, i, &room, err));
out:
    memory_free(room.values);
    memory_free(room.offsets);
    buffer_release(&room.bytes);
    return status;
}

static lake_status read_through(struct example *example, struct parquet_source source, struct lake_error *err)
{
    struct parquet_reader *reader = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(parquet_reader_new(&reader, err));
    TRY_OUT(read_with(reader, example, source, err));
out:
    parquet_reader_free(reader);
    return status;
}

static lake_status read_from_memory(void *context, struct lake_error *err)
{
    return read_through(context, bytes_source(context), err);
}

static lake_status read_from_function(void *context, struct lake_error *err)
{
    return read_through(context, failing_source(context), err);
}

static void test_memory_of_the_reader(void **state)
{
    struct example *example = *state;
    example->fail_at = 0;
    assert_true(sweep_memory(read_from_memory, example) >= 2 * 15);
    assert_true(sweep_memory(read_from_function, example) >= 2 * 15);
}

static void test_a_reader_goes_on_after_a_failure(void **state)
{
    struct example *example = *state;
    struct parquet_reader *reader = NULL;
    struct lake_error err = {LAKE_OK, ""};
    bool was_reached = true;
    for (int64_t at = 1; was_reached; at++) {
        assert_int_equal(parquet_reader_new(&reader, &err), LAKE_OK);
        fault_memory_arm(at, false);
        lake_status status = read_with(reader, example, bytes_source(example), &err);
        was_reached = fault_memory_disarm() >= at;
        assert_int_equal(status, was_reached ? LAKE_NO_MEMORY : LAKE_OK);
        assert_int_equal(read_with(reader, example, bytes_source(example), &err), LAKE_OK);
        parquet_reader_free(reader);
    }
}

static void test_every_call_of_a_source(void **state)
{
    struct example *example = *state;
    struct parquet_reader *reader = NULL;
    struct lake_error err = {LAKE_OK, ""};
    int64_t n_failed = 0;
    assert_int_equal(parquet_reader_new(&reader, &err), LAKE_OK);
    for (example->fail_at = 1;; example->fail_at++) {
        example->n_calls = 0;
        lake_status status = read_with(reader, example, failing_source(example), &err);
        if (example->n_calls < example->fail_at) {
            assert_int_equal(status, LAKE_OK);
            break;
        }
        assert_int_equal(status, LAKE_IO);
        assert_non_null(strstr(err.message, "the disk is broken"));
        n_failed++;
    }
    assert_true(n_failed >= 2);
    parquet_reader_free(reader);
}

/* ---- set-up ---- */

static lake_status write_example(struct example *example, struct lake_error *err)
{
    struct parquet_writer *writer = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(parquet_writer_new(&writer, err));
    TRY_OUT(write_with(writer, example, parquet_sink_buffer(&example->file), err));
out:
    parquet_writer_free(writer);
    return status;
}

static int make_example(void **state, int64_t n_rows, struct parquet_writer_options options)
{
    struct example *example = calloc(1, sizeof *example);
    struct lake_error err = {LAKE_OK, ""};
    if (example == NULL)
        return -1;
    *state = example;
    example->n_rows = n_rows;
    example->group_rows = n_rows * 4 / 7;
    example->schema = fixture_schema();
    example->batch = fixture_batch(example->schema, n_rows, true);
    example->options = options;
    buffer_init(&example->file, 16 * MIB);
    if (write_example(example, &err) == LAKE_OK)
        return 0;
    print_error("%s\n", err.message);
    return -1;
}

static int make_small(void **state)
{
    return make_example(state, SMALL_ROWS, (struct parquet_writer_options){.page_rows = PAGE_ROWS});
}

static int make_large(void **state)
{
    return make_example(state, LARGE_ROWS, (struct parquet_writer_options){.compression = PARQUET_UNCOMPRESSED});
}

static int free_example(void **state)
{
    struct example *example = *state;
    batch_release(&example->batch);
    schema_free(example->schema);
    buffer_release(&example->file);
    free(example);
    return 0;
}

int main(void)
{
#define T(test, make) cmocka_unit_test_setup_teardown(test, make, free_example)
    const struct CMUnitTest tests[] = {
        T(test_memory_of_the_writer, make_small),
        T(test_a_writer_goes_on_after_a_failure, make_small),
        T(test_every_call_of_a_sink, make_large),
        T(test_memory_of_the_reader, make_small),
        T(test_a_reader_goes_on_after_a_failure, make_small),
        T(test_every_call_of_a_source, make_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
