/* How much of each month a dataset of bars covers: one row a month, made as it is read. */
#include <datalake/bars.h>

#include <inttypes.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/page_stream.h"
#include "lake/table_stream.h"
#include "ops/gap_walk.h"

static const struct column_field month_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},  {"market", COLUMN_UTF8, 0, false},   {"symbol", COLUMN_UTF8, 0, false},
    {"type", COLUMN_UTF8, 0, false},      {"period", COLUMN_UTF8, 0, false},   {"month", COLUMN_TIMESTAMP_MS, 0, false},
    {"expected", COLUMN_INT64, 0, false}, {"present", COLUMN_INT64, 0, false}, {"gaps", COLUMN_INT64, 0, false},
    {"reasons", COLUMN_UTF8, 0, false},
};

enum { N_FIELDS = sizeof month_fields / sizeof *month_fields, REASONS_BYTES = 512 };

/* What comes is in order of time, so one month at a time is counted. */
struct coverage {
    struct gap_walk walk;
    bool has_reason;
    enum manifest_reason reason;
    struct batch_builder *rows;

    const struct manifest_dataset *dataset; /* NULL: no month is begun */
    int64_t first_day, end_day;             /* of the month */
    int64_t n_present, n_missing, n_gaps;
    int64_t by_reason[LAKE_GAP_REASONS]; /* bars */
};

static lake_status describe_reasons(const struct coverage *coverage, struct buffer *out, const char **text,
                                    struct lake_error *err)
{
    for (size_t i = 0; i < LAKE_GAP_REASONS; i++)
        if (coverage->by_reason[i] > 0)
            TRY(buffer_printf(out, err, "%s%s %" PRId64, out->length == 0 ? "" : ", ",
                              manifest_reason_name((enum manifest_reason)i), coverage->by_reason[i]));
    return buffer_string(out, text, err);
}

static lake_status append_month(struct coverage *coverage, struct lake_error *err)
{
    const struct manifest_dataset *dataset = coverage->dataset;
    struct buffer reasons = BUFFER_INIT(REASONS_BYTES);
    const char *text = "";
    lake_status status = LAKE_OK;
    TRY_OUT(describe_reasons(coverage, &reasons, &text, err));
    const struct cell cells[N_FIELDS] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_int64(coverage->first_day * MS_PER_DAY),
        cell_int64(coverage->n_present + coverage->n_missing),
        cell_int64(coverage->n_present),
        cell_int64(coverage->n_gaps),
        cell_text(text),
    };
    status = batch_builder_append_cells(coverage->rows, cells, err);
out:
    buffer_release(&reasons);
    return status;
}

static lake_status end_month(struct coverage *coverage, struct lake_error *err)
{
    lake_status status = coverage->dataset == NULL ? LAKE_OK : append_month(coverage, err);
    coverage->dataset = NULL;
    coverage->n_present = coverage->n_missing = coverage->n_gaps = 0;
    for (size_t i = 0; i < LAKE_GAP_REASONS; i++)
        coverage->by_reason[i] = 0;
    return status;
}

/* Makes the month that holds an instant the one that is counted. */
static lake_status enter_month(struct coverage *coverage, const struct manifest_dataset *dataset, int64_t ts_ms,
                               struct lake_error *err)
{
    int64_t day = calendar_day_of_ms(ts_ms);
    if (coverage->dataset == dataset && day < coverage->end_day)
        return LAKE_OK;
    TRY(end_month(coverage, err));
    coverage->dataset = dataset;
    coverage->first_day = calendar_month_start(day);
    coverage->end_day = calendar_month_next(day);
    return LAKE_OK;
}

static lake_status take_gap(void *context, const struct manifest_dataset *dataset, const struct gap *gap,
                            struct lake_error *err)
{
    struct coverage *coverage = context;
    int64_t slot = bar_slots_find(&gap->grid, gap->start_ms), end_slot = slot + gap->n_bars;
    bool is_told = !coverage->has_reason || gap->reason == coverage->reason;
    while (slot < end_slot) {
        TRY(enter_month(coverage, dataset, bar_slots_time(&gap->grid, slot), err));
        int64_t next = bar_slots_from(&gap->grid, coverage->end_day * MS_PER_DAY);
        next = next < end_slot ? next : end_slot;
        coverage->n_missing += next - slot;
        coverage->n_gaps += is_told;
        coverage->by_reason[gap->reason] += is_told ? next - slot : 0;
        slot = next;
    }
    return LAKE_OK;
}

static lake_status take_bars(void *context, const struct manifest_dataset *dataset, int64_t first_ms, int64_t n,
                             struct lake_error *err)
{
    struct coverage *coverage = context;
    TRY(enter_month(coverage, dataset, first_ms, err));
    coverage->n_present += n;
    return LAKE_OK;
}

static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct coverage *coverage = context;
    const struct gap_sink sink = {take_gap, take_bars, coverage};
    coverage->rows = page;
    *more = true;
    while (*more && batch_builder_rows(page) < PAGE_ROWS) {
        TRY(gap_walk_step(&coverage->walk, &sink, more, err));
        if (coverage->walk.at == NULL) /* the dataset ends, and its names with it */
            TRY(end_month(coverage, err));
    }
    return LAKE_OK;
}

static void release(void *context)
{
    struct coverage *coverage = context;
    gap_walk_release(&coverage->walk);
    memory_free(coverage);
}

lake_status lake_list_coverage(struct lake *lake, const struct lake_gaps_options *options, struct ArrowArrayStream *out,
                               struct lake_error *err)
{
    static const struct lake_gaps_options everything = {.size = sizeof everything};
    const struct lake_gaps_options *given = options == NULL ? &everything : options;
    struct coverage *coverage = NULL;
    lake_status status = LAKE_OK;
    if (given->size != sizeof *given)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the options of gaps have an unknown size");
    if (given->as_of < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a snapshot cannot be negative");
    TRY(memory_new(1, sizeof *coverage, &coverage, err));
    coverage->has_reason = given->reason != NULL && given->reason[0] != '\0';
    if (coverage->has_reason)
        TRY_OUT(manifest_reason_find(given->reason, &coverage->reason, err));
    TRY_OUT(gap_walk_init(&coverage->walk, lake, given, err));
    const struct page_source source = {month_fields, N_FIELDS, fill, release, coverage};
    return page_stream(&source, out, err);
out:
    memory_free(coverage);
    return status;
}
