/* What a write was told of its rows, beside the rows: notes on their way into the manifest.
 *
 * - Origins: runs of rows of one day that stood together in one member of a source. A day of a member has at most WRITE_DAY_RUNS of
 *   them; the last takes up what comes beyond. So their number follows that of days, not of rows, however these are sorted.
 * - Absences, in the order of their noting.
 * - Findings.
 *
 * Rows come by the million: a stretch that goes on with the one before costs a comparison, any other a look into a table of the days of the
 * member being read. One thread at a time. */
#ifndef LAKE_WRITE_NOTES_H
#define LAKE_WRITE_NOTES_H

#include "base/arena.h"
#include "lake/write.h"

/* Of the texts of all notes. */
#define WRITE_NOTE_TEXT_BYTES (16 * MIB)

struct note_member {
    int64_t source; /* position among those of the operation, from 1 */
    const char *name;
};

struct note_origin {
    struct lake_write_origin run;
    uint32_t member; /* index */
    uint32_t n_runs; /* of its day and member up to this one */
    size_t slot;     /* in the table of days */
};

struct write_notes {
    struct note_member *members;
    size_t n_members, members_capacity;
    struct note_origin *origins; /* in the order of their noting */
    size_t n_origins, origins_capacity;
    size_t member_first; /* the first of the member being read */
    size_t last;         /* the one of the stretch before, from 1; 0: none */
    uint32_t *days;      /* of the member being read, by their hash: its latest run, from 1; 0: none */
    size_t n_days;       /* places of it; a power of two, or 0 */

    struct lake_write_absence *absences;
    size_t n_absences, absences_capacity;
    struct lake_write_finding *findings;
    size_t n_findings, findings_capacity;
    struct arena texts;
};

void write_notes_init(struct write_notes *notes);
void write_notes_release(struct write_notes *notes);
LAKE_MUST_CHECK lake_status write_notes_begin_member(struct write_notes *notes, int64_t source, const char *name,
                                                     struct lake_error *err);
LAKE_MUST_CHECK lake_status write_notes_add_origin(struct write_notes *notes, const struct lake_write_origin *stretch,
                                                   struct lake_error *err);
/* A run as it was before a safe point, of the member begun last: it is not joined with others. */
LAKE_MUST_CHECK lake_status write_notes_restore_origin(struct write_notes *notes, const struct lake_write_origin *run,
                                                       struct lake_error *err);
LAKE_MUST_CHECK lake_status write_notes_add_absence(struct write_notes *notes, const struct lake_write_absence *absence,
                                                    struct lake_error *err);
LAKE_MUST_CHECK lake_status write_notes_add_finding(struct write_notes *notes, const struct lake_write_finding *finding,
                                                    struct lake_error *err);

#endif
