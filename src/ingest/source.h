/* A source as a stream of bytes: a file, standard input, or what is packed in one (.gz, .zst, every file in a .zip).
 *
 * What packs it is told by the first bytes, never by the name. A source has members: one, but for a .zip, whose files come in the order of
 * their names (directories, empty files and what archivers add are left out). Bytes of the source itself are hashed as they are read, so that the
 * digest is that of the file as it lies, packed or not.
 * Unpacking is bounded: what claims or reaches more than LIMIT_SOURCE_RATIO times its packed size (beyond a floor) is refused (I9).
 * One thread at a time per source, but for source_hash, which may run in another thread while source_read reads on, and source_read_at.
 *
 *     struct source *source = NULL;
 *     TRY(source_open(io, path, &source, err));
 *     while (source_next_member(source, &has_member, err) == LAKE_OK && has_member)
 *         … source_read(source, to, n, &n_read, err) until n_read is 0 …
 *     TRY_OUT(source_finish(source, digest, err));
 *     out: source_close(source); */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "io/io.h"
#include "io/sha256.h"

struct source;

/* "-" is standard input (io's file of it): a .zip or a Parquet file there is refused, since both are read from their end. */
#define SOURCE_STANDARD_INPUT "-"

enum source_kind {
    SOURCE_TEXT,   /* what is in it are bytes of text, or claim to be */
    SOURCE_PARQUET /* read by parquet_rows.h, not as a stream */
};

/* Expands patterns (* ? [..], and ** for directories) to the files they match, in the order of their names with numbers compared as numbers
 * (…-2 before …-10); what has no pattern characters, or names a file that is there, stays as it is. A pattern without a match and a directory are
 * errors. *out and its strings live in the arena. */
struct arena;
LAKE_MUST_CHECK lake_status source_expand(struct io io, const char *const *paths, size_t n, struct arena *arena,
                                          const char *const **out, size_t *n_out, struct lake_error *err);

/* Whether there is something to read at the path, and its size (0: not known). */
LAKE_MUST_CHECK lake_status source_check(struct io io, const char *path, int64_t *size_bytes, struct lake_error *err);

LAKE_MUST_CHECK lake_status source_open(struct io io, const char *path, struct source **out, struct lake_error *err);
void source_close(struct source *source);
enum source_kind source_kind(const struct source *source);

/* Goes on to the next member; the first call to the first. Bytes of the member before that were not read are stepped over. */
LAKE_MUST_CHECK lake_status source_next_member(struct source *source, bool *has_member, struct lake_error *err);
/* For messages: the path, or "trades.zip:20221213_btcusdt_trade.csv"; "standard input" for "-". */
const char *source_place(const struct source *source);
/* The member's name in its archive; "" where there is none. */
const char *source_member(const struct source *source);
/* What a name may tell from (file_name.h): the path without what packs it ("a/BTCUSDT-1m.csv.gz" is "a/BTCUSDT-1m.csv"), or the member's name behind
 * the archive's ("a/btcusdt.zip/20221213_x.csv"); "" for standard input. */
const char *source_name(const struct source *source);

/* Reads up to n unpacked bytes of the member, fewer only at its end; 0: it is at its end. */
LAKE_MUST_CHECK lake_status source_read(struct source *source, void *to, size_t n, size_t *n_read,
                                        struct lake_error *err);
/* Hashes what has been read of the source itself since the last call. Where nothing is packed these are the bytes that source_read gave, which
 * must still be there, unchanged, and not moved: callers hash one block while the next is read elsewhere, and before they let go of one. Where
 * something is packed reading hashes, and this does nothing. */
LAKE_MUST_CHECK lake_status source_hash(struct source *source, struct lake_error *err);

/* Reads exactly n bytes of the source itself at an offset: of SOURCE_PARQUET, by any number of threads at once. */
LAKE_MUST_CHECK lake_status source_read_at(const struct source *source, int64_t offset, void *bytes, size_t n,
                                           struct lake_error *err);

/* Bytes of the source itself that were read (packed, for progress), and its size; 0: not known. */
int64_t source_bytes_read(const struct source *source);
/* Of SOURCE_PARQUET, by who reads it: how far that is. */
void source_set_bytes_read(struct source *source, int64_t n_bytes);
int64_t source_size_bytes(const struct source *source);

/* How far the source was hashed, and the digest of that much: what a resumed ingest checks it by. Of what is not read from front to back (a .zip,
 * Parquet) that is always all of it: the first mark reads it through once. */
struct source_mark {
    int64_t n_bytes;
    uint8_t digest[SHA256_BYTES];
};
LAKE_MUST_CHECK lake_status source_get_mark(struct source *source, struct source_mark *out, struct lake_error *err);
/* From now on: where hashing passes the mark and finds another digest, or the source ends before, reading fails with LAKE_CONFLICT: "is not the
 * file that was being ingested". Before the first byte is hashed. */
void source_expect(struct source *source, const struct source_mark *mark);

/* Reads what is left of the source itself and gives the digest of all of it. LAKE_INVALID_STATE where bytes were read that source_hash never
 * hashed. */
LAKE_MUST_CHECK lake_status source_finish(struct source *source, uint8_t digest[SHA256_BYTES], struct lake_error *err);

#endif
