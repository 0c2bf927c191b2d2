#include "lake/duplicate.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/copy.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/stored_file.h"
#include "manifest/history.h"

/* Files at a time, and bytes between two reports of progress. */
enum { ROUND_FILES = 64, ATTEMPTS = 3 };
#define ROUND_BYTES ((int64_t)(64 * MIB))

enum way { WAY_CLONE, WAY_LINK, WAY_BYTES };

/* What one thread keeps from file to file. */
struct worker {
    struct copy_tools tools;
    struct stored_file *stored;
    char *directory; /* the last one made */
    bool can_clone, can_link;
    bool is_ready;
};

struct round {
    const struct duplication *duplication;
    struct worker *workers;
    struct arena arena;
    struct manifest_file files[ROUND_FILES];
    enum way ways[ROUND_FILES];
    size_t n, first; /* files gathered; the first of those at work */
    int64_t n_rows, n_bytes, n_bytes_total;
};

/* ---- one file ---- */

static lake_status make_worker(const struct duplication *duplication, struct worker *worker, struct lake_error *err)
{
    worker->can_clone = duplication->may_clone;
    worker->can_link = duplication->may_link;
    TRY(copy_tools_init(&worker->tools, duplication->source->io, err));
    TRY(stored_file_new(duplication->source, &worker->stored, err));
    worker->is_ready = true;
    return LAKE_OK;
}

static void free_worker(struct worker *worker)
{
    copy_tools_release(&worker->tools);
    stored_file_free(worker->stored);
    memory_free(worker->directory);
}

/* Files of a dataset come one after another: their directory is mostly there. */
static lake_status make_directory(struct worker *worker, const char *to, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(to, &parent, err));
    if (worker->directory != NULL && strcmp(worker->directory, parent) == 0) {
        memory_free(parent);
        return LAKE_OK;
    }
    memory_free(worker->directory);
    worker->directory = parent;
    return file_make_directories(worker->tools.io, parent, NULL, err);
}

/* The cheapest way that works here; one that does not is not tried again. */
static lake_status duplicate_bytes(struct worker *worker, const char *from, const char *to, enum way *way,
                                   uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    lake_status status = LAKE_UNSUPPORTED;
    *way = WAY_CLONE;
    if (worker->can_clone) {
        status = file_clone(worker->tools.io, from, to, err);
        worker->can_clone = status != LAKE_UNSUPPORTED;
    }
    if (status == LAKE_UNSUPPORTED && worker->can_link) {
        *way = WAY_LINK;
        status = file_link(worker->tools.io, from, to, err);
        worker->can_link = status != LAKE_UNSUPPORTED;
    }
    if (status == LAKE_UNSUPPORTED) {
        *way = WAY_BYTES;
        return file_copy(&worker->tools, from, to, digest, err);
    }
    TRY(status);
    return file_digest(&worker->tools, to, digest, err);
}

static lake_status check_digest(const struct manifest_file *file, const char *from, const uint8_t found[SHA256_BYTES],
                                struct lake_error *err)
{
    char found_text[SHA256_TEXT_BYTES], wanted_text[SHA256_TEXT_BYTES];
    if (memcmp(found, file->sha256, SHA256_BYTES) == 0)
        return LAKE_OK;
    sha256_text(found, found_text);
    sha256_text(file->sha256, wanted_text);
    return lake_fail(err, LAKE_CORRUPT, "%s: is damaged: its SHA-256 is %s, the manifest says %s; run dl verify", from,
                     found_text, wanted_text);
}

/* A writer may be moving the file at this moment: then it is looked for again. */
static lake_status duplicate_file(struct worker *worker, const struct manifest_file *file, const char *to,
                                  enum way *way, struct lake_error *err)
{
    uint8_t digest[SHA256_BYTES];
    const char *from = NULL;
    lake_status status = LAKE_NOT_FOUND;
    for (int i = 0; i < ATTEMPTS && status == LAKE_NOT_FOUND; i++) {
        TRY(stored_file_find(worker->stored, file, &from, err));
        status = duplicate_bytes(worker, from, to, way, digest, err);
    }
    TRY(status);
    return check_digest(file, from, digest, err);
}

static lake_status run_task(void *context, size_t index, size_t thread, struct lake_error *err)
{
    struct round *round = context;
    struct worker *worker = &round->workers[thread];
    const struct manifest_file *file = &round->files[round->first + index];
    char *to = NULL;
    lake_status status = LAKE_OK;
    if (!worker->is_ready)
        TRY(make_worker(round->duplication, worker, err));
    TRY(path_join(round->duplication->data_root, file->path, &to, err));
    TRY_OUT(make_directory(worker, to, err));
    status = duplicate_file(worker, file, to, &round->ways[round->first + index], err);
    stored_file_close(worker->stored);
out:
    memory_free(to);
    return status;
}

/* ---- all of them ---- */

static lake_status report_progress(const struct round *round, struct lake_error *err)
{
    const struct lake_progress *progress = round->duplication->progress;
    if (progress->report != NULL &&
        progress->report(progress->context, round->n_rows, round->n_bytes, round->n_bytes_total) != 0)
        return lake_fail(err, LAKE_CANCELLED, "stopped on request; nothing was left behind");
    return LAKE_OK;
}

static void count_file(struct round *round, size_t index)
{
    struct lake_backup_result *result = round->duplication->result;
    int64_t *const counts[] = {
        [WAY_CLONE] = &result->n_reflinked, [WAY_LINK] = &result->n_hard_linked, [WAY_BYTES] = &result->n_copied};
    (*counts[round->ways[index]])++;
    result->n_files++;
    result->n_bytes += round->files[index].size_bytes;
    round->n_rows += round->files[index].n_rows;
    round->n_bytes += round->files[index].size_bytes;
}

/* How many files from `first` on are done before the next report. */
static size_t files_of_step(const struct round *round)
{
    int64_t n_bytes = 0;
    size_t n = 0;
    while (round->first + n < round->n && n_bytes < ROUND_BYTES)
        n_bytes += round->files[round->first + n++].size_bytes;
    return n;
}

static lake_status run_round(struct round *round, struct lake_error *err)
{
    for (round->first = 0; round->first < round->n;) {
        size_t n = files_of_step(round);
        TRY(pool_run(round->duplication->source->pool, n, run_task, round, err));
        for (size_t i = 0; i < n; i++)
            count_file(round, round->first + i);
        round->first += n;
        TRY(report_progress(round, err));
    }
    round->n = 0;
    arena_reset(&round->arena);
    return LAKE_OK;
}

static lake_status gather_dataset(struct round *round, const struct manifest_dataset *dataset, struct lake_error *err)
{
    int64_t after_ms = INT64_MIN;
    size_t n = 0, n_wanted = 0;
    do {
        struct manifest_file *files = NULL;
        n_wanted = ROUND_FILES - round->n;
        TRY(manifest_next_files(round->duplication->manifest, dataset->id, after_ms, (int64_t)n_wanted, &round->arena,
                                &files, &n, err));
        if (n == 0)
            break;
        memcpy(round->files + round->n, files, n * sizeof *files);
        round->n += n;
        after_ms = files[n - 1].partition_start_ms;
        if (round->n == ROUND_FILES)
            TRY(run_round(round, err));
    } while (n == n_wanted);
    return LAKE_OK;
}

static lake_status gather_all(struct round *round, struct lake_error *err)
{
    static const struct manifest_filter everything;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_datasets(round->duplication->manifest, &everything, &arena, &datasets, &n, err));
    TRY_OUT(report_progress(round, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(gather_dataset(round, &datasets[i], err));
    status = run_round(round, err);
out:
    arena_release(&arena);
    return status;
}

lake_status duplicate_files(const struct duplication *duplication, struct lake_error *err)
{
    struct manifest_sizes sizes = {0};
    struct round *round = NULL;
    size_t n_threads = pool_threads(duplication->source->pool);
    lake_status status = LAKE_OK;
    TRY(manifest_find_sizes(duplication->manifest, &sizes, err));
    TRY(memory_new(1, sizeof *round, &round, err));
    round->duplication = duplication;
    round->n_bytes_total = sizes.live_bytes;
    arena_init(&round->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(memory_new(n_threads, sizeof *round->workers, &round->workers, err));
    status = gather_all(round, err);
out:
    for (size_t i = 0; round->workers != NULL && i < n_threads; i++)
        free_worker(&round->workers[i]);
    memory_free(round->workers);
    arena_release(&round->arena);
    memory_free(round);
    return status;
}
