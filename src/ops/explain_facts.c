/* What the manifest knows of rows, asked for in one read transaction. */
#include "base/calendar.h"
#include "ops/explain.h"

/* Undoings of undoings that are followed. */
enum { MOST_UNDOINGS = 100 };

struct look {
    struct manifest *manifest;
    struct arena *arena;
    const struct explain_rows *rows;
    struct explain_facts *facts;
};

static lake_status find_files(const struct look *look, struct lake_error *err)
{
    struct explain_facts *facts = look->facts;
    const struct explain_rows *rows = look->rows;
    struct manifest_file *files = NULL;
    int64_t snapshot = 0;
    size_t n = 0;
    TRY(manifest_find_files(look->manifest, rows->dataset.id, rows->first_ms, rows->last_ms + 1, look->arena, &files,
                            &n, &snapshot, err));
    for (size_t i = 0; i < n; i++)
        if (files[i].time_from_ms <= rows->last_ms && files[i].time_to_ms >= rows->first_ms)
            files[facts->n_files++] = files[i];
    facts->files = files;
    return LAKE_OK;
}

static lake_status find_contents(const struct look *look, struct lake_error *err)
{
    struct explain_facts *facts = look->facts;
    int64_t id = look->rows->dataset.id, day = calendar_day_of_ms(look->rows->first_ms);
    TRY(manifest_find_contents(look->manifest, id, day, calendar_day_of_ms(look->rows->last_ms) + 1, look->arena,
                               &facts->contents, &facts->n_contents, err));
    if (!look->rows->is_one)
        return LAKE_OK;
    return manifest_find_versions(look->manifest, id, day, look->arena, &facts->versions, &facts->n_versions, err);
}

static lake_status find_origins(const struct look *look, struct lake_error *err)
{
    struct explain_facts *facts = look->facts;
    const struct explain_rows *rows = look->rows;
    if (rows->first_ms == rows->last_ms)
        return manifest_find_origins(look->manifest, rows->dataset.id, rows->first_ms, look->arena, &facts->origins,
                                     &facts->n_origins, err);
    return manifest_find_origins_in(look->manifest, rows->dataset.id, rows->first_ms, rows->last_ms + 1, look->arena,
                                    &facts->origins, &facts->n_origins, err);
}

static lake_status find_derivation(const struct look *look, struct lake_error *err)
{
    struct explain_facts *facts = look->facts;
    int64_t id = look->rows->dataset.id, day = calendar_day_of_ms(look->rows->first_ms);
    TRY(manifest_find_derivation(look->manifest, id, look->arena, &facts->derivation, &facts->is_derived, err));
    if (!facts->is_derived)
        return LAKE_OK;
    TRY(manifest_get_dataset(look->manifest, facts->derivation.source_id, look->arena, &facts->source, err));
    TRY(manifest_find_lineage(look->manifest, id, day, calendar_day_of_ms(look->rows->last_ms) + 1, look->arena,
                              &facts->lineage, &facts->n_lineage, err));
    if (facts->n_lineage == 0)
        return LAKE_OK;
    return manifest_find_contents(look->manifest, facts->source.id, facts->lineage[0].source_day,
                                  facts->lineage[facts->n_lineage - 1].source_day + 1, look->arena,
                                  &facts->source_contents, &facts->n_source_contents, err);
}

static lake_status find_all(const struct look *look, struct lake_error *err)
{
    TRY(find_files(look, err));
    TRY(find_contents(look, err));
    TRY(find_origins(look, err));
    return find_derivation(look, err);
}

lake_status explain_find_facts(struct explain *explain, const struct explain_rows *rows, struct explain_facts *out,
                               struct lake_error *err)
{
    struct lake *lake = explain->lake;
    const struct look look = {lake->manifest, &explain->arena, rows, out};
    bool begun = false;
    *out = (struct explain_facts){.n_files = 0};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, find_all(&look, err), err);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- operations ---- */

/* What undid it last, unless that was undone itself. */
static lake_status find_undoing(struct explain *explain, int64_t undone_by, int64_t *out, struct lake_error *err)
{
    struct manifest_log_entry entry;
    bool stands = true;
    *out = undone_by;
    for (int i = 0; i < MOST_UNDOINGS && undone_by != 0; i++) {
        TRY(manifest_find_log_entry(explain->lake->manifest, undone_by, &explain->arena, &entry, err));
        stands = !stands;
        undone_by = entry.undone_by;
    }
    *out = stands ? 0 : *out;
    return LAKE_OK;
}

static lake_status find_operation(struct explain *explain, int64_t operation_id, struct explain_operation *out,
                                  struct lake_error *err)
{
    struct manifest *manifest = explain->lake->manifest;
    struct lake_error unknown;
    lake_status status = manifest_find_operation(manifest, operation_id, &explain->arena, &out->entry, &unknown);
    if (status == LAKE_NOT_FOUND)
        return LAKE_OK;
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", unknown.message);
    out->is_known = true;
    TRY(find_undoing(explain, out->entry.undone_by, &out->undone_by, err));
    return manifest_find_sources(manifest, operation_id, &explain->arena, &out->sources, &out->n_sources, err);
}

lake_status explain_find_operation(struct explain *explain, int64_t operation_id, struct explain_operation *out,
                                   struct lake_error *err)
{
    struct lake *lake = explain->lake;
    bool begun = false;
    *out = (struct explain_operation){.is_known = false};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, find_operation(explain, operation_id, out, err), err);
    mutex_unlock(lake->mutex);
    return status;
}
