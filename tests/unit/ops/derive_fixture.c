#include "derive_fixture.h"

#include <string.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

enum { MOST_DAYS = 512 };

lake_status try_derive(struct lake *lake, const struct derive_call *call, struct lake_aggregate_result *result,
                       struct lake_error *err)
{
    const struct lake_aggregate_options options = {
        .size = sizeof options,
        .dataset = {.exchange = "test", .symbol = call->symbol},
        .periods = call->n_periods == 0 ? NULL : call->periods,
        .n_periods = call->n_periods,
        .recipe = call->recipe,
        .anew = call->anew,
        .dry_run = call->dry_run,
        .progress = call->progress,
    };
    struct ArrowArrayStream report = {0};
    *result = (struct lake_aggregate_result){.size = sizeof *result};
    lake_status status = lake_aggregate(lake, &options, result, &report, err);
    if (report.release != NULL)
        report.release(&report);
    return status;
}

struct lake_aggregate_result derive(struct lake *lake, const struct derive_call *call)
{
    struct lake_aggregate_result result;
    ASSERT_OK(try_derive(lake, call, &result, err));
    return result;
}

struct lake_aggregate_result derive_usual(struct lake *lake, const char *symbol)
{
    return derive(lake, &(struct derive_call){.symbol = symbol});
}

const struct manifest_content *derived_days(struct lake *lake, const char *symbol, const char *period, size_t *n)
{
    static struct manifest_content days[MOST_DAYS];
    const struct manifest_filter filter = {"TEST", "FUTURES", symbol, "agg", period};
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset *found = NULL;
    struct manifest_content *contents = NULL;
    size_t n_found = 0, n_contents = 0;
    *n = 0;
    ASSERT_OK(manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n_found, err));
    if (n_found == 1)
        ASSERT_OK(manifest_find_contents(lake->manifest, found[0].id, INT64_MIN, INT64_MAX, &arena, &contents,
                                         &n_contents, err));
    for (size_t i = 0; i < n_contents; i++) {
        if (contents[i].n_rows == 0)
            continue;
        assert_true(*n < MOST_DAYS);
        days[(*n)++] = contents[i];
    }
    arena_release(&arena);
    return days;
}

void assert_same_derived(struct lake *a, struct lake *b, const char *symbol, const char *period)
{
    struct manifest_content expected[MOST_DAYS];
    size_t n_expected = 0, n = 0;
    const struct manifest_content *found = derived_days(b, symbol, period, &n_expected);
    memcpy(expected, found, n_expected * sizeof *found);
    found = derived_days(a, symbol, period, &n);
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i].day, expected[i].day);
        assert_int_equal(found[i].n_rows, expected[i].n_rows);
        assert_memory_equal(found[i].sha256, expected[i].sha256, SHA256_BYTES);
    }
}

static struct lake_change_result delete_of(struct lake *lake, const struct lake_selection *selection, int64_t start,
                                           int64_t end)
{
    const struct lake_delete_options options = {.size = sizeof options,
                                                .selection = *selection,
                                                .has_start = true,
                                                .has_end = true,
                                                .start_ms = start,
                                                .end_ms = end};
    struct lake_change_result result = {.size = sizeof result};
    ASSERT_OK(lake_delete(lake, &options, &result, err));
    return result;
}

struct lake_change_result delete_minutes(struct lake *lake, const char *symbol, int64_t start, int64_t end)
{
    return delete_of(lake, &(struct lake_selection){.exchange = "test", .symbol = symbol, .type = "raw"}, start, end);
}

void delete_derived(struct lake *lake, const char *symbol, const char *period, int64_t start, int64_t end)
{
    const struct lake_selection selection = {.exchange = "test", .symbol = symbol, .type = "agg", .period = period};
    (void)delete_of(lake, &selection, start, end);
}
