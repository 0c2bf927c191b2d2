#include "lake/saved_hash.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/spill_run.h"

enum { READ_BYTES = 256 << 10 };

/* The scratch of one thread. */
struct scratch {
    struct sha256 *hash;
    uint8_t *bytes;
};

struct hashing {
    struct lake *lake;
    const char *prefix;
    struct saved_file *const *files;
    const struct saved_write *saved; /* when runs are read */
    struct scratch *scratch;         /* one a thread */
};

static lake_status prepare(struct scratch *scratch, struct lake_error *err)
{
    if (scratch->hash == NULL)
        TRY(sha256_new(&scratch->hash, err));
    if (scratch->bytes == NULL)
        TRY(memory_new(READ_BYTES, 1, &scratch->bytes, err));
    return LAKE_OK;
}

static lake_status path_of(const struct hashing *hashing, const char *name, char **out, struct lake_error *err)
{
    struct buffer below = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&below, err, "%s%s", hashing->prefix, name));
    TRY_OUT(buffer_string(&below, &text, err));
    status = layout_state_path(hashing->lake, text, out, err);
out:
    buffer_release(&below);
    return status;
}

static lake_status hash_open_file(const struct io *io, int file, const char *path, struct scratch *scratch,
                                  struct saved_file *out, struct lake_error *err)
{
    TRY(sha256_begin(scratch->hash, err));
    out->size_bytes = 0;
    for (;;) {
        int64_t n = io->ops->read(io->context, file, scratch->bytes, READ_BYTES);
        if (n < 0)
            return lake_fail_errno(err, (int)-n, "cannot read", path);
        if (n == 0)
            break;
        TRY(sha256_update(scratch->hash, scratch->bytes, (size_t)n, err));
        out->size_bytes += n;
    }
    out->has_sha256 = true;
    return sha256_end(scratch->hash, out->sha256, err);
}

static lake_status hash_file(const struct hashing *hashing, struct scratch *scratch, struct saved_file *out,
                             struct lake_error *err)
{
    const struct io *io = &hashing->lake->io;
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY(prepare(scratch, err));
    TRY(path_of(hashing, out->name, &path, err));
    int file = io->ops->open(io->context, path, IO_READ);
    if (file < 0) {
        status = lake_fail_errno(err, -file, "cannot open", path);
        goto out;
    }
    status = hash_open_file(io, file, path, scratch, out, err);
    (void)io->ops->close(io->context, file); /* nothing was written */
out:
    memory_free(path);
    return status;
}

static lake_status hash_one(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct hashing *hashing = context;
    return hash_file(hashing, &hashing->scratch[worker], hashing->files[index], err);
}

static lake_status run(struct hashing *hashing, size_t n, pool_task task, struct lake_error *err)
{
    size_t n_threads = pool_threads(hashing->lake->pool);
    lake_status status = LAKE_OK;
    if (n == 0)
        return LAKE_OK;
    TRY(memory_new(n_threads, sizeof *hashing->scratch, &hashing->scratch, err));
    status = pool_run(hashing->lake->pool, n, task, hashing, err);
    for (size_t i = 0; i < n_threads; i++) {
        sha256_free(hashing->scratch[i].hash);
        memory_free(hashing->scratch[i].bytes);
    }
    memory_free(hashing->scratch);
    return status;
}

lake_status saved_hash_files(struct lake *lake, const char *prefix, struct saved_file *const *files, size_t n,
                             struct lake_error *err)
{
    struct hashing hashing = {.lake = lake, .prefix = prefix, .files = files};
    return run(&hashing, n, hash_one, err);
}

/* ---- checking ---- */

static lake_status check_file(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct hashing *hashing = context;
    const struct saved_file *expected = &hashing->saved->files[index];
    struct saved_file found = *expected;
    if (!expected->has_sha256)
        return LAKE_OK;
    TRY(hash_file(hashing, &hashing->scratch[worker], &found, err));
    if (found.size_bytes != expected->size_bytes || memcmp(found.sha256, expected->sha256, SHA256_BYTES) != 0)
        return lake_fail(err, LAKE_CORRUPT, "%s%s: is not what was written", hashing->prefix, expected->name);
    return LAKE_OK;
}

/* Every block of a run has its own checksum. */
static lake_status check_run(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct hashing *hashing = context;
    const struct saved_run *run_of = &hashing->saved->runs[index];
    const struct saved_file *file = &hashing->saved->files[run_of->file];
    struct run_reader reader = {.file = -1};
    char *path = NULL;
    lake_status status = LAKE_OK;
    (void)worker;
    TRY_OUT(path_of(hashing, file->name, &path, err));
    TRY_OUT(run_reader_open(&reader, hashing->lake->io, path, file->size_bytes, run_of->n_rows, err));
    do {
        TRY_OUT(run_reader_next(&reader, err));
    } while (reader.batch.n_rows > 0);
out:
    run_reader_close(&reader);
    memory_free(path);
    return status;
}

lake_status saved_hash_check(struct lake *lake, const char *prefix, const struct saved_write *saved,
                             struct lake_error *err)
{
    struct hashing hashing = {.lake = lake, .prefix = prefix, .saved = saved};
    TRY(run(&hashing, saved->n_files, check_file, err));
    return run(&hashing, saved->n_runs, check_run, err);
}
