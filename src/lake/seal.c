#include "lake/seal.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/sha256.h"

enum { HEADER_BYTES = 100, BLOCK_BYTES = 1 << 16 };

static void leave_out_counters(uint8_t header[HEADER_BYTES])
{
    static const struct {
        uint8_t from, n;
    } counters[] = {{24, 4}, {40, 4}, {92, 8}};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        memset(header + counters[i].from, 0, counters[i].n);
}

static lake_status hash_open_file(struct io io, int file, const char *path, struct sha256 *hash, struct lake_error *err)
{
    uint8_t block[BLOCK_BYTES];
    int64_t n = HEADER_BYTES;
    TRY(file_read_at(io, file, path, 0, block, HEADER_BYTES, err));
    leave_out_counters(block);
    for (int64_t at = HEADER_BYTES; n > 0; at += n) {
        TRY(sha256_update(hash, block, (size_t)n, err));
        n = io.ops->read_at(io.context, file, block, sizeof block, at);
        if (n < 0)
            return lake_fail_errno(err, (int)-n, "cannot read", path);
    }
    return LAKE_OK;
}

static lake_status hash_manifest(struct io io, const char *path, char out[SHA256_TEXT_BYTES], struct lake_error *err)
{
    struct sha256 *hash = NULL;
    uint8_t digest[SHA256_BYTES];
    int file = -1;
    lake_status status = LAKE_OK;
    TRY_OUT(sha256_new(&hash, err));
    TRY_OUT(sha256_begin(hash, err));
    file = io.ops->open(io.context, path, IO_READ);
    if (file < 0)
        TRY_OUT(lake_fail_errno(err, -file, "cannot open", path));
    TRY_OUT(hash_open_file(io, file, path, hash, err));
    TRY_OUT(sha256_end(hash, digest, err));
    sha256_text(digest, out);
out:
    if (file >= 0)
        (void)io.ops->close(io.context, file); /* nothing was written */
    sha256_free(hash);
    return status;
}

lake_status seal_write(struct io io, const char *manifest_path, const char *seal_path, struct lake_error *err)
{
    struct file_writer writer = {0};
    char text[SHA256_TEXT_BYTES];
    lake_status status = LAKE_OK;
    TRY_OUT(hash_manifest(io, manifest_path, text, err));
    text[SHA256_TEXT_BYTES - 1] = '\n'; /* written in place of the terminator */
    TRY_OUT(file_writer_open(&writer, io, seal_path, err));
    TRY_OUT(file_writer_append(&writer, text, sizeof text, err));
    status = file_writer_close(&writer, false, err);
out:
    file_writer_release(&writer);
    return status;
}

lake_status seal_check(struct io io, const char *manifest_path, const char *seal_path, struct lake_error *err)
{
    struct buffer seal = BUFFER_INIT(KIB);
    char text[SHA256_TEXT_BYTES];
    bool exists = false;
    lake_status status = LAKE_OK;
    TRY_OUT(file_exists(io, seal_path, &exists, err));
    if (!exists)
        goto out;
    TRY_OUT(file_read_all(io, seal_path, KIB, &seal, err));
    TRY_OUT(hash_manifest(io, manifest_path, text, err));
    text[SHA256_TEXT_BYTES - 1] = '\n';
    if (seal.length != sizeof text || memcmp(seal.data, text, sizeof text) != 0)
        status = lake_fail(err, LAKE_CORRUPT,
                           "%s: the manifest beside it is not the one it was made for: one of the two is damaged; take "
                           "another backup, or remove this file if something else changed the manifest on purpose",
                           seal_path);
out:
    buffer_release(&seal);
    return status;
}
