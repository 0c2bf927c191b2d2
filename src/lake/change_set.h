/* What one operation changes, in any number of datasets and ranges, staged and committed as one snapshot.
 *
 * For everything but ingest, whose rows come from outside (write.h): delete, undo, compaction, derived bars. Each change claims a
 * range: it is staged against the live files that overlap it, and the commit refuses, and stages again, where these are no
 * longer exactly the same (I6). Where a live file reaches out of the range, the change grows to cover it. Nothing is visible
 * until the commit (I1). One thread at a time per set; staging runs in parallel.
 *
 *     struct change_set *set = NULL;
 *     TRY(change_set_new(lake, &(struct change_set_options){.kind = "delete"}, &set, err));
 *     TRY_OUT(change_set_add(set, &change, err));
 *     TRY_OUT(change_set_commit(set, &result, err));
 *     out: change_set_free(set);          // without a commit: leaves no trace */
#ifndef LAKE_CHANGE_SET_H
#define LAKE_CHANGE_SET_H

#include <datalake/history.h>

#include "lake/partition.h"

struct change_set;
struct commit;

struct change_set_options {
    const char *kind;   /* of the operation; borrowed */
    const char *detail; /* for the log; "" or NULL: none; borrowed */
    int64_t undoes;     /* snapshot; 0: none */
    int64_t rows_read;  /* to make the rows that replace others; for the log */
    /* Called under the lake's lock before anything is recorded, when what was staged fits what is live; may refuse. May be NULL. */
    lake_status (*approve)(void *context, struct lake_error *err);
    /* As in struct commit_owner. May be NULL. */
    lake_status (*record)(void *context, const struct commit *commit, struct lake_error *err);
    bool records_always;
    void *context;
    struct lake_progress progress; /* asked while staging */
};

enum change_kind {
    CHANGE_CUT,     /* the rows in `range` are dropped */
    CHANGE_RESTORE, /* the rows in `range` are replaced by those that snapshot `as_of` had there */
    CHANGE_REPLACE, /* the rows in `range` are replaced by `rows` */
    CHANGE_ROLL_UP, /* the files in `range` become one with the same rows; contents stay. Checked against their hashes by reading
                       the staged file back */
};

struct change {
    enum change_kind kind;
    const struct manifest_dataset *dataset; /* with its id; copied */
    struct time_range range;
    int64_t as_of; /* CHANGE_RESTORE */
    const struct batch *
        rows; /* CHANGE_REPLACE: sorted, each key once; those within the range are taken. NULL: none. Borrowed until the
                                 set is freed, so that staging again needs no copy in staging */
};

LAKE_MUST_CHECK lake_status change_set_new(struct lake *lake, const struct change_set_options *options,
                                           struct change_set **out, struct lake_error *err);
/* Ranges of one dataset must not overlap between changes of one set, but for those that fall into one partition: they are gathered
 * there. A dataset that is replaced into may be one that is not there yet (id 0): the commit makes it. */
LAKE_MUST_CHECK lake_status change_set_add(struct change_set *set, const struct change *change, struct lake_error *err);
/* Stages what was added so far and adds up what the commit would do, without committing (dry runs). */
LAKE_MUST_CHECK lake_status change_set_preview(struct change_set *set, struct lake_change_result *result,
                                               struct lake_error *err);
LAKE_MUST_CHECK lake_status change_set_commit(struct change_set *set, struct lake_change_result *result,
                                              struct lake_error *err);
/* The part of one dataset in what was staged last. */
void change_set_sum(const struct change_set *set, const struct manifest_dataset *dataset,
                    struct lake_change_result *result);
void change_set_free(struct change_set *set);

#endif
