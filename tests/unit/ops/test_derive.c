/* Derived bars in a lake: made, brought up to date by days, and never called current where they are not. */
#include "derive_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lake/scan.h"
#include "manifest/knowledge.h"
#include "ops/derive.h"

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

enum { HOUR_BARS = 60, DAY_BARS = 1440 };
static const char symbol[] = "BTCUSDT";

static struct lake *setup_days(struct fixture *fixture, size_t n_days)
{
    for (size_t day = 0; day < n_days; day++)
        (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + (int64_t)day * MS_PER_DAY, DAY_BARS), DAY_BARS);
    return fixture->lake;
}

/* What derive_examine says, and of what is stale the first range. */
struct seen {
    bool is_stored, is_other, is_current;
    size_t n_stale;
    struct time_range first;
};

static struct seen examine(struct lake *lake, const char *period, const struct lake_recipe *recipe)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct derive_request request = {.dataset = {.exchange = "test", .symbol = symbol}, .recipe = recipe};
    struct derive_source source;
    struct derive_state state;
    ASSERT_OK(period_find(period, &request.target, err));
    ASSERT_OK(derive_resolve(lake, &request, &arena, &source, err));
    ASSERT_OK(derive_examine(lake, &source, &state, err));
    struct seen seen = {state.is_stored, state.is_other, state.is_current, state.stale.n, {0, 0}};
    if (state.stale.n > 0)
        seen.first = state.stale.items[0];
    memory_free(state.stale.items);
    arena_release(&arena);
    return seen;
}

/* A column of the derived bars in [start, end), summed. */
static double sum_of(struct lake *lake, const char *period, const char *column, int64_t start, int64_t end)
{
    const struct scan_options options = {
        .query = {.selection = {"test", NULL, symbol, "agg", period}, .start_ms = start, .end_ms = end},
        .columns = &column,
        .n_columns = 1};
    struct scan *scan = NULL;
    struct batch batch = {0};
    double sum = 0;
    ASSERT_OK(scan_open(lake, &options, &scan, err));
    ASSERT_OK(scan_next(scan, &batch, err));
    while (batch.release != NULL) {
        bool is_double = batch.schema->fields[1].type == COLUMN_DOUBLE;
        for (int64_t row = 0; row < batch.n_rows; row++)
            if (column_is_valid(&batch.columns[1], row))
                sum += is_double ? ((double *)batch_values(&batch, 1))[row]
                                 : (double)((int64_t *)batch_values(&batch, 1))[row];
        batch_release(&batch);
        ASSERT_OK(scan_next(scan, &batch, err));
    }
    scan_close(scan);
    return sum;
}

static int64_t live_version(struct lake *lake, const char *period, int64_t day)
{
    size_t n = 0;
    const struct manifest_content *days = derived_days(lake, symbol, period, &n);
    for (size_t i = 0; i < n; i++)
        if (days[i].day == day)
            return days[i].version;
    return 0;
}

static const int64_t first_day = DAY_2024 / MS_PER_DAY;

/* ---- making and keeping ---- */

static void test_makes_15m_and_1h(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 3);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    size_t n = 0;
    (void)state;
    assert_int_equal(result.n_datasets, 2);
    assert_int_equal(result.n_current, 0);
    assert_int_equal(result.source_rows, 3 * DAY_BARS);
    assert_int_equal(result.rows_written, 3 * (96 + 24));
    assert_int_equal(result.rows_removed, 0);
    assert_int_equal(result.n_commits, 1);
    assert_int_equal(result.days_changed, 6);
    assert_int_equal(result.files_written, 2);
    (void)derived_days(lake, symbol, "15m", &n);
    assert_int_equal(n, 3);
    assert_true(sum_of(lake, "15m", "bars", DAY_2024, DAY_2024 + MS_PER_DAY) == DAY_BARS);
    assert_true(sum_of(lake, "1h", "bars_expected", DAY_2024, DAY_2024 + MS_PER_DAY) == DAY_BARS);
    assert_int_equal(count_problems(lake), 0);
    fixture_free(fixture);
}

static void test_does_nothing_twice(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    (void)state;
    assert_false(examine(lake, "15m", NULL).is_stored);
    (void)derive_usual(lake, symbol);
    assert_true(examine(lake, "15m", NULL).is_current);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.n_datasets, 2);
    assert_int_equal(result.n_current, 2);
    assert_int_equal(result.source_rows, 0);
    assert_int_equal(result.n_commits, 0);
    assert_int_equal(result.snapshot, 0);
    fixture_free(fixture);
}

static void test_touches_only_the_day_that_changed(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 5);
    (void)state;
    (void)derive_usual(lake, symbol);
    struct bar restated = bar_of(DAY_2024 + 2 * MS_PER_DAY + 7 * MS_PER_MINUTE);
    restated.close += 0.25;
    (void)write_bars(lake, symbol, &restated, 1);
    struct seen stale = examine(lake, "1h", NULL);
    assert_true(stale.is_stored && !stale.is_current);
    assert_int_equal(stale.n_stale, 1);
    assert_int_equal(stale.first.start_ms, DAY_2024 + 2 * MS_PER_DAY);
    assert_int_equal(stale.first.end_ms, DAY_2024 + 3 * MS_PER_DAY);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.source_rows, DAY_BARS);
    assert_int_equal(result.rows_written, 0); /* the 7th minute closes no bar … */
    assert_int_equal(result.n_commits, 0);
    restated.high += 1000;
    restated.ts = DAY_2024 + 2 * MS_PER_DAY + 14 * MS_PER_MINUTE;
    (void)write_bars(lake, symbol, &restated, 1);
    result = derive_usual(lake, symbol); /* … but the 15th one of 15m */
    assert_int_equal(result.source_rows, DAY_BARS);
    assert_int_equal(result.rows_written, 2);
    assert_int_equal(result.days_changed, 2);
    assert_int_equal(live_version(lake, "15m", first_day + 2), 2);
    assert_int_equal(live_version(lake, "15m", first_day + 1), 1);
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

/* A restatement that changes nothing derived is remembered as looked at. */
static void test_reads_nothing_between_days_that_changed(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 40);
    (void)state;
    (void)derive_usual(lake, symbol);
    (void)delete_minutes(lake, symbol, DAY_2024, DAY_2024 + MS_PER_HOUR);
    (void)delete_minutes(lake, symbol, DAY_2024 + 38 * MS_PER_DAY, DAY_2024 + 38 * MS_PER_DAY + MS_PER_HOUR);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.source_rows, 2 * (1440 - 60));
    assert_int_equal(result.rows_removed, 2 * (4 + 1));
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

static void test_remembers_days_that_changed_nothing(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 1);
    (void)state;
    (void)derive_usual(lake, symbol);
    struct bar restated = bar_of(DAY_2024 + 7 * MS_PER_MINUTE);
    restated.close += 0.25;
    (void)write_bars(lake, symbol, &restated, 1);
    assert_int_equal(derive_usual(lake, symbol).n_current, 0);
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

static void test_appends(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = fixture->lake;
    (void)state;
    (void)write_bars(lake, symbol, bars_from(DAY_2024, 40), 40);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.rows_written, 3 + 1);
    assert_true(sum_of(lake, "15m", "bars", DAY_2024, DAY_2024 + MS_PER_DAY) == 40);
    assert_true(sum_of(lake, "15m", "bars_expected", DAY_2024, DAY_2024 + MS_PER_DAY) == 45);
    (void)write_bars(lake, symbol, bars_from(DAY_2024 + 40 * MS_PER_MINUTE, 30), 30);
    result = derive_usual(lake, symbol);
    assert_int_equal(result.rows_written, 3 + 2); /* the third of 15m grew, two came; 1h grew, one came */
    assert_int_equal(result.rows_removed, 0);
    fixture_free(fixture);
}

/* ---- what else changes sources and what is derived ---- */

static void test_follows_deletes_of_the_source(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 3);
    size_t n = 0;
    (void)state;
    (void)derive_usual(lake, symbol);
    struct lake_change_result gone = delete_minutes(lake, symbol, DAY_2024 + MS_PER_DAY, DAY_2024 + 2 * MS_PER_DAY);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.rows_written, 0);
    assert_int_equal(result.rows_removed, 96 + 24);
    (void)derived_days(lake, symbol, "15m", &n);
    assert_int_equal(n, 2);
    (void)undo_operation(lake, gone.snapshot);
    result = derive_usual(lake, symbol);
    assert_int_equal(result.rows_written, 96 + 24);
    (void)derived_days(lake, symbol, "15m", &n);
    assert_int_equal(n, 3);
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

static void test_puts_back_what_was_deleted_of_derived_bars(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    (void)state;
    (void)derive_usual(lake, symbol);
    delete_derived(lake, symbol, "15m", DAY_2024 + MS_PER_HOUR, DAY_2024 + 3 * MS_PER_HOUR);
    assert_false(examine(lake, "15m", NULL).is_current);
    assert_true(examine(lake, "1h", NULL).is_current);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.n_current, 1);
    assert_int_equal(result.rows_written, 8);
    fixture_free(fixture);
}

static void test_undo_of_a_derivation_is_stale(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    (void)state;
    struct lake_aggregate_result made = derive_usual(lake, symbol);
    (void)undo_operation(lake, made.snapshot);
    assert_false(examine(lake, "15m", NULL).is_current);
    struct lake_aggregate_result again = derive_usual(lake, symbol);
    assert_int_equal(again.rows_written, made.rows_written);
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

static void test_rows_are_gone_with_all_of_the_source(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 1);
    size_t n = 0;
    (void)state;
    (void)derive_usual(lake, symbol);
    (void)delete_minutes(lake, symbol, DAY_2024, DAY_2024 + MS_PER_DAY);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.rows_removed, 96 + 24);
    (void)derived_days(lake, symbol, "1h", &n);
    assert_int_equal(n, 0);
    assert_int_equal(derive_usual(lake, symbol).n_current, 2);
    fixture_free(fixture);
}

/* ---- buckets over days ---- */

static void test_month_and_week_are_made_of_all_their_days(void **state)
{
    static const char *const periods[] = {"1w", "1mo"};
    const struct derive_call call = {.symbol = symbol, .periods = periods, .n_periods = 2};
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 10); /* from Monday, 1 January 2024 */
    size_t n = 0;
    (void)state;
    assert_int_equal(derive(lake, &call).rows_written, 2 + 1);
    assert_true(sum_of(lake, "1mo", "bars", DAY_2024, DAY_2024 + MS_PER_DAY) == 10 * DAY_BARS);
    (void)delete_minutes(lake, symbol, DAY_2024 + 5 * MS_PER_DAY, DAY_2024 + 6 * MS_PER_DAY);
    struct lake_aggregate_result result = derive(lake, &call);
    assert_int_equal(result.source_rows, 9 * DAY_BARS);
    assert_int_equal(result.rows_written, 2); /* the first week, and the month */
    assert_true(sum_of(lake, "1w", "bars", DAY_2024, DAY_2024 + MS_PER_DAY) == 6 * DAY_BARS);
    assert_true(sum_of(lake, "1mo", "bars", DAY_2024, DAY_2024 + MS_PER_DAY) == 9 * DAY_BARS);
    (void)derived_days(lake, symbol, "1w", &n);
    assert_int_equal(n, 2);
    fixture_free(fixture);
}

/* Bars of three days that hold the first day of all begin before it; none ends behind the last. */
static void test_the_first_and_the_last_day_there_are(void **state)
{
    static const char *const periods[] = {"15m", "3d", "1w", "1mo"};
    const struct derive_call call = {.periods = periods, .n_periods = 4};
    const int64_t year_1 = -719162, year_9999 = 2932896;
    struct fixture *fixture = fixture_new();
    struct lake *lake = fixture->lake;
    size_t n = 0;
    (void)state;
    (void)write_bars(lake, symbol, bars_from(year_1 * MS_PER_DAY, 30), 30);
    (void)write_bars(lake, symbol, bars_from((year_9999 + 1) * MS_PER_DAY - 30 * MS_PER_MINUTE, 30), 30);
    assert_int_equal(derive(lake, &call).rows_written, 4 + 2 + 2 + 2);
    assert_int_equal(derive(lake, &call).n_current, 4);
    const struct manifest_content *days = derived_days(lake, symbol, "3d", &n);
    assert_int_equal(n, 2);
    assert_int_equal(days[0].day, year_1 - 1);
    (void)write_bars(lake, symbol, bars_from((year_1 + 1) * MS_PER_DAY, 30), 30);
    assert_int_equal(derive(lake, &call).rows_written, 2 + 1 + 1 + 1);
    assert_int_equal(derive(lake, &call).n_current, 4);
    fixture_free(fixture);
}

static void test_buckets_over_midnight(void **state)
{
    static const char *const periods[] = {"4h"};
    const struct derive_call call = {.symbol = symbol, .periods = periods, .n_periods = 1, .recipe = {.offset = "2h"}};
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    (void)state;
    assert_int_equal(derive(lake, &call).rows_written, 13); /* the first begins at 22:00 the day before */
    assert_true(sum_of(lake, "4h", "bars", DAY_2024 - MS_PER_DAY, DAY_2024) == 120);
    struct bar restated = bar_of(DAY_2024 + MS_PER_DAY + 5 * MS_PER_MINUTE);
    restated.high += 1000;
    (void)write_bars(lake, symbol, &restated, 1);
    assert_int_equal(derive(lake, &call).rows_written, 1); /* that of the day before */
    assert_int_equal(live_version(lake, "4h", first_day), 2);
    assert_int_equal(live_version(lake, "4h", first_day + 1), 1);
    assert_int_equal(derive(lake, &call).n_current, 1);
    fixture_free(fixture);
}

/* ---- lineage ---- */

static void test_lineage_names_the_source_days(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_lineage *lineage = NULL;
    size_t n = 0, n_days = 0;
    (void)state;
    (void)derive_usual(lake, symbol);
    struct bar restated = bar_of(DAY_2024 + MS_PER_DAY + 5 * MS_PER_MINUTE);
    restated.high += 1000;
    (void)write_bars(lake, symbol, &restated, 1);
    (void)derive_usual(lake, symbol);
    int64_t id = derived_days(lake, symbol, "1h", &n_days)->dataset_id;
    ASSERT_OK(manifest_find_lineage(lake->manifest, id, INT64_MIN, INT64_MAX, &arena, &lineage, &n, err));
    assert_int_equal(n, 2);
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(lineage[i].day, first_day + i);
        assert_int_equal(lineage[i].source_day, first_day + i);
        assert_int_equal(lineage[i].version, i + 1);
        assert_int_equal(lineage[i].source_version, i + 1);
    }
    arena_release(&arena);
    fixture_free(fixture);
}

/* Where the last derivation is long ago, all days are compared with the lineage: with the same result. */
static void test_finds_what_changed_long_ago(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 4);
    (void)state;
    (void)derive_usual(lake, symbol);
    struct bar restated = bar_of(DAY_2024 + MS_PER_DAY + 5 * MS_PER_MINUTE);
    restated.high += 1000;
    (void)write_bars(lake, symbol, &restated, 1);
    for (int i = 0; i < 70; i++) {
        const struct bar other = bar_of(DAY_2024 + i * MS_PER_MINUTE);
        (void)write_bars(lake, "ETHUSDT", &other, 1);
    }
    struct seen stale = examine(lake, "1h", NULL);
    assert_int_equal(stale.n_stale, 1);
    assert_int_equal(stale.first.start_ms, DAY_2024 + MS_PER_DAY);
    assert_int_equal(stale.first.end_ms, DAY_2024 + 2 * MS_PER_DAY);
    struct lake_aggregate_result result = derive_usual(lake, symbol);
    assert_int_equal(result.source_rows, DAY_BARS);
    assert_int_equal(result.rows_written, 2);
    fixture_free(fixture);
}

/* ---- recipes ---- */

static void test_another_recipe_is_a_conflict_unless_anew(void **state)
{
    static const char *const periods[] = {"1h"};
    struct derive_call call = {.symbol = symbol, .periods = periods, .n_periods = 1};
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    struct lake_aggregate_result result;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    (void)derive(lake, &call);
    call.recipe.offset = "30m";
    assert_int_equal(try_derive(lake, &call, &result, &err), LAKE_CONFLICT);
    assert_non_null(strstr(err.message, "is stored from raw 1m, and asked for from raw 1m, offset 30m"));
    assert_true(examine(lake, "1h", &call.recipe).is_other);
    call.anew = true;
    result = derive(lake, &call);
    assert_int_equal(result.rows_written, 49);
    assert_int_equal(result.rows_removed, 48);
    call.anew = false;
    assert_int_equal(derive(lake, &call).n_current, 1);
    fixture_free(fixture);
}

static void test_dry_run_does_nothing(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 2);
    size_t n = 0;
    (void)state;
    struct lake_aggregate_result result = derive(lake, &(struct derive_call){.symbol = symbol, .dry_run = true});
    assert_int_equal(result.n_datasets, 2);
    assert_int_equal(result.n_current, 0);
    assert_int_equal(result.snapshot, 0);
    (void)derived_days(lake, symbol, "15m", &n);
    assert_int_equal(n, 0);
    fixture_free(fixture);
}

static void check_refusal(struct lake *lake, const struct derive_call *call, lake_status status, const char *words)
{
    struct lake_aggregate_result result;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(try_derive(lake, call, &result, &err), status);
    if (strstr(err.message, words) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, words);
}

static void test_refusals(void **state)
{
    static const char *const fine[] = {"1m"};
    static const char *const odd[] = {"5m"};
    static const char *const columns[] = {"spread_max=max(spread)"};
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 1);
    (void)state;
    check_refusal(lake, &(struct derive_call){.symbol = symbol, .periods = fine, .n_periods = 1}, LAKE_INVALID_ARGUMENT,
                  "these can: 3m 5m 15m");
    check_refusal(lake,
                  &(struct derive_call){.symbol = symbol, .periods = odd, .n_periods = 1, .recipe = {.from = "3m"}},
                  LAKE_INVALID_ARGUMENT, "it does not divide");
    check_refusal(lake, &(struct derive_call){.symbol = symbol, .recipe = {.from = "5m"}}, LAKE_NOT_FOUND,
                  "there is TEST BTCUSDT FUTURES raw 1m");
    check_refusal(lake, &(struct derive_call){.symbol = "BTCUSDTT"}, LAKE_NOT_FOUND, "TEST BTCUSDT");
    check_refusal(lake, &(struct derive_call){.symbol = symbol, .recipe = {.from = "funding"}}, LAKE_INVALID_ARGUMENT,
                  "'funding' is nothing that bars are derived from");
    check_refusal(lake, &(struct derive_call){.symbol = symbol, .recipe = {.columns = columns, .n_columns = 1}},
                  LAKE_INVALID_ARGUMENT, "spread");
    check_refusal(lake, &(struct derive_call){.symbol = symbol, .recipe = {.offset = "1h", .origin = "2024-01-01"}},
                  LAKE_INVALID_ARGUMENT, "cannot both be given");
    fixture_free(fixture);
}

/* Bars of two grids in one dataset: the bar is named, nothing is stored, and other datasets are done all the same. */
static void test_mixed_grids(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = setup_days(fixture, 1);
    struct bar odd = bar_of(DAY_2024 + MS_PER_DAY + 30 * MS_PER_SECOND);
    size_t n = 0;
    (void)state;
    (void)write_bars(lake, symbol, &odd, 1);
    (void)write_bars(lake, "ETHUSDT", bars_from(DAY_2024, 60), 60);
    check_refusal(lake, &(struct derive_call){.symbol = NULL}, LAKE_INVALID_DATA, "TEST/FUTURES/BTCUSDT/raw/1m");
    check_refusal(lake, &(struct derive_call){.symbol = symbol}, LAKE_INVALID_DATA, "2024-01-02T00:00:30Z");
    (void)derived_days(lake, symbol, "15m", &n);
    assert_int_equal(n, 0);
    (void)derived_days(lake, "ETHUSDT", "15m", &n);
    assert_int_equal(n, 1);
    fixture_free(fixture);
}

/* ---- memory ---- */

/* With little memory the work is cut into months, each a commit; the bars are the same. */
static void test_chunks_by_month(void **state)
{
    struct fixture *fixture = fixture_new();
    struct fixture *other = fixture_new();
    (void)state;
    for (int month = 0; month < 3; month++)
        for (int day = 0; day < 2; day++) {
            int64_t start = DAY_2024 + (month * 31 + day) * MS_PER_DAY;
            (void)write_bars(fixture->lake, symbol, bars_from(start, DAY_BARS), DAY_BARS);
            (void)write_bars(other->lake, symbol, bars_from(start, DAY_BARS), DAY_BARS);
        }
    (void)derive_usual(other->lake, symbol);
    fixture->lake->memory_bytes = 200 * 1024; /* two hundred bars */
    struct lake_aggregate_result result = derive_usual(fixture->lake, symbol);
    assert_int_equal(result.n_commits, 3);
    assert_int_equal(result.rows_written, 6 * (96 + 24));
    assert_same_derived(fixture->lake, other->lake, symbol, "15m");
    assert_same_derived(fixture->lake, other->lake, symbol, "1h");
    assert_int_equal(derive_usual(fixture->lake, symbol).n_current, 2);
    fixture_free(fixture);
    fixture_free(other);
}

/* Two days of each of three months. */
static void write_months(struct lake *lake)
{
    for (int month = 0; month < 3; month++)
        for (int day = 0; day < 2; day++)
            (void)write_bars(lake, symbol, bars_from(DAY_2024 + (month * 31 + day) * MS_PER_DAY, DAY_BARS), DAY_BARS);
}

static int stop_after(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    const int64_t *most = context;
    (void)n_bytes;
    (void)n_bytes_total;
    return n_rows > *most;
}

/* What an interrupted run has committed is not derived again. */
static void test_goes_on_after_an_interruption(void **state)
{
    int64_t most = 2 * DAY_BARS;
    const struct derive_call stopped = {.symbol = symbol, .progress = {stop_after, &most}};
    struct fixture *fixture = fixture_new();
    struct fixture *other = fixture_new();
    struct lake_aggregate_result result;
    (void)state;
    write_months(fixture->lake);
    write_months(other->lake);
    (void)derive_usual(other->lake, symbol);
    fixture->lake->memory_bytes = 200 * 1024;
    assert_int_equal(try_derive(fixture->lake, &stopped, &result, NULL), LAKE_CANCELLED);
    assert_false(examine(fixture->lake, "1h", NULL).is_current);
    result = derive_usual(fixture->lake, symbol);
    assert_int_equal(result.source_rows, 4 * DAY_BARS);
    assert_int_equal(result.rows_written, 4 * (96 + 24));
    assert_same_derived(fixture->lake, other->lake, symbol, "15m");
    assert_same_derived(fixture->lake, other->lake, symbol, "1h");
    fixture_free(fixture);
    fixture_free(other);
}

/* Half of it by one recipe and half by another is not taken for either. */
static void test_goes_on_with_another_recipe(void **state)
{
    static const char *const periods[] = {"1h"};
    int64_t most = 2 * DAY_BARS + 30; /* the last hour of January reaches into February */
    struct derive_call call = {.symbol = symbol, .periods = periods, .n_periods = 1, .recipe = {.offset = "30m"}};
    struct fixture *fixture = fixture_new();
    struct fixture *other = fixture_new();
    struct lake_aggregate_result result;
    (void)state;
    write_months(fixture->lake);
    write_months(other->lake);
    (void)derive(other->lake, &call);
    (void)derive_usual(fixture->lake, symbol);
    fixture->lake->memory_bytes = 50 * 1024;
    call.anew = true;
    call.progress = (struct lake_progress){stop_after, &most};
    assert_int_equal(try_derive(fixture->lake, &call, &result, NULL), LAKE_CANCELLED);
    call.anew = false;
    call.progress.report = NULL;
    assert_int_equal(derive(fixture->lake, &call).source_rows, 4 * DAY_BARS - 30);
    assert_same_derived(fixture->lake, other->lake, symbol, "1h");
    fixture_free(fixture);
    fixture_free(other);
}

/* ---- others at the same time ---- */

struct writer {
    struct lake *lake;
    int64_t n_left; /* times that it gets in between */
};

static int write_meanwhile(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct writer *writer = context;
    struct bar restated = bar_of(DAY_2024 + 14 * MS_PER_MINUTE);
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    if (writer->n_left == 0)
        return 0;
    restated.close += (double)writer->n_left--;
    (void)write_bars(writer->lake, symbol, &restated, 1);
    return 0;
}

/* A source that changes while it is read is read again. */
static void test_reads_again_what_changed_meanwhile(void **state)
{
    struct fixture *fixture = fixture_new();
    struct fixture *other = fixture_new();
    struct writer writer = {fixture->lake, 3};
    const struct derive_call call = {.symbol = symbol, .progress = {write_meanwhile, &writer}};
    (void)state;
    (void)setup_days(fixture, 2);
    (void)setup_days(other, 2);
    struct lake_aggregate_result result = derive(fixture->lake, &call);
    assert_int_equal(result.source_rows, 4 * 2 * DAY_BARS);
    assert_int_equal(derive_usual(fixture->lake, symbol).n_current, 2);
    struct bar restated = bar_of(DAY_2024 + 14 * MS_PER_MINUTE);
    restated.close += 1;
    (void)write_bars(other->lake, symbol, &restated, 1);
    (void)derive_usual(other->lake, symbol);
    assert_same_derived(fixture->lake, other->lake, symbol, "15m");
    fixture_free(fixture);
    fixture_free(other);
}

static void test_gives_up_where_it_never_ends(void **state)
{
    struct fixture *fixture = fixture_new();
    struct writer writer = {fixture->lake, 1000};
    const struct derive_call call = {.symbol = symbol, .progress = {write_meanwhile, &writer}};
    struct lake_aggregate_result result;
    (void)state;
    (void)setup_days(fixture, 1);
    assert_int_equal(try_derive(fixture->lake, &call, &result, NULL), LAKE_CONFLICT);
    assert_int_equal(derive_usual(fixture->lake, symbol).rows_written, 96 + 24);
    fixture_free(fixture);
}

static int derive_meanwhile(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct writer *writer = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    if (writer->n_left-- == 1)
        (void)derive_usual(writer->lake, symbol);
    return 0;
}

/* Another that derives the same at the same time does no harm. */
static void test_two_at_once(void **state)
{
    struct fixture *fixture = fixture_new();
    struct writer writer = {fixture->lake, 1};
    const struct derive_call call = {.symbol = symbol, .progress = {derive_meanwhile, &writer}};
    size_t n = 0;
    (void)state;
    (void)setup_days(fixture, 2);
    struct lake_aggregate_result result = derive(fixture->lake, &call);
    assert_int_equal(result.n_commits, 0);
    (void)derived_days(fixture->lake, symbol, "15m", &n);
    assert_int_equal(n, 2);
    assert_int_equal(live_version(fixture->lake, "15m", first_day), 1);
    (void)derive_usual(fixture->lake, symbol);
    assert_int_equal(derive_usual(fixture->lake, symbol).n_current, 2);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static int damage_meanwhile(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct writer *writer = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    if (writer->n_left-- == 1)
        delete_derived(writer->lake, symbol, "15m", DAY_2024 + MS_PER_DAY, DAY_2024 + 2 * MS_PER_DAY);
    return 0;
}

/* What somebody else did to derived bars while one day of them was derived is not taken for current. */
static void test_others_changes_are_not_called_current(void **state)
{
    struct fixture *fixture = fixture_new();
    struct writer writer = {fixture->lake, 1};
    static const char *const periods[] = {"15m", "1h"}; /* named, so that what is stored is not looked at once more */
    const struct derive_call call = {
        .symbol = symbol, .periods = periods, .n_periods = 2, .progress = {damage_meanwhile, &writer}};
    (void)state;
    (void)setup_days(fixture, 2);
    (void)derive_usual(fixture->lake, symbol);
    struct bar restated = bar_of(DAY_2024 + 14 * MS_PER_MINUTE);
    restated.close += 1;
    (void)write_bars(fixture->lake, symbol, &restated, 1);
    (void)derive(fixture->lake, &call);
    assert_false(examine(fixture->lake, "15m", NULL).is_current);
    assert_int_equal(derive_usual(fixture->lake, symbol).rows_written, 96);
    assert_int_equal(derive_usual(fixture->lake, symbol).n_current, 2);
    fixture_free(fixture);
}

static int derive_otherwise_meanwhile(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct writer *writer = context;
    const struct derive_call call = {.symbol = symbol, .recipe = {.offset = "7m"}, .anew = true};
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    if (writer->n_left-- == 1)
        (void)derive(writer->lake, &call);
    return 0;
}

/* Nor are bars of another recipe that somebody made of all days meanwhile: no two recipes stand side by side. */
static void test_bars_of_another_recipe_are_not_called_current(void **state)
{
    struct fixture *fixture = fixture_new();
    struct writer writer = {fixture->lake, 1};
    static const char *const periods[] = {"15m", "1h"};
    const struct derive_call call = {
        .symbol = symbol, .periods = periods, .n_periods = 2, .progress = {derive_otherwise_meanwhile, &writer}};
    const struct derive_call anew = {.symbol = symbol, .anew = true};
    (void)state;
    (void)setup_days(fixture, 3);
    (void)derive_usual(fixture->lake, symbol);
    struct bar restated = bar_of(DAY_2024 + 14 * MS_PER_MINUTE);
    restated.close += 1;
    (void)write_bars(fixture->lake, symbol, &restated, 1);
    (void)derive(fixture->lake, &call);
    (void)derive_usual(fixture->lake, symbol);
    struct lake_aggregate_result result = derive(fixture->lake, &anew);
    assert_int_equal(result.rows_written, 0);
    assert_int_equal(result.rows_removed, 0);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_makes_15m_and_1h),
        cmocka_unit_test(test_does_nothing_twice),
        cmocka_unit_test(test_touches_only_the_day_that_changed),
        cmocka_unit_test(test_reads_nothing_between_days_that_changed),
        cmocka_unit_test(test_remembers_days_that_changed_nothing),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_follows_deletes_of_the_source),
        cmocka_unit_test(test_puts_back_what_was_deleted_of_derived_bars),
        cmocka_unit_test(test_undo_of_a_derivation_is_stale),
        cmocka_unit_test(test_rows_are_gone_with_all_of_the_source),
        cmocka_unit_test(test_month_and_week_are_made_of_all_their_days),
        cmocka_unit_test(test_the_first_and_the_last_day_there_are),
        cmocka_unit_test(test_buckets_over_midnight),
        cmocka_unit_test(test_lineage_names_the_source_days),
        cmocka_unit_test(test_finds_what_changed_long_ago),
        cmocka_unit_test(test_another_recipe_is_a_conflict_unless_anew),
        cmocka_unit_test(test_dry_run_does_nothing),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_mixed_grids),
        cmocka_unit_test(test_chunks_by_month),
        cmocka_unit_test(test_goes_on_after_an_interruption),
        cmocka_unit_test(test_goes_on_with_another_recipe),
        cmocka_unit_test(test_reads_again_what_changed_meanwhile),
        cmocka_unit_test(test_gives_up_where_it_never_ends),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_others_changes_are_not_called_current),
        cmocka_unit_test(test_bars_of_another_recipe_are_not_called_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
