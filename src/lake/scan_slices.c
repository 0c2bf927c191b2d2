#include "lake/scan_slices.h"

#include "column/time_unit.h"

static bool is_cut(const struct scan_plan *plan, const struct manifest_file *file)
{
    return file->time_from_ms < plan->start_ms || file->time_to_ms >= plan->end_ms;
}

bool scan_slices_are_cut(const struct scan_plan *plan)
{
    return plan->n_files > 0 && (is_cut(plan, &plan->files[0]) || is_cut(plan, &plan->files[plan->n_files - 1]));
}

/* Narrows a slice to the rows in [start, end): its pages by their index, the rows by their times. At most the first and the last
 * file of a plan need it. */
static lake_status cut_slice(struct assembler *assembler, const struct scan_plan *plan, const struct column_field *key,
                             struct slice *slice, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    if (key == NULL || time_unit_per_ms(key->type) == 0)
        return lake_fail(err, LAKE_CORRUPT, "the first column of %s is not a timestamp", slice->file->path);
    TRY_OUT(assembler_narrow(assembler, slice, plan->start_ms, plan->end_ms, err));
    if (slice->n_rows == 0)
        goto out;
    TRY_OUT(schema_new(key, 1, &schema, err));
    TRY_OUT(assemble_batch(assembler, schema, slice, 1, &batch, err));
    const struct time_values times = {batch_values(&batch, 0), batch.n_rows, time_unit_per_ms(key->type)};
    int64_t first = time_values_find(&times, plan->start_ms);
    slice->n_rows = time_values_find(&times, plan->end_ms) - first;
    slice->first_row += first;
out:
    batch_release(&batch);
    schema_free(schema);
    return status;
}

lake_status scan_slices_find(struct assembler *assembler, const struct scan_plan *plan, const struct column_field *key,
                             struct slice_list *out, struct lake_error *err)
{
    out->n = 0;
    out->n_rows = 0;
    for (size_t i = 0; i < plan->n_files; i++) {
        const struct manifest_file *file = &plan->files[i];
        struct slice slice = {.file = file, .n_rows = file->n_rows};
        if (is_cut(plan, file))
            TRY(cut_slice(assembler, plan, key, &slice, err));
        if (slice.n_rows > 0)
            out->items[out->n++] = slice;
        out->n_rows += slice.n_rows;
    }
    return LAKE_OK;
}

/* Keeps rows [skip, skip + n). */
static void keep_rows(struct slice_list *list, int64_t skip, int64_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct slice slice = list->items[i];
        int64_t skipped = skip < slice.n_rows ? skip : slice.n_rows;
        skip -= skipped;
        slice.first_row += skipped;
        slice.n_rows -= skipped;
        if (slice.n_rows > n)
            slice.n_rows = n;
        n -= slice.n_rows;
        if (slice.n_rows > 0)
            list->items[n_kept++] = slice;
    }
    list->n = n_kept;
}

void scan_slices_limit(struct slice_list *list, int64_t limit, int64_t tail)
{
    int64_t skip = tail > 0 && tail < list->n_rows ? list->n_rows - tail : 0;
    int64_t n = list->n_rows - skip;
    if (limit > 0 && limit < n)
        n = limit;
    if (n < list->n_rows)
        keep_rows(list, skip, n);
    list->n_rows = n;
}
