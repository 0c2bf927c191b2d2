/* The real table: POSIX. What only Linux has is asked of io_linux.c. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "io/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/io_linux.h"

enum { FILE_MODE = 0644, DIRECTORY_MODE = 0755, CHUNK_BYTES = 1 << 30 };

static int open_flags(enum io_open_mode mode)
{
    switch (mode) {
    case IO_READ: return O_RDONLY | O_CLOEXEC;
    case IO_CREATE_NEW: return O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    case IO_OPEN_LOCK: return O_RDWR | O_CREAT | O_CLOEXEC;
    case IO_OPEN_DIRECTORY: return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    }
    return -1;
}

static int system_open(void *context, const char *path, enum io_open_mode mode)
{
    (void)context;
    int file = open(path, open_flags(mode), FILE_MODE);
    return file < 0 ? -errno : file;
}

static int system_close(void *context, int file)
{
    (void)context;
    return close(file) != 0 ? -errno : 0;
}

static int64_t system_read(void *context, int file, void *bytes, size_t n)
{
    (void)context;
    ssize_t got;
    do
        got = read(file, bytes, n < CHUNK_BYTES ? n : CHUNK_BYTES);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int64_t system_read_at(void *context, int file, void *bytes, size_t n, int64_t offset)
{
    (void)context;
    ssize_t got;
    do
        got = pread(file, bytes, n < CHUNK_BYTES ? n : CHUNK_BYTES, offset);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static int64_t system_write(void *context, int file, const void *bytes, size_t n)
{
    (void)context;
    ssize_t put;
    do
        put = write(file, bytes, n < CHUNK_BYTES ? n : CHUNK_BYTES);
    while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}

static int system_sync(void *context, int file)
{
    (void)context;
    return fsync(file) != 0 ? -errno : 0;
}

static int system_sync_filesystem(void *context, int file)
{
    (void)context;
    return io_linux_sync_filesystem(file);
}

static int system_lock(void *context, int file, enum io_lock lock)
{
    (void)context;
    return io_linux_lock(file, lock);
}

static void fill_status(const struct stat *from, struct io_status *to)
{
    to->kind = S_ISREG(from->st_mode) ? IO_KIND_FILE : S_ISDIR(from->st_mode) ? IO_KIND_DIRECTORY : IO_KIND_OTHER;
    to->size_bytes = from->st_size;
    to->modified_ms = (int64_t)from->st_mtim.tv_sec * 1000 + from->st_mtim.tv_nsec / 1000000;
    to->device = (uint64_t)from->st_dev;
    to->inode = (uint64_t)from->st_ino;
}

static int system_status(void *context, const char *path, struct io_status *out)
{
    (void)context;
    struct stat status;
    if (stat(path, &status) != 0)
        return -errno;
    fill_status(&status, out);
    return 0;
}

static int system_file_status(void *context, int file, struct io_status *out)
{
    (void)context;
    struct stat status;
    if (fstat(file, &status) != 0)
        return -errno;
    fill_status(&status, out);
    return 0;
}

static int system_rename(void *context, const char *from, const char *to)
{
    (void)context;
    return rename(from, to) != 0 ? -errno : 0;
}

static int system_link(void *context, const char *from, const char *to)
{
    (void)context;
    return link(from, to) != 0 ? -errno : 0;
}

/* A file that could not be made whole does not stay. */
static int system_clone(void *context, const char *from, const char *to)
{
    int source = system_open(context, from, IO_READ);
    if (source < 0)
        return source;
    int target = system_open(context, to, IO_CREATE_NEW);
    int result = target;
    if (target >= 0) {
        result = io_linux_clone(source, target);
        int closed = system_close(context, target);
        if (result == 0)
            result = closed;
        if (result != 0)
            (void)unlink(to);
    }
    (void)system_close(context, source); /* nothing was written */
    return result;
}

static int system_real_path(void *context, const char *path, char *out, size_t n)
{
    (void)context;
    char resolved[PATH_MAX];
    if (realpath(path, resolved) == NULL)
        return -errno;
    size_t length = strlen(resolved);
    if (length >= n)
        return -ENAMETOOLONG;
    memcpy(out, resolved, length + 1);
    return 0;
}

static int system_remove(void *context, const char *path)
{
    (void)context;
    return unlink(path) != 0 ? -errno : 0;
}

static int system_make_directory(void *context, const char *path)
{
    (void)context;
    return mkdir(path, DIRECTORY_MODE) != 0 ? -errno : 0;
}

static int system_remove_directory(void *context, const char *path)
{
    (void)context;
    return rmdir(path) != 0 ? -errno : 0;
}

/* Symbolic links are not followed: a listing of the lake never leaves it. */
static enum io_kind kind_of_entry(DIR *directory, const struct dirent *entry)
{
    struct stat status;
    if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return IO_KIND_OTHER;
    return S_ISREG(status.st_mode) ? IO_KIND_FILE : S_ISDIR(status.st_mode) ? IO_KIND_DIRECTORY : IO_KIND_OTHER;
}

static int system_list(void *context, const char *path, io_list_entry entry, void *entry_context)
{
    (void)context;
    int result = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -errno;
    while (result == 0) {
        errno = 0;
        const struct dirent *found = readdir(directory);
        if (found == NULL) {
            result = -errno;
            break;
        }
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
            result = entry(entry_context, found->d_name, kind_of_entry(directory, found));
    }
    (void)closedir(directory);
    return result;
}

static int system_is_network(void *context, const char *path)
{
    (void)context;
    return io_linux_is_network(path);
}

static int system_random(void *context, void *bytes, size_t n)
{
    int file = system_open(context, "/dev/urandom", IO_READ);
    if (file < 0)
        return file;
    int64_t got = system_read(context, file, bytes, n);
    (void)close(file);
    if (got < 0)
        return (int)got;
    return (size_t)got == n ? 0 : -EIO;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_now_ms(void *context)
{
    (void)context;
    return clock_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *context)
{
    (void)context;
    return clock_ms(CLOCK_MONOTONIC);
}

static void system_sleep_ms(void *context, int64_t ms)
{
    (void)context;
    struct timespec wait = {(time_t)(ms / 1000), (int32_t)(ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL);
}

static int64_t system_process_id(void *context)
{
    (void)context;
    return getpid();
}

static const struct io_ops system_ops = {
    .open = system_open,
    .close = system_close,
    .read = system_read,
    .read_at = system_read_at,
    .write = system_write,
    .sync = system_sync,
    .sync_filesystem = system_sync_filesystem,
    .lock = system_lock,
    .status = system_status,
    .file_status = system_file_status,
    .rename = system_rename,
    .link = system_link,
    .clone = system_clone,
    .remove = system_remove,
    .make_directory = system_make_directory,
    .remove_directory = system_remove_directory,
    .list = system_list,
    .real_path = system_real_path,
    .is_network = system_is_network,
    .random = system_random,
    .now_ms = system_now_ms,
    .monotonic_ms = system_monotonic_ms,
    .sleep_ms = system_sleep_ms,
    .process_id = system_process_id,
};

struct io io_system(void)
{
    struct io io = {&system_ops, NULL};
    return io;
}
