#include "lake/saved_notes.h"

/* Bytes that a thing takes at least. */
enum { MEMBER_BYTES = 12, ORIGIN_BYTES = 4 + 8 * 8, ABSENCE_BYTES = 1 + 2 * 8 + 4 };

/* ---- writing ---- */

static lake_status put_members(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, saved->n_members, err));
    for (size_t i = 0; i < saved->n_members; i++) {
        TRY(saved_put_i64(out, saved->members[i].source, err));
        TRY(saved_put_text(out, saved->members[i].name, err));
    }
    return LAKE_OK;
}

static lake_status put_origins(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, saved->n_origins, err));
    for (size_t i = 0; i < saved->n_origins; i++) {
        const struct lake_write_origin *run = &saved->origins[i].run;
        const int64_t *const values[] = {&run->day,       &run->n_rows,  &run->key_from_ms, &run->key_to_ms,
                                         &run->line_from, &run->line_to, &run->n_rises,     &run->n_falls};
        TRY(saved_put_u32(out, saved->origins[i].member, err));
        TRY(saved_put_i64s(out, values, sizeof values / sizeof *values, err));
    }
    return saved_put_u32(out, saved->last_origin, err);
}

lake_status saved_notes_put(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(put_members(saved, out, err));
    TRY(put_origins(saved, out, err));
    TRY(saved_put_u32(out, saved->n_absences, err));
    for (size_t i = 0; i < saved->n_absences; i++) {
        const struct lake_write_absence *absence = &saved->absences[i];
        TRY(buffer_append_byte(out, (uint8_t)absence->kind, err));
        TRY(saved_put_i64(out, absence->start_ms, err));
        TRY(saved_put_i64(out, absence->end_ms, err));
        TRY(saved_put_text(out, absence->answer, err));
    }
    return LAKE_OK;
}

/* ---- reading ---- */

static lake_status take_members(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_list(reader, MEMBER_BYTES, sizeof *saved->members, &saved->n_members, &saved->members));
    for (size_t i = 0; i < saved->n_members; i++) {
        struct saved_member *member = &saved->members[i];
        TRY(saved_take_i64(reader, &member->source));
        if (member->source < 1 || member->source > (int64_t)saved->n_sources + 1)
            return saved_fail(reader, "a member is of no source");
        TRY(saved_take_text(reader, &member->name));
    }
    return LAKE_OK;
}

static lake_status take_origin(struct saved_reader *reader, const struct saved_write *saved,
                               struct saved_origin *origin)
{
    struct lake_write_origin *run = &origin->run;
    int64_t *const keys[] = {&run->day, &run->n_rows, &run->key_from_ms, &run->key_to_ms};
    int64_t *const counts[] = {&run->line_from, &run->line_to, &run->n_rises, &run->n_falls};
    uint32_t member = 0;
    TRY(saved_take_u32(reader, &member));
    origin->member = member;
    if (member >= saved->n_members)
        return saved_fail(reader, "rows are of no member");
    TRY(saved_take_i64s(reader, keys, sizeof keys / sizeof *keys));
    TRY(saved_take_counts(reader, counts, sizeof counts / sizeof *counts));
    if (run->n_rows < 1 || run->key_from_ms > run->key_to_ms || run->line_from > run->line_to)
        return saved_fail(reader, "rows have no place in their source");
    return LAKE_OK;
}

static lake_status take_origins(struct saved_reader *reader, struct saved_write *saved)
{
    uint32_t last = 0;
    TRY(saved_take_list(reader, ORIGIN_BYTES, sizeof *saved->origins, &saved->n_origins, &saved->origins));
    for (size_t i = 0; i < saved->n_origins; i++) {
        TRY(take_origin(reader, saved, &saved->origins[i]));
        if (i > 0 && saved->origins[i].member < saved->origins[i - 1].member)
            return saved_fail(reader, "members are in no order");
    }
    TRY(saved_take_u32(reader, &last));
    saved->last_origin = last;
    return last > saved->n_origins ? saved_fail(reader, "the last row has no place") : LAKE_OK;
}

static lake_status take_absence(struct saved_reader *reader, struct lake_write_absence *absence)
{
    const uint8_t *kind = NULL;
    TRY(saved_take_bytes(reader, 1, &kind));
    if (*kind > WRITE_STILL_OPEN)
        return saved_fail(reader, "bars are absent for no reason");
    absence->kind = (enum lake_write_absence_kind) * kind;
    TRY(saved_take_i64(reader, &absence->start_ms));
    TRY(saved_take_i64(reader, &absence->end_ms));
    if (absence->start_ms >= absence->end_ms)
        return saved_fail(reader, "a range of absent bars is empty");
    return saved_take_text(reader, &absence->answer);
}

lake_status saved_notes_take(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(take_members(reader, saved));
    TRY(take_origins(reader, saved));
    TRY(saved_take_list(reader, ABSENCE_BYTES, sizeof *saved->absences, &saved->n_absences, &saved->absences));
    for (size_t i = 0; i < saved->n_absences; i++)
        TRY(take_absence(reader, &saved->absences[i]));
    return LAKE_OK;
}
