/* The digest of a source's own bytes, taken in their order while others are read.
 *
 * Bytes are noted when they are read and hashed later, maybe in another thread; or hashed at once. Either way the digest of the first n bytes can
 * be had at any time, and an expected one is compared when n bytes have gone by.
 * source_hash_note by the thread that reads; source_hash_noted by any one; the rest while neither runs.
 *
 *     TRY(source_hash_open(&hash, path, err));
 *     source_hash_note(&hash, bytes, n, err);       // as read; kept by the caller until …
 *     source_hash_noted(&hash, err);                // … here */
#ifndef INGEST_SOURCE_HASH_H
#define INGEST_SOURCE_HASH_H

#include "base/thread.h"
#include "ingest/source.h"

struct noted_bytes {
    const uint8_t *bytes;
    size_t n;
};

enum { SOURCE_HASH_NOTES = 16 };

struct source_hash {
    const char *path; /* for messages */
    struct sha256 *sha;
    struct mutex *list_mutex; /* of the notes */
    struct mutex *work_mutex; /* of sha: notes are hashed in their order */
    struct noted_bytes notes[SOURCE_HASH_NOTES];
    size_t n_notes;
    int64_t n_bytes; /* hashed */
    bool is_expecting;
    struct source_mark expected;
};

LAKE_MUST_CHECK lake_status source_hash_open(struct source_hash *hash, const char *path, struct lake_error *err);
void source_hash_release(struct source_hash *hash);
void source_hash_expect(struct source_hash *hash, const struct source_mark *mark);

/* Where there are too many notes they are hashed here. */
LAKE_MUST_CHECK lake_status source_hash_note(struct source_hash *hash, const void *bytes, size_t n,
                                             struct lake_error *err);
LAKE_MUST_CHECK lake_status source_hash_noted(struct source_hash *hash, struct lake_error *err);
/* At once: for bytes that are not noted; there may be no notes. */
LAKE_MUST_CHECK lake_status source_hash_update(struct source_hash *hash, const void *bytes, size_t n,
                                               struct lake_error *err);
LAKE_MUST_CHECK lake_status source_hash_mark(const struct source_hash *hash, struct source_mark *out,
                                             struct lake_error *err);
/* The source has ended. */
LAKE_MUST_CHECK lake_status source_hash_end(const struct source_hash *hash, uint8_t digest[SHA256_BYTES],
                                            struct lake_error *err);

#endif
