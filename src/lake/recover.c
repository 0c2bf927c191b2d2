#include "lake/recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "lake/moves.h"
#include "lake/staging.h"

enum { REPORT_BYTES = 160 };

static lake_status recover_locked(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_outstanding *moves = NULL;
    size_t n_moves = 0;
    int64_t n_done = 0, n_removed = 0;
    char report[REPORT_BYTES];
    lake_status status = LAKE_OK;
    TRY_OUT(moves_find(lake, &arena, &moves, &n_moves, err));
    TRY_OUT(moves_carry_out(lake, moves, n_moves, &n_done, err));
    TRY_OUT(staging_remove_dead(lake, &n_removed, err));
    if (n_removed > 0) {
        (void)snprintf(report, sizeof report,
                       "recovered from %" PRId64 " interrupted write%s: %" PRId64 " committed file%s put in place",
                       n_removed, n_removed == 1 ? "" : "s", n_done, n_done == 1 ? "" : "s");
        TRY_OUT(lake_keep_text(lake, report, &lake->recovery_report, err));
    }
out:
    arena_release(&arena);
    return status;
}

lake_status lake_recover(struct lake *lake, struct lake_error *err)
{
    struct file_lock lock = {0};
    bool any = false;
    TRY(staging_any(lake, &any, err));
    if (!any || manifest_is_read_only(lake->manifest))
        return LAKE_OK;
    lake_status status = lake_lock(lake, &lock, 0, "recovery", err);
    if (status == LAKE_BUSY || status == LAKE_PERMISSION)
        return LAKE_OK;
    if (status == LAKE_OK)
        status = recover_locked(lake, err);
    file_lock_release(&lock);
    return status;
}
