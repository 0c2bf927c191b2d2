#include "lake/readers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"

/* Lines are appended, never overwritten: whoever reads the last one sees a whole number. A file that has grown long is
 * given up for a new one. */
enum { LINE_DIGITS = 19, LINE_BYTES = LINE_DIGITS + 1, MOST_LINES = 4096, ATTEMPTS = 8, NAME_ROOM = 64 };

/* What stands in the file while nothing is pinned: newer than any snapshot. */
#define NOTHING INT64_MAX

static const char readers_root[] = "readers";
static const char lock_suffix[] = ".lock";

/* Scans of one snapshot. */
struct held {
    int64_t snapshot;
    int64_t n_scans;
};

struct readers {
    struct mutex *mutex; /* guards all below; taken before no other */
    struct held *held;   /* in no order: of a few snapshots at any time */
    size_t n_held, n_room;
    int64_t known; /* the last snapshot that a scan of this handle resolved to */

    struct file_lock lock;
    char *path;
    int64_t written; /* the last line of the file */
    int64_t n_lines;
    bool is_broken;  /* a line was not written whole: the next one goes to a new file */
    bool is_refused; /* this user may not register: not tried again */
};

/* ---- this handle's file ---- */

static void close_file(struct readers *readers)
{
    /* Removed under its lock: nobody can take it for a dead one's in between. */
    if (readers->lock.is_held)
        (void)readers->lock.io.ops->remove(readers->lock.io.context, readers->path);
    file_lock_release(&readers->lock);
    memory_free(readers->path);
    readers->path = NULL;
}

static lake_status append_line(struct readers *readers, int64_t snapshot, struct lake_error *err)
{
    char line[LINE_BYTES + 1];
    struct io io = readers->lock.io;
    (void)snprintf(line, sizeof line, "%0*" PRId64 "\n", LINE_DIGITS, snapshot);
    int64_t put = io.ops->write(io.context, readers->lock.file, line, LINE_BYTES);
    readers->n_lines++;
    if (put == LINE_BYTES) {
        readers->written = snapshot;
        return LAKE_OK;
    }
    readers->is_broken = true;
    return lake_fail_errno(err, put < 0 ? (int)-put : ENOSPC, "cannot write", readers->path);
}

/* A process that expires may have taken our file for a dead reader's between its making and our locking, and removed it. */
static bool is_still_ours(const struct file_lock *lock, const char *path)
{
    struct io_status held, named;
    return lock->io.ops->file_status(lock->io.context, lock->file, &held) == 0 &&
           lock->io.ops->status(lock->io.context, path, &named) == 0 && held.inode == named.inode &&
           held.device == named.device;
}

static lake_status lock_path(struct lake *lake, const char *path, struct file_lock *lock, struct lake_error *err)
{
    char *root = NULL;
    lake_status status = file_lock_acquire(lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "reading", err);
    if (status != LAKE_NOT_FOUND)
        return status;
    TRY_OUT(layout_state_path(lake, readers_root, &root, err));
    TRY_OUT(file_make_directories(lake->io, root, NULL, err));
    status = file_lock_acquire(lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "reading", err);
out:
    memory_free(root);
    return status;
}

/* A new file of a new name in `readers`, which holds none. LAKE_BUSY where somebody had it first. */
static lake_status make_file(struct lake *lake, struct readers *readers, struct lake_error *err)
{
    uint64_t token = 0;
    char name[NAME_ROOM];
    TRY(layout_random(lake->io, &token, err));
    (void)snprintf(name, sizeof name, "%s/%016" PRIx64 "%s", readers_root, token, lock_suffix);
    TRY(layout_state_path(lake, name, &readers->path, err));
    lake_status status = lock_path(lake, readers->path, &readers->lock, err);
    if (status == LAKE_OK && !is_still_ours(&readers->lock, readers->path))
        status = lake_fail(err, LAKE_BUSY, "%s: was removed by another process", readers->path);
    return status;
}

/* The lock file's first line says who holds it; numbers begin after it, at a multiple of a line's length. */
static lake_status start_lines(struct readers *readers, struct lake_error *err)
{
    struct io_status found;
    struct io io = readers->lock.io;
    static const char blanks[LINE_BYTES + 1] = "                   \n";
    int result = io.ops->file_status(io.context, readers->lock.file, &found);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", readers->path);
    size_t n = LINE_BYTES - (size_t)(found.size_bytes % LINE_BYTES);
    int64_t put = io.ops->write(io.context, readers->lock.file, blanks + LINE_BYTES - n, n);
    return put == (int64_t)n ? LAKE_OK
                             : lake_fail_errno(err, put < 0 ? (int)-put : ENOSPC, "cannot write", readers->path);
}

/* Opens a file that says `snapshot`, and only then gives up the former one. */
static lake_status change_file(struct lake *lake, struct readers *readers, int64_t snapshot, struct lake_error *err)
{
    struct readers fresh = {.path = NULL};
    lake_status status = LAKE_BUSY;
    for (int i = 0; i < ATTEMPTS && status == LAKE_BUSY; i++) {
        close_file(&fresh);
        status = make_file(lake, &fresh, err);
    }
    if (status == LAKE_OK)
        status = start_lines(&fresh, err);
    if (status == LAKE_OK)
        status = append_line(&fresh, snapshot, err);
    if (status != LAKE_OK) {
        close_file(&fresh);
        return status;
    }
    close_file(readers);
    readers->lock = fresh.lock;
    readers->path = fresh.path;
    readers->written = snapshot;
    readers->n_lines = 1;
    readers->is_broken = false;
    return LAKE_OK;
}

static lake_status write_oldest(struct lake *lake, struct readers *readers, int64_t snapshot, struct lake_error *err)
{
    if (!readers->lock.is_held || readers->is_broken || readers->n_lines >= MOST_LINES)
        return change_file(lake, readers, snapshot, err);
    return append_line(readers, snapshot, err);
}

/* ---- pins ---- */

static int64_t oldest_held(const struct readers *readers)
{
    int64_t oldest = NOTHING;
    for (size_t i = 0; i < readers->n_held; i++)
        if (readers->held[i].snapshot < oldest)
            oldest = readers->held[i].snapshot;
    return oldest;
}

static lake_status hold(struct readers *readers, int64_t snapshot, struct lake_error *err)
{
    for (size_t i = 0; i < readers->n_held; i++)
        if (readers->held[i].snapshot == snapshot) {
            readers->held[i].n_scans++;
            return LAKE_OK;
        }
    if (readers->n_held == readers->n_room) {
        size_t n_room = readers->n_room == 0 ? 4 : 2 * readers->n_room;
        TRY(memory_resize(&readers->held, n_room, sizeof *readers->held, err));
        readers->n_room = n_room;
    }
    readers->held[readers->n_held++] = (struct held){snapshot, 1};
    return LAKE_OK;
}

static void let_go(struct readers *readers, int64_t snapshot)
{
    for (size_t i = 0; i < readers->n_held; i++) {
        if (readers->held[i].snapshot != snapshot)
            continue;
        if (--readers->held[i].n_scans == 0)
            readers->held[i] = readers->held[--readers->n_held];
        return;
    }
}

/* A line that is too old only keeps history longer: what cannot be written now is written another time. */
static void write_if_newer(struct lake *lake, struct readers *readers)
{
    int64_t oldest = oldest_held(readers);
    if (readers->lock.is_held && oldest > readers->written)
        (void)write_oldest(lake, readers, oldest, NULL);
}

static lake_status readers_new(int64_t known, struct readers **out, struct lake_error *err)
{
    struct readers *readers = NULL;
    TRY(memory_new(1, sizeof *readers, &readers, err));
    readers->known = known;
    readers->written = NOTHING;
    lake_status status = mutex_new(&readers->mutex, err);
    if (status != LAKE_OK) {
        memory_free(readers);
        return status;
    }
    *out = readers;
    return LAKE_OK;
}

static lake_status get_readers(struct lake *lake, struct readers **out, struct lake_error *err)
{
    int64_t known = 0;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    if (lake->readers == NULL)
        status = manifest_snapshot(lake->manifest, &known, err);
    if (status == LAKE_OK && lake->readers == NULL)
        status = readers_new(known, &lake->readers, err);
    *out = lake->readers;
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status pin_snapshot(struct lake *lake, struct readers *readers, int64_t snapshot, struct lake_error *err)
{
    if (readers->is_refused)
        return LAKE_PERMISSION;
    TRY(hold(readers, snapshot, err));
    if (snapshot >= readers->written)
        return LAKE_OK;
    lake_status status = write_oldest(lake, readers, oldest_held(readers), err);
    if (status != LAKE_OK)
        let_go(readers, snapshot);
    readers->is_refused = status == LAKE_PERMISSION;
    return status;
}

lake_status readers_pin(struct lake *lake, int64_t as_of, struct reader_pin *pin, struct lake_error *err)
{
    struct readers *readers = NULL;
    *pin = (struct reader_pin){0, false};
    TRY(get_readers(lake, &readers, err));
    mutex_lock(readers->mutex);
    pin->snapshot = as_of == 0 ? readers->known : as_of;
    lake_status status = pin_snapshot(lake, readers, pin->snapshot, err);
    mutex_unlock(readers->mutex);
    pin->is_held = status == LAKE_OK;
    /* On a disk that is full, or that this user may not write to, reading goes on without. */
    return status == LAKE_PERMISSION || status == LAKE_NO_SPACE ? LAKE_OK : status;
}

void readers_raise(struct lake *lake, struct reader_pin *pin, int64_t snapshot)
{
    struct readers *readers = lake->readers;
    mutex_lock(readers->mutex);
    if (snapshot > readers->known)
        readers->known = snapshot;
    if (pin->is_held && snapshot > pin->snapshot && hold(readers, snapshot, NULL) == LAKE_OK) {
        let_go(readers, pin->snapshot);
        pin->snapshot = snapshot;
        write_if_newer(lake, readers);
    }
    mutex_unlock(readers->mutex);
}

void readers_unpin(struct lake *lake, struct reader_pin *pin)
{
    if (!pin->is_held)
        return;
    pin->is_held = false;
    mutex_lock(lake->readers->mutex);
    let_go(lake->readers, pin->snapshot);
    write_if_newer(lake, lake->readers);
    mutex_unlock(lake->readers->mutex);
}

void readers_release(struct lake *lake)
{
    struct readers *readers = lake->readers;
    if (readers == NULL)
        return;
    close_file(readers);
    memory_free(readers->held);
    mutex_free(readers->mutex);
    memory_free(readers);
    lake->readers = NULL;
}

/* ---- all processes' files ---- */

struct listing {
    struct buffer names; /* each terminated */
    struct lake_error *err;
};

static int list_entry(void *context, const char *name, enum io_kind kind)
{
    struct listing *listing = context;
    size_t n = strlen(name), n_suffix = sizeof lock_suffix - 1;
    if (kind != IO_KIND_FILE || n <= n_suffix || strcmp(name + n - n_suffix, lock_suffix) != 0)
        return 0;
    return buffer_append(&listing->names, name, n + 1, listing->err) == LAKE_OK ? 0 : -ENOMEM;
}

/* The snapshot in the last whole line; 0, which keeps everything, where there is none yet. */
static int64_t read_last_line(struct io io, int file)
{
    struct io_status found;
    char line[LINE_BYTES + 1] = "";
    if (io.ops->file_status(io.context, file, &found) != 0 || found.size_bytes < LINE_BYTES)
        return 0;
    int64_t at = (found.size_bytes / LINE_BYTES - 1) * LINE_BYTES;
    if (io.ops->read_at(io.context, file, line, LINE_BYTES, at) != LINE_BYTES || line[LINE_DIGITS] != '\n')
        return 0;
    int64_t snapshot = 0;
    for (size_t i = 0; i < LINE_DIGITS; i++) {
        if (line[i] < '0' || line[i] > '9' || snapshot > (INT64_MAX - (line[i] - '0')) / 10)
            return 0;
        snapshot = snapshot * 10 + (line[i] - '0');
    }
    return snapshot;
}

/* What the reader behind one file needs; NOTHING where it is dead. *is_gone: the file is not there any more. */
static lake_status ask_reader(struct lake *lake, const char *path, int64_t *needs, bool *is_gone,
                              struct lake_error *err)
{
    struct io io = lake->io;
    int file = io.ops->open(io.context, path, IO_READ);
    *is_gone = file == -ENOENT;
    *needs = 0;
    if (*is_gone || file == -EACCES)
        return LAKE_OK; /* what cannot be looked at keeps everything */
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    /* Shared suffices to know that nobody has it alone, and is allowed on other users' files. */
    int locked = io.ops->lock(io.context, file, IO_LOCK_SHARED);
    if (locked == 0) {
        *needs = NOTHING;
        (void)io.ops->remove(io.context, path);
        (void)io.ops->lock(io.context, file, IO_LOCK_NONE);
    } else {
        *needs = read_last_line(io, file);
    }
    (void)io.ops->close(io.context, file);
    return locked == 0 || locked == -EAGAIN ? LAKE_OK : lake_fail_errno(err, -locked, "cannot lock", path);
}

/* One look at all files. *is_stable is false where one vanished meanwhile: its reader may have gone on to a new file that the
 * listing does not have. */
static lake_status ask_all(struct lake *lake, const char *root, int64_t *oldest, bool *is_stable,
                           struct lake_error *err)
{
    struct listing listing = {BUFFER_INIT(MIB), err};
    lake_status status = LAKE_OK;
    *is_stable = true;
    int result = lake->io.ops->list(lake->io.context, root, list_entry, &listing);
    if (result != 0 && result != -ENOENT)
        status = result == -ENOMEM ? LAKE_NO_MEMORY : lake_fail_errno(err, -result, "cannot list", root);
    for (size_t at = 0; status == LAKE_OK && at < listing.names.length;) {
        const char *name = (const char *)listing.names.data + at;
        char *path = NULL;
        int64_t needs = 0;
        bool is_gone = false;
        status = path_join(root, name, &path, err);
        if (status == LAKE_OK)
            status = ask_reader(lake, path, &needs, &is_gone, err);
        memory_free(path);
        if (is_gone)
            *is_stable = false;
        else if (needs < *oldest)
            *oldest = needs;
        at += strlen(name) + 1;
    }
    buffer_release(&listing.names);
    return status;
}

lake_status readers_oldest(struct lake *lake, int64_t last, int64_t *oldest, struct lake_error *err)
{
    char *root = NULL;
    bool is_stable = false;
    TRY(layout_state_path(lake, readers_root, &root, err));
    lake_status status = LAKE_OK;
    for (int i = 0; i < ATTEMPTS && status == LAKE_OK && !is_stable; i++) {
        *oldest = last;
        status = ask_all(lake, root, oldest, &is_stable, err);
    }
    if (!is_stable)
        *oldest = 0; /* readers come and go all the time: this once, nothing is expired */
    memory_free(root);
    return status;
}
