/* The public way to rows: what is stored as it is stored; else put together: rows of a read_source (derived on the way, maybe), of
 * which a read_feed leaves out and fills in, of which limit and tail cut a part, of which the columns asked for come out. */
#include <datalake/lake.h>

#include <string.h>

#include "base/memory.h"
#include "column/arrow.h"
#include "column/builder.h"
#include "ops/project.h"
#include "ops/read_tail.h"

struct lake_scan {
    struct read_source source;
    bool is_plain; /* source.scan gives the rows; all below until `known` has no part in it */
    struct read_feed feed;
    struct batch held; /* rows of the feed from `held_row` on are still to come out */
    int64_t held_row;
    int64_t n_skipped, n_left;     /* rows still to be left out, and to be given */
    struct completeness known;     /* of the rows given */
    struct projection *projection; /* NULL: all columns come out */
    int64_t n_rows;                /* in all; -1: not known */
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
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
    if ((int)options->fill < LAKE_FILL_NONE || (int)options->fill > LAKE_FILL_ZERO_VOLUME)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no way to fill with the number %d", (int)options->fill);
    if (is_given(options->offset) && is_given(options->origin))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "an offset and an origin say the same; leave one out");
    return LAKE_OK;
}

/* ---- opening ---- */

static const struct schema *read_schema(const struct lake_scan *scan)
{
    return scan->is_plain ? scan_get_schema(scan->source.scan) : read_feed_schema(&scan->feed);
}

static lake_status open_feed(struct lake_scan *scan, const struct lake_scan_options *options, struct lake_error *err)
{
    struct read_feed_options feed = {scan->source.range, options->complete, options->fill};
    struct read_tail tail;
    scan->n_rows = -1;
    scan->n_left = options->limit > 0 ? options->limit : INT64_MAX;
    if (options->tail > 0) {
        TRY(read_tail_find(&scan->source, &feed, options->tail, &tail, err));
        feed.range.start_ms = tail.start_ms;
        scan->n_skipped = tail.n_before;
        scan->n_left = tail.n_rows < scan->n_left ? tail.n_rows : scan->n_left;
        scan->n_rows = scan->n_left;
    }
    return read_feed_open(&scan->source, &feed, &scan->feed, err);
}

static lake_status open_rows(struct lake_scan *scan, const struct lake_scan_options *options, struct lake_error *err)
{
    scan->is_plain = read_is_plain(options, &scan->source);
    if (scan->is_plain)
        scan->n_rows = scan_rows(scan->source.scan);
    else
        TRY(open_feed(scan, options, err));
    completeness_init(&scan->known, read_schema(scan));
    if (options->columns == NULL || (scan->is_plain && scan->source.n_columns == options->n_columns))
        return LAKE_OK;
    return projection_new(read_schema(scan), options->columns, options->n_columns, &scan->projection, err);
}

lake_status lake_scan_open(struct lake *lake, const struct lake_scan_options *options, struct lake_scan **out,
                           struct lake_error *err)
{
    struct lake_scan *scan = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(check_options(options, err));
    TRY(memory_new(1, sizeof *scan, &scan, err));
    TRY_OUT(read_source_resolve(lake, options, &scan->source, err));
    TRY_OUT(open_rows(scan, options, err));
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
    batch_release(&scan->held);
    projection_free(scan->projection);
    read_feed_close(&scan->feed);
    read_source_release(&scan->source);
    memory_free(scan);
}

/* ---- what is known of it ---- */

int64_t lake_scan_rows(const struct lake_scan *scan)
{
    return scan->n_rows;
}

struct lake_selection lake_scan_dataset(const struct lake_scan *scan, bool *chosen)
{
    const struct manifest_dataset *dataset = &scan->source.dataset;
    struct lake_selection selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                       dataset->period};
    if (chosen != NULL)
        *chosen = scan->source.was_chosen;
    return selection;
}

const char *lake_scan_note(const struct lake_scan *scan)
{
    return scan->source.note;
}

int64_t lake_scan_incomplete(const struct lake_scan *scan, int64_t *n_bars)
{
    if (n_bars != NULL)
        *n_bars = scan->known.n_bars;
    return scan->known.n_incomplete;
}

static const struct schema *given_schema(const struct lake_scan *scan)
{
    return scan->projection != NULL ? projection_schema(scan->projection) : read_schema(scan);
}

lake_status lake_scan_schema(const struct lake_scan *scan, struct ArrowSchema *out, struct lake_error *err)
{
    return arrow_export_schema(given_schema(scan), out, err);
}

/* ---- rows ---- */

/* Has a batch held with a row that is to be given, unless there are no more. */
static lake_status hold_rows(struct lake_scan *scan, struct lake_error *err)
{
    while (scan->n_left > 0) {
        int64_t n = scan->held.n_rows - scan->held_row;
        int64_t n_skipped = scan->n_skipped < n ? scan->n_skipped : n;
        scan->n_skipped -= n_skipped;
        scan->held_row += n_skipped;
        if (n_skipped < n)
            return LAKE_OK;
        batch_release(&scan->held);
        scan->held_row = 0;
        TRY(read_feed_next(&scan->feed, &scan->held, err));
        if (scan->held.release == NULL)
            scan->n_left = 0;
    }
    return LAKE_OK;
}

static lake_status cut_rows(struct lake_scan *scan, int64_t n, struct batch *out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    TRY(batch_builder_new(read_schema(scan), &builder, err));
    lake_status status = batch_builder_append(builder, &scan->held, scan->held_row, n, err);
    if (status == LAKE_OK)
        status = batch_builder_take(builder, out, err);
    batch_builder_free(builder);
    return status;
}

static lake_status next_of_feed(struct lake_scan *scan, struct batch *out, struct lake_error *err)
{
    TRY(hold_rows(scan, err));
    if (scan->n_left == 0)
        return LAKE_OK;
    int64_t n = scan->held.n_rows - scan->held_row;
    n = n < scan->n_left ? n : scan->n_left;
    n = n < scan->source.batch_rows ? n : scan->source.batch_rows;
    if (n == scan->held.n_rows)
        batch_move(out, &scan->held);
    else
        TRY(cut_rows(scan, n, out, err));
    scan->held_row = scan->held.release == NULL ? 0 : scan->held_row + n;
    scan->n_left -= n;
    return LAKE_OK;
}

static lake_status next_batch(void *context, struct batch *out, struct lake_error *err)
{
    struct lake_scan *scan = context;
    memset(out, 0, sizeof *out);
    TRY(scan->is_plain ? scan_next(scan->source.scan, out, err) : next_of_feed(scan, out, err));
    if (out->release == NULL)
        return LAKE_OK;
    completeness_count(&scan->known, out);
    lake_status status = scan->projection == NULL ? LAKE_OK : projection_apply(scan->projection, out, err);
    if (status != LAKE_OK)
        batch_release(out);
    return status;
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
    struct batch_source source = {given_schema(scan), next_batch, release_scan, scan};
    return arrow_export_stream(source, out, err);
}
