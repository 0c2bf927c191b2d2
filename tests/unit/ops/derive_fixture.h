/* Derived bars in one line each, for tests: they fail the running test where the library reports an error, unless they say otherwise.
 * Bars are those of lake_fixture.h: exchange test, market FUTURES, period 1m. */
#ifndef TESTS_DERIVE_FIXTURE_H
#define TESTS_DERIVE_FIXTURE_H

#include "unit/lake/change_fixture.h"

#include <datalake/bars.h>

/* One call of lake_aggregate. */
struct derive_call {
    const char *symbol; /* NULL: all */
    const char *const *periods;
    size_t n_periods; /* 0: as usual */
    struct lake_recipe recipe;
    bool anew, dry_run;
    struct lake_progress progress;
};

lake_status try_derive(struct lake *lake, const struct derive_call *call, struct lake_aggregate_result *result,
                       struct lake_error *err);
struct lake_aggregate_result derive(struct lake *lake, const struct derive_call *call);
/* 15m and 1h of a symbol. */
struct lake_aggregate_result derive_usual(struct lake *lake, const char *symbol);

/* Days with rows that a derived dataset holds, at most 512; the array lives until the next call. None where there is no such dataset. */
const struct manifest_content *derived_days(struct lake *lake, const char *symbol, const char *period, size_t *n);
/* Fails unless two lakes hold the same derived rows. */
void assert_same_derived(struct lake *a, struct lake *b, const char *symbol, const char *period);
/* Deletes minutes, and nothing that is derived from them; and derived bars of one period. */
struct lake_change_result delete_minutes(struct lake *lake, const char *symbol, int64_t start, int64_t end);
void delete_derived(struct lake *lake, const char *symbol, const char *period, int64_t start, int64_t end);

#endif
