/* Contents: what a dataset holds for a day. */
#include "manifest/history.h"
#include "manifest/query.h"

lake_status manifest_find_contents(struct manifest *manifest, int64_t dataset_id, int64_t from_day, int64_t to_day,
                                   struct arena *arena, struct manifest_content **out, size_t *n,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_day), sql_int(to_day)};
    const struct query query = {STATEMENT_CONTENTS, values, 3, sizeof **out, query_read_content, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_contents_of(struct manifest *manifest, int64_t snapshot, struct arena *arena,
                                      struct manifest_content **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(snapshot)};
    const struct query query = {STATEMENT_CONTENTS_OF, values, 1, sizeof **out, query_read_content, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_versions(struct manifest *manifest, int64_t dataset_id, int64_t day, struct arena *arena,
                                   struct manifest_content **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(day)};
    const struct query query = {STATEMENT_VERSIONS, values, 2, sizeof **out, query_read_content, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

const struct manifest_content *manifest_content_of(const struct manifest_content *days, size_t n, int64_t day)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && days[low].day == day ? &days[low] : NULL;
}

struct live_content {
    int64_t version; /* 0: the day has none */
    int64_t added;
    bool is_same;
};

static lake_status find_live_content(struct manifest *manifest, const struct manifest_content *content,
                                     struct live_content *live, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(content->dataset_id), sql_int(content->day),
                                       sql_bytes(content->sha256, SHA256_BYTES), sql_int(content->n_rows)};
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    *live = (struct live_content){0, 0, false};
    TRY_OUT(statement_get(manifest, STATEMENT_LIVE_CONTENT, &statement, err));
    TRY_OUT(statement_bind(statement, values, 4, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row) {
        live->version = statement_take_int64(statement);
        live->added = statement_take_int64(statement);
        live->is_same = statement_take_int64(statement) != 0;
    }
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

/* Adds the version, or replaces the one of this snapshot. */
static lake_status store_content(struct manifest *manifest, const struct manifest_content *content, bool replace,
                                 int64_t snapshot, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(content->dataset_id),
                                       sql_int(content->day),
                                       sql_int(content->version),
                                       sql_bytes(content->sha256, SHA256_BYTES),
                                       sql_int(content->n_rows),
                                       sql_int(content->time_from_ms),
                                       sql_int(content->time_to_ms),
                                       sql_int(content->operation_id),
                                       sql_bytes(content->holes, content->n_holes_bytes),
                                       sql_int(snapshot)};
    if (replace)
        return statement_execute(manifest, STATEMENT_REPLACE_CONTENT, values, 9, err);
    return statement_execute(manifest, STATEMENT_ADD_CONTENT, values, 10, err);
}

lake_status manifest_put_content(struct manifest *manifest, struct manifest_content *content, int64_t snapshot,
                                 struct lake_error *err)
{
    const struct sql_value retire[] = {sql_int(content->dataset_id), sql_int(content->day), sql_int(snapshot)};
    struct live_content live;
    TRY(query_check_begun(manifest, err));
    TRY(find_live_content(manifest, content, &live, err));
    bool replace = live.version > 0 && live.added == snapshot;
    content->version = live.is_same || replace ? live.version : live.version + 1;
    if (live.is_same)
        return LAKE_OK;
    if (live.version > 0 && !replace)
        TRY(statement_execute(manifest, STATEMENT_RETIRE_CONTENT, retire, 3, err));
    TRY(query_note_dataset(manifest, content->operation_id, content->dataset_id, err));
    return store_content(manifest, content, replace, snapshot, err);
}
