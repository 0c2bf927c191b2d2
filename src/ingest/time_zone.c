#include "ingest/time_zone.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "ingest/csv_time_text.h"
#include "ingest/time_zone_file.h"
#include "io/file.h"

enum { MAX_FILE_BYTES = 1 << 20, DIRECTION_S = 2 * 3600 };

/* Where systems keep the tz database. */
static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo",
                                      "/etc/zoneinfo"};

struct time_zone {
    char *name;
    struct zone_table table;
    size_t at;                    /* the offset that the last time had */
    int64_t plain_from, plain_to; /* local times that have this offset alone, in seconds */
    int64_t last_s;               /* UTC, of the last time; INT64_MIN: there was none */
    int64_t step_s;               /* between the last two, whichever way */
    bool is_falling;              /* newest first */
    bool has_direction;
};

/* ---- which zone ---- */

/* "UTC", "+09:00", "UTC-5": as the offset of a written time is read. */
static bool read_fixed(const char *text, int32_t *offset_s)
{
    char time[64];
    struct csv_time_parts parts;
    if (strlen(text) > 16 || text[0] == '\0')
        return false;
    int n = snprintf(time, sizeof time, "2000-01-01 00:00:00%s", text);
    csv_time_take_apart((struct csv_span){time, (size_t)n}, &parts);
    *offset_s = (int32_t)(parts.offset_ns / NS_PER_SECOND);
    return parts.kind == CSV_TIME_INSTANT && parts.has_offset;
}

/* No name leads out of the database. */
static bool is_name(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");
    return n > 0 && n <= LIMIT_NAME_BYTES && text[n] == '\0' && text[0] != '/' && strstr(text, "//") == NULL;
}

static lake_status fail_unknown(const char *text, struct lake_error *err)
{
    return lake_fail(
        err, LAKE_INVALID_ARGUMENT,
        "time zone '%.64s' is not known; it is UTC, an offset such as +09:00, or a name of the system's tz "
        "database, such as America/New_York",
        text);
}

static lake_status read_file(struct io io, const char *text, struct buffer *out, struct lake_error *err)
{
    lake_status status = LAKE_NOT_FOUND;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && status == LAKE_NOT_FOUND; i++) {
        char *path = NULL;
        TRY(path_join(folders[i], text, &path, err));
        struct io_status file;
        int result = io.ops->status(io.context, path, &file);
        if (result == 0 && file.kind == IO_KIND_FILE)
            status = file_read_all(io, path, MAX_FILE_BYTES, out, err);
        memory_free(path);
    }
    return status == LAKE_NOT_FOUND ? fail_unknown(text, err) : status;
}

static lake_status fill(struct io io, const char *text, struct time_zone *zone, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    struct buffer bytes = BUFFER_INIT(MAX_FILE_BYTES);
    int32_t offset_s = 0;
    TRY_OUT(memory_copy_string(text, &zone->name, err));
    if (read_fixed(text, &offset_s)) {
        TRY_OUT(memory_new(1, sizeof *zone->table.offsets, &zone->table.offsets, err));
        zone->table.offsets[0] = (struct zone_offset){INT64_MIN, offset_s};
        zone->table.n = 1;
        goto out;
    }
    if (!is_name(text)) {
        status = fail_unknown(text, err);
        goto out;
    }
    TRY_OUT(read_file(io, text, &bytes, err));
    TRY_OUT(zone_table_read(text, bytes.data, bytes.length, &zone->table, err));
out:
    buffer_release(&bytes);
    return status;
}

lake_status time_zone_open(struct io io, const char *text, struct time_zone **out, struct lake_error *err)
{
    struct time_zone *zone = NULL;
    int32_t offset_s = 0;
    *out = NULL;
    if (read_fixed(text, &offset_s) && offset_s == 0)
        return LAKE_OK;
    TRY(memory_new(1, sizeof *zone, &zone, err));
    zone->last_s = INT64_MIN;
    lake_status status = fill(io, text, zone, err);
    if (status != LAKE_OK)
        time_zone_close(zone);
    else
        *out = zone;
    return status;
}

void time_zone_close(struct time_zone *zone)
{
    if (zone == NULL)
        return;
    zone_table_release(&zone->table);
    memory_free(zone->name);
    memory_free(zone);
}

const char *time_zone_name(const struct time_zone *zone)
{
    return zone != NULL ? zone->name : "UTC";
}

/* ---- local to UTC ---- */

/* Local times that offset `at` covers: [*from, *to). */
static void local_range(const struct zone_table *table, size_t at, int64_t *from, int64_t *to)
{
    int64_t offset = table->offsets[at].offset_s;
    *from = at > 0 ? table->offsets[at].from_s + offset : INT64_MIN;
    *to = at + 1 < table->n ? table->offsets[at + 1].from_s + offset : INT64_MAX;
}

static bool covers(const struct zone_table *table, size_t at, int64_t local_s)
{
    int64_t from, to;
    local_range(table, at, &from, &to);
    return local_s >= from && local_s < to;
}

/* The last offset whose local times begin at or before this one; the one before it may cover it too. */
static size_t find_offset(const struct zone_table *table, int64_t local_s)
{
    size_t low = 0, high = table->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table->offsets[middle].from_s + table->offsets[middle].offset_s <= local_s)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Of a time that comes twice: the one that goes on from the last in its direction; the earlier where neither or both
 * do. Bars as long as the span that is repeated have the same time twice in a row: the step goes on then. */
static bool is_later(const struct time_zone *zone, int64_t earlier_s, int64_t later_s)
{
    bool is_step = later_s - earlier_s == zone->step_s;
    if (zone->last_s == INT64_MIN)
        return zone->is_falling;
    if (zone->is_falling)
        return is_step && later_s == zone->last_s ? false : later_s <= zone->last_s || earlier_s > zone->last_s;
    return is_step && earlier_s == zone->last_s ? true : earlier_s < zone->last_s && later_s >= zone->last_s;
}

static void remember(struct time_zone *zone, size_t at)
{
    const struct zone_table *table = &zone->table;
    int64_t other_from, other_to;
    zone->at = at;
    local_range(table, at, &zone->plain_from, &zone->plain_to);
    if (at > 0) {
        local_range(table, at - 1, &other_from, &other_to);
        zone->plain_from = other_to > zone->plain_from ? other_to : zone->plain_from;
    }
    if (at + 1 < table->n) {
        local_range(table, at + 1, &other_from, &other_to);
        zone->plain_to = other_from < zone->plain_to ? other_from : zone->plain_to;
    }
}

static bool find_utc(struct time_zone *zone, int64_t local_s, int64_t *utc_s)
{
    const struct zone_table *table = &zone->table;
    size_t at = find_offset(table, local_s);
    bool is_covered = covers(table, at, local_s);
    bool is_twice = at > 0 && covers(table, at - 1, local_s);
    if (!is_covered && !is_twice)
        return false;
    if (is_covered && is_twice) {
        int64_t earlier_s = local_s - table->offsets[at - 1].offset_s, later_s = local_s - table->offsets[at].offset_s;
        at -= !is_later(zone, earlier_s, later_s);
    } else if (is_twice) {
        at--;
    }
    remember(zone, at);
    *utc_s = local_s - table->offsets[at].offset_s;
    return true;
}

/* Which way the times go; a call whose times lie close together does not say, since clocks may have been set back
 * among them. */
static void tell_direction(struct time_zone *zone, const int64_t *ts, int64_t n, int64_t units_per_second)
{
    if (n < 2)
        return;
    int64_t difference = ts[n - 1] / units_per_second - ts[0] / units_per_second;
    bool is_far = difference > DIRECTION_S || difference < -DIRECTION_S;
    if (!is_far && (zone->has_direction || difference == 0))
        return;
    zone->is_falling = difference < 0;
    zone->has_direction = true;
}

int64_t time_zone_to_utc(struct time_zone *zone, int64_t *ts, int64_t n, int64_t units_per_second)
{
    tell_direction(zone, ts, n, units_per_second);
    for (int64_t i = 0; i < n; i++) {
        int64_t local_s = ts[i] / units_per_second - (ts[i] % units_per_second < 0);
        int64_t utc_s = local_s - zone->table.offsets[zone->at].offset_s;
        bool is_plain = local_s >= zone->plain_from && local_s < zone->plain_to;
        if (!is_plain && !find_utc(zone, local_s, &utc_s))
            return i;
        ts[i] += (utc_s - local_s) * units_per_second;
        if (zone->last_s != INT64_MIN)
            zone->step_s = utc_s > zone->last_s ? utc_s - zone->last_s : zone->last_s - utc_s;
        zone->last_s = utc_s;
    }
    return n;
}
