/* What is to be derived again, from the manifest alone, and what was looked at to tell (derive.h gives the short form of it).
 *
 * A day of derived bars (those that begin in it) is stale where it is not known to be made of what its source's days hold now. That is
 * known in one of two ways. Where the whole dataset was once brought up to date, up to known snapshots of the two datasets, and few
 * snapshots were made since: the days that these changed. Else: the versions of all days against the lineage. From trades, the days of
 * the last trade and of the last derived bar are stale as soon as anything changed: whether a bar is still open is not a
 * matter of its own day.
 *
 *     struct derive_view view = {0};
 *     TRY_OUT(derive_view_read(lake, source, false, &view, err));
 *     …
 *     out: derive_view_release(&view); */
#ifndef OPS_DERIVE_STATE_H
#define OPS_DERIVE_STATE_H

#include "manifest/knowledge.h"
#include "ops/derive.h"

struct derive_view {
    struct arena arena;
    struct derive_state state;
    int64_t snapshot;                       /* that all of it is of */
    int64_t source_changed, target_changed; /* as of it; 0: never */
    const char *former_recipe;              /* is_other: what made what is stored; NULL: not known */
    int64_t n_days;                         /* that are stale */
    int64_t closed_ms;                      /* of trades: the last one; INT64_MIN: none */
    struct manifest_content *source_days;   /* with rows, by day: those that the stale days are made of, at least */
    size_t n_source_days;
};

/* anew: whatever is stored is stale. */
LAKE_MUST_CHECK lake_status derive_view_read(struct lake *lake, const struct derive_source *source, bool anew,
                                             struct derive_view *out, struct lake_error *err);
void derive_view_release(struct derive_view *view);

/* The version of a day among contents by day; 0 where the day has no rows: contents that are empty hold as little as those that are not. */
int64_t derive_version_of(const struct manifest_content *days, size_t n, int64_t day);

/* The derived days that a source day's rows go into: walks over them.
 *
 *     struct touched_days walk;
 *     for (touched_days_begin(&walk, grid, from_ms, to_ms); walk.has_one; touched_days_next(&walk)) … walk.day */
struct touched_days {
    const struct bucket_grid *grid;
    int64_t to_ms; /* the last row */
    struct time_range bucket;
    int64_t day;
    bool has_one;
};
void touched_days_begin(struct touched_days *walk, const struct bucket_grid *grid, int64_t from_ms, int64_t to_ms);
void touched_days_next(struct touched_days *walk);

#endif
