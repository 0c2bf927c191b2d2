#include "io/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

enum { HOLDER_BYTES = 128, FIRST_WAIT_MS = 1, LONGEST_WAIT_MS = 50 };

/* Who holds the lock, for the message of those who wait. Written under the lock; a write that fails only costs the message. Always
 * as many bytes over the former ones: ext4 makes whoever closes a file that was truncated wait for the disk. */
static void write_holder(struct file_lock *lock, const char *purpose)
{
    char since[CALENDAR_TEXT_BYTES];
    char text[HOLDER_BYTES + 1];
    struct io io = lock->io;
    calendar_format_ms(io.ops->now_ms(io.context), since);
    int n = snprintf(text, sizeof text, "process %" PRId64 " (%s) since %s", io.ops->process_id(io.context), purpose,
                     since);
    if (n < 0)
        return;
    for (size_t i = (size_t)n; i < HOLDER_BYTES; i++)
        text[i] = ' ';
    text[HOLDER_BYTES - 1] = '\n';
    (void)io.ops->write(io.context, lock->file, text, HOLDER_BYTES);
}

static lake_status fail_busy(struct file_lock *lock, const char *path, struct lake_error *err)
{
    char text[HOLDER_BYTES + 1] = "";
    int64_t n = lock->io.ops->read_at(lock->io.context, lock->file, text, HOLDER_BYTES, 0);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
        n--;
    if (n <= 0)
        return lake_fail(err, LAKE_BUSY, "%s: is held by another process; try again when it has finished", path);
    text[n] = '\0';
    return lake_fail(err, LAKE_BUSY, "%s: is held by %s; try again when it has finished", path, text);
}

static lake_status wait_for_lock(struct file_lock *lock, const char *path, enum io_lock kind, int64_t wait_ms,
                                 struct lake_error *err)
{
    struct io io = lock->io;
    int64_t until = io.ops->monotonic_ms(io.context) + wait_ms;
    int64_t pause = FIRST_WAIT_MS;
    for (;;) {
        int result = io.ops->lock(io.context, lock->file, kind);
        if (result == 0)
            return LAKE_OK;
        if (result != -EAGAIN)
            return lake_fail_errno(err, -result, "cannot lock", path);
        if (io.ops->monotonic_ms(io.context) >= until)
            return fail_busy(lock, path, err);
        io.ops->sleep_ms(io.context, pause);
        pause = pause * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : pause * 2;
    }
}

lake_status file_lock_acquire(struct file_lock *lock, struct io io, const char *path, enum io_lock kind,
                              int64_t wait_ms, const char *purpose, struct lake_error *err)
{
    *lock = (struct file_lock){.io = io, .file = io.ops->open(io.context, path, IO_OPEN_LOCK)};
    if (lock->file < 0)
        return lake_fail_errno(err, -lock->file, "cannot open", path);
    lake_status status = wait_for_lock(lock, path, kind, wait_ms, err);
    if (status != LAKE_OK) {
        (void)io.ops->close(io.context, lock->file);
        return status;
    }
    lock->is_held = true;
    if (kind == IO_LOCK_EXCLUSIVE)
        write_holder(lock, purpose);
    return LAKE_OK;
}

void file_lock_release(struct file_lock *lock)
{
    if (!lock->is_held)
        return;
    lock->is_held = false;
    (void)lock->io.ops->lock(lock->io.context, lock->file, IO_LOCK_NONE);
    (void)lock->io.ops->close(lock->io.context, lock->file);
}
