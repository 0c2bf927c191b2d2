#include "lake/row_order.h"

#include <string.h>

#include "base/memory.h"

/* Shorter runs are made this long by insertion before they are merged. */
enum { SHORTEST_RUN = 16 };

int row_order_compare(const struct row_order *order, const struct row_place *a, const struct row_place *b)
{
    if (a->ts != b->ts)
        return a->ts < b->ts ? -1 : 1;
    if (order->key.n_columns == 0)
        return 0;
    int result = row_key_compare(&order->key, a->row, &order->key, b->row);
    if (result != 0 || order->sources == NULL || !row_key_is_counted(&order->key, a->row))
        return result;
    int32_t x = order->sources[a->row], y = order->sources[b->row];
    return x < y ? -1 : x > y;
}

/* ---- runs ---- */

static void reverse(struct row_place *places, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct row_place first = places[i];
        places[i] = places[n - 1 - i];
        places[n - 1 - i] = first;
    }
}

/* The length of the run that the places begin with; one that falls, strictly so that equal ones keep their order, is turned round. */
static size_t take_run(const struct row_order *order, struct row_place *places, size_t n)
{
    size_t end = 2;
    if (n < 2)
        return n;
    if (row_order_compare(order, &places[0], &places[1]) <= 0) {
        while (end < n && row_order_compare(order, &places[end - 1], &places[end]) <= 0)
            end++;
        return end;
    }
    while (end < n && row_order_compare(order, &places[end - 1], &places[end]) > 0)
        end++;
    reverse(places, end);
    return end;
}

/* Inserts those from n_sorted on. */
static void insert_rest(const struct row_order *order, struct row_place *places, size_t n_sorted, size_t n)
{
    for (size_t i = n_sorted; i < n; i++) {
        struct row_place place = places[i];
        size_t at = i;
        for (; at > 0 && row_order_compare(order, &places[at - 1], &place) > 0; at--)
            places[at] = places[at - 1];
        places[at] = place;
    }
}

/* Makes runs and notes where they begin; starts[number of runs] is n. */
static size_t make_runs(const struct row_order *order, struct row_place *places, size_t n, size_t *starts)
{
    size_t n_runs = 0;
    for (size_t at = 0; at < n;) {
        size_t length = take_run(order, places + at, n - at);
        size_t least = n - at < SHORTEST_RUN ? n - at : SHORTEST_RUN;
        if (length < least) {
            insert_rest(order, places + at, length, least);
            length = least;
        }
        starts[n_runs++] = at;
        at += length;
    }
    starts[n_runs] = n;
    return n_runs;
}

/* ---- merging ---- */

struct run {
    const struct row_place *places;
    size_t n;
};

static void merge_runs(const struct row_order *order, struct run a, struct run b, struct row_place *out)
{
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n)
        *out++ = row_order_compare(order, &a.places[i], &b.places[j]) <= 0 ? a.places[i++] : b.places[j++];
    for (; i < a.n; i++)
        *out++ = a.places[i];
    for (; j < b.n; j++)
        *out++ = b.places[j];
}

/* Merges runs in pairs into `to` and returns how many are left. */
static size_t merge_pass(const struct row_order *order, const struct row_place *from, struct row_place *to,
                         size_t *starts, size_t n_runs)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n_runs; i += 2) {
        size_t start = starts[i], middle = starts[i + 1];
        size_t end = i + 1 < n_runs ? starts[i + 2] : middle;
        merge_runs(order, (struct run){from + start, middle - start}, (struct run){from + middle, end - middle},
                   to + start);
        starts[n_left++] = start;
        starts[n_left] = end;
    }
    return n_left;
}

lake_status row_order_sort(const struct row_order *order, struct row_place *places, size_t n, struct lake_error *err)
{
    struct row_place *scratch = NULL;
    size_t *starts = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n / SHORTEST_RUN + 2, sizeof *starts, &starts, err));
    size_t n_runs = make_runs(order, places, n, starts);
    if (n_runs > 1)
        TRY_OUT(memory_new(n, sizeof *scratch, &scratch, err));
    struct row_place *from = places, *to = scratch;
    while (n_runs > 1) {
        n_runs = merge_pass(order, from, to, starts, n_runs);
        struct row_place *merged = to;
        to = from;
        from = merged;
    }
    if (from != places)
        memcpy(places, from, n * sizeof *places);
out:
    memory_free(scratch);
    memory_free(starts);
    return status;
}
