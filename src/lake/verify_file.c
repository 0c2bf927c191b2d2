#include "lake/verify_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/assemble.h"
#include "lake/content.h"

enum { HASH_CHUNK_BYTES = 1 << 20 };

struct verify_tools {
    struct lake *lake;
    struct assembler *assembler;
    struct sha256 *hash;
    struct content_day *days;
    uint8_t *chunk;
};

lake_status verify_tools_new(struct lake *lake, struct verify_tools **out, struct lake_error *err)
{
    struct verify_tools *tools = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *tools, &tools, err));
    tools->lake = lake;
    TRY_OUT(assembler_new(lake, 1, &tools->assembler, err));
    TRY_OUT(sha256_new(&tools->hash, err));
    TRY_OUT(memory_new(HASH_CHUNK_BYTES, 1, &tools->chunk, err));
    *out = tools;
    tools = NULL;
out:
    verify_tools_free(tools);
    return status;
}

void verify_tools_free(struct verify_tools *tools)
{
    if (tools == NULL)
        return;
    assembler_free(tools->assembler);
    sha256_free(tools->hash);
    memory_free(tools->days);
    memory_free(tools->chunk);
    memory_free(tools);
}

static void found(struct verify_finding *finding, const char *problem, const char *format, ...) LAKE_PRINTF(3, 4);

static void found(struct verify_finding *finding, const char *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(finding->detail, sizeof finding->detail, format, args);
    va_end(args);
    finding->problem = problem;
}

static lake_status hash_file(struct verify_tools *tools, const char *path, uint8_t digest[SHA256_BYTES],
                             int64_t *size_bytes, struct lake_error *err)
{
    struct io io = tools->lake->io;
    lake_status status = LAKE_OK;
    int64_t got = 0;
    *size_bytes = 0;
    int file = io.ops->open(io.context, path, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    TRY_OUT(sha256_begin(tools->hash, err));
    while ((got = io.ops->read(io.context, file, tools->chunk, HASH_CHUNK_BYTES)) > 0) {
        *size_bytes += got;
        TRY_OUT(sha256_update(tools->hash, tools->chunk, (size_t)got, err));
    }
    if (got < 0) {
        status = lake_fail_errno(err, (int)-got, "cannot read", path);
        goto out;
    }
    status = sha256_end(tools->hash, digest, err);
out:
    (void)io.ops->close(io.context, file); /* nothing was written */
    return status;
}

static lake_status check_bytes(const struct manifest_file *file, struct verify_tools *tools,
                               struct verify_finding *finding, struct lake_error *err)
{
    struct stored_file *stored = NULL;
    const char *path = NULL;
    uint8_t digest[SHA256_BYTES];
    char expected[SHA256_TEXT_BYTES], actual[SHA256_TEXT_BYTES];
    int64_t size_bytes = 0;
    TRY(assembler_get_file(tools->assembler, &stored, err));
    TRY(stored_file_find(stored, file, &path, err));
    TRY(hash_file(tools, path, digest, &size_bytes, err));
    if (size_bytes != file->size_bytes) {
        found(finding, "size", "has %" PRId64 " bytes, the manifest says %" PRId64, size_bytes, file->size_bytes);
    } else if (memcmp(digest, file->sha256, SHA256_BYTES) != 0) {
        sha256_text(file->sha256, expected);
        sha256_text(digest, actual);
        found(finding, "checksum", "SHA-256 is %s, the manifest says %s", actual, expected);
    }
    return LAKE_OK;
}

static void check_keys(const struct manifest_file *file, const struct batch *batch, struct verify_finding *finding)
{
    const int64_t *ts = batch_values(batch, 0);
    char when[CALENDAR_TEXT_BYTES];
    for (int64_t i = 1; i < batch->n_rows; i++)
        if (ts[i] <= ts[i - 1]) {
            calendar_format_ms(ts[i], when);
            found(finding, "order", "row %" PRId64 " (%s) does not come after the one before it", i, when);
            return;
        }
    if (batch->n_rows == 0 || ts[0] != file->time_from_ms || ts[batch->n_rows - 1] != file->time_to_ms)
        found(finding, "range", "first or last time is not the manifest's");
}

static lake_status check_contents(const struct manifest_file *file, const struct batch *batch,
                                  struct verify_tools *tools, struct verify_finding *finding, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_content *contents = NULL;
    size_t n_contents = 0, n_days = 0;
    char day[CALENDAR_TEXT_BYTES];
    lake_status status = LAKE_OK;
    mutex_lock(tools->lake->mutex);
    status =
        manifest_find_contents(tools->lake->manifest, file->dataset_id, calendar_day_of_ms(file->partition_start_ms),
                               calendar_day_of_ms(file->partition_end_ms - 1) + 1, &arena, &contents, &n_contents, err);
    mutex_unlock(tools->lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(content_find_days(batch, tools->hash, &tools->days, &n_days, err));
    if (n_days != n_contents)
        found(finding, "content", "holds %zu days, the manifest says %zu", n_days, n_contents);
    for (size_t i = 0; i < n_days && i < n_contents && finding->problem == NULL; i++) {
        if (contents[i].day == tools->days[i].day &&
            memcmp(contents[i].sha256, tools->days[i].sha256, SHA256_BYTES) == 0)
            continue;
        calendar_format_day(tools->days[i].day, day);
        found(finding, "content", "the rows of %s are not those the manifest has a hash of", day);
    }
out:
    arena_release(&arena);
    return status;
}

static lake_status check_rows(const struct manifest_file *file, struct verify_tools *tools,
                              struct verify_finding *finding, struct lake_error *err)
{
    struct batch batch = {0};
    struct slice slice = {.file = file};
    lake_status status = LAKE_OK;
    TRY_OUT(assemble_file(tools->assembler, &slice, &batch, err));
    if (batch.schema->n_fields == 0 || batch.schema->fields[0].type != COLUMN_TIMESTAMP_MS)
        found(finding, "structure", "the first column is not a timestamp in milliseconds");
    else
        check_keys(file, &batch, finding);
    if (finding->problem == NULL)
        TRY_OUT(check_contents(file, &batch, tools, finding, err));
out:
    batch_release(&batch);
    return status;
}

/* A failure of the machine (memory, permission, I/O) ends the check; a damaged or missing file is a finding. */
static bool is_damage(lake_status status)
{
    return status == LAKE_CORRUPT || status == LAKE_UNSUPPORTED || status == LAKE_NOT_FOUND || status == LAKE_IO;
}

lake_status verify_file(const struct manifest_file *file, struct verify_tools *tools, struct verify_finding *finding,
                        struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    *finding = (struct verify_finding){0};
    lake_status status = check_bytes(file, tools, finding, &failure);
    if (status == LAKE_OK && finding->problem == NULL)
        status = check_rows(file, tools, finding, &failure);
    if (status == LAKE_OK)
        return LAKE_OK;
    if (!is_damage(status))
        return lake_fail(err, status, "%s", failure.message);
    found(finding, status == LAKE_NOT_FOUND ? "missing" : "structure", "%s", failure.message);
    return LAKE_OK;
}
