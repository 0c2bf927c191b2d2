/* Scan, the waist through which everything is read: the files of one snapshot, decoded into batches as they are asked for. */
#include <datalake/lake.h>

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow.h"
#include "column/time_unit.h"
#include "lake/assemble.h"
#include "lake/readers.h"
#include "lake/scan_plan.h"

/* Rows of a batch where the memory configured allows more than anybody needs at once; and the share of the memory that one
 * batch may take: a caller may hold one while the next is made, and a consumer may copy. */
enum { MOST_BATCH_ROWS = 1 << 22, MEMORY_SHARE = 4 };

struct lake_scan {
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
static lake_status cut_slice(struct lake_scan *scan, struct slice *slice, struct lake_error *err)
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

static lake_status plan_slices(struct lake_scan *scan, struct lake_error *err)
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
static void keep_rows(struct lake_scan *scan, int64_t skip, int64_t n)
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

static void limit_rows(struct lake_scan *scan, const struct lake_scan_options *options)
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

static int64_t choose_batch_rows(const struct lake_scan *scan, int64_t asked)
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

static lake_status check_options(const struct lake_scan_options *options, struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "scan options have an unknown size");
    if (options->limit < 0 || options->tail < 0 || options->batch_rows < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "limit, tail and batch rows cannot be negative");
    if (options->has_start && options->has_end && options->start_ms > options->end_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the range starts after its end");
    if (options->as_of < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a snapshot cannot be negative");
    return LAKE_OK;
}

/* The pin comes first: what the plan names afterwards cannot expire any more. */
static lake_status resolve(struct lake_scan *scan, const struct lake_scan_options *options, struct lake_error *err)
{
    const struct scan_query query = {
        .selection = options->dataset,
        .start_ms = options->has_start ? options->start_ms : INT64_MIN,
        .end_ms = options->has_end ? options->end_ms : INT64_MAX,
        .as_of = options->as_of,
    };
    TRY(readers_pin(scan->lake, options->as_of, &scan->pin, err));
    TRY(scan_plan_resolve(scan->lake, &query, &scan->arena, &scan->plan, err));
    readers_raise(scan->lake, &scan->pin, scan->plan.snapshot);
    return scan_plan_schema(&scan->plan, options->columns, options->n_columns, &scan->schema, err);
}

lake_status lake_scan_open(struct lake *lake, const struct lake_scan_options *options, struct lake_scan **out,
                           struct lake_error *err)
{
    struct lake_scan *scan = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(check_options(options, err));
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
    lake_scan_close(scan);
    return status;
}

void lake_scan_close(struct lake_scan *scan)
{
    if (scan == NULL)
        return;
    readers_unpin(scan->lake, &scan->pin);
    assembler_free(scan->assembler);
    schema_free(scan->schema);
    arena_release(&scan->arena);
    memory_free(scan);
}

int64_t lake_scan_rows(const struct lake_scan *scan)
{
    return scan->n_rows;
}

struct lake_selection lake_scan_dataset(const struct lake_scan *scan, bool *chosen)
{
    const struct manifest_dataset *dataset = &scan->plan.dataset;
    struct lake_selection selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                       dataset->period};
    if (chosen != NULL)
        *chosen = scan->plan.was_chosen;
    return selection;
}

/* ---- reading ---- */

/* The slices of the next batch: whole files as long as they fit; a file that alone is larger is cut. */
static size_t count_batch_slices(struct lake_scan *scan, struct slice *rest)
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

static lake_status next_batch(void *context, struct batch *out, struct lake_error *err)
{
    struct lake_scan *scan = context;
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

lake_status lake_scan_schema(const struct lake_scan *scan, struct ArrowSchema *out, struct lake_error *err)
{
    return arrow_export_schema(scan->schema, out, err);
}

lake_status lake_scan_next(struct lake_scan *scan, struct ArrowArray *out, struct lake_error *err)
{
    struct batch batch;
    memset(out, 0, sizeof *out);
    TRY(next_batch(scan, &batch, err));
    return batch.release == NULL ? LAKE_OK : arrow_export_batch(&batch, out, err);
}

static void release_scan(void *context)
{
    lake_scan_close(context);
}

lake_status lake_scan_take_stream(struct lake_scan *scan, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct batch_source source = {scan->schema, next_batch, release_scan, scan};
    return arrow_export_stream(source, out, err);
}
