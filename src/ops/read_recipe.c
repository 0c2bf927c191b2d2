#include "ops/read_recipe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "io/number.h"
#include "ops/derive_recipe.h"

enum { OFFSET_TEXT_BYTES = 32 };

static lake_status fail_unknown(const char *text, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the recipe '%.80s' of stored bars is not understood; derive them anew", text);
}

static const char *behind(const char *text, const char *start)
{
    size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

/* "from raw 1m" is named by the period, "from trades tick" by the type. */
static lake_status read_source(const char *text, const char *item, struct arena *arena, struct lake_recipe *out,
                               struct lake_error *err)
{
    const char *type = behind(item, "from ");
    const char *period = type == NULL ? NULL : strchr(type, ' ');
    if (period == NULL)
        return fail_unknown(text, err);
    if (strcmp(period, " tick") == 0)
        return arena_copy_text(arena, type, (size_t)(period - type), &out->from, err);
    return arena_copy_text(arena, period + 1, strlen(period + 1), &out->from, err);
}

/* "30m", or "30000 ms" where it is no whole minutes. */
static lake_status read_offset(const char *text, const char *offset, struct arena *arena, struct lake_recipe *out,
                               struct lake_error *err)
{
    char seconds[OFFSET_TEXT_BYTES];
    const char *unit = strchr(offset, ' ');
    int64_t ms = 0;
    if (unit == NULL)
        return arena_copy_text(arena, offset, strlen(offset), &out->offset, err);
    if (strcmp(unit, " ms") != 0 || !number_parse_int64(offset, (size_t)(unit - offset), &ms) ||
        ms % MS_PER_SECOND != 0)
        return fail_unknown(text, err);
    int n = snprintf(seconds, sizeof seconds, "%" PRId64 "s", ms / MS_PER_SECOND);
    return arena_copy_text(arena, seconds, (size_t)n, &out->offset, err);
}

lake_status read_recipe_parse(const char *text, struct arena *arena, struct lake_recipe *out, struct lake_error *err)
{
    static const char *const nothing[] = {NULL};
    const char *const *items = nothing;
    size_t n = 0, first = 1;
    *out = (struct lake_recipe){.offset = "0"};
    TRY(derive_recipe_split(text, arena, &items, &n, err));
    if (n == 0)
        return fail_unknown(text, err);
    TRY(read_source(text, items[0], arena, out, err));
    bool is_column = n > 1 && strchr(items[1], '=') != NULL; /* whose name may begin like that */
    const char *offset = n > 1 && !is_column ? behind(items[1], "offset ") : NULL;
    if (offset != NULL) {
        TRY(read_offset(text, offset, arena, out, err));
        first = 2;
    }
    out->columns = items + first;
    out->n_columns = n - first;
    return LAKE_OK;
}
