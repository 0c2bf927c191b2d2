#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "column/arrow.h"

/* The C data interface lets a consumer move a child out and release the parent, or release them on different threads.
 * So a parent and its children share one block, which goes with the last of them. */

enum { FORMAT_BYTES = 16, MAX_BUFFERS = 3 };

/* ---- schema ---- */

struct schema_child {
    struct ArrowSchema arrow;
    char format[FORMAT_BYTES];
};

struct schema_block {
    atomic_size_t n_references;
    struct ArrowSchema **pointers;
    char *names;
    struct schema_child children[];
};

static const char *const formats[] = {
    [COLUMN_BOOL] = "b",
    [COLUMN_INT32] = "i",
    [COLUMN_INT64] = "l",
    [COLUMN_FLOAT] = "f",
    [COLUMN_DOUBLE] = "g",
    [COLUMN_TIMESTAMP_MS] = "tsm:UTC",
    [COLUMN_TIMESTAMP_US] = "tsu:UTC",
    [COLUMN_TIMESTAMP_NS] = "tsn:UTC",
    [COLUMN_UTF8] = "u",
    [COLUMN_BINARY] = "z",
    [COLUMN_FIXED] = NULL, /* "w:" and the width */
};

static void schema_block_unreference(struct schema_block *block)
{
    if (atomic_fetch_sub_explicit(&block->n_references, 1, memory_order_acq_rel) == 1) {
        memory_free(block->pointers);
        memory_free(block->names);
        memory_free(block);
    }
}

static void release_schema_child(struct ArrowSchema *arrow)
{
    arrow->release = NULL;
    schema_block_unreference(arrow->private_data);
}

static void release_schema(struct ArrowSchema *arrow)
{
    struct schema_block *block = arrow->private_data;
    for (int64_t i = 0; i < arrow->n_children; i++)
        if (arrow->children[i]->release != NULL)
            arrow->children[i]->release(arrow->children[i]);
    arrow->release = NULL;
    schema_block_unreference(block);
}

static void fill_schema_child(struct schema_child *child, const struct column_field *field, char *name,
                              struct schema_block *block)
{
    if (formats[field->type] != NULL)
        snprintf(child->format, sizeof child->format, "%s", formats[field->type]);
    else
        snprintf(child->format, sizeof child->format, "w:%" PRId32, field->width);
    child->arrow = (struct ArrowSchema){.format = child->format,
                                        .name = name,
                                        .flags = field->nullable ? ARROW_FLAG_NULLABLE : 0,
                                        .release = release_schema_child,
                                        .private_data = block};
}

lake_status arrow_export_schema(const struct schema *schema, struct ArrowSchema *out, struct lake_error *err)
{
    struct schema_block *block = NULL;
    lake_status status = LAKE_OK;
    size_t n = schema->n_fields, n_names = 0, bytes = 0;

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n; i++)
        n_names += strlen(schema->fields[i].name) + 1;
    if (!size_multiply(n, sizeof *block->children, &bytes) || !size_add(bytes, sizeof *block, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "a schema of %zu columns is too large", n);
    TRY(memory_new(1, bytes, &block, err));
    atomic_init(&block->n_references, 1);
    TRY_OUT(memory_new(n, sizeof *block->pointers, &block->pointers, err));
    TRY_OUT(memory_new(n_names, 1, &block->names, err));
    char *name = block->names;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(schema->fields[i].name) + 1;
        memcpy(name, schema->fields[i].name, length);
        fill_schema_child(&block->children[i], &schema->fields[i], name, block);
        block->pointers[i] = &block->children[i].arrow;
        name += length;
    }
    atomic_store(&block->n_references, n + 1);
    *out = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)n,
                                .children = block->pointers,
                                .release = release_schema,
                                .private_data = block};
    block = NULL;
out:
    if (block != NULL)
        schema_block_unreference(block);
    return status;
}

/* ---- batch ---- */

struct array_child {
    struct ArrowArray arrow;
    const void *buffers[MAX_BUFFERS];
};

struct array_block {
    atomic_size_t n_references;
    struct batch batch;
    const void *no_validity[1]; /* the one buffer of the struct array itself */
    struct ArrowArray **pointers;
    struct array_child children[];
};

static void array_block_unreference(struct array_block *block)
{
    if (atomic_fetch_sub_explicit(&block->n_references, 1, memory_order_acq_rel) == 1) {
        batch_release(&block->batch);
        memory_free(block->pointers);
        memory_free(block);
    }
}

static void release_array_child(struct ArrowArray *arrow)
{
    arrow->release = NULL;
    array_block_unreference(arrow->private_data);
}

static void release_array(struct ArrowArray *arrow)
{
    struct array_block *block = arrow->private_data;
    for (int64_t i = 0; i < arrow->n_children; i++)
        if (arrow->children[i]->release != NULL)
            arrow->children[i]->release(arrow->children[i]);
    arrow->release = NULL;
    array_block_unreference(block);
}

static void fill_array_child(struct array_child *child, const struct column *column, bool has_offsets,
                             struct array_block *block)
{
    child->buffers[0] = column->null_count > 0 ? column->validity : NULL;
    child->buffers[1] = has_offsets ? (const void *)column->offsets : column->values;
    child->buffers[2] = has_offsets ? column->values : NULL;
    if (has_offsets && column->values == NULL) /* consumers dislike a missing buffer even where there are no bytes */
        child->buffers[2] = column->offsets;
    child->arrow = (struct ArrowArray){.length = block->batch.n_rows,
                                       .null_count = column->null_count,
                                       .n_buffers = has_offsets ? 3 : 2,
                                       .buffers = child->buffers,
                                       .release = release_array_child,
                                       .private_data = block};
}

lake_status arrow_export_batch(struct batch *batch, struct ArrowArray *out, struct lake_error *err)
{
    struct array_block *block = NULL;
    lake_status status = LAKE_OK;
    size_t n = batch->schema->n_fields, bytes = 0;

    memset(out, 0, sizeof *out);
    if (!size_multiply(n, sizeof *block->children, &bytes) || !size_add(bytes, sizeof *block, &bytes))
        TRY_OUT(lake_fail(err, LAKE_NO_MEMORY, "a batch of %zu columns is too large", n));
    TRY_OUT(memory_new(1, bytes, &block, err));
    atomic_init(&block->n_references, 1);
    TRY_OUT(memory_new(n, sizeof *block->pointers, &block->pointers, err));
    batch_move(&block->batch, batch);
    for (size_t i = 0; i < n; i++) {
        bool has_offsets = column_type_has_offsets(block->batch.schema->fields[i].type);
        fill_array_child(&block->children[i], &block->batch.columns[i], has_offsets, block);
        block->pointers[i] = &block->children[i].arrow;
    }
    atomic_store(&block->n_references, n + 1);
    *out = (struct ArrowArray){.length = block->batch.n_rows,
                               .n_buffers = 1,
                               .n_children = (int64_t)n,
                               .buffers = block->no_validity,
                               .children = block->pointers,
                               .release = release_array,
                               .private_data = block};
    block = NULL;
out:
    if (block != NULL)
        array_block_unreference(block);
    batch_release(batch);
    return status;
}
