/* A detected layout as text, for cases that say what detection should find. */
#ifndef TEST_LAYOUT_TEXT_H
#define TEST_LAYOUT_TEXT_H

#include "base/buffer.h"
#include "ingest/csv_layout.h"

/* "raw, comma, header, 1m, newest first, local", then "column = source" for each column, what is left out or held
 * against a constant, and the times of the first and the last record of the block. */
LAKE_MUST_CHECK lake_status layout_text(const struct csv_layout *layout, struct csv_span block, struct buffer *out,
                                        struct lake_error *err);

#endif
