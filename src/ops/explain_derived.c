/* The source's rows that a derived bar is made of: how many, the first, the last, and where these came from. */
#include <inttypes.h>

#include "base/calendar.h"
#include "column/time_unit.h"
#include "lake/scan.h"
#include "ops/explain.h"

struct found_rows {
    int64_t n, first_ms, last_ms;
};

static struct scan_options options_of(const struct explain_bucket *bucket)
{
    static const char *const time_only[] = {"ts"};
    const struct manifest_dataset *source = &bucket->source;
    return (struct scan_options){
        .query = {.selection = {source->exchange, source->market, source->symbol, source->type, source->period},
                  .start_ms = bucket->range.start_ms,
                  .end_ms = bucket->range.end_ms},
        .columns = time_only,
        .n_columns = 1,
    };
}

/* The time of the first row that the options leave; the number of rows they leave. */
static lake_status read_first(struct lake *lake, const struct scan_options *options, int64_t *n, int64_t *ts_ms,
                              struct lake_error *err)
{
    struct scan *scan = NULL;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(scan_open(lake, options, &scan, err));
    *n = scan_rows(scan);
    TRY_OUT(scan_next(scan, &batch, err));
    if (batch.release != NULL && batch.n_rows > 0)
        *ts_ms = time_unit_to_ms(((const int64_t *)batch_values(&batch, 0))[0],
                                 time_unit_per_ms(batch.schema->fields[0].type));
out:
    if (batch.release != NULL)
        batch_release(&batch);
    scan_close(scan);
    return status;
}

static lake_status find_rows(struct lake *lake, const struct explain_bucket *bucket, struct found_rows *out,
                             struct lake_error *err)
{
    struct scan_options options = options_of(bucket);
    int64_t n_last = 0;
    *out = (struct found_rows){0, 0, 0};
    options.batch_rows = 1;
    TRY(read_first(lake, &options, &out->n, &out->first_ms, err));
    if (out->n == 0)
        return LAKE_OK;
    options.tail = 1;
    return read_first(lake, &options, &n_last, &out->last_ms, err);
}

static lake_status describe(struct explain *explain, const struct explain_bucket *bucket,
                            const struct found_rows *found, const char **out, struct lake_error *err)
{
    char first[CALENDAR_TEXT_BYTES], last[CALENDAR_TEXT_BYTES];
    const char *expected = "";
    calendar_format_ms(found->first_ms, first);
    calendar_format_ms(found->last_ms, last);
    if (found->n == 0)
        return explain_text(explain, out, err, "no rows: those it was made of are gone");
    if (bucket->n_expected > 0)
        TRY(explain_text(explain, &expected, err, " of %" PRId64, bucket->n_expected));
    const char *noun = found->n == 1 && bucket->n_expected <= 1 ? "row" : "rows";
    return explain_text(explain, out, err, "%" PRId64 "%s %s, %s to %s", found->n, expected, noun, first, last);
}

lake_status explain_bucket_rows(struct explain *explain, const struct explain_bucket *bucket, struct lake_error *err)
{
    struct found_rows found;
    struct explain_step step = {.depth = bucket->depth, .step = "derived-from", .detail = bucket->recipe};
    TRY(find_rows(explain->lake, bucket, &found, err));
    TRY(explain_name(explain, &bucket->source, &step.dataset, err));
    TRY(describe(explain, bucket, &found, &step.what, err));
    step.ts_ms = found.n == 0 ? NULL : &found.first_ms;
    TRY(explain_tell(explain, &step, err));
    if (found.n == 0)
        return LAKE_OK;
    struct explain_rows rows = {
        .dataset = bucket->source, .first_ms = found.first_ms, .last_ms = found.last_ms, .depth = bucket->depth + 1};
    TRY(period_find(bucket->source.period, &rows.period, err));
    return explain_walk(explain, &rows, err);
}
