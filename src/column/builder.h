/* Grows columns row range by row range out of batches, and hands them over as one batch.
 *
 * Only fixed-width, boolean and offset columns of the builder's schema; sources are matched by column name, a column
 * the source lacks becomes null. Used by one thread at a time.
 *
 *     struct batch_builder *builder = NULL;
 *     TRY(batch_builder_new(schema, &builder, err));
 *     TRY_OUT(batch_builder_append(builder, &batch, first_row, n_rows, err));
 *     TRY_OUT(batch_builder_take(builder, &result, err));    // the builder is empty again
 *     out: batch_builder_free(builder); */
#ifndef COLUMN_BUILDER_H
#define COLUMN_BUILDER_H

#include "column/batch.h"

struct batch_builder;

/* Copies the schema. */
LAKE_MUST_CHECK lake_status batch_builder_new(const struct schema *schema, struct batch_builder **out,
                                              struct lake_error *err);
void batch_builder_free(struct batch_builder *builder);
int64_t batch_builder_rows(const struct batch_builder *builder);
size_t batch_builder_bytes(const struct batch_builder *builder);
LAKE_MUST_CHECK lake_status batch_builder_append(struct batch_builder *builder, const struct batch *batch,
                                                 int64_t first, int64_t n_rows, struct lake_error *err);
/* One value for each column of one row, in the schema's order. Text is terminated, NULL is null; CELL_BOOL is in
 * int64, integers and times are CELL_INT64, float and double are CELL_DOUBLE. For small tables. */
struct cell {
    enum { CELL_NULL, CELL_INT64, CELL_DOUBLE, CELL_BOOL, CELL_TEXT } kind;
    int64_t int64;
    double number;
    const char *text;
};
LAKE_MUST_CHECK lake_status batch_builder_append_cells(struct batch_builder *builder, const struct cell *cells,
                                                       struct lake_error *err);
/* The batch owns its schema and memory. */
LAKE_MUST_CHECK lake_status batch_builder_take(struct batch_builder *builder, struct batch *out,
                                               struct lake_error *err);

#endif
