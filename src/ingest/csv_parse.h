/* A run of whole records into rows.
 *
 * Stretches of regular records go the quick way, a field of all of them at a time (csv_columns.h); records that are not regular, and those
 * of a stretch in which a value is refused, go one by one (csv_record.h). Both give the same rows.
 * Blank lines and repeated headers are stepped over, rows of other symbols too and counted. The first record that cannot be
 * understood ends the run with an error that names file, line, column and value, or is put aside with its reason; after LIMIT_CSV_REJECTS of these
 * the run is left early, for the caller to take them.
 * Threads: any number of runs of one block at once, each with a csv_run of its own.
 *
 *     struct csv_run run;
 *     csv_run_init(&run);
 *     run.text = …, run.end = …;
 *     TRY_OUT(csv_parse(&block, &run, err));
 *     … run.rows.batch, run.rejects …
 *     out: csv_run_release(&run); */
#ifndef INGEST_CSV_PARSE_H
#define INGEST_CSV_PARSE_H

#include "ingest/csv_layout.h"
#include "ingest/csv_record.h"
#include "ingest/row_source.h"

struct csv_block {
    const struct csv_layout *layout;
    const char *place;   /* for messages */
    const char *text;    /* the beginning of a record; CSV_PADDING_BYTES behind the block are readable */
    int64_t first_line;  /* number of the line at text */
    const char *cut_off; /* where the record ends that the source ended in, without a line feed; NULL: it does not */
    bool has_zone;       /* times must not say their zone: `--tz` does */
    bool wants_rejects;
};

struct csv_run {
    const char *text, *end; /* whole records of the block */
    struct csv_rows rows;
    struct row_reject *rejects; /* lines are counted from the run's first, which is 0 */
    size_t n_rejects, max_rejects;
    struct arena reasons;
    uint32_t *passed; /* where records are that made no row: put aside, or of other symbols; offsets from text */
    size_t n_passed, max_passed;
    int64_t n_others;
    int64_t n_lines;     /* of what was parsed */
    const char *stopped; /* what was parsed ends there; before `end` only where there were many rejects */
    /* After a misfit: which column, and the type that would hold the value. */
    const struct csv_field *misfit;
    enum column_type wider;
    struct csv_place { /* where the search for rows stands */
        const char *text;
        int64_t row;     /* the first at or behind text */
        size_t n_passed; /* before it */
        int64_t line;    /* of text, from the run's first */
    } place;
};

void csv_run_init(struct csv_run *run);
void csv_run_release(struct csv_run *run);

/* Parses [run->text, run->end), which lies in the block. */
LAKE_MUST_CHECK lake_status csv_parse(const struct csv_block *block, struct csv_run *run, struct lake_error *err);

/* The record of a row of the run, with its end, and its line counted from the run's first. Quick where rows are asked for in order.
 * Nothing (text NULL) where there is no such row. */
struct csv_record csv_run_find(const struct csv_block *block, struct csv_run *run, int64_t row, int64_t *line);
/* Without its line feed and the carriage return before that. */
struct csv_span csv_record_text(struct csv_record record);

#endif
