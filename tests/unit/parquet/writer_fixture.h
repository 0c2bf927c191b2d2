/* Batches to write, and files written from them, for the tests of the Parquet writer. Rows come from a fixed generator. */
#ifndef TESTS_UNIT_PARQUET_WRITER_FIXTURE_H
#define TESTS_UNIT_PARQUET_WRITER_FIXTURE_H

#include "base/buffer.h"
#include "column/batch.h"
#include "parquet/writer.h"

/* ts (required, ascending minutes), open … volume, trades, side, id, raw, flag: a column of every type. Every third value of
 * the nullable ones is null where with_nulls is set. */
struct schema *fixture_schema(void);
struct batch fixture_batch(const struct schema *schema, int64_t n_rows, bool with_nulls);

/* Writes the batch in row groups of group_rows (0: one). Fails the test on any error. */
void fixture_write(struct parquet_writer *writer, const struct batch *batch,
                   const struct parquet_writer_options *options, int64_t group_rows, struct buffer *out);

/* The next number of a small generator; *seed is its state. */
uint64_t fixture_random(uint64_t *seed);

#endif
