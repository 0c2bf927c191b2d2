/* Random histories of ingests, deletes, undos and roll-ups, against a model that keeps the rows of every snapshot: what is live, and
 * what can be read as of each snapshot, is what the model says; an undo is refused exactly where the model says so. */
#include "change_fixture.h"
#include "history_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Six days over the end of a month, with a few minutes each. */
enum { N_DAYS = 6, DAY_SLOTS = 8, N_SLOTS = N_DAYS * DAY_SLOTS, N_STEPS = 60, N_SEEDS = 12 };
#define FIRST_DAY (DAY_2024 + 28 * MS_PER_DAY)
#define FEBRUARY (DAY_2024 + MONTH_2024)

struct slot {
    bool is_there;
    double close, volume; /* NaN: null */
};

struct model {
    struct slot slots[N_STEPS + 2][N_SLOTS]; /* by snapshot */
    int64_t last;                            /* snapshot */
    uint64_t seed;
    int n_undone, n_refused, n_rolled_up, n_deleted;
};

static uint32_t random_below(struct model *model, uint32_t n)
{
    model->seed = model->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((model->seed >> 33) % n);
}

static int64_t time_of(size_t slot)
{
    return FIRST_DAY + (int64_t)(slot / DAY_SLOTS) * MS_PER_DAY + (int64_t)(slot % DAY_SLOTS) * MS_PER_HOUR;
}

static bool same_value(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

static bool same_day(const struct slot *a, const struct slot *b, size_t day)
{
    for (size_t i = day * DAY_SLOTS; i < (day + 1) * DAY_SLOTS; i++) {
        if (a[i].is_there != b[i].is_there)
            return false;
        if (a[i].is_there && (!same_value(a[i].close, b[i].close) || !same_value(a[i].volume, b[i].volume)))
            return false;
    }
    return true;
}

/* ---- steps: each changes the model as it should change the lake ---- */

static struct slot *begin_snapshot(struct model *model)
{
    memcpy(model->slots[model->last + 1], model->slots[model->last], sizeof model->slots[0]);
    return model->slots[model->last + 1];
}

static bool is_changed(const struct model *model)
{
    for (size_t day = 0; day < N_DAYS; day++)
        if (!same_day(model->slots[model->last], model->slots[model->last + 1], day))
            return true;
    return false;
}

/* A snapshot is made where something changed, and only then. */
static void end_snapshot(struct model *model, int64_t snapshot)
{
    if (is_changed(model))
        assert_int_equal(snapshot, ++model->last);
    else
        assert_int_equal(snapshot, 0);
}

static void ingest(struct model *model, struct lake *lake)
{
    struct bar bars[DAY_SLOTS];
    size_t n = 1 + random_below(model, DAY_SLOTS);
    struct slot *slots = begin_snapshot(model);
    for (size_t i = 0; i < n; i++) {
        size_t slot = random_below(model, N_SLOTS);
        bars[i] = bar_of(time_of(slot));
        bars[i].close = (double)random_below(model, 3);
        bars[i].volume = random_below(model, 3) == 0 ? (double)NAN : (double)random_below(model, 2);
        bool keeps = slots[slot].is_there && isnan(bars[i].volume); /* a null keeps what was there */
        slots[slot] = (struct slot){true, bars[i].close, keeps ? slots[slot].volume : bars[i].volume};
    }
    end_snapshot(model, write_bars(lake, "BTCUSDT", bars, n).snapshot);
}

static void delete_range(struct model *model, struct lake *lake)
{
    size_t first = random_below(model, N_SLOTS), n = 1 + random_below(model, N_SLOTS / 2);
    size_t end = first + n < N_SLOTS ? first + n : N_SLOTS;
    int64_t n_removed = 0;
    struct slot *slots = begin_snapshot(model);
    for (size_t slot = first; slot < end; slot++) {
        n_removed += slots[slot].is_there;
        slots[slot].is_there = false;
    }
    int64_t end_ms = end == N_SLOTS ? FEBRUARY + 100 * MS_PER_DAY : time_of(end);
    struct lake_change_result result = delete_bars(lake, "BTCUSDT", time_of(first), end_ms);
    assert_int_equal(result.rows_removed, n_removed);
    end_snapshot(model, result.snapshot);
    model->n_deleted += n_removed > 0;
}

static void roll_a_month_up(struct model *model, struct lake *lake)
{
    int64_t start = random_below(model, 2) == 0 ? DAY_2024 : FEBRUARY;
    int64_t end = start == DAY_2024 ? FEBRUARY : FEBRUARY + 29 * MS_PER_DAY;
    if (roll_up(lake, "BTCUSDT", start, end).snapshot == 0)
        return;
    (void)begin_snapshot(model);
    model->last++;
    model->n_rolled_up++;
}

static bool may_undo(const struct model *model, int64_t snapshot)
{
    for (size_t day = 0; day < N_DAYS; day++)
        if (!same_day(model->slots[snapshot], model->slots[snapshot - 1], day) &&
            !same_day(model->slots[snapshot], model->slots[model->last], day))
            return false;
    return true;
}

static bool did_anything(const struct model *model, int64_t snapshot)
{
    for (size_t day = 0; day < N_DAYS; day++)
        if (!same_day(model->slots[snapshot], model->slots[snapshot - 1], day))
            return true;
    return false;
}

static void undo(struct model *model, struct lake *lake)
{
    int64_t newest = random_below(model, 3) == 0 ? model->last : (model->last < 4 ? model->last : 4);
    int64_t snapshot = model->last - random_below(model, (uint32_t)newest);
    if (!did_anything(model, snapshot)) {
        assert_int_equal(try_undo(lake, snapshot, NULL), LAKE_INVALID_ARGUMENT);
        return;
    }
    if (!may_undo(model, snapshot)) {
        assert_int_equal(try_undo(lake, snapshot, NULL), LAKE_CONFLICT);
        model->n_refused++;
        return;
    }
    struct slot *slots = begin_snapshot(model);
    for (size_t day = 0; day < N_DAYS; day++)
        if (!same_day(model->slots[snapshot], model->slots[snapshot - 1], day))
            memcpy(slots + day * DAY_SLOTS, model->slots[snapshot - 1] + day * DAY_SLOTS, DAY_SLOTS * sizeof *slots);
    end_snapshot(model, undo_operation(lake, snapshot).snapshot);
    model->n_undone++;
}

/* ---- what is there ---- */

static void check_snapshot(const struct model *model, struct lake *lake, int64_t snapshot)
{
    const struct past past = {.symbol = "BTCUSDT", .as_of = snapshot};
    struct lake_error err = {LAKE_OK, ""};
    struct bar bars[N_SLOTS];
    size_t n = 0, at = 0;
    if (read_past(lake, &past, bars, N_SLOTS, &n, &err) != LAKE_OK)
        fail_msg("as of %d: %s", (int)snapshot, err.message);
    for (size_t slot = 0; slot < N_SLOTS; slot++) {
        const struct slot *expected = &model->slots[snapshot][slot];
        if (!expected->is_there)
            continue;
        assert_true(at < n);
        assert_int_equal(bars[at].ts, time_of(slot));
        assert_true(same_value(bars[at].close, expected->close));
        assert_true(same_value(bars[at].volume, expected->volume));
        at++;
    }
    assert_int_equal(at, n);
}

static void step(struct model *model, struct lake *lake)
{
    uint32_t choice = random_below(model, 10);
    if (choice < 4 || model->last == 0)
        ingest(model, lake);
    else if (choice < 6)
        delete_range(model, lake);
    else if (choice < 9)
        undo(model, lake);
    else
        roll_a_month_up(model, lake);
}

static void run(uint64_t seed, struct model *totals)
{
    struct model *model = calloc(1, sizeof *model);
    struct clock clock = {.now_ms = DAY_2024 + 60 * MS_PER_DAY};
    struct fixture *fixture = fixture_new_at(&clock);
    assert_non_null(model);
    model->seed = seed;
    fixture->lake->policy.keep_unchanged_percent = INT32_MAX; /* everything is kept */
    while (model->last == 0)
        ingest(model, fixture->lake);
    for (int i = 1; i < N_STEPS; i++) {
        step(model, fixture->lake);
        check_snapshot(model, fixture->lake, model->last);
        check_snapshot(model, fixture->lake, 1 + random_below(model, (uint32_t)model->last));
    }
    for (int64_t snapshot = 1; snapshot <= model->last; snapshot++)
        check_snapshot(model, fixture->lake, snapshot);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    totals->n_undone += model->n_undone;
    totals->n_refused += model->n_refused;
    totals->n_rolled_up += model->n_rolled_up;
    totals->n_deleted += model->n_deleted;
    fixture_free(fixture);
    free(model);
}

static void test_random_histories(void **state)
{
    static struct model totals;
    (void)state;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++)
        run(seed, &totals);
    /* Each kind of step came about often enough to mean something. */
    assert_true(totals.n_undone > 3 * N_SEEDS);
    assert_true(totals.n_refused > 3 * N_SEEDS);
    assert_true(totals.n_rolled_up > N_SEEDS);
    assert_true(totals.n_deleted > 3 * N_SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_histories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
