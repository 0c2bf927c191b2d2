/* Derivations of datasets, and the lineage of their days. */
#include "manifest/knowledge.h"
#include "manifest/query.h"

/* ---- derivations ---- */

static void read_derivation(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_derivation *derivation = item;
    derivation->dataset_id = statement_take_int64(statement);
    derivation->source_id = statement_take_int64(statement);
    derivation->recipe = statement_take_text(statement, arena);
    derivation->source_changed = statement_take_int64(statement);
    derivation->target_changed = statement_take_int64(statement);
}

lake_status manifest_find_derivation(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                     struct manifest_derivation *out, bool *is_found, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id)};
    const struct query query = {STATEMENT_DERIVATION, values, 1, sizeof *out, read_derivation, NULL, NULL};
    struct manifest_derivation *found = NULL;
    size_t n = 0;
    *is_found = false;
    TRY(query_collect(manifest, &query, arena, &found, &n, err));
    *is_found = n > 0;
    if (n > 0)
        *out = found[0];
    return LAKE_OK;
}

lake_status manifest_find_derived(struct manifest *manifest, int64_t source_id, struct arena *arena,
                                  struct manifest_derivation **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(source_id)};
    const struct query query = {STATEMENT_DERIVED, values, 1, sizeof **out, read_derivation, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_changed(struct manifest *manifest, int64_t dataset_id, int64_t *snapshot,
                                  struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id)};
    *snapshot = 0;
    return statement_query_int64(manifest, STATEMENT_CHANGED, values, 1, snapshot, err);
}

lake_status manifest_find_changed_at(struct manifest *manifest, int64_t dataset_id, int64_t as_of, int64_t *snapshot,
                                     struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(as_of)};
    *snapshot = 0;
    return statement_query_int64(manifest, STATEMENT_CHANGED_AT, values, 2, snapshot, err);
}

lake_status manifest_put_derivation(struct manifest *manifest, const struct manifest_derivation *derivation,
                                    struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(derivation->dataset_id), sql_int(derivation->source_id),
                                       sql_text(derivation->recipe), sql_int(derivation->source_changed),
                                       sql_int(derivation->target_changed)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_PUT_DERIVATION, values, 5, err);
}

/* ---- lineage ---- */

static void read_lineage(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_lineage *lineage = item;
    (void)arena;
    lineage->dataset_id = statement_take_int64(statement);
    lineage->day = query_take_day(statement);
    lineage->version = statement_take_int64(statement);
    lineage->source_day = query_take_day(statement);
    lineage->source_version = statement_take_int64(statement);
}

lake_status manifest_find_lineage(struct manifest *manifest, int64_t dataset_id, int64_t from_day, int64_t to_day,
                                  struct arena *arena, struct manifest_lineage **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_day), sql_int(to_day)};
    const struct query query = {STATEMENT_LINEAGE, values, 3, sizeof **out, read_lineage, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_clear_lineage(struct manifest *manifest, int64_t dataset_id, int64_t from_day, int64_t to_day,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_day), sql_int(to_day)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_CLEAR_LINEAGE, values, 3, err);
}

lake_status manifest_add_lineage(struct manifest *manifest, const struct manifest_lineage *lineage,
                                 struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(lineage->dataset_id), sql_int(lineage->day), sql_int(lineage->version),
                                       sql_int(lineage->source_day), sql_int(lineage->source_version)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_ADD_LINEAGE, values, 5, err);
}
