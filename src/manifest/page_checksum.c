#include "manifest/page_checksum.h"

#include "base/bytes.h"

/* Where the file format has the page size and the reserved bytes of every page. */
enum { HEADER_PAGE_SIZE = 16, HEADER_RESERVED = 20 };

/* Each step is invertible in the word and in the state, so that two pages that differ in one word never have the same sum. The
 * multiplier is 2^64 divided by the golden ratio, made odd: it spreads low bits over high ones. */
static uint64_t add_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 29;
}

static uint64_t checksum(const uint8_t *page, uint64_t number)
{
    uint64_t sum = add_word(UINT64_C(0x444C444C50414745), number);
    for (int at = 0; at < CHECKED_PAGE_BYTES - PAGE_CHECKSUM_BYTES; at += 8)
        sum = add_word(sum, load_u64(page + at));
    return sum;
}

bool page_header_has_checksum(const uint8_t *header)
{
    int page_bytes = header[HEADER_PAGE_SIZE] << 8 | header[HEADER_PAGE_SIZE + 1];
    return page_bytes == CHECKED_PAGE_BYTES && header[HEADER_RESERVED] == PAGE_CHECKSUM_BYTES;
}

void page_checksum_put(uint8_t *page, uint64_t number)
{
    store_u64(page + CHECKED_PAGE_BYTES - PAGE_CHECKSUM_BYTES, checksum(page, number));
}

bool page_checksum_is_right(const uint8_t *page, uint64_t number)
{
    uint64_t any = 0;
    if (load_u64(page + CHECKED_PAGE_BYTES - PAGE_CHECKSUM_BYTES) == checksum(page, number))
        return true;
    for (int at = 0; at < CHECKED_PAGE_BYTES; at += 8)
        any |= load_u64(page + at);
    return any == 0;
}
