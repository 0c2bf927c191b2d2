/* Commit, the waist through which everything is written: rows in, one operation, one snapshot out.
 *
 * Rows are appended in source order, in batches of any size, sorted or not; they are cut into partitions, merged by key and
 * column with what is live (I8; later values win), encoded and staged as they come, in bounded memory; nothing is visible until
 * commit (I1), and a commit that changes nothing makes nothing (I7). One thread at a time per write; any number of writes
 * on one lake.
 *
 *     struct lake_write *write = NULL;
 *     TRY(lake_write_begin(lake, &selection, "ingest", &write, err));
 *     TRY_OUT(lake_write_append(write, &batch, err));
 *     TRY_OUT(lake_write_commit(write, &result, err));
 *     out: lake_write_free(write);       // without a commit: leaves no trace */
#ifndef LAKE_WRITE_H
#define LAKE_WRITE_H

#include <datalake/lake.h>

#include "column/batch.h"
#include "column/data_type.h"
#include "io/sha256.h"

struct lake_write;

struct lake_write_result {
    int64_t rows_read; /* appended */
    int64_t rows_new, rows_changed,
        rows_equal; /* keys: absent before, present with other values, present and the same */
    int64_t first_ms, last_ms;
    int64_t days_changed, files_written;
    int64_t bytes_written; /* of those files */
    int64_t snapshot;      /* 0: nothing changed */
};

/* The dataset's names as a person gave them: canonicalised and checked here (market and type may be NULL: FUTURES, raw; the
 * period is needed). The type's descriptor tells which columns it knows and which are its keys. */
LAKE_MUST_CHECK lake_status lake_write_begin(struct lake *lake, const struct lake_selection *dataset, const char *kind,
                                             struct lake_write **out, struct lake_error *err);
/* The canonical dataset and its type; strings live as long as the write. */
struct lake_selection lake_write_dataset(const struct lake_write *write);
/* Rows in source order. Keys must not be null. The batch is copied from. */
LAKE_MUST_CHECK lake_status lake_write_append(struct lake_write *write, const struct batch *batch,
                                              struct lake_error *err);
/* The rows from now on come from another source. Rows that lack the key's second column are counted within theirs (I8), so a write
 * of such a type says where each source begins; before the first call all is one source. */
LAKE_MUST_CHECK lake_status lake_write_begin_source(struct lake_write *write, struct lake_error *err);
/* Names a source for the operation's record; digest may be NULL. */
LAKE_MUST_CHECK lake_status lake_write_add_source(struct lake_write *write, const char *path, int64_t size_bytes,
                                                  const uint8_t digest[SHA256_BYTES], struct lake_error *err);
/* What the operation's record says besides (may be NULL): the rows put aside and what was done about others. */
LAKE_MUST_CHECK lake_status lake_write_set_detail(struct lake_write *write, const char *text, int64_t rows_rejected,
                                                  struct lake_error *err);
/* What a commit would do now: stages everything and commits nothing. Nothing can be appended or committed after it. */
LAKE_MUST_CHECK lake_status lake_write_preview(struct lake_write *write, struct lake_write_result *result,
                                               struct lake_error *err);
LAKE_MUST_CHECK lake_status lake_write_commit(struct lake_write *write, struct lake_write_result *result,
                                              struct lake_error *err);
void lake_write_free(struct lake_write *write);

#endif
