/* Advisory locks between processes, on a lock file that says who holds it.
 *
 * The lock belongs to the open file, not to the process, and goes when the process ends, however it ends. The file stays.
 * Waiting is bounded; LAKE_BUSY names the holder ("held by process 4711 (ingest) since 2026-01-01T00:00:00Z").
 *
 *     struct file_lock lock = {0};
 *     TRY(file_lock_acquire(&lock, io, path, IO_LOCK_EXCLUSIVE, 10000, "ingest", err));
 *     …
 *     file_lock_release(&lock); */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include "io/io.h"

#include "base/error.h"

struct file_lock {
    struct io io;
    int file;
    bool is_held;
};

/* Waits up to wait_ms (0: not at all). `purpose` is written into the file for others to read. */
LAKE_MUST_CHECK lake_status file_lock_acquire(struct file_lock *lock, struct io io, const char *path, enum io_lock kind,
                                              int64_t wait_ms, const char *purpose, struct lake_error *err);
void file_lock_release(struct file_lock *lock);

#endif
