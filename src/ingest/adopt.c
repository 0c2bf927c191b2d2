/* lake_adopt_file: a file that somebody put into the data tree.
 *
 * What the lake already knows is found again. Of any other the rows are ingested, and when they are committed it goes to quarantine, so that what
 * reads the tree by itself does not see them twice. Between the two a crash leaves the file where it is: adopting it again finds all of its rows
 * equal, and moves it. */
#include <datalake/write.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/sha256.h"
#include "lake/handle.h"
#include "lake/layout.h"
#include "lake/quarantine.h"
#include "lake/select.h"

enum { READ_BYTES = 256 << 10, DATASET_PARTS = 5 };

struct adopting {
    struct lake *lake;
    const struct lake_adopt_options *options;
    struct lake_adopt_result *result;
    char full[LIMIT_PATH_BYTES]; /* with no link in it */
    const char *path;            /* the part of it below the data root */
    char parts[LIMIT_PATH_BYTES];
    struct lake_selection dataset;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- where the file lies ---- */

static lake_status resolve(const struct adopting *adopting, const char *path, char out[LIMIT_PATH_BYTES],
                           struct lake_error *err)
{
    struct io io = adopting->lake->io;
    int result = io.ops->real_path(io.context, path, out, LIMIT_PATH_BYTES);
    if (result == -ENOENT || result == -ENOTDIR)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: there is no such file", path);
    return result == 0 ? LAKE_OK : lake_fail_errno(err, -result, "cannot find", path);
}

static lake_status check_kind(const struct adopting *adopting, struct lake_error *err)
{
    struct io io = adopting->lake->io;
    struct io_status found;
    int result = io.ops->status(io.context, adopting->full, &found);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot look at", adopting->full);
    if (found.kind != IO_KIND_FILE)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is no file", adopting->full);
    return LAKE_OK;
}

static lake_status locate(struct adopting *adopting, struct lake_error *err)
{
    const char *given = adopting->options->path;
    char root[LIMIT_PATH_BYTES];
    char *joined = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(given[0] == '/' ? memory_copy_string(given, &joined, err)
                            : path_join(adopting->lake->data_root, given, &joined, err));
    TRY_OUT(resolve(adopting, joined, adopting->full, err));
    TRY_OUT(resolve(adopting, adopting->lake->data_root, root, err));
    size_t length = strlen(root);
    if (strncmp(adopting->full, root, length) != 0 || adopting->full[length] != '/')
        TRY_OUT(lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: does not lie below the data root %s", given, root));
    adopting->path = adopting->full + length + 1;
    status = check_kind(adopting, err);
out:
    memory_free(joined);
    return status;
}

/* ---- its digest ---- */

static lake_status hash_bytes(const struct adopting *adopting, struct sha256 *hash, int file, struct lake_error *err)
{
    struct io io = adopting->lake->io;
    uint8_t *bytes = NULL;
    int64_t n = 0;
    lake_status status = LAKE_OK;
    TRY(memory_new(READ_BYTES, 1, &bytes, err));
    do {
        n = io.ops->read(io.context, file, bytes, READ_BYTES);
        if (n < 0)
            TRY_OUT(lake_fail_errno(err, (int)-n, "cannot read", adopting->full));
        TRY_OUT(sha256_update(hash, bytes, (size_t)n, err));
    } while (n > 0);
out:
    memory_free(bytes);
    return status;
}

static lake_status hash_file(const struct adopting *adopting, char text[SHA256_TEXT_BYTES], struct lake_error *err)
{
    struct io io = adopting->lake->io;
    struct sha256 *hash = NULL;
    uint8_t digest[SHA256_BYTES];
    lake_status status = LAKE_OK;
    int file = io.ops->open(io.context, adopting->full, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", adopting->full);
    TRY_OUT(sha256_new(&hash, err));
    TRY_OUT(sha256_begin(hash, err));
    TRY_OUT(hash_bytes(adopting, hash, file, err));
    TRY_OUT(sha256_end(hash, digest, err));
    sha256_text(digest, text);
out:
    (void)io.ops->close(io.context, file); /* nothing was written */
    sha256_free(hash);
    return status;
}

static lake_status check_digest(const struct adopting *adopting, struct lake_error *err)
{
    const char *wanted = adopting->options->sha256;
    char found[SHA256_TEXT_BYTES], lower[SHA256_TEXT_BYTES];
    if (!is_given(wanted))
        return LAKE_OK;
    if (strlen(wanted) != SHA256_TEXT_BYTES - 1 || strspn(wanted, "0123456789abcdefABCDEF") != SHA256_TEXT_BYTES - 1)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "sha256 '%.80s' is not 64 hexadecimal digits", wanted);
    for (size_t i = 0; i < SHA256_TEXT_BYTES; i++)
        lower[i] = (char)(wanted[i] >= 'A' && wanted[i] <= 'F' ? wanted[i] - 'A' + 'a' : wanted[i]);
    TRY(hash_file(adopting, found, err));
    if (strcmp(found, lower) != 0)
        return lake_fail(err, LAKE_CORRUPT, "%s: sha256 is %s, not %s", adopting->full, found, lower);
    return LAKE_OK;
}

/* ---- what it holds ---- */

/* The dataset that the directories name, as far as nothing else is given: the lake's own, whatever the file is called. */
static void read_directories(struct adopting *adopting)
{
    const struct lake_selection *given = &adopting->options->dataset;
    const char *parts[DATASET_PARTS];
    char *next = adopting->parts;
    (void)snprintf(adopting->parts, sizeof adopting->parts, "%s", adopting->path);
    adopting->dataset = *given;
    if (layout_is_below_features(adopting->path))
        return;
    for (size_t i = 0; i < DATASET_PARTS; i++) {
        char *slash = strchr(next, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
        parts[i] = next;
        next = slash + 1;
    }
    const char **members[DATASET_PARTS] = {&adopting->dataset.exchange, &adopting->dataset.market,
                                           &adopting->dataset.symbol, &adopting->dataset.type,
                                           &adopting->dataset.period};
    for (size_t i = 0; i < DATASET_PARTS; i++)
        if (!is_given(*members[i]))
            *members[i] = parts[i];
}

static bool is_of(const struct manifest_filter *filter, const struct layout_path *path)
{
    const char *const wanted[] = {filter->exchange, filter->market, filter->symbol, filter->type, filter->period};
    const char *const found[] = {path->exchange, path->market, path->symbol, path->type, path->period};
    for (size_t i = 0; i < DATASET_PARTS; i++)
        if (wanted[i] != NULL && strcmp(wanted[i], found[i]) != 0)
            return false;
    return true;
}

/* ---- a file of the lake's ---- */

/* What is looked for: the live file of a path or, without one, the first in a range. */
struct wanted_file {
    struct manifest_filter filter;
    int64_t start_ms, end_ms;
    const char *path; /* or NULL */
};

/* Under the lake's mutex. The file lives in the arena; NULL: there is none. */
static lake_status find_file(struct lake *lake, const struct wanted_file *wanted, struct arena *arena,
                             const struct manifest_file **out, struct lake_error *err)
{
    struct manifest_dataset *datasets = NULL;
    struct manifest_file *files = NULL;
    size_t n_datasets = 0, n = 0;
    int64_t snapshot = 0;
    *out = NULL;
    TRY(manifest_find_datasets(lake->manifest, &wanted->filter, arena, &datasets, &n_datasets, err));
    if (n_datasets == 0)
        return LAKE_OK;
    TRY(manifest_find_files(lake->manifest, datasets[0].id, wanted->start_ms, wanted->end_ms, arena, &files, &n,
                            &snapshot, err));
    for (size_t i = 0; i < n && *out == NULL; i++)
        if (wanted->path == NULL || strcmp(files[i].path, wanted->path) == 0)
            *out = &files[i];
    return LAKE_OK;
}

static lake_status find_in_lake(struct adopting *adopting, const struct wanted_file *wanted, bool *is_found,
                                struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const struct manifest_file *file = NULL;
    mutex_lock(adopting->lake->mutex);
    lake_status status = find_file(adopting->lake, wanted, &arena, &file, err);
    mutex_unlock(adopting->lake->mutex);
    *is_found = file != NULL;
    if (file != NULL) {
        adopting->result->file_id = file->id;
        adopting->result->rows_equal += wanted->path != NULL ? file->n_rows : 0;
    }
    arena_release(&arena);
    return status;
}

/* A commit moves what it superseded out of the tree after it. In between such a file is no stranger's: its rows would undo those of the commit. */
static lake_status check_superseded(const struct adopting *adopting, struct lake_error *err)
{
    struct lake *lake = adopting->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_outstanding *moves = NULL;
    size_t n = 0, at = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_outstanding(lake->manifest, &arena, &moves, &n, err);
    mutex_unlock(lake->mutex);
    while (at < n && strcmp(moves[at].path, adopting->path) != 0)
        at++;
    if (status == LAKE_OK && at < n)
        status = lake_fail(err, LAKE_BUSY, "%s: is the lake's, and was superseded: a commit is about to move it away",
                           adopting->full);
    arena_release(&arena);
    return status;
}

static lake_status find_live(struct adopting *adopting, bool *is_found, struct lake_error *err)
{
    struct layout_path path;
    struct canonical given;
    *is_found = false;
    if (layout_parse_path(adopting->path, &path, NULL) != LAKE_OK)
        return LAKE_OK;
    const struct wanted_file wanted = {
        .filter = {path.exchange, path.market, path.symbol, path.type, path.period},
        .start_ms = path.start_ms,
        .end_ms = path.end_ms,
        .path = adopting->path,
    };
    TRY(find_in_lake(adopting, &wanted, is_found, err));
    if (!*is_found)
        return check_superseded(adopting, err);
    TRY(select_filter(adopting->lake, &adopting->options->dataset, &given, err));
    if (!is_of(&given.filter, &path))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is the lake's, of %s/%s/%s/%s/%s and nothing else",
                         adopting->full, path.exchange, path.market, path.symbol, path.type, path.period);
    return LAKE_OK;
}

/* ---- any other ---- */

static lake_status set_aside(struct adopting *adopting, struct lake_error *err)
{
    struct buffer to = BUFFER_INIT(LIMIT_PATH_BYTES);
    struct lake_error why = {LAKE_OK, ""};
    lake_status status = quarantine_move(adopting->lake, adopting->full, &to, &why);
    if (status == LAKE_OK)
        (void)snprintf(adopting->result->moved_to, sizeof adopting->result->moved_to, "%.*s", (int)to.length,
                       (const char *)to.data);
    else
        (void)lake_fail(err, status, "the rows are committed, but their file stays: %.800s", why.message);
    buffer_release(&to);
    return status;
}

static lake_status find_first(struct adopting *adopting, const struct lake_ingest_result *ingested,
                              struct lake_error *err)
{
    const struct lake_selection *dataset = &ingested->dataset;
    const struct wanted_file wanted = {
        .filter = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
        .start_ms = ingested->first_ms,
        .end_ms = ingested->first_ms + 1,
    };
    bool is_found = false;
    return find_in_lake(adopting, &wanted, &is_found, err);
}

static lake_status take_in(struct adopting *adopting, struct lake_error *err)
{
    const char *sources[] = {adopting->full};
    struct lake_ingest_result ingested = {.size = sizeof ingested};
    read_directories(adopting);
    const struct lake_ingest_options options = {
        .size = sizeof options, .sources = sources, .n_sources = 1, .dataset = adopting->dataset};
    TRY(lake_ingest(adopting->lake, &options, &ingested, err));
    adopting->result->rows_new = ingested.rows_new;
    adopting->result->rows_changed = ingested.rows_changed;
    adopting->result->rows_equal = ingested.rows_equal;
    adopting->result->snapshot = ingested.snapshot;
    TRY(find_first(adopting, &ingested, err));
    return set_aside(adopting, err);
}

lake_status lake_adopt_file(struct lake *lake, const struct lake_adopt_options *options,
                            struct lake_adopt_result *result, struct lake_error *err)
{
    struct adopting adopting = {.lake = lake, .options = options, .result = result};
    bool is_live = false;
    if (options->size != sizeof *options || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "options or result of adopt are of an unknown size: %zu, %zu",
                         options->size, result->size);
    *result = (struct lake_adopt_result){.size = sizeof *result};
    if (!is_given(options->path))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the path of the file is needed");
    TRY(locate(&adopting, err));
    TRY(find_live(&adopting, &is_live, err));
    TRY(check_digest(&adopting, err));
    return is_live ? LAKE_OK : take_in(&adopting, err);
}
