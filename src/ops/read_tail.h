/* Where the last rows of a read begin, when their number is not known before they are read.
 *
 * The rows of a range that reaches back from the end are gone through and counted, of a longer one where there were too few; what is kept
 * of them is a time and a number for each batch, so that memory does not depend on how many rows are asked for. */
#ifndef OPS_READ_TAIL_H
#define OPS_READ_TAIL_H

#include "ops/read_feed.h"

struct read_tail {
    int64_t start_ms; /* the last rows are in the range from here on */
    int64_t n_before; /* rows of that range that come before them */
    int64_t n_rows;   /* of them: fewer than were asked for where there are no more */
};

LAKE_MUST_CHECK lake_status read_tail_find(const struct read_source *source, const struct read_feed_options *options,
                                           int64_t n_rows, struct read_tail *out, struct lake_error *err);

#endif
