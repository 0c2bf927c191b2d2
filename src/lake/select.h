/* From what a person named to datasets: filters for lists, and the one dataset that a scan reads.
 *
 * Where a scan's market, type or period is not named and several match, it takes the only one there is, else the defaults (raw,
 * the lake's default market, 1m); if neither decides, the error lists the choices. */
#ifndef LAKE_SELECT_H
#define LAKE_SELECT_H

#include "base/buffer.h"
#include "column/feature_period.h"
#include "column/period.h"
#include "lake/handle.h"
#include "lake/names.h"

/* A selection in canonical names; `filter` points into the struct. */
struct canonical {
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES], period[PERIOD_BYTES];
    char feature_set[FEATURE_SET_LENGTH + 1]; /* named without a version: the latest is meant; "": none was */
    struct manifest_filter filter;
};

/* selection may be NULL: everything. The struct must not be moved afterwards. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status select_filter(struct lake *lake, const struct lake_selection *selection,
                                          struct canonical *out, struct lake_error *err);

/* The same for a scan, which may name a feature set alone. Its filter then matches all sets: select_dataset knows which is meant. */
LAKE_MUST_CHECK lake_status select_filter_to_read(struct lake *lake, const struct lake_selection *selection,
                                                  struct canonical *out, struct lake_error *err);

/* What of the lake is looked at. */
struct select_scope {
    const struct manifest_filter *filter; /* exchange and symbol are needed */
    int64_t as_of;                        /* datasets that had columns in that snapshot; 0: now */
    const char *feature_set;              /* of which the latest version is wanted; NULL or "": none is named */
};
struct selected {
    struct manifest_dataset dataset; /* strings live in the arena */
    bool is_found;
    bool was_chosen; /* something not named was, among several */
    bool is_younger; /* none was found, but there is one now */
};
/* The dataset to read. None is no error here: say so with select_fail_not_found once the mutex is free. Under the
 * lake's mutex, best between manifest_read_begin and manifest_read_end. */
LAKE_MUST_CHECK lake_status select_dataset(struct lake *lake, const struct select_scope *scope, struct arena *arena,
                                           struct selected *out, struct lake_error *err);

/* Near matches of one that nothing matches, for people: "TEST BTCUSDT, TEST ETHUSDT", or nothing; *n_all: of how many datasets there are (may be NULL). Not
 * under the lake's mutex. */
LAKE_MUST_CHECK lake_status select_find_near(struct lake *lake, const struct manifest_filter *wanted,
                                             struct buffer *out, size_t *n_all, struct lake_error *err);
/* The error of a selection that nothing matches, with near matches. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status select_fail_not_found(struct lake *lake, const struct manifest_filter *wanted,
                                                  struct lake_error *err);

#endif
