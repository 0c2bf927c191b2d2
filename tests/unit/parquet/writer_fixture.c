#include "unit/parquet/writer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES = 16, FIXED_WIDTH = 5 };

static void must(lake_status status, const struct lake_error *err)
{
    if (status != LAKE_OK)
        fail_msg("%s", err->message);
}

static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"us", COLUMN_TIMESTAMP_US, 0, true},
    {"ns", COLUMN_TIMESTAMP_NS, 0, true},  {"close", COLUMN_DOUBLE, 0, true},
    {"ratio", COLUMN_FLOAT, 0, true},      {"trades", COLUMN_INT64, 0, true},
    {"level", COLUMN_INT32, 0, true},      {"flag", COLUMN_BOOL, 0, true},
    {"side", COLUMN_UTF8, 0, true},        {"id", COLUMN_UTF8, 0, false},
    {"raw", COLUMN_BINARY, 0, true},       {"key", COLUMN_FIXED, FIXED_WIDTH, true},
};

struct schema *fixture_schema(void)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    must(schema_new(fields, sizeof fields / sizeof fields[0], &schema, &err), &err);
    return schema;
}

uint64_t fixture_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 20;
}

static bool is_null(const struct column_field *field, int64_t row, bool with_nulls)
{
    return field->nullable && with_nulls && (row + field->name[0]) % 3 == 0;
}

static size_t make_text(const char *name, int64_t row, char text[TEXT_BYTES])
{
    if (strcmp(name, "side") == 0)
        return (size_t)snprintf(text, TEXT_BYTES, "%s", row % 7 < 3 ? "buy" : "sell");
    if (strcmp(name, "id") == 0)
        return (size_t)snprintf(text, TEXT_BYTES, "%lld", 1000000LL + row);
    return (size_t)snprintf(text, TEXT_BYTES, "%.*s", (int)(row % 5),
                            "\x01\xff"
                            "abc");
}

static void fill_texts(struct batch *batch, size_t column, bool with_nulls)
{
    struct lake_error err = {0};
    const struct column_field *field = &batch->schema->fields[column];
    int32_t *offsets = batch->columns[column].offsets;
    char text[TEXT_BYTES];
    for (int64_t row = 0; row < batch->n_rows; row++) {
        size_t n = is_null(field, row, with_nulls) ? 0 : make_text(field->name, row, text);
        offsets[row + 1] = offsets[row] + (int32_t)n;
    }
    must(batch_add_bytes(batch, column, (size_t)offsets[batch->n_rows], &err), &err);
    char *bytes = batch_values(batch, column);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        if (offsets[row + 1] == offsets[row])
            continue;
        size_t n = make_text(field->name, row, text);
        memcpy(bytes + offsets[row], text, n);
    }
}

static void put_fixed(struct batch *batch, size_t column, int64_t row, uint64_t random)
{
    void *values = batch_values(batch, column);
    switch (batch->schema->fields[column].type) {
    case COLUMN_BOOL: bit_set(values, row, random % 5 == 0); break;
    case COLUMN_INT32: ((int32_t *)values)[row] = (int32_t)(random % 1000) - 500; break;
    case COLUMN_INT64: ((int64_t *)values)[row] = (int64_t)(random % 100000); break;
    case COLUMN_FLOAT: ((float *)values)[row] = (float)(random % 10) / 4; break;
    case COLUMN_DOUBLE: ((double *)values)[row] = (double)(4200000 + random % 100000) / 100; break;
    case COLUMN_FIXED: memcpy((uint8_t *)values + row * FIXED_WIDTH, &random, FIXED_WIDTH); break;
    default: ((int64_t *)values)[row] = INT64_C(1704067200000) + row * 60000 + (column > 0 ? (int64_t)(random % 9) : 0);
    }
}

static void add_nulls(struct batch *batch, size_t column)
{
    struct lake_error err = {0};
    const struct column_field *field = &batch->schema->fields[column];
    must(batch_add_validity(batch, column, &err), &err);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        if (!is_null(field, row, true))
            continue;
        bit_set(batch->columns[column].validity, row, false);
        batch->columns[column].null_count++;
    }
}

struct batch fixture_batch(const struct schema *schema, int64_t n_rows, bool with_nulls)
{
    struct lake_error err = {0};
    struct batch batch = {0};
    uint64_t seed = 7;
    must(batch_new(&batch, schema, n_rows, &err), &err);
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (column_type_has_offsets(schema->fields[i].type))
            fill_texts(&batch, i, with_nulls);
        for (int64_t row = 0; !column_type_has_offsets(schema->fields[i].type) && row < n_rows; row++)
            put_fixed(&batch, i, row, fixture_random(&seed));
        if (with_nulls && schema->fields[i].nullable)
            add_nulls(&batch, i);
    }
    return batch;
}

void fixture_write(struct parquet_writer *writer, const struct batch *batch,
                   const struct parquet_writer_options *options, int64_t group_rows, struct buffer *out)
{
    struct lake_error err = {0};
    int64_t step = group_rows > 0 ? group_rows : batch->n_rows;
    buffer_clear(out);
    must(parquet_writer_begin(writer, batch->schema, options, parquet_sink_buffer(out), &err), &err);
    for (int64_t first = 0; first < batch->n_rows; first += step) {
        int64_t n = batch->n_rows - first < step ? batch->n_rows - first : step;
        must(parquet_writer_append(writer, batch, first, n, &err), &err);
    }
    must(parquet_writer_finish(writer, &err), &err);
}
