/* Rows of Arrow streams into a write: what stands between a program's own tables and lake/write.h (datalake/write.h says what is promised).
 *
 * In this order, slice by slice of the stream's batches, so that memory is bounded whatever their size: Arrow becomes a batch
 * (column/arrow_adapt.h), its columns those of the type (put_columns.h), its rows are held against order, range, grid and sanity (put_check.h) and
 * appended. Nothing is visible before the commit, which is the caller's: he may look at what the write would do first. One thread.
 *
 *     TRY(lake_write_begin(lake, &dataset, "put", &write, err));
 *     TRY_OUT(put_rows(&job, &stream, &outcome, err));          // releases the stream
 *     TRY_OUT(put_stage(&job, &outcome, &result, err));         // result says what a commit would do
 *     TRY_OUT(put_commit(&job, &result, err));
 *     out: lake_write_free(write); */
#ifndef INGEST_PUT_H
#define INGEST_PUT_H

#include <datalake/write.h>

#include "lake/write.h"

struct put_job {
    struct lake *lake;
    struct lake_write *write;               /* begun, of the dataset the rows go into; its type's descriptor rules */
    const struct lake_put_options *options; /* checked (put_check_options); the dataset in it is not looked at */
};

/* What was seen of the rows. */
struct put_outcome {
    int64_t rows_read;
    int64_t rows_warned, rows_left_out;
};

/* Whether the options make sense by themselves: sizes, range, checks. */
LAKE_MUST_CHECK lake_status put_check_options(const struct lake_put_options *options,
                                              const struct lake_put_result *result, struct lake_error *err);
/* Takes the stream over, also on failure; appends all of its rows. */
LAKE_MUST_CHECK lake_status put_rows(const struct put_job *job, struct ArrowArrayStream *rows,
                                     struct put_outcome *outcome, struct lake_error *err);
/* Stages what was appended: *result says what a commit would do, in texts that live as long as the lake. Keys that came again are refused here
 * where they were not found before. */
LAKE_MUST_CHECK lake_status put_stage(const struct put_job *job, const struct put_outcome *outcome,
                                      struct lake_put_result *result, struct lake_error *err);
LAKE_MUST_CHECK lake_status put_commit(const struct put_job *job, struct lake_put_result *result,
                                       struct lake_error *err);

#endif
