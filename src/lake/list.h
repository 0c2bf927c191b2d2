/* What the two lists (datasets, files) share: the question, and where the next page begins. */
#ifndef LAKE_LIST_H
#define LAKE_LIST_H

#include "lake/page_stream.h"
#include "lake/select.h"

struct list {
    struct lake *lake;
    struct canonical canonical;
    int64_t as_of; /* 0: now */
    int64_t left;  /* rows still to give; INT64_MAX: all */

    /* The dataset after which the next page begins; names that live here. */
    bool has_after;
    struct manifest_dataset after;
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES], type[NAME_BYTES], period[PERIOD_BYTES];
};

/* Checks the options (NULL: everything) and the snapshot they name; options->after is the caller's to understand. */
LAKE_MUST_CHECK lake_status list_init(struct list *list, struct lake *lake, const struct lake_list_options *options,
                                      struct lake_error *err);
/* The next page begins after this dataset. Names are copied; those that no lake gives, LAKE_CORRUPT. */
LAKE_MUST_CHECK lake_status list_move_after(struct list *list, const struct manifest_dataset *dataset,
                                            struct lake_error *err);
/* Rows of the next page. */
int64_t list_page_rows(const struct list *list);
/* The order of lists: exchange, symbol, market, type, period. */
int list_compare(const struct manifest_dataset *a, const struct manifest_dataset *b);

#endif
