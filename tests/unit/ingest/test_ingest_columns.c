#include "ingest/columns.h"

#include "ingest/csv_names.h"
#include "unit/base/check.h"

enum { N_FIELDS = 10, N_ROWS = 4, ARENA_BYTES = 4 << 20 };

/* A table by columns of the lake; `values` as a source writes them. */
struct column {
    const char *name;
    const char *values[N_ROWS];
};

static const struct column bars[N_FIELDS] = {
    {"ts", {"1680307200000", "1680307260000", "1680307320000", "1680307380000"}},
    {"open", {"100", "101", "102", "103"}},
    {"high", {"102", "103", "104", "105"}},
    {"low", {"99", "100", "101", "102"}},
    {"close", {"101", "102", "103", "104"}},
    {"volume", {"10", "11", "12", "13"}},
    {"quote_volume", {"1005", "1116.5", "1230", "1345.5"}},
    {"trades", {"5", "6", "7", "8"}},
    {"taker_buy_volume", {"4", "5", "6", "7"}},
    {"taker_buy_quote_volume", {"402", "507.5", "615", "724.5"}},
};

static uint64_t seed = 88172645463325252u;

static size_t random_below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

struct table {
    struct csv_span names[N_FIELDS], samples[N_ROWS * N_FIELDS];
    struct arena arena;
    struct findings findings;
    struct columns_found found;
};

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

static void put(struct table *table, size_t field, const struct column *column, const char *name)
{
    table->names[field] = span(name);
    for (size_t row = 0; row < N_ROWS; row++)
        table->samples[row * N_FIELDS + field] = span(column->values[row]);
}

static lake_status assign_with(struct table *table, const struct column_choices *choices, bool has_names,
                               struct lake_error *err)
{
    struct columns_input input = {.place = "x",
                                  .choices = choices,
                                  .names = has_names ? table->names : NULL,
                                  .n_fields = N_FIELDS,
                                  .samples = table->samples,
                                  .n_samples = N_ROWS};
    arena_init(&table->arena, ARENA_BYTES);
    table->findings = (struct findings){.arena = &table->arena};
    return columns_assign(&input, &table->arena, &table->findings, &table->found, err);
}

static lake_status assign(struct table *table, struct lake_error *err)
{
    static const struct column_choices none = {NULL, 0, NULL, NULL};
    return assign_with(table, &none, true, err);
}

static void release(struct table *table)
{
    schema_free(table->found.schema);
    arena_release(&table->arena);
}

/* A spelling of the column that raw bars have. */
static const char *random_spelling(const char *column)
{
    struct lake_error err = {0};
    const struct data_type *raw = NULL;
    const char *found = column, *name, *means;
    size_t n = 0;
    lake_ok(data_type_find("raw", &raw, &err));
    for (size_t i = 0; (name = csv_spelling_at(i, &means)) != NULL; i++) {
        struct csv_meaning meaning = csv_meaning_of(span(name), raw);
        bool is_column = strcmp(means, column) == 0 && meaning.column != NULL && strcmp(meaning.column, column) == 0;
        if (is_column && random_below(++n) == 0)
            found = name;
    }
    return found;
}

static void shuffle(size_t order[N_FIELDS])
{
    for (size_t i = 0; i < N_FIELDS; i++)
        order[i] = i;
    for (size_t i = N_FIELDS; i > 1; i--) {
        size_t k = random_below(i), other = order[k];
        order[k] = order[i - 1];
        order[i - 1] = other;
    }
}

/* Whatever the order of the columns and whichever known names they have, each becomes what it is. */
static void test_order_and_spelling_make_no_difference(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (int round = 0; round < 300; round++) {
        static struct table table;
        size_t order[N_FIELDS];
        shuffle(order);
        for (size_t i = 0; i < N_FIELDS; i++)
            put(&table, i, &bars[order[i]],
                round % 2 == 0 ? bars[order[i]].name : random_spelling(bars[order[i]].name));
        if (assign(&table, &err) != LAKE_OK)
            fail_msg("round %d: %s", round, err.message);
        assert_string_equal(table.found.type->name, "raw");
        assert_int_equal(table.found.schema->n_fields, N_FIELDS);
        for (size_t i = 0; i < N_FIELDS; i++) {
            const char *name = table.found.fields[i].name;
            if (name == NULL || strcmp(name, bars[order[i]].name) != 0)
                fail_msg("round %d: '%.*s' became %s, not %s", round, (int)table.names[i].length, table.names[i].data,
                         name != NULL ? name : "nothing", bars[order[i]].name);
            assert_string_equal(table.found.schema->fields[table.found.columns[i]].name, name);
            assert_string_equal(table.found.schema->fields[order[i]].name, name);
        }
        release(&table);
    }
}

/* The two volumes are told by what was paid, whichever of the names stands over which. */
static void test_volumes_are_told_by_values(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct table table;
    for (size_t i = 0; i < N_FIELDS; i++)
        put(&table, i, &bars[i], bars[i].name);
    table.names[5] = span("quote_volume");
    table.names[6] = span("volume");
    table.names[8] = span("taker_buy_quote_volume");
    table.names[9] = span("taker_buy_volume");
    lake_ok(assign(&table, &err));
    assert_string_equal(table.found.fields[5].name, "volume");
    assert_string_equal(table.found.fields[6].name, "quote_volume");
    assert_string_equal(table.found.fields[8].name, "taker_buy_volume");
    assert_string_equal(table.found.fields[9].name, "taker_buy_quote_volume");
    release(&table);
}

static void test_choices(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct table table;
    static const char *const items[] = {"close=alpha", "note=#8", "taker_buy_volume=-", "note:text"};
    const struct column_choices choices = {items, 4, NULL, NULL};
    for (size_t i = 0; i < N_FIELDS; i++)
        put(&table, i, &bars[i], bars[i].name);
    table.names[4] = span("Alpha");
    lake_ok(assign_with(&table, &choices, true, &err));
    assert_string_equal(table.found.fields[4].name, "close");
    assert_string_equal(table.found.fields[4].source, "Alpha");
    assert_string_equal(table.found.fields[7].name, "note");
    assert_int_equal(table.found.fields[7].type, COLUMN_UTF8);
    assert_int_equal(table.found.fields[8].use, FIELD_SKIP);
    release(&table);
}

static void test_choices_by_position(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct table table;
    static const char *const items[] = {"ts", "open", "high", "low", "close", "volume", "-", "n", "a:text", "b:double"};
    const struct column_choices choices = {items, N_FIELDS, NULL, NULL};
    for (size_t i = 0; i < N_FIELDS; i++)
        put(&table, i, &bars[i], "");
    lake_ok(assign_with(&table, &choices, false, &err));
    assert_string_equal(table.found.fields[5].name, "volume");
    assert_int_equal(table.found.fields[6].use, FIELD_SKIP);
    assert_string_equal(table.found.fields[7].name, "trades");
    assert_string_equal(table.found.fields[8].name, "a");
    assert_int_equal(table.found.fields[8].type, COLUMN_UTF8);
    assert_int_equal(table.found.fields[9].type, COLUMN_DOUBLE);
    release(&table);
}

static void test_choices_that_are_none(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct {
        const char *items[2];
        size_t n;
        const char *message;
    } cases[] = {
        {{"", NULL}, 1, "item 1"},
        {{"=x", NULL}, 1, "item 1"},
        {{"close=", NULL}, 1, "item 1"},
        {{"close", "close"}, 2, "'close' is named twice"},
        {{"a123456789a123456789a123456789a123456789a123456789a123456789a123456789", NULL}, 1, "longer than 64"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct column_choices choices = {cases[i].items, cases[i].n, NULL, NULL};
        lake_fails(columns_check_choices(&choices, &err), LAKE_INVALID_ARGUMENT, cases[i].message);
    }
}

/* A column that the dataset has already keeps its type. */
static void test_stored_types_come_first(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct table table;
    struct schema *stored = NULL;
    const struct column_field fields[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"mine", COLUMN_DOUBLE, 0, true}};
    lake_ok(schema_new(fields, 2, &stored, &err));
    const struct column_choices choices = {NULL, 0, stored, NULL};
    for (size_t i = 0; i < N_FIELDS; i++)
        put(&table, i, &bars[i], bars[i].name);
    table.names[7] = span("mine");
    lake_ok(assign_with(&table, &choices, true, &err));
    assert_string_equal(table.found.fields[7].name, "mine");
    assert_int_equal(table.found.fields[7].type, COLUMN_DOUBLE);
    release(&table);
    schema_free(stored);
}

/* All that was told is said, with what would say otherwise. */
static void test_findings(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static struct table table;
    size_t n_columns = 0;
    bool has_type = false;
    for (size_t i = 0; i < N_FIELDS; i++)
        put(&table, i, &bars[i], bars[i].name);
    lake_ok(assign(&table, &err));
    for (size_t i = 0; i < table.findings.n; i++) {
        const struct finding *finding = &table.findings.items[i];
        n_columns += strcmp(finding->option, "--columns") == 0 && strcmp(finding->origin, "header") == 0;
        has_type = has_type || (strcmp(finding->what, "type") == 0 && strcmp(finding->option, "--type") == 0);
    }
    assert_int_equal(n_columns, N_FIELDS);
    assert_true(has_type);
    release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_spelling_make_no_difference),
        cmocka_unit_test(test_volumes_are_told_by_values),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_choices_by_position),
        cmocka_unit_test(test_choices_that_are_none),
        cmocka_unit_test(test_stored_types_come_first),
        cmocka_unit_test(test_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
