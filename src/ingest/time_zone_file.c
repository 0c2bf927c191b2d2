#include "ingest/time_zone_file.h"

#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "ingest/time_zone_rule.h"

enum { HEADER_BYTES = 44, LOCAL_TYPE_BYTES = 6, FIRST_YEAR = 1900, LAST_YEAR = 2100, MAX_OFFSET_S = 26 * 3600 };

struct zone_file {
    const char *name;
    const uint8_t *p, *end;
    uint8_t version;
    /* of the block that is being read */
    uint32_t n_utc_marks, n_standard_marks, n_leaps, n_times, n_types, n_letters;
};

static uint32_t load_big_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Instants before all history are one: offsets can be added to it. */
static int64_t load_time(const uint8_t *p, size_t width)
{
    if (width == 4)
        return (int32_t)load_big_32(p);
    int64_t time = (int64_t)((uint64_t)load_big_32(p) << 32 | load_big_32(p + 4));
    if (time > INT64_MAX / 2)
        return INT64_MAX / 2;
    return time < INT64_MIN / 2 ? INT64_MIN / 2 : time;
}

static lake_status fail(const struct zone_file *file, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the time zone '%s' of the system's tz database is not in the TZif format",
                     file->name);
}

static lake_status read_header(struct zone_file *file, struct lake_error *err)
{
    if (file->end - file->p < HEADER_BYTES || memcmp(file->p, "TZif", 4) != 0)
        return fail(file, err);
    uint32_t *const counts[] = {&file->n_utc_marks, &file->n_standard_marks, &file->n_leaps,
                                &file->n_times,     &file->n_types,          &file->n_letters};
    file->version = file->p[4];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = load_big_32(file->p + 20 + 4 * i);
    file->p += HEADER_BYTES;
    return LAKE_OK;
}

/* Bytes of the block behind its header; each count is of 32 bits, so that the sum fits. */
static uint64_t block_bytes(const struct zone_file *file, size_t width)
{
    return (uint64_t)file->n_times * (width + 1) + (uint64_t)file->n_types * LOCAL_TYPE_BYTES + file->n_letters +
           (uint64_t)file->n_leaps * (width + 4) + file->n_standard_marks + file->n_utc_marks;
}

static lake_status check_block(const struct zone_file *file, size_t width, struct lake_error *err)
{
    if (block_bytes(file, width) > (uint64_t)(file->end - file->p) || file->n_types == 0)
        return fail(file, err);
    return LAKE_OK;
}

static lake_status read_offsets(const struct zone_file *file, size_t width, struct zone_table *out,
                                struct lake_error *err)
{
    const uint8_t *times = file->p, *types = times + file->n_times * width, *locals = types + file->n_times;
    for (size_t i = 0; i <= file->n_times; i++) {
        uint8_t type = i > 0 ? types[i - 1] : 0;
        if (type >= file->n_types)
            return fail(file, err);
        struct zone_offset *to = &out->offsets[out->n++];
        to->from_s = i > 0 ? load_time(times + (i - 1) * width, width) : INT64_MIN;
        to->offset_s = (int32_t)load_big_32(locals + (size_t)type * LOCAL_TYPE_BYTES);
        if (to->offset_s > MAX_OFFSET_S || to->offset_s < -MAX_OFFSET_S || (i > 1 && to->from_s < to[-1].from_s))
            return fail(file, err);
    }
    return LAKE_OK;
}

static void append_change(struct zone_table *table, int64_t from_s, int32_t offset_s)
{
    if (from_s > table->offsets[table->n - 1].from_s)
        table->offsets[table->n++] = (struct zone_offset){from_s, offset_s};
}

/* The changes of the years behind the table. */
static void append_rule(const struct zone_rule *rule, struct zone_table *out)
{
    int64_t last_s = out->offsets[out->n - 1].from_s;
    if (!rule->has_summer)
        return;
    for (int32_t year = FIRST_YEAR; year <= LAST_YEAR; year++) {
        int64_t start_s, end_s;
        zone_rule_changes(rule, year, &start_s, &end_s);
        if (start_s < end_s && start_s > last_s)
            append_change(out, start_s, rule->summer_s);
        if (end_s > last_s)
            append_change(out, end_s, rule->standard_s);
        if (start_s > end_s && start_s > last_s)
            append_change(out, start_s, rule->summer_s);
    }
}

/* "\n<rule>\n" behind the last block; there may be none. */
static lake_status read_rule(struct zone_file *file, struct zone_table *out, struct lake_error *err)
{
    struct zone_rule rule;
    if (file->end - file->p < 2 || *file->p != '\n')
        return fail(file, err);
    const char *text = (const char *)file->p + 1;
    const char *line_end = memchr(text, '\n', (size_t)(file->end - file->p) - 1);
    if (line_end == NULL)
        return fail(file, err);
    if (line_end == text)
        return LAKE_OK;
    if (!zone_rule_parse(text, (size_t)(line_end - text), &rule))
        return fail(file, err);
    append_rule(&rule, out);
    return LAKE_OK;
}

static lake_status read_table(struct zone_file *file, struct zone_table *out, struct lake_error *err)
{
    size_t width = 4;
    TRY(read_header(file, err));
    TRY(check_block(file, width, err));
    if (file->version >= '2') {
        file->p += block_bytes(file, width);
        width = 8;
        TRY(read_header(file, err));
        TRY(check_block(file, width, err));
    }
    size_t capacity = (size_t)file->n_times + 1 + 2 * (LAST_YEAR - FIRST_YEAR + 1);
    TRY(memory_new(capacity, sizeof *out->offsets, &out->offsets, err));
    TRY(read_offsets(file, width, out, err));
    file->p += block_bytes(file, width);
    return width == 8 ? read_rule(file, out, err) : LAKE_OK;
}

lake_status zone_table_read(const char *name, const uint8_t *bytes, size_t n, struct zone_table *out,
                            struct lake_error *err)
{
    struct zone_file file = {.name = name, .p = bytes, .end = bytes + n};
    *out = (struct zone_table){NULL, 0};
    lake_status status = read_table(&file, out, err);
    if (status != LAKE_OK)
        zone_table_release(out);
    return status;
}

void zone_table_release(struct zone_table *table)
{
    memory_free(table->offsets);
    *table = (struct zone_table){NULL, 0};
}
