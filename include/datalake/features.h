/* Versioned features: results of computations (indicators, signals, embeddings) by instrument, set and version. Conventions are those of lake.h.
 *
 * A version of a feature set is a dataset of type "feature" whose period is "set@version" ("alpha_v1@1.0.1"): it is read by lake_scan_open, listed, verified,
 * deleted and undone as any other, and lies in data/features/{EXCHANGE}/{MARKET}/{SYMBOL}/{FEATURE_SET}/{VERSION}/{YYYY}/{MM}/…parquet. Where a scan
 * names the type and the period "set" alone, the latest version that has rows is meant. A version, once uploaded, never changes: strategies that name it
 * read the same rows for ever. It can be deleted, as a whole, and is then free again. */
#ifndef DATALAKE_FEATURES_H
#define DATALAKE_FEATURES_H

#include <datalake/write.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lake_feature_options {
    size_t size;
    struct lake_selection instrument; /* exchange, market (as writes choose it), symbol; the rest is not looked at */
    const char *
        feature_set; /* 1 to 64 letters, digits, '_', '-' and '.', neither of the last two first, no '.' last; kept as written */
    const char *version; /* 1 to 32 of the same */
    bool is_unsorted;    /* as of lake_put */
    const char *source;  /* as of lake_put */
    bool dry_run;
    struct lake_progress progress;
};

/* Takes the stream over, also on failure. ts is needed, in milliseconds or exactly so, and one column more at least. The same rows once more change
 * nothing; other rows (more, fewer, other values or columns) under a version that is there are LAKE_EXISTS, saying which version would be free, and so
 * is a set or version that differs from one that is there in upper and lower case only. No rows change nothing. */
LAKE_API LAKE_MUST_CHECK lake_status lake_put_features(struct lake *lake, const struct lake_feature_options *options,
                                                       struct ArrowArrayStream *rows, struct lake_put_result *result,
                                                       struct lake_error *err);

struct lake_feature_list_options {
    size_t size;
    struct lake_selection instrument; /* NULL members match all */
    const char *feature_set;          /* NULL: all */
};

/* One row a version, by instrument and set, latest version first: exchange, market, symbol, feature_set, version, is_latest, first_ts, last_ts, rows, bytes, columns
 * (text, separated by commas), created (timestamp). The latest: the greatest, number by number where versions are numbers and dots ("1.10" after
 * "1.9"; "2.0-rc1" before "2.0"), else by text. options may be NULL: all. */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_features(struct lake *lake,
                                                        const struct lake_feature_list_options *options,
                                                        struct ArrowArrayStream *out, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
