/* Streams that no producer should make: refused with a reason, everything given back, nothing read beyond what there is. */
#include "put_fixture.h"

#include <stdlib.h>
#include <string.h>

enum { N = 10 };

static struct put_field fields[BAR_FIELDS + 1];

static struct put_table table_of_bars(void)
{
    struct put_table table = bar_table(0, N);
    memcpy(fields, table.fields, BAR_FIELDS * sizeof *fields);
    table.fields = fields;
    return table;
}

static void refuse(struct put_table *table, const char *message)
{
    struct lake_put_options options = put_options();
    put_badly(table, &options, LAKE_INVALID_ARGUMENT, message);
}

static void test_wrong_counts(void **state)
{
    (void)state;
    struct put_table table = table_of_bars();
    table.length_lie = 1;
    refuse(&table, "column 'ts' has 10 rows from 0, the table 11");
    table.length_lie = -11;
    refuse(&table, "the Arrow array has -1 rows");
    table.length_lie = INT64_MAX / 2;
    refuse(&table, "the Arrow array has");
    table.length_lie = 0;
    table.n_children = 5;
    refuse(&table, "the Arrow array has 5 columns, its schema 6");
    table.n_children = 0;
    table.first = -3;
    refuse(&table, "rows from -3");
}

static void test_missing_buffers(void **state)
{
    (void)state;
    struct put_table table = table_of_bars();
    fields[3].values = NULL;
    fields[3].n_buffers = 2;
    refuse(&table, "column 'low' of 10 rows has no buffer of values");
    fields[3].n_buffers = 1;
    refuse(&table, "column 'low' has 1 buffers");
    table = table_of_bars();
    fields[5] = (struct put_field){.name = "volume", .format = "C", .n_buffers = 2};
    refuse(&table, "column 'volume' has no buffer of values");
    fields[5].n_buffers = 3;
    refuse(&table, "column 'volume' has 3 buffers");
    table = table_of_bars();
    fields[5].null_count = 2;
    refuse(&table, "column 'volume' says it has 2 nulls, but not which");
    const uint8_t bytes[N] = {0};
    fields[5] = (struct put_field){.name = "volume", .format = "C", .values = bytes, .null_count = 2};
    refuse(&table, "column 'volume' says it has nulls, but not which");
}

static void test_nulls_where_there_are_none(void **state)
{
    (void)state;
    const uint8_t valid[2] = {0xfe, 0xff};
    struct put_table table = table_of_bars();
    fields[5].validity = valid;
    fields[5].is_not_nullable = true;
    refuse(&table, "column 'volume' has 1 nulls, but its schema says it has none");
    const uint8_t bytes[N] = {0};
    fields[5] = (struct put_field){
        .name = "volume", .format = "C", .values = bytes, .validity = valid, .is_not_nullable = true};
    refuse(&table, "column 'volume' has 1 nulls, but its schema says it has none");
}

static void add_note(struct put_table *table, struct put_field field)
{
    *table = table_of_bars();
    fields[BAR_FIELDS] = field;
    fields[BAR_FIELDS].name = "note";
    table->n_fields = BAR_FIELDS + 1;
}

static void test_offsets_that_fall(void **state)
{
    (void)state;
    const int32_t offsets[N + 1] = {0, 5, 3, 6, 6, 6, 6, 6, 6, 6, 6};
    struct put_table table;
    add_note(&table, (struct put_field){.format = "u", .values = offsets, .bytes = "abcdef"});
    refuse(&table, "column 'note' has offset 3 after 5 in row 1");
}

static void test_dictionaries_that_are_none(void **state)
{
    (void)state;
    const int8_t indexes[N] = {0, 0, -1};
    const int32_t offsets[3] = {0, 2, 1};
    const struct put_field texts = {.format = "u", .values = offsets, .bytes = "ab"};
    const struct put_field numbers = {.format = "l", .values = fields};
    const struct put_field nothing = {.format = "u", .n_buffers = 3};
    const struct put_field too_few = {.format = "u", .values = offsets};
    struct put_table table;
    add_note(&table,
             (struct put_field){.format = "c", .values = indexes, .dictionary = &texts, .dictionary_length = 2});
    refuse(&table, "column 'note' names text -1 of a dictionary of 2");
    const int8_t second[N] = {0, 1};
    fields[BAR_FIELDS].values = second;
    refuse(&table, "column 'note' has a text (1) that lies nowhere");
    fields[BAR_FIELDS].dictionary = &nothing;
    refuse(&table, "column 'note' has a dictionary without values");
    fields[BAR_FIELDS].dictionary = &too_few;
    refuse(&table, "column 'note' has a dictionary with too few buffers");
    fields[BAR_FIELDS].dictionary = &texts;
    fields[BAR_FIELDS].dictionary_length = -1;
    refuse(&table, "column 'note' has no usable dictionary");
    struct lake_put_options options = put_options();
    fields[BAR_FIELDS].dictionary = &numbers;
    put_badly(&table, &options, LAKE_UNSUPPORTED, "column 'note' is a dictionary of something else than text");
}

static void test_views_without_buffers(void **state)
{
    (void)state;
    int32_t views[N][4] = {{0}};
    const int64_t sizes[1] = {20};
    struct put_table table;
    views[2][0] = 15; /* of a buffer that there is not */
    add_note(&table, (struct put_field){.format = "vu", .buffers = {NULL, views, sizes}, .n_buffers = 3});
    refuse(&table, "column 'note' has a text (2) that lies nowhere");
    views[2][2] = -1;
    refuse(&table, "lies nowhere");
    add_note(&table, (struct put_field){.format = "vu", .buffers = {NULL, views}, .n_buffers = 2});
    refuse(&table, "column 'note' has 2 buffers");
    views[2][2] = 0;
    add_note(&table, (struct put_field){.format = "vu", .buffers = {NULL, views, NULL, sizes}, .n_buffers = 4});
    refuse(&table, "lies nowhere");
    const char text[20] = "";
    views[2][0] = INT32_MAX;
    add_note(&table, (struct put_field){.format = "vu", .buffers = {NULL, views, text, sizes}, .n_buffers = 4});
    refuse(&table, "lies nowhere");
}

static void test_an_unknown_format(void **state)
{
    (void)state;
    struct put_table table;
    struct lake_put_options options = put_options();
    add_note(&table, (struct put_field){.format = "", .values = fields});
    put_badly(&table, &options, LAKE_UNSUPPORTED, "column 'note' has the Arrow format ''");
    add_note(&table, (struct put_field){.format = NULL, .values = fields});
    put_badly(&table, &options, LAKE_UNSUPPORTED, "column 'note' has the Arrow format ''");
}

/* Schemas that are not tables. */
static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    *out = *(const struct ArrowSchema *)stream->private_data;
    return 0;
}

static int get_nothing(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    (void)stream;
    *out = (struct ArrowArray){0};
    return 0;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void test_schemas_that_are_no_tables(void **state)
{
    (void)state;
    struct ArrowSchema *hole[1] = {NULL};
    struct ArrowSchema schemas[] = {
        {.format = "l", .release = release_schema},
        {.format = "+s", .n_children = 3, .release = release_schema},
        {.format = "+s", .n_children = -1, .release = release_schema},
        {.format = "+s", .n_children = 1, .children = hole, .release = release_schema},
        {.format = "+s"},
    };
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        struct ArrowArrayStream stream = {
            .get_schema = get_schema, .get_next = get_nothing, .release = release_stream, .private_data = &schemas[i]};
        struct lake_put_options options = put_options();
        struct lake_put_result result = {.size = sizeof result};
        struct lake_error err = {LAKE_OK, ""};
        assert_int_equal(lake_put(fixture->lake, &options, &stream, &result, &err), LAKE_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, "Arrow"));
        assert_null(stream.release);
    }
    assert_nothing_was_committed();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)
        TEST(test_wrong_counts),
        TEST(test_missing_buffers),
        TEST(test_nulls_where_there_are_none),
        TEST(test_offsets_that_fall),
        TEST(test_dictionaries_that_are_none),
        TEST(test_views_without_buffers),
        TEST(test_an_unknown_format),
        TEST(test_schemas_that_are_no_tables),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
