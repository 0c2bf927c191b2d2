#include "column/arrow.h"

#include "unit/column/rows.h"

static void test_schema_says_what_the_specification_does(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const char *const formats[ROWS_FIELDS] = {"tsm:UTC", "tsu:UTC", "tsn:UTC", "b", "i",  "l",
                                                     "f",       "g",       "u",       "z", "w:3"};
    struct ArrowSchema schema;
    lake_ok(arrow_export_schema(&rows_schema, &schema, &err));
    assert_string_equal(schema.format, "+s");
    assert_string_equal(schema.name, "");
    assert_null(schema.metadata);
    assert_null(schema.dictionary);
    assert_int_equal(schema.n_children, ROWS_FIELDS);
    for (size_t i = 0; i < ROWS_FIELDS; i++) {
        const struct ArrowSchema *child = schema.children[i];
        assert_string_equal(child->format, formats[i]);
        assert_string_equal(child->name, rows_fields[i].name);
        assert_int_equal(child->flags, rows_fields[i].nullable ? ARROW_FLAG_NULLABLE : 0);
        assert_int_equal(child->n_children, 0);
        assert_null(child->dictionary);
        assert_non_null(child->release);
    }
    schema.release(&schema);
    assert_null(schema.release);
}

static void test_children_of_a_schema_may_be_moved_out(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct ArrowSchema schema, child;
    lake_ok(arrow_export_schema(&rows_schema, &schema, &err));
    child = *schema.children[7];
    schema.children[7]->release = NULL;
    schema.release(&schema);
    assert_string_equal(child.name, "close");
    assert_string_equal(child.format, "g");
    child.release(&child);
    assert_null(child.release);
}

static void test_batch_leaves_without_a_copy(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch batch = {0};
    struct ArrowArray array;
    const void *values[ROWS_FIELDS], *validity[ROWS_FIELDS];
    rows_make(&batch, 0, 100);
    for (size_t c = 0; c < ROWS_FIELDS; c++) {
        values[c] = batch.columns[c].values;
        validity[c] = batch.columns[c].validity;
    }
    lake_ok(arrow_export_batch(&batch, &array, &err));
    assert_null(batch.release);
    assert_int_equal(array.length, 100);
    assert_int_equal(array.offset, 0);
    assert_int_equal(array.null_count, 0);
    assert_int_equal(array.n_buffers, 1);
    assert_null(array.buffers[0]);
    assert_int_equal(array.n_children, ROWS_FIELDS);
    for (size_t c = 0; c < ROWS_FIELDS; c++) {
        const struct ArrowArray *child = array.children[c];
        bool has_offsets = column_type_has_offsets(rows_fields[c].type);
        assert_int_equal(child->length, 100);
        assert_int_equal(child->null_count, c == 0 ? 0 : 33);
        assert_int_equal(child->n_buffers, has_offsets ? 3 : 2);
        assert_ptr_equal(child->buffers[0], validity[c]);
        assert_ptr_equal(child->buffers[has_offsets ? 2 : 1], values[c]);
    }
    array.release(&array);
    assert_null(array.release);
}

static void test_children_of_an_array_may_be_moved_out(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch batch = {0};
    struct ArrowArray array, child;
    rows_make(&batch, 0, 50);
    lake_ok(arrow_export_batch(&batch, &array, &err));
    child = *array.children[7];
    array.children[7]->release = NULL;
    array.release(&array);
    for (int64_t i = 0; i < 50; i++)
        assert_memory_equal(&((const double *)child.buffers[1])[i], &(double){rows_is_null(7, i) ? 0 : (double)i / 8},
                            8);
    child.release(&child);
    assert_null(child.release);
}

static void test_children_may_be_released_before_the_parent(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch batch = {0};
    struct ArrowArray array;
    rows_make(&batch, 0, 50);
    lake_ok(arrow_export_batch(&batch, &array, &err));
    array.children[0]->release(array.children[0]);
    array.children[10]->release(array.children[10]);
    assert_int_equal(((const int64_t *)array.children[5]->buffers[1])[4], INT64_C(4) * 1000000007);
    array.release(&array);
}

static void test_array_outlives_a_borrowed_schema(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct ArrowArray array;
    lake_ok(schema_new(rows_fields, ROWS_FIELDS, &schema, &err));
    lake_ok(batch_new(&batch, schema, 10, &err));
    lake_ok(arrow_export_batch(&batch, &array, &err));
    schema_free(schema);
    array.release(&array); /* must not look at the schema: the address checker tells */
}

static void test_empty_batches_have_their_buffers(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct batch batch = {0};
    struct ArrowArray array;
    lake_ok(batch_new(&batch, &rows_schema, 0, &err));
    lake_ok(arrow_export_batch(&batch, &array, &err));
    assert_int_equal(array.length, 0);
    for (size_t c = 0; c < ROWS_FIELDS; c++)
        for (int64_t b = 1; b < array.children[c]->n_buffers; b++)
            assert_non_null(array.children[c]->buffers[b]);
    array.release(&array);
}

static void test_a_table_without_columns(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct schema none = {0, NULL};
    struct batch batch = {0};
    struct ArrowArray array;
    struct ArrowSchema schema;
    lake_ok(batch_new(&batch, &none, 5, &err));
    lake_ok(arrow_export_batch(&batch, &array, &err));
    lake_ok(arrow_export_schema(&none, &schema, &err));
    assert_int_equal(array.length, 5);
    array.release(&array);
    schema.release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_says_what_the_specification_does),
        cmocka_unit_test(test_children_of_a_schema_may_be_moved_out),
        cmocka_unit_test(test_batch_leaves_without_a_copy),
        cmocka_unit_test(test_children_of_an_array_may_be_moved_out),
        cmocka_unit_test(test_children_may_be_released_before_the_parent),
        cmocka_unit_test(test_array_outlives_a_borrowed_schema),
        cmocka_unit_test(test_empty_batches_have_their_buffers),
        cmocka_unit_test(test_a_table_without_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
