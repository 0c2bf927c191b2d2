#include "lake/salvage.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/builder.h"
#include "lake/scan_plan.h"
#include "lake/types.h"
#include "manifest/history.h"

/* Superseded versions of a day that are looked into, latest first. */
enum { MOST_VERSIONS = 16 };

/* A limit that is hit twice is hit by what a damaged file says, not by others who needed the memory. */
enum { ATTEMPTS = 2 };

void salvage_release(struct salvage *salvage)
{
    examiner_free(salvage->history);
    schema_free(salvage->schema);
    arena_release(&salvage->arena);
}

/* ---- what is to be found ---- */

static lake_status find_days(struct salvage *salvage, struct lake_error *err)
{
    struct lake *lake = salvage->lake;
    const struct manifest_file *file = salvage->file;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_contents(
        lake->manifest, file->dataset_id, calendar_day_of_ms(file->partition_start_ms),
        calendar_day_of_ms(file->partition_end_ms - 1) + 1, &salvage->arena, &salvage->days, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        if (salvage->days[i].n_rows > 0)
            salvage->days[salvage->n_days++] = salvage->days[i];
    return arena_new(&salvage->arena, salvage->n_days, sizeof *salvage->is_lost, &salvage->is_lost, err);
}

/* Turns a failure to read into "not there"; what remains is a failure of the machine. */
static lake_status tolerate(struct salvage *salvage, lake_status status, const struct lake_error *failure, bool *failed,
                            struct lake_error *err)
{
    *failed = status != LAKE_OK;
    salvage->is_unreadable = salvage->is_unreadable || status == LAKE_IO;
    salvage->is_short_of_memory = salvage->is_short_of_memory || status == LAKE_NO_MEMORY;
    if (status == LAKE_OK || status == LAKE_CORRUPT || status == LAKE_UNSUPPORTED || status == LAKE_IO ||
        status == LAKE_NO_MEMORY)
        return LAKE_OK;
    return lake_fail(err, status, "%s", failure->message);
}

static lake_status open_and_parse(const struct salvage *salvage, struct examiner *examiner,
                                  const struct manifest_file *file, bool *found, struct lake_error *err)
{
    enum examined_place place = EXAMINED_NOWHERE;
    TRY(examiner_open_entry(examiner, file, &place, err));
    *found = place != EXAMINED_NOWHERE;
    return *found ? examiner_parse(examiner, salvage->type, err) : LAKE_OK;
}

static lake_status try_open(struct salvage *salvage, struct examiner *examiner, const struct manifest_file *file,
                            bool *is_open, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    bool failed = false, found = false;
    lake_status status = open_and_parse(salvage, examiner, file, &found, &failure);
    TRY(tolerate(salvage, status, &failure, &failed, err));
    *is_open = found && !failed;
    return LAKE_OK;
}

/* ---- one day from one file ---- */

static bool is_the_day(const struct examined_days *found, const struct manifest_content *day)
{
    return found->n == 1 && found->days[0].day == day->day && found->days[0].n_rows == day->n_rows &&
           memcmp(found->days[0].sha256, day->sha256, SHA256_BYTES) == 0;
}

/* A place of a day's rows in a file. */
struct day_rows {
    struct examiner *examiner;
    int64_t first_row, n_rows;
};

static lake_status try_rows(struct salvage *salvage, const struct day_rows *rows, const struct manifest_content *day,
                            const struct batch **out, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct examined_days found = {0};
    bool failed = false;
    *out = NULL;
    if (rows->n_rows != day->n_rows)
        return LAKE_OK;
    lake_status status = examiner_read_days(rows->examiner, rows->first_row, rows->n_rows, &found, &failure);
    TRY(tolerate(salvage, status, &failure, &failed, err));
    if (!failed && is_the_day(&found, day))
        *out = found.batch;
    return LAKE_OK;
}

/* Where its rows must be, whatever can still be read of the times before them. */
static lake_status try_own(struct salvage *salvage, size_t index, const struct batch **out, struct lake_error *err)
{
    struct day_rows rows = {salvage->own, 0, salvage->days[index].n_rows};
    *out = NULL;
    if (!salvage->has_own)
        return LAKE_OK;
    for (size_t i = 0; i < index; i++)
        rows.first_row += salvage->days[i].n_rows;
    if (rows.first_row + rows.n_rows > examiner_file(salvage->own)->n_rows)
        return LAKE_OK;
    return try_rows(salvage, &rows, &salvage->days[index], out, err);
}

static lake_status open_history(struct salvage *salvage, const struct manifest_file *file, struct lake_error *err)
{
    bool is_open = false;
    if (salvage->history_id == file->id)
        return LAKE_OK;
    if (salvage->history == NULL)
        TRY(examiner_new(salvage->lake, &salvage->history, err));
    salvage->history_id = 0;
    TRY(try_open(salvage, salvage->history, file, &is_open, err));
    salvage->history_id = is_open ? file->id : 0;
    return LAKE_OK;
}

static lake_status try_history(struct salvage *salvage, const struct manifest_file *file,
                               const struct manifest_content *day, const struct batch **out, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct day_rows rows = {NULL, 0, 0};
    bool failed = false;
    *out = NULL;
    TRY(open_history(salvage, file, err));
    if (salvage->history_id == 0)
        return LAKE_OK;
    rows.examiner = salvage->history;
    lake_status status = examiner_find_day(salvage->history, day->day, &rows.first_row, &rows.n_rows, &failure);
    TRY(tolerate(salvage, status, &failure, &failed, err));
    return failed ? LAKE_OK : try_rows(salvage, &rows, day, out, err);
}

/* ---- one day from history ---- */

static lake_status find_version(struct salvage *salvage, const struct manifest_content *day, int64_t snapshot,
                                struct manifest_file **files, size_t *n, struct lake_error *err)
{
    struct lake *lake = salvage->lake;
    int64_t start_ms = day->day * MS_PER_DAY;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files_at(lake->manifest, day->dataset_id, start_ms, start_ms + MS_PER_DAY,
                                                snapshot, &salvage->arena, files, n, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_NOT_FOUND) /* expired */
        *n = 0;
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

static lake_status search_history(struct salvage *salvage, const struct manifest_content *day, const struct batch **out,
                                  struct lake_error *err)
{
    struct manifest_file *files = NULL;
    int64_t snapshot = salvage->file->added - 1;
    size_t n = 1;
    *out = NULL;
    for (int i = 0; i < MOST_VERSIONS && snapshot > 0 && n > 0 && *out == NULL; i++) {
        TRY(find_version(salvage, day, snapshot, &files, &n, err));
        for (size_t k = 0; k < n && *out == NULL; k++) {
            snapshot = files[k].added - 1;
            TRY(try_history(salvage, &files[k], day, out, err));
        }
    }
    return LAKE_OK;
}

/* ---- all days ---- */

/* The dataset's columns: what the damaged file says of its own cannot be relied on. */
static lake_status find_schema(struct salvage *salvage, struct lake_error *err)
{
    struct lake *lake = salvage->lake;
    struct scan_plan plan = {.dataset = *salvage->dataset, .type = salvage->type};
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_columns(lake->manifest, salvage->dataset->id, &salvage->arena, &plan.columns,
                                               &plan.n_columns, err);
    mutex_unlock(lake->mutex);
    return status == LAKE_OK ? scan_plan_schema(&plan, NULL, 0, &salvage->schema, err) : status;
}

static lake_status gather_day(struct salvage *salvage, size_t index, struct batch_builder *builder,
                              struct lake_error *err)
{
    const struct batch *rows = NULL;
    TRY(try_own(salvage, index, &rows, err));
    if (rows == NULL) {
        TRY(search_history(salvage, &salvage->days[index], &rows, err));
        salvage->n_from_history += rows != NULL;
    }
    salvage->is_lost[index] = rows == NULL;
    if (rows != NULL)
        return batch_builder_append(builder, rows, 0, rows->n_rows, err);
    salvage->n_lost++;
    salvage->rows_lost += salvage->days[index].n_rows;
    return LAKE_OK;
}

static lake_status gather(struct salvage *salvage, struct batch_builder *builder, struct lake_error *err)
{
    salvage->n_lost = salvage->n_from_history = 0;
    salvage->rows_lost = 0;
    salvage->is_unreadable = salvage->is_short_of_memory = false;
    TRY(try_open(salvage, salvage->own, salvage->file, &salvage->has_own, err));
    for (size_t i = 0; i < salvage->n_days; i++)
        TRY(gather_day(salvage, i, builder, err));
    return LAKE_OK;
}

lake_status salvage_rows(struct salvage *salvage, struct batch *out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;
    bool again = true;
    arena_init(&salvage->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(lake_type_find(salvage->lake, salvage->dataset->type, &salvage->type, err));
    TRY_OUT(find_days(salvage, err));
    TRY_OUT(find_schema(salvage, err));
    for (int attempt = 0; attempt < ATTEMPTS && again; attempt++) {
        batch_builder_free(builder);
        builder = NULL;
        TRY_OUT(batch_builder_new(salvage->schema, &builder, err));
        TRY_OUT(gather(salvage, builder, err));
        again = salvage->n_lost > 0 && salvage->is_short_of_memory;
    }
    if (batch_builder_rows(builder) > 0)
        TRY_OUT(batch_builder_take(builder, out, err));
out:
    examiner_close(salvage->own);
    batch_builder_free(builder);
    return status;
}
