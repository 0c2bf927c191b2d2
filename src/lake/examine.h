/* What one Parquet file holds, taken apart with no regard to what the manifest says of it: its bytes, its columns, and its days with
 * the content of each. For verify, repair and rebuild.
 *
 * A file is read once: its bytes are hashed and decoded from the same memory; large ones are hashed and decoded in pieces. Rows
 * come in whole UTC days, in bounded memory however many there are. Damage is LAKE_CORRUPT or LAKE_UNSUPPORTED; LAKE_IO is a disk
 * that cannot give the bytes, which says nothing about them. One thread at a time; buffers are kept for the next file.
 *
 *     TRY_OUT(examiner_open(examiner, path, &found, err));
 *     TRY_OUT(examiner_digest(examiner, sha256, err));
 *     TRY_OUT(examiner_parse(examiner, type, err));
 *     do
 *         TRY_OUT(examiner_next_days(examiner, &days, err));
 *     while (days.n > 0); */
#ifndef LAKE_EXAMINE_H
#define LAKE_EXAMINE_H

#include "column/data_type.h"
#include "lake/content.h"
#include "lake/handle.h"
#include "parquet/reader.h"

struct examiner;

LAKE_MUST_CHECK lake_status examiner_new(struct lake *lake, struct examiner **out, struct lake_error *err);
void examiner_free(struct examiner *examiner);

/* *found is false where there is nothing at the path; closes the file before. */
LAKE_MUST_CHECK lake_status examiner_open(struct examiner *examiner, const char *path, bool *found,
                                          struct lake_error *err);
/* The bytes of a file of the manifest, wherever they lie: under its name, where an unfinished move has them, or in history. Twice: a
 * writer may be moving it at this moment. */
enum examined_place { EXAMINED_NOWHERE, EXAMINED_AT_NAME, EXAMINED_MOVING, EXAMINED_IN_HISTORY };
LAKE_MUST_CHECK lake_status examiner_open_entry(struct examiner *examiner, const struct manifest_file *entry,
                                                enum examined_place *place, struct lake_error *err);
void examiner_close(struct examiner *examiner);
int64_t examiner_size_bytes(const struct examiner *examiner);
/* Of all its bytes. */
LAKE_MUST_CHECK lake_status examiner_digest(struct examiner *examiner, uint8_t digest[SHA256_BYTES],
                                            struct lake_error *err);
/* Reads the footer, and no more where the file was not hashed before. The type tells which unit the times must have, and which order
 * of keys the rows; NULL: it is not known, so that times of either unit are right, and rows of one time in any order. */
LAKE_MUST_CHECK lake_status examiner_parse(struct examiner *examiner, const struct data_type *type,
                                           struct lake_error *err);
/* After parsing; borrowed until the next open. */
const struct parquet_file *examiner_file(const struct examiner *examiner);
const struct schema *examiner_schema(const struct examiner *examiner);

/* Rows of whole days, with the content of each. Borrowed until the next call. */
struct examined_days {
    const struct batch *batch;
    const struct content_day *days; /* first_row is that of the batch */
    size_t n;                       /* 0: there are no more */
};
/* The next days; times that are null, and keys that do not rise strictly (I8), are LAKE_CORRUPT. */
LAKE_MUST_CHECK lake_status examiner_next_days(struct examiner *examiner, struct examined_days *out,
                                               struct lake_error *err);
/* The days of rows that were known beforehand: those before and behind them are not looked at. */
LAKE_MUST_CHECK lake_status examiner_read_days(struct examiner *examiner, int64_t first_row, int64_t n_rows,
                                               struct examined_days *out, struct lake_error *err);
/* Where the rows of a day are, by the times alone; n_rows 0 where there are none. */
LAKE_MUST_CHECK lake_status examiner_find_day(struct examiner *examiner, int64_t day, int64_t *first_row,
                                              int64_t *n_rows, struct lake_error *err);

#endif
