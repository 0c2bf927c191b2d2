#include <stdlib.h>

#include "column/arrow.h"

#include "unit/column/rows.h"

/* A table of one column whose memory belongs to the test; counts how often it is released. */
struct foreign {
    struct ArrowSchema schema, child_schema;
    struct ArrowArray array, child;
    struct ArrowSchema *schema_children[1];
    struct ArrowArray *array_children[1];
    const void *buffers[3];
    const void *no_validity[1];
    int n_released;
};

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    ++*(int *)array->private_data;
    array->release = NULL;
}

/* A nullable column "x" of `length` rows; buffers are validity, values or offsets, bytes. */
static void foreign_init(struct foreign *foreign, const char *format, int64_t length, int64_t n_buffers)
{
    memset(foreign, 0, sizeof *foreign);
    foreign->schema_children[0] = &foreign->child_schema;
    foreign->array_children[0] = &foreign->child;
    foreign->child_schema =
        (struct ArrowSchema){.format = format, .name = "x", .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
    foreign->schema = (struct ArrowSchema){
        .format = "+s", .n_children = 1, .children = foreign->schema_children, .release = release_schema};
    foreign->child = (struct ArrowArray){.length = length,
                                         .null_count = -1,
                                         .n_buffers = n_buffers,
                                         .buffers = foreign->buffers,
                                         .release = release_array,
                                         .private_data = &foreign->n_released};
    foreign->array = (struct ArrowArray){.length = length,
                                         .n_buffers = 1,
                                         .buffers = foreign->no_validity,
                                         .n_children = 1,
                                         .children = foreign->array_children,
                                         .release = release_array,
                                         .private_data = &foreign->n_released};
}

/* Imports, and checks that the array is taken over once, whatever comes of it. */
static lake_status foreign_import(struct foreign *foreign, struct schema **schema, struct batch *batch,
                                  struct lake_error *err)
{
    struct ArrowArray array = foreign->array;
    *schema = NULL;
    TRY(arrow_import_schema(&foreign->schema, schema, err));
    lake_status status = arrow_import_batch(*schema, &array, batch, err);
    assert_null(array.release);
    assert_int_equal(foreign->n_released, status == LAKE_OK ? 0 : 1);
    if (status != LAKE_OK)
        schema_free(*schema);
    return status;
}

static void foreign_release(struct foreign *foreign, struct schema *schema, struct batch *batch)
{
    batch_release(batch);
    assert_int_equal(foreign->n_released, 1);
    schema_free(schema);
}

static void foreign_fails(struct foreign *foreign, lake_status wanted, const char *text)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch batch = {0};
    foreign->n_released = 0;
    lake_fails(foreign_import(foreign, &schema, &batch, &err), wanted, text);
    assert_null(batch.release);
}

/* ---- through both interfaces and back ---- */

static void test_own_rows_come_back(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const int64_t sizes[] = {0, 1, 7, 8, 9, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct batch batch = {0}, back = {0};
        struct ArrowSchema arrow_schema;
        struct ArrowArray array;
        struct schema *schema = NULL;
        rows_make(&batch, 5, sizes[i]);
        lake_ok(arrow_export_schema(&rows_schema, &arrow_schema, &err));
        lake_ok(arrow_export_batch(&batch, &array, &err));
        lake_ok(arrow_import_schema(&arrow_schema, &schema, &err));
        arrow_schema.release(&arrow_schema);
        assert_true(schema_equal(schema, &rows_schema));
        lake_ok(arrow_import_batch(schema, &array, &back, &err));
        assert_null(array.release);
        assert_int_equal(back.n_rows, sizes[i]);
        rows_check(&back, 0, sizes[i], 5);
        rows_check_invariants(&back);
        batch_release(&back);
        schema_free(schema);
    }
}

/* Slices by the offset of the table, of its columns, and of both. */
static void test_slices(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (int64_t of_table = 0; of_table < 20; of_table += 3)
        for (int64_t of_columns = 0; of_columns < 17; of_columns++) {
            struct batch batch = {0}, back = {0};
            struct ArrowArray array;
            rows_make(&batch, 0, 60);
            lake_ok(arrow_export_batch(&batch, &array, &err));
            array.offset = of_table;
            array.length = 20;
            for (size_t c = 0; c < ROWS_FIELDS; c++) {
                array.children[c]->offset = of_columns;
                array.children[c]->length = 60 - of_columns;
                array.children[c]->null_count = -1;
            }
            lake_ok(arrow_import_batch(&rows_schema, &array, &back, &err));
            assert_int_equal(back.n_rows, 20);
            rows_check(&back, 0, 20, of_table + of_columns);
            rows_check_invariants(&back);
            batch_release(&back);
        }
}

/* ---- what others lay out differently ---- */

static void test_values_are_not_copied_where_they_can_stay(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    struct batch batch = {0};
    static const double values[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    foreign_init(&foreign, "g", 4, 2);
    foreign.buffers[1] = values;
    foreign.child.offset = 3;
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_ptr_equal(batch.columns[0].values, values + 3);
    foreign_release(&foreign, schema, &batch);
}

static void test_values_under_nulls_become_zero(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    struct batch batch = {0};
    static const int64_t values[4] = {11, 22, 33, 44};
    static const uint8_t valid = 0x0b, bits = 0x0f; /* row 2 is null */
    foreign_init(&foreign, "l", 4, 2);
    foreign.buffers[0] = &valid;
    foreign.buffers[1] = values;
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_memory_equal(batch.columns[0].values, ((int64_t[]){11, 22, 0, 44}), 32);
    assert_int_equal(batch.columns[0].null_count, 1);
    foreign_release(&foreign, schema, &batch);

    foreign_init(&foreign, "b", 4, 2);
    foreign.buffers[0] = &valid;
    foreign.buffers[1] = &bits;
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_int_equal(*(const uint8_t *)batch.columns[0].values & 0x0f, 0x0b);
    foreign_release(&foreign, schema, &batch);
}

static void test_text_under_nulls_is_dropped(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    struct batch batch = {0};
    static const int32_t offsets[] = {0, 3, 8, 10};
    static const uint8_t valid = 0x05; /* row 1 is null, and has five bytes */
    foreign_init(&foreign, "u", 3, 3);
    foreign.buffers[0] = &valid;
    foreign.buffers[1] = offsets;
    foreign.buffers[2] = "buyxxxxxok";
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_memory_equal(batch.columns[0].offsets, ((int32_t[]){0, 3, 3, 5}), 16);
    assert_memory_equal(batch.columns[0].values, "buyok", 5);
    foreign_release(&foreign, schema, &batch);
}

static void test_wide_offsets_become_narrow(void **state)
{
    (void)state;
    static const char *const formats[] = {"U", "Z"};
    for (size_t f = 0; f < 2; f++) {
        struct lake_error err = {0};
        struct foreign foreign;
        struct schema *schema = NULL;
        struct batch batch = {0};
        static const int64_t offsets[] = {2, 2, 5, 9};
        foreign_init(&foreign, formats[f], 3, 3);
        foreign.buffers[1] = offsets;
        foreign.buffers[2] = "..buysell";
        lake_ok(foreign_import(&foreign, &schema, &batch, &err));
        assert_int_equal(schema->fields[0].type, f == 0 ? COLUMN_UTF8 : COLUMN_BINARY);
        assert_memory_equal(batch.columns[0].offsets, ((int32_t[]){0, 0, 3, 7}), 16);
        assert_memory_equal(batch.columns[0].values, "buysell", 7);
        foreign_release(&foreign, schema, &batch);
    }
}

static void test_more_bytes_than_offsets_hold_are_refused(void **state)
{
    (void)state;
    struct foreign foreign;
    static const int64_t offsets[] = {0, INT64_C(1) << 31};
    foreign_init(&foreign, "U", 1, 3);
    foreign.buffers[1] = offsets;
    foreign.buffers[2] = "";
    foreign_fails(&foreign, LAKE_UNSUPPORTED, "2 GiB");
}

static void test_what_is_not_aligned_is_copied(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    struct batch batch = {0};
    _Alignas(8) char bytes[40] = {0};
    const double values[] = {1.5, -2.5, 3.5};
    memcpy(bytes + 1, values, sizeof values);
    foreign_init(&foreign, "g", 3, 2);
    foreign.buffers[1] = bytes + 1;
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_int_equal((uintptr_t)batch.columns[0].values % 8, 0);
    assert_memory_equal(batch.columns[0].values, values, sizeof values);
    foreign_release(&foreign, schema, &batch);

    const int32_t offsets[] = {0, 1, 3};
    memcpy(bytes + 1, offsets, sizeof offsets);
    foreign_init(&foreign, "u", 2, 3);
    foreign.buffers[1] = bytes + 1;
    foreign.buffers[2] = "abc";
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_int_equal((uintptr_t)batch.columns[0].offsets % 4, 0);
    assert_memory_equal(batch.columns[0].offsets, offsets, sizeof offsets);
    foreign_release(&foreign, schema, &batch);
}

static void test_empty_columns_need_no_buffers(void **state)
{
    (void)state;
    static const char *const formats[] = {"g", "b", "u", "U", "w:5"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct lake_error err = {0};
        struct foreign foreign;
        struct schema *schema = NULL;
        struct batch batch = {0};
        foreign_init(&foreign, formats[i], 0, *formats[i] == 'u' || *formats[i] == 'U' ? 3 : 2);
        lake_ok(foreign_import(&foreign, &schema, &batch, &err));
        assert_int_equal(batch.n_rows, 0);
        rows_check_invariants(&batch);
        foreign_release(&foreign, schema, &batch);
    }
}

/* Some producers give offsets of no bytes where there are no rows. */
static void test_offsets_of_no_rows_are_not_read(void **state)
{
    (void)state;
    static const char *const formats[] = {"u", "U", "z", "Z"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct lake_error err = {0};
        struct foreign foreign;
        struct schema *schema = NULL;
        struct batch batch = {0};
        char *nothing = malloc(1); /* a sanitizer sees what reads further */
        assert_non_null(nothing);
        foreign_init(&foreign, formats[i], 0, 3);
        foreign.buffers[1] = nothing;
        foreign.buffers[2] = nothing;
        lake_ok(foreign_import(&foreign, &schema, &batch, &err));
        assert_int_equal(batch.columns[0].offsets[0], 0);
        rows_check_invariants(&batch);
        foreign_release(&foreign, schema, &batch);
        free(nothing);
    }
}

static void test_zones_are_taken_as_instants(void **state)
{
    (void)state;
    static const char *const formats[] = {"tsm:", "tsm:UTC", "tsm:Asia/Tokyo", "tsu:+02:00", "tsn:"};
    static const enum column_type types[] = {COLUMN_TIMESTAMP_MS, COLUMN_TIMESTAMP_MS, COLUMN_TIMESTAMP_MS,
                                             COLUMN_TIMESTAMP_US, COLUMN_TIMESTAMP_NS};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct lake_error err = {0};
        struct foreign foreign;
        struct schema *schema = NULL;
        foreign_init(&foreign, formats[i], 0, 2);
        lake_ok(arrow_import_schema(&foreign.schema, &schema, &err));
        assert_int_equal(schema->fields[0].type, types[i]);
        schema_free(schema);
    }
}

/* ---- what is refused ---- */

static void test_other_types_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"n", "null"},
                                           {"c", "int8"},
                                           {"C", "uint8"},
                                           {"s", "int16"},
                                           {"S", "uint16"},
                                           {"I", "uint32"},
                                           {"L", "uint64"},
                                           {"e", "half float"},
                                           {"d:10,2", "decimal"},
                                           {"d:19,10,256", "decimal"},
                                           {"tdD", "date"},
                                           {"tdm", "date"},
                                           {"tts", "time of"},
                                           {"tss:UTC", "timestamp[s]"},
                                           {"tDm", "duration"},
                                           {"tiM", "interval"},
                                           {"vu", "string view"},
                                           {"vz", "binary view"},
                                           {"+l", "list"},
                                           {"+L", "large list"},
                                           {"+vl", "list view"},
                                           {"+w:3", "fixed-size list"},
                                           {"+s", "struct"},
                                           {"+m", "map"},
                                           {"+ud:0,1", "union"},
                                           {"+r", "run-end"},
                                           {"", "format ''"},
                                           {"gg", "'gg'"},
                                           {"ts", "'ts'"},
                                           {"w:", "width"},
                                           {"w:0", "width"},
                                           {"w:-1", "width"},
                                           {"w:1x", "width"},
                                           {"w:2147483648", "width"},
                                           {"w:99999999999999999999", "width"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct foreign foreign;
        foreign_init(&foreign, cases[i][0], 0, 2);
        foreign_fails(&foreign, LAKE_UNSUPPORTED, cases[i][1]);
        foreign_fails(&foreign, LAKE_UNSUPPORTED, "'x'");
    }
}

static void test_dictionaries_and_what_is_no_table_are_refused(void **state)
{
    (void)state;
    struct foreign foreign;
    foreign_init(&foreign, "i", 0, 2);
    foreign.child_schema.dictionary = &foreign.schema;
    foreign_fails(&foreign, LAKE_UNSUPPORTED, "dictionary");
    foreign_init(&foreign, "i", 0, 2);
    foreign.schema.format = "g";
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "'g'");
    foreign_init(&foreign, "i", 0, 2);
    foreign.schema.release = NULL;
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "released");
    foreign_init(&foreign, "i", 0, 2);
    foreign.schema.n_children = 1000000;
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "1000000");
}

static void test_columns_of_one_name_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    foreign_init(&foreign, "g", 0, 2);
    struct ArrowSchema *twice[] = {&foreign.child_schema, &foreign.child_schema};
    foreign.schema.n_children = 2;
    foreign.schema.children = twice;
    lake_fails(arrow_import_schema(&foreign.schema, &schema, &err), LAKE_INVALID_ARGUMENT, "two columns 'x'");
    assert_null(schema);
}

static void test_broken_counts_are_refused(void **state)
{
    (void)state;
    static const double values[8] = {0};
    struct foreign foreign;
#define BROKEN(change, text)                                                                                           \
    do {                                                                                                               \
        foreign_init(&foreign, "g", 8, 2);                                                                             \
        foreign.buffers[1] = values;                                                                                   \
        change;                                                                                                        \
        foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, text);                                                          \
    } while (0)
    BROKEN(foreign.array.length = -1, "-1 rows");
    BROKEN(foreign.array.offset = -1, "rows from -1");
    BROKEN(foreign.array.length = INT64_MAX, "rows");
    BROKEN(foreign.array.offset = INT64_MAX, "rows");
    BROKEN(foreign.array.length = 9, "'x' has 8 rows");
    BROKEN(foreign.array.offset = 1, "'x' has 8 rows");
    BROKEN(foreign.child.length = 7, "'x' has 7 rows");
    BROKEN(foreign.child.length = -8, "'x' has -8 rows");
    BROKEN(foreign.child.offset = -8, "'x' has 8 rows from -8");
    BROKEN(foreign.child.offset = INT64_MAX, "'x' has 8 rows");
    BROKEN(foreign.array.n_children = 2, "2 columns");
    BROKEN(foreign.array.n_children = 0, "0 columns");
    BROKEN(foreign.array.n_children = -1, "-1 columns");
    BROKEN(foreign.child.n_buffers = 3, "3 buffers");
    BROKEN(foreign.child.n_buffers = 1, "1 buffers");
    BROKEN(foreign.child.buffers = NULL, "buffers");
    BROKEN(foreign.buffers[1] = NULL, "no buffer");
    BROKEN(foreign.child.release = NULL, "released");
    BROKEN(foreign.child.n_children = 1, "nested");
    BROKEN(foreign.child.dictionary = &foreign.array, "dictionary");
    BROKEN(foreign.child.null_count = 3, "3 nulls, but not which");
#undef BROKEN
    foreign_init(&foreign, "w:2147483647", INT64_C(1) << 40, 2);
    foreign.buffers[1] = values;
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "rows of 2147483647 bytes");
}

static void test_released_arrays_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct ArrowArray array = {0};
    struct batch batch = {0};
    lake_fails(arrow_import_batch(&rows_schema, &array, &batch, &err), LAKE_INVALID_ARGUMENT, "released");
}

static void test_broken_offsets_are_refused(void **state)
{
    (void)state;
    static const int32_t falling[] = {0, 3, 2, 4}, negative[] = {-1, 0, 1, 2}, sinking[] = {0, 1, -5, 2};
    static const int32_t *const cases[] = {falling, negative, sinking};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct foreign foreign;
        foreign_init(&foreign, "u", 3, 3);
        foreign.buffers[1] = cases[i];
        foreign.buffers[2] = "abcd";
        foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "'x' has offset");
    }
    struct foreign foreign;
    static const int32_t offsets[] = {0, 1, 2, 3};
    foreign_init(&foreign, "u", 3, 3);
    foreign.buffers[1] = offsets;
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "no buffer");
}

static void test_nulls_against_the_schema_are_refused(void **state)
{
    (void)state;
    static const double values[4] = {0};
    static const uint8_t valid = 0x0e, all = 0x0f;
    struct lake_error err = {0};
    struct foreign foreign;
    struct schema *schema = NULL;
    struct batch batch = {0};
    foreign_init(&foreign, "g", 4, 2);
    foreign.child_schema.flags = 0;
    foreign.buffers[0] = &valid;
    foreign.buffers[1] = values;
    foreign_fails(&foreign, LAKE_INVALID_ARGUMENT, "'x' has 1 nulls");
    /* A bitmap that says all are present is fine, whatever the count says. */
    foreign.buffers[0] = &all;
    foreign.child.null_count = 2;
    foreign.n_released = 0;
    lake_ok(foreign_import(&foreign, &schema, &batch, &err));
    assert_null(batch.columns[0].validity);
    assert_int_equal(batch.columns[0].null_count, 0);
    foreign_release(&foreign, schema, &batch);

    foreign_init(&foreign, "g", 4, 2);
    foreign.buffers[1] = values;
    foreign.no_validity[0] = &valid;
    foreign.array.null_count = 1;
    foreign_fails(&foreign, LAKE_UNSUPPORTED, "null as a whole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_rows_come_back),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_values_are_not_copied_where_they_can_stay),
        cmocka_unit_test(test_values_under_nulls_become_zero),
        cmocka_unit_test(test_text_under_nulls_is_dropped),
        cmocka_unit_test(test_wide_offsets_become_narrow),
        cmocka_unit_test(test_more_bytes_than_offsets_hold_are_refused),
        cmocka_unit_test(test_what_is_not_aligned_is_copied),
        cmocka_unit_test(test_empty_columns_need_no_buffers),
        cmocka_unit_test(test_offsets_of_no_rows_are_not_read),
        cmocka_unit_test(test_zones_are_taken_as_instants),
        cmocka_unit_test(test_other_types_are_refused_by_name),
        cmocka_unit_test(test_dictionaries_and_what_is_no_table_are_refused),
        cmocka_unit_test(test_columns_of_one_name_are_refused),
        cmocka_unit_test(test_broken_counts_are_refused),
        cmocka_unit_test(test_released_arrays_are_refused),
        cmocka_unit_test(test_broken_offsets_are_refused),
        cmocka_unit_test(test_nulls_against_the_schema_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
