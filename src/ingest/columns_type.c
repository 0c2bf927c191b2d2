/* Which data type the columns make, where it is not given. */
#include <string.h>

#include "ingest/columns_work.h"

static bool has_column(const struct columns_work *work, const char *column, const struct data_type *type)
{
    for (size_t i = 0; i < work->input->n_fields; i++) {
        const char *found = csv_meaning_of(work->fields[i].name, type).column;
        if (found != NULL && strcmp(found, column) == 0)
            return true;
    }
    return false;
}

/* How many columns that the type needs no name stands for; its time can be told without a name, and a bar may lack
 * its volume. */
static size_t count_missing(const struct columns_work *work, const struct data_type *type, size_t *n_needed)
{
    size_t n_missing = 0;
    *n_needed = 0;
    for (size_t c = 0; c < type->n_columns; c++) {
        const struct data_type_column *column = &type->columns[c];
        if (!column->required || strcmp(column->name, type->key[0]) == 0 || strcmp(column->name, "volume") == 0)
            continue;
        ++*n_needed;
        n_missing += !has_column(work, column->name, type);
    }
    return n_missing;
}

/* Trades that the venue has joined name the first and last of them, or call their id so. */
static bool is_aggregated(const struct columns_work *work)
{
    static const char *const names[] = {"agg_trade_id", "aggregate_trade_id", "agg_id", "a", "first_trade_id",
                                        "first_id"};
    for (size_t i = 0; i < work->input->n_fields; i++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (csv_is_same_name(work->fields[i].name, (struct csv_span){names[k], strlen(names[k])}))
                return true;
    return false;
}

/* The type whose columns are there, else one of which less than half is missing: what is missing is named then. */
static const struct data_type *find_type(const struct columns_work *work)
{
    static const char *const candidates[] = {"raw", "funding", "trades"};
    const struct data_type *type = NULL, *nearly = NULL;
    size_t n_needed = 0;
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        const char *name = i == 2 && is_aggregated(work) ? "aggtrades" : candidates[i];
        if (data_type_find(name, &type, NULL) != LAKE_OK)
            continue;
        size_t n_missing = count_missing(work, type, &n_needed);
        if (n_missing == 0)
            return type;
        if (nearly == NULL && 2 * n_missing < n_needed)
            nearly = type;
    }
    return nearly;
}

static lake_status fail_type(const struct columns_work *work, struct lake_error *err)
{
    char present[FIELD_LIST_BYTES] = "";
    for (size_t i = 0; i < work->input->n_fields; i++)
        columns_list(present, work->fields[i].shown);
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s: the columns %s are not those of bars (time, open, high, low, close), trades (time, price, "
                     "amount) or funding (time, rate); say which they are with --columns",
                     work->input->place, present);
}

lake_status columns_tell_type(struct columns_work *work, struct lake_error *err)
{
    if (work->type == NULL) {
        work->type = find_type(work);
        if (work->type == NULL)
            return fail_type(work, err);
        TRY(columns_note(work, "type", work->type->name, "columns", err));
    }
    for (size_t i = 0; i < work->input->n_fields; i++)
        work->fields[i].meaning = csv_meaning_of(work->fields[i].name, work->type);
    return LAKE_OK;
}
