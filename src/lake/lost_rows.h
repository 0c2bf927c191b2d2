/* Bars that an operation takes away: which ranges of a day lose them, and what the manifest is to know about these from then on.
 *
 * A day lost what its former content had and its new one has not, told from their holes; so a bar that was missing before keeps the
 * reason that it had. A day that loses bars in very many places is noted as one range from the first to the last of them. Within the
 * manifest's transaction, under the lake's mutex. */
#ifndef LAKE_LOST_ROWS_H
#define LAKE_LOST_ROWS_H

#include "lake/commit.h"
#include "manifest/absence.h"

/* Of one day of bars: `after` NULL: none are left. `like` is what the absences say; its dataset and range are filled in. */
struct lost_day {
    const struct manifest_dataset *dataset;
    const struct manifest_content *before, *after;
};
LAKE_MUST_CHECK lake_status lost_rows_put_day(struct manifest *manifest, const struct lost_day *day,
                                              const struct manifest_absence *like, struct lake_error *err);

/* Of all days that a commit changes: "deleted", by its operation, with the answer. For the record hook (commit.h). */
LAKE_MUST_CHECK lake_status lost_rows_put(const struct commit *commit, const char *answer, struct lake_error *err);

#endif
