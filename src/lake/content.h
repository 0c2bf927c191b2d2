/* Content: what a dataset holds for one UTC day, as a hash of the rows in canonical form (docs/FORMAT.md, "Content").
 *
 * The form knows nothing of files: not their encoding, nor their cut, nor columns that hold only nulls. So compaction and
 * re-encoding leave it as it is, and equal hashes mean equal rows (I7). */
#ifndef LAKE_CONTENT_H
#define LAKE_CONTENT_H

#include "column/batch.h"
#include "io/sha256.h"

struct content_day {
    int64_t day; /* since 1970-01-01 */
    int64_t first_row, n_rows;
    int64_t first_ms, last_ms; /* the milliseconds that the first and last times fall into */
    uint8_t sha256[SHA256_BYTES];
};

/* The days of a batch that is sorted by its first column, a timestamp: finds each and hashes its rows. Replaces the
 * array in *days (memory_free'd by the caller). */
LAKE_MUST_CHECK lake_status content_find_days(const struct batch *batch, struct sha256 *hash, struct content_day **days,
                                              size_t *n_days, struct lake_error *err);

/* A day that has no rows left. Its keys are the day's beginning. */
LAKE_MUST_CHECK lake_status content_empty_day(int64_t day, struct sha256 *hash, struct content_day *out,
                                              struct lake_error *err);

#endif
