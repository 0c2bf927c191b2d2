/* Rows of several files as one batch, and parts of a batch by time. Batches are sorted by their first column, a timestamp. */
#ifndef LAKE_FILE_ROWS_H
#define LAKE_FILE_ROWS_H

#include "column/time_unit.h"
#include "lake/assemble.h"
#include "lake/partition.h"

/* All rows of files of one dataset that follow one another in time, with the columns of all of them. Without files the batch
 * stays as it is: without a schema. */
LAKE_MUST_CHECK lake_status file_rows_read(struct assembler *assembler, const struct manifest_file *const *files,
                                           size_t n, struct batch *out, struct lake_error *err);
/* Rows inside (or, with `inside` false, outside) of the ranges, copied. A batch without a schema gives one. */
LAKE_MUST_CHECK lake_status file_rows_select(const struct batch *batch, const struct range_list *ranges, bool inside,
                                             struct batch *out, struct lake_error *err);
/* How many rows that would be inside. */
int64_t file_rows_count(const struct time_values *times, const struct range_list *ranges);
/* merge_batches where either side may be without a schema; both are emptied. counts may be NULL. */
LAKE_MUST_CHECK lake_status file_rows_merge(const struct merge_sides *sides, struct batch *out,
                                            struct merge_counts *counts, struct lake_error *err);
/* The rows of one behind those of another, in any order, with the columns of both; either may be without a schema; both are
 * emptied. */
LAKE_MUST_CHECK lake_status file_rows_append(struct batch *first, struct batch *second, struct batch *out,
                                             struct lake_error *err);

#endif
