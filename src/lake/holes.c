#include "lake/holes.h"

#include "base/calendar.h"

/* ---- writing ---- */

static lake_status append_number(struct buffer *out, uint64_t number, struct lake_error *err)
{
    for (; number >= 0x80; number >>= 7)
        TRY(buffer_append_byte(out, (uint8_t)(number | 0x80), err));
    return buffer_append_byte(out, (uint8_t)number, err);
}

static lake_status append_hole(struct buffer *out, int64_t n_present, int64_t n_missing, struct lake_error *err)
{
    TRY(append_number(out, (uint64_t)n_present, err));
    return append_number(out, (uint64_t)n_missing, err);
}

lake_status holes_encode(const struct period *period, const struct time_values *times, struct buffer *out,
                         struct lake_error *err)
{
    const int64_t *values = times->values;
    int64_t step = period->length_ms * times->per_ms;
    int64_t slot = 0, n_present = 1; /* since the hole before */
    if (period->length_ms == 0 || period->length_ms >= MS_PER_DAY)
        return LAKE_OK;
    for (int64_t i = 1; i < times->n_rows; i++) {
        int64_t next = values[i] - values[i - 1] == step ? slot + 1 : (values[i] - values[0]) / step;
        if (next > slot + 1) {
            TRY(append_hole(out, n_present, next - slot - 1, err));
            n_present = 0;
        }
        n_present += next > slot;
        slot = next > slot ? next : slot;
    }
    return LAKE_OK;
}

/* ---- reading ---- */

void holes_begin(struct holes_reader *reader, const struct period *period, int64_t first_ms, const uint8_t *data,
                 size_t n_bytes)
{
    *reader = (struct holes_reader){
        .data = data, .n_bytes = n_bytes, .period_ms = period->length_ms, .first_ms = first_ms, .at_ms = first_ms};
}

static lake_status fail_corrupt(const struct holes_reader *reader, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the holes of a day are not what was written: byte %zu of %zu",
                     reader->position, reader->n_bytes);
}

/* A number of slots, from 1 to as many as a day has. */
static lake_status take_slots(struct holes_reader *reader, int64_t *out, struct lake_error *err)
{
    uint64_t most = (uint64_t)(MS_PER_DAY / reader->period_ms), number = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; byte >= 0x80; shift += 7) {
        if (reader->position == reader->n_bytes || shift > 28)
            return fail_corrupt(reader, err);
        byte = reader->data[reader->position++];
        number |= (uint64_t)(byte & 0x7F) << shift;
    }
    *out = (int64_t)number;
    return byte == 0 || number > most ? fail_corrupt(reader, err) : LAKE_OK;
}

lake_status holes_next(struct holes_reader *reader, struct hole *out, bool *has_one, struct lake_error *err)
{
    int64_t n_present = 0, n_missing = 0;
    *has_one = reader->position < reader->n_bytes;
    if (!*has_one)
        return LAKE_OK;
    if (reader->period_ms <= 0 || reader->period_ms >= MS_PER_DAY)
        return fail_corrupt(reader, err);
    TRY(take_slots(reader, &n_present, err));
    TRY(take_slots(reader, &n_missing, err));
    out->start_ms = reader->at_ms + n_present * reader->period_ms;
    out->end_ms = out->start_ms + n_missing * reader->period_ms;
    reader->at_ms = out->end_ms;
    return out->end_ms - reader->first_ms >= MS_PER_DAY ? fail_corrupt(reader, err) : LAKE_OK;
}
