/* Aggregation: finer bars or trades into coarser bars. Pure: batches in, batches out; knows nothing of lakes.
 *
 * A bucket is [start, start + period) on the grid that a recipe lays: multiples of the period since 1970-01-01T00:00Z, weeks from
 * Monday, months by the calendar, all of them later by the recipe's offset. A source bar belongs to the bucket that holds its open time
 * and must end in it. Rows come in ascending order of time; each bucket gives one bar when the first row behind it comes, or at the end.
 *
 * What becomes of a column is one row of a table (aggregate_column.c): its name, the function, what it is made of. Nulls are left out;
 * a column of a bucket without any value is null. The rules of numbers:
 *   1. A sum begins with the bucket's first value and adds one after the other, in the order of time, in doubles; always of the source's
 *      bars (a bar of 1h from 1m is no sum of sums). So the result depends on the bucket's rows alone, never on batches, files,
 *      threads or what was derived before. Two orders of adding n values differ by at most 2(n - 1) 2^-53 times the sum of their sizes.
 *   2. Sums of integers are exact; one that leaves 64 bits is LAKE_INVALID_DATA naming column and bucket.
 *   3. Means and weighted prices are quotients of two such sums; null where the one below is 0.
 *   4. NaN is a value: sums keep it, first and last give it; min and max give it only where there is nothing else. Of 0.0 and -0.0, which
 *      are equal, min and max give the first.
 *   5. vwap is exact or null: it is null where a row has volume but not what it is worth, or the other way round.
 *   6. Of bars that are derived themselves, only whole ones (bars = bars_expected) count in `bars` (I12).
 *
 *     struct aggregator *aggregator = NULL;
 *     TRY(aggregator_new(&recipe, source_schema, &aggregator, err));
 *     TRY_OUT(aggregator_add(aggregator, &batch, err));       // any number, in order
 *     TRY_OUT(aggregator_finish(aggregator, closed_ms, err));
 *     TRY_OUT(aggregator_take(aggregator, &bars, err));       // also in between: the buckets that are done
 *     out: aggregator_free(aggregator); */
#ifndef OPS_AGGREGATE_H
#define OPS_AGGREGATE_H

#include "column/batch.h"
#include "column/data_type.h"
#include "ops/bucket.h"

struct aggregator;

struct aggregate_recipe {
    const struct data_type *source_type; /* raw, agg, trades, aggtrades */
    const struct period *source_period;  /* of bars; else tick */
    struct bucket_grid grid;             /* of what is derived */
    const char *const *columns; /* of a user's own: "spread_max=max(spread)"; checked by aggregate_column_parse */
    size_t n_columns;
    const char *place; /* for messages: the source dataset; borrowed */
};

/* Refuses columns that the source has not, or of types that the function does not take. The schema is borrowed for the call only. */
LAKE_MUST_CHECK lake_status aggregator_new(const struct aggregate_recipe *recipe, const struct schema *source,
                                           struct aggregator **out, struct lake_error *err);
void aggregator_free(struct aggregator *aggregator);
/* Of what comes out: agg's columns that the source gives, `bars` and `bars_expected`, then a user's own. Lives as long as the aggregator. */
const struct schema *aggregator_schema(const struct aggregator *aggregator);
/* Rows of the source, behind those before, with the source's schema. LAKE_INVALID_DATA naming the bar that is off the grid of its
 * period, overlaps the one before, or does not end in its bucket. */
LAKE_MUST_CHECK lake_status aggregator_add(struct aggregator *aggregator, const struct batch *batch,
                                           struct lake_error *err);
/* Ends the last bucket. From trades: closed_ms says up to when the source is known to have all (a later trade exists); a bucket that ends
 * later has bars 0 of 1. Of bars it is not looked at. */
LAKE_MUST_CHECK lake_status aggregator_finish(struct aggregator *aggregator, int64_t closed_ms, struct lake_error *err);
/* The bars that are done and were not taken; the batch owns its memory and borrows the schema. */
LAKE_MUST_CHECK lake_status aggregator_take(struct aggregator *aggregator, struct batch *out, struct lake_error *err);
int64_t aggregator_rows(const struct aggregator *aggregator); /* that take would give */

#endif
