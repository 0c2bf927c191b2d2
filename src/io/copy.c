#include "io/copy.h"

#include <errno.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"

enum { BLOCK_BYTES = 1 << 20 };

lake_status copy_tools_init(struct copy_tools *tools, struct io io, struct lake_error *err)
{
    *tools = (struct copy_tools){.io = io};
    TRY(sha256_new(&tools->hash, err));
    lake_status status = memory_new(BLOCK_BYTES, 1, &tools->block, err);
    if (status != LAKE_OK)
        copy_tools_release(tools);
    return status;
}

void copy_tools_release(struct copy_tools *tools)
{
    sha256_free(tools->hash);
    memory_free(tools->block);
    *tools = (struct copy_tools){.io = tools->io};
}

/* What says that there is no such thing here, rather than that it went wrong: ioctl_ficlone(2), link(2). */
static bool is_unsupported(int error_number)
{
    static const int numbers[] = {EOPNOTSUPP, ENOSYS, ENOTTY, EXDEV, EINVAL, EPERM, EMLINK, ETXTBSY};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (error_number == numbers[i])
            return true;
    return false;
}

static lake_status check(int result, const char *doing, const char *path, struct lake_error *err)
{
    if (result == 0)
        return LAKE_OK;
    if (is_unsupported(-result))
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: %s: not possible here", path, doing);
    return lake_fail_errno(err, -result, doing, path);
}

lake_status file_link(struct io io, const char *from, const char *to, struct lake_error *err)
{
    return check(io.ops->link(io.context, from, to), "cannot link", from, err);
}

lake_status file_clone(struct io io, const char *from, const char *to, struct lake_error *err)
{
    return check(io.ops->clone(io.context, from, to), "cannot clone", from, err);
}

/* Reads to the end; what is read goes to the hash, and to the writer where there is one. */
static lake_status read_through(struct copy_tools *tools, int file, const char *path, struct file_writer *writer,
                                struct lake_error *err)
{
    for (;;) {
        int64_t n = tools->io.ops->read(tools->io.context, file, tools->block, BLOCK_BYTES);
        if (n < 0)
            return lake_fail_errno(err, (int)-n, "cannot read", path);
        if (n == 0)
            return LAKE_OK;
        TRY(sha256_update(tools->hash, tools->block, (size_t)n, err));
        if (writer != NULL)
            TRY(file_writer_append(writer, tools->block, (size_t)n, err));
    }
}

static lake_status pass(struct copy_tools *tools, const char *path, struct file_writer *writer,
                        uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    int file = tools->io.ops->open(tools->io.context, path, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    lake_status status = sha256_begin(tools->hash, err);
    if (status == LAKE_OK)
        status = read_through(tools, file, path, writer, err);
    if (status == LAKE_OK)
        status = sha256_end(tools->hash, digest, err);
    (void)tools->io.ops->close(tools->io.context, file); /* nothing was written */
    return status;
}

lake_status file_digest(struct copy_tools *tools, const char *path, uint8_t digest[SHA256_BYTES],
                        struct lake_error *err)
{
    return pass(tools, path, NULL, digest, err);
}

lake_status file_copy(struct copy_tools *tools, const char *from, const char *to, uint8_t digest[SHA256_BYTES],
                      struct lake_error *err)
{
    struct file_writer writer = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(file_writer_open(&writer, tools->io, to, err));
    TRY_OUT(pass(tools, from, &writer, digest, err));
    TRY_OUT(file_writer_close(&writer, false, err));
out:
    file_writer_release(&writer);
    return status;
}
