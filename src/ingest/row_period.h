/* Which period the bars of a source have: given, else told by their close times, else by the steps between their times, else by the
 * source's name. What is told is held against the rest; where they contradict each other rows count more than names.
 *
 *     struct period_clues clues = {.place = "a.csv", .given = NULL, …};
 *     bar_evidence_add(&clues.evidence, ts_ms, n_rows);
 *     TRY(row_period_tell(&clues, &told, err)); */
#ifndef INGEST_ROW_PERIOD_H
#define INGEST_ROW_PERIOD_H

#include "ingest/bar_grid.h"

struct period_clues {
    const char *place;
    const struct period *given; /* by an option, or told by an earlier source */
    const char *giver;          /* that source; NULL: the option */
    const struct period *named; /* by the source's name or a column of it; NULL: neither */
    int64_t first_ms;           /* of the first row */
    int64_t close_length_ms;    /* of the first row, by its close time; 0: not told */
    struct bar_evidence evidence;
};

struct period_told {
    const struct period *period;
    const char *origin; /* "option", "values", "file name" */
};

LAKE_MUST_CHECK lake_status row_period_tell(const struct period_clues *clues, struct period_told *out,
                                            struct lake_error *err);

#endif
