/* The rules of rows, all together: batches of one dataset in, findings out. Pure: knows nothing of lakes.
 *
 * What is found depends on the rows alone, never on how they were cut into batches. One thread at a time.
 *
 *     TRY(check_rows_new(&subject, schema, &report, &rows, err));
 *     TRY_OUT(check_rows_add(rows, &batch, err));          // any number, in order
 *     TRY_OUT(check_rows_end(rows, err));
 *     out: check_rows_free(rows); */
#ifndef OPS_CHECK_ROWS_H
#define OPS_CHECK_ROWS_H

#include "column/data_type.h"
#include "ops/check_report.h"

struct check_subject {
    const struct period *period;
    bool must_be_closed; /* raw: a bar that is still open is never stored */
    bool is_of_bars;     /* derived from bars: where those move and stand still is told of them */
    int64_t now_ms;
    int64_t most_batch_rows;
};

struct check_rows;

/* Borrows the report, which was begun for the dataset. */
LAKE_MUST_CHECK lake_status check_rows_new(const struct check_subject *subject, const struct schema *schema,
                                           struct check_report *report, struct check_rows **out,
                                           struct lake_error *err);
void check_rows_free(struct check_rows *rows);
LAKE_MUST_CHECK lake_status check_rows_add(struct check_rows *rows, const struct batch *batch, struct lake_error *err);
LAKE_MUST_CHECK lake_status check_rows_end(struct check_rows *rows, struct lake_error *err);
/* By how much bars begin later than whole periods since 1970 (months: than the 1st), once there were rows. */
int64_t check_rows_phase(const struct check_rows *rows);

#endif
