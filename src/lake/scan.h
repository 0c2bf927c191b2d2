/* Scan, the waist through which everything is read: the files of one snapshot, decoded into batches as they are asked for (I2).
 *
 * What is stored, as it is stored: bars that are not stored but can be derived, and gaps that are filled, are ops/read.h's. Memory is
 * bounded by one batch (I10). One thread at a time; decoding runs in parallel.
 *
 *     struct scan *scan = NULL;
 *     TRY(scan_open(lake, &(struct scan_options){.query = query}, &scan, err));
 *     while ((status = scan_next(scan, &batch, err)) == LAKE_OK && batch.release != NULL) …
 *     out: scan_close(scan); */
#ifndef LAKE_SCAN_H
#define LAKE_SCAN_H

#include "column/batch.h"
#include "lake/scan_plan.h"

struct scan;

struct scan_options {
    struct scan_query query;
    const char *const *columns; /* NULL: all, by the type's order then by name; the time comes first in any case */
    size_t n_columns;
    bool is_lenient;     /* of those named, what is not there is left out */
    int64_t limit, tail; /* rows from the start, from the end; 0: all */
    int64_t batch_rows;  /* most rows of a batch; 0: chosen by the memory configured */
};

/* An unknown dataset is LAKE_NOT_FOUND with near matches, an ambiguous one LAKE_INVALID_ARGUMENT with the choices. */
LAKE_MUST_CHECK lake_status scan_open(struct lake *lake, const struct scan_options *options, struct scan **out,
                                      struct lake_error *err);
/* Several symbols in one: their rows follow one another in the order of the symbols, all of one snapshot, columns united by name (schema_union.h); limit and
 * tail are of each. The query's own symbol is not looked at. Where one is not there, and where the plans of all would take more than a share of the engine's memory,
 * that is LAKE_NOT_FOUND without saying which: then read them apart. */
LAKE_MUST_CHECK lake_status scan_open_many(struct lake *lake, const struct scan_options *options,
                                           const struct scan_symbols *symbols, struct scan **out,
                                           struct lake_error *err);
void scan_close(struct scan *scan);
/* All live as long as the scan. Of one of several symbols: its plan and the number of its rows. */
const struct scan_plan *scan_get_plan(const struct scan *scan);
const struct scan_plan *scan_get_plan_of(const struct scan *scan, size_t symbol, int64_t *n_rows);
const struct schema *scan_get_schema(const struct scan *scan);
/* Rows that the scan gives in all. */
int64_t scan_rows(const struct scan *scan);
/* The next rows; the batch borrows the scan's schema. Without `release` it is the end. */
LAKE_MUST_CHECK lake_status scan_next(struct scan *scan, struct batch *out, struct lake_error *err);

#endif
