/* Rows as text, and text as times and periods: what every front end shares. */
#ifndef DATALAKE_TEXT_H
#define DATALAKE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum lake_format { LAKE_FORMAT_CSV, LAKE_FORMAT_JSON, LAKE_FORMAT_NDJSON, LAKE_FORMAT_PARQUET };

/* Takes bytes in order; returns 0, or anything else to stop (LAKE_IO). */
struct lake_sink {
    int (*write)(void *context, const void *bytes, size_t n_bytes);
    void *context;
};

struct lake_write_options {
    size_t size;
    enum lake_format format;
    bool ts_numbers; /* times as epoch numbers in the column's unit; default ISO 8601 in CSV, numbers in JSON */
    bool ts_iso;
};

/* Writes all rows of a stream (taken over and released): CSV with a header, a JSON array of objects, one object a line, or one
 * Parquet file. */
LAKE_API LAKE_MUST_CHECK lake_status lake_write_stream(struct ArrowArrayStream *stream,
                                                       const struct lake_write_options *options, struct lake_sink sink,
                                                       struct lake_error *err);

enum { LAKE_TEXT_BYTES = 40 };
/* One value of a column as text, as it stands in CSV ("" for null); for tables. `out` is cut and terminated; returns the
 * length it would have. */
LAKE_API size_t lake_format_value(const struct ArrowSchema *column_schema, const struct ArrowArray *column, int64_t row,
                                  char *out, size_t out_bytes);

/* A date or time as people write it: ISO 8601 with or without time and offset (none is UTC), 20260101, 2026-01, 2026, epoch
 * seconds or milliseconds. With is_end, a bare date means the end of that day (month, year): the start of the next. */
LAKE_API LAKE_MUST_CHECK lake_status lake_parse_time(const char *text, bool is_end, int64_t *ms,
                                                     struct lake_error *err);

struct lake_period {
    int64_t length_ms; /* 0 where none is fixed: "1mo", "tick", "event", features */
    /* The UTC day, month or year whose rows are written into one file (docs/FORMAT.md), around the instant asked for: [start_ms, end_ms). */
    int64_t start_ms;
    int64_t end_ms;
};
/* A period by any name people use: "1m", "1min", "60s", "M1", "1h", "daily"; "tick" of trades, "event", "set@version" of features.
 * LAKE_INVALID_ARGUMENT, naming the choices, where it is none. ts_ms: an instant of the years 1 to 9999. */
LAKE_API LAKE_MUST_CHECK lake_status lake_parse_period(const char *text, int64_t ts_ms, struct lake_period *out,
                                                       struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
