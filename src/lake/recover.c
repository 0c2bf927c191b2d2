#include "lake/recover.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "lake/expiry.h"
#include "lake/moves.h"
#include "lake/staging.h"

enum { REPORT_BYTES = 160 };

/* A durable commit of what is done. Also where nothing is: after it no transaction of a dead writer can come back from the
 * WAL that did not count before, whose staged files are about to go. */
static lake_status settle(struct lake *lake, const struct moves_done *done, bool removals_are_durable,
                          struct lake_error *err)
{
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(manifest_touch(lake->manifest, err));
    TRY_OUT(moves_clear(lake, done, err));
    if (removals_are_durable)
        TRY_OUT(expiry_clear_removals(lake, err));
    TRY_OUT(manifest_commit(lake->manifest, err));
    manifest_checkpoint(lake->manifest);
out:
    if (status != LAKE_OK)
        manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

/* Staged files of a move that could not be carried out stay where they are. */
static lake_status finish_moves(struct lake *lake, struct moves_report *report, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct moves_done done = {NULL, 0};
    bool removals_are_durable = false;
    lake_status status = LAKE_OK;
    TRY_OUT(moves_finish(lake, true, &arena, &done, report, err));
    TRY_OUT(expiry_make_durable(lake, true, &removals_are_durable, err));
    TRY_OUT(settle(lake, &done, removals_are_durable, err));
    if (report->failure.status != LAKE_OK)
        status = lake_fail(err, report->failure.status, "%s", report->failure.message);
out:
    arena_release(&arena);
    return status;
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

/* What was kept is not interrupted for good: its ingest says so itself when it is asked for again. */
static lake_status report(struct lake *lake, const struct staging_dead *dead, int64_t n_renamed, struct lake_error *err)
{
    char removed[REPORT_BYTES] = "", parked[REPORT_BYTES] = "", text[2 * REPORT_BYTES + 2];
    if (dead->n_removed > 0)
        (void)snprintf(removed, sizeof removed,
                       "recovered from %" PRId64 " interrupted write%s: %" PRId64 " committed file%s put in place",
                       dead->n_removed, plural(dead->n_removed), n_renamed, plural(n_renamed));
    if (dead->n_parked > 0)
        (void)snprintf(parked, sizeof parked, "kept what %" PRId64 " interrupted write%s had saved, to be gone on with",
                       dead->n_parked, plural(dead->n_parked));
    (void)snprintf(text, sizeof text, "%s%s%s", removed, removed[0] != '\0' && parked[0] != '\0' ? "; " : "", parked);
    return text[0] == '\0' ? LAKE_OK : lake_keep_text(lake, text, &lake->recovery_report, err);
}

lake_status lake_recover_locked(struct lake *lake, struct lake_error *err)
{
    struct moves_report moves = {0, {LAKE_OK, ""}};
    struct staging_dead dead = {0, 0};
    TRY(finish_moves(lake, &moves, err));
    TRY(staging_remove_dead(lake, &dead, err));
    return report(lake, &dead, moves.n_renamed, err);
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
        status = lake_recover_locked(lake, &failure);
    file_lock_release(&lock);
    return status == LAKE_OK ? LAKE_OK : report_unfinished(lake, &failure, err);
}
