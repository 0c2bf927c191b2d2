/* What the manifest knows of some days of a dataset of bars: their bars, by contents and holes, and why others are missing.
 *
 * One look-up a page, of one snapshot. Days that were written before holes were recorded, and that lack bars, are read once: their times
 * alone, those that follow one another in one scan.
 *
 *     struct gap_days page;
 *     gap_days_init(&page);
 *     TRY_OUT(gap_days_read(&question, from_day, to_day, &page, err));     // any number of times
 *     out: gap_days_release(&page); */
#ifndef OPS_GAP_DAYS_H
#define OPS_GAP_DAYS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "column/period.h"
#include "lake/handle.h"
#include "manifest/absence.h"

struct gap_question {
    struct lake *lake;
    const struct manifest_dataset *dataset;
    const struct period *period;
    int64_t as_of; /* 0: now */
};

/* Whether its bars are derived here: what they lack is then told from the last derivation on. */
bool gap_is_derived(const struct manifest_dataset *dataset);

struct gap_days {
    struct arena arena;
    struct buffer holes;           /* of the days that were read */
    struct manifest_content *days; /* that have rows, with their holes */
    size_t n;
    struct manifest_absence *absences; /* by time, those that still say something */
    size_t n_absences;
};

void gap_days_init(struct gap_days *page);
void gap_days_release(struct gap_days *page);
/* Replaces the page: the days [from_day, to_day), and what is known about [since_ms, the end of the last day). */
struct gap_span {
    int64_t from_day, to_day;
    int64_t since_ms;
};
LAKE_MUST_CHECK lake_status gap_days_read(const struct gap_question *question, struct gap_span span,
                                          struct gap_days *page, struct lake_error *err);

#endif
