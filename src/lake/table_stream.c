#include "lake/table_stream.h"

#include "base/memory.h"

struct table {
    struct batch batch;
    struct schema *schema;
};

static lake_status next(void *context, struct batch *out, struct lake_error *err)
{
    struct table *table = context;
    (void)err;
    *out = (struct batch){0};
    if (table->batch.n_rows > 0)
        batch_move(out, &table->batch);
    return LAKE_OK;
}

static void release(void *context)
{
    struct table *table = context;
    batch_release(&table->batch);
    schema_free(table->schema);
    memory_free(table);
}

lake_status table_stream(struct batch_builder *builder, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct table *table = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *table, &table, err));
    TRY_OUT(batch_builder_take(builder, &table->batch, err));
    /* The stream needs the schema when the batch has left. */
    TRY_OUT(schema_new(table->batch.schema->fields, table->batch.schema->n_fields, &table->schema, err));
    struct batch_source source = {table->schema, next, release, table};
    return arrow_export_stream(source, out, err);
out:
    release(table);
    return status;
}
