/* What the parts of the library share of an open lake. */
#ifndef LAKE_LAKE_H
#define LAKE_LAKE_H

#include <datalake/lake.h>

#include "base/thread.h"
#include "io/io.h"

/* Opens with another table of file operations than the system's (tests; the public lake_open uses io_system()). */
LAKE_MUST_CHECK lake_status lake_open_with(const struct lake_options *options, struct io io, struct lake **out,
                                           struct lake_error *err);
/* The handle alone, with its paths and settings: nothing is opened or made. lake_close frees it. */
LAKE_MUST_CHECK lake_status lake_new(const struct lake_options *options, struct io io, struct lake **out,
                                     struct lake_error *err);
/* WAL needs memory that is shared between processes: a manifest on a network filesystem is refused. */
LAKE_MUST_CHECK lake_status lake_refuse_network(const struct lake *lake, struct lake_error *err);
struct io lake_io(const struct lake *lake);
struct pool *lake_pool(struct lake *lake);
size_t lake_memory_bytes(const struct lake *lake);
/* A copy of a string that lives as long as the lake. */
LAKE_MUST_CHECK lake_status lake_keep_text(struct lake *lake, const char *text, const char **out,
                                           struct lake_error *err);
/* n zeroed items that live as long as the lake; *out is a pointer of any object type. */
LAKE_MUST_CHECK lake_status lake_keep_new(struct lake *lake, size_t n, size_t size, void *out, struct lake_error *err);

#endif
