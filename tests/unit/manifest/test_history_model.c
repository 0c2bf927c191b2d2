/* Random histories against a model that forgets nothing: reading as of any snapshot and any time is right or refused, refused
 * only where something has expired, and never where a name or a running scan needs it. */
#include <stdio.h>
#include <string.h>

#include "manifest/history.h"
#include "unit/manifest/fixture.h"

enum { N_DATASETS = 2, N_DAYS = 6, N_SNAPSHOTS = 400, N_FILES = 4 * N_SNAPSHOTS };

/* File ids are those of the model; the manifest's may be given again after an expiry. */
struct model {
    int64_t live[N_SNAPSHOTS + 1][N_DATASETS][N_DAYS]; /* the file that answers for the day; 0: none */
    int64_t rows[N_SNAPSHOTS + 1][N_DATASETS][N_DAYS];
    int64_t committed_ms[N_SNAPSHOTS + 1];
    bool is_pruned[N_SNAPSHOTS + 1], is_named[N_SNAPSHOTS + 1];
    int64_t id_of[N_FILES]; /* in the manifest */
    bool is_expired[N_FILES];
    int64_t n_snapshots, n_files;
    uint32_t random;
};

static uint32_t next_random(struct model *m, uint32_t below)
{
    m->random = m->random * 1664525u + 1013904223u;
    return (m->random >> 8) % below;
}

/* ---- changing both ---- */

/* The path tells which file of the model it is. */
static int64_t model_file_of(const struct manifest_file *file)
{
    int64_t number = 0;
    assert_int_equal(sscanf(file->path, "file-%ld", (long *)&number), 1);
    return number;
}

static int64_t add_file(struct fixture *f, struct model *m, struct write write, int64_t dataset, int64_t day,
                        int64_t n_days, int64_t n_rows)
{
    char path[40];
    int64_t number = ++m->n_files;
    snprintf(path, sizeof path, "file-%d", (int)number);
    struct manifest_file file = fixture_file(dataset + 1, write, day, n_days, path);
    file.n_rows = n_rows;
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    m->id_of[number] = file.id;
    for (int64_t d = day; d < day + n_days; d++)
        m->live[write.snapshot][dataset][d] = number;
    return number;
}

/* Retires the file that answers for a day; tells which days it answered for. */
static void retire_day(struct fixture *f, struct model *m, struct write write, int64_t dataset, int64_t day,
                       bool changed, bool of_file[N_DAYS])
{
    int64_t number = m->live[write.snapshot][dataset][day];
    struct manifest_retirement retirement = {m->id_of[number], write.snapshot, m->committed_ms[write.snapshot],
                                             changed ? 1 : 0, NULL};
    must(f, manifest_retire_file(f->manifest, &retirement, &f->err));
    for (int64_t d = 0; d < N_DAYS; d++) {
        of_file[d] = m->live[write.snapshot][dataset][d] == number;
        if (of_file[d])
            m->live[write.snapshot][dataset][d] = 0;
    }
}

static void put_rows(struct fixture *f, struct model *m, struct write write, int64_t dataset, int64_t day,
                     int64_t n_rows)
{
    struct manifest_content content = fixture_content(dataset + 1, write, day, (int)next_random(m, 256));
    content.n_rows = n_rows;
    m->rows[write.snapshot][dataset][day] = n_rows;
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
}

/* Days of a file that was taken away and is not to be written over get files of their own again. */
static void put_back(struct fixture *f, struct model *m, struct write write, int64_t dataset,
                     const bool of_file[N_DAYS], int64_t but_day)
{
    for (int64_t d = 0; d < N_DAYS; d++)
        if (of_file[d] && d != but_day && m->rows[write.snapshot][dataset][d] > 0)
            add_file(f, m, write, dataset, d, 1, m->rows[write.snapshot][dataset][d]);
}

static void change_day(struct fixture *f, struct model *m, struct write write, int64_t dataset, int64_t day,
                       bool delete)
{
    bool of_file[N_DAYS] = {false};
    int64_t before = m->rows[write.snapshot][dataset][day];
    if (before == 0 && delete)
        return;
    if (m->live[write.snapshot][dataset][day] != 0)
        retire_day(f, m, write, dataset, day, delete || next_random(m, 2) == 0, of_file);
    put_back(f, m, write, dataset, of_file, day);
    int64_t n_rows = delete ? 0 : 1 + next_random(m, 100);
    put_rows(f, m, write, dataset, day, n_rows);
    if (n_rows > 0)
        add_file(f, m, write, dataset, day, 1, n_rows);
}

/* The days become one file. */
static void roll_up(struct fixture *f, struct model *m, struct write write, int64_t dataset)
{
    int64_t n_rows = 0;
    for (int64_t d = 0; d < N_DAYS; d++) {
        bool of_file[N_DAYS];
        n_rows += m->rows[write.snapshot][dataset][d];
        if (m->live[write.snapshot][dataset][d] != 0)
            retire_day(f, m, write, dataset, d, false, of_file);
    }
    if (n_rows > 0)
        add_file(f, m, write, dataset, 0, N_DAYS, n_rows);
}

static void commit_something(struct fixture *f, struct model *m)
{
    int64_t s = m->n_snapshots + 1;
    m->committed_ms[s] = m->committed_ms[s - 1] + 1 + next_random(m, 50);
    struct write write = fixture_begin(f, m->committed_ms[s]);
    assert_int_equal(write.snapshot, s);
    m->n_snapshots = s;
    memcpy(m->live[s], m->live[s - 1], sizeof m->live[s]);
    memcpy(m->rows[s], m->rows[s - 1], sizeof m->rows[s]);
    int64_t dataset = next_random(m, N_DATASETS);
    uint32_t kind = next_random(m, 10);
    if (kind == 0)
        roll_up(f, m, write, dataset);
    else
        change_day(f, m, write, dataset, next_random(m, N_DAYS), kind <= 3);
    fixture_commit(f);
}

/* ---- forgetting ---- */

static int64_t oldest_needed(struct model *m)
{
    return m->n_snapshots - next_random(m, 6);
}

static void expire(struct fixture *f, struct model *m, int64_t needed, int64_t age_ms)
{
    int64_t now_ms = m->committed_ms[m->n_snapshots];
    const struct manifest_expiry expiry = {.changed_before_ms = now_ms - 2 * age_ms,
                                           .unchanged_before_ms = now_ms - age_ms,
                                           .unchanged_bytes = 500000,
                                           .needed_snapshot = needed,
                                           .limit = 1 + next_random(m, 20)};
    struct manifest_file *files = NULL;
    size_t n = 0;
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_find_expired(f->manifest, &expiry, &f->arena, &files, &n, &f->err));
    assert_true((int64_t)n <= expiry.limit);
    for (size_t i = 0; i < n; i++) {
        assert_true(files[i].retired > 0 && files[i].retired <= needed);
        m->is_expired[model_file_of(&files[i])] = true;
        must(f, manifest_expire_file(f->manifest, &files[i], NULL, &f->err));
    }
    fixture_commit(f);
}

static void prune(struct fixture *f, struct model *m)
{
    int64_t n_pruned = 0;
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_prune_log(f->manifest, next_random(m, 4), 1 + next_random(m, 20), &n_pruned, &f->err));
    fixture_commit(f);
    for (int64_t s = 1; s <= m->n_snapshots; s++) {
        struct manifest_log_entry entry;
        bool is_pruned = manifest_find_log_entry(f->manifest, s, &f->arena, &entry, NULL) != LAKE_OK;
        n_pruned -= is_pruned && !m->is_pruned[s];
        assert_true(is_pruned || !m->is_pruned[s]);
        assert_false(is_pruned && (m->is_named[s] || s == 1 || s == m->n_snapshots));
        m->is_pruned[s] = is_pruned;
    }
    assert_int_equal(n_pruned, 0);
}

static bool is_readable(const struct model *m, int64_t s, int64_t dataset, int64_t from_day, int64_t to_day)
{
    for (int64_t d = from_day; d < to_day; d++)
        if (m->is_expired[m->live[s][dataset][d]])
            return false;
    return true;
}

/* Names are given to what is still whole, so that they must keep it so. */
static void name_one(struct fixture *f, struct model *m)
{
    char name[16];
    int64_t s = 1 + next_random(m, (uint32_t)m->n_snapshots);
    snprintf(name, sizeof name, "s%d", (int)s);
    bool is_whole = is_readable(m, s, 0, 0, N_DAYS) && is_readable(m, s, 1, 0, N_DAYS);
    must(f, manifest_begin(f->manifest, &f->err));
    if (m->is_named[s]) {
        must(f, manifest_remove_name(f->manifest, name, &f->err));
        m->is_named[s] = false;
    } else if (m->is_pruned[s]) {
        expect_status(f, LAKE_NOT_FOUND, manifest_put_name(f->manifest, name, s, 1, &f->err));
    } else if (is_whole) {
        must(f, manifest_put_name(f->manifest, name, s, 1, &f->err));
        m->is_named[s] = true;
    }
    fixture_commit(f);
}

/* ---- comparing ---- */

/* Of the model's snapshot `truth`, read as of `s`. */
static bool read_range(struct fixture *f, const struct model *m, int64_t s, int64_t truth, int64_t dataset,
                       int64_t from_day, int64_t to_day)
{
    struct manifest_file *files = NULL;
    size_t n = 0, n_expected = 0;
    lake_status status = manifest_find_files_at(f->manifest, dataset + 1, from_day * DAY_MS, to_day * DAY_MS, s,
                                                &f->arena, &files, &n, &f->err);
    if (status == LAKE_NOT_FOUND)
        return false;
    must(f, status);
    int64_t before = 0;
    for (int64_t d = from_day; d < to_day; d++) {
        int64_t number = m->live[truth][dataset][d];
        if (number == 0 || number == before)
            continue;
        if (n_expected >= n || model_file_of(&files[n_expected]) != number)
            fail_msg("snapshot %d, day %d: not file %d", (int)truth, (int)d, (int)number);
        before = number;
        n_expected++;
    }
    if (n != n_expected)
        fail_msg("as of %d (%d): %d files, not %d", (int)s, (int)truth, (int)n, (int)n_expected);
    return true;
}

static void compare_snapshots(struct fixture *f, struct model *m, int64_t needed)
{
    for (int64_t s = 1; s <= m->n_snapshots; s++) {
        int64_t dataset = next_random(m, N_DATASETS);
        int64_t from_day = next_random(m, N_DAYS),
                to_day = from_day + 1 + next_random(m, (uint32_t)(N_DAYS - from_day));
        bool is_read = read_range(f, m, s, s, dataset, from_day, to_day);
        bool must_be = is_readable(m, s, dataset, from_day, to_day);
        if (must_be && !m->is_pruned[s] && !is_read)
            fail_msg("snapshot %d refused: %s", (int)s, f->err.message);
        if (!must_be && is_read)
            fail_msg("snapshot %d read, though it has expired", (int)s);
        if ((m->is_named[s] || s >= needed) && !is_read)
            fail_msg("snapshot %d is needed and gone: %s", (int)s, f->err.message);
    }
}

static void compare_times(struct fixture *f, struct model *m)
{
    for (int i = 0; i < 40; i++) {
        int64_t at_ms = next_random(m, (uint32_t)m->committed_ms[m->n_snapshots] + 100);
        int64_t truth = m->n_snapshots, s = -1;
        while (truth > 0 && m->committed_ms[truth] > at_ms)
            truth--;
        must(f, manifest_find_snapshot_at(f->manifest, at_ms, &s, &f->err));
        if (truth == 0 || (!m->is_pruned[truth] && !m->is_pruned[truth + 1]))
            assert_int_equal(s, truth);
        if (truth > 0)
            (void)read_range(f, m, s, truth, next_random(m, N_DATASETS), 0, N_DAYS);
    }
}

static int count_problem(void *context, const char *detail)
{
    print_message("%s\n", detail);
    (*(int *)context)++;
    return 0;
}

static void run_history(struct fixture *f, uint32_t seed, int64_t age_ms)
{
    static struct model m;
    int n_problems = 0;
    int64_t needed = 0;
    memset(&m, 0, sizeof m);
    m.random = seed;
    must(f, manifest_begin(f->manifest, &f->err));
    fixture_dataset(f, "A", "1m");
    fixture_dataset(f, "B", "1m");
    fixture_commit(f);
    for (int step = 0; step < 250; step++) {
        commit_something(f, &m);
        if (next_random(&m, 3) == 0)
            expire(f, &m, needed = needed > oldest_needed(&m) ? needed : oldest_needed(&m), age_ms);
        if (next_random(&m, 10) == 0)
            name_one(f, &m);
        if (next_random(&m, 5) == 0)
            prune(f, &m);
        if (step % 10 == 0) {
            compare_snapshots(f, &m, needed > 0 ? needed : 1);
            compare_times(f, &m);
            must(f, manifest_check(f->manifest, true, count_problem, &n_problems, &f->err));
            arena_reset(&f->arena);
        }
    }
    assert_int_equal(n_problems, 0);
}

static void test_right_or_refused(void **state)
{
    run_history(*state, 1, 300);
}

static void test_right_or_refused_where_little_is_kept(void **state)
{
    run_history(*state, 2, 30);
}

static void test_right_or_refused_where_much_is_kept(void **state)
{
    run_history(*state, 3, 3000);
}

/* Once no name and no scan holds anything, all of history goes, and of contents what is live remains. */
static void test_nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    run_history(f, 4, 300);
    run_sql(f, f->path, "DELETE FROM snapshot_names");
    run_sql(f, f->path, "UPDATE files SET named = 0 WHERE named <> 0");
    const struct manifest_expiry all = {.changed_before_ms = INT64_MAX,
                                        .unchanged_before_ms = INT64_MAX,
                                        .needed_snapshot = INT64_MAX,
                                        .limit = 100000};
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t n_pruned = 0;
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_find_expired(f->manifest, &all, &f->arena, &files, &n, &f->err));
    assert_true(n > 10);
    for (size_t i = 0; i < n; i++)
        must(f, manifest_expire_file(f->manifest, &files[i], NULL, &f->err));
    fixture_commit(f);
    must(f, manifest_optimize(f->manifest, &f->err)); /* contents of files that did not expire in the order of time */
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_prune_log(f->manifest, 0, 100000, &n_pruned, &f->err));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM files WHERE retired <> 0"), 0);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM contents WHERE retired <> 0"), 0);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM operations WHERE n_uses = 0 AND snapshot > 1"
                                    " AND snapshot < (SELECT max(id) FROM snapshots)"),
                     0);
    assert_int_equal(query_int64(f, "SELECT unchanged_bytes + changed_bytes + unchanged_named_bytes FROM lake"), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_right_or_refused),
        T(test_right_or_refused_where_little_is_kept),
        T(test_right_or_refused_where_much_is_kept),
        T(test_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
