/* Regular records into rows, a field of all of them at a time: the hot loops of ingest.
 *
 * Records are regular by an index (csv_index.h): without quotation marks, each with as many fields as the layout has. What they hold is
 * tried in its common form, a loop for each kind of field; a value of another form goes the long way (csv_value.h). Both give the same.
 * One thread at a time per target. */
#ifndef INGEST_CSV_COLUMNS_H
#define INGEST_CSV_COLUMNS_H

#include "ingest/csv_decimals.h"
#include "ingest/csv_value.h"

/* Fills the rows behind those that are counted, for which there is room. Where a value is refused *is_refused says so, and what was filled in
 * is worth nothing: csv_record.h parses such records one by one. */
LAKE_MUST_CHECK lake_status csv_columns_fill(struct csv_target *target, const struct csv_window *window,
                                             bool *is_refused, struct lake_error *err);

#endif
