/* Checking a lake: the manifest in itself, every file against it, and the data tree for files that are nobody's.
 *
 * In bounded memory, whatever the lake's size: datasets and files are gone through in pages, and what a page says may have been
 * changed by a writer when a file is looked at: a finding counts only where its file is still what the page said. */
#include <datalake/maintenance.h>

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/layout.h"
#include "lake/repair.h"
#include "lake/repair_commit.h"
#include "lake/select.h"
#include "lake/table_stream.h"
#include "lake/verify_leftovers.h"
#include "lake/verify_tree.h"
#include "manifest/history.h"

enum {
    FILES_PER_ROUND = 64, /* checked between two reports of progress */
    FILES_PER_PAGE = 1024,
    DATASETS_PER_PAGE = 256
};

struct verification {
    struct lake *lake;
    enum lake_verify_depth depth;
    bool repair;
    const struct lake_progress *progress;
    struct lake_verify_result *result;
    struct batch_builder *problems;
    struct verify_tools **tools; /* one a thread */
    int64_t n_bytes_total;
    bool manifest_is_damaged; /* then nothing is repaired by what it says */
};

/* ---- problems ---- */

struct problem_row {
    const char *path, *problem, *detail;
    const struct repair_outcome *outcome; /* NULL: nothing was tried */
};

static lake_status add_problem(struct verification *verification, const struct problem_row *row, struct lake_error *err)
{
    struct lake_verify_result *result = verification->result;
    const struct repair_outcome *outcome = row->outcome;
    enum repair_action action = outcome == NULL ? REPAIR_NOTHING : outcome->action;
    char detail[2 * VERIFY_DETAIL_BYTES + 8];
    (void)snprintf(detail, sizeof detail, "%s%s%s", row->detail,
                   outcome == NULL || outcome->note[0] == '\0' ? "" : ": ", outcome == NULL ? "" : outcome->note);
    const struct cell cells[] = {cell_text(row->path), cell_text(row->problem), cell_text(detail),
                                 cell_text(verification->repair ? repair_action_name(action) : NULL)};
    result->n_problems++;
    result->n_repaired += action == REPAIR_REPAIRED;
    result->n_quarantined += action == REPAIR_QUARANTINED;
    return batch_builder_append_cells(verification->problems, cells, err);
}

static bool repairs(const struct verification *verification)
{
    return verification->repair && !verification->manifest_is_damaged;
}

static lake_status add_manifest_problem(struct verification *verification, const char *detail, struct lake_error *err)
{
    const struct problem_row row = {path_name(verification->lake->db_path), "manifest", detail, NULL};
    verification->manifest_is_damaged = true;
    return add_problem(verification, &row, err);
}

/* Damage of the manifest that a query meets is a problem like any other; what it hides is not looked for. */
static lake_status tolerate_manifest(struct verification *verification, lake_status status,
                                     const struct lake_error *failure, struct lake_error *err)
{
    if (status == LAKE_OK)
        return LAKE_OK;
    if (status == LAKE_CORRUPT)
        return add_manifest_problem(verification, failure->message, err);
    return lake_fail(err, status, "%s", failure->message);
}

static lake_status report_progress(const struct verification *verification, struct lake_error *err)
{
    const struct lake_progress *progress = verification->progress;
    const struct lake_verify_result *result = verification->result;
    if (progress == NULL || progress->report == NULL)
        return LAKE_OK;
    if (progress->report(progress->context, result->n_rows, result->n_bytes, verification->n_bytes_total) != 0)
        return lake_fail(err, LAKE_CANCELLED, "verify was stopped");
    return LAKE_OK;
}

/* ---- the files of a dataset ---- */

/* A dataset, and a round of its files, checked in parallel. */
struct round {
    struct verification *verification;
    const struct manifest_dataset *dataset;
    const struct manifest_column *columns;
    size_t n_columns;
    const struct manifest_file *files;
    bool is_history;
    struct verify_finding findings[FILES_PER_ROUND];
};

static lake_status check_file(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct round *round = context;
    struct verification *verification = round->verification;
    struct verify_tools **tools = &verification->tools[worker];
    const struct verify_subject subject = {&round->files[index], round->dataset, round->columns, round->n_columns};
    if (*tools == NULL)
        TRY(verify_tools_new(verification->lake, tools, err));
    if (round->is_history)
        return verify_history_file(*tools, subject.file, &round->findings[index], err);
    return verify_file(*tools, &subject, verification->depth, &round->findings[index], err);
}

/* A writer may have replaced the file since it was listed, or expired it: what was found then says nothing. */
static lake_status is_still_there(const struct round *round, const struct manifest_file *file, bool *is,
                                  struct lake_error *err)
{
    struct lake *lake = round->verification->lake;
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_file before = *file, *next = NULL;
    size_t n = 0;
    if (!round->is_history)
        return repair_is_live(lake, file, is, err);
    before.id--;
    mutex_lock(lake->mutex);
    lake_status status = manifest_next_history(lake->manifest, file->dataset_id, &before, 1, &arena, &next, &n, err);
    mutex_unlock(lake->mutex);
    *is = n == 1 && next[0].id == file->id;
    arena_release(&arena);
    return status;
}

static lake_status report_finding(struct round *round, size_t index, struct lake_error *err)
{
    struct verification *verification = round->verification;
    const struct manifest_file *file = &round->files[index];
    const struct verify_finding *finding = &round->findings[index];
    const struct repair_job job = {verification->lake, verification->tools[0], round->dataset, round->columns,
                                   round->n_columns};
    struct repair_outcome outcome = {REPAIR_NOTHING, ""};
    struct problem_row row = {file->path, finding->problem, finding->detail, NULL};
    bool is_there = false;
    if (finding->problem == NULL)
        return LAKE_OK;
    TRY(is_still_there(round, file, &is_there, err));
    if (!is_there)
        return LAKE_OK;
    if (repairs(verification)) {
        TRY(round->is_history ? repair_history_file(&job, file, &outcome, err)
                              : repair_file(&job, file, &outcome, err));
        row.outcome = &outcome;
    }
    return add_problem(verification, &row, err);
}

static lake_status check_round(struct round *round, size_t n, struct lake_error *err)
{
    struct verification *verification = round->verification;
    TRY(pool_run(verification->lake->pool, n, check_file, round, err));
    for (size_t i = 0; i < n; i++) {
        if (!round->is_history) {
            verification->result->n_files++;
            verification->result->n_rows += round->files[i].n_rows;
        }
        verification->result->n_bytes += round->files[i].size_bytes;
        TRY(report_finding(round, i, err));
    }
    return report_progress(verification, err);
}

static lake_status next_page(const struct round *round, const struct manifest_file *last, struct arena *arena,
                             struct manifest_file **files, size_t *n, struct lake_error *err)
{
    struct lake *lake = round->verification->lake;
    int64_t id = round->dataset->id;
    mutex_lock(lake->mutex);
    lake_status status =
        round->is_history ? manifest_next_history(lake->manifest, id, last, FILES_PER_PAGE, arena, files, n, err)
                          : manifest_next_files(lake->manifest, id, last == NULL ? INT64_MIN : last->partition_start_ms,
                                                FILES_PER_PAGE, arena, files, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status check_files(struct round *round, struct lake_error *err)
{
    struct verification *verification = round->verification;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL, last = {0};
    struct lake_error failure = {LAKE_OK, ""};
    size_t n_files = FILES_PER_PAGE;
    bool is_first = true;
    lake_status status = LAKE_OK;
    while (n_files == FILES_PER_PAGE) {
        arena_reset(&arena);
        n_files = 0;
        status = next_page(round, is_first ? NULL : &last, &arena, &files, &n_files, &failure);
        TRY_OUT(tolerate_manifest(verification, status, &failure, err));
        for (size_t i = 0; i < n_files; i += FILES_PER_ROUND) {
            round->files = files + i;
            TRY_OUT(check_round(round, n_files - i < FILES_PER_ROUND ? n_files - i : FILES_PER_ROUND, err));
        }
        is_first = false;
        if (n_files > 0)
            last = files[n_files - 1];
    }
out:
    arena_release(&arena);
    return status;
}

static lake_status check_dataset(struct verification *verification, const struct manifest_dataset *dataset,
                                 struct lake_error *err)
{
    struct lake *lake = verification->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct lake_error failure = {LAKE_OK, ""};
    struct manifest_column *columns = NULL;
    struct round *round = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *round, &round, err));
    mutex_lock(lake->mutex);
    status = manifest_find_columns(lake->manifest, dataset->id, &arena, &columns, &round->n_columns, &failure);
    mutex_unlock(lake->mutex);
    TRY_OUT(tolerate_manifest(verification, status, &failure, err));
    round->verification = verification;
    round->dataset = dataset;
    round->columns = columns;
    TRY_OUT(check_files(round, err));
    round->is_history = true;
    if (verification->depth == LAKE_VERIFY_FULL)
        status = check_files(round, err);
out:
    memory_free(round);
    arena_release(&arena);
    return status;
}

/* ---- all datasets ---- */

typedef lake_status (*visit_totals)(struct verification *verification, const struct manifest_totals *totals,
                                    struct lake_error *err);

static lake_status add_bytes(struct verification *verification, const struct manifest_totals *totals,
                             struct lake_error *err)
{
    (void)err;
    verification->n_bytes_total += totals->size_bytes;
    if (verification->depth == LAKE_VERIFY_FULL)
        verification->n_bytes_total += totals->history_bytes;
    return LAKE_OK;
}

static lake_status check_totals(struct verification *verification, const struct manifest_totals *totals,
                                struct lake_error *err)
{
    return check_dataset(verification, &totals->dataset, err);
}

static lake_status list_page(struct verification *verification, const struct manifest_filter *filter,
                             const struct manifest_dataset *after, struct arena *arena, struct manifest_totals **totals,
                             size_t *n, struct lake_error *err)
{
    const struct manifest_page page = {after, DATASETS_PER_PAGE};
    mutex_lock(verification->lake->mutex);
    lake_status status = manifest_list_totals(verification->lake->manifest, filter, &page, arena, totals, n, err);
    mutex_unlock(verification->lake->mutex);
    return status;
}

static lake_status visit_datasets(struct verification *verification, const struct manifest_filter *filter,
                                  visit_totals visit, int64_t *n_visited, struct lake_error *err)
{
    struct arena pages[2] = {ARENA_INIT(LIMIT_ENGINE_BYTES), ARENA_INIT(LIMIT_ENGINE_BYTES)}; /* this and the last */
    const struct manifest_dataset *after = NULL;
    struct manifest_totals *totals = NULL;
    struct lake_error failure = {LAKE_OK, ""};
    size_t n = DATASETS_PER_PAGE;
    lake_status status = LAKE_OK;
    *n_visited = 0;
    for (size_t at = 0; n == DATASETS_PER_PAGE; at = 1 - at) {
        arena_reset(&pages[at]);
        n = 0;
        status = list_page(verification, filter, after, &pages[at], &totals, &n, &failure);
        TRY_OUT(tolerate_manifest(verification, status, &failure, err));
        for (size_t i = 0; i < n; i++)
            TRY_OUT(visit(verification, &totals[i], err));
        *n_visited += (int64_t)n;
        after = n == 0 ? NULL : &totals[n - 1].dataset;
    }
out:
    arena_release(&pages[0]);
    arena_release(&pages[1]);
    return status;
}

static bool selects_all(const struct manifest_filter *filter)
{
    return filter->exchange == NULL && filter->market == NULL && filter->symbol == NULL && filter->type == NULL &&
           filter->period == NULL;
}

static lake_status check_datasets(struct verification *verification, const struct manifest_filter *filter,
                                  struct lake_error *err)
{
    int64_t n = 0;
    TRY(visit_datasets(verification, filter, add_bytes, &n, err));
    if (n == 0 && !selects_all(filter))
        return select_fail_not_found(verification->lake, filter, err);
    return visit_datasets(verification, filter, check_totals, &n, err);
}

/* ---- the manifest, the tree and the state directory ---- */

struct manifest_report {
    struct verification *verification;
    lake_status status;
    struct lake_error *err;
};

static int found_in_manifest(void *context, const char *detail)
{
    struct manifest_report *report = context;
    report->status = add_manifest_problem(report->verification, detail, report->err);
    return report->status != LAKE_OK;
}

/* A power cut while the WAL was being moved into the database leaves pages there that are half old, half new, and are right in
 * the WAL: moving it again mends them. Where a writer holds the lock just now, it is he who moves it. */
static void settle_wal(struct lake *lake)
{
    struct file_lock lock = {0};
    if (manifest_is_read_only(lake->manifest) || lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "verify", NULL) != LAKE_OK)
        return;
    mutex_lock(lake->mutex);
    manifest_flush(lake->manifest);
    mutex_unlock(lake->mutex);
    file_lock_release(&lock);
}

/* By a connection of its own: it takes its time, and readers in this process go on meanwhile. */
static lake_status check_manifest(struct verification *verification, struct lake_error *err)
{
    struct manifest_report report = {verification, LAKE_OK, err};
    struct lake_error failure = {LAKE_OK, ""};
    struct manifest *manifest = NULL;
    bool created = false;
    if (verification->depth == LAKE_VERIFY_FULL)
        settle_wal(verification->lake);
    lake_status status = manifest_open(verification->lake->db_path, MANIFEST_READ_ONLY, &created, &manifest, &failure);
    if (status == LAKE_OK)
        status =
            manifest_check(manifest, verification->depth == LAKE_VERIFY_FULL, found_in_manifest, &report, &failure);
    manifest_close(manifest);
    if (report.status != LAKE_OK)
        return report.status;
    return tolerate_manifest(verification, status, &failure, err);
}

static lake_status found_stranger(void *context, const char *path, struct lake_error *err)
{
    struct verification *verification = context;
    struct repair_outcome outcome = {REPAIR_NOTHING, ""};
    struct problem_row row = {path, "stranger", "the manifest does not list this; other tools would read its rows",
                              NULL};
    if (repairs(verification)) {
        TRY(repair_stranger(verification->lake, path, &outcome, err));
        row.outcome = &outcome;
    }
    return add_problem(verification, &row, err);
}

static lake_status found_leftover(void *context, const char *state_path, struct lake_error *err)
{
    const struct problem_row row = {
        state_path, "leftover", "no superseded file has its bytes here; dl maintenance --gc removes it in a day", NULL};
    return add_problem(context, &row, err);
}

static lake_status check_directories(struct verification *verification, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    lake_status status = verify_tree(verification->lake, found_stranger, verification, &failure);
    TRY(tolerate_manifest(verification, status, &failure, err));
    if (verification->depth != LAKE_VERIFY_FULL)
        return LAKE_OK;
    status = verify_leftovers(verification->lake, found_leftover, verification, &failure);
    return tolerate_manifest(verification, status, &failure, err);
}

/* ---- beginning ---- */

/* A data root that is empty where the manifest lists files is a disk that is not there, not damage to be repaired. */
static lake_status check_may_repair(const struct verification *verification, struct lake_error *err)
{
    struct lake *lake = verification->lake;
    struct manifest_sizes sizes = {0};
    bool is_empty = false;
    if (!verification->repair)
        return LAKE_OK;
    if (manifest_is_read_only(lake->manifest))
        return lake_fail(err, LAKE_PERMISSION, "%s: this user may read the lake, not repair it", lake->db_path);
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_sizes(lake->manifest, &sizes, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    TRY(tree_is_empty(lake->io, lake->data_root, &is_empty, err));
    if (sizes.live_files > 0 && is_empty)
        return lake_fail(err, LAKE_INVALID_STATE,
                         "%s: holds nothing, and %s lists %lld files: is its disk there? nothing was changed",
                         lake->data_root, lake->db_path, (long long)sizes.live_files);
    return LAKE_OK;
}

static lake_status new_problems(struct batch_builder **out, struct lake_error *err)
{
    static const struct column_field fields[] = {{"path", COLUMN_UTF8, 0, false},
                                                 {"problem", COLUMN_UTF8, 0, false},
                                                 {"detail", COLUMN_UTF8, 0, false},
                                                 {"action", COLUMN_UTF8, 0, true}};
    struct schema *schema = NULL;
    TRY(schema_new(fields, sizeof fields / sizeof *fields, &schema, err));
    lake_status status = batch_builder_new(schema, out, err);
    schema_free(schema);
    return status;
}

static lake_status begin(struct verification *verification, struct lake_error *err)
{
    size_t n_threads = pool_threads(verification->lake->pool);
    TRY(new_problems(&verification->problems, err));
    TRY(memory_new(n_threads, sizeof(struct verify_tools *), &verification->tools, err));
    TRY(verify_tools_new(verification->lake, &verification->tools[0], err));
    return check_may_repair(verification, err);
}

static void end(struct verification *verification)
{
    for (size_t i = 0; verification->tools != NULL && i < pool_threads(verification->lake->pool); i++)
        verify_tools_free(verification->tools[i]);
    memory_free(verification->tools);
    batch_builder_free(verification->problems);
}

lake_status lake_verify(struct lake *lake, const struct lake_verify_options *options, struct lake_verify_result *result,
                        struct ArrowArrayStream *problems, struct lake_error *err)
{
    static const struct lake_verify_options defaults = {.size = sizeof defaults};
    struct verification verification = {.lake = lake, .result = result};
    struct canonical canonical;
    lake_status status = LAKE_OK;
    options = options == NULL ? &defaults : options;
    if (options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the verify options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the verify result has an unknown size");
    *result = (struct lake_verify_result){.size = sizeof *result};
    verification.repair = options->repair;
    verification.depth = options->repair ? LAKE_VERIFY_FULL : options->depth;
    verification.progress = &options->progress;
    TRY_OUT(select_filter(lake, &options->selection, &canonical, err));
    TRY_OUT(begin(&verification, err));
    TRY_OUT(check_manifest(&verification, err));
    TRY_OUT(check_datasets(&verification, &canonical.filter, err));
    if (selects_all(&canonical.filter))
        TRY_OUT(check_directories(&verification, err));
    status = table_stream(verification.problems, problems, err);
out:
    end(&verification);
    return status;
}
