/* What happens to rows between a source and the write: times become the lake's, rows are held against the period's grid and the
 * rules of sanity, and those that are wrong stop everything, are put aside, or are counted.
 *
 * A row is judged by itself and the clock at the job's start, but for the grid, the gaps and the zone, which remember the row before: so rows
 * pass in source order, block by block. One thread at a time; the pool's threads look at values during row_stage_block.
 *
 *     struct row_stage stage;
 *     row_stage_init(&stage, &setup);
 *     row_stage_begin(&stage, rows, zone, false);            // a member of a source
 *     TRY_OUT(row_stage_block(&stage, &runs, err));          // what is left in the runs is to be appended
 *     out: row_stage_release(&stage); */
#ifndef INGEST_ROW_STAGE_H
#define INGEST_ROW_STAGE_H

#include "base/thread.h"
#include "ingest/bar_grid.h"
#include "ingest/rejects.h"
#include "ingest/row_gaps.h"
#include "ingest/row_source.h"
#include "ingest/row_tally.h"
#include "ingest/row_times.h"
#include "ingest/sanity.h"

struct row_stage_setup {
    struct pool *pool;
    enum lake_check_action checks;
    bool puts_aside;         /* rows that are wrong do not stop everything … */
    struct rejects *rejects; /* … and go there; NULL: nowhere */
    int64_t max_rejects;
    int64_t now_ms;
};

/* A bar that a source has and the lake does not get. */
struct row_loss {
    int64_t start_ms, end_ms; /* of the bar */
    int64_t line;
    enum row_rule rule;
};

struct row_stage {
    struct row_stage_setup setup;
    /* Of the dataset. */
    const struct data_type *type; /* that of the rows */
    const struct period *period;  /* of bars, once it is known */
    bool is_period_given;
    bool is_crypto; /* there was no market before Bitcoin's first block */
    /* Of the member that is being read. */
    struct row_source *rows;
    struct sanity sanity;
    struct row_times times;
    struct bar_grid grid;
    bool has_grid;
    /* So far. */
    struct row_tally tally;
    struct row_count *warned[N_ROW_RULES]; /* of the tally; NULL: not yet */
    struct row_gaps gaps;
    int64_t n_rejected;
    int64_t n_left_out; /* bars still open */
    int64_t n_others;
    /* Used again from block to block. */
    struct row_marks *marks; /* of each run */
    size_t n_marks;
    struct row_loss *losses; /* of the last block */
    size_t n_losses, losses_capacity;
    struct buffer reason, record;
};

void row_stage_init(struct row_stage *stage, const struct row_stage_setup *setup);
void row_stage_release(struct row_stage *stage);
/* Borrows both; zone NULL: times are UTC. Bars need a period before their first row. */
void row_stage_begin(struct row_stage *stage, struct row_source *rows, struct time_zone *zone, bool is_close);
void row_stage_set_period(struct row_stage *stage, const struct period *period, bool is_given);
/* Rows that are put aside are dropped from the runs; marks and losses then tell which. */
LAKE_MUST_CHECK lake_status row_stage_block(struct row_stage *stage, const struct row_runs *runs,
                                            struct lake_error *err);
bool row_stage_is_crypto(const char *exchange);

#endif
