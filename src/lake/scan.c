/* Scan, the waist through which everything is read: the files of one snapshot, decoded into batches as they are asked for. */
#include "lake/scan.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "lake/assemble.h"
#include "lake/readers.h"

/* Rows of a batch where the memory configured allows more than anybody needs at once; and the share of the memory that one
 * batch may take: a caller may hold one while the next is made, and a consumer may copy. */
enum { MOST_BATCH_ROWS = 1 << 22, MEMORY_SHARE = 4 };

struct scan {
    struct lake *lake;
    struct arena arena;
    struct reader_pin pin; /* what the plan needs is not expired before the scan is closed */
    struct scan_plan plan;
    struct schema *schema; /* of what comes out */
    struct slice *slices;  /* what is still to come, in order of time */
    size_t n_slices, next_slice;
    int64_t n_rows;
    int64_t batch_rows;
    struct assembler *assembler;
};

/* ---- rows ---- */

/* Narrows a slice to the rows in [start, end): its pages by their index, the rows by their times. At most the first and the last
 * file of a scan need it. */
static lake_status cut_slice(struct scan *scan, struct slice *slice, struct lake_error *err)
{
    const struct column_field *key = &scan->schema->fields[0];
    struct schema *schema = NULL;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    if (scan->schema->n_fields == 0 || time_unit_per_ms(key->type) == 0)
        return lake_fail(err, LAKE_CORRUPT, "the first column of %s is not a timestamp", slice->file->path);
    TRY_OUT(assembler_narrow(scan->assembler, slice, scan->plan.start_ms, scan->plan.end_ms, err));
    if (slice->n_rows == 0)
        goto out;
    TRY_OUT(schema_new(key, 1, &schema, err));
    TRY_OUT(assemble_batch(scan->assembler, schema, slice, 1, &batch, err));
    const struct time_values times = {batch_values(&batch, 0), batch.n_rows, time_unit_per_ms(key->type)};
    int64_t first = time_values_find(&times, scan->plan.start_ms);
    slice->n_rows = time_values_find(&times, scan->plan.end_ms) - first;
    slice->first_row += first;
out:
    batch_release(&batch);
    schema_free(schema);
    return status;
}

static lake_status plan_slices(struct scan *scan, struct lake_error *err)
{
    const struct scan_plan *plan = &scan->plan;
    TRY(arena_new(&scan->arena, plan->n_files, sizeof *scan->slices, &scan->slices, err));
    for (size_t i = 0; i < plan->n_files; i++) {
        const struct manifest_file *file = &plan->files[i];
        struct slice slice = {.file = file, .n_rows = file->n_rows};
        if (file->time_from_ms < plan->start_ms || file->time_to_ms >= plan->end_ms)
            TRY(cut_slice(scan, &slice, err));
        if (slice.n_rows > 0)
            scan->slices[scan->n_slices++] = slice;
        scan->n_rows += slice.n_rows;
    }
    return LAKE_OK;
}

/* Keeps rows [skip, skip + n) of the plan. */
static void keep_rows(struct scan *scan, int64_t skip, int64_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < scan->n_slices; i++) {
        struct slice slice = scan->slices[i];
        int64_t skipped = skip < slice.n_rows ? skip : slice.n_rows;
        skip -= skipped;
        slice.first_row += skipped;
        slice.n_rows -= skipped;
        if (slice.n_rows > n)
            slice.n_rows = n;
        n -= slice.n_rows;
        if (slice.n_rows > 0)
            scan->slices[n_kept++] = slice;
    }
    scan->n_slices = n_kept;
}

static void limit_rows(struct scan *scan, const struct scan_options *options)
{
    int64_t total = scan->n_rows;
    int64_t skip = options->tail > 0 && options->tail < total ? total - options->tail : 0;
    int64_t n = total - skip;
    if (options->limit > 0 && options->limit < n)
        n = options->limit;
    if (n < total)
        keep_rows(scan, skip, n);
    scan->n_rows = n;
}

/* ---- opening ---- */

static int64_t choose_batch_rows(const struct scan *scan, int64_t asked)
{
    size_t row_bytes = 1;
    for (size_t i = 0; i < scan->schema->n_fields; i++) {
        size_t width = column_type_width(&scan->schema->fields[i]);
        row_bytes += width == 0 ? 16 : width;
    }
    size_t fitting = scan->lake->memory_bytes / MEMORY_SHARE / row_bytes;
    int64_t rows = fitting > MOST_BATCH_ROWS ? MOST_BATCH_ROWS : (int64_t)fitting;
    rows = asked > 0 && asked < rows ? asked : rows;
    return rows < 1 ? 1 : rows;
}

/* The pin comes first: what the plan names afterwards cannot expire any more. */
static lake_status resolve(struct scan *scan, const struct scan_options *options, struct lake_error *err)
{
    TRY(readers_pin(scan->lake, options->query.as_of, &scan->pin, err));
    TRY(scan_plan_resolve(scan->lake, &options->query, &scan->arena, &scan->plan, err));
    readers_raise(scan->lake, &scan->pin, scan->plan.snapshot);
    return scan_plan_schema(&scan->plan, options->columns, options->n_columns, &scan->schema, err);
}

lake_status scan_open(struct lake *lake, const struct scan_options *options, struct scan **out, struct lake_error *err)
{
    struct scan *scan = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *scan, &scan, err));
    scan->lake = lake;
    arena_init(&scan->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(resolve(scan, options, err));
    TRY_OUT(assembler_new(lake, pool_threads(lake->pool), &scan->assembler, err));
    status = plan_slices(scan, err);
    if (status != LAKE_OK) {
        status = scan_plan_explain(lake, &scan->plan, status, err);
        goto out;
    }
    limit_rows(scan, options);
    scan->batch_rows = choose_batch_rows(scan, options->batch_rows);
    *out = scan;
    scan = NULL;
out:
    scan_close(scan);
    return status;
}

void scan_close(struct scan *scan)
{
    if (scan == NULL)
        return;
    readers_unpin(scan->lake, &scan->pin);
    assembler_free(scan->assembler);
    schema_free(scan->schema);
    arena_release(&scan->arena);
    memory_free(scan);
}

int64_t scan_rows(const struct scan *scan)
{
    return scan->n_rows;
}

const struct scan_plan *scan_get_plan(const struct scan *scan)
{
    return &scan->plan;
}

const struct schema *scan_get_schema(const struct scan *scan)
{
    return scan->schema;
}

/* ---- reading ---- */

/* The slices of the next batch: whole files as long as they fit; a file that alone is larger is cut. */
static size_t count_batch_slices(struct scan *scan, struct slice *rest)
{
    int64_t n_rows = 0;
    size_t n = 0;
    struct slice *slices = scan->slices + scan->next_slice;
    *rest = (struct slice){0};
    while (scan->next_slice + n < scan->n_slices && n_rows + slices[n].n_rows <= scan->batch_rows)
        n_rows += slices[n++].n_rows;
    if (n > 0 || scan->next_slice == scan->n_slices)
        return n;
    *rest = slices[0];
    rest->first_row += scan->batch_rows;
    rest->n_rows -= scan->batch_rows;
    slices[0].n_rows = scan->batch_rows;
    return 1;
}

lake_status scan_next(struct scan *scan, struct batch *out, struct lake_error *err)
{
    struct slice rest;
    memset(out, 0, sizeof *out);
    if (scan->next_slice == scan->n_slices)
        return LAKE_OK;
    struct slice whole = scan->slices[scan->next_slice];
    size_t n = count_batch_slices(scan, &rest);
    lake_status status = assemble_batch(scan->assembler, scan->schema, scan->slices + scan->next_slice, n, out, err);
    if (status != LAKE_OK) {
        scan->slices[scan->next_slice] = whole; /* asked again, it loses no rows */
        return scan_plan_explain(scan->lake, &scan->plan, status, err);
    }
    if (rest.n_rows > 0)
        scan->slices[scan->next_slice] = rest;
    else
        scan->next_slice += n;
    return LAKE_OK;
}
