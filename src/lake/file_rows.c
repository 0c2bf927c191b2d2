#include "lake/file_rows.h"

#include <string.h>

#include "base/memory.h"
#include "lake/row_plan.h"

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

static lake_status read_several(struct assembler *assembler, const struct manifest_file *const *files, size_t n,
                                struct batch *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct slice *slices = NULL;
    lake_status status = LAKE_OK;
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

/* A file may be anything by now; whoever gets its rows takes the first column for times. */
static lake_status check_times(const struct batch *batch, const char *path, struct lake_error *err)
{
    if (batch->schema->n_fields == 0 || time_unit_per_ms(batch->schema->fields[0].type) == 0 ||
        batch->columns[0].null_count > 0)
        return lake_fail(err, LAKE_CORRUPT, "%s: the first column is not a timestamp in each row", path);
    return LAKE_OK;
}

lake_status file_rows_read(struct assembler *assembler, const struct manifest_file *const *files, size_t n,
                           struct batch *out, struct lake_error *err)
{
    struct batch rows = {0};
    lake_status status = LAKE_OK;
    if (n == 0)
        return LAKE_OK;
    if (n == 1)
        TRY_OUT(assemble_file(assembler, &(struct slice){.file = files[0]}, &rows, err));
    else
        TRY_OUT(read_several(assembler, files, n, &rows, err));
    TRY_OUT(check_times(&rows, files[0]->path, err));
    batch_move(out, &rows);
out:
    batch_release(&rows);
    return status;
}

/* ---- by time ---- */

int64_t file_rows_count(const struct time_values *times, const struct range_list *ranges)
{
    int64_t n = 0;
    for (size_t i = 0; i < ranges->n; i++)
        n += time_values_find(times, ranges->items[i].end_ms) - time_values_find(times, ranges->items[i].start_ms);
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
    const struct time_values times = {batch_values(batch, 0), batch->n_rows,
                                      time_unit_per_ms(batch->schema->fields[0].type)};
    TRY(batch_builder_new(batch->schema, &builder, err));
    for (size_t i = 0; i < ranges->n; i++) {
        int64_t first = time_values_find(&times, ranges->items[i].start_ms);
        int64_t end = time_values_find(&times, ranges->items[i].end_ms);
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

/* ---- two batches ---- */

lake_status file_rows_merge(const struct merge_sides *sides, struct batch *out, struct merge_counts *counts,
                            struct lake_error *err)
{
    struct batch *stored = sides->stored, *incoming = sides->incoming;
    struct merge_counts ignored = {0};
    struct merge_counts *to = counts == NULL ? &ignored : counts;
    *to = (struct merge_counts){0};
    if (stored->schema != NULL && incoming->schema != NULL) {
        TRY(merge_batches(sides, out, to, err));
    } else {
        to->n_new = incoming->schema == NULL ? 0 : incoming->n_rows;
        batch_move(out, incoming->schema == NULL ? stored : incoming);
    }
    batch_release(stored);
    batch_release(incoming);
    return LAKE_OK;
}

static lake_status append_both(const struct batch *first, const struct batch *second, struct batch *out,
                               struct lake_error *err)
{
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;
    const struct batch *const both[] = {first, second};
    TRY_OUT(row_plan_unite_schemas(both, &schema, err));
    TRY_OUT(batch_builder_new(schema, &builder, err));
    TRY_OUT(batch_builder_append(builder, first, 0, first->n_rows, err));
    TRY_OUT(batch_builder_append(builder, second, 0, second->n_rows, err));
    status = batch_builder_take(builder, out, err);
out:
    batch_builder_free(builder);
    schema_free(schema);
    return status;
}

lake_status file_rows_append(struct batch *first, struct batch *second, struct batch *out, struct lake_error *err)
{
    if (first->schema == NULL || second->schema == NULL) {
        batch_move(out, second->schema == NULL ? first : second);
        return LAKE_OK;
    }
    TRY(append_both(first, second, out, err));
    batch_release(first);
    batch_release(second);
    return LAKE_OK;
}
