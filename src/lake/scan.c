/* Scan, the waist through which everything is read: the files of one snapshot, decoded into batches as they are asked for. */
#include "lake/scan.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/readers.h"
#include "lake/scan_slices.h"
#include "lake/schema_union.h"

/* Rows of a batch where the memory configured allows more than anybody needs at once; and the share of the memory that one
 * batch may take: a caller may hold one while the next is made, and a consumer may copy. */
enum { MOST_BATCH_ROWS = 1 << 22, MEMORY_SHARE = 4 };

struct scan {
    struct lake *lake;
    struct arena arena;
    struct reader_pin pin;   /* what the plans need is not expired before the scan is closed */
    struct scan_plan *plans; /* of each symbol */
    int64_t *plan_rows;
    size_t n_plans;
    struct schema *schema; /* of what comes out */
    struct slice *slices;  /* what is still to come, in order of symbol and time */
    size_t n_slices, next_slice;
    int64_t n_rows;
    int64_t batch_rows;
    struct assembler *assembler;
};

/* ---- rows ---- */

/* Finding the slices of many plans, in parallel. */
struct search {
    struct scan *scan;
    const struct scan_options *options;
    struct slice_list *lists;      /* of each plan */
    struct assembler **assemblers; /* of each worker, made when first used */
    size_t n_workers;
};

static const struct column_field *key_of(const struct scan *scan)
{
    return scan->schema->n_fields == 0 ? NULL : &scan->schema->fields[0];
}

static lake_status find_slices(struct scan *scan, const struct scan_options *options, struct assembler *assembler,
                               size_t plan, struct slice_list *out, struct lake_error *err)
{
    const struct scan_plan *of = &scan->plans[plan];
    lake_status status = scan_slices_find(assembler, of, key_of(scan), out, err);
    if (status != LAKE_OK)
        return scan_plan_explain(scan->lake, of, status, err);
    scan_slices_limit(out, options->limit, options->tail);
    return LAKE_OK;
}

static lake_status search_plan(void *context, size_t plan, size_t worker, struct lake_error *err)
{
    struct search *search = context;
    struct scan *scan = search->scan;
    if (search->assemblers[worker] == NULL)
        TRY(assembler_new(scan->lake, 1, &search->assemblers[worker], err));
    return find_slices(scan, search->options, search->assemblers[worker], plan, &search->lists[plan], err);
}

static lake_status search_in_parallel(struct scan *scan, const struct scan_options *options, struct slice_list *lists,
                                      struct lake_error *err)
{
    struct search search = {scan, options, lists, NULL, pool_threads(scan->lake->pool)};
    TRY(memory_new(search.n_workers, sizeof(struct assembler *), &search.assemblers, err));
    lake_status status = pool_run(scan->lake->pool, scan->n_plans, search_plan, &search, err);
    for (size_t i = 0; i < search.n_workers; i++)
        assembler_free(search.assemblers[i]);
    memory_free(search.assemblers);
    return status;
}

static lake_status search_all(struct scan *scan, const struct scan_options *options, struct slice_list *lists,
                              struct lake_error *err)
{
    bool are_cut = false;
    for (size_t i = 0; i < scan->n_plans; i++)
        are_cut = are_cut || scan_slices_are_cut(&scan->plans[i]);
    if (scan->n_plans > 1 && are_cut)
        return search_in_parallel(scan, options, lists, err);
    for (size_t i = 0; i < scan->n_plans; i++)
        TRY(find_slices(scan, options, scan->assembler, i, &lists[i], err));
    return LAKE_OK;
}

/* Every plan's slices in room of their own, then moved together. */
static lake_status plan_slices(struct scan *scan, const struct scan_options *options, struct lake_error *err)
{
    struct slice_list *lists = NULL;
    size_t n_files = 0;
    for (size_t i = 0; i < scan->n_plans; i++)
        n_files += scan->plans[i].n_files;
    TRY(arena_new(&scan->arena, n_files, sizeof *scan->slices, &scan->slices, err));
    TRY(arena_new(&scan->arena, scan->n_plans, sizeof *scan->plan_rows, &scan->plan_rows, err));
    TRY(arena_new(&scan->arena, scan->n_plans, sizeof *lists, &lists, err));
    n_files = 0;
    for (size_t i = 0; i < scan->n_plans; i++) {
        lists[i].items = scan->slices + n_files;
        n_files += scan->plans[i].n_files;
    }
    TRY(search_all(scan, options, lists, err));
    for (size_t i = 0; i < scan->n_plans; i++) {
        memmove(scan->slices + scan->n_slices, lists[i].items, lists[i].n * sizeof *scan->slices);
        scan->n_slices += lists[i].n;
        scan->n_rows += lists[i].n_rows;
        scan->plan_rows[i] = lists[i].n_rows;
    }
    return LAKE_OK;
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

static bool has_column(const struct scan_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_columns; i++)
        if (strcmp(plan->columns[i].name, name) == 0)
            return true;
    return false;
}

static lake_status make_schema(struct scan *scan, const struct scan_options *options, struct lake_error *err)
{
    const char **names = NULL;
    size_t n = 0;
    if (!options->is_lenient || options->columns == NULL)
        return scan_plan_schema(scan->plans, options->columns, options->n_columns, &scan->schema, err);
    TRY(arena_new(&scan->arena, options->n_columns + 1, sizeof *names, &names, err));
    for (size_t i = 0; i < options->n_columns; i++)
        if (has_column(scan->plans, options->columns[i]))
            names[n++] = options->columns[i];
    return scan_plan_schema(scan->plans, names, n, &scan->schema, err);
}

static bool have_same_columns(const struct scan_plan *a, const struct scan_plan *b)
{
    if (a->n_columns != b->n_columns || strcmp(a->dataset.type, b->dataset.type) != 0)
        return false;
    for (size_t i = 0; i < a->n_columns; i++)
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 || a->columns[i].type != b->columns[i].type ||
            a->columns[i].width != b->columns[i].width)
            return false;
    return true;
}

/* Plans that follow one another mostly have the same columns. */
static lake_status unite_columns(const struct scan *scan, struct schema_union *columns, struct lake_error *err)
{
    struct schema *schema = NULL;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < scan->n_plans; i++) {
        if (i == 0 || !have_same_columns(&scan->plans[i - 1], &scan->plans[i])) {
            schema_free(schema);
            schema = NULL;
            TRY_OUT(scan_plan_schema(&scan->plans[i], NULL, 0, &schema, err));
        }
        TRY_OUT(schema_union_add(columns, &scan->plans[i].dataset, schema, err));
    }
out:
    schema_free(schema);
    return status;
}

static lake_status unite_schemas(struct scan *scan, const struct scan_options *options, struct lake_error *err)
{
    struct schema_union *columns = NULL;
    TRY(schema_union_new(scan->lake, &columns, err));
    lake_status status = unite_columns(scan, columns, err);
    if (status == LAKE_OK)
        status = schema_union_make(columns, options->columns, options->n_columns, &scan->schema, err);
    schema_union_free(columns);
    return status;
}

static lake_status resolve_one(struct scan *scan, const struct scan_options *options, struct lake_error *err)
{
    TRY(arena_new(&scan->arena, 1, sizeof *scan->plans, &scan->plans, err));
    TRY(scan_plan_resolve(scan->lake, &options->query, &scan->arena, scan->plans, err));
    return make_schema(scan, options, err);
}

static lake_status resolve_many(struct scan *scan, const struct scan_options *options,
                                const struct scan_symbols *symbols, struct lake_error *err)
{
    TRY(arena_new(&scan->arena, symbols->n, sizeof *scan->plans, &scan->plans, err));
    TRY(scan_plan_resolve_many(scan->lake, &options->query, symbols, &scan->arena, scan->plans, err));
    scan->n_plans = symbols->n;
    for (size_t i = 0; i < symbols->n; i++)
        if (scan->plans[i].dataset.id == 0)
            return lake_fail(err, LAKE_NOT_FOUND, "there is no dataset of %s", symbols->items[i]);
    return unite_schemas(scan, options, err);
}

/* The pin comes first: what the plans name afterwards cannot expire any more. */
static lake_status resolve(struct scan *scan, const struct scan_options *options, const struct scan_symbols *symbols,
                           struct lake_error *err)
{
    TRY(readers_pin(scan->lake, options->query.as_of, &scan->pin, err));
    scan->n_plans = 1;
    TRY(symbols == NULL ? resolve_one(scan, options, err) : resolve_many(scan, options, symbols, err));
    readers_raise(scan->lake, &scan->pin, scan->plans[0].snapshot);
    return LAKE_OK;
}

static lake_status open_scan(struct lake *lake, const struct scan_options *options, const struct scan_symbols *symbols,
                             struct scan **out, struct lake_error *err)
{
    struct scan *scan = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *scan, &scan, err));
    scan->lake = lake;
    arena_init(&scan->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(resolve(scan, options, symbols, err));
    TRY_OUT(assembler_new(lake, pool_threads(lake->pool), &scan->assembler, err));
    TRY_OUT(plan_slices(scan, options, err));
    scan->batch_rows = choose_batch_rows(scan, options->batch_rows);
    *out = scan;
    scan = NULL;
out:
    scan_close(scan);
    return status;
}

lake_status scan_open(struct lake *lake, const struct scan_options *options, struct scan **out, struct lake_error *err)
{
    return open_scan(lake, options, NULL, out, err);
}

lake_status scan_open_many(struct lake *lake, const struct scan_options *options, const struct scan_symbols *symbols,
                           struct scan **out, struct lake_error *err)
{
    return open_scan(lake, options, symbols, out, err);
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
    return scan->plans;
}

const struct scan_plan *scan_get_plan_of(const struct scan *scan, size_t symbol, int64_t *n_rows)
{
    *n_rows = scan->plan_rows[symbol];
    return &scan->plans[symbol];
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

static lake_status explain(const struct scan *scan, lake_status status, struct lake_error *err)
{
    for (size_t i = 0; i < scan->n_plans; i++)
        status = scan_plan_explain(scan->lake, &scan->plans[i], status, err);
    return status;
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
        return explain(scan, status, err);
    }
    if (rest.n_rows > 0)
        scan->slices[scan->next_slice] = rest;
    else
        scan->next_slice += n;
    return LAKE_OK;
}
