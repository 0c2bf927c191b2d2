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
 *     out: lake_write_free(write);       // without a commit: leaves no trace
 *
 * Beside the rows a write takes notes for the manifest (manifest/knowledge.h): where in its sources rows stood, what its sources were
 * asked for and lack, what was found in them. They are recorded with the commit, of days that it changed, and outlive safe points. Their number is
 * bounded: what comes beyond WRITE_MOST_ORIGINS and WRITE_MOST_ABSENCES is not noted. */
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
        rows_equal;        /* keys: absent before, present with other values, present and the same */
    int64_t rows_repeated; /* of rows_read: their key came again in this write */
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
const struct data_type *lake_write_type(const struct lake_write *write);
const struct period *lake_write_period(const struct lake_write *write);
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

/* ---- notes ---- */

#define WRITE_MOST_ORIGINS ((size_t)1 << 18)
#define WRITE_MOST_ABSENCES ((size_t)1 << 16)
enum { WRITE_DAY_RUNS = 4 }; /* of one member and day; what jumps about more is joined */

/* Rows of one UTC day that followed each other in a source. */
struct lake_write_origin {
    int64_t day, n_rows;
    int64_t key_from_ms, key_to_ms; /* least and greatest time, both included */
    int64_t line_from, line_to;     /* the first and the last */
    int64_t n_rises, n_falls;       /* of the time from row to row */
};

enum lake_write_absence_kind { WRITE_SOURCE_EMPTY, WRITE_CORRUPT_SOURCE, WRITE_STILL_OPEN };
struct lake_write_absence {
    enum lake_write_absence_kind kind;
    int64_t start_ms, end_ms; /* half open */
    const char *answer;       /* "btc.csv has none" */
};

struct lake_write_finding {
    const char *rule; /* "backward", "close-outside" … */
    int64_t n_rows;
    int64_t first_ms, last_ms; /* 0, 0: not known */
    const char *place, *detail;
};

/* The rows noted from now on stand in this member ("": there are none) of the source that is added next. Once more for the same: goes on
 * with it. */
LAKE_MUST_CHECK lake_status lake_write_begin_member(struct lake_write *write, const char *member,
                                                    struct lake_error *err);
/* Stretches in source order: one of the day of the stretch before goes on with it. */
LAKE_MUST_CHECK lake_status lake_write_note_origin(struct lake_write *write, const struct lake_write_origin *stretch,
                                                   struct lake_error *err);
/* Of bars. Where several hold an instant a row put aside counts more than a source that is empty. */
LAKE_MUST_CHECK lake_status lake_write_note_absence(struct lake_write *write, const struct lake_write_absence *absence,
                                                    struct lake_error *err);
/* Behind the last safe point: findings are not saved. */
LAKE_MUST_CHECK lake_status lake_write_add_finding(struct lake_write *write, const struct lake_write_finding *finding,
                                                   struct lake_error *err);

/* ---- the end ---- */

/* Stages everything and says what a commit would do now, which may follow or not. Nothing can be appended after it. */
LAKE_MUST_CHECK lake_status lake_write_stage(struct lake_write *write, struct lake_write_result *result,
                                             struct lake_error *err);
LAKE_MUST_CHECK lake_status lake_write_commit(struct lake_write *write, struct lake_write_result *result,
                                              struct lake_error *err);
void lake_write_free(struct lake_write *write);

#endif
