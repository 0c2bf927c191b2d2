/* What a scan reads: a dataset, its columns and its files, all of one snapshot, resolved in one read transaction (I2).
 *
 *     struct scan_plan plan = {0};
 *     TRY(scan_plan_resolve(lake, &query, &arena, &plan, err));
 *     TRY(scan_plan_schema(&plan, names, n_names, &schema, err));
 *     …  read plan.files
 *     where one cannot be read: status = scan_plan_explain(lake, &plan, status, err) */
#ifndef LAKE_SCAN_PLAN_H
#define LAKE_SCAN_PLAN_H

#include "column/data_type.h"
#include "column/schema.h"
#include "lake/handle.h"

struct scan_query {
    struct lake_selection selection;
    int64_t start_ms, end_ms; /* half open */
    int64_t as_of;            /* 0: now */
    bool is_tried;            /* a dataset that is not there is no surprise: its near matches are not looked for */
};

struct scan_plan { /* strings and arrays live in the arena */
    int64_t start_ms, end_ms;
    int64_t snapshot;
    struct manifest_dataset dataset;
    const struct data_type *type; /* of the dataset; lives as long as the lake */
    bool was_chosen;              /* something not named, among several */
    struct manifest_column *columns;
    size_t n_columns;
    struct manifest_file *files; /* by time */
    size_t n_files;
};

LAKE_MUST_CHECK lake_status scan_plan_resolve(struct lake *lake, const struct scan_query *query, struct arena *arena,
                                              struct scan_plan *plan, struct lake_error *err);
/* The same of several symbols, all of one snapshot; the query's own is not looked at. One that is not there is no error here: its plan's dataset has
 * the id 0; so have those behind which the plans would take more than a share of the engine's memory. */
struct scan_symbols {
    const char *const *items;
    size_t n;
};
LAKE_MUST_CHECK lake_status scan_plan_resolve_many(struct lake *lake, const struct scan_query *query,
                                                   const struct scan_symbols *symbols, struct arena *arena,
                                                   struct scan_plan *plans, struct lake_error *err);
/* The columns in the order in which they are shown: the type's, then the source's by name. With names, the key and those,
 * each once. */
LAKE_MUST_CHECK lake_status scan_plan_schema(const struct scan_plan *plan, const char *const *names, size_t n_names,
                                             struct schema **out, struct lake_error *err);
/* Where reading its files failed as if they were damaged: another error if they expired meanwhile. Returns the status. */
lake_status scan_plan_explain(struct lake *lake, const struct scan_plan *plan, lake_status status,
                              struct lake_error *err);

#endif
