/* Footers: how types are understood, what is refused by name, and schemas that do not add up. */
#include "base/limits.h"
#include "made_file.h"
#include "parquet/metadata.h"
#include "unit/base/check.h"

enum { NONE = -1 };

/* A schema element as it is written. */
struct element {
    const char *name;
    int physical;  /* NONE: a group */
    int converted; /* NONE: none */
    int logical;   /* field of the union; NONE: none */
    int detail; /* TIMESTAMP: the unit, negative where local; INTEGER: the bits, negative where signed; DECIMAL: the scale */
    int repetition;
    int n_children;
    int type_length;
};

static void put_logical(struct made_thrift *out, const struct element *element)
{
    made_struct(out, 10);
    made_struct(out, element->logical);
    if (element->logical == 8) { /* TIMESTAMP */
        made_bool(out, 1, element->detail > 0);
        made_struct(out, 2);
        made_struct(out, element->detail < 0 ? -element->detail : element->detail);
        made_stop(out);
        made_stop(out);
    } else if (element->logical == 10) { /* INTEGER */
        uint8_t bits = (uint8_t)(element->detail < 0 ? -element->detail : element->detail);
        made_element_varint(out, 0x13); /* field 1, a byte */
        made_element_varint(out, bits);
        out->last_id[out->depth] = 1;
        made_bool(out, 2, element->detail < 0);
    } else if (element->logical == 5) { /* DECIMAL */
        made_i32(out, 1, element->detail);
        made_i32(out, 2, 18);
    }
    made_stop(out);
    made_stop(out);
}

static void put_element(struct made_thrift *out, const struct element *element)
{
    made_element_struct(out);
    if (element->physical != NONE)
        made_i32(out, 1, element->physical);
    if (element->type_length != 0)
        made_i32(out, 2, element->type_length);
    made_i32(out, 3, element->repetition);
    made_binary(out, 4, element->name, strlen(element->name));
    if (element->n_children != 0)
        made_i32(out, 5, element->n_children);
    if (element->converted != NONE)
        made_i32(out, 6, element->converted);
    if (element->converted == 5)
        made_i32(out, 7, element->detail);
    if (element->logical != NONE)
        put_logical(out, element);
    made_stop(out);
}

/* A footer of no rows with these elements under a root. */
static lake_status parse(struct metadata *metadata, const struct element *elements, size_t n, int n_children,
                         struct lake_error *err)
{
    struct made_thrift out = {.bytes = BUFFER_INIT(MIB)};
    const struct element root = {"root", NONE, NONE, NONE, 0, 0, n_children, 0};
    made_i32(&out, 1, 2);
    made_list(&out, 2, 12, n + 1);
    put_element(&out, &root);
    for (size_t i = 0; i < n; i++)
        put_element(&out, &elements[i]);
    made_i64(&out, 3, 0);
    made_list(&out, 4, 12, 0);
    made_element_varint(&out, 0);
    lake_status status = metadata_parse(metadata, out.bytes.data, out.bytes.length, err);
    buffer_release(&out.bytes);
    return status;
}

static void types_are_understood(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        struct element element;
        enum column_type type;
        int32_t width;
    } cases[] = {
        {{"a", PARQUET_BOOLEAN, NONE, NONE, 0, 0, 0, 0}, COLUMN_BOOL, 0},
        {{"a", PARQUET_INT32, NONE, NONE, 0, 0, 0, 0}, COLUMN_INT32, 0},
        {{"a", PARQUET_INT32, 15, NONE, 0, 0, 0, 0}, COLUMN_INT32, 0}, /* INT_8 */
        {{"a", PARQUET_INT32, 17, 10, -32, 0, 0, 0}, COLUMN_INT32, 0},
        {{"a", PARQUET_INT32, 12, 10, 16, 0, 0, 0}, COLUMN_INT32, 0},  /* UINT_16 fits */
        {{"a", PARQUET_INT32, 13, NONE, 0, 0, 0, 0}, COLUMN_INT64, 0}, /* UINT_32 is widened */
        {{"a", PARQUET_INT32, NONE, 10, 32, 0, 0, 0}, COLUMN_INT64, 0},
        {{"a", PARQUET_INT32, 6, 6, 0, 0, 0, 0}, COLUMN_INT32, 0}, /* DATE */
        {{"a", PARQUET_INT64, NONE, NONE, 0, 0, 0, 0}, COLUMN_INT64, 0},
        {{"a", PARQUET_INT64, NONE, 10, -64, 0, 0, 0}, COLUMN_INT64, 0},
        {{"a", PARQUET_INT64, 9, NONE, 0, 0, 0, 0}, COLUMN_TIMESTAMP_MS, 0}, /* TIMESTAMP_MILLIS */
        {{"a", PARQUET_INT64, 10, NONE, 0, 0, 0, 0}, COLUMN_TIMESTAMP_US, 0},
        {{"a", PARQUET_INT64, NONE, 8, 1, 0, 0, 0}, COLUMN_TIMESTAMP_MS, 0},
        {{"a", PARQUET_INT64, NONE, 8, 2, 0, 0, 0}, COLUMN_TIMESTAMP_US, 0},
        {{"a", PARQUET_INT64, NONE, 8, 3, 0, 0, 0}, COLUMN_TIMESTAMP_NS, 0},
        {{"a", PARQUET_FLOAT, NONE, NONE, 0, 0, 0, 0}, COLUMN_FLOAT, 0},
        {{"a", PARQUET_DOUBLE, NONE, NONE, 0, 0, 0, 0}, COLUMN_DOUBLE, 0},
        {{"a", PARQUET_BYTE_ARRAY, NONE, NONE, 0, 0, 0, 0}, COLUMN_BINARY, 0},
        {{"a", PARQUET_BYTE_ARRAY, 0, NONE, 0, 0, 0, 0}, COLUMN_UTF8, 0},
        {{"a", PARQUET_BYTE_ARRAY, 4, NONE, 0, 0, 0, 0}, COLUMN_UTF8, 0}, /* ENUM */
        {{"a", PARQUET_BYTE_ARRAY, NONE, 1, 0, 0, 0, 0}, COLUMN_UTF8, 0},
        {{"a", PARQUET_BYTE_ARRAY, NONE, 12, 0, 0, 0, 0}, COLUMN_UTF8, 0},              /* JSON */
        {{"a", PARQUET_BYTE_ARRAY, 20, 13, 0, 0, 0, 0}, COLUMN_BINARY, 0},              /* BSON */
        {{"a", PARQUET_BYTE_ARRAY, NONE, 2000, 0, 0, 0, 0}, COLUMN_BINARY, 0},          /* one of the future */
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, NONE, 14, 0, 0, 0, 16}, COLUMN_FIXED, 16}, /* UUID */
    };
    struct metadata metadata;
    metadata_init(&metadata);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lake_ok(parse(&metadata, &cases[i].element, 1, 1, &err));
        assert_int_equal(metadata.file.n_columns, 1);
        const struct parquet_file_column *column = &metadata.file.columns[0];
        assert_string_equal(column->field.name, "a");
        assert_null(column->unsupported);
        assert_int_equal(column->field.type, cases[i].type);
        assert_int_equal(column->field.width, cases[i].width);
        assert_false(column->field.nullable);
    }
    metadata_release(&metadata);
}

static void what_is_refused_is_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        struct element element;
        const char *name;
    } cases[] = {
        {{"a", PARQUET_INT96, NONE, NONE, 0, 0, 0, 0}, "INT96 timestamps"},
        {{"a", PARQUET_INT64, 14, NONE, 0, 0, 0, 0}, "unsigned 64-bit integers"},
        {{"a", PARQUET_INT64, NONE, 10, 64, 0, 0, 0}, "unsigned 64-bit integers"},
        {{"a", PARQUET_INT64, NONE, 8, 4, 0, 0, 0}, "timestamps of an unknown unit"},
        {{"a", PARQUET_INT32, 5, NONE, 0, 0, 0, 0}, "DECIMAL values"},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, NONE, 5, 0, 0, 0, 9}, "DECIMAL values"},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, NONE, 15, 0, 0, 0, 2}, "FLOAT16 values"},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, 21, NONE, 0, 0, 0, 12}, "INTERVAL values"},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, NONE, NONE, 0, 0, 0, 0}, "FIXED_LEN_BYTE_ARRAY without a length"},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, NONE, NONE, 0, 0, 0, -5}, "FIXED_LEN_BYTE_ARRAY without a length"},
        {{"a", PARQUET_INT32, 7, NONE, 0, 0, 0, 0}, "TIME values"},
        {{"a", PARQUET_INT64, NONE, 7, 0, 0, 0, 0}, "TIME values"},
        {{"a", PARQUET_INT32, NONE, 11, 0, 1, 0, 0}, "columns of type null"},
        {{"a", PARQUET_INT32, NONE, NONE, 0, 2, 0, 0}, "repeated columns"},
        {{"a", 8, NONE, NONE, 0, 0, 0, 0}, "an unknown physical type"},
    };
    struct metadata metadata;
    metadata_init(&metadata);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lake_ok(parse(&metadata, &cases[i].element, 1, 1, &err));
        assert_non_null(metadata.file.columns[0].unsupported);
        assert_string_equal(metadata.file.columns[0].unsupported, cases[i].name);
    }
    metadata_release(&metadata);
}

static void what_values_mean_is_told(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        struct element element;
        enum parquet_logic logic;
        int32_t scale;
        bool is_raw;
    } cases[] = {
        {{"a", PARQUET_INT32, NONE, NONE, 0, 0, 0, 0}, PARQUET_LOGIC_NONE, 0, false},
        {{"a", PARQUET_INT32, 6, NONE, 0, 0, 0, 0}, PARQUET_LOGIC_DATE, 0, false},
        {{"a", PARQUET_INT32, NONE, 6, 0, 0, 0, 0}, PARQUET_LOGIC_DATE, 0, false},
        {{"a", PARQUET_INT64, 9, NONE, 0, 0, 0, 0}, PARQUET_LOGIC_NONE, 0, false},
        {{"a", PARQUET_INT64, 9, 8, 1, 0, 0, 0}, PARQUET_LOGIC_NONE, 0, false},
        {{"a", PARQUET_INT64, NONE, 8, -3, 0, 0, 0}, PARQUET_LOGIC_LOCAL, 0, false},
        {{"a", PARQUET_INT64, 14, NONE, 0, 0, 0, 0}, PARQUET_LOGIC_UNSIGNED, 0, true},
        {{"a", PARQUET_INT64, NONE, 10, -64, 0, 0, 0}, PARQUET_LOGIC_NONE, 0, false},
        {{"a", PARQUET_INT32, 5, NONE, 3, 0, 0, 0}, PARQUET_LOGIC_DECIMAL, 3, true},
        {{"a", PARQUET_INT64, NONE, 5, 8, 0, 0, 0}, PARQUET_LOGIC_DECIMAL, 8, true},
        {{"a", PARQUET_FIXED_LEN_BYTE_ARRAY, 5, 5, 2, 0, 0, 9}, PARQUET_LOGIC_DECIMAL, 2, true},
        {{"a", PARQUET_INT32, NONE, 11, 0, 1, 0, 0}, PARQUET_LOGIC_NULL, 0, true},
        {{"a", PARQUET_INT64, NONE, 5, 8, 2, 0, 0}, PARQUET_LOGIC_DECIMAL, 8, false}, /* repeated */
        {{"a", PARQUET_INT32, 7, NONE, 0, 0, 0, 0}, PARQUET_LOGIC_NONE, 0, false},    /* TIME */
    };
    struct metadata metadata;
    metadata_init(&metadata);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lake_ok(parse(&metadata, &cases[i].element, 1, 1, &err));
        const struct parquet_file_column *column = &metadata.file.columns[0];
        assert_int_equal(column->logic, cases[i].logic);
        assert_int_equal(column->scale, cases[i].scale);
        assert_int_equal(column->is_raw, cases[i].is_raw);
        assert_true(column->unsupported != NULL || !column->is_raw);
    }
    metadata_release(&metadata);
}

static void nested_columns_are_named_by_their_path(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct element elements[] = {
        {"ts", PARQUET_INT64, NONE, NONE, 0, 0, 0, 0},    {"book", NONE, NONE, NONE, 0, 1, 2, 0},
        {"bids", NONE, NONE, NONE, 0, 2, 1, 0},           {"price", PARQUET_DOUBLE, NONE, NONE, 0, 0, 0, 0},
        {"depth", PARQUET_INT32, NONE, NONE, 0, 1, 0, 0}, {"close", PARQUET_DOUBLE, NONE, NONE, 0, 1, 0, 0},
    };
    static const char *const names[] = {"ts", "book.bids.price", "book.depth", "close"};
    struct metadata metadata;
    metadata_init(&metadata);
    lake_ok(parse(&metadata, elements, 6, 3, &err));
    assert_int_equal(metadata.file.n_columns, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct parquet_file_column *column = &metadata.file.columns[i];
        assert_string_equal(column->field.name, names[i]);
        assert_int_equal(column->unsupported != NULL, i == 1 || i == 2);
        if (column->unsupported != NULL)
            assert_string_equal(column->unsupported, "nested columns");
    }
    assert_true(metadata.file.columns[3].field.nullable);
    metadata_release(&metadata);
}

static void schemas_that_do_not_add_up_are_corrupt(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct element leaf = {"a", PARQUET_INT32, NONE, NONE, 0, 0, 0, 0};
    static const struct element group = {"g", NONE, NONE, NONE, 0, 0, 1, 0};
    static const struct element negative = {"g", NONE, NONE, NONE, 0, 0, -1, 0};
    struct element two[] = {leaf, leaf};
    struct element deep[40];
    struct metadata metadata;
    metadata_init(&metadata);
    lake_fails(parse(&metadata, two, 2, 1, &err), LAKE_CORRUPT, "more elements");
    lake_fails(parse(&metadata, two, 2, 3, &err), LAKE_CORRUPT, "fewer elements");
    lake_fails(parse(&metadata, two, 2, 0, &err), LAKE_CORRUPT, "more elements");
    lake_fails(parse(&metadata, two, 2, -1, &err), LAKE_CORRUPT, "a group of -1 columns");
    lake_fails(parse(&metadata, &negative, 1, 1, &err), LAKE_CORRUPT, "a group of -1 columns");
    lake_fails(parse(&metadata, two, 2, INT32_MAX, &err), LAKE_CORRUPT, "fewer elements");
    for (size_t i = 0; i < 40; i++)
        deep[i] = group;
    deep[39] = leaf;
    lake_fails(parse(&metadata, deep, 40, 1, &err), LAKE_CORRUPT, "nested deeper than 32");
    lake_ok(parse(&metadata, deep + 20, 20, 1, &err));
    lake_ok(parse(&metadata, NULL, 0, 0, &err));
    assert_int_equal(metadata.file.n_columns, 0);
    metadata_release(&metadata);
}

static void footers_in_another_order_or_without_parts_are_corrupt(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        uint8_t bytes[24];
        size_t n;
        const char *text;
    } cases[] = {
        {{0x00}, 1, "no schema"},
        {{0x36, 0x00, 0x00}, 3, "no schema"},
        {{0x49, 0x0c, 0x00}, 3, "row groups before the schema"},
        {{0x29, 0x0c, 0x00}, 3, "no schema"},
        {{0x29, 0x1c, 0x00, 0x00}, 4, "no number of rows"},
        {{0x29, 0x1c, 0x00, 0x16, 0x01, 0x00}, 6, "no number of rows"}, /* -1 rows */
    };
    struct metadata metadata;
    metadata_init(&metadata);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        lake_fails(metadata_parse(&metadata, cases[i].bytes, cases[i].n, &err), LAKE_CORRUPT, cases[i].text);
    metadata_release(&metadata);
}

/* More columns than the limit; and names with a zero byte, which C would cut. */
static void limits_and_names(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct element many[LIMIT_PARQUET_COLUMNS + 1];
    struct metadata metadata;
    struct made_thrift out = {.bytes = BUFFER_INIT(MIB)};
    for (size_t i = 0; i <= LIMIT_PARQUET_COLUMNS; i++)
        many[i] = (struct element){"c", PARQUET_INT32, NONE, NONE, 0, 0, 0, 0};
    metadata_init(&metadata);
    lake_ok(parse(&metadata, many, LIMIT_PARQUET_COLUMNS, LIMIT_PARQUET_COLUMNS, &err));
    lake_fails(parse(&metadata, many, LIMIT_PARQUET_COLUMNS + 1, LIMIT_PARQUET_COLUMNS + 1, &err), LAKE_UNSUPPORTED,
               "more than 4096 columns");
    made_list(&out, 2, 12, 2);
    put_element(&out, &(struct element){"root", NONE, NONE, NONE, 0, 0, 1, 0});
    made_element_struct(&out);
    made_i32(&out, 1, PARQUET_INT32);
    made_binary(&out, 4, "a\0b", 3);
    made_stop(&out);
    made_element_varint(&out, 0);
    lake_fails(metadata_parse(&metadata, out.bytes.data, out.bytes.length, &err), LAKE_CORRUPT, "zero byte");
    buffer_release(&out.bytes);
    metadata_release(&metadata);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_understood),
        cmocka_unit_test(what_is_refused_is_named),
        cmocka_unit_test(what_values_mean_is_told),
        cmocka_unit_test(nested_columns_are_named_by_their_path),
        cmocka_unit_test(schemas_that_do_not_add_up_are_corrupt),
        cmocka_unit_test(footers_in_another_order_or_without_parts_are_corrupt),
        cmocka_unit_test(limits_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
