/* The fuzzer's bytes as the one file there is, behind the table of file operations (io/io.h), for reading. */
#ifndef FUZZ_FUZZ_IO_H
#define FUZZ_FUZZ_IO_H

#include <stdint.h>
#include <string.h>

#include "io/io.h"

struct fuzz_file {
    const uint8_t *bytes;
    size_t n, at;
};

static int fuzz_open(void *context, const char *path, enum io_open_mode mode)
{
    (void)context;
    (void)path;
    (void)mode;
    return 3;
}

static int fuzz_close(void *context, int file)
{
    (void)context;
    (void)file;
    return 0;
}

static int64_t fuzz_read_at(void *context, int file, void *bytes, size_t n, int64_t offset)
{
    const struct fuzz_file *from = context;
    (void)file;
    if (offset < 0 || (uint64_t)offset >= from->n)
        return 0;
    size_t left = from->n - (size_t)offset;
    n = n < left ? n : left;
    memcpy(bytes, from->bytes + offset, n);
    return (int64_t)n;
}

static int64_t fuzz_read(void *context, int file, void *bytes, size_t n)
{
    struct fuzz_file *from = context;
    int64_t got = fuzz_read_at(context, file, bytes, n, (int64_t)from->at);
    from->at += (size_t)got;
    return got;
}

static int fuzz_file_status(void *context, int file, struct io_status *out)
{
    const struct fuzz_file *from = context;
    (void)file;
    *out = (struct io_status){.kind = IO_KIND_FILE, .size_bytes = (int64_t)from->n};
    return 0;
}

static inline struct io fuzz_io(struct fuzz_file *file)
{
    static const struct io_ops ops = {.open = fuzz_open,
                                      .close = fuzz_close,
                                      .read = fuzz_read,
                                      .read_at = fuzz_read_at,
                                      .file_status = fuzz_file_status};
    return (struct io){&ops, file};
}

#endif
