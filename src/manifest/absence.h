/* What is known about ranges in which rows are missing (schema 3). Ranges of one dataset never overlap: what is put later takes the place of
 * what it covers. Where rows are present an absence says nothing. Rules of manifest.h hold; texts are borrowed as in records.h. */
#ifndef MANIFEST_ABSENCE_H
#define MANIFEST_ABSENCE_H

#include "manifest/manifest.h"

/* Numbers are stored: never renumber. To add one: a row here; the table of names in absence.c; docs/FORMAT.md. */
enum manifest_reason {
    REASON_NOT_REQUESTED = 0, /* nobody asked: never stored */
    REASON_SOURCE_EMPTY = 1,
    REASON_BEFORE_LISTING = 2,
    REASON_AFTER_DELISTING = 3,
    REASON_VENUE_OUTAGE = 4,
    REASON_CORRUPT_SOURCE = 5,
    REASON_DELETED = 6,
    REASON_STILL_OPEN = 7,
    REASON_NO_SOURCE_BARS = 8 /* of derived bars: never stored */
};
const char *manifest_reason_name(enum manifest_reason reason); /* "source-empty" */
/* LAKE_INVALID_ARGUMENT naming the choices. */
LAKE_MUST_CHECK lake_status manifest_reason_find(const char *name, enum manifest_reason *out, struct lake_error *err);

struct manifest_absence {
    int64_t dataset_id;
    int64_t start_ms, end_ms; /* half open */
    enum manifest_reason reason;
    int64_t operation_id; /* 0: none */
    int64_t snapshot;     /* of it; filled in when read */
    int64_t asked_ms;     /* when the source was asked */
    const char *answer;   /* for people: "btc.csv has none"; "" */
};
/* Those that overlap a range, by time. */
LAKE_MUST_CHECK lake_status manifest_find_absences(struct manifest *manifest, int64_t dataset_id, int64_t start_ms,
                                                   int64_t end_ms, struct arena *arena, struct manifest_absence **out,
                                                   size_t *n, struct lake_error *err);
/* Writing: cuts away what it covers of others, and joins neighbours that say the same of one operation. */
LAKE_MUST_CHECK lake_status manifest_put_absence(struct manifest *manifest, const struct manifest_absence *absence,
                                                 struct lake_error *err);

#endif
