#include "parquet/page_writer.h"

#include "parquet/compress.h"
#include "parquet/snappy_runs.h"
#include "parquet/thrift_writer.h"

/* What is handed to the sink at once; a page that begins below it is still gathered. */
#define PIECE_BYTES (1 * MIB)
/* A page, and as much again for data that grows when compressed. */
#define PAGE_SCRATCH_BYTES (2 * LIMIT_PARQUET_PAGE_BYTES)

void page_writer_init(struct page_writer *writer)
{
    *writer = (struct page_writer){.position = 0};
    buffer_init(&writer->pending, PIECE_BYTES + PAGE_SCRATCH_BYTES + LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    buffer_init(&writer->compressed, PAGE_SCRATCH_BYTES);
}

void page_writer_release(struct page_writer *writer)
{
    buffer_release(&writer->pending);
    buffer_release(&writer->compressed);
}

void page_writer_begin(struct page_writer *writer, struct parquet_sink sink, enum parquet_compression compression)
{
    writer->sink = sink;
    writer->compression = compression;
    writer->position = 0;
    buffer_clear(&writer->pending);
}

lake_status page_writer_flush(struct page_writer *writer, struct lake_error *err)
{
    if (writer->pending.length == 0)
        return LAKE_OK;
    TRY(writer->sink.write(writer->sink.context, writer->pending.data, writer->pending.length, err));
    buffer_clear(&writer->pending);
    return LAKE_OK;
}

lake_status page_writer_put_bytes(struct page_writer *writer, const void *bytes, size_t n, struct lake_error *err)
{
    TRY(buffer_append(&writer->pending, bytes, n, err));
    writer->position += (int64_t)n;
    return writer->pending.length < PIECE_BYTES ? LAKE_OK : page_writer_flush(writer, err);
}

static void write_data_header(struct thrift_writer *out, const struct page *page)
{
    thrift_open_struct(out, 5);
    thrift_write_i32(out, 1, (int32_t)page->n_values);
    thrift_write_i32(out, 2, (int32_t)page->encoding);
    thrift_write_i32(out, 3, PARQUET_RLE); /* of definition levels */
    thrift_write_i32(out, 4, PARQUET_RLE); /* of repetition levels */
    thrift_close_struct(out);
}

static void write_dictionary_header(struct thrift_writer *out, const struct page *page)
{
    thrift_open_struct(out, 7);
    thrift_write_i32(out, 1, (int32_t)page->n_values);
    thrift_write_i32(out, 2, (int32_t)page->encoding);
    thrift_close_struct(out);
}

static int32_t signed_bits(uint32_t bits)
{
    return bits <= INT32_MAX ? (int32_t)bits : (int32_t)(bits - 0x80000000u) + INT32_MIN;
}

/* struct PageHeader of parquet.thrift. */
static lake_status append_header(struct page_writer *writer, const struct page *page, const uint8_t *body,
                                 size_t n_body, struct lake_error *err)
{
    struct thrift_writer out;
    thrift_writer_begin(&out, &writer->pending, err);
    thrift_write_i32(&out, 1, (int32_t)page->type);
    thrift_write_i32(&out, 2, (int32_t)page->n_bytes);
    thrift_write_i32(&out, 3, (int32_t)n_body);
    thrift_write_i32(&out, 4, signed_bits(page_crc(0, body, n_body)));
    if (page->type == PARQUET_DICTIONARY_PAGE)
        write_dictionary_header(&out, page);
    else
        write_data_header(&out, page);
    return thrift_writer_end(&out);
}

static lake_status compress(struct page_writer *writer, const struct page *page, const uint8_t **body, size_t *n_body,
                            struct lake_error *err)
{
    *body = page->bytes;
    *n_body = page->n_bytes;
    if (writer->compression == PARQUET_UNCOMPRESSED)
        return LAKE_OK;
    buffer_clear(&writer->compressed);
    if (page->is_split)
        TRY(snappy_runs_compress(page->bytes, page->n_bytes, &writer->compressed, err));
    else
        TRY(page_compress(PARQUET_CODEC_SNAPPY, page->bytes, page->n_bytes, &writer->compressed, err));
    *body = writer->compressed.data;
    *n_body = writer->compressed.length;
    return LAKE_OK;
}

lake_status page_writer_put(struct page_writer *writer, const struct page *page, struct page_place *place,
                            struct lake_error *err)
{
    const uint8_t *body = NULL;
    size_t n_body = 0;
    if (page->n_bytes > LIMIT_PARQUET_PAGE_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a value makes a page of %zu bytes, and %zu are allowed",
                         page->n_bytes, LIMIT_PARQUET_PAGE_BYTES);
    TRY(compress(writer, page, &body, &n_body, err));
    size_t before = writer->pending.length;
    TRY(append_header(writer, page, body, n_body, err));
    int64_t header_bytes = (int64_t)(writer->pending.length - before);
    *place = (struct page_place){.offset = writer->position,
                                 .n_bytes = header_bytes + (int64_t)n_body,
                                 .uncompressed_bytes = header_bytes + (int64_t)page->n_bytes};
    writer->position += header_bytes;
    return page_writer_put_bytes(writer, body, n_body, err);
}
