/* Whether the values of rows can be true: high not below low, open and close between them, prices above zero, volumes and counts not
 * negative, quote_volume / volume a price of the bar.
 *
 * Nulls break no rule but those for missing values; where the source has no such column there is none to break. Rounding and
 * what venues publish (a volume in two decimals beside an exact quote volume) are allowed for. Immutable: threads share it.
 *
 *     struct sanity sanity;
 *     sanity_init(&sanity, type, schema);
 *     TRY(sanity_check(&sanity, batch, &marks, err)); */
#ifndef INGEST_SANITY_H
#define INGEST_SANITY_H

#include "base/buffer.h"
#include "column/batch.h"
#include "ingest/row_marks.h"

enum sanity_column {
    SANITY_OPEN,
    SANITY_HIGH,
    SANITY_LOW,
    SANITY_CLOSE,
    SANITY_VOLUME,
    SANITY_QUOTE_VOLUME,
    SANITY_TAKER_VOLUME,
    SANITY_TAKER_QUOTE_VOLUME,
    SANITY_TRADES,
    SANITY_PRICE,
    SANITY_AMOUNT,
    SANITY_RATE,
    SANITY_COLUMNS
};

struct sanity {
    bool is_bar;
    int columns[SANITY_COLUMNS]; /* in the schema; -1: there is none, or of another type */
};

void sanity_init(struct sanity *sanity, const struct data_type *type, const struct schema *schema);
/* Marks the rows that break a rule; the marks were started for the batch. */
LAKE_MUST_CHECK lake_status sanity_check(const struct sanity *sanity, const struct batch *batch,
                                         struct row_marks *marks, struct lake_error *err);
/* The rule of values that the row breaks first, or RULE_NONE. */
enum row_rule sanity_rule(const struct sanity *sanity, const struct batch *batch, int64_t row);
/* Appends what is wrong with the row: "close 16199.91 is outside of low 4200 and high 4316.62". */
LAKE_MUST_CHECK lake_status sanity_reason(const struct sanity *sanity, enum row_rule rule, const struct batch *batch,
                                          int64_t row, struct buffer *out, struct lake_error *err);

#endif
