/* Sorting the rows of a batch by key: a stable merge sort that takes what order there is already. Rows in order, or in reverse,
 * cost one look at each. */
#ifndef LAKE_ROW_ORDER_H
#define LAKE_ROW_ORDER_H

#include "lake/row_key.h"

struct row_order {
    struct row_key key;
    const int32_t *sources; /* of each row; NULL: all of one. Equal rows that are counted are ordered by source */
};

struct row_place {
    int64_t ts, row;
};

/* Rows that came later stay behind those that are equal. */
int row_order_compare(const struct row_order *order, const struct row_place *a, const struct row_place *b);
LAKE_MUST_CHECK lake_status row_order_sort(const struct row_order *order, struct row_place *places, size_t n,
                                           struct lake_error *err);

#endif
