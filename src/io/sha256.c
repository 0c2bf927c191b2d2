#include "io/sha256.h"

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/memory.h"

struct sha256 {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

lake_status sha256_new(struct sha256 **out, struct lake_error *err)
{
    struct sha256 *hash = NULL;
    *out = NULL;
    TRY(memory_new(1, sizeof *hash, &hash, err));
    /* Fetched once: an implicit fetch for each hash costs more than hashing a day. */
    hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    hash->context = EVP_MD_CTX_new();
    if (hash->algorithm == NULL || hash->context == NULL) {
        sha256_free(hash);
        return lake_fail(err, LAKE_NO_MEMORY, "SHA-256 cannot be set up");
    }
    *out = hash;
    return LAKE_OK;
}

void sha256_free(struct sha256 *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    EVP_MD_free(hash->algorithm);
    memory_free(hash);
}

lake_status sha256_begin(struct sha256 *hash, struct lake_error *err)
{
    if (EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1)
        return lake_fail(err, LAKE_INTERNAL, "SHA-256 cannot be started");
    return LAKE_OK;
}

lake_status sha256_update(struct sha256 *hash, const void *bytes, size_t n, struct lake_error *err)
{
    if (n > 0 && EVP_DigestUpdate(hash->context, bytes, n) != 1)
        return lake_fail(err, LAKE_INTERNAL, "SHA-256 failed over %zu bytes", n);
    return LAKE_OK;
}

lake_status sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    unsigned n = 0;
    if (EVP_DigestFinal_ex(hash->context, digest, &n) != 1 || n != SHA256_BYTES)
        return lake_fail(err, LAKE_INTERNAL, "SHA-256 cannot be finished");
    return LAKE_OK;
}

lake_status sha256_peek(const struct sha256 *hash, uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    unsigned n = 0;
    bool is_done = copy != NULL && EVP_MD_CTX_copy_ex(copy, hash->context) == 1 &&
                   EVP_DigestFinal_ex(copy, digest, &n) == 1 && n == SHA256_BYTES;
    EVP_MD_CTX_free(copy);
    return is_done ? LAKE_OK : lake_fail(err, LAKE_INTERNAL, "SHA-256 cannot be copied");
}

void sha256_text(const uint8_t digest[SHA256_BYTES], char out[SHA256_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * SHA256_BYTES] = '\0';
}
