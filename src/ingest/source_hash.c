#include "ingest/source_hash.h"

#include <inttypes.h>
#include <string.h>

lake_status source_hash_open(struct source_hash *hash, const char *path, struct lake_error *err)
{
    *hash = (struct source_hash){.path = path};
    TRY(mutex_new(&hash->list_mutex, err));
    TRY(mutex_new(&hash->work_mutex, err));
    TRY(sha256_new(&hash->sha, err));
    return sha256_begin(hash->sha, err);
}

void source_hash_release(struct source_hash *hash)
{
    mutex_free(hash->list_mutex);
    mutex_free(hash->work_mutex);
    sha256_free(hash->sha);
    *hash = (struct source_hash){0};
}

void source_hash_expect(struct source_hash *hash, const struct source_mark *mark)
{
    hash->is_expecting = mark->n_bytes > 0;
    hash->expected = *mark;
}

static lake_status fail_other(const struct source_hash *hash, struct lake_error *err)
{
    return lake_fail(err, LAKE_CONFLICT,
                     "%s: is not the file that was being ingested: its first %" PRId64 " bytes are others", hash->path,
                     hash->expected.n_bytes);
}

static lake_status compare(struct source_hash *hash, struct lake_error *err)
{
    uint8_t digest[SHA256_BYTES];
    TRY(sha256_peek(hash->sha, digest, err));
    if (memcmp(digest, hash->expected.digest, sizeof digest) != 0)
        return fail_other(hash, err);
    hash->is_expecting = false;
    return LAKE_OK;
}

static lake_status add(struct source_hash *hash, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    int64_t missing = hash->is_expecting ? hash->expected.n_bytes - hash->n_bytes : 0;
    if (missing > 0 && (uint64_t)missing <= n) {
        size_t n_first = (size_t)missing;
        TRY(sha256_update(hash->sha, bytes, n_first, err));
        TRY(compare(hash, err));
        TRY(sha256_update(hash->sha, bytes + n_first, n - n_first, err));
    } else {
        TRY(sha256_update(hash->sha, bytes, n, err));
    }
    hash->n_bytes += (int64_t)n;
    return LAKE_OK;
}

lake_status source_hash_update(struct source_hash *hash, const void *bytes, size_t n, struct lake_error *err)
{
    return n == 0 ? LAKE_OK : add(hash, bytes, n, err);
}

/* One block is mostly read in one piece, or in pieces that follow one another. */
static bool take_note(struct source_hash *hash, const uint8_t *bytes, size_t n)
{
    bool has_room = true;
    mutex_lock(hash->list_mutex);
    struct noted_bytes *last = hash->n_notes > 0 ? &hash->notes[hash->n_notes - 1] : NULL;
    if (last != NULL && last->bytes + last->n == bytes)
        last->n += n;
    else if (hash->n_notes < SOURCE_HASH_NOTES)
        hash->notes[hash->n_notes++] = (struct noted_bytes){bytes, n};
    else
        has_room = false;
    mutex_unlock(hash->list_mutex);
    return has_room;
}

lake_status source_hash_note(struct source_hash *hash, const void *bytes, size_t n, struct lake_error *err)
{
    while (n > 0 && !take_note(hash, bytes, n))
        TRY(source_hash_noted(hash, err));
    return LAKE_OK;
}

lake_status source_hash_noted(struct source_hash *hash, struct lake_error *err)
{
    struct noted_bytes notes[SOURCE_HASH_NOTES];
    lake_status status = LAKE_OK;
    mutex_lock(hash->work_mutex);
    mutex_lock(hash->list_mutex);
    size_t n_notes = hash->n_notes;
    memcpy(notes, hash->notes, n_notes * sizeof *notes);
    hash->n_notes = 0;
    mutex_unlock(hash->list_mutex);
    for (size_t i = 0; status == LAKE_OK && i < n_notes; i++)
        status = add(hash, notes[i].bytes, notes[i].n, err);
    mutex_unlock(hash->work_mutex);
    return status;
}

lake_status source_hash_mark(const struct source_hash *hash, struct source_mark *out, struct lake_error *err)
{
    *out = (struct source_mark){.n_bytes = hash->n_bytes};
    return sha256_peek(hash->sha, out->digest, err);
}

lake_status source_hash_end(const struct source_hash *hash, uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    if (hash->n_notes > 0)
        return lake_fail(err, LAKE_INVALID_STATE, "%s: bytes were read that were not hashed", hash->path);
    if (hash->is_expecting)
        return lake_fail(err, LAKE_CONFLICT,
                         "%s: is not the file that was being ingested: it ends after %" PRId64 " bytes, and %" PRId64
                         " had been read of that",
                         hash->path, hash->n_bytes, hash->expected.n_bytes);
    return sha256_peek(hash->sha, digest, err);
}
