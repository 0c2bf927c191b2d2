#include "lake/content.h"

#include <string.h>

#include "base/bytes.h"
#include "base/calendar.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "lake/holes.h"

enum { CHUNK_ROWS = 1024 };

static const char content_magic[4] = {'D', 'L', 'C', '1'};

/* Rows [first, first + n) of a column. */
struct slice {
    const struct column_field *field;
    const struct column *column;
    int64_t first;
    int64_t n;
};

static int64_t count_nulls(const struct slice *slice)
{
    int64_t n_nulls = 0;
    if (slice->column->null_count == 0)
        return 0;
    for (int64_t i = 0; i < slice->n; i++)
        n_nulls += !column_is_valid(slice->column, slice->first + i);
    return n_nulls;
}

/* Bits [first, first + n) from their own first byte on. */
static lake_status hash_bits(struct sha256 *hash, const uint8_t *bits, int64_t first, int64_t n, struct lake_error *err)
{
    uint8_t packed[CHUNK_ROWS / 8];
    for (int64_t start = 0; start < n; start += CHUNK_ROWS) {
        int64_t rows = n - start < CHUNK_ROWS ? n - start : CHUNK_ROWS;
        memset(packed, 0, sizeof packed);
        for (int64_t i = 0; i < rows; i++)
            if (bit_get(bits, first + start + i))
                bit_set(packed, i, true);
        TRY(sha256_update(hash, packed, (size_t)(rows + 7) / 8, err));
    }
    return LAKE_OK;
}

static lake_status hash_text(struct sha256 *hash, const struct slice *slice, struct lake_error *err)
{
    const int32_t *offsets = slice->column->offsets + slice->first;
    uint8_t lengths[CHUNK_ROWS * 4];
    for (int64_t start = 0; start < slice->n; start += CHUNK_ROWS) {
        int64_t rows = slice->n - start < CHUNK_ROWS ? slice->n - start : CHUNK_ROWS;
        for (int64_t i = 0; i < rows; i++)
            store_u32(lengths + 4 * i, (uint32_t)(offsets[start + i + 1] - offsets[start + i]));
        TRY(sha256_update(hash, lengths, (size_t)rows * 4, err));
    }
    const uint8_t *bytes = slice->column->values;
    size_t n_bytes = (size_t)(offsets[slice->n] - offsets[0]);
    return n_bytes == 0 ? LAKE_OK : sha256_update(hash, bytes + offsets[0], n_bytes, err);
}

static lake_status hash_values(struct sha256 *hash, const struct slice *slice, struct lake_error *err)
{
    size_t width = column_type_width(slice->field);
    if (column_type_has_offsets(slice->field->type))
        return hash_text(hash, slice, err);
    if (slice->field->type == COLUMN_BOOL)
        return hash_bits(hash, slice->column->values, slice->first, slice->n, err);
    const uint8_t *values = slice->column->values;
    return sha256_update(hash, values + (size_t)slice->first * width, (size_t)slice->n * width, err);
}

static lake_status hash_column(struct sha256 *hash, const struct slice *slice, struct lake_error *err)
{
    uint8_t head[10];
    int64_t n_nulls = count_nulls(slice);
    if (n_nulls == slice->n)
        return LAKE_OK;
    size_t name_length = strlen(slice->field->name);
    store_u32(head, (uint32_t)name_length);
    TRY(sha256_update(hash, head, 4, err));
    TRY(sha256_update(hash, slice->field->name, name_length, err));
    head[0] = (uint8_t)slice->field->type;
    store_u32(head + 1, (uint32_t)slice->field->width);
    head[5] = n_nulls > 0;
    TRY(sha256_update(hash, head, 6, err));
    if (n_nulls > 0)
        TRY(hash_bits(hash, slice->column->validity, slice->first, slice->n, err));
    return hash_values(hash, slice, err);
}

/* Column indexes in the order of their names, byte by byte. Insertion: there are a dozen. */
static void order_by_name(const struct schema *schema, size_t *order)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(schema->fields[order[at - 1]].name, schema->fields[i].name) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static lake_status hash_head(struct sha256 *hash, int64_t n_rows, struct lake_error *err)
{
    uint8_t bytes[8];
    store_u64(bytes, (uint64_t)n_rows);
    TRY(sha256_begin(hash, err));
    TRY(sha256_update(hash, content_magic, sizeof content_magic, err));
    return sha256_update(hash, bytes, sizeof bytes, err);
}

static lake_status hash_day(const struct batch *batch, const size_t *order, struct sha256 *hash,
                            struct content_day *day, struct lake_error *err)
{
    TRY(hash_head(hash, day->n_rows, err));
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        struct slice slice = {&batch->schema->fields[order[i]], &batch->columns[order[i]], day->first_row, day->n_rows};
        TRY(hash_column(hash, &slice, err));
    }
    return sha256_end(hash, day->sha256, err);
}

static int64_t time_at(const struct time_values *times, int64_t row)
{
    return time_unit_to_ms(times->values[row], times->per_ms);
}

/* The first time of the next day; INT64_MAX where all times that are left are of this one. */
static int64_t end_of_day(int64_t day, int64_t per_ms)
{
    return day >= INT64_MAX / MS_PER_DAY ? INT64_MAX : time_unit_from_ms((day + 1) * MS_PER_DAY, per_ms);
}

/* Cuts the sorted times into days, at most so many. */
static size_t cut_days(const struct time_values *times, struct content_day *days, size_t n_most)
{
    size_t n_days = 0;
    for (int64_t row = 0, end = 0; row < times->n_rows && n_days < n_most; row = end) {
        int64_t first_ms = time_at(times, row), day = calendar_day_of_ms(first_ms);
        int64_t end_time = end_of_day(day, times->per_ms);
        for (end = row + 1; end < times->n_rows && (times->values[end] < end_time || end_time == INT64_MAX);)
            end++;
        days[n_days++] = (struct content_day){.day = day,
                                              .first_row = row,
                                              .n_rows = end - row,
                                              .first_ms = first_ms,
                                              .last_ms = time_at(times, end - 1)};
    }
    return n_days;
}

static size_t most_days(const struct time_values *times)
{
    if (times->n_rows == 0 || times->values[times->n_rows - 1] < times->values[0])
        return 0;
    int64_t first = calendar_day_of_ms(time_at(times, 0)), last = calendar_day_of_ms(time_at(times, times->n_rows - 1));
    int64_t span = last - first + 1;
    return (size_t)(span < times->n_rows ? span : times->n_rows);
}

static lake_status find_days(const struct time_values *times, struct content_day **days, size_t *n_days,
                             struct lake_error *err)
{
    if (times->per_ms == 0)
        return lake_fail(err, LAKE_CORRUPT, "the first column is not a timestamp");
    size_t n_most = most_days(times);
    TRY(memory_resize(days, n_most, sizeof **days, err));
    *n_days = cut_days(times, *days, n_most);
    int64_t end = *n_days == 0 ? 0 : (*days)[*n_days - 1].first_row + (*days)[*n_days - 1].n_rows;
    return end == times->n_rows ? LAKE_OK : lake_fail(err, LAKE_CORRUPT, "rows are not in the order of their times");
}

lake_status content_find_days(const struct batch *batch, struct sha256 *hash, struct content_day **days, size_t *n_days,
                              struct lake_error *err)
{
    const struct time_values times = {batch_values(batch, 0), batch->n_rows,
                                      time_unit_per_ms(batch->schema->fields[0].type)};
    size_t *order = NULL;
    lake_status status = LAKE_OK;
    *n_days = 0;
    TRY_OUT(find_days(&times, days, n_days, err));
    TRY_OUT(memory_new(batch->schema->n_fields, sizeof *order, &order, err));
    order_by_name(batch->schema, order);
    for (size_t i = 0; i < *n_days; i++)
        TRY_OUT(hash_day(batch, order, hash, &(*days)[i], err));
out:
    memory_free(order);
    return status;
}

lake_status content_find_holes(const struct batch *batch, const struct period *period, struct content_day *days,
                               size_t n_days, struct buffer *holes, struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    int64_t per_ms = time_unit_per_ms(batch->schema->fields[0].type);
    if (period->length_ms == 0)
        return LAKE_OK;
    for (size_t i = 0; i < n_days; i++) {
        const struct time_values times = {ts + days[i].first_row, days[i].n_rows, per_ms};
        days[i].holes_at = holes->length;
        TRY(holes_encode(period, &times, holes, err));
        days[i].n_holes_bytes = holes->length - days[i].holes_at;
        days[i].has_holes = true;
    }
    return LAKE_OK;
}

struct manifest_content content_describe(const struct content_day *day, const struct buffer *holes)
{
    static const uint8_t none[1];
    struct manifest_content content = {
        .day = day->day, .n_rows = day->n_rows, .time_from_ms = day->first_ms, .time_to_ms = day->last_ms};
    memcpy(content.sha256, day->sha256, SHA256_BYTES);
    if (day->has_holes) {
        content.holes = day->n_holes_bytes == 0 ? none : holes->data + day->holes_at;
        content.n_holes_bytes = day->n_holes_bytes;
    }
    return content;
}

lake_status content_empty_day(int64_t day, struct sha256 *hash, struct content_day *out, struct lake_error *err)
{
    *out = (struct content_day){.day = day, .first_ms = day * MS_PER_DAY, .last_ms = day * MS_PER_DAY};
    TRY(hash_head(hash, 0, err));
    return sha256_end(hash, out->sha256, err);
}
