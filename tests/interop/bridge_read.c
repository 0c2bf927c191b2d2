#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "bridge.h"
#include "column/arrow.h"
#include "io/file.h"
#include "parquet/reader.h"

/* So few, and no power of two, that ranges begin and end within pages and row groups. */
enum { BATCH_ROWS = 4099 };

/* What has been read, until the stream that gives it out is released. */
struct table {
    struct schema *schema;
    struct batch *batches;
    size_t n_batches, next;
};

static void table_free(void *context)
{
    struct table *table = context;
    for (size_t i = 0; i < table->n_batches; i++)
        batch_release(&table->batches[i]);
    memory_free(table->batches);
    schema_free(table->schema);
    memory_free(table);
}

static lake_status table_next(void *context, struct batch *out, struct lake_error *err)
{
    struct table *table = context;
    (void)err;
    if (table->next < table->n_batches)
        batch_move(out, &table->batches[table->next++]);
    return LAKE_OK;
}

/* Which of the file's columns are read, in what order. */
struct selection {
    struct parquet_reader *reader;
    size_t *indexes;
    size_t n;
    struct buffer bytes; /* scratch for text */
};

static lake_status select_named(struct selection *selection, const char *columns, struct lake_error *err)
{
    char name[LIMIT_NAME_BYTES + 1];
    for (const char *p = columns;; p++) {
        size_t length = strcspn(p, ",");
        if (length > LIMIT_NAME_BYTES)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "a name of a column has %zu bytes", length);
        memcpy(name, p, length);
        name[length] = '\0';
        int index = parquet_reader_find(selection->reader, name);
        if (index < 0)
            return lake_fail(err, LAKE_NOT_FOUND, "there is no column '%s'", name);
        TRY(memory_resize(&selection->indexes, selection->n + 1, sizeof *selection->indexes, err));
        selection->indexes[selection->n++] = (size_t)index;
        p += length;
        if (*p == '\0')
            return LAKE_OK;
    }
}

static lake_status select_columns(struct selection *selection, const char *columns, struct lake_error *err)
{
    if (columns != NULL)
        return select_named(selection, columns, err);
    selection->n = parquet_reader_file(selection->reader)->n_columns;
    TRY(memory_new(selection->n, sizeof *selection->indexes, &selection->indexes, err));
    for (size_t i = 0; i < selection->n; i++)
        selection->indexes[i] = i;
    return LAKE_OK;
}

static lake_status make_schema(const struct selection *selection, struct schema **out, struct lake_error *err)
{
    const struct parquet_file *file = parquet_reader_file(selection->reader);
    struct column_field *fields = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(selection->n, sizeof *fields, &fields, err));
    for (size_t i = 0; i < selection->n; i++) {
        const struct parquet_file_column *column = &file->columns[selection->indexes[i]];
        if (column->unsupported != NULL)
            TRY_OUT(lake_fail(err, LAKE_UNSUPPORTED, "column '%s': %s", column->field.name, column->unsupported));
        fields[i] = column->field;
    }
    TRY_OUT(schema_new(fields, selection->n, out, err));
out:
    memory_free(fields);
    return status;
}

static lake_status take_validity(struct batch *batch, size_t index, const struct parquet_target *target,
                                 struct lake_error *err)
{
    if (target->valid == NULL)
        return LAKE_OK;
    TRY(batch_add_validity(batch, index, err));
    for (int64_t row = 0; row < batch->n_rows; row++)
        bit_set(batch->columns[index].validity, row, target->valid[row] != 0);
    batch->columns[index].null_count = target->null_count;
    return LAKE_OK;
}

/* Booleans come as a byte each. */
static lake_status read_bits(struct selection *selection, struct batch *batch, size_t index, int64_t first,
                             struct lake_error *err)
{
    uint8_t *flags = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new((size_t)batch->n_rows, 1, &flags, err));
    struct parquet_target target = {.values = flags};
    TRY_OUT(parquet_reader_read(selection->reader, selection->indexes[index], first, batch->n_rows, &target, err));
    for (int64_t row = 0; row < batch->n_rows; row++)
        bit_set(batch->columns[index].values, row, flags[row] != 0);
    TRY_OUT(take_validity(batch, index, &target, err));
out:
    memory_free(flags);
    return status;
}

static lake_status read_column(struct selection *selection, struct batch *batch, size_t index, int64_t first,
                               struct lake_error *err)
{
    struct column *column = &batch->columns[index];
    if (batch->schema->fields[index].type == COLUMN_BOOL)
        return read_bits(selection, batch, index, first, err);
    struct parquet_target target = {.values = column->values, .offsets = column->offsets, .bytes = &selection->bytes};
    TRY(parquet_reader_read(selection->reader, selection->indexes[index], first, batch->n_rows, &target, err));
    TRY(take_validity(batch, index, &target, err));
    if (column->offsets == NULL)
        return LAKE_OK;
    TRY(batch_add_bytes(batch, index, selection->bytes.length, err));
    if (selection->bytes.length > 0)
        memcpy(column->values, selection->bytes.data, selection->bytes.length);
    return LAKE_OK;
}

static lake_status read_batch(struct selection *selection, struct table *table, int64_t first, int64_t n_rows,
                              struct lake_error *err)
{
    TRY(memory_resize(&table->batches, table->n_batches + 1, sizeof *table->batches, err));
    struct batch *batch = &table->batches[table->n_batches];
    TRY(batch_new(batch, table->schema, n_rows, err));
    table->n_batches++;
    for (size_t i = 0; i < selection->n; i++)
        TRY(read_column(selection, batch, i, first, err));
    return LAKE_OK;
}

static lake_status read_table(struct selection *selection, struct parquet_source source, const char *columns,
                              struct table *table, struct lake_error *err)
{
    TRY(parquet_reader_open(selection->reader, source, err));
    int64_t n_rows = parquet_reader_file(selection->reader)->n_rows;
    TRY(select_columns(selection, columns, err));
    TRY(make_schema(selection, &table->schema, err));
    for (int64_t first = 0; first < n_rows; first += BATCH_ROWS)
        TRY(read_batch(selection, table, first, n_rows - first < BATCH_ROWS ? n_rows - first : BATCH_ROWS, err));
    return LAKE_OK;
}

static lake_status read_file(const char *path, const char *columns, struct ArrowArrayStream *out,
                             struct lake_error *err)
{
    struct selection selection = {.bytes = BUFFER_INIT(LIMIT_ENGINE_BYTES)};
    struct buffer file = BUFFER_INIT(LIMIT_PARQUET_DECODED_BYTES);
    struct table *table = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *table, &table, err));
    TRY_OUT(file_read_all(io_system(), path, file.limit, &file, err));
    TRY_OUT(parquet_reader_new(&selection.reader, err));
    TRY_OUT(read_table(&selection, parquet_source_bytes(path, file.data, file.length), columns, table, err));
    struct batch_source source = {table->schema, table_next, table_free, table};
    table = NULL;
    TRY_OUT(arrow_export_stream(source, out, err));
out:
    if (table != NULL)
        table_free(table);
    parquet_reader_free(selection.reader);
    memory_free(selection.indexes);
    buffer_release(&selection.bytes);
    buffer_release(&file);
    return status;
}

int bridge_parquet_read(const char *path, const char *columns, struct ArrowArrayStream *out, char *error, size_t n)
{
    struct lake_error err = {0};
    return bridge_answer(read_file(path, columns, out, &err), &err, error, n);
}
