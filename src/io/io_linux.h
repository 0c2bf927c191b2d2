/* The calls that only Linux has, each with what stands in for it elsewhere. Results as in io/io.h. */
#ifndef IO_IO_LINUX_H
#define IO_IO_LINUX_H

#include "io/io.h"

int io_linux_sync_filesystem(int file);         /* syncfs; -ENOSYS elsewhere: sync each file */
int io_linux_lock(int file, enum io_lock lock); /* open file description locks; flock elsewhere */
int io_linux_clone(int from, int to);           /* FICLONE; -EOPNOTSUPP elsewhere */
int io_linux_is_network(const char *path);      /* statfs; 0 (not known to be) elsewhere */

#endif
