#include "lake/repair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/quarantine.h"
#include "lake/repair_commit.h"
#include "lake/salvage.h"

const char *repair_action_name(enum repair_action action)
{
    static const char *const names[] = {
        [REPAIR_NOTHING] = "none", [REPAIR_REPAIRED] = "repaired", [REPAIR_QUARANTINED] = "quarantined"};
    return names[action];
}

static void did(struct repair_outcome *outcome, enum repair_action action, const char *format, ...) LAKE_PRINTF(3, 4);

static void did(struct repair_outcome *outcome, enum repair_action action, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(outcome->note, sizeof outcome->note, format, args);
    va_end(args);
    outcome->action = action;
}

/* ---- a file that lies elsewhere ---- */

/* A directory that was missing must be there before the name is durable. */
static lake_status make_parents(struct lake *lake, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    lake_status status = path_parent(path, &parent, err);
    if (status == LAKE_OK)
        status = file_make_directories(lake->io, parent, NULL, err);
    memory_free(parent);
    return status;
}

/* From history back to its name, which nothing may have taken: a name is used once. */
static lake_status move_back(struct lake *lake, const struct manifest_file *file, struct lake_error *err)
{
    struct buffer state_path = BUFFER_INIT(LIMIT_PATH_BYTES);
    char *from = NULL, *to = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_history_path(file->path, &state_path, err));
    TRY_OUT(layout_state_path(lake, (const char *)state_path.data, &from, err));
    TRY_OUT(layout_data_path(lake, file->path, &to, err));
    TRY_OUT(make_parents(lake, to, err));
    TRY_OUT(file_rename(lake->io, from, to, err));
out:
    memory_free(from);
    memory_free(to);
    buffer_release(&state_path);
    return status;
}

/* Under the lock, so that no commit retires it at this moment. */
static lake_status repair_misplaced(const struct repair_job *job, const struct manifest_file *file,
                                    struct repair_outcome *outcome, struct lake_error *err)
{
    struct file_lock lock = {0};
    bool is_live = false;
    lake_status status = LAKE_OK;
    TRY_OUT(lake_lock(job->lake, &lock, LAKE_LOCK_WAIT_MS, "repair", err));
    TRY_OUT(repair_is_live(job->lake, file, &is_live, err));
    if (is_live) {
        TRY_OUT(move_back(job->lake, file, err));
        did(outcome, REPAIR_REPAIRED, "moved back to its name");
    } else {
        did(outcome, REPAIR_NOTHING, "it was replaced meanwhile");
    }
out:
    file_lock_release(&lock);
    return status;
}

/* ---- a damaged file ---- */

static const char *day_or_days(size_t n)
{
    return n == 1 ? "day" : "days";
}

static void describe(const struct salvage *salvage, const struct repair_commit *commit, struct repair_outcome *outcome)
{
    size_t n_found = salvage->n_days - salvage->n_lost;
    const char *rows = salvage->n_from_history == 0         ? "what can be read of it"
                       : salvage->n_from_history == n_found ? "history"
                                                            : "history and what can be read of it";
    char where[VERIFY_DETAIL_BYTES] = "";
    if (commit->quarantine_path[0] != '\0')
        (void)snprintf(where, sizeof where, "; the damaged file is %.300s", commit->quarantine_path);
    if (salvage->n_lost == 0)
        did(outcome, REPAIR_REPAIRED, "all rows were taken from %s%s", rows, where);
    else if (n_found > 0)
        did(outcome, REPAIR_QUARANTINED, "%zu of %zu days (%" PRId64 " rows) are lost, the rest was taken from %s%s",
            salvage->n_lost, salvage->n_days, salvage->rows_lost, rows, where);
    else
        did(outcome, REPAIR_QUARANTINED, "its %" PRId64 " rows are lost (%zu %s)%s", salvage->rows_lost,
            salvage->n_days, day_or_days(salvage->n_days), where);
}

static lake_status repair_damaged(const struct repair_job *job, const struct manifest_file *file,
                                  struct repair_outcome *outcome, struct lake_error *err)
{
    struct salvage salvage = {
        .lake = job->lake, .dataset = job->dataset, .file = file, .own = verify_examiner(job->tools)};
    struct repair_commit commit = {.lake = job->lake, .dataset = job->dataset, .file = file, .salvage = &salvage};
    struct lake_error failure = {LAKE_OK, ""};
    struct batch rows = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(salvage_rows(&salvage, &rows, err));
    if (salvage.n_lost > 0 && salvage.is_unreadable) {
        did(outcome, REPAIR_NOTHING, "the disk does not give all of it: its rows may come back with the disk");
        goto out;
    }
    status = repair_commit_run(&commit, &rows, &failure);
    if (status == LAKE_CONFLICT) {
        did(outcome, REPAIR_NOTHING, "%.400s", failure.message);
        status = LAKE_OK;
    } else if (status == LAKE_OK) {
        describe(&salvage, &commit, outcome);
    } else {
        status = lake_fail(err, status, "%s", failure.message);
    }
out:
    batch_release(&rows);
    salvage_release(&salvage);
    return status;
}

lake_status repair_file(const struct repair_job *job, const struct manifest_file *file, struct repair_outcome *outcome,
                        struct lake_error *err)
{
    const struct verify_subject subject = {file, job->dataset, job->columns, job->n_columns};
    struct verify_finding finding;
    *outcome = (struct repair_outcome){REPAIR_NOTHING, ""};
    /* A disk may fail once. */
    TRY(verify_file(job->tools, &subject, LAKE_VERIFY_FULL, &finding, err));
    switch (finding.kind) {
    case VERIFY_SOUND: did(outcome, REPAIR_NOTHING, "it is sound when looked at again"); return LAKE_OK;
    case VERIFY_ELSEWHERE: return repair_misplaced(job, file, outcome, err);
    case VERIFY_AT_ODDS:
        did(outcome, REPAIR_NOTHING,
            "its bytes are as they were committed, so it stays: it is the manifest that differs");
        return LAKE_OK;
    case VERIFY_DAMAGED:
    case VERIFY_UNREADABLE: break;
    }
    return repair_damaged(job, file, outcome, err);
}

/* ---- history and strangers ---- */

static lake_status set_aside(struct lake *lake, const char *root, const char *path, struct buffer *to,
                             struct lake_error *err)
{
    char *full = NULL;
    TRY(path_join(root, path, &full, err));
    lake_status status = quarantine_move(lake, full, to, err);
    memory_free(full);
    return status;
}

/* The bytes first: a row without bytes is found again, bytes without a row would be an orphan that gc removes. */
static lake_status set_history_aside(const struct repair_job *job, const struct manifest_file *file,
                                     struct repair_outcome *outcome, struct lake_error *err)
{
    struct buffer path = BUFFER_INIT(LIMIT_PATH_BYTES), to = BUFFER_INIT(LIMIT_PATH_BYTES);
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(layout_history_path(file->path, &path, err));
    TRY_OUT(lake_lock(job->lake, &lock, LAKE_LOCK_WAIT_MS, "repair", err));
    TRY_OUT(repair_forget(job->lake, NULL, err)); /* so that its bytes lie in history, if anywhere */
    status = set_aside(job->lake, job->lake->state_root, (const char *)path.data, &to, err);
    bool is_gone = status == LAKE_NOT_FOUND;
    if (status != LAKE_OK && !is_gone)
        goto out;
    TRY_OUT(repair_forget(job->lake, file, err));
    if (is_gone)
        did(outcome, REPAIR_QUARANTINED, "snapshots that need it can no longer be read there");
    else
        did(outcome, REPAIR_QUARANTINED, "moved to %.200s; snapshots that need it can no longer be read there",
            (const char *)to.data);
out:
    file_lock_release(&lock);
    buffer_release(&path);
    buffer_release(&to);
    return status;
}

lake_status repair_history_file(const struct repair_job *job, const struct manifest_file *file,
                                struct repair_outcome *outcome, struct lake_error *err)
{
    struct verify_finding finding;
    *outcome = (struct repair_outcome){REPAIR_NOTHING, ""};
    TRY(verify_history_file(job->tools, file, &finding, err));
    switch (finding.kind) {
    case VERIFY_SOUND: did(outcome, REPAIR_NOTHING, "it is sound when looked at again"); return LAKE_OK;
    case VERIFY_DAMAGED: return set_history_aside(job, file, outcome, err);
    case VERIFY_ELSEWHERE:
    case VERIFY_AT_ODDS:
    case VERIFY_UNREADABLE: break;
    }
    did(outcome, REPAIR_NOTHING, "the disk does not give it: it may come back with the disk");
    return LAKE_OK;
}

lake_status repair_stranger(struct lake *lake, const char *path, struct repair_outcome *outcome, struct lake_error *err)
{
    struct buffer to = BUFFER_INIT(LIMIT_PATH_BYTES);
    *outcome = (struct repair_outcome){REPAIR_NOTHING, ""};
    lake_status status = set_aside(lake, lake->data_root, path, &to, err);
    if (status == LAKE_OK)
        did(outcome, REPAIR_QUARANTINED, "moved to %.300s", (const char *)to.data);
    buffer_release(&to);
    if (status == LAKE_NOT_FOUND) {
        did(outcome, REPAIR_NOTHING, "it is gone");
        return LAKE_OK;
    }
    return status;
}
