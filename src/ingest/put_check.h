/* What the rows of a table are held against on their way into a write: that their keys are there and ascend, the range that was promised,
 * the words of a trade's side, the period's grid, the clock, and the rules of sanity (row_rules.h).
 *
 * A row that breaks what is a must stops everything, with its number (from 0), its time and its values; what breaks a rule that is a warning is
 * counted. Bars that are still open are marked to be left out. Rows are judged in their order, slice by slice. One thread.
 *
 *     put_check_init(&check, &setup);
 *     put_check_begin(&check, schema);
 *     TRY_OUT(put_check_rows(&check, &batch, err));      // check.marks tell which rows are left out
 *     out: put_check_release(&check); */
#ifndef INGEST_PUT_CHECK_H
#define INGEST_PUT_CHECK_H

#include <datalake/write.h>

#include "ingest/bar_grid.h"
#include "ingest/row_tally.h"
#include "ingest/sanity.h"

struct put_check_setup {
    const struct data_type *type;
    const struct period *period; /* of types with one, else NULL */
    const struct lake_put_options *options;
    bool is_crypto;
    int64_t now_ms;
    const char *place; /* what the rows came from */
};

struct put_check {
    struct put_check_setup setup;
    int64_t per_ms;
    int id;   /* the key's second column; -1: none */
    int side; /* of trades, the taker's; -1: none */
    struct sanity sanity;
    struct bar_grid grid;
    bool has_grid;
    struct row_tally tally;
    struct row_marks marks; /* of the last slice: 1 where a row is left out, if any is marked */
    int64_t n_rows;         /* of the slices before */
    int64_t last_ts;        /* of their last row */
    int64_t n_warned, n_left_out;
    struct buffer reason;
};

void put_check_init(struct put_check *check, const struct put_check_setup *setup);
void put_check_release(struct put_check *check);
void put_check_begin(struct put_check *check, const struct schema *schema);
/* Behind the bar that opens then. */
int64_t put_check_bar_end_ms(const struct put_check *check, int64_t ts_ms);
LAKE_MUST_CHECK lake_status put_check_rows(struct put_check *check, const struct batch *batch, struct lake_error *err);

#endif
