/* The totals that triggers keep equal those counted from the rows, whatever is done in whatever order. */
#include "unit/manifest/fixture.h"

#include <stdio.h>
#include <string.h>

enum { N_DATASETS = 3, N_DAYS = 40, N_OPERATIONS = 1000 };

struct world {
    int64_t live_file[N_DATASETS][N_DAYS]; /* 0: none */
    uint32_t random;
};

static uint32_t next_random(struct world *world, uint32_t below)
{
    world->random = world->random * 1664525u + 1013904223u;
    return (world->random >> 8) % below;
}

/* Adds the day's file where there is none, else retires it. */
static void change_file(struct fixture *f, struct world *world, struct write write)
{
    uint32_t dataset = next_random(world, N_DATASETS), day = next_random(world, N_DAYS);
    int64_t *live = &world->live_file[dataset][day];
    struct manifest_file file = fixture_file(dataset + 1, write, day, 1, "a");
    if (*live != 0) {
        must(f, retire(f, *live, write.snapshot, NULL));
        *live = 0;
        return;
    }
    file.n_rows = 1 + next_random(world, 1440);
    file.size_bytes = 1 + next_random(world, 100000);
    file.time_from_ms += next_random(world, 1000000);
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    *live = file.id;
}

static void change_content(struct fixture *f, struct world *world, struct write write)
{
    struct manifest_content content = fixture_content(1 + next_random(world, N_DATASETS), write,
                                                      next_random(world, N_DAYS), (int)next_random(world, 4));
    content.n_rows = next_random(world, 3) * 700;
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
}

/* A transaction of up to eight changes; one in four is rolled back. */
static void run_transaction(struct fixture *f, struct world *world, int64_t at_ms)
{
    struct world before = *world;
    struct write write = fixture_begin(f, at_ms);
    for (uint32_t n = 1 + next_random(world, 8); n > 0; n--) {
        if (next_random(world, 2) == 0)
            change_file(f, world, write);
        else
            change_content(f, world, write);
    }
    if (next_random(world, 4) != 0) {
        fixture_commit(f);
        return;
    }
    manifest_rollback(f->manifest);
    memcpy(world->live_file, before.live_file, sizeof before.live_file);
}

static int64_t recompute(struct fixture *f, const char *select, int64_t dataset)
{
    char sql[300];
    snprintf(sql, sizeof sql, "WITH d (id) AS (VALUES (%d)) %s", (int)dataset, select);
    return query_int64(f, sql);
}

static void expect_totals_equal_the_rows(struct fixture *f)
{
    const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    must(f, manifest_list_totals(f->manifest, &everything, NULL, &f->arena, &totals, &n, &f->err));
    assert_int_equal(n, N_DATASETS);
    for (size_t i = 0; i < n; i++) {
        const struct manifest_totals *t = &totals[i];
        int64_t id = t->dataset.id;
#define FILES " FROM files, d WHERE retired = 0 AND dataset_id = d.id"
#define CONTENTS " FROM contents, d WHERE retired = 0 AND dataset_id = d.id"
        assert_int_equal(t->n_files, recompute(f, "SELECT count(*)" FILES, id));
        assert_int_equal(t->n_rows, recompute(f, "SELECT coalesce(sum(n_rows), 0)" FILES, id));
        assert_int_equal(t->size_bytes, recompute(f, "SELECT coalesce(sum(size_bytes), 0)" FILES, id));
        assert_int_equal(t->time_from_ms, recompute(f, "SELECT coalesce(min(time_from_ms), 0)" FILES, id));
        assert_int_equal(t->time_to_ms, recompute(f, "SELECT coalesce(max(time_to_ms), 0)" FILES, id));
        assert_int_equal(t->n_days, recompute(f, "SELECT count(*)" CONTENTS " AND n_rows > 0", id));
        assert_int_equal(t->last_change_ms,
                         recompute(f,
                                   "SELECT coalesce(max(o.finished_ms), 0) FROM contents AS c, operations AS o, d"
                                   " WHERE o.id = c.operation_id AND c.dataset_id = d.id",
                                   id));
#undef FILES
#undef CONTENTS
    }
}

static void test_totals_equal_the_rows_after_a_thousand_changes(void **state)
{
    struct fixture *f = *state;
    struct world world = {.random = 42};
    fixture_begin(f, 0);
    fixture_dataset(f, "A", "1m");
    fixture_dataset(f, "B", "1m");
    fixture_dataset(f, "C", "1m");
    fixture_commit(f);
    expect_totals_equal_the_rows(f);
    for (int i = 1; i <= N_OPERATIONS / 4; i++) { /* four changes each, in the mean */
        run_transaction(f, &world, i * 1000);
        if (i % 50 == 0)
            expect_totals_equal_the_rows(f);
        manifest_checkpoint(f->manifest);
    }
    assert_true(query_int64(f, "SELECT count(*) FROM files WHERE retired > 0") > 50);
    assert_true(query_int64(f, "SELECT count(*) FROM contents WHERE retired > 0") > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_totals_equal_the_rows_after_a_thousand_changes, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
