#include <errno.h>

#include "column/arrow.h"

#include "unit/column/rows.h"

/* Gives n_batches of the endless table, then ends, or fails. */
struct counted_source {
    int64_t n_batches, given;
    lake_status failure;
    int n_calls, n_released;
};

static lake_status give(void *context, struct batch *out, struct lake_error *err)
{
    struct counted_source *source = context;
    source->n_calls++;
    if (source->given < source->n_batches) {
        rows_make(out, source->given * 10, 10);
        source->given++;
        return LAKE_OK;
    }
    return source->failure == LAKE_OK ? LAKE_OK : lake_fail(err, source->failure, "disk on fire");
}

static void count_release(void *context)
{
    ((struct counted_source *)context)->n_released++;
}

static struct batch_source make_source(struct counted_source *source)
{
    return (struct batch_source){.schema = &rows_schema, .next = give, .release = count_release, .context = source};
}

static void test_batches_come_in_order_and_end(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct counted_source source = {.n_batches = 3};
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct batch batch = {0};
    lake_ok(arrow_export_stream(make_source(&source), &stream, &err));
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(schema.n_children, ROWS_FIELDS);
    schema.release(&schema);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(stream.get_next(&stream, &array), 0);
        lake_ok(arrow_import_batch(&rows_schema, &array, &batch, &err));
        rows_check(&batch, 0, 10, i * 10);
        batch_release(&batch);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stream.get_next(&stream, &array), 0);
        assert_null(array.release);
    }
    assert_int_equal(source.n_calls, 4); /* not asked again after the end */
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    schema.release(&schema);
    assert_null(stream.get_last_error(&stream));
    stream.release(&stream);
    assert_null(stream.release);
    assert_int_equal(source.n_released, 1);
}

static void test_arrays_outlive_the_stream(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct counted_source source = {.n_batches = 1};
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    struct batch batch = {0};
    lake_ok(arrow_export_stream(make_source(&source), &stream, &err));
    assert_int_equal(stream.get_next(&stream, &array), 0);
    stream.release(&stream);
    lake_ok(arrow_import_batch(&rows_schema, &array, &batch, &err));
    rows_check(&batch, 0, 10, 0);
    batch_release(&batch);
}

static void test_errors_travel_and_stay(void **state)
{
    (void)state;
    static const struct {
        lake_status status;
        int number;
    } cases[] = {{LAKE_IO, EIO},           {LAKE_NO_MEMORY, ENOMEM},
                 {LAKE_CORRUPT, EBADMSG},  {LAKE_CANCELLED, ECANCELED},
                 {LAKE_NOT_FOUND, ENOENT}, {LAKE_UNSUPPORTED, ENOSYS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lake_error err = {0};
        struct counted_source source = {.n_batches = 1, .failure = cases[i].status};
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray array;
        lake_ok(arrow_export_stream(make_source(&source), &stream, &err));
        assert_int_equal(stream.get_next(&stream, &array), 0);
        array.release(&array);
        assert_int_equal(stream.get_next(&stream, &array), cases[i].number);
        assert_null(array.release);
        assert_string_equal(stream.get_last_error(&stream), "disk on fire");
        assert_int_equal(stream.get_next(&stream, &array), cases[i].number);
        assert_int_equal(stream.get_schema(&stream, &schema), cases[i].number);
        assert_string_equal(stream.get_last_error(&stream), "disk on fire");
        assert_int_equal(source.n_calls, 2); /* a source that failed is not asked again */
        stream.release(&stream);
        assert_int_equal(source.n_released, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_come_in_order_and_end),
        cmocka_unit_test(test_arrays_outlive_the_stream),
        cmocka_unit_test(test_errors_travel_and_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
