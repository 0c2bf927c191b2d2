/* A stored file under a second name, and proof that its bytes are what they should be.
 *
 * What linking and cloning cannot do here (another filesystem, one without them) is LAKE_UNSUPPORTED: ask for the next way.
 * Whatever fails leaves nothing at the new name, and a name that is taken is never written over. The bytes are checked where
 * they lie: a link or a clone by reading it, a copy while it passes.
 *
 *     TRY_OUT(file_clone(io, from, to, err));
 *     TRY_OUT(file_digest(&tools, to, digest, err)); */
#ifndef IO_COPY_H
#define IO_COPY_H

#include "io/io.h"
#include "io/sha256.h"

/* What reading through files needs, for one thread at a time, used again for file after file. */
struct copy_tools {
    struct io io;
    struct sha256 *hash;
    uint8_t *block;
};

LAKE_MUST_CHECK lake_status copy_tools_init(struct copy_tools *tools, struct io io, struct lake_error *err);
void copy_tools_release(struct copy_tools *tools);

LAKE_MUST_CHECK lake_status file_link(struct io io, const char *from, const char *to, struct lake_error *err);
LAKE_MUST_CHECK lake_status file_clone(struct io io, const char *from, const char *to, struct lake_error *err);
/* A new file with the bytes of another, whose SHA-256 it tells. Not durable yet. */
LAKE_MUST_CHECK lake_status file_copy(struct copy_tools *tools, const char *from, const char *to,
                                      uint8_t digest[SHA256_BYTES], struct lake_error *err);
LAKE_MUST_CHECK lake_status file_digest(struct copy_tools *tools, const char *path, uint8_t digest[SHA256_BYTES],
                                        struct lake_error *err);

#endif
