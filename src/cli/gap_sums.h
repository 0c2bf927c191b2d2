/* Gaps summed up by dataset and reason, out of the stream of lake_list_gaps: a row at a time, whatever its length. */
#ifndef CLI_GAP_SUMS_H
#define CLI_GAP_SUMS_H

#include <datalake/arrow.h>
#include <datalake/error.h>

#include "json.h"
#include "terminal.h"

/* Both take the stream over. A table with a row a dataset and reason; the same as an array of objects. */
LAKE_MUST_CHECK lake_status gap_sums_write(struct output *out, const struct terminal *terminal,
                                           struct ArrowArrayStream *stream, struct lake_error *err);
LAKE_MUST_CHECK lake_status gap_sums_json(struct json *json, const char *name, struct ArrowArrayStream *stream,
                                          struct lake_error *err);

#endif
