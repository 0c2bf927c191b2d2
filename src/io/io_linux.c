#if defined(__linux__)
#define _GNU_SOURCE
#endif

#include "io/io_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

int io_linux_sync_filesystem(int file)
{
    return syncfs(file) != 0 ? -errno : 0;
}

int io_linux_lock(int file, enum io_lock lock)
{
    struct flock range = {.l_whence = SEEK_SET};
    range.l_type = lock == IO_LOCK_SHARED ? F_RDLCK : lock == IO_LOCK_EXCLUSIVE ? F_WRLCK : F_UNLCK;
    if (fcntl(file, F_OFD_SETLK, &range) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

int io_linux_clone(int from, int to)
{
    return ioctl(to, FICLONE, from) != 0 ? -errno : 0;
}

/* Filesystem types of statfs(2) on which SQLite's WAL does not work: its shared memory is not shared between hosts. */
int io_linux_is_network(const char *path)
{
    static const uint32_t network_types[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x5346414f, /* AFS */
        0x73757245, /* Coda */
        0x00c36400, /* Ceph */
        0x01021997, /* 9P */
        0x0bd00bd0, /* Lustre */
        0x7461636f, /* OCFS2 */
        0x01161970, /* GFS2 */
    };
    struct statfs status;
    if (statfs(path, &status) != 0)
        return -errno;
    for (size_t i = 0; i < sizeof network_types / sizeof *network_types; i++)
        if ((uint32_t)status.f_type == network_types[i])
            return 1;
    return 0;
}

#else

int io_linux_sync_filesystem(int file)
{
    (void)file;
    return -ENOSYS;
}

int io_linux_lock(int file, enum io_lock lock)
{
    int operation = lock == IO_LOCK_SHARED ? LOCK_SH : lock == IO_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_UN;
    if (flock(file, operation | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

int io_linux_clone(int from, int to)
{
    (void)from;
    (void)to;
    return -EOPNOTSUPP;
}

int io_linux_is_network(const char *path)
{
    (void)path;
    return 0;
}

#endif
