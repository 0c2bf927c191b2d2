/* Finding rows by value and by number: statistics, the page index, ranges over pages and row groups, and files that
 * are read through a function instead of from memory. */
#include "base/limits.h"
#include "made_file.h"
#include "parquet/page_index.h"
#include "parquet/reader.h"
#include "unit/base/check.h"

enum { PAGES = 4, ROWS = 3, ALL = PAGES * ROWS };

static const struct made_column with_index = {.physical = PARQUET_INT32, .with_index = true};
static const struct made_column without_index = {.physical = PARQUET_INT32};

/* One row group of four pages of three rows: row i holds first + 10 * i. The checksum
 * of page 2 can be wrong. */
static void put_group(struct made_file *file, int32_t first, bool damaged)
{
    for (int32_t p = 0; p < PAGES; p++) {
        int32_t values[ROWS];
        for (int32_t i = 0; i < ROWS; i++)
            values[i] = first + 10 * (p * ROWS + i);
        made_page(file, &(struct made_page){.n_values = ROWS,
                                            .bytes = (const uint8_t *)values,
                                            .n_bytes = sizeof values,
                                            .with_crc = true,
                                            .crc_difference = damaged && p == 2,
                                            .min = values[0],
                                            .max = values[ROWS - 1]});
    }
    file->groups[file->n_groups].has_range = true;
    file->groups[file->n_groups].min = first;
    file->groups[file->n_groups].max = first + 10 * (ALL - 1);
}

static struct parquet_reader *open_made(const struct made_file *file)
{
    struct lake_error err = {0};
    struct parquet_reader *reader = NULL;
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(parquet_reader_open(reader, parquet_source_bytes("made", file->bytes.data, file->bytes.length), &err));
    return reader;
}

static void check_found(struct parquet_reader *reader, int64_t min, int64_t max, int64_t first, int64_t n_rows)
{
    struct lake_error err = {0};
    int64_t got_first = -1, got_n = -1;
    lake_ok(parquet_reader_find_rows(reader, 0, min, max, &got_first, &got_n, &err));
    assert_int_equal(got_n, n_rows);
    if (n_rows > 0)
        assert_int_equal(got_first, first);
}

static void check_read(struct parquet_reader *reader, int64_t first, int64_t n_rows, const int32_t *all)
{
    struct lake_error err = {0};
    int32_t values[2 * ALL];
    struct parquet_target target = {.values = values};
    memset(values, 0xee, sizeof values);
    lake_ok(parquet_reader_read(reader, 0, first, n_rows, &target, &err));
    assert_memory_equal(values, all + first, (size_t)n_rows * sizeof *values);
    assert_null(target.valid);
}

static void made_two_groups(struct made_file *file, const struct made_column *column)
{
    made_begin(file, column);
    put_group(file, 0, false);
    made_end_group(file, ALL);
    put_group(file, 1000, false);
    made_end(file, ALL);
}

static void finds_rows_by_the_page_index(void **state)
{
    (void)state;
    struct made_file file;
    made_two_groups(&file, &with_index);
    struct parquet_reader *reader = open_made(&file);
    check_found(reader, 0, 0, 0, 3);
    check_found(reader, 35, 55, 3, 3);
    check_found(reader, 20, 30, 0, 6);
    check_found(reader, 110, 1000, 9, 6); /* the last page of one group, the first of the next */
    check_found(reader, 25, 25, 0, 0);    /* between two pages */
    check_found(reader, 500, 600, 0, 0);  /* between two row groups */
    check_found(reader, INT64_MIN, INT64_MAX, 0, 24);
    check_found(reader, 1110, INT64_MAX, 21, 3);
    check_found(reader, 50, 40, 0, 0);
    parquet_reader_free(reader);
    made_release(&file);
}

static void finds_row_groups_without_a_page_index(void **state)
{
    (void)state;
    struct made_file file;
    made_two_groups(&file, &without_index);
    struct parquet_reader *reader = open_made(&file);
    check_found(reader, 35, 55, 0, 12);
    check_found(reader, 1000, 1000, 12, 12);
    check_found(reader, 500, 600, 0, 0);
    assert_true(parquet_reader_file(reader)->columns[0].has_range);
    assert_int_equal(parquet_reader_file(reader)->columns[0].min, 0);
    assert_int_equal(parquet_reader_file(reader)->columns[0].max, 1110);
    assert_int_equal(parquet_reader_file(reader)->columns[0].null_count, 0);
    parquet_reader_free(reader);
    made_release(&file);
}

/* Without statistics everything may hold everything. */
static void finds_all_rows_without_statistics(void **state)
{
    (void)state;
    struct made_file file;
    made_begin(&file, &without_index);
    put_group(&file, 0, false);
    file.groups[0].has_range = false;
    made_end(&file, ALL);
    struct parquet_reader *reader = open_made(&file);
    check_found(reader, 5000, 6000, 0, 12);
    assert_false(parquet_reader_file(reader)->columns[0].has_range);
    assert_int_equal(parquet_reader_file(reader)->columns[0].null_count, -1);
    parquet_reader_free(reader);
    made_release(&file);
}

static void statistics_that_contradict_themselves_are_not_used(void **state)
{
    (void)state;
    struct made_file file;
    made_begin(&file, &without_index);
    put_group(&file, 0, false);
    file.groups[0].min = 200;
    made_end(&file, ALL);
    struct parquet_reader *reader = open_made(&file);
    check_found(reader, 0, 0, 0, 12);
    assert_false(parquet_reader_file(reader)->columns[0].has_range);
    parquet_reader_free(reader);
    made_release(&file);
}

static void reads_every_range(void **state)
{
    (void)state;
    static const struct made_column *const columns[] = {&with_index, &without_index};
    int32_t all[2 * ALL];
    for (int32_t i = 0; i < 2 * ALL; i++)
        all[i] = i < ALL ? 10 * i : 1000 + 10 * (i - ALL);
    for (size_t c = 0; c < 2; c++) {
        struct made_file file;
        made_two_groups(&file, columns[c]);
        struct parquet_reader *reader = open_made(&file);
        for (int64_t first = 0; first <= 2 * ALL; first++) {
            for (int64_t n = 0; n <= 2 * ALL - first; n++)
                check_read(reader, first, n, all);
        }
        parquet_reader_free(reader);
        made_release(&file);
    }
}

static void ranges_outside_the_file_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const int64_t ranges[][2] = {{-1, 1},       {0, -1}, {0, 25}, {25, 0}, {24, 1}, {INT64_MAX, INT64_MAX},
                                        {1, INT64_MAX}};
    struct made_file file;
    int32_t values[1];
    struct parquet_target target = {.values = values};
    made_two_groups(&file, &with_index);
    struct parquet_reader *reader = open_made(&file);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        lake_fails(parquet_reader_read(reader, 0, ranges[i][0], ranges[i][1], &target, &err), LAKE_INVALID_ARGUMENT,
                   "of 24");
    lake_fails(parquet_reader_read(reader, 1, 0, 1, &target, &err), LAKE_INVALID_ARGUMENT, "column 1 of 1");
    parquet_reader_free(reader);
    made_release(&file);
}

/* A damaged page is met only by those who read it: what lies before the range is passed over, by the index or by
 * headers. */
static void pages_before_the_range_are_not_read(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct made_column *const columns[] = {&with_index, &without_index};
    for (size_t c = 0; c < 2; c++) {
        struct made_file file;
        int32_t values[ALL];
        struct parquet_target target = {.values = values};
        made_begin(&file, columns[c]);
        put_group(&file, 0, true);
        made_end(&file, ALL);
        struct parquet_reader *reader = open_made(&file);
        lake_ok(parquet_reader_read(reader, 0, 9, 3, &target, &err));
        assert_int_equal(values[0], 90);
        lake_ok(parquet_reader_read(reader, 0, 0, 6, &target, &err));
        lake_fails(parquet_reader_read(reader, 0, 8, 1, &target, &err), LAKE_CORRUPT, "checksum");
        parquet_reader_free(reader);
        made_release(&file);
    }
}

/* Offsets in the index are of the file, not of the chunk; rows are what the pages say. An index that lies is found, not
 * followed to other rows. */
static void an_index_that_lies_is_found(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        int64_t add_page_offsets, add_first_rows;
        const char *text;
    } lies[] = {
        {-4, 0, "page"},
        {-1000000, 0, "out of order"},
        {1, 0, "page"},
        {INT64_C(1) << 40, 0, "outside its column chunk"},
        {0, 1, "rows of the row group"},
        {0, -1, "of which the offset index says"},
        {0, 100, "out of order"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made_file file;
        int32_t values[ALL];
        struct parquet_target target = {.values = values};
        made_begin(&file, &with_index);
        put_group(&file, 0, false);
        file.add_page_offsets = lies[i].add_page_offsets;
        file.add_first_rows = lies[i].add_first_rows;
        made_end(&file, ALL);
        struct parquet_reader *reader = open_made(&file);
        lake_fails(parquet_reader_read(reader, 0, 11, 1, &target, &err), LAKE_CORRUPT, lies[i].text);
        parquet_reader_free(reader);
        made_release(&file);
    }
}

/* Pages in order, the first at row 0; and a column index for as many. */
static void indices_that_do_not_hold_together_are_corrupt(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const int64_t places[][4] = {
        /* offset and first row of two pages */
        {10, 1, 20, 5}, {10, 0, 20, -1}, {20, 0, 10, 5}, {10, 0, 10, 5}, {-1, 0, 20, 5}, {10, 0, 20, 101},
    };
    struct page_index index;
    page_index_init(&index);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct made_thrift out = {.bytes = BUFFER_INIT(MIB)};
        made_list(&out, 1, 12, 2);
        for (size_t p = 0; p < 2; p++) {
            made_element_struct(&out);
            made_i64(&out, 1, places[i][2 * p]);
            made_i64(&out, 3, places[i][2 * p + 1]);
            made_stop(&out);
        }
        made_element_varint(&out, 0);
        struct thrift_bytes bytes = {out.bytes.data, out.bytes.length};
        lake_fails(page_index_read_offsets(&index, bytes, 100, &err), LAKE_CORRUPT, "out of order");
        buffer_release(&out.bytes);
    }
    struct made_thrift out = {.bytes = BUFFER_INIT(MIB)};
    made_list(&out, 1, 1, 3);
    made_element_varint(&out, 0x010101);
    made_element_varint(&out, 0);
    struct thrift_bytes bytes = {out.bytes.data, out.bytes.length};
    struct schema_leaf leaf = {.physical = PARQUET_INT32};
    lake_fails(page_index_read_ranges(&index, bytes, &leaf, &err), LAKE_CORRUPT, "another number of pages");
    buffer_release(&out.bytes);
    page_index_release(&index);
}

static void an_index_outside_the_file_is_found(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file file;
    int64_t first, n_rows;
    made_begin(&file, &with_index);
    put_group(&file, 0, false);
    made_end_group(&file, ALL);
    file.groups[0].index_at[1] = INT64_MAX - 3;
    put_group(&file, 1000, false);
    made_end(&file, ALL);
    struct parquet_reader *reader = open_made(&file);
    lake_fails(parquet_reader_find_rows(reader, 0, 0, 0, &first, &n_rows, &err), LAKE_CORRUPT, "outside the file");
    parquet_reader_free(reader);
    made_release(&file);
}

/* Pages of nothing but nulls hold no value, whatever their bounds say. */
static void null_pages_hold_nothing(void **state)
{
    (void)state;
    static const uint8_t nulls[] = {2, 0, 0, 0, 0x06, 0x00};
    static const uint8_t values[] = {2, 0, 0, 0, 0x06, 0x01, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0};
    struct made_column column = with_index;
    struct made_file file;
    column.repetition = PARQUET_OPTIONAL;
    made_begin(&file, &column);
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = nulls, .n_bytes = sizeof nulls, .is_null = true});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = values, .n_bytes = sizeof values, .min = 1, .max = 3});
    made_page(&file, &(struct made_page){.n_values = 3, .bytes = nulls, .n_bytes = sizeof nulls, .is_null = true});
    made_end(&file, 9);
    struct parquet_reader *reader = open_made(&file);
    check_found(reader, 0, 2, 3, 3);
    check_found(reader, 0, 0, 0, 0);
    parquet_reader_free(reader);
    made_release(&file);
}

/* A source behind a function, which counts what it is asked for. */
struct counted {
    const struct made_file *file;
    int n_calls;
    size_t n_bytes;
    int fail_at; /* the call that fails; 0: none */
};

static lake_status read_counted(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    struct counted *counted = context;
    if (++counted->n_calls == counted->fail_at)
        return lake_fail(err, LAKE_IO, "cannot read it");
    assert_true(offset >= 0 && n <= counted->file->bytes.length - (size_t)offset);
    memcpy(bytes, counted->file->bytes.data + offset, n);
    counted->n_bytes += n;
    return LAKE_OK;
}

static void reads_through_a_function(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file file;
    int32_t all[2 * ALL];
    made_two_groups(&file, &with_index);
    struct counted counted = {.file = &file};
    struct parquet_source source = {"made", NULL, (int64_t)file.bytes.length, read_counted, &counted};
    struct parquet_reader *reader = open_made(&file);
    struct parquet_target target = {.values = all};
    lake_ok(parquet_reader_read(reader, 0, 0, 24, &target, &err));
    lake_ok(parquet_reader_open(reader, source, &err));
    for (int64_t first = 0; first < 24; first += 5)
        check_read(reader, first, 24 - first, all);
    check_found(reader, 110, 1000, 9, 6);
    assert_true(counted.n_calls > 0);
    parquet_reader_free(reader);
    made_release(&file);
}

/* The function's own error comes through, at whichever call it happens. */
static void failures_of_the_source_come_through(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct made_file file;
    int32_t values[2 * ALL];
    bool went_through = false;
    made_two_groups(&file, &with_index);
    for (int n = 1; !went_through; n++) {
        struct counted counted = {.file = &file, .fail_at = n};
        struct parquet_source source = {"made", NULL, (int64_t)file.bytes.length, read_counted, &counted};
        struct parquet_target target = {.values = values};
        struct parquet_reader *reader = NULL;
        lake_ok(parquet_reader_new(&reader, &err));
        lake_status status = parquet_reader_open(reader, source, &err);
        if (status == LAKE_OK)
            status = parquet_reader_read(reader, 0, 0, 24, &target, &err);
        went_through = counted.n_calls < n;
        assert_int_equal(status, went_through ? LAKE_OK : LAKE_IO);
        parquet_reader_free(reader);
        assert_true(n < 20);
    }
    made_release(&file);
}

/* The dictionary of a file that is not in memory outlives the window it was read through. */
static void dictionaries_outlive_the_window(void **state)
{
    (void)state;
    struct lake_error err = {0};
    enum { N_ENTRIES = 100000, N = 300000 }; /* 400 kB of dictionary, and an index of 17 bits a row */
    size_t n_index = 1 + 5 + (size_t)N / 8 * 17;
    int32_t *entries = test_malloc(N_ENTRIES * sizeof *entries);
    int32_t *values = test_malloc(N * sizeof *values);
    uint8_t *index = test_calloc(n_index, 1);
    struct parquet_target target = {.values = values};
    struct parquet_reader *reader = NULL;
    struct made_file file;
    for (int32_t i = 0; i < N_ENTRIES; i++)
        entries[i] = i * 7;
    index[0] = 17;
    memcpy(index + 1, "\xf9\xc9\x04", 3); /* N / 8 groups: (N / 8) << 1 | 1 */
    for (size_t i = 0; i < N; i++) {
        for (size_t b = 0; b < 17; b++) {
            size_t bit = i * 17 + b;
            index[4 + bit / 8] = (uint8_t)(index[4 + bit / 8] | ((i * 31 % N_ENTRIES) >> b & 1) << (bit % 8));
        }
    }
    made_begin(&file, &without_index);
    made_page(&file, &(struct made_page){.type = PARQUET_DICTIONARY_PAGE,
                                         .n_values = N_ENTRIES,
                                         .bytes = (const uint8_t *)entries,
                                         .n_bytes = N_ENTRIES * sizeof *entries});
    made_page(&file, &(struct made_page){
                         .encoding = PARQUET_RLE_DICTIONARY, .n_values = N, .bytes = index, .n_bytes = n_index});
    made_end(&file, N);
    struct counted counted = {.file = &file};
    struct parquet_source source = {"made", NULL, (int64_t)file.bytes.length, read_counted, &counted};
    lake_ok(parquet_reader_new(&reader, &err));
    lake_ok(parquet_reader_open(reader, source, &err));
    lake_ok(parquet_reader_read(reader, 0, 0, N, &target, &err));
    for (int64_t i = 0; i < N; i++)
        assert_int_equal(values[i], i * 31 % N_ENTRIES * 7);
    parquet_reader_free(reader);
    made_release(&file);
    test_free(entries);
    test_free(values);
    test_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_rows_by_the_page_index),
        cmocka_unit_test(finds_row_groups_without_a_page_index),
        cmocka_unit_test(finds_all_rows_without_statistics),
        cmocka_unit_test(statistics_that_contradict_themselves_are_not_used),
        cmocka_unit_test(reads_every_range),
        cmocka_unit_test(ranges_outside_the_file_are_refused),
        cmocka_unit_test(pages_before_the_range_are_not_read),
        cmocka_unit_test(an_index_that_lies_is_found),
        cmocka_unit_test(indices_that_do_not_hold_together_are_corrupt),
        cmocka_unit_test(an_index_outside_the_file_is_found),
        cmocka_unit_test(null_pages_hold_nothing),
        cmocka_unit_test(reads_through_a_function),
        cmocka_unit_test(failures_of_the_source_come_through),
        cmocka_unit_test(dictionaries_outlive_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
