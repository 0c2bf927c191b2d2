/* On which line of its source a row of a run stands, also when rows were dropped from the run.
 *
 * Asking a source for the line of a row may mean to go through the run's text (row_source.h). Mostly each line of a run is a row, which the
 * lines of its first row and of what follows the run tell: then it is not asked again. One thread at a time, while the run lasts. */
#ifndef INGEST_RUN_LINES_H
#define INGEST_RUN_LINES_H

#include "ingest/row_marks.h"
#include "ingest/row_source.h"

struct run_lines {
    struct row_source *rows;
    size_t run;
    const uint8_t *drops; /* of the rows as they were given; NULL: none was dropped */
    int64_t first_line;   /* of the first row given */
    int64_t next_line;    /* of what follows, as far as known; else 0 */
    bool is_dense;        /* each line is a row */
    int64_t kept, given;  /* where the search stands: row `kept` of those left is row `given` of those given */
};

/* Of a run that is held against the rules already, and was given some rows. */
void run_lines_init(struct run_lines *lines, struct row_source *rows, const struct row_runs *runs,
                    const struct row_marks *marks, size_t run);
/* Quick where rows are asked for in order. */
int64_t run_lines_at(struct run_lines *lines, int64_t row);

#endif
