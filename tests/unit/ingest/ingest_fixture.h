/* A lake to ingest into, sources beside it, and what is checked after most ingests.
 *
 * Every function fails the running test where something goes wrong, unless it says otherwise. One fixture at a time. */
#ifndef TESTS_INGEST_FIXTURE_H
#define TESTS_INGEST_FIXTURE_H

#include "unit/lake/lake_fixture.h"

#include "ingest/ingest_job.h"

enum { SOURCE_PATH_BYTES = FIXTURE_PATH_BYTES + 64, MOST_SOURCES = 16 };

#define BAR_HEADER "ts,open,high,low,close,volume\n"

extern struct fixture *fixture;

/* cmocka's set-up and tear-down. */
int ingest_set_up(void **state);
int ingest_tear_down(void **state);

/* The path of a file with this text, below the fixture's root. The text of the path lives until the sixteenth call after. */
const char *write_source(const char *name, const char *text);
/* n consecutive minutes of 2024 from minute `first` on, as they are in a CSV file. The text lives until the next call. */
const char *minutes_text(int64_t first, int64_t n);

/* Of the exchange "test" and BTC/USDT. */
struct lake_ingest_options options_of(const char *const *sources, size_t n_sources);
/* Does not fail the test. */
lake_status ingest(const struct lake_ingest_options *options, struct lake_ingest_result *result,
                   struct lake_error *err);

/* Nothing of an ingest is left, committed or in staging. */
void assert_nothing_was_committed(void);
/* The same after an ingest that is refused with this message. */
void assert_refused(const struct lake_ingest_options *options, lake_status wanted, const char *message);
/* How often a rule was broken: warned and rejected; 0 where it was not. */
int64_t n_warned(const struct lake_ingest_result *result, const char *rule);
int64_t n_rejected(const struct lake_ingest_result *result, const char *rule);
/* The value of a finding, or "". */
const char *finding_of(const struct lake_ingest_result *result, const char *what);
/* All rows of a dataset as CSV; freed by the caller. */
char *read_text(const char *symbol, const char *type);

#endif
