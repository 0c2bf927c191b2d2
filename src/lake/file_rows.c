#include "lake/file_rows.h"

#include <string.h>

#include "base/memory.h"

/* ---- columns of several files ---- */

struct united {
    struct column_field *fields; /* names are copied into the arena: a reader forgets them with its file */
    size_t n, capacity;
    size_t *n_files; /* that have the field */
    struct arena names;
};

static lake_status unite_field(struct united *united, const struct column_field *field, struct lake_error *err)
{
    for (size_t i = 0; i < united->n; i++) {
        if (strcmp(united->fields[i].name, field->name) != 0)
            continue;
        united->fields[i].nullable = united->fields[i].nullable || field->nullable;
        united->n_files[i]++;
        return LAKE_OK; /* another type is found out when it is read */
    }
    if (united->n == united->capacity) {
        size_t capacity = united->capacity * 2 + 16;
        TRY(memory_resize(&united->fields, capacity, sizeof *united->fields, err));
        TRY(memory_resize(&united->n_files, capacity, sizeof *united->n_files, err));
        united->capacity = capacity;
    }
    struct column_field *to = &united->fields[united->n];
    *to = *field;
    TRY(arena_copy_text(&united->names, field->name, strlen(field->name), &to->name, err));
    united->n_files[united->n++] = 1;
    return LAKE_OK;
}

static lake_status unite_file(struct united *united, struct assembler *assembler, const struct manifest_file *entry,
                              struct lake_error *err)
{
    struct stored_file *opened = NULL;
    lake_status status = LAKE_OK;
    TRY(assembler_get_file(assembler, &opened, err));
    TRY_OUT(stored_file_open(opened, entry, err));
    const struct parquet_file *parquet = parquet_reader_file(stored_file_parquet(opened));
    for (size_t i = 0; i < parquet->n_columns; i++)
        TRY_OUT(unite_field(united, &parquet->columns[i].field, err));
out:
    stored_file_close(opened);
    return status;
}

/* A column that only some files have is null in the others. */
static lake_status unite_files(struct assembler *assembler, const struct manifest_file *const *files, size_t n,
                               struct schema **out, struct lake_error *err)
{
    struct united united = {.names = ARENA_INIT(MIB)};
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n; i++)
        TRY_OUT(unite_file(&united, assembler, files[i], err));
    for (size_t i = 0; i < united.n; i++)
        united.fields[i].nullable = united.fields[i].nullable || united.n_files[i] < n;
    status = schema_new(united.fields, united.n, out, err);
out:
    memory_free(united.fields);
    memory_free(united.n_files);
    arena_release(&united.names);
    return status;
}

lake_status file_rows_read(struct assembler *assembler, const struct manifest_file *const *files, size_t n,
                           struct batch *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct slice *slices = NULL;
    lake_status status = LAKE_OK;
    if (n == 0)
        return LAKE_OK;
    if (n == 1)
        return assemble_file(assembler, &(struct slice){.file = files[0]}, out, err);
    TRY_OUT(unite_files(assembler, files, n, &schema, err));
    TRY_OUT(memory_new(n, sizeof *slices, &slices, err));
    for (size_t i = 0; i < n; i++)
        slices[i] = (struct slice){.file = files[i], .n_rows = files[i]->n_rows};
    TRY_OUT(assemble_batch(assembler, schema, slices, n, out, err));
    out->owns_schema = true;
    schema = NULL;
out:
    memory_free(slices);
    schema_free(schema);
    return status;
}

/* ---- by time ---- */

/* The first row at or after a time. */
static int64_t find_row(const int64_t *ts, int64_t n_rows, int64_t ms)
{
    int64_t low = 0, high = n_rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (ts[middle] < ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int64_t file_rows_count(const int64_t *ts, int64_t n_rows, const struct range_list *ranges)
{
    int64_t n = 0;
    for (size_t i = 0; i < ranges->n; i++)
        n += find_row(ts, n_rows, ranges->items[i].end_ms) - find_row(ts, n_rows, ranges->items[i].start_ms);
    return n;
}

static lake_status append_rows(struct batch_builder *builder, const struct batch *batch, int64_t first, int64_t end,
                               struct lake_error *err)
{
    return end <= first ? LAKE_OK : batch_builder_append(builder, batch, first, end - first, err);
}

lake_status file_rows_select(const struct batch *batch, const struct range_list *ranges, bool inside, struct batch *out,
                             struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;
    int64_t from = 0;
    if (batch->schema == NULL)
        return LAKE_OK;
    const int64_t *ts = batch_values(batch, 0);
    TRY(batch_builder_new(batch->schema, &builder, err));
    for (size_t i = 0; i < ranges->n; i++) {
        int64_t first = find_row(ts, batch->n_rows, ranges->items[i].start_ms);
        int64_t end = find_row(ts, batch->n_rows, ranges->items[i].end_ms);
        TRY_OUT(append_rows(builder, batch, inside ? first : from, inside ? end : first, err));
        from = end;
    }
    if (!inside)
        TRY_OUT(append_rows(builder, batch, from, batch->n_rows, err));
    status = batch_builder_take(builder, out, err);
out:
    batch_builder_free(builder);
    return status;
}

lake_status file_rows_merge(struct batch *stored, struct batch *incoming, struct batch *out,
                            struct merge_counts *counts, struct lake_error *err)
{
    struct merge_counts ignored = {0};
    struct merge_counts *to = counts == NULL ? &ignored : counts;
    *to = (struct merge_counts){0};
    if (stored->schema != NULL && incoming->schema != NULL) {
        TRY(merge_batches(stored, incoming, out, to, err));
    } else {
        to->n_new = incoming->schema == NULL ? 0 : incoming->n_rows;
        batch_move(out, incoming->schema == NULL ? stored : incoming);
    }
    batch_release(stored);
    batch_release(incoming);
    return LAKE_OK;
}
