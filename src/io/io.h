/* The one door to the operating system's files, locks, clock and random bytes: a small table of functions.
 *
 * Each returns 0 or a count, or a negative errno. io_system() is the real table; tests put their own in its place to
 * fail call N or to stop the clock. What is Linux-only stands behind io/io_linux.c. Thread-safe as the system's calls
 * are. Nothing above src/io calls the operating system about files in another way (but SQLite, about manifest.db).
 *
 *     struct io io = io_system();
 *     int file = io.ops->open(io.context, path, IO_READ);
 *     if (file < 0)
 *         return lake_fail_errno(err, -file, "cannot open", path); */
#ifndef IO_IO_H
#define IO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum io_open_mode {
    IO_READ,       /* existing, for reading */
    IO_CREATE_NEW, /* must not exist, for writing */
    IO_OPEN_LOCK,  /* created where absent, never truncated, read and write: for lock files */
    IO_OPEN_DIRECTORY
};

/* The file that a process is started with to read from: open from the beginning, for read and file_status only. */
enum { IO_STANDARD_INPUT = 0 };

enum io_kind { IO_KIND_FILE, IO_KIND_DIRECTORY, IO_KIND_OTHER };

struct io_status {
    enum io_kind kind;
    int64_t size_bytes;
    int64_t modified_ms;
    uint64_t device;
    uint64_t inode;
};

enum io_lock { IO_LOCK_SHARED, IO_LOCK_EXCLUSIVE, IO_LOCK_NONE };

/* Called for each name of a directory but "." and ".."; a return other than 0 ends the listing with that value. */
typedef int (*io_list_entry)(void *context, const char *name, enum io_kind kind);

struct io_ops {
    int (*open)(void *context, const char *path, enum io_open_mode mode);
    int (*close)(void *context, int file);
    int64_t (*read)(void *context, int file, void *bytes, size_t n); /* from the current position; 0 at the end */
    int64_t (*read_at)(void *context, int file, void *bytes, size_t n, int64_t offset);
    int64_t (*write)(void *context, int file, const void *bytes, size_t n);
    int (*sync)(void *context, int file); /* a file or a directory; durable when it returns */
    int (*sync_filesystem)(void *context,
                           int file); /* all of the file's filesystem; -ENOSYS where there is no such call */
    int (*lock)(void *context, int file, enum io_lock lock); /* never waits: -EAGAIN where it is held */
    int (*status)(void *context, const char *path, struct io_status *out);
    int (*file_status)(void *context, int file, struct io_status *out);
    int (*rename)(void *context, const char *from, const char *to);
    /* A hard link: another name for the same bytes. -EXDEV, -EPERM, … where there can be none. */
    int (*link)(void *context, const char *from, const char *to);
    /* A new file that shares the blocks of an existing one (reflink). -EOPNOTSUPP, -EXDEV, … where the filesystem cannot. */
    int (*clone)(void *context, const char *from, const char *to);
    int (*remove)(void *context, const char *path);
    int (*make_directory)(void *context, const char *path);
    int (*remove_directory)(void *context, const char *path);
    int (*list)(void *context, const char *path, io_list_entry entry, void *entry_context);
    /* The absolute path without symbolic links, terminated; -ENAMETOOLONG where it does not fit into n bytes. */
    int (*real_path)(void *context, const char *path, char *out, size_t n);
    int (*is_network)(void *context, const char *path); /* 1: the path lies on a network filesystem */
    int (*random)(void *context, void *bytes, size_t n);
    int64_t (*now_ms)(void *context);       /* wall clock, epoch ms */
    int64_t (*monotonic_ms)(void *context); /* for waiting and rates */
    void (*sleep_ms)(void *context, int64_t ms);
    int64_t (*process_id)(void *context);
};

struct io {
    const struct io_ops *ops;
    void *context;
};

struct io io_system(void);

#endif
