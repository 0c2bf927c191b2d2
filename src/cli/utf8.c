#include "utf8.h"

#include <stdbool.h>

struct range {
    uint32_t first, last;
};

/* Unicode 15, East Asian Width W and F, merged to blocks. */
static const struct range wide[] = {
    {0x1100, 0x115F}, {0x231A, 0x231B},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF}, {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

/* Combining marks, joiners and variation selectors. */
static const struct range narrowest[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F},
};

static bool is_within(uint32_t character, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

/* Bytes of the sequence that begins so (0: none does), and the smallest character it may stand for. */
static size_t sequence_length(uint8_t first, uint32_t *least)
{
    if (first >= 0xC2 && first <= 0xDF) {
        *least = 0x80;
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        *least = 0x800;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *least = 0x10000;
        return 4;
    }
    return 0;
}

uint32_t utf8_next(const char *text, size_t n, size_t *at)
{
    size_t here = (*at)++;
    uint8_t first = (uint8_t)text[here];
    if (first < 0x80)
        return first;

    uint32_t least = 0;
    size_t length = sequence_length(first, &least);
    if (length == 0 || length > n - here)
        return UTF8_REPLACEMENT;
    uint32_t character = first & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        uint8_t byte = (uint8_t)text[here + i];
        if ((byte & 0xC0) != 0x80)
            return UTF8_REPLACEMENT;
        character = (character << 6) | (byte & 0x3Fu);
    }
    if (character < least || character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF))
        return UTF8_REPLACEMENT;
    *at = here + length;
    return character;
}

size_t utf8_width(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t at = 0; at < n;) {
        uint32_t character = utf8_next(text, n, &at);
        if (is_within(character, wide, sizeof wide / sizeof *wide))
            width += 2;
        else if (!is_within(character, narrowest, sizeof narrowest / sizeof *narrowest))
            width += 1;
    }
    return width;
}
