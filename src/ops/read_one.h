/* The rows of one symbol as a reader asked for them: what is stored as it is stored; else put together: rows of a read_source (derived on the way, maybe), of
 * which a read_feed leaves out and fills in, of which limit and tail cut a part, of which the columns asked for come out.
 *
 *     struct read_one one = {.n_rows = 0};
 *     TRY(read_one_open(lake, &request, &one, err));
 *     while ((status = read_one_next(&one, &batch, err)) == LAKE_OK && batch.release != NULL) …
 *     read_one_close(&one); */
#ifndef OPS_READ_ONE_H
#define OPS_READ_ONE_H

#include "ops/project.h"
#include "ops/read_feed.h"

struct read_one {
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

/* Options have been checked. On failure nothing is to be closed. */
LAKE_MUST_CHECK lake_status read_one_open(struct lake *lake, const struct read_request *request, struct read_one *out,
                                          struct lake_error *err);
/* Any number of times; one that is all zeros, too. */
void read_one_close(struct read_one *one);
/* Of what comes out; lives as long as it is open. */
const struct schema *read_one_schema(const struct read_one *one);
/* At least one row, of a schema that lives as long as it is open; without `release` it is the end. */
LAKE_MUST_CHECK lake_status read_one_next(struct read_one *one, struct batch *out, struct lake_error *err);

#endif
