#include "lake/row_reader.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"

struct row_reader {
    struct block_cache *blocks;
    struct parquet_reader *parquet;
    struct schema *schema;
    struct buffer text;
    uint8_t *booleans; /* a byte a row */
};

lake_status row_reader_new(struct block_cache *blocks, struct row_reader **out, struct lake_error *err)
{
    struct row_reader *reader = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *reader, &reader, err));
    reader->blocks = blocks;
    buffer_init(&reader->text, LIMIT_PARQUET_DECODED_BYTES);
    TRY_OUT(parquet_reader_new(&reader->parquet, err));
    *out = reader;
    reader = NULL;
out:
    row_reader_free(reader);
    return status;
}

void row_reader_free(struct row_reader *reader)
{
    if (reader == NULL)
        return;
    parquet_reader_free(reader->parquet);
    schema_free(reader->schema);
    buffer_release(&reader->text);
    memory_free(reader->booleans);
    memory_free(reader);
}

const struct parquet_file *row_reader_file(const struct row_reader *reader)
{
    return parquet_reader_file(reader->parquet);
}

const struct schema *row_reader_schema(const struct row_reader *reader)
{
    return reader->schema;
}

static lake_status check_columns(const struct parquet_file *file, const char *name, struct lake_error *err)
{
    for (size_t i = 0; i < file->n_columns; i++)
        if (file->columns[i].unsupported != NULL)
            return lake_fail(err, LAKE_UNSUPPORTED, "%s: column '%s' has %s", name, file->columns[i].field.name,
                             file->columns[i].unsupported);
    return LAKE_OK;
}

static lake_status copy_schema(const struct parquet_file *file, const char *name, struct schema **out,
                               struct lake_error *err)
{
    struct column_field *fields = NULL;
    struct lake_error failure = {LAKE_OK, ""};
    TRY(check_columns(file, name, err));
    TRY(memory_new(file->n_columns, sizeof *fields, &fields, err));
    for (size_t i = 0; i < file->n_columns; i++)
        fields[i] = file->columns[i].field;
    lake_status status = schema_new(fields, file->n_columns, out, &failure);
    memory_free(fields);
    if (status == LAKE_INVALID_ARGUMENT) /* two columns of one name, or the like: what the file says, not our caller */
        status = LAKE_CORRUPT;
    return status == LAKE_OK ? LAKE_OK : lake_fail(err, status, "%s: %s", name, failure.message);
}

/* Files of one dataset have the same columns day after day. */
static bool has_schema(const struct row_reader *reader, const struct parquet_file *file)
{
    const struct schema *schema = reader->schema;
    if (schema == NULL || schema->n_fields != file->n_columns)
        return false;
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct column_field *a = &schema->fields[i], *b = &file->columns[i].field;
        if (a->type != b->type || a->width != b->width || a->nullable != b->nullable || strcmp(a->name, b->name) != 0)
            return false;
    }
    return true;
}

lake_status row_reader_open(struct row_reader *reader, struct parquet_source source, struct lake_error *err)
{
    TRY(parquet_reader_open(reader->parquet, source, err));
    const struct parquet_file *file = parquet_reader_file(reader->parquet);
    if (has_schema(reader, file))
        return LAKE_OK;
    schema_free(reader->schema);
    reader->schema = NULL;
    return copy_schema(file, source.name, &reader->schema, err);
}

static lake_status keep_nulls(struct batch *batch, size_t column, const struct parquet_target *target,
                              struct lake_error *err)
{
    struct column *result = &batch->columns[column];
    if (target->null_count == 0)
        return LAKE_OK;
    TRY(batch_add_validity(batch, column, err));
    for (int64_t row = 0; row < batch->n_rows; row++)
        if (!target->valid[row])
            bit_set(result->validity, row, false);
    result->null_count = target->null_count;
    return LAKE_OK;
}

static lake_status read_column(struct row_reader *reader, size_t column, int64_t first, struct batch *batch,
                               struct lake_error *err)
{
    struct column *result = &batch->columns[column];
    struct parquet_target target = {.values = result->values, .offsets = result->offsets, .bytes = &reader->text};
    enum column_type type = batch->schema->fields[column].type;
    if (type == COLUMN_BOOL) {
        TRY(memory_resize(&reader->booleans, (size_t)batch->n_rows, 1, err));
        target.values = reader->booleans;
    }
    TRY(parquet_reader_read(reader->parquet, column, first, batch->n_rows, &target, err));
    if (column_type_has_offsets(type)) {
        TRY(batch_add_bytes(batch, column, reader->text.length, err));
        if (reader->text.length > 0)
            memcpy(result->values, reader->text.data, reader->text.length);
    }
    for (int64_t row = 0; type == COLUMN_BOOL && row < batch->n_rows; row++)
        bit_set(result->values, row, reader->booleans[row] != 0);
    return keep_nulls(batch, column, &target, err);
}

lake_status row_reader_read(struct row_reader *reader, int64_t first, int64_t n_rows, struct batch *out,
                            struct lake_error *err)
{
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(batch_new_cached(&batch, reader->schema, n_rows, reader->blocks, err));
    for (size_t i = 0; i < reader->schema->n_fields; i++)
        TRY_OUT(read_column(reader, i, first, &batch, err));
    batch_move(out, &batch);
out:
    batch_release(&batch);
    return status;
}

lake_status row_reader_read_times(struct row_reader *reader, int64_t first, int64_t n_rows, int64_t *out,
                                  struct lake_error *err)
{
    struct parquet_target target = {.values = out};
    const struct schema *schema = reader->schema;
    if (schema->n_fields == 0 || time_unit_per_ms(schema->fields[0].type) == 0)
        return lake_fail(err, LAKE_CORRUPT, "the first column is not a timestamp");
    TRY(parquet_reader_read(reader->parquet, 0, first, n_rows, &target, err));
    if (target.null_count > 0)
        return lake_fail(err, LAKE_CORRUPT, "%lld times are null", (long long)target.null_count);
    return LAKE_OK;
}
