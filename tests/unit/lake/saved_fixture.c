#include "saved_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "lake/staging.h"

enum { STEP_BARS = 1200, SCATTERED_DAYS = 6, OVERLAPPING_DAYS = 5, MOST_STEPS = 64 };

const uint8_t job_one[SHA256_BYTES] = {1}, job_two[SHA256_BYTES] = {2};

lake_status open_small(struct fixture *fixture, struct io io, struct lake_error *err)
{
    char data_root[FIXTURE_PATH_BYTES + 16], db_path[FIXTURE_PATH_BYTES + 16];
    (void)snprintf(data_root, sizeof data_root, "%s/data", fixture->root);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", fixture->root);
    const struct lake_options options = {.size = sizeof options,
                                         .data_root = data_root,
                                         .db_path = db_path,
                                         .create = true,
                                         .n_threads = fixture->n_threads,
                                         .memory_bytes = MIB};
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return lake_open_with(&options, io, &fixture->lake, err);
}

/* ---- the script ---- */

static int64_t time_of(const struct script *script, int step, int i)
{
    const int64_t number = (int64_t)step * STEP_BARS + i;
    switch (script->order) {
    case SCRIPT_IN_ORDER: return DAY_2024 + step * MS_PER_DAY + i * MS_PER_MINUTE;
    case SCRIPT_OVERLAPS:
        return DAY_2024 + step % OVERLAPPING_DAYS * MS_PER_DAY + (i + step * 37) % 1440 * MS_PER_MINUTE;
    case SCRIPT_SCATTERED: break;
    }
    return DAY_2024 + number * 7919 % SCATTERED_DAYS * MS_PER_DAY + number * 104729 % 1440 * MS_PER_MINUTE;
}

/* Steps are made once: what the tests themselves need must not fail where allocations do. */
static const struct batch *step_of(const struct script *script, int step)
{
    static struct batch steps[SCRIPT_SCATTERED + 1][MOST_STEPS];
    struct batch *made = &steps[script->order][step];
    struct bar bars[STEP_BARS];
    assert_in_range(step, 0, MOST_STEPS - 1);
    for (int i = 0; i < STEP_BARS && made->schema == NULL; i++) {
        bars[i] = bar_of(time_of(script, step, i));
        bars[i].close += step; /* so that a later row of the same time is another */
    }
    if (made->schema == NULL)
        make_batch(bars, STEP_BARS, made);
    return made;
}

void make_script(const struct script *script)
{
    for (int step = 0; step < script->n_steps; step++)
        (void)step_of(script, step);
}

lake_status begin_script(struct lake *lake, struct lake_write **out, struct lake_error *err)
{
    static const struct lake_selection dataset = {"test", NULL, "BTCUSDT", NULL, "1m"};
    return lake_write_begin(lake, &dataset, "ingest", out, err);
}

lake_status save_at(struct lake_write *write, int step, struct lake_error *err)
{
    struct buffer note = BUFFER_INIT(KIB);
    lake_status status = buffer_printf(&note, err, "%d", step);
    if (status == LAKE_OK)
        status = lake_write_save(write, job_one, &note, err);
    buffer_release(&note);
    return status;
}

lake_status play(struct lake_write *write, const struct script *script, int from, int to, struct lake_error *err)
{
    for (int step = from; step < to; step++) {
        lake_status status = lake_write_append(write, step_of(script, step), err);
        if (status == LAKE_OK && (step + 1) % script->save_every == 0)
            status = save_at(write, step + 1, err);
        TRY(status);
    }
    return LAKE_OK;
}

lake_status resume_script(struct lake *lake, struct lake_write **out, int *from, struct lake_error *err)
{
    struct buffer note = BUFFER_INIT(KIB);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    *from = 0;
    TRY_OUT(lake_write_resume(lake, job_one, out, &note, err));
    TRY_OUT(buffer_string(&note, &text, err));
    if (*out == NULL)
        status = begin_script(lake, out, err);
    else
        *from = atoi(text);
out:
    buffer_release(&note);
    return status;
}

lake_status finish_script(struct lake *lake, const struct script *script, int *resumed, struct lake_error *err)
{
    struct lake_write *write = NULL;
    struct lake_write_result result;
    int from = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(resume_script(lake, &write, &from, err));
    TRY_OUT(play(write, script, from, script->n_steps, err));
    TRY_OUT(lake_write_commit(write, &result, err));
    if (result.rows_read != (int64_t)script->n_steps * STEP_BARS)
        status = lake_fail(err, LAKE_INTERNAL, "%d rows were read", (int)result.rows_read);
out:
    lake_write_free(write);
    if (resumed != NULL)
        *resumed = from;
    return status;
}

/* ---- contents ---- */

static void hash_days(struct lake *lake, const struct manifest_dataset *dataset, struct content_digest *out)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_content *days = NULL;
    struct sha256 *hash = NULL;
    size_t n = 0;
    assert_int_equal(manifest_find_contents(lake->manifest, dataset->id, 0, 100000, &arena, &days, &n, NULL), LAKE_OK);
    assert_int_equal(sha256_new(&hash, NULL), LAKE_OK);
    assert_int_equal(sha256_begin(hash, NULL), LAKE_OK);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sha256_update(hash, &days[i].day, sizeof days[i].day, NULL), LAKE_OK);
        assert_int_equal(sha256_update(hash, days[i].sha256, SHA256_BYTES, NULL), LAKE_OK);
        out->n_rows += days[i].n_rows;
    }
    assert_int_equal(sha256_end(hash, out->sha256, NULL), LAKE_OK);
    out->n_days = (int64_t)n;
    sha256_free(hash);
    arena_release(&arena);
}

struct content_digest digest_of(struct lake *lake)
{
    struct content_digest digest = {0, 0, {0}};
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_filter filter = {.symbol = "BTCUSDT"};
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    assert_int_equal(manifest_find_datasets(lake->manifest, &filter, &arena, &datasets, &n, NULL), LAKE_OK);
    if (n > 0)
        hash_days(lake, &datasets[0], &digest);
    arena_release(&arena);
    return digest;
}

struct content_digest digest_of_script(const struct script *script)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    struct script unsaved = *script;
    unsaved.save_every = script->n_steps + 1;
    if (finish_script(fixture->lake, &unsaved, NULL, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    struct content_digest digest = digest_of(fixture->lake);
    fixture_free(fixture);
    return digest;
}

void assert_digests_equal(struct content_digest a, struct content_digest b)
{
    assert_int_equal(a.n_days, b.n_days);
    assert_int_equal(a.n_rows, b.n_rows);
    assert_memory_equal(a.sha256, b.sha256, SHA256_BYTES);
}
