#include "lake/recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "lake/moves.h"
#include "lake/staging.h"

enum { REPORT_BYTES = 160 };

/* Staged files of a move that could not be carried out stay where they are. */
static lake_status finish_moves(struct lake *lake, int64_t *n_renamed, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_outstanding *moves = NULL;
    bool *is_done = NULL;
    size_t n_moves = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(moves_find(lake, &arena, &moves, &n_moves, err));
    TRY_OUT(arena_new(&arena, n_moves, sizeof *is_done, &is_done, err));
    status = moves_carry_out(lake, moves, n_moves, is_done, n_renamed, err);
out:
    arena_release(&arena);
    return status;
}

static lake_status recover_locked(struct lake *lake, struct lake_error *err)
{
    int64_t n_renamed = 0, n_removed = 0;
    char report[REPORT_BYTES];
    TRY(finish_moves(lake, &n_renamed, err));
    TRY(staging_remove_dead(lake, &n_removed, err));
    if (n_removed == 0)
        return LAKE_OK;
    (void)snprintf(report, sizeof report,
                   "recovered from %" PRId64 " interrupted write%s: %" PRId64 " committed file%s put in place",
                   n_removed, n_removed == 1 ? "" : "s", n_renamed, n_renamed == 1 ? "" : "s");
    return lake_keep_text(lake, report, &lake->recovery_report, err);
}

/* What cannot be finished is said, and left: the rest of the lake is sound, and readers find staged files where they are. */
static lake_status report_unfinished(struct lake *lake, const struct lake_error *failure, struct lake_error *err)
{
    char report[LAKE_ERROR_MESSAGE_BYTES + REPORT_BYTES];
    (void)snprintf(report, sizeof report, "an interrupted write could not be finished: %s", failure->message);
    return lake_keep_text(lake, report, &lake->recovery_report, err);
}

lake_status lake_recover(struct lake *lake, struct lake_error *err)
{
    struct file_lock lock = {0};
    struct lake_error failure = {LAKE_OK, ""};
    bool any = false;
    if (manifest_is_read_only(lake->manifest))
        return LAKE_OK;
    lake_status status = staging_any(lake, &any, &failure);
    if (status == LAKE_OK && !any)
        return LAKE_OK;
    if (status == LAKE_OK)
        status = lake_lock(lake, &lock, 0, "recovery", &failure);
    if (status == LAKE_BUSY || status == LAKE_PERMISSION)
        return LAKE_OK;
    if (status == LAKE_OK)
        status = recover_locked(lake, &failure);
    file_lock_release(&lock);
    return status == LAKE_OK ? LAKE_OK : report_unfinished(lake, &failure, err);
}
