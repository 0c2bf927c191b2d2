#include "lake/orphans.h"

#include <errno.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "manifest/history.h"

/* Removed in one hold of the lake's lock. */
enum { REMOVED_AT_ONCE = 256 };
#define YOUNGEST_MS MS_PER_DAY

/* ---- names ---- */

struct listing {
    struct buffer *names;
    struct lake_error *err;
};

static int add_name(void *context, const char *name, enum io_kind kind)
{
    struct listing *listing = context;
    if (kind != IO_KIND_FILE)
        return 0;
    return buffer_append(listing->names, name, strlen(name) + 1, listing->err) == LAKE_OK ? 0 : -ENOMEM;
}

lake_status list_state_files(struct lake *lake, const char *directory, struct buffer *out, struct lake_error *err)
{
    struct listing listing = {out, err};
    char *path = NULL;
    lake_status status = LAKE_OK;
    buffer_clear(out);
    TRY(layout_state_path(lake, directory, &path, err));
    int result = lake->io.ops->list(lake->io.context, path, add_name, &listing);
    if (result == -ENOMEM)
        status = LAKE_NO_MEMORY;
    else if (result != 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot list", path);
    memory_free(path);
    return status;
}

/* "{SYMBOL}-{period}-{date}-{16 hex}.parquet.retired", taken apart from its end. */
struct retired_name {
    char file[LIMIT_PATH_BYTES];    /* without ".retired" */
    char dataset[LIMIT_PATH_BYTES]; /* "{SYMBOL}-{period}": a '-' may be in either (features) */
    int64_t start_ms, end_ms;       /* of the date */
};

/* Cuts the text at its last '-' and gives what stood behind. */
static char *cut_last(char *text)
{
    char *dash = strrchr(text, '-');
    if (dash == NULL)
        return NULL;
    *dash = '\0';
    return dash + 1;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), n_ending = strlen(ending);
    return n >= n_ending && strcmp(text + n - n_ending, ending) == 0;
}

/* The date at the end of the text: a day, a month or a year. */
static bool cut_date(char *text, struct retired_name *out)
{
    static const struct {
        size_t n;
        const char *rest; /* of a day's text */
        enum partition_grain grain;
    } forms[] = {{10, "", GRAIN_DAY}, {7, "-01", GRAIN_MONTH}, {4, "-01-01", GRAIN_YEAR}};
    size_t n = strlen(text);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char day[CALENDAR_TEXT_BYTES];
        int64_t us = 0;
        bool is_day = false;
        if (n <= forms[i].n || text[n - forms[i].n - 1] != '-')
            continue;
        memcpy(day, text + n - forms[i].n, forms[i].n);
        memcpy(day + forms[i].n, forms[i].rest, strlen(forms[i].rest) + 1);
        if (!calendar_parse_us(day, strlen(day), &us, &is_day) || !is_day)
            continue;
        partition_bounds(forms[i].grain, us / US_PER_MS, &out->start_ms, &out->end_ms);
        text[n - forms[i].n - 1] = '\0';
        return true;
    }
    return false;
}

static bool parse_name(const char *name, struct retired_name *out)
{
    static const char file_ending[] = ".parquet", ending[] = ".retired";
    size_t n = strlen(name);
    if (!ends_with(name, ending) || n >= sizeof out->file)
        return false;
    memcpy(out->file, name, n + 1);
    out->file[n - strlen(ending)] = '\0';
    if (!ends_with(out->file, file_ending))
        return false;
    memcpy(out->dataset, out->file, sizeof out->dataset);
    return cut_last(out->dataset) != NULL && cut_date(out->dataset, out) && strchr(out->dataset, '-') != NULL;
}

/* ---- what is known ---- */

static lake_status find_live(struct lake *lake, const struct retired_name *name, int64_t dataset_id, bool *found,
                             struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    lake_status status = manifest_find_files(lake->manifest, dataset_id, name->start_ms, name->end_ms, &arena, &files,
                                             &n, &snapshot, err);
    for (size_t i = 0; i < n && status == LAKE_OK; i++)
        *found = *found || strcmp(path_name(files[i].path), name->file) == 0;
    arena_release(&arena);
    return status;
}

/* Whether one of the datasets of that symbol and period has it. */
static lake_status is_live_of(struct lake *lake, const struct retired_name *name, const struct manifest_filter *filter,
                              bool *out, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    lake_status status = manifest_find_datasets(lake->manifest, filter, &arena, &datasets, &n, err);
    for (size_t i = 0; i < n && status == LAKE_OK && !*out; i++)
        status = find_live(lake, name, datasets[i].id, out, err);
    arena_release(&arena);
    return status;
}

/* Whether a live file bears the name, wherever its symbol ends. With the lake's mutex held. */
static lake_status is_live(struct lake *lake, const struct retired_name *name, bool *out, struct lake_error *err)
{
    char symbol[LIMIT_PATH_BYTES];
    *out = false;
    memcpy(symbol, name->dataset, sizeof symbol);
    for (const char *period = cut_last(symbol); period != NULL && !*out; period = cut_last(symbol)) {
        const struct manifest_filter filter = {.symbol = symbol + (symbol[0] == '%'),
                                               .period = name->dataset + (period - symbol)};
        TRY(is_live_of(lake, name, &filter, out, err));
    }
    return LAKE_OK;
}

static lake_status is_known(struct lake *lake, const char *state_path, bool *out, struct lake_error *err)
{
    struct retired_name name;
    *out = true;
    if (!parse_name(path_name(state_path), &name))
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_knows_state_path(lake->manifest, state_path, out, err);
    if (status == LAKE_OK && !*out)
        status = is_live(lake, &name, out, err);
    mutex_unlock(lake->mutex);
    return status;
}

struct orphan {
    bool is_one;
    int64_t n_bytes;
};

static lake_status look_at(struct lake *lake, const char *state_path, struct orphan *out, struct lake_error *err)
{
    struct io_status found;
    char *path = NULL;
    bool known = false;
    lake_status status = LAKE_OK;
    *out = (struct orphan){false, 0};
    TRY(is_known(lake, state_path, &known, err));
    if (known)
        return LAKE_OK;
    TRY(layout_state_path(lake, state_path, &path, err));
    int result = lake->io.ops->status(lake->io.context, path, &found);
    if (result == 0 && found.modified_ms <= lake->io.ops->now_ms(lake->io.context) - YOUNGEST_MS)
        *out = (struct orphan){true, found.size_bytes};
    else if (result != 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot examine", path);
    memory_free(path);
    return status;
}

/* ---- removing ---- */

/* Under the lake's lock (but in a dry run), so that what is found to be an orphan is one when it is removed. */
static lake_status remove_orphan(struct maintenance *maintenance, const char *name, struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    struct orphan orphan = {false, 0};
    char *below = NULL;
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_join("history", name, &below, err));
    TRY_OUT(look_at(lake, below, &orphan, err));
    if (!orphan.is_one)
        goto out;
    TRY_OUT(layout_state_path(lake, below, &path, err));
    if (!maintenance->options->dry_run)
        TRY_OUT(file_remove(lake->io, path, err));
    maintenance->result->orphans_removed++;
    maintenance->result->orphan_bytes += orphan.n_bytes;
    struct maintain_step step = {"gc", below, 1, orphan.n_bytes, 0};
    status = maintain_add_step(maintenance, &step, err);
out:
    memory_free(below);
    memory_free(path);
    return status;
}

/* Keeps, of the names, those of orphans; looked at again when they are removed. */
static lake_status keep_orphans(struct lake *lake, struct buffer *names, struct lake_error *err)
{
    size_t n_kept = 0;
    for (size_t at = 0, n = 0; at < names->length; at += n) {
        const char *name = (const char *)names->data + at;
        struct orphan orphan = {false, 0};
        char *below = NULL;
        n = strlen(name) + 1;
        TRY(path_join("history", name, &below, err));
        lake_status status = look_at(lake, below, &orphan, err);
        memory_free(below);
        if (status != LAKE_OK)
            return status;
        if (!orphan.is_one)
            continue;
        memmove(names->data + n_kept, name, n);
        n_kept += n;
    }
    names->length = n_kept;
    return LAKE_OK;
}

/* The next few of them. */
static lake_status remove_some(struct maintenance *maintenance, const struct buffer *names, size_t *at,
                               struct lake_error *err)
{
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    if (!maintenance->options->dry_run)
        TRY(lake_lock(maintenance->lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    for (int i = 0; i < REMOVED_AT_ONCE && *at < names->length && status == LAKE_OK; i++) {
        const char *name = (const char *)names->data + *at;
        status = remove_orphan(maintenance, name, err);
        *at += strlen(name) + 1;
    }
    file_lock_release(&lock);
    return status == LAKE_OK ? maintain_report(maintenance, err) : status;
}

lake_status orphans_remove(struct maintenance *maintenance, struct lake_error *err)
{
    struct buffer names = BUFFER_INIT(LIMIT_ENGINE_BYTES);
    lake_status status = LAKE_OK;
    TRY_OUT(list_state_files(maintenance->lake, "history", &names, err));
    TRY_OUT(keep_orphans(maintenance->lake, &names, err));
    for (size_t at = 0; at < names.length;)
        TRY_OUT(remove_some(maintenance, &names, &at, err));
out:
    buffer_release(&names);
    return status;
}
