/* The rows that a run of records was parsed into: columns that grow, and stay allocated from run to run.
 *
 * Columns have values of eight bytes (times, doubles, integers), bits, or texts. `batch` is a view on the memory owned here, valid
 * until the next start or grow; it is never to be released by who reads it. Rows are filled in order within each column; columns in any
 * order. Used by one thread at a time.
 *
 *     struct csv_rows rows;
 *     csv_rows_init(&rows);
 *     TRY_OUT(csv_rows_start(&rows, schema, err));
 *     TRY_OUT(csv_rows_reserve(&rows, 1, err));
 *     … fill row rows.batch.n_rows of every column, then count it …
 *     out: csv_rows_release(&rows); */
#ifndef INGEST_CSV_ROWS_H
#define INGEST_CSV_ROWS_H

#include "column/batch.h"
#include "ingest/csv_text.h"

struct csv_rows {
    struct batch batch;
    int64_t capacity;
    uint8_t **bitmaps;  /* of the columns, NULL until a null is met; the batch shows them while there are nulls */
    size_t *text_bytes; /* of the columns: what their texts may take */
};

void csv_rows_init(struct csv_rows *rows);
void csv_rows_release(struct csv_rows *rows);
/* No rows, of this schema: always the same one, which outlives the rows. */
LAKE_MUST_CHECK lake_status csv_rows_start(struct csv_rows *rows, const struct schema *schema, struct lake_error *err);
/* Room for n more rows. */
LAKE_MUST_CHECK lake_status csv_rows_reserve(struct csv_rows *rows, int64_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status csv_rows_set_null(struct csv_rows *rows, size_t column, int64_t row,
                                              struct lake_error *err);
LAKE_MUST_CHECK lake_status csv_rows_set_text(struct csv_rows *rows, size_t column, int64_t row, struct csv_span text,
                                              struct lake_error *err);
/* Forgets what was filled into the n rows behind those that are counted. */
void csv_rows_rewind(struct csv_rows *rows, int64_t n);

#endif
