/* The rules that rows are held against: their names, and what becomes of a row that breaks one.
 *
 * Records that cannot be understood have rules of their own, named by who reads them (row_source.h); they are always put aside.
 * To add a rule: a row here, in the order in which one is blamed for a row that breaks several; a row in row_rules.c; where it is
 * found, sanity.c (values) or row_times.c (times). tests/unit/ingest/test_sanity.c fails while a name is missing. */
#ifndef INGEST_ROW_RULES_H
#define INGEST_ROW_RULES_H

#include <datalake/lake.h>

#include "column/data_type.h"

enum row_rule {
    RULE_NONE,
    /* times */
    RULE_SKIPPED_TIME,
    RULE_OFF_GRID,
    RULE_FUTURE,
    RULE_STILL_OPEN,
    RULE_EARLY,
    /* values */
    RULE_VALUE_MISSING,
    RULE_PRICE_MISSING,
    RULE_HIGH_BELOW_LOW,
    RULE_OPEN_OUTSIDE,
    RULE_CLOSE_OUTSIDE,
    RULE_PRICE_NOT_POSITIVE,
    RULE_VOLUME_NEGATIVE,
    RULE_TRADES_NEGATIVE,
    RULE_AMOUNT_NEGATIVE,
    RULE_RATE_TOO_LARGE,
    RULE_TAKER_ABOVE_VOLUME,
    RULE_QUOTE_VOLUME_OUTSIDE,
    N_ROW_RULES
};

enum row_action {
    ROW_KEEP,
    ROW_WARN,
    ROW_REJECT,   /* put aside, or stops everything where nothing is put aside */
    ROW_LEAVE_OUT /* put aside without stopping anything */
};

/* "close-outside" */
const char *row_rule_name(enum row_rule rule);
enum row_action row_rule_action(enum row_rule rule, enum lake_check_action checks);

#endif
