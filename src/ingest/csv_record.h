/* One record into one row, whatever it looks like, or the reason why it is none.
 *
 * It may be one quoted field with all others in it, lack fields at its end that are not needed, and have more where they are empty.
 * A record is of another symbol before anything else is said of it. One thread at a time per target. */
#ifndef INGEST_CSV_RECORD_H
#define INGEST_CSV_RECORD_H

#include "ingest/csv_value.h"

enum { CSV_REASON_BYTES = 512 };

struct csv_record {
    const char *text, *end; /* with its line feed */
    bool is_cut_off;        /* the source ended before the line did */
};

/* The greater one is what is said of a record that is more than one. */
enum csv_verdict {
    CSV_RECORD_TAKEN,
    CSV_RECORD_MISFIT, /* understood, but for a value that a column of the source's own cannot hold */
    CSV_RECORD_REFUSED,
    CSV_RECORD_OTHER /* of another symbol, to be stepped over */
};

/* What became of a record, and why. */
struct csv_outcome {
    enum csv_verdict verdict;
    const char *rule;              /* of struct row_reject */
    const struct csv_field *field; /* of a misfit */
    enum column_type wider;        /* would hold it */
    char reason[CSV_REASON_BYTES]; /* "close is 'abc', not a number" */
};

/* Fills the row behind those that are counted, for which there is room. Fails for want of memory only. */
LAKE_MUST_CHECK lake_status csv_record_take(struct csv_target *target, const struct csv_record *record,
                                            struct csv_outcome *outcome, struct lake_error *err);

#endif
