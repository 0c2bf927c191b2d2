#include "lake/write_version.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "column/feature_period.h"
#include "lake/near.h"
#include "manifest/manifest.h"

/* Versions tried for one that is free. */
enum { MOST_TRIED = 1000 };

struct check {
    const struct lake_write *write;
    struct arena arena;
    struct feature_period period;        /* that is written */
    struct manifest_dataset *neighbours; /* all versions of all sets of the instrument */
    size_t n_neighbours;
    struct manifest_content *days; /* with rows, stored under the version */
    size_t n_days;
};

/* ---- what is stored ---- */

static lake_status find_neighbours(struct check *check, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &check->write->dataset;
    const struct manifest_filter filter = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, NULL};
    return manifest_find_datasets(check->write->lake->manifest, &filter, &check->arena, &check->neighbours,
                                  &check->n_neighbours, err);
}

static lake_status find_days(struct check *check, const struct manifest_dataset *dataset,
                             struct manifest_content **days, size_t *n, struct lake_error *err)
{
    size_t n_found = 0;
    TRY(manifest_find_contents(check->write->lake->manifest, dataset->id, INT64_MIN, INT64_MAX, &check->arena, days,
                               &n_found, err));
    *n = 0;
    for (size_t i = 0; i < n_found; i++)
        if ((*days)[i].n_rows > 0)
            (*days)[(*n)++] = (*days)[i];
    return LAKE_OK;
}

/* ---- names ---- */

static bool is_other_case(const char *a, const char *b)
{
    return strcmp(a, b) != 0 && near_same_but_for_case(a, b);
}

static lake_status check_case(struct check *check, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &check->write->dataset;
    for (size_t i = 0; i < check->n_neighbours; i++) {
        const struct manifest_dataset *other = &check->neighbours[i];
        struct feature_period period;
        struct manifest_content *days = NULL;
        size_t n = 0;
        TRY(feature_period_parse(other->period, &period, err));
        bool is_clash =
            is_other_case(period.set, check->period.set) ||
            (strcmp(period.set, check->period.set) == 0 && is_other_case(period.version, check->period.version));
        if (is_clash)
            TRY(find_days(check, other, &days, &n, err));
        if (n > 0)
            return lake_fail(
                err, LAKE_EXISTS,
                "%s/%s/%s has features '%s': '%s' differs in upper and lower case only, which not every filesystem "
                "tells apart",
                dataset->exchange, dataset->market, dataset->symbol, other->period, dataset->period);
    }
    return LAKE_OK;
}

/* ---- rows ---- */

static bool has_rows(const struct manifest_content *days, size_t n)
{
    size_t i = 0;
    while (i < n && days[i].n_rows == 0)
        i++;
    return i < n;
}

static bool holds(const struct partition *partition, const struct manifest_content *day)
{
    int64_t day_ms = day->day * MS_PER_DAY;
    return day_ms >= partition->start_ms && day_ms < partition->end_ms;
}

static bool holds_any(const struct partition *partition, const struct check *check)
{
    size_t i = 0;
    while (i < check->n_days && !holds(partition, &check->days[i]))
        i++;
    return i < check->n_days;
}

/* One that changes nothing has the rows that are stored. One that was staged when nothing was there, where rows are now, is staged again
 * before it is committed: nothing is known of it yet. */
static bool is_known_to_differ(const struct partition *partition, const struct check *check)
{
    if (!partition->is_changed)
        return false;
    return has_rows(partition->base_days, partition->n_base_days) || !holds_any(partition, check);
}

static bool is_other_version(const struct check *check)
{
    const struct partition_set *set = &check->write->partitions;
    for (size_t i = 0; i < set->n; i++)
        if (is_known_to_differ(set->items[i], check))
            return true;
    for (size_t i = 0; i < check->n_days; i++) {
        size_t k = 0;
        while (k < set->n && !holds(set->items[k], &check->days[i]))
            k++;
        if (k == set->n)
            return true;
    }
    return false;
}

static bool is_version_there(const struct check *check, const char *version)
{
    for (size_t i = 0; i < check->n_neighbours; i++) {
        const char *at = strchr(check->neighbours[i].period, '@');
        size_t n = at == NULL ? 0 : (size_t)(at - check->neighbours[i].period);
        if (n == strlen(check->period.set) && memcmp(check->neighbours[i].period, check->period.set, n) == 0 &&
            near_same_but_for_case(at + 1, version))
            return true;
    }
    return false;
}

/* "" where the name has no room for a number. */
static void find_free(const struct check *check, char out[FEATURE_VERSION_LENGTH + 1])
{
    char version[FEATURE_VERSION_LENGTH + 1];
    memcpy(version, check->period.version, sizeof version);
    for (int i = 0; i < MOST_TRIED; i++) {
        feature_version_next(version, out);
        if (out[0] == '\0' || !is_version_there(check, out))
            return;
        memcpy(version, out, sizeof version);
    }
    out[0] = '\0';
}

static lake_status fail_exists(const struct check *check, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &check->write->dataset;
    char free_version[FEATURE_VERSION_LENGTH + 1];
    int64_t n_rows = 0;
    for (size_t i = 0; i < check->n_days; i++)
        n_rows += check->days[i].n_rows;
    find_free(check, free_version);
    return lake_fail(err, LAKE_EXISTS,
                     "%s/%s/%s/%s/%s is there with other rows (%" PRId64
                     "), and a version never changes: upload these as another%s%s",
                     dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period, n_rows,
                     free_version[0] == '\0' ? "" : "; free is ", free_version);
}

/* ---- all of it ---- */

static lake_status look_up(struct check *check, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &check->write->dataset;
    TRY(find_neighbours(check, err));
    TRY(check_case(check, err));
    for (size_t i = 0; i < check->n_neighbours; i++)
        if (strcmp(check->neighbours[i].period, dataset->period) == 0)
            return find_days(check, &check->neighbours[i], &check->days, &check->n_days, err);
    return LAKE_OK;
}

lake_status write_check_version(const struct lake_write *write, struct lake_error *err)
{
    struct lake *lake = write->lake;
    struct check check = {.write = write, .arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    bool begun = false;
    if (!write->type->is_versioned || write->rows_read == 0)
        return LAKE_OK;
    TRY(feature_period_parse(write->dataset.period, &check.period, err));
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = look_up(&check, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && check.n_days > 0 && is_other_version(&check))
        status = fail_exists(&check, err);
    arena_release(&check.arena);
    return status;
}
