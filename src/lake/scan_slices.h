/* Which rows of a plan's files a scan gives.
 *
 * Files that lie in the range whole are taken as the manifest says; of the first and the last, where they do not, the rows are found by page index and
 * times.
 *
 *     struct slice_list list = {.items = items};                  // room for plan->n_files
 *     TRY(scan_slices_find(assembler, plan, &schema->fields[0], &list, err));
 *     scan_slices_limit(&list, limit, tail); */
#ifndef LAKE_SCAN_SLICES_H
#define LAKE_SCAN_SLICES_H

#include "lake/assemble.h"
#include "lake/scan_plan.h"

struct slice_list {
    struct slice *items; /* in order of time, none empty */
    size_t n;
    int64_t n_rows;
};

/* Whether files must be read to tell: otherwise no assembler is needed. */
bool scan_slices_are_cut(const struct scan_plan *plan);
/* `key` is the column of times; NULL where there is none. */
LAKE_MUST_CHECK lake_status scan_slices_find(struct assembler *assembler, const struct scan_plan *plan,
                                             const struct column_field *key, struct slice_list *out,
                                             struct lake_error *err);
/* Keeps so many rows from the end, then so many from the start; 0: all. */
void scan_slices_limit(struct slice_list *list, int64_t limit, int64_t tail);

#endif
