/* Rows of one Parquet file as batches, decoded in the calling thread.
 *
 * For those who look into single files, outside of any snapshot (verify, repair, rebuild): assemble.h is for scans. A reader is
 * opened on one file after another and keeps its scratch; one thread at a time.
 *
 *     struct row_reader *rows = NULL;
 *     TRY(row_reader_new(blocks, &rows, err));
 *     TRY_OUT(row_reader_open(rows, source, err));
 *     TRY_OUT(row_reader_read(rows, 0, row_reader_file(rows)->n_rows, &batch, err));
 *     out: row_reader_free(rows); */
#ifndef LAKE_ROW_READER_H
#define LAKE_ROW_READER_H

#include "base/block_cache.h"
#include "column/batch.h"
#include "parquet/reader.h"

struct row_reader;

/* Large blocks of batches come from the cache (which may be NULL). */
LAKE_MUST_CHECK lake_status row_reader_new(struct block_cache *blocks, struct row_reader **out, struct lake_error *err);
void row_reader_free(struct row_reader *reader);
/* Parses the footer and forgets the file before. */
LAKE_MUST_CHECK lake_status row_reader_open(struct row_reader *reader, struct parquet_source source,
                                            struct lake_error *err);
/* Borrowed until the next open. */
const struct parquet_file *row_reader_file(const struct row_reader *reader);
const struct schema *row_reader_schema(const struct row_reader *reader);
/* Rows [first, first + n_rows) of all columns. The batch borrows the reader's schema. */
LAKE_MUST_CHECK lake_status row_reader_read(struct row_reader *reader, int64_t first, int64_t n_rows, struct batch *out,
                                            struct lake_error *err);
/* The first column of these rows in its own unit, for looking at times alone; LAKE_CORRUPT where it is no timestamp. */
LAKE_MUST_CHECK lake_status row_reader_read_times(struct row_reader *reader, int64_t first, int64_t n_rows,
                                                  int64_t *out, struct lake_error *err);

#endif
