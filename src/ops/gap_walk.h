/* A walk through datasets of bars, by dataset and time: which bars are there, which are missing, and why.
 *
 * Between the first and the last bar of a dataset, or in the range that was asked for, every slot of the grid either holds a bar or is
 * in exactly one gap (lake/bar_slots.h). A gap is as long as its slots follow one another and the same is known of them: what is not known
 * is "not-requested", of derived bars "no-source-bars", and from the bar that is open now on "still-open". Told from contents, holes and
 * absences, a page of days at a time: memory does not grow with the dataset, nor with the lake.
 *
 *     struct gap_walk walk;
 *     TRY(gap_walk_init(&walk, lake, &options, err));
 *     for (bool more = true; more;)
 *         TRY_OUT(gap_walk_step(&walk, &sink, &more, err));
 *     out: gap_walk_release(&walk); */
#ifndef OPS_GAP_WALK_H
#define OPS_GAP_WALK_H

#include <datalake/bars.h>

#include "lake/bar_slots.h"
#include "lake/list.h"
#include "ops/gap_days.h"

struct gap {
    int64_t start_ms, end_ms; /* half open */
    int64_t n_bars;
    enum manifest_reason reason;
    const struct manifest_absence *absence; /* what is known; NULL: nothing */
    struct bar_slots grid;                  /* of its bars */
};

/* What the walk meets, in order of time within a dataset. Borrowed for the call. */
struct gap_sink {
    lake_status (*gap)(void *context, const struct manifest_dataset *dataset, const struct gap *gap,
                       struct lake_error *err);
    /* Bars that are there, of one day. */
    lake_status (*bars)(void *context, const struct manifest_dataset *dataset, int64_t first_ms, int64_t n,
                        struct lake_error *err);
    void *context;
};

struct gap_walk {
    struct list list; /* which datasets */
    bool has_start, has_end;
    int64_t start_ms, end_ms;
    int64_t now_ms;
    int64_t n_datasets; /* entered so far */

    struct arena arena; /* of the datasets */
    struct manifest_totals *totals;
    size_t n_totals, next;
    bool is_last_page;

    const struct manifest_totals *at; /* the dataset at hand; NULL: none */
    const struct period *period;
    int64_t next_day, end_day;
    bool has_bar;
    int64_t last_ms; /* of the last bar before what comes next */
    struct gap_days page;
    size_t next_absence;
    const struct gap_sink *sink;
};

/* Checks the options: LAKE_INVALID_ARGUMENT with the choices, LAKE_NOT_FOUND with near matches where names match no dataset. */
LAKE_MUST_CHECK lake_status gap_walk_init(struct gap_walk *walk, struct lake *lake,
                                          const struct lake_gaps_options *options, struct lake_error *err);
void gap_walk_release(struct gap_walk *walk);
/* Goes on by a page of days; *more is false at the end. */
LAKE_MUST_CHECK lake_status gap_walk_step(struct gap_walk *walk, const struct gap_sink *sink, bool *more,
                                          struct lake_error *err);

#endif
