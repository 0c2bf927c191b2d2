/* Checksums of database pages, since SQLite has none: a flipped bit in a number reads as another number.
 *
 * Eight bytes that every page of a manifest reserves at its end (a standard part of the file format: any SQLite reads such a
 * file) hold a checksum of the rest of the page and of its number. A change of any single word of a page changes it. */
#ifndef MANIFEST_PAGE_CHECKSUM_H
#define MANIFEST_PAGE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

enum { CHECKED_PAGE_BYTES = 4096, PAGE_CHECKSUM_BYTES = 8 };

/* Whether a database with this beginning (of CHECKED_PAGE_BYTES, or its first 21 bytes at least) has room for checksums. */
bool page_header_has_checksum(const uint8_t *header);
/* Writes the checksum into the page's last bytes. Pages are counted from 0. */
void page_checksum_put(uint8_t *page, uint64_t number);
/* A page of zeros only is right: it was never written. */
bool page_checksum_is_right(const uint8_t *page, uint64_t number);

#endif
