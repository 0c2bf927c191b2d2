#include "ingest/row_tally.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"

#define TEXTS_BYTES (1 * MIB)

void row_tally_init(struct row_tally *tally)
{
    *tally = (struct row_tally){.n = 0};
    arena_init(&tally->arena, TEXTS_BYTES);
}

void row_tally_release(struct row_tally *tally)
{
    arena_release(&tally->arena);
    tally->n = 0;
}

lake_status row_tally_find(struct row_tally *tally, const char *rule, struct row_count **out, struct lake_error *err)
{
    struct row_count *count = &tally->counts[tally->n];
    for (size_t i = 0; i < tally->n; i++) {
        *out = &tally->counts[i];
        if (strcmp(tally->counts[i].rule, rule) == 0)
            return LAKE_OK;
    }
    if (tally->n == TALLY_RULES)
        return lake_fail(err, LAKE_INTERNAL, "rule '%.40s' is one more than the %d there can be", rule, TALLY_RULES);
    *count = (struct row_count){.first_place = ""};
    TRY(arena_copy_text(&tally->arena, rule, strlen(rule), &count->rule, err));
    tally->n++;
    *out = count;
    return LAKE_OK;
}

int64_t row_tally_count(struct row_count *count, bool is_rejected)
{
    count->n_rejected += is_rejected;
    count->n_warned += !is_rejected;
    return count->n_rejected + count->n_warned;
}

void row_tally_widen(struct row_count *count, int64_t from_ms, int64_t to_ms)
{
    count->from_ms = !count->has_times || from_ms < count->from_ms ? from_ms : count->from_ms;
    count->to_ms = !count->has_times || to_ms > count->to_ms ? to_ms : count->to_ms;
    count->has_times = true;
}

lake_status row_tally_place(struct row_tally *tally, struct row_count *count, const char *place, int64_t line,
                            struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(LIMIT_PATH_BYTES * 4);
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&text, err, "%s:%" PRId64, place, line));
    TRY_OUT(arena_copy_text(&tally->arena, text.data, text.length, &count->first_place, err));
out:
    buffer_release(&text);
    return status;
}

static lake_status add_kind(const struct row_tally *tally, bool is_rejected, struct buffer *out, struct lake_error *err)
{
    bool is_first = true;
    for (size_t i = 0; i < tally->n; i++) {
        const struct row_count *count = &tally->counts[i];
        int64_t n = is_rejected ? count->n_rejected : count->n_warned;
        if (n == 0)
            continue;
        if (is_first)
            TRY(buffer_printf(out, err, "%s%s: ", out->length == 0 ? "" : "; ", is_rejected ? "rejected" : "warned"));
        TRY(buffer_printf(out, err, "%s%s %" PRId64, is_first ? "" : ", ", count->rule, n));
        if (count->first_place[0] != '\0')
            TRY(buffer_printf(out, err, " (%s)", count->first_place));
        is_first = false;
    }
    return LAKE_OK;
}

lake_status row_tally_text(const struct row_tally *tally, struct buffer *out, struct lake_error *err)
{
    TRY(add_kind(tally, false, out, err));
    return add_kind(tally, true, out, err);
}
