/* The first and last rows by time of all that pass by, as they would be stored: for dry runs.
 *
 * Rows of one key are merged as a commit merges them. One thread at a time.
 *
 *     struct row_sample sample = {0};
 *     TRY_OUT(row_sample_add(&sample, type, &batch, err));
 *     TRY_OUT(row_sample_take(&sample, type, &stream, err));
 *     out: row_sample_release(&sample); */
#ifndef INGEST_ROW_SAMPLE_H
#define INGEST_ROW_SAMPLE_H

#include "column/arrow.h"
#include "column/builder.h"
#include "column/data_type.h"

enum { SAMPLE_ROWS = 3 }; /* at each end */

struct row_sample {
    struct schema *schema; /* of all columns so far; NULL: no rows */
    struct batch_builder *rows;
};

LAKE_MUST_CHECK lake_status row_sample_add(struct row_sample *sample, const struct data_type *type,
                                           const struct batch *batch, struct lake_error *err);
/* A stream of one batch, by key; of none where no rows were added. */
LAKE_MUST_CHECK lake_status row_sample_take(struct row_sample *sample, const struct data_type *type,
                                            struct ArrowArrayStream *out, struct lake_error *err);
void row_sample_release(struct row_sample *sample);

#endif
