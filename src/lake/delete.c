/* Deleting: the rows of a range of time in every dataset that matches, as one operation. */
#include <datalake/history.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "column/feature_period.h"
#include "lake/change_set.h"
#include "lake/lost_rows.h"
#include "lake/select.h"

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool names_something(const struct lake_selection *selection)
{
    return is_given(selection->exchange) || is_given(selection->market) || is_given(selection->symbol) ||
           is_given(selection->type) || is_given(selection->period);
}

static lake_status check_options(const struct lake_delete_options *options, const struct lake_change_result *result,
                                 struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the delete options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the result of a delete has an unknown size");
    if (!names_something(&options->selection))
        return lake_fail(
            err, LAKE_INVALID_ARGUMENT,
            "name what to delete: exchange, market, symbol, type or period; nothing stands for everything");
    if (options->has_start && options->has_end && options->end_ms <= options->start_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the end of the range is not after its start");
    return LAKE_OK;
}

/* ---- what the log says ---- */

static lake_status append_name(struct buffer *out, const char *name, struct lake_error *err)
{
    return buffer_printf(out, err, "%s%s", out->length == 0 ? "" : "/", name == NULL ? "*" : name);
}

static lake_status append_time(struct buffer *out, const char *before, int64_t ms, struct lake_error *err)
{
    char text[CALENDAR_TEXT_BYTES];
    (void)calendar_format_ms(ms, text);
    return buffer_printf(out, err, "%s%s", before, text);
}

/* Names, a star for each that was not given, then the range. */
static lake_status describe(const struct manifest_filter *filter, const struct lake_delete_options *options,
                            struct buffer *out, const char **text, struct lake_error *err)
{
    TRY(append_name(out, filter->exchange, err));
    TRY(append_name(out, filter->market, err));
    TRY(append_name(out, filter->symbol, err));
    TRY(append_name(out, filter->type, err));
    TRY(append_name(out, filter->period, err));
    if (options->has_start)
        TRY(append_time(out, " from ", options->start_ms, err));
    if (options->has_end)
        TRY(append_time(out, " to ", options->end_ms, err));
    return buffer_string(out, text, err);
}

/* ---- deleting ---- */

static lake_status find_datasets(struct lake *lake, const struct manifest_filter *filter, struct arena *arena,
                                 struct manifest_dataset **datasets, size_t *n, struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, filter, arena, datasets, n, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    return *n > 0 ? LAKE_OK : select_fail_not_found(lake, filter, err);
}

/* A version of features is deleted whole or not at all: a range leaves it alone. */
static lake_status leave_versions(struct manifest_dataset *datasets, size_t *n, struct lake_error *err)
{
    size_t n_left = 0;
    for (size_t i = 0; i < *n; i++)
        if (!feature_period_is(datasets[i].period))
            datasets[n_left++] = datasets[i];
    if (n_left == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "a version of features never changes: delete it whole, without a range of time");
    *n = n_left;
    return LAKE_OK;
}

static lake_status add_cuts(struct change_set *set, const struct lake_delete_options *options,
                            const struct manifest_dataset *datasets, size_t n, struct lake_error *err)
{
    const struct time_range range = {options->has_start ? options->start_ms : INT64_MIN,
                                     options->has_end ? options->end_ms : INT64_MAX};
    for (size_t i = 0; i < n; i++)
        TRY(change_set_add(set, &(struct change){.kind = CHANGE_CUT, .dataset = &datasets[i], .range = range}, err));
    return LAKE_OK;
}

/* What is missing from now on is known to have been deleted. */
static lake_status record(void *context, const struct commit *commit, struct lake_error *err)
{
    (void)context;
    return lost_rows_put(commit, "deleted", err);
}

lake_status lake_delete(struct lake *lake, const struct lake_delete_options *options, struct lake_change_result *result,
                        struct lake_error *err)
{
    struct canonical names;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct buffer detail = BUFFER_INIT(KIB);
    struct change_set_options set_options = {.kind = "delete", .record = record};
    struct change_set *set = NULL;
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY(check_options(options, result, err));
    set_options.progress = options->progress;
    TRY_OUT(select_filter(lake, &options->selection, &names, err));
    TRY_OUT(find_datasets(lake, &names.filter, &arena, &datasets, &n, err));
    if (options->has_start || options->has_end)
        TRY_OUT(leave_versions(datasets, &n, err));
    TRY_OUT(describe(&names.filter, options, &detail, &set_options.detail, err));
    TRY_OUT(change_set_new(lake, &set_options, &set, err));
    TRY_OUT(add_cuts(set, options, datasets, n, err));
    status = options->dry_run ? change_set_preview(set, result, err) : change_set_commit(set, result, err);
out:
    change_set_free(set);
    buffer_release(&detail);
    arena_release(&arena);
    return status;
}
