#include "lake/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static lake_status check_snapshot(struct lake *lake, int64_t as_of, struct lake_error *err)
{
    int64_t last = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_snapshot(lake->manifest, &last, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && as_of > last)
        return lake_fail(err, LAKE_NOT_FOUND, "there is no snapshot %" PRId64 " yet; the last is %" PRId64, as_of,
                         last);
    return status;
}

lake_status list_init(struct list *list, struct lake *lake, const struct lake_list_options *options,
                      struct lake_error *err)
{
    static const struct lake_list_options everything = {.size = sizeof everything};
    const struct lake_list_options *given = options == NULL ? &everything : options;
    if (given->size != sizeof *given)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "list options have an unknown size");
    if (given->limit < 0 || given->as_of < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "limit and snapshot cannot be negative");
    list->lake = lake;
    list->as_of = given->as_of;
    list->left = given->limit == 0 ? INT64_MAX : given->limit;
    TRY(select_filter(lake, &given->selection, &list->canonical, err));
    return given->as_of == 0 ? LAKE_OK : check_snapshot(lake, given->as_of, err);
}

/* A name that were cut would leave its dataset behind the place where the next page begins: for ever. */
static lake_status keep_name(const char *name, char *out, size_t n_bytes, struct lake_error *err)
{
    size_t n = strlen(name);
    if (n >= n_bytes)
        return lake_fail(err, LAKE_CORRUPT, "the manifest has a dataset '%.40s…' with a name of %zu bytes", name, n);
    memcpy(out, name, n + 1);
    return LAKE_OK;
}

lake_status list_move_after(struct list *list, const struct manifest_dataset *dataset, struct lake_error *err)
{
    TRY(keep_name(dataset->exchange, list->exchange, sizeof list->exchange, err));
    TRY(keep_name(dataset->market, list->market, sizeof list->market, err));
    TRY(keep_name(dataset->symbol, list->symbol, sizeof list->symbol, err));
    TRY(keep_name(dataset->type, list->type, sizeof list->type, err));
    TRY(keep_name(dataset->period, list->period, sizeof list->period, err));
    list->after = (struct manifest_dataset){0, list->exchange, list->market, list->symbol, list->type, list->period};
    list->has_after = true;
    return LAKE_OK;
}

int64_t list_page_rows(const struct list *list)
{
    return list->left < PAGE_ROWS ? list->left : PAGE_ROWS;
}

int list_compare(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    const char *const left[] = {a->exchange, a->symbol, a->market, a->type, a->period};
    const char *const right[] = {b->exchange, b->symbol, b->market, b->type, b->period};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        int order = strcmp(left[i], right[i]);
        if (order != 0)
            return order;
    }
    return 0;
}
