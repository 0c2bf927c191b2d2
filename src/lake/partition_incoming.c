#include "lake/partition_incoming.h"

#include "column/reshape.h"
#include "lake/file_rows.h"
#include "lake/row_key.h"

void incoming_release(struct incoming *incoming)
{
    batch_release(&incoming->rows);
}

/* ---- gathering ---- */

static lake_status read_kept(const struct kept_rows *kept, struct partition_tools *tools, struct batch *out,
                             struct lake_error *err)
{
    const struct slice slice = {.state_path = kept->path};
    TRY(assemble_file(tools->assembler, &slice, out, err));
    return kept->source == KEPT_SOURCE_IN_ROWS ? LAKE_OK : batch_add_int32(out, MERGE_SOURCE_COLUMN, kept->source, err);
}

static lake_status take_collected(struct partition *partition, struct batch *out, struct lake_error *err)
{
    if (partition->rows != NULL)
        TRY(batch_builder_take(partition->rows, out, err));
    batch_builder_free(partition->rows);
    partition->rows = NULL;
    return LAKE_OK;
}

/* Which sources the rows that are counted are of. */
static void find_sources(struct incoming *incoming, const struct data_type *type)
{
    const struct batch *rows = &incoming->rows;
    struct row_key key;
    incoming->sources = INCOMING_KEYED;
    if (rows->schema == NULL || !data_type_counts_rows(type))
        return;
    row_key_init(&key, type, rows);
    int found = schema_find(rows->schema, MERGE_SOURCE_COLUMN);
    const int32_t *sources = found < 0 ? NULL : batch_values(rows, (size_t)found);
    for (int64_t row = 0; row < rows->n_rows; row++) {
        int32_t source = sources == NULL ? 0 : sources[row];
        if (!row_key_is_counted(&key, row))
            continue;
        if (incoming->sources == INCOMING_OF_ONE && incoming->source != source) {
            incoming->sources = INCOMING_OF_SEVERAL;
            return;
        }
        incoming->sources = INCOMING_OF_ONE;
        incoming->source = source;
    }
}

lake_status incoming_gather(struct incoming *incoming, struct partition *partition, const struct data_type *type,
                            struct partition_tools *tools, struct lake_error *err)
{
    struct batch all = {0}, next = {0}, both = {0};
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < partition->n_incoming; i++) {
        TRY_OUT(read_kept(&partition->incoming[i], tools, &next, err));
        TRY_OUT(file_rows_append(&all, &next, &both, err));
        batch_move(&all, &both);
    }
    TRY_OUT(take_collected(partition, &next, err));
    TRY_OUT(file_rows_append(&all, &next, &incoming->rows, err));
    find_sources(incoming, type);
out:
    batch_release(&all);
    batch_release(&next);
    batch_release(&both);
    return status;
}

/* ---- keeping ---- */

lake_status incoming_keep_arrived(const struct incoming *incoming, struct partition *partition,
                                  const struct staging *staging, struct partition_tools *tools, struct lake_error *err)
{
    if (incoming->sources != INCOMING_OF_SEVERAL)
        return LAKE_OK;
    TRY(partition_file_name(partition, tools, err));
    return partition_file_keep_incoming(partition, staging, &incoming->rows, tools, err);
}

lake_status incoming_keep_sorted(const struct incoming *incoming, struct partition *partition,
                                 const struct staging *staging, struct partition_tools *tools, struct lake_error *err)
{
    const struct batch *rows = incoming->rows.schema == NULL ? NULL : &incoming->rows;
    if (incoming->sources == INCOMING_OF_SEVERAL)
        return LAKE_OK;
    if (!partition->is_changed)
        TRY(partition_file_name(partition, tools, err));
    TRY(partition_file_keep_incoming(partition, staging, rows, tools, err));
    if (incoming->sources == INCOMING_OF_ONE)
        partition->incoming[0].source = incoming->source;
    return LAKE_OK;
}
