#include "parquet/row_output.h"

lake_status row_output_begin(struct row_output *output, const struct schema_leaf *leaf, struct parquet_target *target,
                             struct lake_error *err)
{
    output->target = target;
    output->leaf = leaf;
    output->width = leaf->is_unsigned ? sizeof(int64_t) : (size_t)leaf->physical_width;
    output->n_done = 0;
    output->valid = NULL;
    target->null_count = 0;
    target->valid = NULL;
    if (output->width > 0)
        return LAKE_OK;
    if (target->offsets == NULL || target->bytes == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a target without offsets for a column of byte arrays");
    target->offsets[0] = 0;
    buffer_clear(target->bytes);
    return LAKE_OK;
}

/* Widens n unsigned 32-bit integers to 64 bits in place, from the last on. */
static void widen(uint8_t *values, size_t n)
{
    while (n-- > 0) {
        uint64_t wide = load_u32(values + 4 * n);
        store_u64(values + 8 * n, wide);
    }
}

/* Moves n_present values, which lie at the front, to their rows; from the last row on, so that none is overwritten
 * before it is moved. Once as many rows as values are left, the rest is in place. */
static void spread_values(uint8_t *values, size_t width, const uint8_t *valid, size_t n, size_t n_present)
{
    while (n > n_present) {
        n--;
        if (valid[n])
            memmove(values + n * width, values + --n_present * width, width);
        else
            memset(values + n * width, 0, width);
    }
}

/* The same for the common width, without calls. */
static void spread_8(uint8_t *values, const uint8_t *valid, size_t n, size_t n_present)
{
    while (n > n_present) {
        uint64_t value = 0;
        n--;
        if (valid[n])
            memcpy(&value, values + --n_present * sizeof value, sizeof value);
        memcpy(values + n * sizeof value, &value, sizeof value);
    }
}

/* The ends of n_present byte arrays become the ends of n rows; null rows end where the row before them does. */
static void spread_ends(int32_t *ends, const uint8_t *valid, size_t n, size_t n_present)
{
    while (n > n_present) {
        n--;
        ends[n] = n_present > 0 ? ends[n_present - 1] : ends[-1];
        if (valid[n])
            n_present--;
    }
}

/* Decodes n_present values to the front of the rows at n_done. */
static lake_status decode(struct row_output *output, struct page_reader *pages, size_t n_present,
                          struct lake_error *err)
{
    struct parquet_target *target = output->target;
    struct value_sink sink = {.past_cache = target->past_cache};
    if (output->width > 0) {
        sink.values = (uint8_t *)target->values + output->n_done * output->width;
    } else {
        sink.ends = target->offsets + output->n_done + 1;
        sink.bytes = target->bytes;
    }
    TRY(decoder_next(&pages->decoder, &sink, n_present, err));
    if (output->leaf->is_unsigned)
        widen((uint8_t *)target->values + output->n_done * output->width, n_present);
    return LAKE_OK;
}

static void spread(struct row_output *output, size_t n, size_t n_present)
{
    struct parquet_target *target = output->target;
    const uint8_t *valid = output->valid + output->n_done;
    if (output->width == 0) { /* texts: there are no values */
        spread_ends(target->offsets + output->n_done + 1, valid, n, n_present);
        return;
    }
    uint8_t *values = (uint8_t *)target->values + output->n_done * output->width;
    if (output->width == sizeof(uint64_t))
        spread_8(values, valid, n, n_present);
    else
        spread_values(values, output->width, valid, n, n_present);
}

/* Begins to keep which rows are present: all so far were. */
static lake_status need_valid(struct row_output *output, struct lake_error *err)
{
    if (output->valid != NULL)
        return LAKE_OK;
    buffer_clear(output->memory);
    TRY(buffer_reserve(output->memory, output->n_rows, err));
    output->valid = output->memory->data;
    memset(output->valid, 1, output->n_done);
    return LAKE_OK;
}

lake_status row_output_take(struct row_output *output, struct page_reader *pages, size_t n, struct lake_error *err)
{
    bool all_present = false;
    size_t n_present = n;
    TRY(levels_take_present(&pages->levels, n, &all_present, err));
    if (!all_present) {
        TRY(need_valid(output, err));
        TRY(levels_next(&pages->levels, output->valid + output->n_done, n, &n_present, err));
    } else if (output->valid != NULL) {
        memset(output->valid + output->n_done, 1, n);
    }
    TRY(decode(output, pages, n_present, err));
    if (n_present < n)
        spread(output, n, n_present);
    output->target->null_count += (int64_t)(n - n_present);
    output->n_done += n;
    pages->n_left -= (int64_t)n;
    return LAKE_OK;
}

void row_output_finish(struct row_output *output)
{
    output->target->valid = output->target->null_count > 0 ? output->valid : NULL;
}
