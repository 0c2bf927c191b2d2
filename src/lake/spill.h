/* Rows that came in no order, put aside on disk and merged by partition at the end: an external sort in bounded memory.
 *
 * Rows are collected in order of arrival, whatever their times. When there are enough, they are grouped by partition of the dataset's
 * grain (within one: order of arrival) and written to staging as a run, in the background. At the end the runs are merged: each
 * partition's rows come out once, in order of arrival, partition by partition in order of time.
 * Runs are {staging prefix}{number}.run (spill_run.h); a short or damaged one is an error and never gives another row. So many at a time
 * are merged as windows fit the memory; where there are more, neighbours are merged into longer runs first. One thread at a time.
 *
 *     TRY(spill_append(&spill, &batch, 0, batch.n_rows, err));       // any number of times
 *     TRY(spill_flush(&spill, err));
 *     TRY(spill_merge(&spill, &taker, err)); */
#ifndef LAKE_SPILL_H
#define LAKE_SPILL_H

#include "column/builder.h"
#include "column/period.h"
#include "lake/staging.h"

struct spill_run {
    char *path; /* below the state directory */
    int64_t size_bytes, n_rows;
    bool is_saved; /* a safe point names it: merging does not remove it */
};

struct spill_job; /* a run being written */

struct spill {
    struct lake *lake;
    enum partition_grain grain;
    const struct staging *staging; /* open before the first run is written */
    size_t memory_bytes;           /* of rows collected (twice: while a run is written), and of windows while merging */
    struct spill_run *runs;        /* in order of arrival; all rows of one before those of the next */
    size_t n_runs, capacity;
    struct schema *schema; /* of the rows of all runs and those collected */
    struct batch_builder *rows;
    size_t rows_bytes;     /* of what is collected */
    struct spill_job *job; /* NULL: none under way */
    int64_t n_named;       /* the number of the next run */
    bool is_on;            /* rows go here from now on */
};

void spill_init(struct spill *spill, struct lake *lake, enum partition_grain grain, size_t memory_bytes);
void spill_release(struct spill *spill);

/* Collects rows and, where they are many, begins a run. Columns are united with those before. */
LAKE_MUST_CHECK lake_status spill_append(struct spill *spill, const struct batch *batch, int64_t first, int64_t n_rows,
                                         struct lake_error *err);
/* Writes a run of what is collected and waits for it: all rows lie in `runs`. */
LAKE_MUST_CHECK lake_status spill_flush(struct spill *spill, struct lake_error *err);
/* A run of an earlier process, in the order of their making; its columns are read. */
LAKE_MUST_CHECK lake_status spill_add_run(struct spill *spill, const char *path, int64_t size_bytes, int64_t n_rows,
                                          struct lake_error *err);

/* Gets rows of the partition of the grain that begins at start_ms: the partitions by time, the rows of one in order of arrival, in one
 * call or several. */
struct spill_taker {
    lake_status (*take)(void *context, int64_t start_ms, const struct batch *batch, struct lake_error *err);
    void *context;
};
/* After a flush. No runs are left then, and rows are collected anew. */
LAKE_MUST_CHECK lake_status spill_merge(struct spill *spill, const struct spill_taker *taker, struct lake_error *err);

#endif
