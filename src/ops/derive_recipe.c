#include "ops/derive_recipe.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "lake/handle.h"

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- lists ---- */

static size_t count_items(const char *list)
{
    size_t n = 1;
    for (; *list != '\0'; list++)
        n += *list == ',';
    return n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The text up to a comma outside of parentheses, without the blanks around it; *list becomes what follows the comma, or NULL. */
static lake_status take_item(const char **list, struct arena *arena, const char **out, struct lake_error *err)
{
    const char *start = *list, *at = *list;
    int depth = 0;
    for (; *at != '\0' && (*at != ',' || depth > 0); at++)
        depth += (*at == '(') - (*at == ')');
    *list = *at == ',' ? at + 1 : NULL;
    while (start < at && is_blank(*start))
        start++;
    while (start < at && is_blank(at[-1]))
        at--;
    return arena_copy_text(arena, start, (size_t)(at - start), out, err);
}

lake_status derive_recipe_split(const char *list, struct arena *arena, const char *const **out, size_t *n,
                                struct lake_error *err)
{
    const char **items = NULL;
    *n = 0;
    *out = NULL;
    if (list[0] == '\0')
        return LAKE_OK;
    TRY(arena_new(arena, count_items(list), sizeof *items, &items, err));
    while (list != NULL)
        TRY(take_item(&list, arena, &items[(*n)++], err));
    *out = items;
    return LAKE_OK;
}

/* ---- parts of a recipe ---- */

/* "tick" is the period of trades, and means them. */
static lake_status read_from(const char *from, struct derive_recipe *out, struct lake_error *err)
{
    const struct data_type *type = NULL;
    bool is_type = data_type_find(from, &type, NULL) == LAKE_OK;
    if (is_type && (type->fixed_period == NULL || strcmp(type->fixed_period, "tick") != 0))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.40s' is nothing that bars are derived from: name the period of bars (1m, 5m, …), "
                         "trades or aggtrades",
                         from);
    if (!is_type) {
        TRY(period_find(from, &out->period, err));
        if (strcmp(out->period->name, "tick") == 0)
            TRY(data_type_find("trades", &type, err));
    }
    out->type = type;
    return type == NULL ? LAKE_OK : period_find(type->fixed_period, &out->period, err);
}

static lake_status read_origin(const char *origin, struct derive_recipe *out, struct lake_error *err)
{
    int64_t us = 0;
    if (!calendar_parse_us(origin, strlen(origin), &us, NULL))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "origin '%.60s' is no time; write 2023-04-01, or 2023-04-01T09:30:00Z", origin);
    out->has_origin = true;
    out->origin_ms = us / US_PER_MS;
    if (us % US_PER_MS != 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "origin '%.60s' is not a whole millisecond", origin);
    return LAKE_OK;
}

static lake_status read_grid(const struct config_aggregate *usual, const struct lake_recipe *given,
                             struct derive_recipe *out, struct lake_error *err)
{
    if (is_given(given->offset) && is_given(given->origin))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "an offset and an origin cannot both be given");
    if (is_given(given->origin))
        return read_origin(given->origin, out, err);
    const char *offset = is_given(given->offset) ? given->offset : usual->offset;
    return offset[0] == '\0' ? LAKE_OK : bucket_offset_parse(offset, &out->offset_ms, err);
}

/* Written the same way, whoever wrote it. */
static lake_status normalise_column(const char *written, struct arena *arena, const char **out, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(MIB);
    struct aggregate_column column;
    lake_status status = LAKE_OK;
    TRY_OUT(aggregate_column_parse(written, arena, &column, err));
    TRY_OUT(buffer_printf(&text, err, "%s=%s(", column.name, column.function->name));
    for (size_t i = 0; i < column.function->n_arguments; i++)
        TRY_OUT(buffer_printf(&text, err, "%s%s", i == 0 ? "" : ",", column.arguments[i]));
    TRY_OUT(buffer_append_byte(&text, ')', err));
    status = arena_copy_text(arena, text.data, text.length, out, err);
out:
    buffer_release(&text);
    return status;
}

static lake_status add_columns(const char *list, struct arena *arena, const char **columns, struct derive_recipe *out,
                               struct lake_error *err)
{
    const char *const *written = NULL;
    size_t n = 0;
    TRY(derive_recipe_split(list, arena, &written, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(normalise_column(written[i], arena, &columns[out->n_columns++], err));
    return LAKE_OK;
}

/* Each text given may be a list as well. */
static lake_status read_columns(const struct config_aggregate *usual, const struct lake_recipe *given,
                                struct arena *arena, struct derive_recipe *out, struct lake_error *err)
{
    const char *const usual_lists[] = {usual->columns};
    const char *const *lists = given->columns != NULL ? given->columns : usual_lists;
    const size_t n_lists = given->columns != NULL ? given->n_columns : 1;
    const char **columns = NULL;
    size_t most = 0;
    for (size_t i = 0; i < n_lists; i++)
        most += count_items(lists[i]);
    TRY(arena_new(arena, most, sizeof *columns, &columns, err));
    for (size_t i = 0; i < n_lists; i++)
        TRY(add_columns(lists[i], arena, columns, out, err));
    out->columns = columns;
    return LAKE_OK;
}

lake_status derive_recipe_read(struct lake *lake, const struct lake_recipe *given, struct arena *arena,
                               struct derive_recipe *out, struct lake_error *err)
{
    static const struct lake_recipe nothing;
    const struct config_aggregate *usual = &lake->aggregate;
    *out = (struct derive_recipe){.period = NULL};
    if (given == NULL)
        given = &nothing;
    const char *from = is_given(given->from) ? given->from : usual->from;
    if (from[0] != '\0')
        TRY(read_from(from, out, err));
    TRY(read_grid(usual, given, out, err));
    return read_columns(usual, given, arena, out, err);
}

lake_status derive_recipe_grid(const struct derive_recipe *recipe, const struct period *target,
                               struct bucket_grid *grid, struct lake_error *err)
{
    int64_t offset_ms = recipe->has_origin ? bucket_offset_of(target, recipe->origin_ms) : recipe->offset_ms;
    return bucket_grid_init(grid, target, offset_ms, err);
}

/* ---- as text ---- */

static lake_status append_offset(struct buffer *text, int64_t offset_ms, struct lake_error *err)
{
    if (offset_ms == 0)
        return LAKE_OK;
    if (offset_ms % MS_PER_MINUTE == 0)
        return buffer_printf(text, err, ", offset %" PRId64 "m", offset_ms / MS_PER_MINUTE);
    return buffer_printf(text, err, ", offset %" PRId64 " ms", offset_ms);
}

lake_status derive_recipe_text(const struct derive_recipe *recipe, const struct manifest_dataset *source,
                               const struct bucket_grid *grid, struct arena *arena, const char **out,
                               struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(MIB);
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&text, err, "from %s %s", source->type, source->period));
    TRY_OUT(append_offset(&text, grid->offset_ms, err));
    for (size_t i = 0; i < recipe->n_columns; i++)
        TRY_OUT(buffer_printf(&text, err, ", %s", recipe->columns[i]));
    status = arena_copy_text(arena, text.data, text.length, out, err);
out:
    buffer_release(&text);
    return status;
}
