/* Batches as text: CSV, JSON and NDJSON. The shapes are the ones people and programs meet: ts as ISO 8601 with Z in
 * CSV and as epoch numbers in JSON unless told otherwise; null is an empty field and null; doubles in the shortest
 * form that reads back to the same bits (NaN and infinities are null in JSON). */
#ifndef COLUMN_FORMAT_H
#define COLUMN_FORMAT_H

#include "base/buffer.h"
#include "column/batch.h"

enum time_text { TIME_TEXT_ISO, TIME_TEXT_NUMBER };

/* Appends the header line of a CSV. */
LAKE_MUST_CHECK lake_status format_csv_header(const struct schema *schema, struct buffer *out, struct lake_error *err);
/* Appends rows [first, first + n_rows). */
LAKE_MUST_CHECK lake_status format_csv_rows(const struct batch *batch, int64_t first, int64_t n_rows,
                                            enum time_text time, struct buffer *out, struct lake_error *err);
/* Appends one JSON object a row, each followed by `separator` ("\n" for NDJSON, ",\n" between the elements of an array:
 * `skip_last` leaves it out after the last row). */
LAKE_MUST_CHECK lake_status format_json_rows(const struct batch *batch, int64_t first, int64_t n_rows,
                                             enum time_text time, const char *separator, bool skip_last,
                                             struct buffer *out, struct lake_error *err);
/* Appends one value as it would stand in a table cell or CSV field, unquoted; nothing for null. */
LAKE_MUST_CHECK lake_status format_value(const struct batch *batch, size_t column, int64_t row, enum time_text time,
                                         struct buffer *out, struct lake_error *err);
/* Appends a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
LAKE_MUST_CHECK lake_status format_json_string(const char *text, size_t length, struct buffer *out,
                                               struct lake_error *err);

#endif
