#include "column/batch.h"

#include <string.h>

#include "base/block_cache.h"
#include "base/memory.h"

/* What batch_new allocates besides the columns' blocks. It knows its own number of columns, so that releasing never
 * looks at the schema: an exported batch may outlive a borrowed one. */
struct heap_batch {
    size_t n_columns;
    struct block_cache *cache; /* where large blocks of values come from and go to, or NULL */
    size_t *value_bytes;       /* of each column's values, behind the columns */
    struct column columns[];
};

/* Blocks are padded to whole cache lines, as the Arrow format recommends. */
enum { BLOCK_PADDING = 64 };

static lake_status padded_bytes(size_t n, size_t size, size_t *out, struct lake_error *err)
{
    size_t bytes = 0;
    if (!size_multiply(n, size, &bytes) || !size_add(bytes, BLOCK_PADDING - 1, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "%zu values of %zu bytes are too many", n, size);
    *out = bytes / BLOCK_PADDING * BLOCK_PADDING;
    return LAKE_OK;
}

static lake_status new_block(size_t n, size_t size, void *out, struct lake_error *err)
{
    size_t bytes = 0;
    TRY(padded_bytes(n, size, &bytes, err));
    return memory_new_aligned(bytes, out, err);
}

static size_t bitmap_bytes(int64_t n_rows)
{
    return (size_t)(n_rows / 8 + (n_rows % 8 != 0));
}

static lake_status new_values(struct heap_batch *heap, size_t i, const struct column_field *field, int64_t n_rows,
                              struct lake_error *err)
{
    size_t n = (size_t)n_rows;
    struct column *column = &heap->columns[i];
    if (column_type_has_offsets(field->type)) {
        TRY(new_block(n + 1, sizeof *column->offsets, &column->offsets, err));
        memset(column->offsets, 0, (n + 1) * sizeof *column->offsets);
        return LAKE_OK;
    }
    if (field->type != COLUMN_BOOL) {
        TRY(padded_bytes(n, column_type_width(field), &heap->value_bytes[i], err));
        return block_cache_take(heap->cache, heap->value_bytes[i], &column->values, err);
    }
    TRY(new_block(bitmap_bytes(n_rows), 1, &column->values, err));
    memset(column->values, 0, bitmap_bytes(n_rows));
    return LAKE_OK;
}

static void release_heap(struct batch *batch)
{
    struct heap_batch *heap = batch->owner;
    for (size_t i = 0; i < heap->n_columns; i++) {
        memory_free(heap->columns[i].validity);
        block_cache_give(heap->cache, heap->columns[i].values, heap->value_bytes[i]);
        memory_free(heap->columns[i].offsets);
    }
    memory_free(heap);
}

lake_status batch_new(struct batch *batch, const struct schema *schema, int64_t n_rows, struct lake_error *err)
{
    return batch_new_cached(batch, schema, n_rows, NULL, err);
}

lake_status batch_new_cached(struct batch *batch, const struct schema *schema, int64_t n_rows,
                             struct block_cache *cache, struct lake_error *err)
{
    struct heap_batch *heap = NULL;
    size_t bytes = 0;
    lake_status status = LAKE_OK;

    memset(batch, 0, sizeof *batch);
    if (n_rows < 0 || (uint64_t)n_rows >= SIZE_MAX)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a batch cannot have %lld rows", (long long)n_rows);
    if (!size_multiply(schema->n_fields, sizeof(struct column) + sizeof(size_t), &bytes) ||
        !size_add(bytes, sizeof *heap, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "a batch of %zu columns is too large", schema->n_fields);
    TRY(memory_new(1, bytes, &heap, err));
    heap->n_columns = schema->n_fields;
    heap->cache = cache;
    heap->value_bytes = (size_t *)(void *)(heap->columns + schema->n_fields);
    *batch = (struct batch){
        .schema = schema, .n_rows = n_rows, .columns = heap->columns, .release = release_heap, .owner = heap};
    for (size_t i = 0; i < schema->n_fields; i++)
        TRY_OUT(new_values(heap, i, &schema->fields[i], n_rows, err));
out:
    if (status != LAKE_OK)
        batch_release(batch);
    return status;
}

void batch_release(struct batch *batch)
{
    if (batch->release != NULL)
        batch->release(batch);
    if (batch->owns_schema)
        schema_free(batch->schema);
    memset(batch, 0, sizeof *batch);
}

void batch_move(struct batch *to, struct batch *from)
{
    *to = *from;
    memset(from, 0, sizeof *from);
}

lake_status batch_add_validity(struct batch *batch, size_t column, struct lake_error *err)
{
    struct column *target = &batch->columns[column];
    size_t bytes = bitmap_bytes(batch->n_rows);
    if (target->validity != NULL)
        return LAKE_OK;
    TRY(new_block(bytes, 1, &target->validity, err));
    memset(target->validity, 0xff, bytes);
    /* Bits past the last row are zero, so that equal columns have equal bytes. */
    if (batch->n_rows % 8 != 0)
        target->validity[bytes - 1] = (uint8_t)((1u << (batch->n_rows % 8)) - 1);
    return LAKE_OK;
}

lake_status batch_add_bytes(struct batch *batch, size_t column, size_t n_bytes, struct lake_error *err)
{
    return new_block(n_bytes, 1, &batch->columns[column].values, err);
}
