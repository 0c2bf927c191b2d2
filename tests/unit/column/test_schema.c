#include "column/schema.h"

#include "unit/base/check.h"

static void test_fields_are_copied(void **state)
{
    (void)state;
    struct lake_error err = {0};
    char name[] = "close";
    struct column_field fields[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {name, COLUMN_DOUBLE, 0, true}, {"", COLUMN_FIXED, 5, true}};
    struct schema *schema = NULL;
    lake_ok(schema_new(fields, 3, &schema, &err));
    name[0] = 'x';
    fields[0].type = COLUMN_BOOL;
    assert_int_equal(schema->n_fields, 3);
    assert_string_equal(schema->fields[1].name, "close");
    assert_int_equal(schema->fields[0].type, COLUMN_TIMESTAMP_MS);
    assert_int_equal(schema->fields[2].width, 5);
    assert_false(schema->fields[0].nullable);
    schema_free(schema);
    lake_ok(schema_new(NULL, 0, &schema, &err));
    assert_int_equal(schema->n_fields, 0);
    schema_free(schema);
    schema_free(NULL);
}

static void test_what_is_no_field_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct column_field nameless = {NULL, COLUMN_BOOL, 0, true};
    struct column_field unknown = {"x", (enum column_type)99, 0, true};
    struct column_field zero = {"x", (enum column_type)0, 0, true};
    struct column_field no_width = {"x", COLUMN_FIXED, 0, true};
    lake_fails(schema_new(&nameless, 1, &schema, &err), LAKE_INVALID_ARGUMENT, "no name");
    lake_fails(schema_new(&unknown, 1, &schema, &err), LAKE_INVALID_ARGUMENT, "'x'");
    lake_fails(schema_new(&zero, 1, &schema, &err), LAKE_INVALID_ARGUMENT, "'x'");
    lake_fails(schema_new(&no_width, 1, &schema, &err), LAKE_INVALID_ARGUMENT, "'x'");
    lake_fails(schema_new(&zero, SIZE_MAX, &schema, &err), LAKE_NO_MEMORY, "too large");
}

static void test_find_goes_by_the_bytes_of_the_name(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct column_field fields[] = {{"ts", COLUMN_INT64, 0, false}, {"Close", COLUMN_DOUBLE, 0, true}};
    struct schema *schema = NULL;
    lake_ok(schema_new(fields, 2, &schema, &err));
    assert_int_equal(schema_find(schema, "ts"), 0);
    assert_int_equal(schema_find(schema, "Close"), 1);
    assert_int_equal(schema_find(schema, "close"), -1);
    assert_int_equal(schema_find(schema, "t"), -1);
    schema_free(schema);
}

static void test_equal_means_names_types_widths_and_nullability(void **state)
{
    (void)state;
    static const struct column_field base[] = {{"a", COLUMN_FIXED, 4, true}};
    static const struct column_field others[] = {{"b", COLUMN_FIXED, 4, true},
                                                 {"a", COLUMN_BINARY, 4, true},
                                                 {"a", COLUMN_FIXED, 5, true},
                                                 {"a", COLUMN_FIXED, 4, false}};
    struct lake_error err = {0};
    struct schema *a = NULL, *b = NULL;
    lake_ok(schema_new(base, 1, &a, &err));
    lake_ok(schema_new(base, 1, &b, &err));
    assert_true(schema_equal(a, b));
    schema_free(b);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        lake_ok(schema_new(&others[i], 1, &b, &err));
        assert_false(schema_equal(a, b));
        schema_free(b);
    }
    lake_ok(schema_new(base, 0, &b, &err));
    assert_false(schema_equal(a, b));
    schema_free(b);
    schema_free(a);
}

static void test_every_type_has_its_row(void **state)
{
    (void)state;
    static const size_t widths[] = {0, 0, 4, 8, 4, 8, 8, 8, 8, 0, 0, 7};
    for (int type = COLUMN_BOOL; type <= COLUMN_FIXED; type++) {
        struct column_field field = {"x", (enum column_type)type, type == COLUMN_FIXED ? 7 : 0, true};
        assert_int_equal(column_type_width(&field), widths[type]);
        assert_string_not_equal(column_type_name(field.type), "unknown type");
        assert_int_equal(column_type_has_offsets(field.type), type == COLUMN_UTF8 || type == COLUMN_BINARY);
        for (int other = COLUMN_BOOL; other < type; other++)
            assert_string_not_equal(column_type_name(field.type), column_type_name((enum column_type)other));
    }
    assert_string_equal(column_type_name((enum column_type)77), "unknown type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_copied),
        cmocka_unit_test(test_what_is_no_field_is_refused),
        cmocka_unit_test(test_find_goes_by_the_bytes_of_the_name),
        cmocka_unit_test(test_equal_means_names_types_widths_and_nullability),
        cmocka_unit_test(test_every_type_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
