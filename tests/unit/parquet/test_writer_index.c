/* The files' structure, parsed here from its bytes and parquet.thrift: where pages lie, what their CRC covers, what the
 * page index says of them. Nothing of our reader but the thrift protocol is used. */
#include "base/bytes.h"
#include "base/limits.h"
#include "parquet/thrift_reader.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

enum { MAGIC_BYTES = 4, PAGES_MAX = 256 };

/* The fields of a struct that are integers, by id; of a struct within, the same. */
struct numbers {
    int64_t of[16];
};

struct found_page {
    struct numbers header;      /* of PageHeader */
    struct numbers data_header; /* of the DataPageHeader or DictionaryPageHeader in it */
    size_t header_bytes;
};

struct found_chunk {
    struct numbers chunk;    /* of ColumnChunk */
    struct numbers metadata; /* of ColumnMetaData */
};

struct location {
    int64_t offset;
    int64_t n_bytes;
    int64_t first_row;
};

/* Adds up integers of the struct that begins here; other fields are passed over. */
static struct numbers read_numbers(struct thrift_reader *in)
{
    struct numbers out = {{0}};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        if (field.id > 0 && field.id < 16 && (field.type == THRIFT_I32 || field.type == THRIFT_I64))
            out.of[field.id] = field.type == THRIFT_I32 ? thrift_i32(in, field) : thrift_i64(in, field);
        else
            thrift_skip(in, field.type);
    }
    return out;
}

static struct found_page read_page(const struct buffer *file, int64_t offset)
{
    struct found_page out = {0};
    struct thrift_field field = {0};
    struct thrift_reader in = thrift_reader_init(file->data + offset, file->length - (size_t)offset);
    while (thrift_next_field(&in, &field)) {
        if (field.type == THRIFT_I32)
            out.header.of[field.id] = thrift_i32(&in, field);
        else if (field.type == THRIFT_STRUCT)
            out.data_header = read_numbers(&in);
    }
    assert_null(in.failure);
    out.header_bytes = (size_t)(in.at - in.start);
    return out;
}

/* CRC-32 bit by bit, as its definition has it. */
static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static struct found_chunk read_chunk(struct thrift_reader *in)
{
    struct found_chunk out = {{{0}}, {{0}}};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        if (field.type == THRIFT_STRUCT && field.id == 3)
            out.metadata = read_numbers(in);
        else
            out.chunk.of[field.id] = field.type == THRIFT_I32 ? thrift_i32(in, field) : thrift_i64(in, field);
    }
    return out;
}

static size_t read_group(struct thrift_reader *in, struct found_chunk *chunks)
{
    struct thrift_field field = {0};
    size_t n = 0;
    while (thrift_next_field(in, &field)) {
        if (field.id != 1) {
            thrift_skip(in, field.type);
            continue;
        }
        for (uint32_t left = thrift_list(in, field, THRIFT_STRUCT).n; left > 0; left--)
            chunks[n++] = read_chunk(in);
    }
    return n;
}

/* The chunks of all row groups; the number of columns is that of the fixture. */
static size_t read_footer(const struct buffer *file, struct found_chunk *chunks)
{
    size_t n = 0;
    struct thrift_field field = {0};
    const uint8_t *end = file->data + file->length - 2 * MAGIC_BYTES;
    uint32_t footer_bytes = load_u32(end);
    assert_memory_equal(file->data, "PAR1", MAGIC_BYTES);
    assert_memory_equal(end + MAGIC_BYTES, "PAR1", MAGIC_BYTES);
    struct thrift_reader in = thrift_reader_init(end - footer_bytes, footer_bytes);
    while (thrift_next_field(&in, &field)) {
        if (field.id != 4) {
            thrift_skip(&in, field.type);
            continue;
        }
        for (uint32_t left = thrift_list(&in, field, THRIFT_STRUCT).n; left > 0; left--)
            n += read_group(&in, chunks + n);
    }
    assert_null(in.failure);
    assert_ptr_equal(in.at, end);
    return n;
}

static size_t read_locations(const struct buffer *file, const struct found_chunk *chunk, struct location *out)
{
    struct thrift_field field = {0};
    struct thrift_reader in = thrift_reader_init(file->data + chunk->chunk.of[4], (size_t)chunk->chunk.of[5]);
    assert_true(thrift_next_field(&in, &field));
    struct thrift_list list = thrift_list(&in, field, THRIFT_STRUCT);
    assert_true(list.n <= PAGES_MAX);
    for (uint32_t i = 0; i < list.n; i++) {
        struct numbers location = read_numbers(&in);
        out[i] = (struct location){location.of[1], location.of[2], location.of[3]};
    }
    assert_false(thrift_next_field(&in, &field));
    assert_null(in.failure);
    assert_int_equal(in.at - in.start, chunk->chunk.of[5]); /* the length said is the length */
    return list.n;
}

/* Size and CRC of the page at an offset; its bytes with the header. */
static int64_t check_page(const struct buffer *file, int64_t offset, int64_t *uncompressed_bytes,
                          struct found_page *page)
{
    *page = read_page(file, offset);
    int64_t n_bytes = page->header.of[3];
    assert_int_equal((uint32_t)(int32_t)page->header.of[4],
                     crc_of(file->data + offset + page->header_bytes, (size_t)n_bytes));
    *uncompressed_bytes += (int64_t)page->header_bytes + page->header.of[2];
    return (int64_t)page->header_bytes + n_bytes;
}

static void check_chunk(const struct buffer *file, const struct found_chunk *chunk, int64_t n_rows)
{
    struct location locations[PAGES_MAX];
    struct found_page page;
    size_t n_pages = read_locations(file, chunk, locations);
    int64_t at = chunk->metadata.of[11] > 0 ? chunk->metadata.of[11] : chunk->metadata.of[9];
    int64_t start = at;
    int64_t row = 0;
    int64_t uncompressed_bytes = 0;
    if (chunk->metadata.of[11] > 0) {
        at += check_page(file, at, &uncompressed_bytes, &page);
        assert_int_equal(page.header.of[1], 2); /* DICTIONARY_PAGE */
        assert_int_equal(page.data_header.of[2], 0);
    }
    assert_int_equal(at, chunk->metadata.of[9]);
    for (size_t i = 0; i < n_pages; i++) {
        assert_int_equal(locations[i].offset, at);
        assert_int_equal(locations[i].first_row, row);
        int64_t n_bytes = check_page(file, at, &uncompressed_bytes, &page);
        assert_int_equal(page.header.of[1], 0); /* DATA_PAGE */
        assert_int_equal(locations[i].n_bytes, n_bytes);
        at += n_bytes;
        row += page.data_header.of[1];
    }
    assert_int_equal(row, n_rows);
    assert_int_equal(chunk->metadata.of[5], n_rows);
    assert_int_equal(chunk->metadata.of[6], uncompressed_bytes);
    assert_int_equal(chunk->metadata.of[7], at - start);
}

/* Chunks follow one another from the magic on, and the indexes follow the last. */
static void check_file(const struct buffer *file, const struct batch *batch, int64_t group_rows)
{
    static struct found_chunk chunks[1024];
    size_t n_columns = batch->schema->n_fields;
    size_t n = read_footer(file, chunks);
    int64_t at = MAGIC_BYTES;
    int64_t left = batch->n_rows;
    for (size_t i = 0; i < n; i += n_columns, left -= group_rows) {
        for (size_t k = i; k < i + n_columns; k++) {
            bool has_dictionary = chunks[k].metadata.of[11] > 0;
            assert_int_equal(chunks[k].metadata.of[has_dictionary ? 11 : 9], at);
            check_chunk(file, &chunks[k], left < group_rows ? left : group_rows);
            at += chunks[k].metadata.of[7];
        }
    }
    assert_true(left <= 0);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(chunks[i].chunk.of[6], at); /* no column of the fixture goes without */
        at += chunks[i].chunk.of[7];
    }
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(chunks[i].chunk.of[4], at);
        at += chunks[i].chunk.of[5];
    }
}

static void test_every_page_is_where_the_index_says(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer file = BUFFER_INIT(64 * MIB);
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    static const int64_t page_rows[] = {0, 8, 100, 333};
    lake_ok(parquet_writer_new(&writer, &err));
    for (int choice = 0; choice < 16; choice++) {
        struct parquet_writer_options options = {.doubles = choice & 1 ? PARQUET_DOUBLES_PLAIN : PARQUET_DOUBLES_FAST,
                                                 .compression = choice & 2 ? PARQUET_UNCOMPRESSED : PARQUET_SNAPPY,
                                                 .page_rows = page_rows[choice / 4]};
        struct batch batch = fixture_batch(schema, 1440, choice % 3 == 0);
        fixture_write(writer, &batch, &options, 1440, &file);
        check_file(&file, &batch, 1440);
        fixture_write(writer, &batch, &options, 500, &file);
        check_file(&file, &batch, 500);
        batch_release(&batch);
    }
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&file);
}

static size_t count_rows(const struct buffer *file, size_t chunk, int64_t *first_rows)
{
    static struct found_chunk chunks[1024];
    struct location locations[PAGES_MAX];
    assert_true(chunk < read_footer(file, chunks));
    size_t n = read_locations(file, &chunks[chunk], locations);
    for (size_t i = 0; i < n; i++)
        first_rows[i] = locations[i].first_row;
    return n;
}

/* Ends count from the file's first row, whatever its row groups, and besides the greatest number of rows. */
static void test_pages_end_where_asked(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer file = BUFFER_INIT(64 * MIB);
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    static const int64_t ends[] = {-5, 0, 100, 101, 250, 500, 700, 1440, 5000};
    static const int64_t whole[] = {0,   100, 101, 201,  250,  350,  450,  500, 600,
                                    700, 800, 900, 1000, 1100, 1200, 1300, 1400};
    static const int64_t second[] = {0, 100, 200, 300, 400};
    int64_t found[PAGES_MAX];
    struct parquet_writer_options options = {
        .page_rows = 100, .page_ends = ends, .n_page_ends = sizeof ends / sizeof *ends};
    struct batch batch = fixture_batch(schema, 1440, true);
    lake_ok(parquet_writer_new(&writer, &err));
    fixture_write(writer, &batch, &options, 1440, &file);
    check_file(&file, &batch, 1440);
    for (size_t i = 0; i < schema->n_fields; i++) {
        assert_int_equal(count_rows(&file, i, found), sizeof whole / sizeof *whole);
        assert_memory_equal(found, whole, sizeof whole);
    }
    fixture_write(writer, &batch, &options, 500, &file);
    check_file(&file, &batch, 500);
    for (size_t i = 0; i < schema->n_fields; i++) {
        assert_int_equal(count_rows(&file, schema->n_fields + i, found), sizeof second / sizeof *second);
        assert_memory_equal(found, second, sizeof second);
    }
    batch_release(&batch);
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&file);
}

/* A day's file has the bytes it always had, however its end is asked for. */
static void test_ends_that_end_nothing_change_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer plain = BUFFER_INIT(64 * MIB), ended = BUFFER_INIT(64 * MIB);
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    static const int64_t ends[] = {0, 1440, 2880};
    struct parquet_writer_options options = {.page_rows = 0};
    struct batch batch = fixture_batch(schema, 1440, true);
    lake_ok(parquet_writer_new(&writer, &err));
    fixture_write(writer, &batch, &options, 1440, &plain);
    options.page_ends = ends;
    options.n_page_ends = sizeof ends / sizeof *ends;
    fixture_write(writer, &batch, &options, 1440, &ended);
    assert_int_equal(plain.length, ended.length);
    assert_memory_equal(plain.data, ended.data, plain.length);
    batch_release(&batch);
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&plain);
    buffer_release(&ended);
}

static void test_ends_out_of_order_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer file = BUFFER_INIT(64 * MIB);
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    static const int64_t ends[][3] = {{1440, 2880, 2880}, {1440, 10, 2880}};
    lake_ok(parquet_writer_new(&writer, &err));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct parquet_writer_options options = {.page_ends = ends[i], .n_page_ends = 3};
        lake_fails(parquet_writer_begin(writer, schema, &options, parquet_sink_buffer(&file), &err),
                   LAKE_INVALID_ARGUMENT, "a page that ends at row");
    }
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&file);
}

/* The pieces handed to the sink are large, but none is kept back. */
struct piece_count {
    struct buffer file;
    size_t n_pieces;
};

static lake_status count_piece(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    struct piece_count *count = context;
    count->n_pieces++;
    return buffer_append(&count->file, bytes, n, err);
}

static void test_offsets_hold_across_pieces(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct piece_count count = {BUFFER_INIT(64 * MIB), 0};
    struct parquet_writer *writer = NULL;
    struct schema *schema = fixture_schema();
    struct parquet_writer_options options = {.compression = PARQUET_UNCOMPRESSED};
    struct batch batch = fixture_batch(schema, 60000, true);
    lake_ok(parquet_writer_new(&writer, &err));
    lake_ok(parquet_writer_begin(writer, schema, &options, (struct parquet_sink){count_piece, &count}, &err));
    for (int64_t first = 0; first < 60000; first += 30000)
        lake_ok(parquet_writer_append(writer, &batch, first, 30000, &err));
    lake_ok(parquet_writer_finish(writer, &err));
    check_file(&count.file, &batch, 30000);
    assert_true(count.n_pieces >= 2 && count.n_pieces <= count.file.length / MIB + 1);
    batch_release(&batch);
    parquet_writer_free(writer);
    schema_free(schema);
    buffer_release(&count.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_page_is_where_the_index_says),
        cmocka_unit_test(test_pages_end_where_asked),
        cmocka_unit_test(test_ends_that_end_nothing_change_nothing),
        cmocka_unit_test(test_ends_out_of_order_are_refused),
        cmocka_unit_test(test_offsets_hold_across_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
