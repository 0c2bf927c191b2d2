/* Snapshots, their times and their names. */
#include <inttypes.h>

#include "manifest/history.h"
#include "manifest/query.h"

lake_status manifest_snapshot(struct manifest *manifest, int64_t *snapshot, struct lake_error *err)
{
    *snapshot = 0;
    return statement_query_int64(manifest, STATEMENT_SNAPSHOT, NULL, 0, snapshot, err);
}

/* ---- times ---- */

struct moment {
    int64_t snapshot; /* 0: there is none */
    int64_t committed_ms;
};

static lake_status find_moment(struct manifest *manifest, enum statement_id id, int64_t snapshot, struct moment *out,
                               struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(snapshot)};
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    *out = (struct moment){0, 0};
    TRY_OUT(statement_get(manifest, id, &statement, err));
    TRY_OUT(statement_bind(statement, values, 1, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row) {
        out->snapshot = statement_take_int64(statement);
        out->committed_ms = statement_take_int64(statement);
    }
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

lake_status manifest_find_snapshots(struct manifest *manifest, struct manifest_snapshots *out, struct lake_error *err)
{
    struct moment first, last;
    bool begun = false;
    lake_status status = LAKE_OK;
    *out = (struct manifest_snapshots){0, 0, 0, 0};
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(find_moment(manifest, STATEMENT_SNAPSHOT_FROM, 0, &first, err));
    TRY_OUT(find_moment(manifest, STATEMENT_SNAPSHOT_TO, INT64_MAX, &last, err));
    *out = (struct manifest_snapshots){first.snapshot, last.snapshot, first.committed_ms, last.committed_ms};
out:
    return manifest_read_end(manifest, begun, status, err);
}

/* Times never fall from one snapshot to the next, so halving finds one in a few look-ups; an index over them would cost every
 * commit a page. `low` was committed at or before `ms`, `high` after it. */
static lake_status search(struct manifest *manifest, int64_t ms, int64_t low, int64_t high, int64_t *snapshot,
                          struct lake_error *err)
{
    while (high - low > 1) {
        struct moment middle;
        TRY(find_moment(manifest, STATEMENT_SNAPSHOT_TO, low + (high - low) / 2, &middle, err));
        /* Between low and the middle all are pruned: go on above it. */
        if (middle.snapshot <= low)
            TRY(find_moment(manifest, STATEMENT_SNAPSHOT_FROM, low + (high - low) / 2, &middle, err));
        if (middle.snapshot >= high)
            break;
        if (middle.committed_ms <= ms)
            low = middle.snapshot;
        else
            high = middle.snapshot;
    }
    *snapshot = high - 1;
    return LAKE_OK;
}

lake_status manifest_find_snapshot_at(struct manifest *manifest, int64_t ms, int64_t *snapshot, struct lake_error *err)
{
    struct manifest_snapshots known;
    bool begun = false;
    lake_status status = LAKE_OK;
    *snapshot = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(manifest_find_snapshots(manifest, &known, err));
    if (known.last == 0 || ms < known.first_ms)
        goto out;
    *snapshot = known.last;
    if (ms < known.last_ms)
        TRY_OUT(search(manifest, ms, known.first, known.last, snapshot, err));
out:
    return manifest_read_end(manifest, begun, status, err);
}

/* ---- names ---- */

static void read_name(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_name *name = item;
    name->name = statement_take_text(statement, arena);
    name->snapshot = statement_take_int64(statement);
    name->committed_ms = statement_take_int64(statement);
    name->named_ms = statement_take_int64(statement);
}

lake_status manifest_list_names(struct manifest *manifest, struct arena *arena, struct manifest_name **out, size_t *n,
                                struct lake_error *err)
{
    const struct query query = {STATEMENT_NAMES, NULL, 0, sizeof **out, read_name, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_name(struct manifest *manifest, const char *name, int64_t *snapshot, struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(name)};
    *snapshot = 0;
    return statement_query_int64(manifest, STATEMENT_SNAPSHOT_OF_NAME, values, 1, snapshot, err);
}

static lake_status require_snapshot(struct manifest *manifest, int64_t snapshot, struct lake_error *err)
{
    struct moment found;
    TRY(find_moment(manifest, STATEMENT_SNAPSHOT_TO, snapshot, &found, err));
    if (snapshot <= 0 || found.snapshot != snapshot)
        return lake_fail(err, LAKE_NOT_FOUND, "there is no snapshot %" PRId64, snapshot);
    return LAKE_OK;
}

lake_status manifest_put_name(struct manifest *manifest, const char *name, int64_t snapshot, int64_t named_ms,
                              struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(name), sql_int(snapshot), sql_int(named_ms)};
    int64_t named = 0;
    TRY(query_check_begun(manifest, err));
    TRY(require_snapshot(manifest, snapshot, err));
    TRY(manifest_find_name(manifest, name, &named, err));
    if (named == snapshot)
        return LAKE_OK;
    if (named != 0)
        return lake_fail(err, LAKE_EXISTS, "'%s' is the name of snapshot %" PRId64 " already", name, named);
    TRY(statement_execute(manifest, STATEMENT_ADD_NAME, values, 3, err));
    return statement_execute(manifest, STATEMENT_KEEP_FILES, values + 1, 1, err);
}

lake_status manifest_remove_name(struct manifest *manifest, const char *name, struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(name)};
    TRY(query_check_begun(manifest, err));
    TRY(statement_execute(manifest, STATEMENT_REMOVE_NAME, values, 1, err));
    if (database_changes(manifest->database) == 0)
        return lake_fail(err, LAKE_NOT_FOUND, "no snapshot has the name '%s'", name);
    return statement_execute(manifest, STATEMENT_UNKEEP_FILES, NULL, 0, err);
}
