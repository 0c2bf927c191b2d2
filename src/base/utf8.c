#include "base/utf8.h"

#include <stdbool.h>

/* The smallest character that takes 1, 2, 3 and 4 bytes, and the first one that takes more. */
static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000, 0x110000};

static bool is_surrogate(uint32_t character)
{
    return character >= 0xd800 && character < 0xe000;
}

static size_t length_by_first(uint8_t byte)
{
    return byte < 0x80 ? 1 : byte < 0xc0 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 0;
}

size_t utf8_length(const char *text, const char *end)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t length = length_by_first(p[0]);
    if (length <= 1)
        return length;
    if (length > (size_t)(end - text))
        return 0;
    uint32_t character = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (p[i] & 0x3fu);
    }
    bool is_right = character >= smallest[length - 1] && character < smallest[4] && !is_surrogate(character);
    return is_right ? length : 0;
}

size_t utf8_encode(uint32_t character, char out[UTF8_BYTES])
{
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t length = 1;
    if (character >= smallest[4] || is_surrogate(character))
        return 0;
    while (character >= smallest[length])
        length++;
    for (size_t i = length; i-- > 1; character >>= 6)
        out[i] = (char)(uint8_t)(0x80 | (character & 0x3fu));
    out[0] = (char)(uint8_t)(marks[length] | character);
    return length;
}
