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
 * take at most half the bytes of the above before compression. For doubles that is the point from which on the dictionary is
 * smaller than BYTE_STREAM_SPLIT with snappy by a third or more (6 bytes a price, 7 a volume, against 1 to 4) and reads no slower;
 * above it the gain is not worth a second page and a gather. */
#ifndef PARQUET_ENCODING_CHOICE_H
#define PARQUET_ENCODING_CHOICE_H

#include "parquet/dictionary.h"
#include "parquet/writer.h"

/* For RLE_DICTIONARY the dictionary is built. */
LAKE_MUST_CHECK lake_status encoding_choose(const struct values *values, enum parquet_doubles doubles,
                                            struct dictionary *dictionary, enum parquet_encoding *out,
                                            struct lake_error *err);

#endif
