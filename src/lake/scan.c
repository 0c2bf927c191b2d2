#include "lake/scan.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow.h"
#include "column/data_type.h"
#include "lake/select.h"

/* Rows of a batch where the memory configured allows more than anybody needs at once; and the share of the memory that one
 * batch may take: a caller may hold one while the next is made, and a consumer may copy. */
enum { MOST_BATCH_ROWS = 1 << 22, MEMORY_SHARE = 4 };

struct lake_scan {
    struct lake *lake;
    struct arena arena;
    struct manifest_dataset dataset;
    bool was_chosen;
    struct schema *schema; /* of what comes out */
    struct slice *slices;  /* what is still to come, in order of time */
    size_t n_slices, next_slice;
    int64_t n_rows;
    int64_t batch_rows;
    struct assembler *assembler;
};

/* ---- columns ---- */

static bool is_in(const struct column_field *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, name) == 0)
            return true;
    return false;
}

static size_t order_columns(const struct data_type *type, const struct manifest_column *found, size_t n_found,
                            struct column_field *fields)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_columns; i++)
        for (size_t j = 0; j < n_found; j++)
            if (strcmp(type->columns[i].name, found[j].name) == 0)
                fields[n++] = (struct column_field){found[j].name, (enum column_type)found[j].type, found[j].width,
                                                    type->columns[i].nullable};
    for (size_t j = 0; j < n_found; j++)
        if (!is_in(fields, n, found[j].name))
            fields[n++] = (struct column_field){found[j].name, (enum column_type)found[j].type, found[j].width, true};
    return n;
}

lake_status scan_schema_of(struct lake *lake, const struct manifest_dataset *dataset, struct schema **out,
                           struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    const struct data_type *type = NULL;
    struct manifest_column *found = NULL;
    struct column_field *fields = NULL;
    size_t n_found = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(data_type_find(dataset->type, &type, err));
    mutex_lock(lake->mutex);
    status = manifest_find_columns(lake->manifest, dataset->id, &arena, &found, &n_found, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(arena_new(&arena, n_found, sizeof *fields, &fields, err));
    status = schema_new(fields, order_columns(type, found, n_found, fields), out, err);
out:
    arena_release(&arena);
    return status;
}

static lake_status fail_no_column(const struct schema *all, const char *name, struct lake_error *err)
{
    struct buffer names = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES);
    const char *text = "";
    for (size_t i = 0; i < all->n_fields; i++)
        if (buffer_printf(&names, NULL, "%s%s", i == 0 ? "" : ", ", all->fields[i].name) != LAKE_OK)
            break;
    if (buffer_string(&names, &text, NULL) != LAKE_OK)
        text = "";
    lake_status status =
        lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no column '%s'; the columns are %s", name, text);
    buffer_release(&names);
    return status;
}

/* The key first, then the columns asked for, each once. */
static lake_status choose_columns(struct lake_scan *scan, const struct lake_scan_options *options,
                                  struct lake_error *err)
{
    struct schema *all = NULL;
    struct column_field *fields = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY(scan_schema_of(scan->lake, &scan->dataset, &all, err));
    if (options->columns == NULL || all->n_fields == 0) {
        scan->schema = all;
        return LAKE_OK;
    }
    TRY_OUT(memory_new(all->n_fields, sizeof *fields, &fields, err));
    fields[n++] = all->fields[0];
    for (size_t i = 0; i < options->n_columns; i++) {
        int found = schema_find(all, options->columns[i]);
        if (found < 0) {
            status = fail_no_column(all, options->columns[i], err);
            goto out;
        }
        if (!is_in(fields, n, all->fields[found].name))
            fields[n++] = all->fields[found];
    }
    status = schema_new(fields, n, &scan->schema, err);
out:
    memory_free(fields);
    schema_free(all);
    return status;
}

/* ---- rows ---- */

/* First row at or after `ts` in a sorted column. */
static int64_t lower_bound(const int64_t *values, int64_t n, int64_t ts)
{
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (values[middle] < ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Narrows a slice to the rows in [start, end), by its times. At most the first and the last file of a scan need it. */
static lake_status cut_slice(struct lake_scan *scan, struct slice *slice, int64_t start_ms, int64_t end_ms,
                             struct lake_error *err)
{
    static const struct column_field key = {"ts", COLUMN_TIMESTAMP_MS, 0, false};
    struct schema *schema = NULL;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(schema_new(&key, 1, &schema, err));
    TRY_OUT(assemble_batch(scan->assembler, schema, slice, 1, &batch, err));
    const int64_t *ts = batch_values(&batch, 0);
    int64_t first = lower_bound(ts, batch.n_rows, start_ms);
    slice->n_rows = lower_bound(ts, batch.n_rows, end_ms) - first;
    slice->first_row += first;
out:
    batch_release(&batch);
    schema_free(schema);
    return status;
}

static lake_status plan_slices(struct lake_scan *scan, int64_t start_ms, int64_t end_ms, struct lake_error *err)
{
    struct manifest_file *files = NULL;
    size_t n_files = 0;
    int64_t snapshot = 0;
    mutex_lock(scan->lake->mutex);
    lake_status status = manifest_find_files(scan->lake->manifest, scan->dataset.id, start_ms, end_ms, &scan->arena,
                                             &files, &n_files, &snapshot, err);
    mutex_unlock(scan->lake->mutex);
    if (status != LAKE_OK)
        return status;
    TRY(arena_new(&scan->arena, n_files, sizeof *scan->slices, &scan->slices, err));
    for (size_t i = 0; i < n_files; i++) {
        struct slice slice = {.file = &files[i], .n_rows = files[i].n_rows};
        if (files[i].time_from_ms < start_ms || files[i].time_to_ms >= end_ms)
            TRY(cut_slice(scan, &slice, start_ms, end_ms, err));
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
    return LAKE_OK;
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
    TRY_OUT(select_dataset(lake, &options->dataset, &scan->arena, &scan->dataset, &scan->was_chosen, err));
    TRY_OUT(choose_columns(scan, options, err));
    TRY_OUT(assembler_new(lake, pool_threads(lake->pool), &scan->assembler, err));
    TRY_OUT(plan_slices(scan, options->has_start ? options->start_ms : INT64_MIN,
                        options->has_end ? options->end_ms : INT64_MAX, err));
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
    const struct manifest_dataset *dataset = &scan->dataset;
    struct lake_selection selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                       dataset->period};
    if (chosen != NULL)
        *chosen = scan->was_chosen;
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
        return status;
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
