/* Periods of features: "set@version", by which a version of a feature set is a dataset of its own.
 *
 * Set and version become directories, so what they may hold is listed (I9): letters, digits, '_', '-' and '.', neither '-' nor '.'
 * first, no '.' last. They are kept as written; two that differ only in case would be one directory on some filesystems, and are
 * never both in a lake (lake/write_version.c).
 *
 *     struct feature_period period;
 *     TRY(feature_period_parse("alpha_v1@1.0.1", &period, err));     // period.set, period.version */
#ifndef COLUMN_FEATURE_PERIOD_H
#define COLUMN_FEATURE_PERIOD_H

#include <stdbool.h>

#include "base/error.h"

enum { FEATURE_SET_LENGTH = 64, FEATURE_VERSION_LENGTH = 32 };

struct feature_period {
    char set[FEATURE_SET_LENGTH + 1];
    char version[FEATURE_VERSION_LENGTH + 1];
};

/* Whether the text is of this form, good or not: it has an '@'. */
bool feature_period_is(const char *text);
LAKE_MUST_CHECK lake_status feature_period_parse(const char *text, struct feature_period *out, struct lake_error *err);

LAKE_MUST_CHECK lake_status feature_set_copy(const char *text, char out[FEATURE_SET_LENGTH + 1],
                                             struct lake_error *err);
LAKE_MUST_CHECK lake_status feature_version_copy(const char *text, char out[FEATURE_VERSION_LENGTH + 1],
                                                 struct lake_error *err);

/* The order of versions. Numbers and dots are compared number by number ("1.9" before "1.10", "1" before "1.0"); such a version comes
 * behind one that has text after it ("2.0-rc1" before "2.0"). Others are compared as text, and before all with numbers. A total
 * order: 0 only of equal texts. */
int feature_version_compare(const char *a, const char *b);
/* A version behind it, its last number one greater ("1.0.1": "1.0.2"), or with one ("beta": "beta.1"); "" where there is no room. */
void feature_version_next(const char *version, char out[FEATURE_VERSION_LENGTH + 1]);

#endif
