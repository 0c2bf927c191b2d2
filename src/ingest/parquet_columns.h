/* What the columns of a Parquet file mean, as a layout whose fields are the file's columns: by the names, types and first values.
 *
 * Names and values as text go the way of those of CSV (columns.h). What the file says itself is not guessed: a column of the source's own keeps
 * its type, and times are of UTC or local as their type says. A column that cannot be read is refused by name, unless it is left out. */
#ifndef INGEST_PARQUET_COLUMNS_H
#define INGEST_PARQUET_COLUMNS_H

#include "ingest/csv_layout.h"
#include "ingest/parquet_piece.h"

/* The layout is zeroed; also on failure it is to be released. Afterwards the piece holds the first rows. */
LAKE_MUST_CHECK lake_status parquet_columns_detect(struct csv_layout *layout, const char *place,
                                                   struct parquet_piece *piece, const struct csv_wishes *wishes,
                                                   struct lake_error *err);

#endif
