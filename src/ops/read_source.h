/* Where the rows of a read come from: what is stored, or bars derived on the way. Decided once; then opened for any range, any number of
 * times, always of one snapshot (I2).
 *
 * Bars are derived on the way where an offset or origin is asked for, where none of the period asked for are stored, and where
 * those that are stored are not current: derived from what their source does not hold any more. Whether they are is told by the manifest (two
 * look-ups, of derived bars only). As of a snapshot, bars that were stored then are what was read then, if their source had not
 * changed since they were derived; where nothing changed since the snapshot they are looked at as now.
 *
 *     struct read_source source;
 *     status = read_source_resolve(lake, &options, &source, err);
 *     …
 *     TRY_OUT(read_rows_open(&source, range, &rows, err));
 *     while ((status = read_rows_next(&rows, &batch, err)) == LAKE_OK && batch.release != NULL) …
 *     read_rows_close(&rows);
 *     read_source_release(&source); */
#ifndef OPS_READ_SOURCE_H
#define OPS_READ_SOURCE_H

#include "lake/scan.h"
#include "ops/derive.h"

enum { READ_NOTE_BYTES = 256 };

struct read_request {
    const struct lake_scan_options *options; /* checked */
    int64_t
        snapshot; /* what is now for this read, which others of the same snapshot stand beside; 0: the last one there is */
    bool is_lenient; /* of the columns named, those that are not there are left out */
};

struct read_source {
    struct lake *lake;
    struct arena arena;
    struct time_range range;         /* asked for */
    struct manifest_dataset dataset; /* whose rows these are; id 0 where it is not stored */
    const struct period *period;
    bool was_chosen; /* something not named, among several */
    bool is_former;  /* as of a snapshot that the reader named */
    bool is_lenient;
    bool is_derived; /* on the way */
    bool is_agg;     /* derived bars, stored or on the way */
    int64_t snapshot;
    int64_t batch_rows;
    /* Stored: the scan of the range, which limit and tail were passed on to if the read is plain. Derived: the bars of the range.
     * Opened first, and kept: what they need is not expired before the source is released. */
    struct scan *scan;
    struct derivation *derivation;
    bool *is_lent; /* the derivation, to who first reads the bars of the range; in the arena */
    struct derive_source derive;
    const char *const *columns; /* of a stored source: what is read; NULL: all */
    size_t n_columns;
    char note[READ_NOTE_BYTES]; /* derived: from what and why; else "" */
};

/* Options have been checked. On failure nothing is to be released. */
LAKE_MUST_CHECK lake_status read_source_resolve(struct lake *lake, const struct lake_scan_options *options,
                                                struct read_source *out, struct lake_error *err);
LAKE_MUST_CHECK lake_status read_source_resolve_at(struct lake *lake, const struct read_request *request,
                                                   struct read_source *out, struct lake_error *err);
void read_source_release(struct read_source *source);
/* Whether a dataset that was resolved is read as it is stored: it holds no derived bars, or current ones. as_of: what the reader asked for. */
LAKE_MUST_CHECK lake_status read_source_is_current(struct lake *lake, const struct scan_plan *plan, int64_t as_of,
                                                   bool *out, struct lake_error *err);
/* Whether rows come out just as they are stored: then source->scan gives them, with limit and tail. */
bool read_is_plain(const struct lake_scan_options *options, const struct read_source *source);
/* The first and last time of the files (of what bars are derived from) that hold the range; start >= end: there are none. */
LAKE_MUST_CHECK lake_status read_source_extent(const struct read_source *source, struct time_range *out,
                                               struct lake_error *err);

/* The rows of a range, all of them, in order. */
struct read_rows {
    struct scan *scan;
    struct derivation *derivation;
    bool is_borrowed; /* the source's */
};
LAKE_MUST_CHECK lake_status read_rows_open(const struct read_source *source, struct time_range range,
                                           struct read_rows *out, struct lake_error *err);
void read_rows_close(struct read_rows *rows);
const struct schema *read_rows_schema(const struct read_rows *rows);
/* Without `release` it is the end. */
LAKE_MUST_CHECK lake_status read_rows_next(struct read_rows *rows, struct batch *out, struct lake_error *err);

#endif
