/* Random histories of ingests, restatements, deletes, undos, roll-ups, maintenance and derivations: after each derivation what is stored
 * has the content hashes of bars that are derived from nothing but the model's minutes; now and then a fresh lake has to agree.
 *
 * DERIVE_HISTORIES says how many (12 otherwise); those of a soak: DERIVE_HISTORIES=10000 TMPDIR=/dev/shm test_derive_property */
#include "derive_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "io/sha256.h"
#include "lake/content.h"
#include "ops/aggregate.h"

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

/* Nine days over the end of a month, with minutes around the ends of bars and of days. */
enum { N_DAYS = 9, DAY_SLOTS = 24, N_SLOTS = N_DAYS * DAY_SLOTS, N_STEPS = 40, HISTORIES = 12, FRESH_EVERY = 8 };
#define FIRST_DAY (DAY_2024 + 27 * MS_PER_DAY)
#define FEBRUARY (DAY_2024 + MONTH_2024)
static const char symbol[] = "BTCUSDT";

struct slot {
    bool is_there;
    double price;
};

/* What is derived: two recipes, each of its own periods. */
static const char *const plain_periods[] = {"15m", "1h", "1w"};
static const char *const shifted_periods[] = {"4h", "1d", "1mo"};
static const struct derive_call calls[] = {
    {.symbol = symbol, .periods = plain_periods, .n_periods = 3},
    {.symbol = symbol, .periods = shifted_periods, .n_periods = 3, .recipe = {.offset = "90m"}},
};
enum { N_CALLS = sizeof calls / sizeof *calls };

struct model {
    struct lake *lake;
    struct slot slots[N_STEPS + 2 * N_STEPS * N_CALLS][N_SLOTS]; /* by snapshot */
    int64_t last;                                                /* snapshot */
    uint64_t seed;
    int n_derived, n_undone;
};

static uint32_t random_below(struct model *model, uint32_t n)
{
    model->seed = model->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((model->seed >> 33) % n);
}

/* 00:00, 00:01, 00:14, 00:15, 00:16, 00:59, 01:00, 01:29 and so on, up to 23:59. */
static int64_t time_of(size_t slot)
{
    static const int minutes[DAY_SLOTS] = {0,   1,   14,  15,  16,  59,  60,  89,   90,   91,   119,  120,
                                           329, 330, 719, 720, 721, 809, 810, 1409, 1410, 1425, 1438, 1439};
    return FIRST_DAY + (int64_t)(slot / DAY_SLOTS) * MS_PER_DAY + minutes[slot % DAY_SLOTS] * MS_PER_MINUTE;
}

static struct bar bar_at(size_t slot, double price)
{
    return (struct bar){time_of(slot), price, price + 0.1, price - 0.3, price * 1.01, price / 7};
}

static struct slot *begin_snapshot(struct model *model, int64_t snapshot)
{
    assert_int_equal(snapshot, model->last + 1);
    assert_true((size_t)snapshot < sizeof model->slots / sizeof *model->slots);
    memcpy(model->slots[snapshot], model->slots[model->last], sizeof model->slots[0]);
    model->last = snapshot;
    return model->slots[snapshot];
}

/* ---- steps ---- */

static void step_ingest(struct model *model)
{
    struct bar bars[N_SLOTS];
    struct slot wanted[N_SLOTS];
    size_t n = 0, first = random_below(model, N_SLOTS), most = 1 + random_below(model, 3 * DAY_SLOTS);
    uint32_t density = 1 + random_below(model, 4);
    memcpy(wanted, model->slots[model->last], sizeof wanted);
    for (size_t slot = first; slot < N_SLOTS && slot < first + most; slot++) {
        if (random_below(model, density) != 0)
            continue;
        wanted[slot] = (struct slot){true, 100 + random_below(model, 50) / 3.0};
        bars[n++] = bar_at(slot, wanted[slot].price);
    }
    if (n == 0)
        return;
    struct lake_write_result result = write_bars(model->lake, symbol, bars, n);
    if (result.snapshot != 0)
        memcpy(begin_snapshot(model, result.snapshot), wanted, sizeof wanted);
}

static void step_delete(struct model *model)
{
    size_t first = random_below(model, N_SLOTS), end = first + 1 + random_below(model, 2 * DAY_SLOTS);
    int64_t end_ms = end < N_SLOTS ? time_of(end) : FIRST_DAY + N_DAYS * MS_PER_DAY;
    if (model->last == 0)
        return;
    struct lake_change_result result = delete_minutes(model->lake, symbol, time_of(first), end_ms);
    if (result.snapshot == 0)
        return;
    struct slot *slots = begin_snapshot(model, result.snapshot);
    for (size_t slot = first; slot < N_SLOTS && slot < end; slot++)
        slots[slot].is_there = false;
}

/* Of bars that are derived: the minutes stay. */
static void step_damage(struct model *model)
{
    const struct derive_call *call = &calls[random_below(model, N_CALLS)];
    int64_t start = FIRST_DAY + random_below(model, N_DAYS * 24) * MS_PER_HOUR;
    const struct lake_delete_options options = {.size = sizeof options,
                                                .selection = {.exchange = "test",
                                                              .symbol = symbol,
                                                              .type = "agg",
                                                              .period = call->periods[random_below(model, 3)]},
                                                .has_start = true,
                                                .has_end = true,
                                                .start_ms = start,
                                                .end_ms = start + (1 + random_below(model, 48)) * MS_PER_HOUR};
    struct lake_change_result result = {.size = sizeof result};
    if (lake_delete(model->lake, &options, &result, NULL) == LAKE_OK && result.snapshot != 0)
        (void)begin_snapshot(model, result.snapshot);
}

/* The latest operation, whatever it was: the minutes are those before it. */
static void step_undo(struct model *model)
{
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = model->last};
    struct lake_change_result result = {.size = sizeof result};
    if (model->last == 0 || lake_undo(model->lake, &options, &result, NULL) != LAKE_OK || result.snapshot == 0)
        return;
    struct slot *slots = begin_snapshot(model, result.snapshot);
    memcpy(slots, model->slots[options.snapshot - 1], sizeof model->slots[0]);
    model->n_undone++;
}

static void step_maintain(struct model *model)
{
    const struct lake_maintain_options options = {.size = sizeof options};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan = {0};
    ASSERT_OK(lake_maintain(model->lake, &options, &result, &plan, err));
    if (plan.release != NULL)
        plan.release(&plan);
    int64_t last = 0;
    ASSERT_OK(manifest_snapshot(model->lake->manifest, &last, err));
    while (model->last < last)
        (void)begin_snapshot(model, model->last + 1);
}

/* ---- deriving, and from nothing ---- */

static void derive_from_nothing(const struct slot *slots, const struct derive_call *call, const char *period,
                                struct batch *out, struct aggregator **aggregator)
{
    static struct bar bars[N_SLOTS];
    struct aggregate_recipe recipe = {.place = "model"};
    const struct period *target = NULL;
    struct batch rows = {0};
    int64_t offset_ms = 0;
    size_t n = 0;
    for (size_t slot = 0; slot < N_SLOTS; slot++)
        if (slots[slot].is_there)
            bars[n++] = bar_at(slot, slots[slot].price);
    make_batch(bars, n, &rows);
    ASSERT_OK(data_type_find("raw", &recipe.source_type, err));
    ASSERT_OK(period_find("1m", &recipe.source_period, err));
    ASSERT_OK(period_find(period, &target, err));
    if (call->recipe.offset != NULL)
        ASSERT_OK(bucket_offset_parse(call->recipe.offset, &offset_ms, err));
    ASSERT_OK(bucket_grid_init(&recipe.grid, target, offset_ms, err));
    ASSERT_OK(aggregator_new(&recipe, rows.schema, aggregator, err));
    if (n > 0)
        ASSERT_OK(aggregator_add(*aggregator, &rows, err));
    ASSERT_OK(aggregator_finish(*aggregator, 0, err));
    *out = (struct batch){0};
    if (aggregator_rows(*aggregator) > 0)
        ASSERT_OK(aggregator_take(*aggregator, out, err));
    batch_release(&rows);
}

static void assert_derived_is(struct model *model, const struct derive_call *call, const char *period)
{
    struct aggregator *aggregator = NULL;
    struct batch bars = {0};
    struct sha256 *hash = NULL;
    struct content_day *days = NULL;
    size_t n_days = 0, n = 0;
    derive_from_nothing(model->slots[model->last], call, period, &bars, &aggregator);
    ASSERT_OK(sha256_new(&hash, err));
    if (bars.n_rows > 0)
        ASSERT_OK(content_find_days(&bars, hash, &days, &n_days, err));
    const struct manifest_content *found = derived_days(model->lake, symbol, period, &n);
    assert_int_equal(n, n_days);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i].day, days[i].day);
        assert_int_equal(found[i].n_rows, days[i].n_rows);
        assert_memory_equal(found[i].sha256, days[i].sha256, SHA256_BYTES);
    }
    free(days);
    sha256_free(hash);
    batch_release(&bars);
    aggregator_free(aggregator);
}

static void assert_like_fresh(struct model *model, const struct derive_call *call)
{
    struct fixture *fresh = fixture_new();
    struct bar bars[N_SLOTS];
    size_t n = 0;
    for (size_t slot = 0; slot < N_SLOTS; slot++)
        if (model->slots[model->last][slot].is_there)
            bars[n++] = bar_at(slot, model->slots[model->last][slot].price);
    if (n > 0) {
        (void)write_bars(fresh->lake, symbol, bars, n);
        (void)derive(fresh->lake, call);
    }
    for (size_t i = 0; i < call->n_periods; i++)
        assert_same_derived(model->lake, fresh->lake, symbol, call->periods[i]);
    fixture_free(fresh);
}

static void step_derive(struct model *model)
{
    const struct derive_call *call = &calls[random_below(model, N_CALLS)];
    struct derive_call asked = *call;
    if (model->last == 0)
        return;
    asked.anew = random_below(model, 12) == 0;
    struct lake_aggregate_result result = derive(model->lake, &asked);
    while (model->last < result.snapshot)
        (void)begin_snapshot(model, model->last + 1);
    for (size_t i = 0; i < call->n_periods; i++)
        assert_derived_is(model, call, call->periods[i]);
    assert_int_equal(derive(model->lake, call).n_current, (int64_t)call->n_periods);
    if (++model->n_derived % FRESH_EVERY == 0)
        assert_like_fresh(model, call);
}

/* ---- histories ---- */

static void run_history(struct model *model, uint64_t seed)
{
    static void (*const steps[])(struct model *) = {step_ingest, step_ingest, step_ingest,  step_derive,
                                                    step_derive, step_derive, step_delete,  step_damage,
                                                    step_undo,   step_undo,   step_maintain};
    struct fixture *fixture = fixture_new();
    static const size_t memories[] = {64 << 10, 1 << 20, 256 << 20}; /* months by themselves, or all at once */
    model->lake = fixture->lake;
    model->last = 0;
    model->seed = seed;
    fixture->lake->memory_bytes = memories[random_below(model, 3)];
    memset(model->slots[0], 0, sizeof model->slots[0]);
    for (int i = 0; i < N_STEPS; i++)
        steps[random_below(model, sizeof steps / sizeof *steps)](model);
    step_derive(model);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static void test_any_order_gives_what_nothing_gives(void **state)
{
    const char *text = getenv("DERIVE_HISTORIES");
    int n = text == NULL ? HISTORIES : atoi(text);
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    (void)state;
    for (int i = 0; i < n; i++) {
        print_message("history %d\n", i);
        run_history(model, (uint64_t)i + 1);
    }
    assert_true(model->n_derived > 0 && (n < HISTORIES || model->n_undone > 0));
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_order_gives_what_nothing_gives)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
