/* How many rows broke which rule, and where the first of each stood: what an ingest answers for and its operation's record keeps.
 *
 *     struct row_tally tally;
 *     row_tally_init(&tally);
 *     TRY_OUT(row_tally_find(&tally, "off-grid", &count, err));
 *     if (row_tally_count(count, true) == 1)
 *         TRY_OUT(row_tally_place(&tally, count, "btc.csv", 1043, err));
 *     out: row_tally_release(&tally); */
#ifndef INGEST_ROW_TALLY_H
#define INGEST_ROW_TALLY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"

enum { TALLY_RULES = 32 };

struct row_count {
    const char *rule;
    int64_t n_warned, n_rejected;
    const char *first_place; /* "btc.csv:1043"; "": not known */
    bool has_times;
    int64_t from_ms, to_ms; /* least and greatest time of such rows, as far as known */
};

struct row_tally {
    struct row_count counts[TALLY_RULES]; /* in the order in which rules were first broken */
    size_t n;
    struct arena arena; /* of the texts */
};

void row_tally_init(struct row_tally *tally);
void row_tally_release(struct row_tally *tally);
/* Finds the rule's count or adds it. Rules come from tables of constants. */
LAKE_MUST_CHECK lake_status row_tally_find(struct row_tally *tally, const char *rule, struct row_count **out,
                                           struct lake_error *err);
/* Counts a row, and returns how many there are now. */
int64_t row_tally_count(struct row_count *count, bool is_rejected);
/* Such rows have these times. */
void row_tally_widen(struct row_count *count, int64_t from_ms, int64_t to_ms);
LAKE_MUST_CHECK lake_status row_tally_place(struct row_tally *tally, struct row_count *count, const char *place,
                                            int64_t line, struct lake_error *err);

/* "warned: close-outside 12 (btc.csv:1043); rejected: value 3 (btc.csv:7)"; nothing where no rule was broken. */
LAKE_MUST_CHECK lake_status row_tally_text(const struct row_tally *tally, struct buffer *out, struct lake_error *err);

#endif
