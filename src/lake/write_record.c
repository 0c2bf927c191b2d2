/* What a write knows of its rows besides them, into the manifest with its commit. */
#include <stdlib.h>

#include "base/memory.h"
#include "lake/commit.h"
#include "lake/write_state.h"
#include "manifest/absence.h"
#include "manifest/knowledge.h"

/* ---- the days that changed ---- */

struct day_list {
    int64_t *days; /* ascending */
    size_t n;
};

static int compare_days(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static lake_status list_days(const struct partition_set *set, struct day_list *out, struct lake_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        n += set->items[i]->is_changed ? set->items[i]->n_days : 0;
    TRY(memory_new(n, sizeof *out->days, &out->days, err));
    for (size_t i = 0; i < set->n; i++)
        for (size_t day = 0; set->items[i]->is_changed && day < set->items[i]->n_days; day++)
            out->days[out->n++] = set->items[i]->days[day].day;
    qsort(out->days, out->n, sizeof *out->days, compare_days);
    return LAKE_OK;
}

/* ---- origins ---- */

static lake_status record_origin(const struct lake_write *write, const struct commit *commit,
                                 const struct note_origin *origin, struct lake_error *err)
{
    const struct lake_write_origin *run = &origin->run;
    const struct note_member *member = &write->notes.members[origin->member];
    const struct manifest_origin recorded = {
        .dataset_id = write->dataset.id,
        .day = run->day,
        .operation_id = commit->operation->id,
        .source_position = member->source,
        .n_rows = run->n_rows,
        .key_from_ms = run->key_from_ms,
        .key_to_ms = run->key_to_ms,
        .line_from = run->line_from,
        .line_to = run->line_to,
        .is_descending = run->n_falls > run->n_rises,
        .is_mixed = run->n_falls > 0 && run->n_rises > 0,
        .member = member->name,
    };
    return manifest_add_origin(write->lake->manifest, &recorded, err);
}

static lake_status record_origins(const struct lake_write *write, const struct commit *commit, struct lake_error *err)
{
    const struct write_notes *notes = &write->notes;
    struct day_list changed = {NULL, 0};
    lake_status status = LAKE_OK;
    if (notes->n_origins == 0)
        return LAKE_OK;
    TRY_OUT(list_days(commit->set, &changed, err));
    for (size_t i = 0; i < notes->n_origins; i++) {
        const struct note_origin *origin = &notes->origins[i];
        if (bsearch(&origin->run.day, changed.days, changed.n, sizeof *changed.days, compare_days) != NULL)
            TRY_OUT(record_origin(write, commit, origin, err));
    }
out:
    memory_free(changed.days);
    return status;
}

/* ---- absences ---- */

static enum manifest_reason reason_of(enum lake_write_absence_kind kind)
{
    switch (kind) {
    case WRITE_CORRUPT_SOURCE: return REASON_CORRUPT_SOURCE;
    case WRITE_STILL_OPEN: return REASON_STILL_OPEN;
    case WRITE_SOURCE_EMPTY: break;
    }
    return REASON_SOURCE_EMPTY;
}

static lake_status record_absence(const struct lake_write *write, const struct commit *commit,
                                  const struct lake_write_absence *absence, struct lake_error *err)
{
    const struct manifest_absence recorded = {
        .dataset_id = write->dataset.id,
        .start_ms = absence->start_ms,
        .end_ms = absence->end_ms,
        .reason = reason_of(absence->kind),
        .operation_id = commit->operation->id,
        .asked_ms = commit->operation->finished_ms,
        .answer = absence->answer,
    };
    return manifest_put_absence(write->lake->manifest, &recorded, err);
}

/* What is put later takes the place of what it covers: so first the ranges that sources covered, then the rows in them. */
static lake_status record_absences(const struct lake_write *write, const struct commit *commit, struct lake_error *err)
{
    const struct write_notes *notes = &write->notes;
    for (int is_row = 0; is_row <= 1; is_row++)
        for (size_t i = 0; i < notes->n_absences; i++)
            if ((notes->absences[i].kind != WRITE_SOURCE_EMPTY) == is_row)
                TRY(record_absence(write, commit, &notes->absences[i], err));
    return LAKE_OK;
}

/* ---- findings ---- */

static lake_status record_findings(const struct lake_write *write, const struct commit *commit, struct lake_error *err)
{
    for (size_t i = 0; i < write->notes.n_findings; i++) {
        const struct lake_write_finding *finding = &write->notes.findings[i];
        const struct manifest_finding recorded = {
            .dataset_id = write->dataset.id,
            .operation_id = commit->operation->id,
            .rule = finding->rule,
            .n_rows = finding->n_rows,
            .first_ms = finding->first_ms,
            .last_ms = finding->last_ms,
            .place = finding->place,
            .detail = finding->detail,
        };
        TRY(manifest_add_finding(write->lake->manifest, &recorded, err));
    }
    return LAKE_OK;
}

lake_status write_record_notes(const struct lake_write *write, const struct commit *commit, struct lake_error *err)
{
    TRY(record_origins(write, commit, err));
    TRY(record_absences(write, commit, err));
    return record_findings(write, commit, err);
}
