/* Whatever fails while a file is written is reported, at once and by finish; nothing leaks, and the writer goes on with
 * the next file. The linker puts the allocators here in the place of the system's. */
#include "base/limits.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

/* --- allocations --- */

static int allocations_left = -1; /* -1: all succeed */

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);

static bool allocation_fails(void)
{
    if (allocations_left <= 0)
        return allocations_left == 0;
    allocations_left--;
    return false;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return allocation_fails() ? NULL : __real_realloc(block, size);
}

static struct parquet_writer_options options_of(int choice)
{
    return (struct parquet_writer_options){.doubles = choice & 1 ? PARQUET_DOUBLES_PLAIN : PARQUET_DOUBLES_FAST,
                                           .compression = choice & 2 ? PARQUET_UNCOMPRESSED : PARQUET_SNAPPY,
                                           .page_rows = 100};
}

static lake_status write_all(struct parquet_writer *writer, const struct batch *batch, struct parquet_sink sink,
                             const struct parquet_writer_options *options, struct lake_error *err)
{
    TRY(parquet_writer_begin(writer, batch->schema, options, sink, err));
    TRY(parquet_writer_append(writer, batch, 0, batch->n_rows / 2, err));
    TRY(parquet_writer_append(writer, batch, batch->n_rows / 2, batch->n_rows - batch->n_rows / 2, err));
    return parquet_writer_finish(writer, err);
}

/* Whether it was written although only n allocations succeeded. */
static bool write_with_allocations(const struct batch *batch, int choice, int n, struct buffer *out)
{
    struct lake_error err = {0};
    struct parquet_writer *writer = NULL;
    struct parquet_writer_options options = options_of(choice);
    buffer_release(out);
    allocations_left = n;
    lake_status status = parquet_writer_new(&writer, &err);
    if (status == LAKE_OK)
        status = write_all(writer, batch, parquet_sink_buffer(out), &options, &err);
    bool ran_out = allocations_left == 0;
    allocations_left = -1;
    assert_true(status == LAKE_OK || status == LAKE_NO_MEMORY);
    assert_true(status == LAKE_OK || ran_out);
    if (status != LAKE_OK && writer != NULL) {
        lake_fails(parquet_writer_finish(writer, &err), LAKE_INVALID_STATE, "failed");
        lake_ok(write_all(writer, batch, parquet_sink_buffer(out), &options, &err)); /* with memory again */
    }
    parquet_writer_free(writer);
    return status == LAKE_OK;
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct buffer wanted = BUFFER_INIT(64 * MIB);
    struct buffer out = BUFFER_INIT(64 * MIB);
    struct schema *schema = fixture_schema();
    struct batch batch = fixture_batch(schema, 700, true);
    for (int choice = 0; choice < 4; choice++) {
        int n = 0;
        assert_true(write_with_allocations(&batch, choice, -1, &wanted));
        while (!write_with_allocations(&batch, choice, n, &out)) {
            if (n++ == 0)
                continue; /* there was no writer to go on with */
            assert_int_equal(out.length, wanted.length);
            assert_memory_equal(out.data, wanted.data, wanted.length);
        }
        assert_true(n > 10);
    }
    batch_release(&batch);
    schema_free(schema);
    buffer_release(&wanted);
    buffer_release(&out);
}

/* Days of the same shape are written without one allocation. */
static void test_a_steady_state_allocates_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(64 * MIB);
    struct parquet_writer *writer = NULL;
    struct parquet_writer_options options = {0};
    struct schema *schema = fixture_schema();
    struct batch batch = fixture_batch(schema, 1440, true);
    lake_ok(parquet_writer_new(&writer, &err));
    fixture_write(writer, &batch, &options, 0, &out);
    allocations_left = 0;
    for (int day = 0; day < 10; day++)
        fixture_write(writer, &batch, &options, 0, &out);
    allocations_left = -1;
    batch_release(&batch);
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&out);
}

/* --- the sink --- */

struct failing_sink {
    int calls_left;
    int n_after; /* calls after the failure */
    bool failed;
};

static lake_status sink_write(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    struct failing_sink *sink = context;
    (void)bytes;
    (void)n;
    sink->n_after += sink->failed;
    if (sink->calls_left-- > 0)
        return LAKE_OK;
    sink->failed = true;
    return lake_fail(err, LAKE_NO_SPACE, "the disk of the test is full");
}

static void test_every_write_of_the_sink_may_fail(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parquet_writer *writer = NULL;
    struct parquet_writer_options options = {.compression = PARQUET_UNCOMPRESSED};
    struct schema *schema = fixture_schema();
    struct batch batch = fixture_batch(schema, 60000, true);
    lake_ok(parquet_writer_new(&writer, &err));
    int n = 0;
    for (;; n++) {
        struct failing_sink sink = {.calls_left = n};
        struct parquet_sink to = {sink_write, &sink};
        lake_status status = write_all(writer, &batch, to, &options, &err);
        assert_int_equal(status == LAKE_OK, !sink.failed);
        if (status == LAKE_OK)
            break;
        assert_int_equal(status, LAKE_NO_SPACE);
        assert_non_null(strstr(err.message, "the disk of the test is full"));
        lake_fails(parquet_writer_append(writer, &batch, 0, 1, &err), LAKE_INVALID_STATE, "failed");
        lake_fails(parquet_writer_finish(writer, &err), LAKE_INVALID_STATE, "failed");
        assert_int_equal(sink.n_after, 0);
    }
    assert_true(n >= 2);
    batch_release(&batch);
    parquet_writer_free(writer);
    schema_free(schema);
}

/* --- wrong use --- */

static void check_options_refused(struct parquet_writer *writer, const struct schema *schema,
                                  struct parquet_writer_options options, const char *text)
{
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(MIB);
    lake_fails(parquet_writer_begin(writer, schema, &options, parquet_sink_buffer(&out), &err), LAKE_INVALID_ARGUMENT,
               text);
    lake_fails(parquet_writer_finish(writer, &err), LAKE_INVALID_STATE, "begun");
    buffer_release(&out);
}

static void test_wrong_options_and_schemas(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    struct schema empty = {0, NULL};
    lake_ok(parquet_writer_new(&writer, &err));
    check_options_refused(writer, schema, (struct parquet_writer_options){.page_rows = -1}, "pages of -1 rows");
    check_options_refused(writer, schema, (struct parquet_writer_options){.doubles = (enum parquet_doubles)2},
                          "doubles: 2");
    check_options_refused(writer, schema, (struct parquet_writer_options){.compression = (enum parquet_compression)9},
                          "compression: 9");
    check_options_refused(writer, &empty, (struct parquet_writer_options){0}, "0 columns");
    parquet_writer_free(writer);
    schema_free(schema);
}

static void test_wrong_batches(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(MIB);
    struct parquet_writer *writer = NULL;
    struct parquet_writer_options options = {0};
    struct schema *schema = fixture_schema();
    struct schema fewer = {schema->n_fields - 1, schema->fields};
    struct batch batch = fixture_batch(schema, 10, false);
    lake_ok(parquet_writer_new(&writer, &err));
    lake_fails(parquet_writer_append(writer, &batch, 0, 1, &err), LAKE_INVALID_STATE, "begun");
    lake_ok(parquet_writer_begin(writer, schema, &options, parquet_sink_buffer(&out), &err));
    lake_fails(parquet_writer_append(writer, &batch, 0, 11, &err), LAKE_INVALID_ARGUMENT, "batch of 10");
    lake_fails(parquet_writer_append(writer, &batch, 11, 0, &err), LAKE_INVALID_ARGUMENT, "batch of 10");
    lake_fails(parquet_writer_append(writer, &batch, -1, 1, &err), LAKE_INVALID_ARGUMENT, "batch of 10");
    lake_fails(parquet_writer_append(writer, &batch, 5, INT64_MAX, &err), LAKE_INVALID_ARGUMENT, "batch of 10");
    batch.schema = &fewer;
    lake_fails(parquet_writer_append(writer, &batch, 0, 1, &err), LAKE_INVALID_ARGUMENT, "other columns");
    batch.schema = schema;
    lake_ok(parquet_writer_append(writer, &batch, 0, 10, &err)); /* none of these ended the file */
    lake_ok(batch_add_validity(&batch, 0, &err));
    bit_set(batch.columns[0].validity, 4, false);
    batch.columns[0].null_count = 1;
    lake_ok(parquet_writer_append(writer, &batch, 0, 4, &err));
    lake_fails(parquet_writer_append(writer, &batch, 4, 6, &err), LAKE_INVALID_ARGUMENT, "column ts has 1 null");
    lake_fails(parquet_writer_finish(writer, &err), LAKE_INVALID_STATE, "failed");
    batch_release(&batch);
    parquet_writer_free(writer);
    parquet_writer_free(NULL);
    schema_free(schema);
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_a_steady_state_allocates_nothing),
        cmocka_unit_test(test_every_write_of_the_sink_may_fail),
        cmocka_unit_test(test_wrong_options_and_schemas),
        cmocka_unit_test(test_wrong_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
