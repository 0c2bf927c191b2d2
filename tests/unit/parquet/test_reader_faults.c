/* Memory: every allocation that fails is an error and loses nothing; and a reader that has seen a file of a kind
 * allocates nothing for the next one. Linked with --wrap=calloc and --wrap=realloc, through which all allocation of
 * the library goes. */
#include <stdlib.h>

#include "base/limits.h"
#include "made_file.h"
#include "parquet/reader.h"
#include "unit/base/check.h"

static long n_allocations;
static long fail_at; /* 0: never */
static size_t largest_bytes;

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
    return ++n_allocations == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    largest_bytes = size > largest_bytes ? size : largest_bytes;
    return ++n_allocations == fail_at ? NULL : __real_realloc(block, size);
}

enum { N = 3 };

/* A dictionary of texts, compressed pages, nulls, a page index: everything that needs memory. */
static void make(struct made_file *file)
{
    static const uint8_t entries[] = {14, 52, 3, 0, 0, 0, 'b', 'u', 'y', 3, 0, 0, 0, 's', 'e', 'l'}; /* snappy */
    static const uint8_t data[] = {9, 32, 2, 0, 0, 0, 0x03, 0x05, 1, 0x03, 0x02};
    const struct made_column column = {.physical = PARQUET_BYTE_ARRAY,
                                       .repetition = PARQUET_OPTIONAL,
                                       .codec = PARQUET_CODEC_SNAPPY,
                                       .with_index = true};
    made_begin(file, &column);
    made_page(file, &(struct made_page){.type = PARQUET_DICTIONARY_PAGE,
                                        .n_values = 2,
                                        .bytes = entries,
                                        .n_bytes = sizeof entries,
                                        .uncompressed_bytes = 14});
    for (int i = 0; i < 2; i++)
        made_page(file, &(struct made_page){.encoding = PARQUET_RLE_DICTIONARY,
                                            .n_values = N,
                                            .bytes = data,
                                            .n_bytes = sizeof data,
                                            .uncompressed_bytes = 9});
    made_end(file, 2 * N);
}

static lake_status read_all(struct parquet_reader *reader, const struct made_file *file, struct buffer *bytes,
                            struct lake_error *err)
{
    int32_t offsets[2 * N + 1];
    struct parquet_target target = {.offsets = offsets, .bytes = bytes};
    TRY(parquet_reader_open(reader, parquet_source_bytes("made", file->bytes.data, file->bytes.length), err));
    TRY(parquet_reader_read(reader, 0, N, N, &target, err));
    TRY(parquet_reader_read(reader, 0, 0, 2 * N, &target, err));
    assert_int_equal(target.null_count, 2);
    assert_int_equal(offsets[2 * N], bytes->length);
    assert_int_equal(bytes->length, 12);
    return LAKE_OK;
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    struct made_file file;
    bool went_through = false;
    make(&file);
    for (long n = 1; !went_through; n++) {
        struct lake_error err = {0};
        struct parquet_reader *reader = NULL;
        struct buffer bytes = BUFFER_INIT(MIB);
        n_allocations = 0;
        fail_at = n;
        lake_status status = parquet_reader_new(&reader, &err);
        if (status == LAKE_OK)
            status = read_all(reader, &file, &bytes, &err);
        went_through = n_allocations < n;
        fail_at = 0;
        assert_int_equal(status, went_through ? LAKE_OK : LAKE_NO_MEMORY);
        /* What failed once works afterwards. */
        if (reader != NULL)
            lake_ok(read_all(reader, &file, &bytes, &err));
        parquet_reader_free(reader);
        buffer_release(&bytes);
        assert_true(n < 100);
    }
    made_release(&file);
}

static void a_steady_state_allocates_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file file;
    struct parquet_reader *reader = NULL;
    struct buffer bytes = BUFFER_INIT(MIB);
    make(&file);
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(read_all(reader, &file, &bytes, &err));
    n_allocations = 0;
    for (int i = 0; i < 10; i++)
        lake_ok(read_all(reader, &file, &bytes, &err));
    assert_int_equal(n_allocations, 0);
    parquet_reader_free(reader);
    buffer_release(&bytes);
    made_release(&file);
}

/* Pages that claim 60 MiB in a hundred bytes: refused before memory is reserved for them. */
static void claims_do_not_reserve_memory(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bomb[100] = {0x80, 0x80, 0x80, 0x1e}; /* as snappy: 60 MiB */
    static const int32_t codecs[] = {PARQUET_CODEC_SNAPPY, PARQUET_CODEC_GZIP, PARQUET_CODEC_UNCOMPRESSED};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        struct made_file file;
        struct parquet_reader *reader = NULL;
        int32_t values[N];
        struct parquet_target target = {.values = values};
        made_begin(&file, &(struct made_column){.physical = PARQUET_INT32, .codec = codecs[i]});
        made_page(&file, &(struct made_page){
                             .n_values = N, .bytes = bomb, .n_bytes = sizeof bomb, .uncompressed_bytes = 60 << 20});
        made_end(&file, N);
        lake_ok(parquet_reader_new(&reader, &err));
        lake_ok(parquet_reader_open(reader, parquet_source_bytes("bomb", file.bytes.data, file.bytes.length), &err));
        largest_bytes = 0;
        lake_fails(parquet_reader_read(reader, 0, 0, N, &target, &err), LAKE_CORRUPT, "cannot hold");
        assert_true(largest_bytes < MIB);
        parquet_reader_free(reader);
        made_release(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(a_steady_state_allocates_nothing),
        cmocka_unit_test(claims_do_not_reserve_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
