/* The rules that stored bars are held against.
 *
 * "wrong" cannot be true, whatever the market did; "suspect" is for a person to look at: it has been true, but rarely.
 * Of several rules of one bar that a bar breaks, the first in this order is blamed.
 *
 * To add a rule:
 * 1. a row here and in check_rule.c (test_check_spec fails while a name is missing or taken twice);
 * 2. what finds it: a rule of one bar is a row in check_bar.c; one of times stands in check_time.c, of moves in check_move.c, of runs in
 *    check_run.c, of coarser bars against finer ones in check_sums.c;
 * 3. a case in tests/spec/check (test_check_spec fails while a rule of rows is found in none);
 * 4. its row in docs/QUALITY.md (test_quality.py fails while it is not there). */
#ifndef OPS_CHECK_RULE_H
#define OPS_CHECK_RULE_H

#include <stdbool.h>

enum check_rule {
    /* times */
    CHECK_NOT_ASCENDING,
    CHECK_OFF_GRID,
    CHECK_FUTURE,
    /* one bar */
    CHECK_NOT_FINITE,
    CHECK_PRICE_MISSING,
    CHECK_HIGH_BELOW_LOW,
    CHECK_OPEN_OUTSIDE,
    CHECK_CLOSE_OUTSIDE,
    CHECK_PRICE_NOT_POSITIVE,
    CHECK_VOLUME_NEGATIVE,
    CHECK_TRADES_NEGATIVE,
    CHECK_TAKER_ABOVE_VOLUME,
    CHECK_QUOTE_VOLUME_OUTSIDE,
    CHECK_TRADES_AND_VOLUME,
    CHECK_VWAP_OUTSIDE,
    CHECK_BARS_ABOVE_EXPECTED,
    /* neighbours */
    CHECK_SPIKE,
    CHECK_JUMP,
    CHECK_FROZEN,
    CHECK_STUCK,
    /* coarser bars against finer ones */
    CHECK_NOT_OF_SOURCE,
    CHECK_NOT_CONSERVED,
    N_CHECK_RULES
};

/* "close-outside" */
const char *check_rule_name(enum check_rule rule);
bool check_rule_is_suspect(enum check_rule rule);
static inline const char *check_severity(bool is_suspect)
{
    return is_suspect ? "suspect" : "wrong";
}
/* Whether the rule of that name is one of these. */
bool check_rule_is_known(const char *name);

#endif
