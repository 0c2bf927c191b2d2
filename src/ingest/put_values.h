/* Values of one column of a table as values of another type, where none is lost by it.
 *
 *     numbers to numbers                 where the same number is there
 *     timestamps of any unit, dates      to the column's unit; milliseconds must be whole, what is finer than microseconds is cut
 *     whole numbers to times             in s, ms, µs or ns, told by their size (csv_time.h)
 *     text to times                      ISO 8601, without a zone UTC
 *     whole numbers to text              as they are written: ids
 *
 * Columns of the same type stay where they are. */
#ifndef INGEST_PUT_VALUES_H
#define INGEST_PUT_VALUES_H

#include "base/arena.h"
#include "column/batch.h"

struct put_values {
    const struct column_field *from, *to;
    const struct column *column;
    int64_t n_rows;
    int64_t first_row;   /* number of the first in the whole table, for messages */
    bool is_nan_null;    /* NaN becomes null */
    struct arena *arena; /* of what has to be laid out anew */
};

/* Whether there is a way at all; else LAKE_INVALID_DATA that names both kinds. */
LAKE_MUST_CHECK lake_status put_values_check(const struct column_field *from, const struct column_field *to,
                                             bool is_time_key, struct lake_error *err);
/* *out borrows from the column and the arena. */
LAKE_MUST_CHECK lake_status put_values(const struct put_values *values, struct column *out, struct lake_error *err);
/* A column of nothing but null. */
LAKE_MUST_CHECK lake_status put_values_null(const struct put_values *values, struct column *out,
                                            struct lake_error *err);

#endif
