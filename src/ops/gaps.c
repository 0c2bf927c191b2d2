/* Missing bars as a table: one row a gap, each with its reason.
 *
 * A first walk counts all that match and keeps the first rows. Where these are not all, the table is made by a second walk, as it is
 * read. */
#include <datalake/bars.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lake/page_stream.h"
#include "lake/table_stream.h"
#include "ops/gap_walk.h"

/* Rows that are kept. */
enum { KEPT_ROWS = 16 * PAGE_ROWS };

static const struct column_field gap_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},    {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},      {"type", COLUMN_UTF8, 0, false},
    {"period", COLUMN_UTF8, 0, false},      {"start", COLUMN_TIMESTAMP_MS, 0, false},
    {"end", COLUMN_TIMESTAMP_MS, 0, false}, {"bars", COLUMN_INT64, 0, false},
    {"reason", COLUMN_UTF8, 0, false},      {"asked", COLUMN_TIMESTAMP_MS, 0, true},
    {"answer", COLUMN_UTF8, 0, true},       {"operation", COLUMN_INT64, 0, true},
};

enum { N_FIELDS = sizeof gap_fields / sizeof *gap_fields };

struct gap_list {
    struct gap_walk walk;
    bool has_reason;
    enum manifest_reason reason;
    int64_t min_bars;
    int64_t left; /* rows still to give; INT64_MAX: all */
    struct lake_gaps_result sums;
    struct lake_gaps_sum by_reason[LAKE_GAP_REASONS]; /* by the reason's number */
    struct batch_builder *rows;                       /* where they go */
    int64_t most_rows;                                /* beyond these they are only counted */
};

/* ---- one gap ---- */

static lake_status append(struct gap_list *list, const struct manifest_dataset *dataset, const struct gap *gap,
                          struct lake_error *err)
{
    const struct manifest_absence *known = gap->absence;
    bool has_answer = known != NULL && known->answer[0] != '\0';
    const struct cell cells[N_FIELDS] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_int64(gap->start_ms),
        cell_int64(gap->end_ms),
        cell_int64(gap->n_bars),
        cell_text(manifest_reason_name(gap->reason)),
        known != NULL && known->asked_ms > 0 ? cell_int64(known->asked_ms) : cell_null(),
        has_answer ? cell_text(known->answer) : cell_null(),
        known != NULL && known->snapshot > 0 ? cell_int64(known->snapshot) : cell_null(),
    };
    return batch_builder_append_cells(list->rows, cells, err);
}

static lake_status take_gap(void *context, const struct manifest_dataset *dataset, const struct gap *gap,
                            struct lake_error *err)
{
    struct gap_list *list = context;
    struct lake_gaps_sum *sum = &list->by_reason[gap->reason];
    list->sums.n_expected += gap->n_bars;
    if ((list->has_reason && gap->reason != list->reason) || gap->n_bars < list->min_bars)
        return LAKE_OK;
    list->sums.n_gaps++;
    list->sums.n_missing += gap->n_bars;
    sum->n_gaps++;
    sum->n_missing += gap->n_bars;
    if (list->left == 0 || batch_builder_rows(list->rows) >= list->most_rows)
        return LAKE_OK;
    list->left -= list->left != INT64_MAX;
    return append(list, dataset, gap, err);
}

static lake_status take_bars(void *context, const struct manifest_dataset *dataset, int64_t first_ms, int64_t n,
                             struct lake_error *err)
{
    struct gap_list *list = context;
    (void)dataset;
    (void)first_ms;
    (void)err;
    list->sums.n_present += n;
    list->sums.n_expected += n;
    return LAKE_OK;
}

/* ---- lists ---- */

static lake_status check_options(const struct lake_gaps_options *options, struct lake_error *err)
{
    if (options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the options of gaps have an unknown size");
    if (options->limit < 0 || options->min_bars < 0 || options->as_of < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "limit, bars and snapshot cannot be negative");
    return LAKE_OK;
}

static void gap_list_free(void *context)
{
    struct gap_list *list = context;
    gap_walk_release(&list->walk);
    memory_free(list);
}

static lake_status gap_list_new(struct lake *lake, const struct lake_gaps_options *options, struct gap_list **out,
                                struct lake_error *err)
{
    struct gap_list *list = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *list, &list, err));
    list->min_bars = options->min_bars;
    list->left = options->limit == 0 ? INT64_MAX : options->limit;
    list->most_rows = INT64_MAX;
    list->has_reason = options->reason != NULL && options->reason[0] != '\0';
    if (list->has_reason)
        TRY_OUT(manifest_reason_find(options->reason, &list->reason, err));
    TRY_OUT(gap_walk_init(&list->walk, lake, options, err));
    *out = list;
    return LAKE_OK;
out:
    memory_free(list);
    return status;
}

/* A page of rows; where a page of days has more of them, it is longer. */
static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct gap_list *list = context;
    const struct gap_sink sink = {take_gap, take_bars, list};
    list->rows = page;
    *more = true;
    while (*more && list->left > 0 && batch_builder_rows(page) < PAGE_ROWS)
        TRY(gap_walk_step(&list->walk, &sink, more, err));
    *more = *more && list->left > 0;
    return LAKE_OK;
}

static lake_status stream_again(struct lake *lake, const struct lake_gaps_options *options,
                                struct ArrowArrayStream *out, struct lake_error *err)
{
    struct gap_list *list = NULL;
    TRY(gap_list_new(lake, options, &list, err));
    const struct page_source source = {gap_fields, N_FIELDS, fill, gap_list_free, list};
    return page_stream(&source, out, err);
}

/* ---- sums ---- */

static int compare_sums(const void *a, const void *b)
{
    const struct lake_gaps_sum *x = a, *y = b;
    if (x->n_missing != y->n_missing)
        return x->n_missing > y->n_missing ? -1 : 1;
    return strcmp(x->reason, y->reason);
}

static void sum_up(const struct gap_list *list, struct lake_gaps_result *result)
{
    *result = list->sums;
    result->size = sizeof *result;
    result->n_datasets = list->walk.n_datasets;
    for (size_t i = 0; i < LAKE_GAP_REASONS; i++) {
        struct lake_gaps_sum *sum = &result->by_reason[result->n_reasons];
        if (list->by_reason[i].n_gaps == 0)
            continue;
        *sum = list->by_reason[i];
        sum->reason = manifest_reason_name((enum manifest_reason)i);
        result->n_reasons++;
    }
    qsort(result->by_reason, result->n_reasons, sizeof *result->by_reason, compare_sums);
}

static lake_status walk_all(struct gap_list *list, struct lake_error *err)
{
    const struct gap_sink sink = {take_gap, take_bars, list};
    for (bool more = true; more;)
        TRY(gap_walk_step(&list->walk, &sink, &more, err));
    return LAKE_OK;
}

static int64_t rows_wanted(const struct lake_gaps_options *options, const struct lake_gaps_result *result)
{
    return options->limit > 0 && options->limit < result->n_gaps ? options->limit : result->n_gaps;
}

lake_status lake_list_gaps(struct lake *lake, const struct lake_gaps_options *options, struct lake_gaps_result *result,
                           struct ArrowArrayStream *out, struct lake_error *err)
{
    static const struct lake_gaps_options everything = {.size = sizeof everything};
    const struct lake_gaps_options *given = options == NULL ? &everything : options;
    struct schema *schema = NULL;
    struct batch_builder *rows = NULL;
    struct gap_list *list = NULL;
    lake_status status = LAKE_OK;
    TRY(check_options(given, err));
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the result of gaps has an unknown size");
    TRY_OUT(schema_new(gap_fields, N_FIELDS, &schema, err));
    TRY_OUT(batch_builder_new(schema, &rows, err));
    TRY_OUT(gap_list_new(lake, given, &list, err));
    list->rows = rows;
    list->most_rows = KEPT_ROWS;
    TRY_OUT(walk_all(list, err));
    sum_up(list, result);
    if (batch_builder_rows(rows) == rows_wanted(given, result))
        status = table_stream(rows, out, err);
    else
        status = stream_again(lake, given, out, err);
out:
    if (list != NULL)
        gap_list_free(list);
    batch_builder_free(rows);
    schema_free(schema);
    return status;
}
