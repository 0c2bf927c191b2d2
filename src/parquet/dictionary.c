#include "parquet/dictionary.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "parquet/bitpack.h"
#include "parquet/encode_values.h"

/* Further probes mean values chosen to collide, or an overfull table: then there is no dictionary. */
enum { PROBES_MAX = 128, SMALLEST_TABLE_BITS = 4, NOT_FOUND = 0 };

/* Typed views of the scratch while one dictionary is built. */
struct table {
    uint32_t *slots;
    uint64_t *hashes;
    int64_t *firsts;
    uint32_t *indices;
    size_t mask;
    unsigned shift; /* 64 less the bits of the table's size */
    size_t entries_max;
};

void dictionary_init(struct dictionary *dictionary)
{
    buffer_init(&dictionary->slots, LIMIT_ENGINE_BYTES);
    buffer_init(&dictionary->hashes, LIMIT_ENGINE_BYTES);
    buffer_init(&dictionary->firsts, LIMIT_ENGINE_BYTES);
    buffer_init(&dictionary->indices, LIMIT_PARQUET_DECODED_BYTES);
    dictionary->n_entries = 0;
    dictionary->entry_bytes = 0;
}

void dictionary_release(struct dictionary *dictionary)
{
    buffer_release(&dictionary->slots);
    buffer_release(&dictionary->hashes);
    buffer_release(&dictionary->firsts);
    buffer_release(&dictionary->indices);
}

static uint64_t mix(uint64_t bits)
{
    bits *= UINT64_C(0x9e3779b97f4a7c15);
    return bits ^ bits >> 32;
}

static struct text_view value_bytes(const struct values *values, int64_t i)
{
    if (values->width == 0)
        return values->texts[i];
    return (struct text_view){values_at(values, i), values->width};
}

static uint64_t hash_bytes(struct text_view view)
{
    uint64_t hash = view.n;
    size_t at = 0;
    for (; view.n - at >= sizeof(uint64_t); at += sizeof(uint64_t))
        hash = mix(hash ^ load_u64(view.bytes + at));
    uint64_t rest = 0;
    for (unsigned shift = 0; at < view.n; at++, shift += 8)
        rest |= (uint64_t)view.bytes[at] << shift;
    return mix(hash ^ rest);
}

static bool fits_a_word(const struct values *values)
{
    return values->width == sizeof(uint32_t) || values->width == sizeof(uint64_t);
}

/* Of words the bits themselves, so that equal hashes are equal values. */
static uint64_t hash_value(const struct values *values, int64_t i)
{
    if (values->width == sizeof(uint64_t))
        return load_u64(values_at(values, i));
    if (values->width == sizeof(uint32_t))
        return load_u32(values_at(values, i));
    return hash_bytes(value_bytes(values, i));
}

static bool equal_values(const struct values *values, int64_t i, int64_t j)
{
    struct text_view a = value_bytes(values, i);
    struct text_view b = value_bytes(values, j);
    return a.n == b.n && (a.n == 0 || memcmp(a.bytes, b.bytes, a.n) == 0);
}

static lake_status prepare(struct dictionary *dictionary, const struct values *values, size_t entries_max,
                           struct table *table, struct lake_error *err)
{
    unsigned bits = SMALLEST_TABLE_BITS;
    while (((size_t)1 << bits) < 2 * entries_max)
        bits++;
    size_t n_slots = (size_t)1 << bits;
    buffer_clear(&dictionary->slots);
    buffer_clear(&dictionary->hashes);
    buffer_clear(&dictionary->firsts);
    buffer_clear(&dictionary->indices);
    TRY(buffer_reserve(&dictionary->slots, n_slots * sizeof(uint32_t), err));
    TRY(buffer_reserve(&dictionary->hashes, entries_max * sizeof(uint64_t), err));
    TRY(buffer_reserve(&dictionary->firsts, entries_max * sizeof(int64_t), err));
    TRY(buffer_reserve(&dictionary->indices, (size_t)values->n * sizeof(uint32_t), err));
    *table = (struct table){.slots = (uint32_t *)(void *)dictionary->slots.data,
                            .hashes = (uint64_t *)(void *)dictionary->hashes.data,
                            .firsts = (int64_t *)(void *)dictionary->firsts.data,
                            .indices = (uint32_t *)(void *)dictionary->indices.data,
                            .mask = n_slots - 1,
                            .shift = 64 - bits,
                            .entries_max = entries_max};
    memset(table->slots, 0, n_slots * sizeof(uint32_t));
    return LAKE_OK;
}

/* The slot that holds the value, or the empty one where it belongs; NULL where there are too many of its neighbours. */
static uint32_t *find_slot(const struct table *table, const struct values *values, int64_t i, uint64_t hash)
{
    bool is_word = fits_a_word(values);
    size_t at = (size_t)(mix(hash) >> table->shift);
    for (int probe = 0; probe < PROBES_MAX; probe++, at = (at + 1) & table->mask) {
        uint32_t entry = table->slots[at];
        if (entry == NOT_FOUND)
            return &table->slots[at];
        if (table->hashes[entry - 1] != hash)
            continue;
        if (is_word || equal_values(values, i, table->firsts[entry - 1]))
            return &table->slots[at];
    }
    return NULL;
}

lake_status dictionary_build(struct dictionary *dictionary, const struct values *values, size_t budget_bytes,
                             bool *fits, struct lake_error *err)
{
    size_t budget = budget_bytes < DICTIONARY_BYTES_MAX ? budget_bytes : DICTIONARY_BYTES_MAX;
    size_t entry_bytes_min = values->width == 0 ? sizeof(uint32_t) : values->width;
    size_t entries_max = budget / entry_bytes_min;
    struct table table;
    *fits = false;
    if (entries_max > DICTIONARY_ENTRIES_MAX)
        entries_max = DICTIONARY_ENTRIES_MAX;
    TRY(prepare(dictionary, values, entries_max, &table, err));
    dictionary->n_entries = 0;
    dictionary->entry_bytes = 0;
    for (int64_t i = 0; i < values->n; i++) {
        uint64_t hash = hash_value(values, i);
        uint32_t *slot = find_slot(&table, values, i, hash);
        if (slot == NULL)
            return LAKE_OK;
        if (*slot == NOT_FOUND) {
            dictionary->entry_bytes += values->width > 0 ? values->width : plain_bytes(values, i, 1);
            if (dictionary->n_entries == table.entries_max || dictionary->entry_bytes > budget)
                return LAKE_OK;
            table.hashes[dictionary->n_entries] = hash;
            table.firsts[dictionary->n_entries] = i;
            *slot = ++dictionary->n_entries;
        }
        table.indices[i] = *slot - 1;
    }
    *fits = dictionary->n_entries > 0;
    return LAKE_OK;
}

unsigned dictionary_index_width(const struct dictionary *dictionary)
{
    return dictionary->n_entries <= 2 ? 1 : bit_width(dictionary->n_entries - 1);
}

lake_status dictionary_append_entries(const struct dictionary *dictionary, const struct values *values,
                                      struct buffer *out, struct lake_error *err)
{
    const int64_t *firsts = (const int64_t *)(const void *)dictionary->firsts.data;
    for (uint32_t i = 0; i < dictionary->n_entries; i++)
        TRY(plain_append(values, firsts[i], 1, out, err));
    return LAKE_OK;
}
