/* Puts the rows of a column into the target of a read: values dense as they were decoded, then spread to their rows
 * where some are null.
 *
 * A page without nulls is decoded straight into the target with no work per row. The array that tells which rows are
 * present is made when the first null is met. */
#ifndef PARQUET_ROW_OUTPUT_H
#define PARQUET_ROW_OUTPUT_H

#include "parquet/page_reader.h"

struct row_output {
    struct parquet_target *target;
    const struct schema_leaf *leaf;
    size_t width;  /* bytes of a row in the target; 0 for byte arrays */
    size_t n_rows; /* wanted */
    size_t n_done;
    uint8_t *valid;        /* one byte a row, or NULL while no levels had to be looked at */
    struct buffer *memory; /* behind valid */
};

/* Starts a read of n_rows rows. `memory` is the scratch for which rows are present. */
LAKE_MUST_CHECK lake_status row_output_begin(struct row_output *output, const struct schema_leaf *leaf,
                                             struct parquet_target *target, struct lake_error *err);
/* Takes n rows off the page that was found. */
LAKE_MUST_CHECK lake_status row_output_take(struct row_output *output, struct page_reader *pages, size_t n,
                                            struct lake_error *err);
/* Tells the target which rows are present. */
void row_output_finish(struct row_output *output);

#endif
