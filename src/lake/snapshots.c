/* Snapshots by number, name and time; giving them names. */
#include <datalake/history.h>
#include <datalake/text.h>

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "lake/handle.h"
#include "lake/table_stream.h"
#include "manifest/history.h"

/* Digits alone are a snapshot's number; so many are epoch milliseconds, as JSON output has them (from 1973 on): no lake has that
 * many snapshots. */
enum { LONGEST_NAME = 64, SHOWN_TEXT = 64, MILLISECONDS_DIGITS = 12 };

/* ---- finding ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > LONGEST_NAME || !is_letter(text[0]))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!is_letter(text[i]) && !is_digit(text[i]) && strchr("_-.", text[i]) == NULL)
            return false;
    return true;
}

static bool is_number(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n < MILLISECONDS_DIGITS && text[n] == '\0';
}

static int64_t read_number(const char *text)
{
    int64_t value = 0;
    for (; *text != '\0'; text++)
        value = value * 10 + (*text - '0'); /* fewer digits than can overflow */
    return value;
}

static lake_status fail_no_snapshot(const struct manifest_snapshots *all, const char *text, struct lake_error *err)
{
    char first[CALENDAR_TEXT_BYTES], last[CALENDAR_TEXT_BYTES];
    if (all->last == 0)
        return lake_fail(err, LAKE_NOT_FOUND, "there is no snapshot '%.*s': the lake has none yet", SHOWN_TEXT, text);
    calendar_format_ms(all->first_ms, first);
    calendar_format_ms(all->last_ms, last);
    return lake_fail(err, LAKE_NOT_FOUND,
                     "there is no snapshot '%.*s': the first is %" PRId64 " of %s, the last %" PRId64 " of %s",
                     SHOWN_TEXT, text, all->first, first, all->last, last);
}

static lake_status find_number(struct lake *lake, const char *text, int64_t *snapshot, struct lake_error *err)
{
    struct manifest_snapshots all = {0};
    int64_t number = read_number(text);
    TRY(manifest_find_snapshots(lake->manifest, &all, err));
    if (number < 1 || number < all.first || number > all.last)
        return fail_no_snapshot(&all, text, err);
    *snapshot = number;
    return LAKE_OK;
}

/* A bare date means its end, as people mean it: what was there when the day (month, year) was over. */
static lake_status parse_instant(const char *text, int64_t *ms, struct lake_error *err)
{
    int64_t start_ms = 0, end_ms = 0;
    TRY(lake_parse_time(text, false, &start_ms, err));
    TRY(lake_parse_time(text, true, &end_ms, err));
    *ms = end_ms > start_ms ? end_ms - 1 : start_ms;
    return LAKE_OK;
}

static lake_status find_time(struct lake *lake, const char *text, int64_t *snapshot, struct lake_error *err)
{
    struct manifest_snapshots all = {0};
    int64_t ms = 0;
    if (parse_instant(text, &ms, NULL) != LAKE_OK)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.*s' is no snapshot: write its number, its name, or a time such as 2026-01-31T09:30",
                         SHOWN_TEXT, text);
    TRY(manifest_find_snapshot_at(lake->manifest, ms, snapshot, err));
    if (*snapshot != 0)
        return LAKE_OK;
    TRY(manifest_find_snapshots(lake->manifest, &all, err));
    return fail_no_snapshot(&all, text, err);
}

static lake_status fail_no_name(struct lake *lake, const char *text, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct buffer list = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES / 2);
    struct manifest_name *names = NULL;
    const char *choices = "";
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_list_names(lake->manifest, &arena, &names, &n, err));
    for (size_t i = 0; i < n; i++)
        if (buffer_printf(&list, NULL, "%s%s", i == 0 ? "" : ", ", names[i].name) != LAKE_OK)
            break; /* as many as fit into a message */
    if (buffer_string(&list, &choices, NULL) != LAKE_OK)
        choices = "too many to list";
    status = lake_fail(err, LAKE_NOT_FOUND, "no snapshot is named '%.*s'; %s%s", SHOWN_TEXT, text,
                       n == 0 ? "none has a name" : "the names are ", choices);
out:
    buffer_release(&list);
    arena_release(&arena);
    return status;
}

static lake_status find_snapshot(struct lake *lake, const char *text, int64_t *snapshot, struct lake_error *err)
{
    if (is_number(text))
        return find_number(lake, text, snapshot, err);
    if (!is_name(text))
        return find_time(lake, text, snapshot, err);
    TRY(manifest_find_name(lake->manifest, text, snapshot, err));
    return *snapshot == 0 ? fail_no_name(lake, text, err) : LAKE_OK;
}

lake_status lake_find_snapshot(struct lake *lake, const char *text, int64_t *snapshot, struct lake_error *err)
{
    *snapshot = 0;
    mutex_lock(lake->mutex);
    lake_status status = find_snapshot(lake, text == NULL ? "" : text, snapshot, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- names ---- */

struct naming {
    const char *name;
    int64_t snapshot; /* 0: the name is taken away */
};

static lake_status record(struct lake *lake, const struct naming *naming, struct lake_error *err)
{
    if (naming->snapshot == 0)
        return manifest_remove_name(lake->manifest, naming->name, err);
    return manifest_put_name(lake->manifest, naming->name, naming->snapshot, lake->io.ops->now_ms(lake->io.context),
                             err);
}

static lake_status transact(struct lake *lake, const struct naming *naming, struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = manifest_begin(lake->manifest, err);
    if (status == LAKE_OK)
        status = record(lake, naming, err);
    if (status == LAKE_OK)
        status = manifest_commit(lake->manifest, err);
    if (status == LAKE_OK)
        lake->has_committed = true;
    manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status change_name(struct lake *lake, const struct naming *naming, struct lake_error *err)
{
    struct file_lock lock = {0};
    if (naming->name == NULL || !is_name(naming->name))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.*s' cannot name a snapshot: a name is 1 to %d letters, digits, '_', '-' and '.', and "
                         "begins with a letter",
                         SHOWN_TEXT, naming->name == NULL ? "" : naming->name, LONGEST_NAME);
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "naming a snapshot", err));
    lake_status status = transact(lake, naming, err);
    file_lock_release(&lock);
    return status;
}

lake_status lake_name_snapshot(struct lake *lake, const char *name, int64_t snapshot, struct lake_error *err)
{
    const struct naming naming = {name, snapshot};
    if (snapshot < 1)
        return lake_fail(err, LAKE_NOT_FOUND, "there is no snapshot %" PRId64, snapshot);
    return change_name(lake, &naming, err);
}

lake_status lake_unname_snapshot(struct lake *lake, const char *name, struct lake_error *err)
{
    const struct naming naming = {name, 0};
    return change_name(lake, &naming, err);
}

static const struct column_field name_fields[] = {
    {"name", COLUMN_UTF8, 0, false},
    {"snapshot", COLUMN_INT64, 0, false},
    {"committed", COLUMN_TIMESTAMP_MS, 0, false},
    {"named", COLUMN_TIMESTAMP_MS, 0, false},
};

enum { N_NAME_FIELDS = sizeof name_fields / sizeof *name_fields };

static lake_status append_names(struct batch_builder *table, const struct manifest_name *names, size_t n,
                                struct lake_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct cell cells[N_NAME_FIELDS] = {
            cell_text(names[i].name),
            cell_int64(names[i].snapshot),
            cell_int64(names[i].committed_ms),
            cell_int64(names[i].named_ms),
        };
        TRY(batch_builder_append_cells(table, cells, err));
    }
    return LAKE_OK;
}

lake_status lake_list_names(struct lake *lake, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct schema *schema = NULL;
    struct batch_builder *table = NULL;
    struct manifest_name *names = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    status = manifest_list_names(lake->manifest, &arena, &names, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(schema_new(name_fields, N_NAME_FIELDS, &schema, err));
    TRY_OUT(batch_builder_new(schema, &table, err));
    TRY_OUT(append_names(table, names, n, err));
    status = table_stream(table, out, err);
out:
    batch_builder_free(table);
    schema_free(schema);
    arena_release(&arena);
    return status;
}
