/* Files through the table of io/io.h, with errors that name the path.
 *
 * Writing is for new files only (invariant I5): a name is created once, written from front to back, synced, closed, and
 * every one of these results counts. An fsync that failed is never tried again: the file is removed and the unit fails.
 *
 *     struct file_writer writer = {0};
 *     TRY_OUT(file_writer_open(&writer, io, path, err));
 *     TRY_OUT(file_writer_append(&writer, bytes, n, err));
 *     TRY_OUT(file_writer_close(&writer, true, err));        // true: durable
 *     out: file_writer_release(&writer);                     // removes what was not closed well */
#ifndef IO_FILE_H
#define IO_FILE_H

#include "base/buffer.h"
#include "io/io.h"

struct file_writer {
    struct io io;
    char *path;
    int file;
    bool is_open;
    int64_t size_bytes;
};

LAKE_MUST_CHECK lake_status file_writer_open(struct file_writer *writer, struct io io, const char *path,
                                             struct lake_error *err);
LAKE_MUST_CHECK lake_status file_writer_append(struct file_writer *writer, const void *bytes, size_t n,
                                               struct lake_error *err);
/* Closes; with durable set, syncs first. (Asking for writeback to begin without waiting was measured: it blocks the writer more than
 * the later sync gains.) */
LAKE_MUST_CHECK lake_status file_writer_close(struct file_writer *writer, bool durable, struct lake_error *err);
void file_writer_release(struct file_writer *writer);

/* Reads a whole file of at most max_bytes, replacing the buffer's contents. LAKE_NOT_FOUND where there is none. */
LAKE_MUST_CHECK lake_status file_read_all(struct io io, const char *path, size_t max_bytes, struct buffer *out,
                                          struct lake_error *err);
/* Reads exactly n bytes at offset of an open file; fewer is LAKE_CORRUPT ("ends at byte …"). */
LAKE_MUST_CHECK lake_status file_read_at(struct io io, int file, const char *path, int64_t offset, void *bytes,
                                         size_t n, struct lake_error *err);

/* Makes the directory and its parents; existing ones are fine. *made (may be NULL) tells whether any was new. */
LAKE_MUST_CHECK lake_status file_make_directories(struct io io, const char *path, bool *made, struct lake_error *err);
LAKE_MUST_CHECK lake_status file_rename(struct io io, const char *from, const char *to, struct lake_error *err);
/* A path that is not there is fine. */
LAKE_MUST_CHECK lake_status file_remove(struct io io, const char *path, struct lake_error *err);
/* Makes a file that was written and closed durable. */
LAKE_MUST_CHECK lake_status file_sync(struct io io, const char *path, struct lake_error *err);
LAKE_MUST_CHECK lake_status file_sync_directory(struct io io, const char *path, struct lake_error *err);
/* *exists tells whether there is something at the path; other errors are errors. */
LAKE_MUST_CHECK lake_status file_exists(struct io io, const char *path, bool *exists, struct lake_error *err);

/* "a/b"; b is not made absolute. The result is memory_free'd by the caller. */
LAKE_MUST_CHECK lake_status path_join(const char *a, const char *b, char **out, struct lake_error *err);
/* The part before the last '/', "." where there is none, "/" for the root. */
LAKE_MUST_CHECK lake_status path_parent(const char *path, char **out, struct lake_error *err);
/* The part after the last '/'. Borrowed from path. */
const char *path_name(const char *path);

#endif
