#include "unit/ingest/memory_file.h"

#include <errno.h>
#include <string.h>

static int open_memory(void *context, const char *path, enum io_open_mode mode)
{
    (void)path;
    (void)mode;
    ((struct memory_file *)context)->n_open++;
    return 3;
}

static int close_memory(void *context, int handle)
{
    (void)handle;
    ((struct memory_file *)context)->n_open--;
    return 0;
}

static int64_t read_memory(void *context, int handle, void *bytes, size_t n)
{
    struct memory_file *file = context;
    (void)handle;
    if (file->fails_at > 0 && file->position >= file->fails_at)
        return -EIO;
    n = n < file->most ? n : file->most;
    n = n < file->length - file->position ? n : file->length - file->position;
    memcpy(bytes, file->bytes + file->position, n);
    file->position += n;
    return (int64_t)n;
}

static int64_t read_memory_at(void *context, int handle, void *bytes, size_t n, int64_t offset)
{
    const struct memory_file *file = context;
    (void)handle;
    if (offset < 0 || (uint64_t)offset >= file->length)
        return 0;
    size_t left = file->length - (size_t)offset;
    n = n < file->most ? n : file->most;
    n = n < left ? n : left;
    memcpy(bytes, file->bytes + offset, n);
    return (int64_t)n;
}

static int memory_status(void *context, const char *path, struct io_status *out)
{
    const struct memory_file *file = context;
    (void)path;
    if (file->bytes == NULL)
        return -ENOENT;
    *out = (struct io_status){.kind = file->kind, .size_bytes = (int64_t)file->length};
    return 0;
}

static int memory_file_status(void *context, int handle, struct io_status *out)
{
    (void)handle;
    return memory_status(context, "", out);
}

static const struct io_ops memory_ops = {.open = open_memory,
                                         .close = close_memory,
                                         .read = read_memory,
                                         .read_at = read_memory_at,
                                         .status = memory_status,
                                         .file_status = memory_file_status};

struct memory_file memory_file_of(const char *bytes, size_t length)
{
    return (struct memory_file){bytes, length, 0, SIZE_MAX, 0, IO_KIND_FILE, 0};
}

struct io memory_file_io(struct memory_file *file)
{
    return (struct io){&memory_ops, file};
}
