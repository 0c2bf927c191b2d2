#include "ops/read_feed.h"

#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"

/* A neighbour is looked for in ranges that grow: the first is of so many bars, each other so many times longer than that before it, and
 * what is longer than all history is all there is. */
enum { FIRST_BARS = 32, GROWTH = 16 };
#define LONGEST_MS (INT64_C(400) * 366 * MS_PER_DAY)

static int64_t bar_ms(const struct read_source *source)
{
    return source->period->length_ms > 0 ? source->period->length_ms : 31 * MS_PER_DAY;
}

static int64_t grow(int64_t length_ms, int64_t factor)
{
    return length_ms > LONGEST_MS / factor ? LONGEST_MS : length_ms * factor;
}

static int64_t before(int64_t ts_ms, int64_t length_ms)
{
    return length_ms >= LONGEST_MS || ts_ms < INT64_MIN + length_ms ? INT64_MIN : ts_ms - length_ms;
}

static int64_t behind(int64_t ts_ms, int64_t length_ms)
{
    return length_ms >= LONGEST_MS || ts_ms > INT64_MAX - length_ms ? INT64_MAX : ts_ms + length_ms;
}

/* ---- rows ---- */

static lake_status next_batch(struct read_feed *feed, struct batch *out, struct lake_error *err)
{
    for (;;) {
        TRY(read_rows_next(&feed->rows, out, err));
        if (out->release == NULL)
            return LAKE_OK;
        if (feed->is_kept_complete)
            TRY(completeness_keep(&feed->completeness, out, err));
        if (out->n_rows > 0)
            return LAKE_OK;
        batch_release(out);
    }
}

static lake_status feed_filler(struct read_feed *feed, struct lake_error *err)
{
    struct batch batch = {0};
    TRY(next_batch(feed, &batch, err));
    if (batch.release == NULL) {
        filler_end(feed->filler);
        feed->is_ended = true;
        return LAKE_OK;
    }
    lake_status status = filler_add(feed->filler, &batch, err);
    batch_release(&batch);
    return status;
}

lake_status read_feed_next(struct read_feed *feed, struct batch *out, struct lake_error *err)
{
    memset(out, 0, sizeof *out);
    if (feed->filler == NULL)
        return next_batch(feed, out, err);
    for (;;) {
        TRY(filler_next(feed->filler, out, err));
        if (out->release != NULL || feed->is_ended)
            return LAKE_OK;
        TRY(feed_filler(feed, err));
    }
}

const struct schema *read_feed_schema(const struct read_feed *feed)
{
    return feed->filler != NULL ? filler_schema(feed->filler) : read_rows_schema(&feed->rows);
}

void read_feed_close(struct read_feed *feed)
{
    read_rows_close(&feed->rows);
    filler_free(feed->filler);
    feed->filler = NULL;
}

static lake_status open_unfilled(const struct read_source *source, const struct read_feed_options *options,
                                 struct time_range range, struct read_feed *out, struct lake_error *err)
{
    *out = (struct read_feed){.is_kept_complete = options->complete};
    TRY(read_rows_open(source, range, &out->rows, err));
    completeness_init(&out->completeness, read_rows_schema(&out->rows));
    return LAKE_OK;
}

/* ---- neighbours ---- */

/* Tells the filler the last row of a range, if it has any. */
static lake_status look_before(const struct read_source *source, const struct read_feed_options *options,
                               struct time_range range, struct filler *filler, bool *is_found, struct lake_error *err)
{
    struct read_feed feed;
    struct batch batch = {0}, last = {0};
    lake_status status = LAKE_OK;
    TRY(open_unfilled(source, options, range, &feed, err));
    do {
        batch_release(&last);
        batch_move(&last, &batch);
        TRY_OUT(next_batch(&feed, &batch, err));
    } while (batch.release != NULL);
    *is_found = last.release != NULL;
    if (*is_found)
        status = filler_set_before(filler, &last, last.n_rows - 1, err);
out:
    batch_release(&last);
    read_feed_close(&feed);
    return status;
}

/* The same for the first row's time. */
static lake_status look_behind(const struct read_source *source, const struct read_feed_options *options,
                               struct time_range range, struct filler *filler, bool *is_found, struct lake_error *err)
{
    struct read_feed feed;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY(open_unfilled(source, options, range, &feed, err));
    TRY_OUT(next_batch(&feed, &batch, err));
    *is_found = batch.release != NULL;
    if (*is_found)
        filler_set_after(filler, *(const int64_t *)batch_values(&batch, 0));
out:
    batch_release(&batch);
    read_feed_close(&feed);
    return status;
}

static lake_status find_before(const struct read_source *source, const struct read_feed_options *options,
                               struct filler *filler, struct lake_error *err)
{
    int64_t end_ms = options->range.start_ms, length_ms = grow(bar_ms(source), FIRST_BARS);
    for (bool is_found = false; end_ms > INT64_MIN && !is_found; length_ms = grow(length_ms, GROWTH)) {
        const struct time_range range = {before(end_ms, length_ms), end_ms};
        TRY(look_before(source, options, range, filler, &is_found, err));
        end_ms = range.start_ms;
    }
    return LAKE_OK;
}

static lake_status find_behind(const struct read_source *source, const struct read_feed_options *options,
                               struct filler *filler, struct lake_error *err)
{
    int64_t start_ms = options->range.end_ms, length_ms = grow(bar_ms(source), FIRST_BARS);
    for (bool is_found = false; start_ms < INT64_MAX && !is_found; length_ms = grow(length_ms, GROWTH)) {
        const struct time_range range = {start_ms, behind(start_ms, length_ms)};
        TRY(look_behind(source, options, range, filler, &is_found, err));
        start_ms = range.end_ms;
    }
    return LAKE_OK;
}

/* ---- opening ---- */

static lake_status begin_filling(struct read_feed *feed, const struct read_source *source,
                                 const struct read_feed_options *options, struct lake_error *err)
{
    const struct fill_options fill = {
        .policy = options->fill, .period = source->period, .range = options->range, .most_rows = source->batch_rows};
    TRY(filler_new(&fill, read_rows_schema(&feed->rows), &feed->filler, err));
    TRY(find_before(source, options, feed->filler, err));
    return find_behind(source, options, feed->filler, err);
}

lake_status read_feed_open(const struct read_source *source, const struct read_feed_options *options,
                           struct read_feed *out, struct lake_error *err)
{
    TRY(open_unfilled(source, options, options->range, out, err));
    if (options->fill == LAKE_FILL_NONE)
        return LAKE_OK;
    lake_status status = begin_filling(out, source, options, err);
    if (status != LAKE_OK)
        read_feed_close(out);
    return status;
}
