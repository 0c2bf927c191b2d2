/* Content: what a dataset holds for one UTC day, as a hash of the rows in canonical form (docs/FORMAT.md, "Content").
 *
 * The form knows nothing of files: not their encoding, nor their cut, nor columns that hold only nulls. So compaction and
 * re-encoding leave it as it is, and equal hashes mean equal rows (I7). */
#ifndef LAKE_CONTENT_H
#define LAKE_CONTENT_H

#include "base/buffer.h"
#include "column/batch.h"
#include "column/period.h"
#include "io/sha256.h"
#include "manifest/records.h"

struct content_day {
    int64_t day; /* since 1970-01-01 */
    int64_t first_row, n_rows;
    int64_t first_ms, last_ms; /* the milliseconds that the first and last times fall into */
    uint8_t sha256[SHA256_BYTES];
    /* Filled in by content_find_holes: where they stand in its buffer. */
    bool has_holes; /* they were looked for; there may be none */
    size_t holes_at, n_holes_bytes;
};

/* The days of a batch that is sorted by its first column, a timestamp: finds each and hashes its rows. Replaces the
 * array in *days (memory_free'd by the caller). */
LAKE_MUST_CHECK lake_status content_find_days(const struct batch *batch, struct sha256 *hash, struct content_day **days,
                                              size_t *n_days, struct lake_error *err);

/* The holes of these days (holes.h), which content_find_days found in the same batch: appended to the buffer. Of periods that have
 * no length nothing is looked for. */
LAKE_MUST_CHECK lake_status content_find_holes(const struct batch *batch, const struct period *period,
                                               struct content_day *days, size_t n_days, struct buffer *holes,
                                               struct lake_error *err);

/* The day as the manifest keeps it, but for dataset, operation and version. Borrows from the buffer, which may be NULL where no
 * holes were looked for. */
struct manifest_content content_describe(const struct content_day *day, const struct buffer *holes);

/* A day that has no rows left. Its keys are the day's beginning. */
LAKE_MUST_CHECK lake_status content_empty_day(int64_t day, struct sha256 *hash, struct content_day *out,
                                              struct lake_error *err);

#endif
