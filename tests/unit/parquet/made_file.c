#include "made_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"

static void put(struct buffer *out, const void *bytes, size_t n)
{
    assert_int_equal(buffer_append(out, bytes, n, NULL), LAKE_OK);
}

static void put_byte(struct made_thrift *out, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put(&out->bytes, &one, 1);
}

void made_element_varint(struct made_thrift *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(out, (unsigned)(value & 0x7f) | 0x80);
    put_byte(out, (unsigned)value);
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static void put_head(struct made_thrift *out, int id, int type)
{
    int step = id - out->last_id[out->depth];
    if (step > 0 && step < 16) {
        put_byte(out, (unsigned)(step << 4 | type));
    } else {
        put_byte(out, (unsigned)type);
        made_element_varint(out, zigzag(id));
    }
    out->last_id[out->depth] = id;
}

void made_i32(struct made_thrift *out, int id, int32_t value)
{
    put_head(out, id, 5);
    made_element_varint(out, zigzag(value));
}

void made_i64(struct made_thrift *out, int id, int64_t value)
{
    put_head(out, id, 6);
    made_element_varint(out, zigzag(value));
}

void made_bool(struct made_thrift *out, int id, bool value)
{
    put_head(out, id, value ? 1 : 2);
}

void made_element_binary(struct made_thrift *out, const void *bytes, size_t n)
{
    made_element_varint(out, n);
    put(&out->bytes, bytes, n);
}

void made_binary(struct made_thrift *out, int id, const void *bytes, size_t n)
{
    put_head(out, id, 8);
    made_element_binary(out, bytes, n);
}

void made_element_struct(struct made_thrift *out)
{
    out->depth++;
    out->last_id[out->depth] = 0;
}

void made_struct(struct made_thrift *out, int id)
{
    put_head(out, id, 12);
    made_element_struct(out);
}

void made_stop(struct made_thrift *out)
{
    put_byte(out, 0);
    out->depth--;
}

void made_list(struct made_thrift *out, int id, int type, size_t n)
{
    put_head(out, id, 9);
    put_byte(out, (unsigned)(n < 15 ? n << 4 : 0xf0) | (unsigned)type);
    if (n >= 15)
        made_element_varint(out, n);
}

static struct made_thrift thrift(void)
{
    struct made_thrift out = {.bytes = BUFFER_INIT(MIB)};
    return out;
}

/* Ends the outermost struct and appends it to the file. */
static void flush(struct made_file *file, struct made_thrift *out)
{
    put_byte(out, 0);
    put(&file->bytes, out->bytes.data, out->bytes.length);
    buffer_release(&out->bytes);
}

static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

void made_begin(struct made_file *file, const struct made_column *column)
{
    memset(file, 0, sizeof *file);
    buffer_init(&file->bytes, 64 * MIB);
    file->column = *column;
    put(&file->bytes, "PAR1", 4);
    file->groups[0].start = 4;
}

static void put_page_kind(struct made_thrift *out, const struct made_page *page)
{
    bool is_v2 = page->type == PARQUET_DATA_PAGE_V2;
    made_struct(out, page->type == PARQUET_DATA_PAGE ? 5 : page->type == PARQUET_DICTIONARY_PAGE ? 7 : 8);
    made_i32(out, 1, page->n_values);
    if (is_v2) {
        made_i32(out, 2, 0);
        made_i32(out, 3, page->n_rows != 0 ? page->n_rows : page->n_values);
        made_i32(out, 4, page->encoding);
        made_i32(out, 5, page->definition_bytes);
        made_i32(out, 6, 0);
        made_bool(out, 7, !page->not_compressed);
    } else {
        made_i32(out, 2, page->encoding);
        if (page->type == PARQUET_DATA_PAGE) {
            made_i32(out, 3, page->bit_packed_levels ? PARQUET_BIT_PACKED : PARQUET_RLE);
            made_i32(out, 4, PARQUET_RLE);
        }
    }
    made_stop(out);
}

static void note_page(struct made_file *file, const struct made_page *page, int64_t at)
{
    struct made_group *group = &file->groups[file->n_groups];
    if (page->type == PARQUET_DICTIONARY_PAGE) {
        group->dictionary_at = at;
        return;
    }
    group->data_at = group->data_at == 0 ? at : group->data_at;
    file->pages[file->n_pages].at = at;
    file->pages[file->n_pages].n_bytes = (int64_t)file->bytes.length - at;
    file->pages[file->n_pages].first_row = file->next_row;
    file->pages[file->n_pages].min = page->min;
    file->pages[file->n_pages].max = page->max;
    file->pages[file->n_pages].is_null = page->is_null;
    file->n_pages++;
    file->next_row += page->n_values;
}

void made_page(struct made_file *file, const struct made_page *page)
{
    int64_t at = (int64_t)file->bytes.length;
    struct made_thrift out = thrift();
    made_i32(&out, 1, page->type);
    made_i32(&out, 2, page->uncompressed_bytes != 0 ? page->uncompressed_bytes : (int32_t)page->n_bytes);
    made_i32(&out, 3, page->compressed_bytes != 0 ? page->compressed_bytes : (int32_t)page->n_bytes);
    if (page->with_crc)
        made_i32(&out, 4, (int32_t)(crc_of(page->bytes, page->n_bytes) ^ page->crc_difference));
    put_page_kind(&out, page);
    flush(file, &out);
    put(&file->bytes, page->bytes, page->n_bytes);
    note_page(file, page, at);
}

static size_t put_bound(const struct made_file *file, int64_t value, uint8_t bytes[8])
{
    store_u64(bytes, (uint64_t)value);
    return file->column.physical == PARQUET_INT32 ? 4 : 8;
}

static void put_column_index(struct made_file *file)
{
    struct made_thrift out = thrift();
    uint8_t bound[8];
    made_list(&out, 1, 1, (size_t)file->n_pages);
    for (int i = 0; i < file->n_pages; i++)
        put_byte(&out, file->pages[i].is_null ? 1 : 2);
    made_list(&out, 2, 8, (size_t)file->n_pages);
    for (int i = 0; i < file->n_pages; i++)
        made_element_binary(&out, bound, put_bound(file, file->pages[i].min, bound));
    made_list(&out, 3, 8, (size_t)file->n_pages);
    for (int i = 0; i < file->n_pages; i++)
        made_element_binary(&out, bound, put_bound(file, file->pages[i].max, bound));
    made_i32(&out, 4, 0);
    flush(file, &out);
}

static void put_offset_index(struct made_file *file)
{
    struct made_thrift out = thrift();
    made_list(&out, 1, 12, (size_t)file->n_pages);
    for (int i = 0; i < file->n_pages; i++) {
        made_element_struct(&out);
        made_i64(&out, 1, file->pages[i].at + file->add_page_offsets);
        made_i32(&out, 2, (int32_t)file->pages[i].n_bytes);
        made_i64(&out, 3, file->pages[i].first_row + (i > 0 ? file->add_first_rows : 0));
        made_stop(&out);
    }
    flush(file, &out);
}

void made_end_group(struct made_file *file, int64_t n_rows)
{
    struct made_group *group = &file->groups[file->n_groups++];
    group->n_rows = n_rows;
    group->end = (int64_t)file->bytes.length;
    for (int i = 0; file->column.with_index && i < 2; i++) {
        group->index_at[i] = (int64_t)file->bytes.length;
        if (i == 0)
            put_column_index(file);
        else
            put_offset_index(file);
        group->index_bytes[i] = (int64_t)file->bytes.length - group->index_at[i];
    }
    file->n_pages = 0;
    file->next_row = 0;
    if (file->n_groups < 4)
        file->groups[file->n_groups].start = (int64_t)file->bytes.length;
}

/* The root, and the column `c`. */
static void put_schema(const struct made_file *file, struct made_thrift *out)
{
    made_list(out, 2, 12, 2);
    made_element_struct(out);
    made_binary(out, 4, "root", 4);
    made_i32(out, 5, 1);
    made_stop(out);
    made_element_struct(out);
    made_i32(out, 1, file->column.physical);
    if (file->column.type_length != 0)
        made_i32(out, 2, file->column.type_length);
    made_i32(out, 3, file->column.repetition);
    made_binary(out, 4, "c", 1);
    if (file->column.converted != 0)
        made_i32(out, 6, file->column.converted - 1);
    made_stop(out);
}

static void put_chunk_metadata(const struct made_file *file, const struct made_group *group, struct made_thrift *out)
{
    uint8_t bound[8];
    made_struct(out, 3);
    made_i32(out, 1, file->chunk_physical != 0 ? file->chunk_physical - 1 : file->column.physical);
    made_list(out, 2, 5, 1);
    made_element_varint(out, zigzag(PARQUET_PLAIN));
    made_list(out, 3, 8, 1);
    made_element_binary(out, "c", 1);
    made_i32(out, 4, file->column.codec);
    made_i64(out, 5, group->n_rows + file->add_values);
    made_i64(out, 6, group->end - group->start);
    made_i64(out, 7, group->end - group->start + file->add_chunk_bytes);
    made_i64(out, 9, group->data_at + file->add_data_at);
    if (group->dictionary_at != 0)
        made_i64(out, 11, group->dictionary_at);
    if (group->has_range) {
        made_struct(out, 12);
        made_i64(out, 3, 0);
        made_binary(out, 5, bound, put_bound(file, group->max, bound));
        made_binary(out, 6, bound, put_bound(file, group->min, bound));
        made_stop(out);
    }
    made_stop(out);
}

static void put_group(const struct made_file *file, const struct made_group *group, struct made_thrift *out)
{
    made_element_struct(out);
    made_list(out, 1, 12, 1);
    made_element_struct(out);
    made_i64(out, 2, group->start);
    put_chunk_metadata(file, group, out);
    if (group->index_bytes[1] != 0) {
        made_i64(out, 4, group->index_at[1]);
        made_i32(out, 5, (int32_t)group->index_bytes[1]);
        made_i64(out, 6, group->index_at[0]);
        made_i32(out, 7, (int32_t)group->index_bytes[0]);
    }
    made_stop(out);
    made_i64(out, 2, group->end - group->start);
    made_i64(out, 3, group->n_rows);
    made_stop(out);
}

void made_end(struct made_file *file, int64_t n_rows)
{
    struct made_thrift out = thrift();
    uint8_t tail[8];
    int64_t n_all = file->add_rows;
    size_t at;
    made_end_group(file, n_rows);
    for (int i = 0; i < file->n_groups; i++)
        n_all += file->groups[i].n_rows;
    made_i32(&out, 1, 2);
    put_schema(file, &out);
    made_i64(&out, 3, n_all);
    made_list(&out, 4, 12, (size_t)file->n_groups);
    for (int i = 0; i < file->n_groups; i++)
        put_group(file, &file->groups[i], &out);
    made_binary(&out, 6, "by hand", 7);
    at = file->bytes.length;
    flush(file, &out);
    store_u32(tail, (uint32_t)((int32_t)(file->bytes.length - at) + file->add_footer_length));
    memcpy(tail + 4, "PAR1", 4);
    put(&file->bytes, tail, sizeof tail);
}

void made_release(struct made_file *file)
{
    buffer_release(&file->bytes);
}
