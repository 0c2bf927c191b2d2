#include "column/builder.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"

/* The rows are gathered in a batch that has room for `capacity` rows (validity too, once there is a null), of which
 * batch.n_rows are filled; the bytes behind offsets have a capacity of their own a column. */
struct batch_builder {
    struct schema *schema;
    struct batch batch;
    int64_t capacity;
    size_t *bytes_capacity;
};

enum { FIRST_ROWS = 64, FIRST_BYTES = 256 };

/* ---- lifecycle ---- */

lake_status batch_builder_new(const struct schema *schema, struct batch_builder **out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;

    *out = NULL;
    TRY(memory_new(1, sizeof *builder, &builder, err));
    TRY_OUT(schema_new(schema->fields, schema->n_fields, &builder->schema, err));
    TRY_OUT(memory_new(schema->n_fields, sizeof *builder->bytes_capacity, &builder->bytes_capacity, err));
    *out = builder;
    builder = NULL;
out:
    batch_builder_free(builder);
    return status;
}

void batch_builder_free(struct batch_builder *builder)
{
    if (builder == NULL)
        return;
    batch_release(&builder->batch);
    memory_free(builder->bytes_capacity);
    schema_free(builder->schema);
    memory_free(builder);
}

int64_t batch_builder_rows(const struct batch_builder *builder)
{
    return builder->batch.n_rows;
}

size_t batch_builder_bytes(const struct batch_builder *builder)
{
    size_t rows = (size_t)builder->capacity, bytes = 0;
    for (size_t i = 0; i < builder->schema->n_fields && builder->batch.columns != NULL; i++) {
        const struct column_field *field = &builder->schema->fields[i];
        bool is_bits = field->type == COLUMN_BOOL;
        bytes += is_bits ? rows / 8 : rows * column_type_width(field);
        bytes += column_type_has_offsets(field->type) ? rows * sizeof(int32_t) + builder->bytes_capacity[i] : 0;
        bytes += builder->batch.columns[i].validity != NULL ? rows / 8 : 0;
    }
    return bytes;
}

/* ---- room ---- */

/* Moves the filled part of a column into one with more room. */
static void column_regrow(struct column *to, struct column *from, const struct column_field *field, size_t n_rows)
{
    size_t bits = (n_rows + 7) / 8;
    if (to->validity != NULL) {
        memcpy(to->validity, from->validity, bits);
        /* Bits past the capacity there was are zero; here they are of rows to come, which are present until told otherwise. */
        for (size_t row = n_rows; row % 8 != 0; row++)
            bit_set(to->validity, (int64_t)row, true);
    }
    to->null_count = from->null_count;
    if (column_type_has_offsets(field->type)) {
        memcpy(to->offsets, from->offsets, (n_rows + 1) * sizeof *to->offsets);
        to->values = from->values;
        from->values = NULL;
    } else {
        memcpy(to->values, from->values, field->type == COLUMN_BOOL ? bits : n_rows * column_type_width(field));
    }
}

static lake_status reserve_rows(struct batch_builder *builder, int64_t extra, struct lake_error *err)
{
    struct batch larger = {0}, *batch = &builder->batch;
    lake_status status = LAKE_OK;
    int64_t n_rows = batch->n_rows, capacity = builder->capacity;

    if (extra <= capacity - n_rows && batch->release != NULL)
        return LAKE_OK;
    if (extra > INT64_MAX / 4 - n_rows)
        return lake_fail(err, LAKE_NO_MEMORY, "%" PRId64 " more rows are too many", extra);
    capacity = capacity * 2 > FIRST_ROWS ? capacity * 2 : FIRST_ROWS;
    capacity = n_rows + extra > capacity ? n_rows + extra : capacity;
    TRY(batch_new(&larger, builder->schema, capacity, err));
    for (size_t i = 0; i < builder->schema->n_fields && batch->release != NULL; i++) {
        if (batch->columns[i].validity != NULL)
            TRY_OUT(batch_add_validity(&larger, i, err));
    }
    for (size_t i = 0; i < builder->schema->n_fields && batch->release != NULL; i++)
        column_regrow(&larger.columns[i], &batch->columns[i], &builder->schema->fields[i], (size_t)n_rows);
    batch_release(batch);
    batch_move(batch, &larger);
    batch->n_rows = n_rows;
    builder->capacity = capacity;
out:
    batch_release(&larger);
    return status;
}

static lake_status reserve_bytes(struct batch_builder *builder, size_t index, size_t extra, struct lake_error *err)
{
    struct column *column = &builder->batch.columns[index];
    size_t used = (size_t)column->offsets[builder->batch.n_rows], capacity = builder->bytes_capacity[index];
    void *larger = NULL;

    if (extra > (size_t)INT32_MAX - used)
        return lake_fail(err, LAKE_NO_MEMORY, "column '%s' has over 2 GiB of bytes in one batch",
                         builder->schema->fields[index].name);
    if (column->values != NULL && extra <= capacity - used)
        return LAKE_OK;
    capacity = capacity * 2 > FIRST_BYTES ? capacity * 2 : FIRST_BYTES;
    capacity = used + extra > capacity ? used + extra : capacity;
    TRY(memory_new_aligned(capacity, &larger, err));
    if (used > 0)
        memcpy(larger, column->values, used);
    memory_free(column->values);
    column->values = larger;
    builder->bytes_capacity[index] = capacity;
    return LAKE_OK;
}

/* Room for validity covers the whole capacity, and all of it says present. */
static lake_status add_validity(struct batch_builder *builder, size_t index, struct lake_error *err)
{
    int64_t n_rows = builder->batch.n_rows;
    builder->batch.n_rows = builder->capacity;
    lake_status status = batch_add_validity(&builder->batch, index, err);
    builder->batch.n_rows = n_rows;
    return status;
}

/* ---- appending a range; room for its rows has been made ---- */

static void copy_bits(uint8_t *to, int64_t to_first, const uint8_t *from, int64_t from_first, int64_t n)
{
    int64_t i = 0;
    if (to_first % 8 == 0 && from_first % 8 == 0) {
        memcpy(to + to_first / 8, from + from_first / 8, (size_t)(n / 8));
        i = n / 8 * 8;
    }
    for (; i < n; i++)
        bit_set(to, to_first + i, bit_get(from, from_first + i));
}

static lake_status append_nulls(struct batch_builder *builder, size_t index, int64_t n, struct lake_error *err)
{
    const struct column_field *field = &builder->schema->fields[index];
    struct column *column = &builder->batch.columns[index];
    int64_t at = builder->batch.n_rows;
    size_t width = column_type_width(field);

    if (!field->nullable)
        return lake_fail(err, LAKE_INVALID_DATA, "column '%s' has no value in row %" PRId64 ", but needs one",
                         field->name, at);
    TRY(add_validity(builder, index, err));
    for (int64_t i = at; i < at + n; i++) {
        bit_set(column->validity, i, false);
        if (field->type == COLUMN_BOOL)
            bit_set(column->values, i, false);
        else if (column->offsets != NULL)
            column->offsets[i + 1] = column->offsets[i];
    }
    if (width > 0)
        memset((uint8_t *)column->values + (size_t)at * width, 0, (size_t)n * width);
    column->null_count += n;
    return LAKE_OK;
}

static lake_status append_bytes(struct batch_builder *builder, size_t index, const struct column *from, int64_t first,
                                int64_t n, struct lake_error *err)
{
    int64_t at = builder->batch.n_rows;
    size_t extra = (size_t)(from->offsets[first + n] - from->offsets[first]);
    TRY(reserve_bytes(builder, index, extra, err));
    struct column *column = &builder->batch.columns[index];
    int32_t shift = column->offsets[at] - from->offsets[first];
    if (extra > 0)
        memcpy((uint8_t *)column->values + column->offsets[at], (const uint8_t *)from->values + from->offsets[first],
               extra);
    for (int64_t i = 1; i <= n; i++)
        column->offsets[at + i] = from->offsets[first + i] + shift;
    return LAKE_OK;
}

static lake_status append_validity(struct batch_builder *builder, size_t index, const struct column *from,
                                   int64_t first, int64_t n, struct lake_error *err)
{
    const struct column_field *field = &builder->schema->fields[index];
    struct column *column = &builder->batch.columns[index];
    int64_t n_null = 0;
    if (from->null_count > 0)
        for (int64_t i = first; i < first + n; i++)
            n_null += !bit_get(from->validity, i);
    if (n_null == 0)
        return LAKE_OK; /* room for validity says present already */
    if (!field->nullable)
        return lake_fail(err, LAKE_INVALID_DATA, "column '%s' has nulls, but needs values", field->name);
    TRY(add_validity(builder, index, err));
    copy_bits(column->validity, builder->batch.n_rows, from->validity, first, n);
    column->null_count += n_null;
    return LAKE_OK;
}

struct range {
    int64_t first, n;
};

static lake_status append_column(struct batch_builder *builder, size_t index, const struct batch *batch,
                                 struct range rows, struct lake_error *err)
{
    const struct column_field *field = &builder->schema->fields[index];
    int source = schema_find(batch->schema, field->name);
    if (source < 0)
        return append_nulls(builder, index, rows.n, err);
    const struct column_field *given = &batch->schema->fields[source];
    const struct column *from = &batch->columns[source];
    size_t width = column_type_width(field), at = (size_t)builder->batch.n_rows;
    if (given->type != field->type || column_type_width(given) != width)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' is %s, not %s", field->name,
                         column_type_name(given->type), column_type_name(field->type));
    TRY(append_validity(builder, index, from, rows.first, rows.n, err));
    if (column_type_has_offsets(field->type))
        return append_bytes(builder, index, from, rows.first, rows.n, err);
    uint8_t *values = builder->batch.columns[index].values;
    if (field->type == COLUMN_BOOL)
        copy_bits(values, (int64_t)at, from->values, rows.first, rows.n);
    else
        memcpy(values + at * width, (const uint8_t *)from->values + (size_t)rows.first * width, (size_t)rows.n * width);
    return LAKE_OK;
}

/* What a failed append began: the null counts and validity bits past the last whole row. */
static void forget_partial_rows(struct batch_builder *builder, int64_t n)
{
    int64_t at = builder->batch.n_rows;
    for (size_t i = 0; i < builder->schema->n_fields; i++) {
        struct column *column = &builder->batch.columns[i];
        for (int64_t row = at; column->validity != NULL && row < at + n; row++) {
            column->null_count -= !bit_get(column->validity, row);
            bit_set(column->validity, row, true);
        }
    }
}

lake_status batch_builder_append(struct batch_builder *builder, const struct batch *batch, int64_t first,
                                 int64_t n_rows, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    if (first < 0 || n_rows < 0 || first > batch->n_rows || n_rows > batch->n_rows - first)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "rows %" PRId64 " + %" PRId64 " are not in a batch of %" PRId64,
                         first, n_rows, batch->n_rows);
    TRY(reserve_rows(builder, n_rows, err));
    for (size_t i = 0; i < builder->schema->n_fields && n_rows > 0; i++)
        TRY_OUT(append_column(builder, i, batch, (struct range){first, n_rows}, err));
    builder->batch.n_rows += n_rows;
out:
    if (status != LAKE_OK)
        forget_partial_rows(builder, n_rows);
    return status;
}

/* ---- appending cells ---- */

static lake_status cell_mismatch(const struct column_field *field, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "the cell of column '%s' is not a %s", field->name,
                     column_type_name(field->type));
}

static lake_status append_text(struct batch_builder *builder, size_t index, const char *text, struct lake_error *err)
{
    int64_t at = builder->batch.n_rows;
    size_t n = strlen(text);
    TRY(reserve_bytes(builder, index, n, err));
    struct column *column = &builder->batch.columns[index];
    memcpy((uint8_t *)column->values + column->offsets[at], text, n);
    column->offsets[at + 1] = column->offsets[at] + (int32_t)n;
    return LAKE_OK;
}

static lake_status append_number(struct batch_builder *builder, size_t index, const struct cell *cell,
                                 struct lake_error *err)
{
    const struct column_field *field = &builder->schema->fields[index];
    size_t at = (size_t)builder->batch.n_rows;
    void *values = builder->batch.columns[index].values;
    switch (field->type) {
    case COLUMN_INT64:
    case COLUMN_TIMESTAMP_MS:
    case COLUMN_TIMESTAMP_US:
    case COLUMN_TIMESTAMP_NS:
        if (cell->kind != CELL_INT64)
            return cell_mismatch(field, err);
        ((int64_t *)values)[at] = cell->int64;
        return LAKE_OK;
    case COLUMN_INT32:
        if (cell->kind != CELL_INT64 || cell->int64 < INT32_MIN || cell->int64 > INT32_MAX)
            return cell_mismatch(field, err);
        ((int32_t *)values)[at] = (int32_t)cell->int64;
        return LAKE_OK;
    case COLUMN_DOUBLE:
        if (cell->kind != CELL_DOUBLE)
            return cell_mismatch(field, err);
        ((double *)values)[at] = cell->number;
        return LAKE_OK;
    case COLUMN_FLOAT:
        if (cell->kind != CELL_DOUBLE)
            return cell_mismatch(field, err);
        ((float *)values)[at] = (float)cell->number;
        return LAKE_OK;
    default: return cell_mismatch(field, err);
    }
}

static lake_status append_cell(struct batch_builder *builder, size_t index, const struct cell *cell,
                               struct lake_error *err)
{
    const struct column_field *field = &builder->schema->fields[index];
    if (cell->kind == CELL_NULL || (cell->kind == CELL_TEXT && cell->text == NULL))
        return append_nulls(builder, index, 1, err);
    if (field->type == COLUMN_BOOL && cell->kind == CELL_BOOL) {
        bit_set(builder->batch.columns[index].values, builder->batch.n_rows, cell->int64 != 0);
        return LAKE_OK;
    }
    if (field->type == COLUMN_UTF8 && cell->kind == CELL_TEXT)
        return append_text(builder, index, cell->text, err);
    return append_number(builder, index, cell, err);
}

lake_status batch_builder_append_cells(struct batch_builder *builder, const struct cell *cells, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY(reserve_rows(builder, 1, err));
    for (size_t i = 0; i < builder->schema->n_fields; i++)
        TRY_OUT(append_cell(builder, i, &cells[i], err));
    builder->batch.n_rows++;
out:
    if (status != LAKE_OK)
        forget_partial_rows(builder, 1);
    return status;
}

/* ---- handing over ---- */

/* A batch promises bits past its last row to be zero, and no bitmap where nothing is null. */
static void trim_column(struct column *column, const struct column_field *field, int64_t n_rows)
{
    uint8_t keep = (uint8_t)((1u << (n_rows % 8)) - 1);
    if (column->null_count == 0) {
        memory_free(column->validity);
        column->validity = NULL;
    }
    if (n_rows % 8 == 0)
        return;
    if (column->validity != NULL)
        column->validity[n_rows / 8] &= keep;
    if (field->type == COLUMN_BOOL)
        ((uint8_t *)column->values)[n_rows / 8] &= keep;
}

lake_status batch_builder_take(struct batch_builder *builder, struct batch *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    lake_status status = LAKE_OK;

    memset(out, 0, sizeof *out);
    TRY(schema_new(builder->schema->fields, builder->schema->n_fields, &schema, err));
    TRY_OUT(reserve_rows(builder, 0, err));
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (column_type_has_offsets(schema->fields[i].type))
            TRY_OUT(reserve_bytes(builder, i, 0, err));
    }
    for (size_t i = 0; i < schema->n_fields; i++)
        trim_column(&builder->batch.columns[i], &schema->fields[i], builder->batch.n_rows);
    batch_move(out, &builder->batch);
    out->schema = schema;
    out->owns_schema = true;
    schema = NULL;
    builder->capacity = 0;
    memset(builder->bytes_capacity, 0, out->schema->n_fields * sizeof *builder->bytes_capacity);
out:
    schema_free(schema);
    return status;
}
