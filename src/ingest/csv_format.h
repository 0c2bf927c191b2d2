/* Whether bytes are CSV text at all: other formats are told by their first bytes, and named. */
#ifndef INGEST_CSV_FORMAT_H
#define INGEST_CSV_FORMAT_H

#include "base/error.h"
#include "ingest/csv_text.h"

/* Steps over a byte order mark. An error says what the file is and what to do. */
LAKE_MUST_CHECK lake_status csv_format_check(const char *path, struct csv_span block, size_t *mark_bytes,
                                             struct lake_error *err);

/* Refuses bytes that are not UTF-8 text without control characters; `offset` of the line in the file is for the message. */
LAKE_MUST_CHECK lake_status csv_format_check_text(const char *path, struct csv_span line, size_t offset,
                                                  struct lake_error *err);

#endif
