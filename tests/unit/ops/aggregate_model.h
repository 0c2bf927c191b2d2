/* What derived bars must be, worked out in the plainest way: for each bucket, look at all of its rows. Shares nothing with src/ops but
 * the recipe and the tables of columns and functions. */
#ifndef TESTS_UNIT_OPS_AGGREGATE_MODEL_H
#define TESTS_UNIT_OPS_AGGREGATE_MODEL_H

#include "ops/aggregate.h"

/* Rows of one bucket: [first, end). */
struct model_bucket {
    int64_t start_ms, end_ms, first, end;
};

/* The bucket that holds the first row, with the rows behind that are in it, too. */
struct model_bucket model_bucket_of(const struct aggregate_recipe *recipe, const struct batch *rows, int64_t first);
/* Compares one row of derived bars, every column, bit by bit; fails the test where it differs. */
void model_check(const struct aggregate_recipe *recipe, const struct batch *rows, const struct model_bucket *bucket,
                 const struct batch *bars, int64_t bar);

#endif
