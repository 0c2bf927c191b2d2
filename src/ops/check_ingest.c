#include "ops/check_ingest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "manifest/knowledge.h"

struct ingests {
    struct manifest_finding *findings; /* latest first */
    size_t n;
    bool *is_done; /* of each */
};

static bool is_in_range(const struct manifest_finding *finding, struct time_range range)
{
    bool is_known = finding->first_ms != 0 || finding->last_ms != 0;
    return !is_known || (finding->last_ms >= range.start_ms && finding->first_ms < range.end_ms);
}

static lake_status show_finding(const struct manifest_finding *finding, struct check_report *report,
                                struct lake_error *err)
{
    char detail[CHECK_DETAIL_BYTES];
    (void)snprintf(detail, sizeof detail, "%" PRId64 " row%s%s%.200s%s%.200s (snapshot %" PRId64 ")", finding->n_rows,
                   finding->n_rows == 1 ? "" : "s", finding->detail[0] == '\0' ? "" : "; ", finding->detail,
                   finding->place[0] == '\0' ? "" : "; first at ", finding->place, finding->snapshot);
    const struct check_other other = {finding->rule, detail, finding->first_ms, finding->n_rows};
    return check_report_add_other(report, &other, err);
}

/* All findings of one rule, together. */
static lake_status show_rule(const struct ingests *ingests, const char *rule, struct check_report *report,
                             struct lake_error *err)
{
    int64_t n = 0;
    for (size_t i = 0; i < ingests->n; i++) {
        if (ingests->is_done[i] || strcmp(ingests->findings[i].rule, rule) != 0)
            continue;
        ingests->is_done[i] = true;
        if (n++ < report->most_rows)
            TRY(show_finding(&ingests->findings[i], report, err));
    }
    report->n_suspect += n;
    if (n <= report->most_rows)
        return LAKE_OK;
    return check_report_add_other(report, &(struct check_other){.rule = rule, .n_bars = n - report->most_rows}, err);
}

static lake_status show_all(const struct ingests *ingests, struct time_range range, struct check_report *report,
                            struct lake_error *err)
{
    for (size_t i = 0; i < ingests->n; i++)
        ingests->is_done[i] =
            check_rule_is_known(ingests->findings[i].rule) || !is_in_range(&ingests->findings[i], range);
    for (size_t i = 0; i < ingests->n; i++)
        if (!ingests->is_done[i])
            TRY(show_rule(ingests, ingests->findings[i].rule, report, err));
    return LAKE_OK;
}

lake_status check_ingests(struct lake *lake, const struct manifest_dataset *dataset, struct time_range range,
                          struct check_report *report, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct ingests ingests = {0};
    mutex_lock(lake->mutex);
    lake_status status =
        manifest_find_findings(lake->manifest, dataset->id, &arena, &ingests.findings, &ingests.n, err);
    mutex_unlock(lake->mutex);
    TRY_OUT(status);
    TRY_OUT(arena_new(&arena, ingests.n + 1, sizeof *ingests.is_done, &ingests.is_done, err));
    status = show_all(&ingests, range, report, err);
out:
    arena_release(&arena);
    return status;
}
