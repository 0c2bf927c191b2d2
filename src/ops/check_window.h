/* Bars as arrays of numbers, with their neighbours before and behind: what rules look at.
 *
 * Rows come in batches; each row is judged once, when CHECK_CONTEXT rows behind it are there or none are to come, and
 * CHECK_CONTEXT rows before it are still there. So what is found never depends on how rows were cut into batches.
 *
 *     TRY(check_window_new(schema, most_batch_rows, &window, err));
 *     TRY(check_window_add(window, &batch, err));         // or check_window_end(window)
 *     …  rows [window->first, window->last) are to be judged, [0, window->n_rows) are there
 *     out: check_window_free(window); */
#ifndef OPS_CHECK_WINDOW_H
#define OPS_CHECK_WINDOW_H

#include "column/batch.h"

enum check_column { /* the first ones are those of struct check_found's bar */
                    CHECK_OPEN,
                    CHECK_HIGH,
                    CHECK_LOW,
                    CHECK_CLOSE,
                    CHECK_VOLUME,
                    CHECK_QUOTE_VOLUME,
                    CHECK_TAKER_VOLUME,
                    CHECK_TAKER_QUOTE_VOLUME,
                    CHECK_TRADES,
                    CHECK_VWAP,
                    CHECK_BARS,
                    CHECK_BARS_EXPECTED,
                    N_CHECK_COLUMNS
};

enum { CHECK_CONTEXT = 320 };

struct check_window {
    int64_t *ts;                      /* in ms */
    double *values[N_CHECK_COLUMNS];  /* NaN where there is none; counts as doubles */
    bool is_present[N_CHECK_COLUMNS]; /* whether the dataset has the column */
    uint8_t *has_nan;                 /* rows with a value that is stored as NaN */
    int64_t n_rows, first, last;
    int64_t base;     /* the place of row 0 in the dataset, from where the check begins */
    bool has_any_nan; /* among the rows there */
    int64_t most_batch_rows;
};

/* "taker_buy_volume" */
const char *check_column_name(enum check_column column);
/* Of rows with this schema, whose first column is a time in ms; columns of other types than the data type has do not count. */
LAKE_MUST_CHECK lake_status check_window_new(const struct schema *schema, int64_t most_batch_rows,
                                             struct check_window **out, struct lake_error *err);
void check_window_free(struct check_window *window);
/* The batch has at most most_batch_rows rows, and the schema of the window. */
void check_window_add(struct check_window *window, const struct batch *batch);
/* No rows come any more: the rest is to be judged. */
void check_window_end(struct check_window *window);
/* The values of one row, in the order of enum check_column. */
void check_window_row(const struct check_window *window, int64_t row, double out[N_CHECK_COLUMNS]);
/* From the time of the row before to that of a row; 0 for the first. Wraps where times are no times of any market. */
static inline int64_t check_window_step(const struct check_window *window, int64_t row)
{
    return row == 0 ? 0 : (int64_t)((uint64_t)window->ts[row] - (uint64_t)window->ts[row - 1]);
}

#endif
