#include "change_fixture.h"

#include <stdlib.h>
#include <string.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

struct lake_change_result delete_bars(struct lake *lake, const char *symbol, int64_t start, int64_t end)
{
    const struct lake_delete_options options = {.size = sizeof options,
                                                .selection = {.exchange = "test", .symbol = symbol},
                                                .has_start = true,
                                                .has_end = true,
                                                .start_ms = start,
                                                .end_ms = end};
    struct lake_change_result result = {.size = sizeof result};
    ASSERT_OK(lake_delete(lake, &options, &result, err));
    return result;
}

struct lake_change_result undo_operation(struct lake *lake, int64_t snapshot)
{
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = snapshot};
    struct lake_change_result result = {.size = sizeof result};
    ASSERT_OK(lake_undo(lake, &options, &result, err));
    return result;
}

lake_status try_undo(struct lake *lake, int64_t snapshot, struct lake_error *err)
{
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = snapshot};
    struct lake_change_result result = {.size = sizeof result};
    return lake_undo(lake, &options, &result, err);
}

/* ---- change sets ---- */

static lake_status find_dataset(struct lake *lake, const char *symbol, struct arena *arena,
                                struct manifest_dataset *out, struct lake_error *err)
{
    const struct manifest_filter filter = {"TEST", "FUTURES", symbol, "raw", "1m"};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &filter, arena, &found, &n, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    if (n != 1)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: no such dataset", symbol);
    *out = found[0];
    return LAKE_OK;
}

lake_status try_change(struct lake *lake, const char *symbol, const struct change *change,
                       struct lake_change_result *result, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct change_set *set = NULL;
    struct manifest_dataset dataset;
    struct change copy = *change;
    lake_status status = LAKE_OK;
    *result = (struct lake_change_result){.size = sizeof *result};
    TRY_OUT(find_dataset(lake, symbol, &arena, &dataset, err));
    copy.dataset = &dataset;
    TRY_OUT(change_set_new(lake, &(struct change_set_options){.kind = "change"}, &set, err));
    TRY_OUT(change_set_add(set, &copy, err));
    status = change_set_commit(set, result, err);
out:
    change_set_free(set);
    arena_release(&arena);
    return status;
}

struct lake_change_result roll_up(struct lake *lake, const char *symbol, int64_t start, int64_t end)
{
    const struct change change = {.kind = CHANGE_ROLL_UP, .range = {start, end}};
    struct lake_change_result result;
    ASSERT_OK(try_change(lake, symbol, &change, &result, err));
    return result;
}

/* ---- what is there ---- */

enum { MOST_LISTED = 512 };

const struct manifest_content *live_contents(struct lake *lake, const char *symbol, size_t *n)
{
    static struct manifest_content contents[MOST_LISTED];
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset dataset;
    struct manifest_content *found = NULL;
    ASSERT_OK(find_dataset(lake, symbol, &arena, &dataset, err));
    ASSERT_OK(manifest_find_contents(lake->manifest, dataset.id, -100000, 100000, &arena, &found, n, err));
    assert_true(*n <= MOST_LISTED);
    memcpy(contents, found, *n * sizeof *found);
    arena_release(&arena);
    return contents;
}

const struct manifest_file *live_files(struct lake *lake, const char *symbol, size_t *n)
{
    static struct manifest_file files[MOST_LISTED];
    static char paths[MOST_LISTED][FIXTURE_PATH_BYTES];
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset dataset;
    struct manifest_file *found = NULL;
    int64_t snapshot = 0;
    ASSERT_OK(find_dataset(lake, symbol, &arena, &dataset, err));
    ASSERT_OK(manifest_find_files(lake->manifest, dataset.id, INT64_MIN, INT64_MAX, &arena, &found, n, &snapshot, err));
    assert_true(*n <= MOST_LISTED);
    for (size_t i = 0; i < *n; i++) {
        files[i] = found[i];
        assert_true(strlen(found[i].path) < sizeof paths[i]);
        files[i].path = strcpy(paths[i], found[i].path);
    }
    arena_release(&arena);
    return files;
}

void assert_holds(struct lake *lake, const char *symbol, const struct bar *expected, size_t n)
{
    size_t n_found = 0;
    struct bar *found = read_bars(lake, symbol, INT64_MIN, INT64_MAX, &n_found);
    assert_int_equal(n_found, n);
    assert_bars_equal(found, expected, n);
    free(found);
}
