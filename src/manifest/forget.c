/* A manifest without its past: for a copy of a lake that takes only the live files along. */
#include "base/limits.h"
#include "manifest/handle.h"
#include "manifest/history.h"

/* What was superseded can no longer be read: one mark for each range that files answered for, over all the time they did. */
static const char mark_superseded[] =
    "INSERT INTO expired (dataset_id, start_ms, end_ms, first, last)"
    "  SELECT dataset_id, partition_start_ms, partition_end_ms, min(added), max(retired) FROM files WHERE retired <> 0"
    "  GROUP BY dataset_id, partition_start_ms, partition_end_ms"
    "  ON CONFLICT (dataset_id, start_ms, end_ms, first) DO UPDATE SET last = max(last, excluded.last);";

static const char forget_superseded[] = "DELETE FROM files WHERE retired <> 0;"
                                        "DELETE FROM contents WHERE retired <> 0;"
                                        "DELETE FROM outstanding;"
                                        "DELETE FROM removals;";

/* A name whose snapshot can no longer be read in whole would only mislead. */
static lake_status forget_names(struct manifest *manifest, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_name *names = NULL;
    size_t n = 0;
    int64_t last = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_snapshot(manifest, &last, err));
    TRY_OUT(manifest_list_names(manifest, &arena, &names, &n, err));
    for (size_t i = 0; i < n; i++)
        if (names[i].snapshot < last)
            TRY_OUT(manifest_remove_name(manifest, names[i].name, err));
out:
    arena_release(&arena);
    return status;
}

lake_status manifest_forget_history(struct manifest *manifest, struct lake_error *err)
{
    TRY(forget_names(manifest, err));
    TRY(database_run(manifest->database, mark_superseded, err));
    return database_run(manifest->database, forget_superseded, err);
}
