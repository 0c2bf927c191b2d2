/* A Parquet file as a source: its rows in their order, columns understood by their names as those of CSV files are (columns.h), the
 * Parquet row_source.
 *
 * Times may be TIMESTAMP of any unit, DATE, or integers in s, ms, us, ns (told by size, as in csv_time.h) or text in the forms of csv_time.h; numbers of any width
 * become the column's type where that is exact, else the row is an error. What our codec refuses (nested, INT96, encrypted, LZ4, brotli) is named by it. Read in
 * pieces of bounded memory. */
#ifndef INGEST_PARQUET_ROWS_H
#define INGEST_PARQUET_ROWS_H

#include "base/thread.h"
#include "ingest/csv_layout.h"
#include "ingest/row_source.h"
#include "ingest/source.h"

struct parquet_rows_options {
    struct pool *pool;
    struct source *source;           /* of kind SOURCE_PARQUET, at its member; borrowed: read and hashed through it */
    const struct csv_wishes *wishes; /* type, columns, time unit, zone; the rest is for text */
    bool wants_rejects;
    struct row_position start;
};

LAKE_MUST_CHECK lake_status parquet_rows_open(const struct parquet_rows_options *options, struct row_source **out,
                                              struct lake_error *err);
const struct findings *parquet_rows_findings(const struct row_source *rows);
bool parquet_rows_is_time_local(const struct row_source *rows);

#endif
