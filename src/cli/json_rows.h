/* The rows of a small table as an array inside a JSON object. */
#ifndef CLI_JSON_ROWS_H
#define CLI_JSON_ROWS_H

#include <datalake/arrow.h>
#include <datalake/error.h>

#include "json.h"

/* Takes the stream over. Text is text, numbers are numbers, times epoch milliseconds, and nulls null. */
LAKE_MUST_CHECK lake_status json_rows(struct json *json, const char *name, struct ArrowArrayStream *stream,
                                      struct lake_error *err);

#endif
