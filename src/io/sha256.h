/* SHA-256 (FIPS 180-4), by OpenSSL's libcrypto. A context is used by one thread at a time and can be reused.
 *
 *     struct sha256 *hash = NULL;
 *     TRY(sha256_new(&hash, err));
 *     TRY_OUT(sha256_begin(hash, err));
 *     TRY_OUT(sha256_update(hash, bytes, n, err));
 *     TRY_OUT(sha256_end(hash, digest, err)); */
#ifndef IO_SHA256_H
#define IO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SHA256_BYTES = 32, SHA256_TEXT_BYTES = 65 };

struct sha256;

LAKE_MUST_CHECK lake_status sha256_new(struct sha256 **out, struct lake_error *err);
void sha256_free(struct sha256 *hash);
LAKE_MUST_CHECK lake_status sha256_begin(struct sha256 *hash, struct lake_error *err);
LAKE_MUST_CHECK lake_status sha256_update(struct sha256 *hash, const void *bytes, size_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES], struct lake_error *err);
/* The digest of what there is so far; more may be added afterwards. */
LAKE_MUST_CHECK lake_status sha256_peek(const struct sha256 *hash, uint8_t digest[SHA256_BYTES],
                                        struct lake_error *err);
/* Lower-case hexadecimal, terminated. */
void sha256_text(const uint8_t digest[SHA256_BYTES], char out[SHA256_TEXT_BYTES]);

#endif
