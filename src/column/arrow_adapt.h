/* Tables as programs export them, slice by slice, as batches: what a batch has no format for is laid out anew in the nearest that holds every
 * value.
 *
 *     whole numbers of 8 and 16 bits     int32
 *     uint32, uint64                     int64; more than it holds is LAKE_INVALID_DATA
 *     half floats                        float
 *     dates, timestamps in seconds       timestamp[ms]
 *     string and binary views            utf8, binary
 *     dictionaries of text               utf8
 *     the null type                      bool, all null (arrow_adapter_is_null tells)
 *
 * All else goes the way of arrow.h: as it lies where a batch can hold it, refused by name where it cannot. Structure is checked there and
 * here. Memory is that of one slice; one thread at a time.
 *
 *     TRY(arrow_adapter_new(&schema, &adapter, err));          // the schema stays the caller's
 *     for (first = 0; first < array.length; first += ARROW_SLICE_ROWS)
 *         TRY_OUT(arrow_adapter_slice(adapter, &array, first, n, &batch, err)); … batch_release(&batch);
 *     out: arrow_adapter_free(adapter); */
#ifndef COLUMN_ARROW_ADAPT_H
#define COLUMN_ARROW_ADAPT_H

#include "column/arrow.h"

enum { ARROW_SLICE_ROWS = 1 << 16 };

struct arrow_adapter;

LAKE_MUST_CHECK lake_status arrow_adapter_new(const struct ArrowSchema *in, struct arrow_adapter **out,
                                              struct lake_error *err);
void arrow_adapter_free(struct arrow_adapter *adapter);
/* That of the batches; lives as long as the adapter. Nothing but the import looks at the width of a type with offsets. */
const struct schema *arrow_adapter_schema(const struct arrow_adapter *adapter);
/* Whether the column was exported without a type, since all is null. */
bool arrow_adapter_is_null(const struct arrow_adapter *adapter, size_t column);
/* Rows [first, first + n) of the array, which stays the caller's and must outlive the batch. The batch of the slice before must have been
 * released. */
LAKE_MUST_CHECK lake_status arrow_adapter_slice(struct arrow_adapter *adapter, const struct ArrowArray *array,
                                                int64_t first, int64_t n, struct batch *out, struct lake_error *err);

#endif
