/* The files in a .zip archive, in the order of their names: the only user of libzip.
 *
 * Stored and deflated files, also beyond 4 GiB. Left out are directories, empty files and what archivers and archives add (__MACOSX, .DS_Store, a
 * report beside the data: the table in source_zip.c). Names are never used as paths. Refused by name: what is encrypted or packed in another way, a
 * spreadsheet, more members than LIMIT_SOURCE_MEMBERS, and what claims or reaches more than LIMIT_SOURCE_RATIO. CRC and length are checked at the end
 * of each file. One thread at a time.
 *
 *     TRY(source_zip_open(&bytes, &zip, err));
 *     for (size_t i = 0; i < source_zip_members(zip); i++) {
 *         TRY_OUT(source_zip_begin(zip, i, err));
 *         … source_zip_read until *n_read is 0 … */
#ifndef INGEST_SOURCE_ZIP_H
#define INGEST_SOURCE_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Where the archive's bytes are. */
struct zip_bytes {
    const char *place; /* for messages; outlives it */
    int64_t size_bytes;
    lake_status (*read_at)(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err);
    void *context;
};

struct source_zip;

LAKE_MUST_CHECK lake_status source_zip_open(const struct zip_bytes *bytes, struct source_zip **out,
                                            struct lake_error *err);
void source_zip_close(struct source_zip *zip);
size_t source_zip_members(const struct source_zip *zip);
/* What cannot be printed is '?'. */
const char *source_zip_name(const struct source_zip *zip, size_t member);
LAKE_MUST_CHECK lake_status source_zip_begin(struct source_zip *zip, size_t member, struct lake_error *err);
/* Fewer than n only at the end of the file; 0: it is at its end. */
LAKE_MUST_CHECK lake_status source_zip_read(struct source_zip *zip, void *to, size_t n, size_t *n_read,
                                            struct lake_error *err);
/* Packed bytes of the members so far. */
int64_t source_zip_bytes_read(const struct source_zip *zip);

#endif
