/* Unpackers: packed bytes in, unpacked bytes out, a piece of each at a time, in memory that does not depend on their number.
 *
 * An unpacker takes one packed piece (a gzip member, a zstd frame) after another. Errors name what is wrong; the caller puts the place
 * before them. One thread at a time.
 * To add one: its file, its row in the table of source.c, and its cases in tests/unit/ingest/test_source_unpack.c. */
#ifndef INGEST_SOURCE_UNPACK_H
#define INGEST_SOURCE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Both advance as they are used. */
struct unpack_step {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

struct unpacker; /* begins each implementation's own struct */

struct unpacker_ops {
    const char *name; /* "gzip" */
    lake_status (*step)(struct unpacker *self, struct unpack_step *step, struct lake_error *err);
    void (*close)(struct unpacker *self);
};

struct unpacker {
    const struct unpacker_ops *ops;
    bool is_between; /* pieces: the source may end here. At the beginning it may not */
};

LAKE_MUST_CHECK lake_status source_gzip_open(struct unpacker **out, struct lake_error *err);
LAKE_MUST_CHECK lake_status source_zstd_open(struct unpacker **out, struct lake_error *err);

/* Refuses what grew too much: n_unpacked bytes came, or are said to come, out of n_packed. */
LAKE_MUST_CHECK lake_status source_check_ratio(const char *place, int64_t n_packed, int64_t n_unpacked,
                                               struct lake_error *err);

#endif
