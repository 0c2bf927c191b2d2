/* The rows that a run of lines was parsed into: columns that grow, and stay allocated from run to run.
 *
 * All columns have values of eight bytes (times, doubles, integers). `batch` is a view on the memory owned here, valid until the
 * next clear or grow; it is never to be released by who reads it. Used by one thread at a time.
 *
 *     struct csv_rows rows;
 *     csv_rows_init(&rows);
 *     TRY_OUT(csv_rows_start(&rows, schema, err));
 *     if (rows.batch.n_rows == rows.capacity)
 *         TRY_OUT(csv_rows_grow(&rows, err));
 *     … fill row rows.batch.n_rows of every column, then count it …
 *     out: csv_rows_release(&rows); */
#ifndef INGEST_CSV_ROWS_H
#define INGEST_CSV_ROWS_H

#include "column/batch.h"

struct csv_rows {
    struct batch batch;
    int64_t capacity;
    int64_t n_lines;   /* that the run had, with those that are no rows */
    uint8_t **bitmaps; /* of the columns, NULL until a null is met; the batch shows them while there are nulls */
};

void csv_rows_init(struct csv_rows *rows);
void csv_rows_release(struct csv_rows *rows);
/* No rows, of this schema: always the same one, which outlives the rows. */
LAKE_MUST_CHECK lake_status csv_rows_start(struct csv_rows *rows, const struct schema *schema, struct lake_error *err);
LAKE_MUST_CHECK lake_status csv_rows_grow(struct csv_rows *rows, struct lake_error *err);
/* Makes the value of row batch.n_rows (being filled) null. */
LAKE_MUST_CHECK lake_status csv_rows_set_null(struct csv_rows *rows, size_t column, struct lake_error *err);

#endif
