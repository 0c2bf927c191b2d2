/* Findings: what operations met in their sources. */
#include "manifest/knowledge.h"
#include "manifest/query.h"

static void read_finding(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_finding *finding = item;
    finding->dataset_id = statement_take_int64(statement);
    finding->operation_id = statement_take_int64(statement);
    finding->rule = statement_take_text(statement, arena);
    finding->n_rows = statement_take_int64(statement);
    finding->first_ms = statement_take_int64(statement);
    finding->last_ms = statement_take_int64(statement);
    finding->place = statement_take_text(statement, arena);
    finding->detail = statement_take_text(statement, arena);
    finding->snapshot = statement_take_int64(statement);
}

lake_status manifest_find_findings(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                   struct manifest_finding **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id)};
    const struct query query = {STATEMENT_FINDINGS, values, 1, sizeof **out, read_finding, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_add_finding(struct manifest *manifest, const struct manifest_finding *finding,
                                 struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(finding->dataset_id), sql_int(finding->operation_id),
                                       sql_text(finding->rule),      sql_int(finding->n_rows),
                                       sql_int(finding->first_ms),   sql_int(finding->last_ms),
                                       sql_text(finding->place),     sql_text(finding->detail)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_ADD_FINDING, values, 8, err);
}
