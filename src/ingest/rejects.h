/* The file of rows that were put aside (`--rejects`): CSV by RFC 4180, one record a row, with its place, line, rule, reason and the record
 * as the source has it.
 *
 * The file is made with the first row that is put aside, and never over something: a path where there is anything but an empty file
 * is refused. What was added is durable after rejects_sync; a resumed ingest goes on behind what was durable at its safe point. One
 * thread at a time.
 *
 *     struct rejects rejects;
 *     rejects_init(&rejects, io, path);
 *     TRY_OUT(rejects_check(&rejects, err));
 *     TRY_OUT(rejects_add(&rejects, &reject, err));
 *     TRY_OUT(rejects_finish(&rejects, err));
 *     out: rejects_release(&rejects);              // removes what was not finished, unless a safe point names it */
#ifndef INGEST_REJECTS_H
#define INGEST_REJECTS_H

#include "io/file.h"

struct rejects {
    const char *path; /* borrowed */
    struct io io;
    struct file_writer writer;
    struct buffer pending; /* behind what the file holds */
    bool is_named;         /* the directory knows the file for good */
    bool is_saved;         /* a safe point may name it */
};

struct reject {
    const char *place;
    int64_t line;
    const char *rule, *reason;
    const char *record;
    size_t record_bytes;
};

void rejects_init(struct rejects *rejects, struct io io, const char *path);
void rejects_release(struct rejects *rejects);
/* The same, and removes the file whatever names it. */
void rejects_discard(struct rejects *rejects);
/* Refuses a path where something is, or where no file can be. */
LAKE_MUST_CHECK lake_status rejects_check(const struct rejects *rejects, struct lake_error *err);
LAKE_MUST_CHECK lake_status rejects_add(struct rejects *rejects, const struct reject *reject, struct lake_error *err);
/* What was added so far is durable: *n_bytes of the file, 0 where there is none. */
LAKE_MUST_CHECK lake_status rejects_sync(struct rejects *rejects, int64_t *n_bytes, struct lake_error *err);
/* Goes on behind the first n_bytes of what an earlier process left, in place of rejects_check. */
LAKE_MUST_CHECK lake_status rejects_resume(struct rejects *rejects, int64_t n_bytes, struct lake_error *err);
/* Durable and closed; the file stays. */
LAKE_MUST_CHECK lake_status rejects_finish(struct rejects *rejects, struct lake_error *err);

#endif
