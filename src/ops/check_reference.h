/* The bars that a dataset's bars are held against: what its source gives now, or what the venue's finer bars make of the same time.
 *
 * - Derived bars: the bars that their source gives by the same arithmetic. Only where they are current: what has yet to be derived again
 *   is known to differ.
 * - A venue's own bars: what its finest bars give whose period divides theirs; else derived bars of their period.
 *
 *     TRY(check_reference_open(&wanted, &reference, err));
 *     while (reference != NULL && (status = check_reference_next(reference, &batch, err)) == LAKE_OK && batch.release != NULL) …
 *     out: check_reference_close(reference); */
#ifndef OPS_CHECK_REFERENCE_H
#define OPS_CHECK_REFERENCE_H

#include "lake/partition.h"
#include "lake/scan.h"

struct check_reference;

struct check_wanted {
    struct lake *lake;
    const struct manifest_dataset *dataset; /* whose bars are held against others */
    int64_t snapshot;                       /* that its rows are of */
    struct time_range range;                /* of their open times */
    int64_t phase_ms;                       /* of their grid, see check_rows_phase */
    int64_t batch_rows;
    const struct lake_progress *progress; /* asked now and then whether to go on; its rows stay as they are */
    int64_t n_rows;                       /* told it */
};

/* Whether a dataset's bars are derived from bars, not from trades or by nobody knows whom. */
LAKE_MUST_CHECK lake_status check_is_of_bars(struct lake *lake, const struct manifest_dataset *dataset, bool *is,
                                             struct lake_error *err);
/* NULL where there is nothing to hold them against. */
LAKE_MUST_CHECK lake_status check_reference_open(const struct check_wanted *wanted, struct check_reference **out,
                                                 struct lake_error *err);
void check_reference_close(struct check_reference *reference);
/* Whether the dataset is derived from what it is held against. */
bool check_reference_is_source(const struct check_reference *reference);
/* Whether its bars say of how many bars they are made; of trades it is not known here whether the last one is whole. */
bool check_reference_counts_bars(const struct check_reference *reference);
/* "raw 1m", "trades": what it is made of. */
const char *check_reference_name(const struct check_reference *reference);
const struct schema *check_reference_schema(const struct check_reference *reference);
/* The next bars; without `release` it is the end. Bars that cannot be added up, being off their grid, end it: another rule blames
 * them. */
LAKE_MUST_CHECK lake_status check_reference_next(struct check_reference *reference, struct batch *out,
                                                 struct lake_error *err);

#endif
