/* Parquet files written by hand, byte by byte: so that a test can have any page and any lie in it. Nothing of the
 * codec is used: the thrift is written here, after the specification of the compact protocol.
 *
 *     struct made_file file;
 *     made_begin(&file, &(struct made_column){.physical = PARQUET_INT32});
 *     made_page(&file, &(struct made_page){.n_values = 2, .bytes = values, .n_bytes = 8});
 *     made_end(&file, 2);                   // file.bytes is the file
 *     made_release(&file);
 *
 * One column, one row group for each made_end_group (made_end ends the last one). */
#ifndef TESTS_PARQUET_MADE_FILE_H
#define TESTS_PARQUET_MADE_FILE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "parquet/format.h"

struct made_thrift {
    struct buffer bytes;
    int last_id[16];
    int depth;
};

void made_i32(struct made_thrift *out, int id, int32_t value);
void made_i64(struct made_thrift *out, int id, int64_t value);
void made_bool(struct made_thrift *out, int id, bool value);
void made_binary(struct made_thrift *out, int id, const void *bytes, size_t n);
void made_struct(struct made_thrift *out, int id); /* ended by made_stop */
void made_stop(struct made_thrift *out);
void made_list(struct made_thrift *out, int id, int type, size_t n);
void made_element_struct(struct made_thrift *out); /* ended by made_stop */
void made_element_varint(struct made_thrift *out, uint64_t value);
void made_element_binary(struct made_thrift *out, const void *bytes, size_t n);

struct made_column {
    int32_t physical;
    int32_t repetition;
    int32_t codec;
    int32_t converted; /* plus one; 0: none */
    int32_t type_length;
    bool with_index; /* writes a page index */
};

struct made_page {
    int32_t type;     /* PARQUET_DATA_PAGE by default */
    int32_t encoding; /* PLAIN by default */
    int32_t n_values;
    const uint8_t *bytes; /* as in the file */
    size_t n_bytes;
    int32_t uncompressed_bytes; /* 0: n_bytes */
    int32_t compressed_bytes;   /* 0: n_bytes */
    bool with_crc;
    uint32_t crc_difference; /* 0: the right one */
    bool bit_packed_levels;
    /* v2 */
    int32_t n_rows; /* 0: n_values */
    int32_t definition_bytes;
    bool not_compressed;
    /* of the page index */
    int64_t min, max;
    bool is_null;
};

struct made_file {
    struct buffer bytes;
    struct made_column column;
    int n_groups;
    struct made_group {
        int64_t n_rows;
        int64_t start, end;    /* of the column chunk */
        int64_t dictionary_at; /* 0: none */
        int64_t data_at;
        int64_t min, max;
        bool has_range;
        int64_t index_at[2], index_bytes[2]; /* column index, offset index */
    } groups[4];
    int n_pages; /* of this row group */
    struct {
        int64_t at;
        int64_t n_bytes;
        int64_t first_row;
        int64_t min, max;
        bool is_null;
    } pages[8];
    int64_t next_row;
    /* Lies, added to what is true: */
    int64_t add_rows;   /* rows of the file */
    int64_t add_values; /* values of the column chunks */
    int64_t add_chunk_bytes;
    int64_t add_data_at;
    int64_t add_page_offsets; /* in the offset index */
    int64_t add_first_rows;   /* of all pages but the first, in the offset index */
    int32_t add_footer_length;
    int32_t chunk_physical; /* plus one; 0: the column's */
};

void made_begin(struct made_file *file, const struct made_column *column);
void made_page(struct made_file *file, const struct made_page *page);
void made_end_group(struct made_file *file, int64_t n_rows);
void made_end(struct made_file *file, int64_t n_rows);
void made_release(struct made_file *file);

#endif
