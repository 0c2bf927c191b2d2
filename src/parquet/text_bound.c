#include "parquet/text_bound.h"

#include <string.h>

enum { CHARACTER_BYTES_MAX = 4, CODE_POINT_MAX = 0x10FFFF, SURROGATES_FIRST = 0xD800, SURROGATES_END = 0xE000 };

static bool take_whole(struct text_view text, struct bound *out)
{
    if (text.n > STATISTICS_BOUND_BYTES)
        return false;
    out->n = (uint8_t)text.n;
    out->exact = true;
    if (text.n > 0)
        memcpy(out->bytes, text.bytes, text.n);
    return true;
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The longest prefix of at most the bound's bytes that ends between two characters; 0: there is none. */
static size_t cut_utf8(struct text_view text)
{
    size_t n = STATISTICS_BOUND_BYTES;
    while (n > STATISTICS_BOUND_BYTES - CHARACTER_BYTES_MAX && is_continuation(text.bytes[n]))
        n--;
    return is_continuation(text.bytes[n]) ? 0 : n;
}

static bool take_prefix(struct text_view text, bool is_utf8, struct bound *out)
{
    size_t n = is_utf8 ? cut_utf8(text) : STATISTICS_BOUND_BYTES;
    out->n = (uint8_t)n;
    out->exact = false;
    memcpy(out->bytes, text.bytes, n);
    return n > 0;
}

bool text_bound_min(struct text_view text, bool may_cut, bool is_utf8, struct bound *out)
{
    return take_whole(text, out) || (may_cut && take_prefix(text, is_utf8, out));
}

/* Raises the last byte that can be raised and drops those after it. */
static bool raise_bytes(struct bound *bound)
{
    while (bound->n > 0 && bound->bytes[bound->n - 1] == 0xFF)
        bound->n--;
    if (bound->n == 0)
        return false;
    bound->bytes[bound->n - 1]++;
    return true;
}

static size_t encoded_bytes(uint32_t code)
{
    if (code < 0x80)
        return 1;
    if (code < 0x800)
        return 2;
    return code < 0x10000 ? 3 : 4;
}

static void encode(uint8_t *at, size_t n, uint32_t code)
{
    static const uint8_t lead[CHARACTER_BYTES_MAX + 1] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        at[i] = (uint8_t)(0x80 | (code & 0x3F));
    at[0] = (uint8_t)(lead[n] | code);
}

/* False where the n bytes are not one character in the form that UTF-8 gives it. */
static bool decode(const uint8_t *at, size_t n, uint32_t *code)
{
    static const uint8_t lead_mask[CHARACTER_BYTES_MAX + 1] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint8_t again[CHARACTER_BYTES_MAX] = {0};
    if (n > CHARACTER_BYTES_MAX)
        return false;
    *code = at[0] & lead_mask[n];
    for (size_t i = 1; i < n; i++)
        *code = *code << 6 | (at[i] & 0x3F);
    if (*code > CODE_POINT_MAX || encoded_bytes(*code) != n)
        return false;
    encode(again, n, *code);
    return memcmp(again, at, n) == 0;
}

/* Raises the last character that has a successor of its own length and drops those after it. */
static bool raise_characters(struct bound *bound)
{
    size_t end = bound->n;
    while (end > 0) {
        size_t start = end - 1;
        while (start > 0 && is_continuation(bound->bytes[start]))
            start--;
        size_t n = end - start;
        uint32_t code = 0;
        if (!decode(bound->bytes + start, n, &code))
            return false;
        code = code + 1 == SURROGATES_FIRST ? SURROGATES_END : code + 1;
        if (code <= CODE_POINT_MAX && encoded_bytes(code) == n) {
            encode(bound->bytes + start, n, code);
            bound->n = (uint8_t)end;
            return true;
        }
        end = start;
    }
    return false;
}

bool text_bound_max(struct text_view text, bool may_cut, bool is_utf8, struct bound *out)
{
    if (take_whole(text, out))
        return true;
    if (!may_cut || !take_prefix(text, is_utf8, out))
        return false;
    return is_utf8 ? raise_characters(out) : raise_bytes(out);
}
