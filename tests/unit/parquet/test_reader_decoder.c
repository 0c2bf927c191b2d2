/* Each encoding of values against bytes worked out by hand; the examples are those of Encodings.md where it gives
 * one. */
#include "parquet/decoder.h"

#include "base/limits.h"
#include "parquet/byte_stream_split.h"
#include "unit/base/check.h"

static const struct value_type int32_type = {PARQUET_INT32, 4};
static const struct value_type int64_type = {PARQUET_INT64, 8};
static const struct value_type float_type = {PARQUET_FLOAT, 4};
static const struct value_type bool_type = {PARQUET_BOOLEAN, 1};
static const struct value_type text_type = {PARQUET_BYTE_ARRAY, 0};

/* Begins a decoder that must be there. */
static struct decoder begin(int32_t encoding, struct value_type type, const struct page_dictionary *dictionary,
                            const uint8_t *bytes, size_t n)
{
    struct lake_error err = {0};
    struct decoder decoder;
    lake_ok(decoder_init(&decoder, encoding, type, dictionary, &err));
    lake_ok(decoder_begin(&decoder, bytes, n, &err));
    return decoder;
}

static lake_status next_fixed(struct decoder *decoder, void *out, size_t n, struct lake_error *err)
{
    struct value_sink sink = {.values = out};
    lake_status status = decoder_next(decoder, &sink, n, err);
    if (status == LAKE_OK)
        assert_ptr_equal(sink.values, (uint8_t *)out + n * decoder->type.width);
    return status;
}

/* Decodes n texts and checks them against `joined`, in which each ends in a bar. */
static void check_texts(struct decoder *decoder, size_t n, const char *joined)
{
    struct lake_error err = {0};
    struct buffer bytes = BUFFER_INIT(MIB);
    struct buffer shown = BUFFER_INIT(MIB);
    int32_t ends[16];
    int32_t from = 0;
    const char *text = NULL;
    struct value_sink sink = {.ends = ends, .bytes = &bytes};
    assert_true(n <= 16);
    lake_ok(decoder_next(decoder, &sink, n, &err));
    for (size_t i = 0; i < n; i++) {
        lake_ok(buffer_append(&shown, bytes.data + from, (size_t)(ends[i] - from), &err));
        lake_ok(buffer_append_byte(&shown, '|', &err));
        from = ends[i];
    }
    lake_ok(buffer_string(&shown, &text, &err));
    assert_string_equal(text, joined);
    buffer_release(&bytes);
    buffer_release(&shown);
}

static lake_status next_texts(struct decoder *decoder, size_t n, struct buffer *bytes, struct lake_error *err)
{
    int32_t ends[16];
    struct value_sink sink = {.ends = ends, .bytes = bytes};
    return decoder_next(decoder, &sink, n, err);
}

static void plain_integers(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0, 9};
    int32_t values[2] = {0};
    struct decoder decoder = begin(PARQUET_PLAIN, int32_type, NULL, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 1, &err));
    lake_ok(next_fixed(&decoder, values, 2, &err));
    assert_int_equal(values[0], -1);
    assert_int_equal(values[1], 256);
    lake_fails(next_fixed(&decoder, values, 1, &err), LAKE_CORRUPT, "ends before its values");
    lake_fails(decoder_skip(&decoder, UINT64_MAX, &err), LAKE_CORRUPT, "ends before its values");
}

static void plain_booleans(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xb5, 0x01};
    static const uint8_t expected[] = {1, 0, 1, 0, 1, 1, 0, 1, 1};
    uint8_t values[9];
    struct decoder decoder = begin(PARQUET_PLAIN, bool_type, NULL, bytes, sizeof bytes);
    lake_ok(next_fixed(&decoder, values, 9, &err));
    assert_memory_equal(values, expected, 9);
    lake_ok(decoder_skip(&decoder, 7, &err));
    lake_fails(next_fixed(&decoder, values, 1, &err), LAKE_CORRUPT, "ends before its values");
}

static void plain_texts(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {2, 0, 0, 0, 'h', 'i', 0, 0, 0, 0, 3, 0, 0, 0, 'y', 'o', 'u'};
    struct buffer out = BUFFER_INIT(MIB);
    struct decoder decoder = begin(PARQUET_PLAIN, text_type, NULL, bytes, sizeof bytes);
    check_texts(&decoder, 3, "hi||you|");
    decoder = begin(PARQUET_PLAIN, text_type, NULL, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 2, &err));
    check_texts(&decoder, 1, "you|");
    decoder = begin(PARQUET_PLAIN, text_type, NULL, bytes, sizeof bytes - 1);
    lake_fails(next_texts(&decoder, 3, &out, &err), LAKE_CORRUPT, "ends before its values");
    buffer_release(&out);
}

/* A length near 2^32 must not wrap around the end of the page. */
static void a_huge_length_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xfd, 0xff, 0xff, 0xff, 'a', 'b', 'c', 'd'};
    struct buffer out = BUFFER_INIT(MIB);
    struct decoder decoder = begin(PARQUET_PLAIN, text_type, NULL, bytes, sizeof bytes);
    lake_fails(next_texts(&decoder, 1, &out, &err), LAKE_CORRUPT, "ends before its values");
    buffer_release(&out);
}

static void texts_stay_within_the_budget(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t entries[] = {8, 0, 0, 0, '1', '2', '3', '4', '5', '6', '7', '8'};
    static const uint8_t run[] = {0, 0x20}; /* no bits; sixteen times the one value */
    struct page_dictionary dictionary;
    struct dictionary_page page = {entries, sizeof entries, 1};
    struct buffer out = BUFFER_INIT(100);
    page_dictionary_init(&dictionary);
    lake_ok(page_dictionary_load(&dictionary, text_type, page, &err));
    struct decoder decoder = begin(PARQUET_RLE_DICTIONARY, text_type, &dictionary, run, sizeof run);
    lake_fails(next_texts(&decoder, 16, &out, &err), LAKE_NO_MEMORY, "limit of 100");
    assert_true(out.capacity <= 100);
    buffer_release(&out);
    page_dictionary_release(&dictionary);
}

static void run_length_booleans(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {4, 0, 0, 0, 0x06, 0x01, 0x03, 0x05, 0xff};
    static const uint8_t expected[] = {1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0};
    static const uint8_t long_length[] = {0xff, 0xff, 0xff, 0xff, 0x06, 0x01};
    uint8_t values[11];
    struct decoder decoder = begin(PARQUET_RLE, bool_type, NULL, bytes, sizeof bytes);
    lake_ok(next_fixed(&decoder, values, 11, &err));
    assert_memory_equal(values, expected, 11);
    decoder = begin(PARQUET_RLE, bool_type, NULL, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 10, &err));
    lake_ok(next_fixed(&decoder, values, 1, &err));
    lake_ok(decoder_init(&decoder, PARQUET_RLE, bool_type, NULL, &err));
    lake_fails(decoder_begin(&decoder, long_length, sizeof long_length, &err), LAKE_CORRUPT, "longer than their page");
}

static void dictionary_of_integers(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t entries[] = {10, 0, 0, 0, 20, 0, 0, 0, 30, 0, 0, 0};
    static const uint8_t bytes[] = {2, 0x06, 0x02, 0x03, 0x24, 0x00}; /* three times 2, then 0 1 2 0 0 0 0 0 */
    static const int32_t expected[] = {30, 30, 30, 10, 20, 30, 10};
    int32_t values[7];
    struct page_dictionary dictionary;
    struct dictionary_page page = {entries, sizeof entries, 3};
    page_dictionary_init(&dictionary);
    lake_ok(page_dictionary_load(&dictionary, int32_type, page, &err));
    struct decoder decoder = begin(PARQUET_PLAIN_DICTIONARY, int32_type, &dictionary, bytes, sizeof bytes);
    lake_ok(next_fixed(&decoder, values, 7, &err));
    assert_memory_equal(values, expected, sizeof expected);
    decoder = begin(PARQUET_RLE_DICTIONARY, int32_type, &dictionary, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 5, &err));
    lake_ok(next_fixed(&decoder, values, 1, &err));
    assert_int_equal(values[0], 30);
    page_dictionary_release(&dictionary);
}

static void dictionary_of_texts(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t entries[] = {3, 0, 0, 0, 'b', 'u', 'y', 4, 0, 0, 0, 's', 'e', 'l', 'l'};
    static const uint8_t bytes[] = {1, 0x03, 0x05};
    struct page_dictionary dictionary;
    struct dictionary_page page = {entries, sizeof entries, 2};
    page_dictionary_init(&dictionary);
    lake_ok(page_dictionary_load(&dictionary, text_type, page, &err));
    struct decoder decoder = begin(PARQUET_RLE_DICTIONARY, text_type, &dictionary, bytes, sizeof bytes);
    check_texts(&decoder, 4, "sell|buy|sell|buy|");
    page_dictionary_release(&dictionary);
}

static void an_index_outside_the_dictionary_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t entries[] = {10, 0, 0, 0, 20, 0, 0, 0, 30, 0, 0, 0};
    static const uint8_t bytes[] = {2, 0x06, 0x03};
    static const uint8_t wide[] = {33, 0x06, 0x03};
    int32_t values[3];
    struct page_dictionary dictionary;
    struct dictionary_page page = {entries, sizeof entries, 3};
    page_dictionary_init(&dictionary);
    lake_ok(page_dictionary_load(&dictionary, int32_type, page, &err));
    struct decoder decoder = begin(PARQUET_RLE_DICTIONARY, int32_type, &dictionary, bytes, sizeof bytes);
    lake_fails(next_fixed(&decoder, values, 3, &err), LAKE_CORRUPT, "an index outside the dictionary of 3 values");
    lake_ok(decoder_init(&decoder, PARQUET_RLE_DICTIONARY, int32_type, &dictionary, &err));
    lake_fails(decoder_begin(&decoder, wide, sizeof wide, &err), LAKE_CORRUPT, "33 bits");
    lake_ok(decoder_init(&decoder, PARQUET_RLE_DICTIONARY, int32_type, NULL, &err));
    lake_fails(decoder_begin(&decoder, bytes, sizeof bytes, &err), LAKE_CORRUPT, "without a dictionary");
    page_dictionary_release(&dictionary);
}

/* Packs n indices of `width` bits behind the byte that tells the width and the head of one packed run. */
static size_t pack_indices(uint8_t *bytes, uint32_t width, const uint32_t *indices, size_t n)
{
    size_t n_bytes = (n + 7) / 8 * width;
    memset(bytes, 0, 2 + n_bytes);
    bytes[0] = (uint8_t)width;
    bytes[1] = (uint8_t)((n + 7) / 8 << 1 | 1);
    for (size_t i = 0; i < n * width; i++)
        bytes[2 + i / 8] = (uint8_t)(bytes[2 + i / 8] | (indices[i / width] >> (i % width) & 1) << (i % 8));
    return 2 + n_bytes;
}

/* The loops take indices by four, one by one, and run by run, for each width of values: each must find each bad index, and
 * give the right values otherwise. */
static void packed_indices_are_checked_one_by_one(void **state)
{
    (void)state;
    struct lake_error err = {0};
    enum { N = 21, N_ENTRIES = 9 };
    static const struct value_type kinds[] = {
        {PARQUET_INT32, 4}, {PARQUET_DOUBLE, 8}, {PARQUET_FIXED_LEN_BYTE_ARRAY, 5}, {PARQUET_BYTE_ARRAY, 0}};
    uint8_t entries[N_ENTRIES * 8];
    for (size_t i = 0; i < sizeof entries; i++)
        entries[i] = (uint8_t)(i % 8 == 0 ? 4 : i % 8 < 4 ? 0 : i); /* also nine texts of four bytes */
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (uint32_t width = 4; width <= 20; width++) {
            uint32_t indices[N];
            uint8_t bytes[64 * 20];
            uint8_t values[N * 8];
            int32_t ends[N];
            struct buffer texts = BUFFER_INIT(MIB);
            struct page_dictionary dictionary;
            struct dictionary_page page = {entries, sizeof entries, N_ENTRIES};
            page_dictionary_init(&dictionary);
            lake_ok(page_dictionary_load(&dictionary, kinds[k], page, &err));
            for (size_t bad = 0; bad <= N; bad++) { /* N: none is bad */
                for (uint32_t i = 0; i < N; i++)
                    indices[i] = i == bad ? N_ENTRIES : i * 5 % N_ENTRIES;
                size_t n = pack_indices(bytes, width, indices, N);
                struct decoder decoder = begin(PARQUET_RLE_DICTIONARY, kinds[k], &dictionary, bytes, n);
                struct value_sink sink = {.values = values, .ends = ends, .bytes = &texts};
                lake_status status = decoder_next(&decoder, &sink, N, &err);
                assert_int_equal(status, bad < N ? LAKE_CORRUPT : LAKE_OK);
                buffer_clear(&texts);
            }
            for (size_t i = 0; i < N && kinds[k].width > 0; i++)
                assert_memory_equal(values + i * kinds[k].width, entries + i * 5 % N_ENTRIES * kinds[k].width,
                                    kinds[k].width);
            page_dictionary_release(&dictionary);
            buffer_release(&texts);
        }
    }
}

static void a_dictionary_shorter_than_its_count_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t integers[] = {10, 0, 0, 0, 20, 0, 0, 0, 30, 0, 0};
    static const uint8_t texts[] = {3, 0, 0, 0, 'b', 'u', 'y', 5, 0, 0, 0, 's', 'e', 'l', 'l'};
    static const struct {
        struct value_type type;
        struct dictionary_page page;
    } cases[] = {
        {{PARQUET_INT32, 4}, {integers, sizeof integers, 3}},
        {{PARQUET_INT32, 4}, {integers, sizeof integers, INT32_MAX}},
        {{PARQUET_INT32, 4}, {integers, sizeof integers, -1}},
        {{PARQUET_BYTE_ARRAY, 0}, {texts, sizeof texts, 2}},
        {{PARQUET_BYTE_ARRAY, 0}, {texts, 9, 2}},
        {{PARQUET_BYTE_ARRAY, 0}, {texts, sizeof texts, INT32_MAX}},
    };
    struct page_dictionary dictionary;
    page_dictionary_init(&dictionary);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        lake_fails(page_dictionary_load(&dictionary, cases[i].type, cases[i].page, &err), LAKE_CORRUPT, "do not hold");
    page_dictionary_release(&dictionary);
}

static void delta_integers_of_both_widths(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {8, 1, 8, 14, 3, 2, 0xc0, 0x3f}; /* example 2 */
    static const int32_t expected[] = {7, 5, 3, 1, 2, 3, 4, 5};
    int32_t narrow[8];
    int64_t wide[8];
    struct decoder decoder = begin(PARQUET_DELTA_BINARY_PACKED, int32_type, NULL, bytes, sizeof bytes);
    lake_ok(next_fixed(&decoder, narrow, 8, &err));
    assert_memory_equal(narrow, expected, sizeof expected);
    decoder = begin(PARQUET_DELTA_BINARY_PACKED, int64_type, NULL, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 3, &err));
    lake_ok(next_fixed(&decoder, wide, 5, &err));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(wide[i], expected[i + 3]);
}

/* "Hello", "World", "Foobar", "ABCDEF": lengths 5 5 6 6 as differences 0 1 0 in one bit. */
static void delta_lengths(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const char bytes[] = "\x08\x01\x04\x0a\x00\x01\x02HelloWorldFoobarABCDEF";
    const uint8_t *page = (const uint8_t *)bytes;
    struct buffer out = BUFFER_INIT(MIB);
    struct decoder decoder = begin(PARQUET_DELTA_LENGTH_BYTE_ARRAY, text_type, NULL, page, sizeof bytes - 1);
    check_texts(&decoder, 4, "Hello|World|Foobar|ABCDEF|");
    decoder = begin(PARQUET_DELTA_LENGTH_BYTE_ARRAY, text_type, NULL, page, sizeof bytes - 1);
    lake_ok(decoder_skip(&decoder, 2, &err));
    check_texts(&decoder, 2, "Foobar|ABCDEF|");
    decoder = begin(PARQUET_DELTA_LENGTH_BYTE_ARRAY, text_type, NULL, page, sizeof bytes - 2);
    lake_fails(next_texts(&decoder, 4, &out, &err), LAKE_CORRUPT, "longer than its page");
    /* A negative length. */
    static const uint8_t negative[] = {8, 1, 1, 1};
    decoder = begin(PARQUET_DELTA_LENGTH_BYTE_ARRAY, text_type, NULL, negative, sizeof negative);
    lake_fails(next_texts(&decoder, 1, &out, &err), LAKE_CORRUPT, "longer than its page");
    buffer_release(&out);
}

/* The example of Encodings.md. */
static void byte_streams(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xaa, 0x00, 0xa3, 0xbb, 0x11, 0xb4, 0xcc, 0x22, 0xc5, 0xdd, 0x33, 0xd6};
    static const uint8_t expected[] = {0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x11, 0x22, 0x33, 0xa3, 0xb4, 0xc5, 0xd6};
    uint8_t values[12];
    struct decoder decoder = begin(PARQUET_BYTE_STREAM_SPLIT, float_type, NULL, bytes, sizeof bytes);
    lake_ok(next_fixed(&decoder, values, 3, &err));
    assert_memory_equal(values, expected, sizeof expected);
    lake_fails(next_fixed(&decoder, values, 1, &err), LAKE_CORRUPT, "end before their values");
    decoder = begin(PARQUET_BYTE_STREAM_SPLIT, float_type, NULL, bytes, sizeof bytes);
    lake_ok(decoder_skip(&decoder, 2, &err));
    lake_ok(next_fixed(&decoder, values, 1, &err));
    assert_memory_equal(values, expected + 8, 4);
    lake_ok(decoder_init(&decoder, PARQUET_BYTE_STREAM_SPLIT, float_type, NULL, &err));
    lake_fails(decoder_begin(&decoder, bytes, 11, &err), LAKE_CORRUPT, "11 bytes of split streams");
}

/* All ways of joining, and the definition, for every width and number, from every start. */
static void joining_with_and_without_simd_is_equal(void **state)
{
    (void)state;
    static uint8_t bytes[16 * 80];
    static uint8_t fast[16 * 80], portable[16 * 80], defined[16 * 80], past_cache[16 * 81];
    static const size_t widths[] = {1, 2, 3, 4, 5, 8, 12, 16};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + i / 256);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        for (size_t n = 0; n <= 70; n++) {
            struct split_streams streams = {bytes, n + n % 9, n % 9};
            size_t width = widths[w];
            memset(fast, 0xee, sizeof fast);
            memset(portable, 0xee, sizeof portable);
            memset(defined, 0xee, sizeof defined);
            for (size_t i = 0; i < n * width; i++)
                defined[i] = bytes[i % width * streams.stride + streams.first + i / width];
            byte_stream_join_portable(streams, width, n, portable);
            assert_memory_equal(portable, defined, sizeof defined);
            byte_stream_join(streams, width, n, false, fast);
            assert_memory_equal(fast, defined, sizeof defined);
            for (size_t shift = 0; shift <= 16; shift++) { /* from every place that a value may stand at */
                memset(past_cache, 0xee, sizeof past_cache);
                byte_stream_join(streams, width, n, true, past_cache + shift);
                assert_memory_equal(past_cache + shift, defined, sizeof defined);
                for (size_t i = 0; i < shift; i++)
                    assert_int_equal(past_cache[i], 0xee);
            }
        }
    }
}

static void encodings_we_lack_are_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct decoder decoder;
    lake_fails(decoder_init(&decoder, PARQUET_DELTA_BYTE_ARRAY, text_type, NULL, &err), LAKE_UNSUPPORTED,
               "DELTA_BYTE_ARRAY");
    lake_fails(decoder_init(&decoder, PARQUET_BYTE_STREAM_SPLIT, text_type, NULL, &err), LAKE_UNSUPPORTED,
               "BYTE_STREAM_SPLIT");
    lake_fails(decoder_init(&decoder, PARQUET_BIT_PACKED, int32_type, NULL, &err), LAKE_UNSUPPORTED, "BIT_PACKED");
    lake_fails(decoder_init(&decoder, 10, float_type, NULL, &err), LAKE_UNSUPPORTED, "unknown (10)");
    lake_fails(decoder_init(&decoder, -1, float_type, NULL, &err), LAKE_UNSUPPORTED, "unknown (-1)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_integers),
        cmocka_unit_test(plain_booleans),
        cmocka_unit_test(plain_texts),
        cmocka_unit_test(a_huge_length_is_refused),
        cmocka_unit_test(texts_stay_within_the_budget),
        cmocka_unit_test(run_length_booleans),
        cmocka_unit_test(dictionary_of_integers),
        cmocka_unit_test(dictionary_of_texts),
        cmocka_unit_test(an_index_outside_the_dictionary_is_refused),
        cmocka_unit_test(packed_indices_are_checked_one_by_one),
        cmocka_unit_test(a_dictionary_shorter_than_its_count_is_refused),
        cmocka_unit_test(delta_integers_of_both_widths),
        cmocka_unit_test(delta_lengths),
        cmocka_unit_test(byte_streams),
        cmocka_unit_test(joining_with_and_without_simd_is_equal),
        cmocka_unit_test(encodings_we_lack_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
