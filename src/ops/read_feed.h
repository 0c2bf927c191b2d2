/* The rows of a range as a reader asked for them: incomplete bars left out, then gaps filled.
 *
 * Filling looks for the last bar before the range and the first one behind it, so that the rows of a range are those of any wider range
 * that lie in it.
 *
 *     struct read_feed feed;
 *     TRY(read_feed_open(&source, &options, &feed, err));
 *     while ((status = read_feed_next(&feed, &batch, err)) == LAKE_OK && batch.release != NULL) …
 *     read_feed_close(&feed); */
#ifndef OPS_READ_FEED_H
#define OPS_READ_FEED_H

#include "ops/complete.h"
#include "ops/fill.h"
#include "ops/read_source.h"

struct read_feed_options {
    struct time_range range;
    bool complete;
    enum lake_fill fill;
};

struct read_feed {
    struct read_rows rows;
    struct completeness completeness;
    struct filler *filler; /* NULL: nothing is filled */
    bool is_kept_complete;
    bool is_ended;
};

LAKE_MUST_CHECK lake_status read_feed_open(const struct read_source *source, const struct read_feed_options *options,
                                           struct read_feed *out, struct lake_error *err);
void read_feed_close(struct read_feed *feed);
const struct schema *read_feed_schema(const struct read_feed *feed);
/* At least one row; without `release` it is the end. */
LAKE_MUST_CHECK lake_status read_feed_next(struct read_feed *feed, struct batch *out, struct lake_error *err);

#endif
