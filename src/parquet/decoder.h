/* Decoders of the values of a page, one per encoding, behind one small table each.
 *
 * A decoder is begun on the bytes of a page and gives out its values (the ones that are not null) in pieces of any
 * size, so that memory follows what is asked for and never what a page claims. It borrows the bytes and the
 * dictionary. What runs past the bytes, the dictionary or the type's width is LAKE_CORRUPT; an encoding we lack, or
 * that the type cannot have, is LAKE_UNSUPPORTED by name.
 *
 * To add an encoding: write decode_<name>.c with its struct decoder_ops, put its state into the union, and add its
 * row in decoder.c; tests/unit/parquet/test_reader_decoder.c holds the examples of the format's specification. */
#ifndef PARQUET_DECODER_H
#define PARQUET_DECODER_H

#include "base/buffer.h"
#include "parquet/delta.h"
#include "parquet/format.h"
#include "parquet/page_dictionary.h"
#include "parquet/rle.h"

struct decoder;

struct decoder_ops {
    lake_status (*init)(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err);
    lake_status (*next)(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err);
    lake_status (*skip)(struct decoder *decoder, uint64_t n, struct lake_error *err);
};

struct decoder {
    const struct decoder_ops *ops;
    struct value_type type;
    const struct page_dictionary *dictionary; /* NULL: the chunk has none */
    const uint8_t *at;
    const uint8_t *end;
    union {
        struct rle rle;
        struct delta delta;
        uint64_t bit_at; /* plain booleans */
        struct {
            size_t stride; /* values in the page, and bytes between the streams */
            size_t next;
        } split;
    } state;
};

extern const struct decoder_ops decode_plain_fixed;
extern const struct decoder_ops decode_plain_bool;
extern const struct decoder_ops decode_plain_bytes;
extern const struct decoder_ops decode_rle_bool;
extern const struct decoder_ops decode_dictionary;
extern const struct decoder_ops decode_delta_int;
extern const struct decoder_ops decode_delta_length;
extern const struct decoder_ops decode_byte_stream_split;

/* Begins on a page's bytes. */
LAKE_MUST_CHECK lake_status decoder_init(struct decoder *decoder, int32_t encoding, struct value_type type,
                                         const struct page_dictionary *dictionary, struct lake_error *err);
LAKE_MUST_CHECK lake_status decoder_begin(struct decoder *decoder, const uint8_t *bytes, size_t n,
                                          struct lake_error *err);
LAKE_MUST_CHECK lake_status decoder_next(struct decoder *decoder, struct value_sink *sink, size_t n,
                                         struct lake_error *err);
LAKE_MUST_CHECK lake_status decoder_skip(struct decoder *decoder, uint64_t n, struct lake_error *err);

#endif
