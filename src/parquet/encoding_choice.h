/* Which encoding a column chunk gets: decided by what it holds, so that the same rows always give the same bytes.
 *
 *   booleans      PLAIN, a bit each
 *   timestamps    DELTA_BINARY_PACKED
 *   integers      DELTA_BINARY_PACKED, or PLAIN where that is smaller
 *   floats        PLAIN under PARQUET_DOUBLES_PLAIN, and nothing else; under FAST, BYTE_STREAM_SPLIT
 *   texts         DELTA_LENGTH_BYTE_ARRAY
 *   fixed bytes   PLAIN
 *
 * and RLE_DICTIONARY instead, for integers, floats under FAST, texts and fixed bytes, where the dictionary and its indices
 * take at most half the bytes of the above before compression. For doubles that is where a dictionary is smaller by a third
 * or more: 1 to 4 bytes a value, against 6 a price and 7 a volume as BYTE_STREAM_SPLIT with snappy; both decode in 1.6–1.8 µs
 * for 1,440 values (PLAIN with snappy: 13). Above it the gain is not worth a second page. */
#ifndef PARQUET_ENCODING_CHOICE_H
#define PARQUET_ENCODING_CHOICE_H

#include "parquet/dictionary.h"
#include "parquet/writer.h"

/* For RLE_DICTIONARY the dictionary is built. */
LAKE_MUST_CHECK lake_status encoding_choose(const struct values *values, enum parquet_doubles doubles,
                                            struct dictionary *dictionary, enum parquet_encoding *out,
                                            struct lake_error *err);

#endif
