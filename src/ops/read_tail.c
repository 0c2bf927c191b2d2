#include "ops/read_tail.h"

#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"

/* The first range holds so many times the bars that are asked for, each longer one so many times the one before. */
enum { FIRST_FACTOR = 2, GROWTH = 8, LONGEST_BAR_DAYS = 31 };

/* A batch that was gone through. */
struct mark {
    int64_t start_ms, n_rows;
};

/* The last batches that hold at least the rows asked for. */
struct marks {
    struct mark *items;
    size_t first, n, capacity;
    int64_t n_rows; /* in them */
};

static lake_status push(struct marks *marks, struct mark mark, struct lake_error *err)
{
    if (marks->n == marks->capacity && marks->first > marks->n / 2) {
        memmove(marks->items, marks->items + marks->first, (marks->n - marks->first) * sizeof *marks->items);
        marks->n -= marks->first;
        marks->first = 0;
    }
    if (marks->n == marks->capacity) {
        size_t capacity = marks->capacity * 2 + 64;
        TRY(memory_resize(&marks->items, capacity, sizeof *marks->items, err));
        marks->capacity = capacity;
    }
    marks->items[marks->n++] = mark;
    marks->n_rows += mark.n_rows;
    return LAKE_OK;
}

static void drop(struct marks *marks, int64_t n_wanted)
{
    while (marks->first < marks->n && marks->n_rows - marks->items[marks->first].n_rows >= n_wanted)
        marks->n_rows -= marks->items[marks->first++].n_rows;
}

static lake_status go_through(const struct read_source *source, const struct read_feed_options *options,
                              int64_t n_wanted, struct marks *marks, struct lake_error *err)
{
    struct read_feed feed;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    marks->first = marks->n = 0;
    marks->n_rows = 0;
    TRY(read_feed_open(source, options, &feed, err));
    for (;;) {
        TRY_OUT(read_feed_next(&feed, &batch, err));
        if (batch.release == NULL)
            break;
        const int64_t *times = batch_values(&batch, 0);
        TRY_OUT(push(marks, (struct mark){times[0], batch.n_rows}, err));
        drop(marks, n_wanted);
        batch_release(&batch);
    }
out:
    batch_release(&batch);
    read_feed_close(&feed);
    return status;
}

/* So long before the end that the rows asked for may lie in it. INT64_MAX: longer than anything. */
static int64_t first_length(const struct read_source *source, int64_t n_wanted)
{
    int64_t bar_ms = source->period->length_ms > 0 ? source->period->length_ms : LONGEST_BAR_DAYS * MS_PER_DAY;
    return n_wanted > INT64_MAX / FIRST_FACTOR / bar_ms ? INT64_MAX : n_wanted * FIRST_FACTOR * bar_ms;
}

/* Where a range of that length begins; there is nothing before the extent. */
static int64_t start_of(const struct read_feed_options *options, struct time_range extent, int64_t length_ms)
{
    int64_t end_ms = options->range.end_ms < extent.end_ms ? options->range.end_ms : extent.end_ms;
    int64_t first_ms = options->range.start_ms > extent.start_ms ? options->range.start_ms : extent.start_ms;
    bool is_all = end_ms <= first_ms || length_ms >= end_ms - first_ms;
    return is_all ? options->range.start_ms : end_ms - length_ms;
}

lake_status read_tail_find(const struct read_source *source, const struct read_feed_options *options, int64_t n_rows,
                           struct read_tail *out, struct lake_error *err)
{
    struct read_feed_options part = *options;
    struct time_range extent;
    struct marks marks = {.n = 0};
    lake_status status = LAKE_OK;
    TRY(read_source_extent(source, &extent, err));
    int64_t length_ms = first_length(source, n_rows);
    for (bool is_enough = false; !is_enough;) {
        part.range.start_ms = start_of(options, extent, length_ms);
        TRY_OUT(go_through(source, &part, n_rows, &marks, err));
        is_enough = marks.n_rows >= n_rows || part.range.start_ms == options->range.start_ms;
        length_ms = length_ms > INT64_MAX / GROWTH ? INT64_MAX : length_ms * GROWTH;
    }
    *out = (struct read_tail){part.range.start_ms, 0, marks.n_rows < n_rows ? marks.n_rows : n_rows};
    out->n_before = marks.n_rows - out->n_rows;
    if (marks.first < marks.n)
        out->start_ms = marks.items[marks.first].start_ms;
out:
    memory_free(marks.items);
    return status;
}
