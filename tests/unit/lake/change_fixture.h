/* Changes of a lake in one line each, for tests: they fail the running test where the library reports an error. Bars are those of
 * lake_fixture.h: exchange test, market FUTURES, period 1m. */
#ifndef TESTS_CHANGE_FIXTURE_H
#define TESTS_CHANGE_FIXTURE_H

#include "lake_fixture.h"

#include <datalake/history.h>

#include "lake/change_set.h"

#define MONTH_2024 (31 * MS_PER_DAY) /* of January */

struct lake_change_result delete_bars(struct lake *lake, const char *symbol, int64_t start, int64_t end);
struct lake_change_result undo_operation(struct lake *lake, int64_t snapshot); /* 0: the latest */
lake_status try_undo(struct lake *lake, int64_t snapshot, struct lake_error *err);
/* Makes one file of a range: days of a month. */
struct lake_change_result roll_up(struct lake *lake, const char *symbol, int64_t start, int64_t end);
lake_status try_change(struct lake *lake, const char *symbol, const struct change *change,
                       struct lake_change_result *result, struct lake_error *err);

/* What is live, at most 512: the array lives until the next call. */
const struct manifest_content *live_contents(struct lake *lake, const char *symbol, size_t *n);
const struct manifest_file *live_files(struct lake *lake, const char *symbol, size_t *n);

/* Fails unless the symbol holds exactly these bars. */
void assert_holds(struct lake *lake, const char *symbol, const struct bar *expected, size_t n);

#endif
