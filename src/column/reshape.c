#include "column/reshape.h"

#include <string.h>

#include "base/memory.h"

/* Owner of a batch whose columns are those of others. */
struct reshaped {
    struct batch inner; /* as it was */
    struct batch added; /* of one column, or empty */
    struct column columns[];
};

static void release_reshaped(struct batch *batch)
{
    struct reshaped *reshaped = batch->owner;
    batch_release(&reshaped->inner);
    batch_release(&reshaped->added);
    memory_free(reshaped);
}

static lake_status new_reshaped(size_t n_columns, struct reshaped **out, struct lake_error *err)
{
    size_t bytes = 0;
    if (!size_multiply(n_columns, sizeof(struct column), &bytes) || !size_add(bytes, sizeof **out, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "a batch of %zu columns is too large", n_columns);
    return memory_new(1, bytes, out, err);
}

/* The batch becomes one of the columns that were put together. */
static void take_over(struct batch *batch, struct reshaped *reshaped, const struct schema *schema)
{
    int64_t n_rows = batch->n_rows;
    batch_move(&reshaped->inner, batch);
    *batch = (struct batch){.schema = schema,
                            .n_rows = n_rows,
                            .columns = reshaped->columns,
                            .release = release_reshaped,
                            .owner = reshaped,
                            .owns_schema = true};
}

lake_status batch_drop_column(struct batch *batch, size_t column, struct lake_error *err)
{
    struct column_field *fields = NULL;
    struct reshaped *reshaped = NULL;
    struct schema *schema = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(batch->schema->n_fields, sizeof *fields, &fields, err));
    TRY_OUT(new_reshaped(batch->schema->n_fields, &reshaped, err));
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        if (i == column)
            continue;
        fields[n] = batch->schema->fields[i];
        reshaped->columns[n++] = batch->columns[i];
    }
    TRY_OUT(schema_new(fields, n, &schema, err));
    take_over(batch, reshaped, schema);
    reshaped = NULL;
out:
    memory_free(reshaped);
    memory_free(fields);
    return status;
}

static lake_status fill_added(struct batch *added, const struct column_field *field, int64_t n_rows, int32_t value,
                              struct lake_error *err)
{
    struct schema *schema = NULL;
    TRY(schema_new(field, 1, &schema, err));
    lake_status status = batch_new(added, schema, n_rows, err);
    if (status != LAKE_OK) {
        schema_free(schema);
        return status;
    }
    added->owns_schema = true;
    int32_t *values = batch_values(added, 0);
    for (int64_t row = 0; row < n_rows; row++)
        values[row] = value;
    return LAKE_OK;
}

lake_status batch_add_int32(struct batch *batch, const char *name, int32_t value, struct lake_error *err)
{
    const struct column_field field = {name, COLUMN_INT32, 0, false};
    struct column_field *fields = NULL;
    struct reshaped *reshaped = NULL;
    struct schema *schema = NULL;
    size_t n = batch->schema->n_fields;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n + 1, sizeof *fields, &fields, err));
    TRY_OUT(new_reshaped(n + 1, &reshaped, err));
    TRY_OUT(fill_added(&reshaped->added, &field, batch->n_rows, value, err));
    memcpy(fields, batch->schema->fields, n * sizeof *fields);
    memcpy(reshaped->columns, batch->columns, n * sizeof *reshaped->columns);
    fields[n] = field;
    reshaped->columns[n] = reshaped->added.columns[0];
    TRY_OUT(schema_new(fields, n + 1, &schema, err));
    take_over(batch, reshaped, schema);
    reshaped = NULL;
out:
    if (reshaped != NULL)
        batch_release(&reshaped->added);
    memory_free(reshaped);
    memory_free(fields);
    return status;
}
