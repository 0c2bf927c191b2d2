#include "parquet/page_header.h"

#include <string.h>

/* DataPageHeader: 1 num_values, 2 encoding, 3 definition_level_encoding; DictionaryPageHeader: 1 and 2 the same. */
static void read_v1(struct thrift_reader *in, struct page_header *header)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: header->n_values = thrift_i32(in, field); break;
        case 2: header->encoding = thrift_i32(in, field); break;
        case 3:
            if (header->type == PARQUET_DATA_PAGE)
                header->level_encoding = thrift_i32(in, field);
            else
                thrift_skip(in, field.type);
            break;
        default: thrift_skip(in, field.type); break;
        }
    }
}

static void read_v2(struct thrift_reader *in, struct page_header *header)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: header->n_values = thrift_i32(in, field); break;
        case 3: header->n_rows = thrift_i32(in, field); break;
        case 4: header->encoding = thrift_i32(in, field); break;
        case 5: header->definition_bytes = thrift_i32(in, field); break;
        case 6: header->repetition_bytes = thrift_i32(in, field); break;
        case 7: header->is_compressed = thrift_bool(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
}

/* The struct that belongs to the page's type is read, others are passed over. */
static void read_kind(struct thrift_reader *in, struct thrift_field field, struct page_header *header)
{
    bool is_v1 = field.id == 5 && header->type == PARQUET_DATA_PAGE;
    bool is_dictionary = field.id == 7 && header->type == PARQUET_DICTIONARY_PAGE;
    bool is_v2 = field.id == 8 && header->type == PARQUET_DATA_PAGE_V2;
    if ((is_v1 || is_dictionary) && thrift_enter_struct(in, field))
        read_v1(in, header);
    else if (is_v2 && thrift_enter_struct(in, field))
        read_v2(in, header);
    else
        thrift_skip(in, field.type);
}

static void read_header(struct thrift_reader *in, struct page_header *header)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: header->type = thrift_i32(in, field); break;
        case 2: header->uncompressed_bytes = thrift_i32(in, field); break;
        case 3: header->compressed_bytes = thrift_i32(in, field); break;
        case 4:
            header->crc = (uint32_t)thrift_i32(in, field);
            header->has_crc = true;
            break;
        default: read_kind(in, field, header); break;
        }
    }
}

lake_status page_header_parse(struct page_header *header, struct thrift_bytes bytes, size_t *length, bool *truncated,
                              struct lake_error *err)
{
    struct thrift_reader in = thrift_reader_init(bytes.at, bytes.n);
    memset(header, 0, sizeof *header);
    header->type = -1;
    header->uncompressed_bytes = -1;
    header->compressed_bytes = -1;
    header->n_values = -1;
    header->encoding = -1;
    header->n_rows = -1;
    header->is_compressed = true;
    read_header(&in, header);
    *truncated = in.truncated;
    *length = (size_t)(in.at - in.start);
    TRY(thrift_status(&in, "page header", err));
    bool is_known = header->type == PARQUET_DATA_PAGE || header->type == PARQUET_DATA_PAGE_V2 ||
                    header->type == PARQUET_DICTIONARY_PAGE;
    if (header->uncompressed_bytes < 0 || header->compressed_bytes < 0 || (is_known && header->n_values < 0) ||
        header->definition_bytes < 0 || header->repetition_bytes < 0)
        return lake_fail(err, LAKE_CORRUPT, "page header: a size is missing or negative");
    return LAKE_OK;
}
