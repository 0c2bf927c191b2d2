#include "io/sha256.h"

#include "unit/base/check.h"

static void check(struct sha256 *hash, const char *text, size_t step, const char *wanted)
{
    struct lake_error err = {0};
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_TEXT_BYTES];
    size_t n = strlen(text);
    lake_ok(sha256_begin(hash, &err));
    for (size_t i = 0; i < n; i += step)
        lake_ok(sha256_update(hash, text + i, n - i < step ? n - i : step, &err));
    lake_ok(sha256_end(hash, digest, &err));
    sha256_text(digest, hex);
    assert_string_equal(hex, wanted);
}

/* The examples of FIPS 180-2, appendix B, and the empty message of the NIST test vectors. */
static void test_published_vectors(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct sha256 *hash = NULL;
    lake_ok(sha256_new(&hash, &err));
    check(hash, "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(hash, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t step = 1; step <= sizeof two_blocks; step++)
        check(hash, two_blocks, step, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    sha256_free(hash);
}

static void test_a_million_letters(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct sha256 *hash = NULL;
    uint8_t digest[SHA256_BYTES];
    char letters[1000], hex[SHA256_TEXT_BYTES];
    memset(letters, 'a', sizeof letters);
    lake_ok(sha256_new(&hash, &err));
    lake_ok(sha256_begin(hash, &err));
    for (int i = 0; i < 1000; i++)
        lake_ok(sha256_update(hash, letters, sizeof letters, &err));
    lake_ok(sha256_end(hash, digest, &err));
    sha256_text(digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256_free(hash);
    sha256_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_a_million_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
