/* Whole files, made by hand: what must be read, and every lie that must be found. */
#include "base/limits.h"
#include "made_file.h"
#include "parquet/reader.h"
#include "unit/base/check.h"

/* What a read gave: rows as int64 whatever the type. */
struct read_result {
    int64_t n_rows;
    int64_t values[64];
    bool valid[64];
    int64_t null_count;
};

static lake_status open_made(struct parquet_reader *reader, const struct made_file *file, struct lake_error *err)
{
    return parquet_reader_open(reader, parquet_source_bytes("made", file->bytes.data, file->bytes.length), err);
}

static lake_status read_open(struct parquet_reader *reader, int64_t first, int64_t n_rows, struct read_result *out,
                             struct lake_error *err)
{
    const struct parquet_file *file = parquet_reader_file(reader);
    int64_t wide[64] = {0};
    struct parquet_target target = {.values = wide};
    TRY(parquet_reader_read(reader, 0, first, n_rows, &target, err));
    int32_t narrow[64];
    memcpy(narrow, wide, sizeof narrow);
    *out = (struct read_result){.n_rows = n_rows, .null_count = target.null_count};
    for (int64_t i = 0; i < n_rows; i++) {
        out->valid[i] = target.valid == NULL || target.valid[i] == 1;
        out->values[i] = file->columns[0].field.type == COLUMN_INT32 ? narrow[i] : wide[i];
    }
    return LAKE_OK;
}

/* Opens the file and reads all of its rows; at most 64. */
static lake_status read_made(const struct made_file *file, struct read_result *out, struct lake_error *err)
{
    struct parquet_reader *reader = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(parquet_reader_new(&reader, err));
    TRY_OUT(open_made(reader, file, err));
    TRY_OUT(read_open(reader, 0, parquet_reader_file(reader)->n_rows, out, err));
out:
    parquet_reader_free(reader);
    return status;
}

static const uint8_t three_numbers[] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
static const struct made_page three_page = {.n_values = 3, .bytes = three_numbers, .n_bytes = sizeof three_numbers};
static const struct made_column required_int32 = {.physical = PARQUET_INT32};
static const struct made_column optional_int32 = {.physical = PARQUET_INT32, .repetition = PARQUET_OPTIONAL};

static void check_rows(const struct read_result *got, const int64_t *expected, int64_t n)
{
    assert_int_equal(got->n_rows, n);
    for (int64_t i = 0; i < n; i++)
        assert_int_equal(got->values[i], expected[i]);
}

static void reads_a_file_made_by_hand(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const int64_t expected[] = {1, 2, 3, 1, 2, 3};
    struct made_file file;
    struct read_result got;
    made_begin(&file, &required_int32);
    made_page(&file, &three_page);
    made_page(&file, &three_page);
    made_end(&file, 6);
    lake_ok(read_made(&file, &got, &err));
    check_rows(&got, expected, 6);
    made_release(&file);
}

/* Levels of each page begin anew; a null in the second page only. */
static void optional_columns_over_more_than_one_page(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t full[] = {2, 0, 0, 0, 0x06, 0x01, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    static const uint8_t holes[] = {2, 0, 0, 0, 0x03, 0x05, 4, 0, 0, 0, 5, 0, 0, 0};
    static const int64_t expected[] = {1, 2, 3, 4, 0, 5, 1, 2, 3};
    struct made_file file;
    struct read_result got;
    made_begin(&file, &optional_int32);
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = full, .n_bytes = sizeof full});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = holes, .n_bytes = sizeof holes});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = full, .n_bytes = sizeof full});
    made_end(&file, 9);
    lake_ok(read_made(&file, &got, &err));
    check_rows(&got, expected, 9);
    assert_int_equal(got.null_count, 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(got.valid[i], i != 4);
    made_release(&file);
}

/* Texts: a null row ends where the row before it does, also where that row is on another page. */
static void optional_texts_over_more_than_one_page(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t full[] = {2, 0, 0, 0, 0x04, 0x01, 2, 0, 0, 0, 'h', 'i', 1, 0, 0, 0, '!'};
    static const uint8_t holes[] = {2, 0, 0, 0, 0x03, 0x04, 3, 0, 0, 0, 'y', 'o', 'u'}; /* null, null, you */
    static const int32_t expected[] = {0, 0, 0, 3, 5, 6, 6, 6, 9};
    struct made_file file;
    struct parquet_reader *reader = NULL;
    struct buffer bytes = BUFFER_INIT(MIB);
    int32_t offsets[9];
    struct parquet_target target = {.offsets = offsets, .bytes = &bytes};
    made_begin(&file, &(struct made_column){.physical = PARQUET_BYTE_ARRAY, .repetition = PARQUET_OPTIONAL});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = holes, .n_bytes = sizeof holes});
    made_page(&file, &(struct made_page){.n_values = 2, .bytes = full, .n_bytes = sizeof full});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = holes, .n_bytes = sizeof holes});
    made_end(&file, 8);
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(open_made(reader, &file, &err));
    lake_ok(parquet_reader_read(reader, 0, 0, 8, &target, &err));
    assert_memory_equal(offsets, expected, sizeof expected);
    assert_int_equal(bytes.length, 9);
    assert_memory_equal(bytes.data, "youhi!you", 9);
    assert_int_equal(target.null_count, 4);
    parquet_reader_free(reader);
    buffer_release(&bytes);
    made_release(&file);
}

static void deprecated_levels(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xa0, 4, 0, 0, 0, 5, 0, 0, 0};
    static const int64_t expected[] = {4, 0, 5};
    struct made_file file;
    struct read_result got;
    made_begin(&file, &optional_int32);
    made_page(&file,
              &(struct made_page){.n_values = 3, .bytes = bytes, .n_bytes = sizeof bytes, .bit_packed_levels = true});
    made_end(&file, 3);
    lake_ok(read_made(&file, &got, &err));
    check_rows(&got, expected, 3);
    made_release(&file);
}

/* v2: levels are never compressed, and with is_compressed = false nothing is, whatever the codec. */
static void v2_pages_that_are_not_compressed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x03, 0x05, 4, 0, 0, 0, 5, 0, 0, 0};
    static const int64_t expected[] = {4, 0, 5};
    struct made_column column = optional_int32;
    struct made_file file;
    struct read_result got;
    column.codec = PARQUET_CODEC_SNAPPY;
    made_begin(&file, &column);
    made_page(&file, &(struct made_page){.type = PARQUET_DATA_PAGE_V2,
                                         .n_values = 3,
                                         .bytes = bytes,
                                         .n_bytes = sizeof bytes,
                                         .definition_bytes = 2,
                                         .not_compressed = true});
    made_end(&file, 3);
    lake_ok(read_made(&file, &got, &err));
    check_rows(&got, expected, 3);
    made_release(&file);
}

/* The CRC covers the compressed bytes of the page, in v2 with its levels. */
static void checksums_cover_the_page_as_it_lies(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t v2[] = {0x06, 0x01, 12, 44, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}; /* snappy: one literal */
    for (uint32_t difference = 0; difference < 2; difference++) {
        struct made_column column = optional_int32;
        struct made_file file;
        struct read_result got;
        column.codec = PARQUET_CODEC_SNAPPY;
        made_begin(&file, &column);
        made_page(&file, &(struct made_page){.type = PARQUET_DATA_PAGE_V2,
                                             .n_values = 3,
                                             .bytes = v2,
                                             .n_bytes = sizeof v2,
                                             .uncompressed_bytes = 14,
                                             .definition_bytes = 2,
                                             .with_crc = true,
                                             .crc_difference = difference});
        made_end(&file, 3);
        if (difference == 0)
            lake_ok(read_made(&file, &got, &err));
        else
            lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT,
                       "column 'c': row group 0: page at byte 4: the page's checksum");
        made_release(&file);
    }
}

static void checksums_can_be_left_unchecked(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_page page = three_page;
    struct made_file file;
    struct parquet_reader *reader = NULL;
    struct read_result got;
    page.with_crc = true;
    page.crc_difference = 1;
    made_begin(&file, &required_int32);
    made_page(&file, &page);
    made_end(&file, 3);
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(open_made(reader, &file, &err));
    lake_fails(read_open(reader, 0, 3, &got, &err), LAKE_CORRUPT, "checksum");
    parquet_reader_check_crc(reader, false);
    lake_ok(read_open(reader, 0, 3, &got, &err));
    parquet_reader_free(reader);
    made_release(&file);
}

/* One lie each, and the word by which it is named. */
static void lies_in_the_footer_are_found(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        int64_t add_rows, add_values, add_chunk_bytes, add_data_at;
        int32_t add_footer_length, chunk_physical;
        const char *text;
    } lies[] = {
        {.add_rows = 1, .text = "4 rows, but 3 in its row groups"},
        {.add_rows = -4, .text = "no number of rows"},
        {.add_values = 1, .text = "4 values in a row group of 3 rows"},
        {.add_values = -4, .text = "-1 values"},
        {.add_chunk_bytes = INT64_C(1) << 40, .text = "outside the file"},
        {.add_chunk_bytes = INT64_MAX - 100, .text = "outside the file"},
        {.add_chunk_bytes = -100, .text = "outside the file"},
        {.add_chunk_bytes = -1, .text = "longer than its column chunk"},
        {.add_chunk_bytes = -20, .text = "the bytes end too early"},
        {.add_data_at = INT64_C(1) << 40, .text = "outside the file"},
        {.add_data_at = -5, .text = "outside the file"},
        {.add_footer_length = 1, .text = "footer"},
        {.add_footer_length = -1, .text = "footer"},
        {.add_footer_length = 1000000, .text = "longer than the file"},
        {.add_footer_length = INT32_MIN, .text = "longer than the file"},
        {.chunk_physical = 1 + PARQUET_INT64, .text = "the row group has type 2, the schema 1"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made_file file;
        struct read_result got;
        made_begin(&file, &required_int32);
        made_page(&file, &three_page);
        file.add_rows = lies[i].add_rows;
        file.add_values = lies[i].add_values;
        file.add_chunk_bytes = lies[i].add_chunk_bytes;
        file.add_data_at = lies[i].add_data_at;
        file.add_footer_length = lies[i].add_footer_length;
        file.chunk_physical = lies[i].chunk_physical;
        made_end(&file, 3);
        lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, lies[i].text);
        made_release(&file);
    }
}

static void lies_in_page_headers_are_found(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        struct made_page page;
        lake_status status;
        const char *text;
    } lies[] = {
        {{.n_values = 4, .bytes = three_numbers, .n_bytes = 12}, LAKE_CORRUPT, "more than the 3 rows"},
        {{.n_values = 2, .bytes = three_numbers, .n_bytes = 12}, LAKE_CORRUPT, "end after 2 of the 3 rows"},
        {{.n_values = INT32_MAX, .bytes = three_numbers, .n_bytes = 12}, LAKE_CORRUPT, "more than the 3 rows"},
        {{.n_values = -3, .bytes = three_numbers, .n_bytes = 12}, LAKE_CORRUPT, "missing or negative"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 11}, LAKE_CORRUPT, "ends before its values"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .compressed_bytes = -1}, LAKE_CORRUPT, "negative"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .uncompressed_bytes = -1}, LAKE_CORRUPT, "negative"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .uncompressed_bytes = 13}, LAKE_CORRUPT, "cannot hold"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .compressed_bytes = 13},
         LAKE_CORRUPT,
         "longer than its column chunk"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .compressed_bytes = INT32_MAX},
         LAKE_CORRUPT,
         "longer than its column chunk"},
        {{.n_values = 3, .bytes = three_numbers, .n_bytes = 12, .uncompressed_bytes = INT32_MAX},
         LAKE_NO_MEMORY,
         "over the limit"},
        {{.n_values = 3, .encoding = PARQUET_RLE_DICTIONARY, .bytes = three_numbers, .n_bytes = 12},
         LAKE_CORRUPT,
         "without a dictionary"},
        {{.n_values = 3, .encoding = 99, .bytes = three_numbers, .n_bytes = 12}, LAKE_UNSUPPORTED, "99"},
        {{.type = PARQUET_DATA_PAGE_V2, .n_values = 3, .n_rows = 2, .bytes = three_numbers, .n_bytes = 12},
         LAKE_CORRUPT,
         "3 values in 2 rows"},
        {{.type = PARQUET_DATA_PAGE_V2, .n_values = 3, .definition_bytes = 13, .bytes = three_numbers, .n_bytes = 12},
         LAKE_CORRUPT,
         "levels of 13 bytes"},
        {{.type = PARQUET_DATA_PAGE_V2,
          .n_values = 3,
          .definition_bytes = INT32_MAX,
          .bytes = three_numbers,
          .n_bytes = 12},
         LAKE_CORRUPT,
         "levels of 2147483647 bytes"},
        {{.type = PARQUET_DATA_PAGE_V2, .n_values = 3, .definition_bytes = -1, .bytes = three_numbers, .n_bytes = 12},
         LAKE_CORRUPT,
         "negative"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made_file file;
        struct read_result got;
        made_begin(&file, &required_int32);
        made_page(&file, &lies[i].page);
        made_end(&file, 3);
        lake_fails(read_made(&file, &got, &err), lies[i].status, lies[i].text);
        made_release(&file);
    }
}

static void levels_longer_than_their_page_are_found(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t long_levels[] = {0xff, 0xff, 0xff, 0xff, 0x06, 0x01};
    static const uint8_t too_few[] = {2, 0, 0, 0, 0x04, 0x01, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    static const uint8_t too_short[] = {2, 0, 0};
    static const struct {
        struct made_page page;
        const char *text;
    } lies[] = {
        {{.n_values = 3, .bytes = long_levels, .n_bytes = sizeof long_levels}, "longer than their page"},
        {{.n_values = 3, .bytes = too_few, .n_bytes = sizeof too_few}, "ends before its values"},
        {{.n_values = 3, .bytes = too_short, .n_bytes = sizeof too_short}, "without definition levels"},
        {{.n_values = 3, .bytes = too_short, .n_bytes = 0}, "without definition levels"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made_file file;
        struct read_result got;
        made_begin(&file, &optional_int32);
        made_page(&file, &lies[i].page);
        made_end(&file, 3);
        lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, lies[i].text);
        made_release(&file);
    }
}

/* A page that says it holds 60 MiB in a hundred bytes of snappy. */
static void a_page_that_claims_much_is_refused_early(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bomb[100] = {0x80, 0x80, 0x80, 0x1e};
    struct made_column column = required_int32;
    struct made_file file;
    struct read_result got;
    column.codec = PARQUET_CODEC_SNAPPY;
    made_begin(&file, &column);
    made_page(&file, &(struct made_page){
                         .n_values = 3, .bytes = bomb, .n_bytes = sizeof bomb, .uncompressed_bytes = 60 << 20});
    made_end(&file, 3);
    lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, "100 bytes of snappy cannot hold");
    made_release(&file);
}

static const uint8_t text_entries[] = {8, 0, 0, 0, '1', '2', '3', '4', '5', '6', '7', '8'};
static const struct made_page text_dictionary = {
    .type = PARQUET_DICTIONARY_PAGE, .n_values = 1, .bytes = text_entries, .n_bytes = sizeof text_entries};

/* A small file whose rows would fill memory: the target's budget decides. */
static void a_dictionary_bomb_stays_within_the_budget(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t run[] = {0, 0x80, 0x89, 0x7a}; /* a million times the one text */
    enum { N = 1000000 };
    struct made_file file;
    struct parquet_reader *reader = NULL;
    struct buffer bytes = BUFFER_INIT(MIB);
    int32_t *offsets = test_malloc((N + 1) * sizeof *offsets);
    struct parquet_target target = {.offsets = offsets, .bytes = &bytes};
    made_begin(&file, &(struct made_column){.physical = PARQUET_BYTE_ARRAY});
    made_page(&file, &text_dictionary);
    made_page(&file, &(struct made_page){
                         .encoding = PARQUET_RLE_DICTIONARY, .n_values = N, .bytes = run, .n_bytes = sizeof run});
    made_end(&file, N);
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(open_made(reader, &file, &err));
    lake_fails(parquet_reader_read(reader, 0, 0, N, &target, &err), LAKE_NO_MEMORY, "limit of 1048576 bytes");
    assert_true(bytes.capacity <= MIB);
    /* A part of it fits. */
    lake_ok(parquet_reader_read(reader, 0, N - 10, 10, &target, &err));
    assert_int_equal(offsets[10], 80);
    assert_memory_equal(bytes.data + 72, "12345678", 8);
    parquet_reader_free(reader);
    test_free(offsets);
    buffer_release(&bytes);
    made_release(&file);
}

static void dictionary_pages_stand_first_and_once(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t run[] = {0, 0x06};
    const struct made_page number_dictionary = {
        .type = PARQUET_DICTIONARY_PAGE, .n_values = 1, .bytes = three_numbers, .n_bytes = 4};
    const struct made_page data = {
        .encoding = PARQUET_RLE_DICTIONARY, .n_values = 3, .bytes = run, .n_bytes = sizeof run};
    const struct made_page *orders[][3] = {{&number_dictionary, &number_dictionary, &data},
                                           {&three_page, &number_dictionary, &data}};
    for (size_t i = 0; i < 2; i++) {
        struct made_file file;
        struct read_result got;
        made_begin(&file, &required_int32);
        for (size_t k = 0; k < 3; k++)
            made_page(&file, orders[i][k]);
        file.groups[0].dictionary_at = i == 0 ? 4 : 0;
        made_end(&file, i == 0 ? 3 : 6);
        lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, "not the first of its column chunk");
        made_release(&file);
    }
}

static void wrong_magic_is_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file file;
    struct read_result got;
    made_begin(&file, &required_int32);
    made_page(&file, &three_page);
    made_end(&file, 3);
    file.bytes.data[file.bytes.length - 1] = '2';
    lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, "made: not a Parquet file");
    memcpy(file.bytes.data + file.bytes.length - 4, "PARE", 4);
    lake_fails(read_made(&file, &got, &err), LAKE_UNSUPPORTED, "encrypted footers");
    file.bytes.length = 11;
    lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, "it has 11 bytes");
    made_release(&file);
}

/* A reader that could not open a file has none, and no columns of it. */
static void a_failed_open_leaves_no_file(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file good, bad;
    struct parquet_reader *reader = NULL;
    struct read_result got;
    made_begin(&good, &required_int32);
    made_page(&good, &three_page);
    made_end(&good, 3);
    made_begin(&bad, &required_int32);
    bad.add_rows = 1;
    made_end(&bad, 0);
    lake_ok(parquet_reader_new(&reader, &err));
    lake_fails(parquet_reader_read(reader, 0, 0, 0, NULL, &err), LAKE_INVALID_STATE, "no Parquet file is open");
    lake_ok(open_made(reader, &good, &err));
    assert_int_equal(parquet_reader_find(reader, "c"), 0);
    lake_fails(open_made(reader, &bad, &err), LAKE_CORRUPT, "1 rows, but 0");
    assert_int_equal(parquet_reader_file(reader)->n_columns, 0);
    assert_int_equal(parquet_reader_find(reader, "c"), -1);
    lake_fails(parquet_reader_read(reader, 0, 0, 0, NULL, &err), LAKE_INVALID_STATE, "no Parquet file is open");
    lake_ok(open_made(reader, &good, &err));
    lake_ok(read_open(reader, 0, 3, &got, &err));
    parquet_reader_free(reader);
    made_release(&good);
    made_release(&bad);
}

/* A file that is cut short anywhere is refused. With any one bit changed it is read or refused, but never crashes us
 * (the sanitizers watch); a bit of the values is found by the checksum. */
static void damage_anywhere_is_harmless(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_page page = three_page;
    struct made_file file;
    struct read_result got;
    page.with_crc = true;
    made_begin(&file, &required_int32);
    made_page(&file, &page);
    made_end(&file, 3);
    size_t length = file.bytes.length;
    size_t values_end = (size_t)file.groups[0].end;
    for (size_t i = 0; i < length; i++) {
        file.bytes.length = i;
        assert_int_not_equal(read_made(&file, &got, &err), LAKE_OK);
    }
    file.bytes.length = length;
    for (size_t i = 0; i < length * 8; i++) {
        bool in_values = i / 8 >= values_end - sizeof three_numbers && i / 8 < values_end;
        file.bytes.data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (in_values)
            lake_fails(read_made(&file, &got, &err), LAKE_CORRUPT, "checksum");
        else
            (void)read_made(&file, &got, &err);
        file.bytes.data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    lake_ok(read_made(&file, &got, &err));
    made_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_file_made_by_hand),
        cmocka_unit_test(optional_columns_over_more_than_one_page),
        cmocka_unit_test(optional_texts_over_more_than_one_page),
        cmocka_unit_test(deprecated_levels),
        cmocka_unit_test(v2_pages_that_are_not_compressed),
        cmocka_unit_test(checksums_cover_the_page_as_it_lies),
        cmocka_unit_test(checksums_can_be_left_unchecked),
        cmocka_unit_test(lies_in_the_footer_are_found),
        cmocka_unit_test(lies_in_page_headers_are_found),
        cmocka_unit_test(levels_longer_than_their_page_are_found),
        cmocka_unit_test(a_page_that_claims_much_is_refused_early),
        cmocka_unit_test(a_dictionary_bomb_stays_within_the_budget),
        cmocka_unit_test(dictionary_pages_stand_first_and_once),
        cmocka_unit_test(wrong_magic_is_named),
        cmocka_unit_test(a_failed_open_leaves_no_file),
        cmocka_unit_test(damage_anywhere_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
