/* Streams of rows shown as tables.
 *
 * A long stream may be shown by its first and last rows only; it is still read to its end, a batch at a time, and
 * only the batches that hold the last rows are kept. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <datalake/arrow.h>
#include <datalake/error.h>

#include "table.h"

enum view_style {
    VIEW_EXACT, /* values as they stand in CSV */
    VIEW_HUMAN  /* counts with separators, sizes with units, times to the minute, checksums cut */
};

/* A column of the narrow form. */
struct view_column {
    const char *title;
    const char *names; /* of the stream's columns whose cells stand in it, joined by a blank */
    bool is_date;      /* times to the day */
};

struct view {
    struct output *out;
    enum view_style style;
    bool has_colour;
    size_t width;                     /* of the terminal; 0: show all columns */
    const struct view_column *narrow; /* shown where not all columns of the stream fit; NULL: as many as do */
    size_t n_narrow;
    bool ts_numbers; /* times as numbers */
    bool is_cut;     /* only the first and last VIEW_EDGE_ROWS rows */
    int64_t n_rows;  /* set: of the stream */
};

enum { VIEW_EDGE_ROWS = 20 };

/* Takes the stream over. Says below the table how many rows there were, and which columns did not fit. */
LAKE_MUST_CHECK lake_status view_stream(struct view *view, struct ArrowArrayStream *stream, struct lake_error *err);
/* The failure of a stream as ours. */
lake_status stream_fail(struct ArrowArrayStream *stream, int error_number, struct lake_error *err);

#endif
