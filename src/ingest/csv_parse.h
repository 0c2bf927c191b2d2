/* A run of whole records into rows: the hot loop of ingest.
 *
 * Each field is tried in its common form first, where it stands (csv_number.h, csv_time_iso); whatever is not of that form, and every
 * error, goes the long way over csv_field_read. Both ways give the same values.
 * Blank lines and repeated headers are stepped over. The first record that cannot be understood ends the run with an error that
 * names file, line, column and value; lines are counted only then.
 * Threads: any number of runs of one block at once, each into rows of its own. */
#ifndef INGEST_CSV_PARSE_H
#define INGEST_CSV_PARSE_H

#include "ingest/csv_layout.h"
#include "ingest/csv_rows.h"

struct csv_block {
    const struct csv_layout *layout;
    const char *path;   /* for messages */
    const char *text;   /* the beginning of a record; CSV_PADDING_BYTES behind the block are readable */
    int64_t first_line; /* number of the line at text */
};

/* Parses [text, end), which lies in the block and holds whole records only. */
LAKE_MUST_CHECK lake_status csv_parse(const struct csv_block *block, const char *text, const char *end,
                                      struct csv_rows *rows, struct lake_error *err);

/* The line of row `row` of the run [text, end); first_line where there is no such row. */
int64_t csv_row_line(const struct csv_block *block, const char *text, const char *end, int64_t row);

#endif
