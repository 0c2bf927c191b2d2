/* Fill: rows for the bars that are missing between the bars of a stream. Pure: batches in, batches out; knows nothing of lakes.
 *
 * Between two bars stand as many whole bars as fit: after a bar at t of a period p come t + p, t + 2p … as long as each ends no later
 * than the next bar begins; months follow the calendar. Only rows in `range` come out. Nothing is put before the first bar nor
 * behind the last: what lies outside the range is told by filler_set_before and filler_set_after, so that a row does not
 * depend on where the range begins or ends. What stands in a column of a row that is put in is one row of a table (fill.c).
 * Batches have at most `most_rows` rows, however long a gap is. One thread at a time.
 *
 *     struct filler *filler = NULL;
 *     TRY(filler_new(&options, schema, &filler, err));
 *     TRY_OUT(filler_set_before(filler, &batch, batch.n_rows - 1, err));   // the bar before the range, where there is one
 *     while (…) {
 *         TRY_OUT(filler_next(filler, &filled, err));     // without `release`: it wants more
 *         TRY_OUT(filler_add(filler, &batch, err));       // or filler_end(filler)
 *     }
 *     out: filler_free(filler); */
#ifndef OPS_FILL_H
#define OPS_FILL_H

#include <datalake/lake.h>

#include "column/batch.h"
#include "column/period.h"
#include "lake/partition.h"

struct filler;

struct fill_options {
    enum lake_fill policy; /* not LAKE_FILL_NONE */
    const struct period *period;
    struct time_range range;
    int64_t most_rows; /* of a batch that comes out */
};

/* Names of the columns that a policy needs besides the time: NULL-terminated. */
const char *const *fill_needs(enum lake_fill policy);

/* Copies the schema. LAKE_INVALID_ARGUMENT where the period is none of bars, or a column that is needed is not there. */
LAKE_MUST_CHECK lake_status filler_new(const struct fill_options *options, const struct schema *schema,
                                       struct filler **out, struct lake_error *err);
void filler_free(struct filler *filler);
/* Of what comes out: that of what goes in, but every column may be null except the time. */
const struct schema *filler_schema(const struct filler *filler);
/* The last bar before the range: a row of a batch with the same schema. Before anything was added. */
LAKE_MUST_CHECK lake_status filler_set_before(struct filler *filler, const struct batch *batch, int64_t row,
                                              struct lake_error *err);
/* When the first bar behind the range begins. */
void filler_set_after(struct filler *filler, int64_t ts_ms);
/* Takes the next rows over, when filler_next wanted more. Not after filler_end. */
LAKE_MUST_CHECK lake_status filler_add(struct filler *filler, struct batch *batch, struct lake_error *err);
/* There is nothing more to add: filler_next gives the rest, then nothing. */
void filler_end(struct filler *filler);
/* The next rows, in a batch that owns its memory. Without `release` it wants more, or all is done after filler_end. */
LAKE_MUST_CHECK lake_status filler_next(struct filler *filler, struct batch *out, struct lake_error *err);

#endif
