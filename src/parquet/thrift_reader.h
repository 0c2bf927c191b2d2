/* Reads the compact protocol of Apache Thrift, in which Parquet writes its footers and page headers.
 *
 * Failure is sticky: after the first one every read gives zero, every struct has ended, and `failure` says what was
 * wrong, so that a parser reads straight through and asks once at its end (thrift_status). Nothing is copied or
 * allocated: binary values point into the bytes. List counts never exceed the bytes that are left, so they bound
 * loops and allocations.
 *
 *     struct thrift_reader in = thrift_reader_init(bytes, n);
 *     struct thrift_field field = {0};
 *     while (thrift_next_field(&in, &field)) {
 *         switch (field.id) {
 *         case 1: type = thrift_i32(&in, field); break;
 *         default: thrift_skip(&in, field.type); break;
 *         }
 *     }
 *     TRY(thrift_status(&in, "page header", err)); */
#ifndef PARQUET_THRIFT_READER_H
#define PARQUET_THRIFT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
    THRIFT_UUID = 13
};

struct thrift_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char *failure; /* NULL: none yet */
    size_t failed_at;    /* offset from start */
    bool truncated;      /* the failure was that the bytes ended */
};

/* Begin each struct with {0}: ids are written as differences from the field before. */
struct thrift_field {
    int32_t id;
    uint8_t type;
};

struct thrift_bytes {
    const uint8_t *at;
    size_t n;
};

struct thrift_list {
    uint32_t n;
    uint8_t type; /* of the elements */
};

struct thrift_reader thrift_reader_init(const uint8_t *bytes, size_t n);
/* LAKE_OK, or LAKE_CORRUPT with what was being read, what was wrong and where. */
LAKE_MUST_CHECK lake_status thrift_status(const struct thrift_reader *in, const char *what, struct lake_error *err);
/* For parsers that find a value wrong. The first failure is kept. */
void thrift_set_failure(struct thrift_reader *in, const char *failure);

/* False at the end of the struct (and after a failure). */
bool thrift_next_field(struct thrift_reader *in, struct thrift_field *field);
/* The value of the field just met; a field of another type is a failure. */
bool thrift_bool(struct thrift_reader *in, struct thrift_field field);
int32_t thrift_i32(struct thrift_reader *in, struct thrift_field field); /* byte, i16 and i32 */
int64_t thrift_i64(struct thrift_reader *in, struct thrift_field field);
struct thrift_bytes thrift_binary(struct thrift_reader *in, struct thrift_field field);
/* Enters a struct: false, and a failure, where the field is none. */
bool thrift_enter_struct(struct thrift_reader *in, struct thrift_field field);
/* The head of a list whose elements have the wanted type; elements are then read one by one. */
struct thrift_list thrift_list(struct thrift_reader *in, struct thrift_field field, uint8_t wanted);
/* Elements of a list of integers, of booleans and of binaries. */
int64_t thrift_element_int(struct thrift_reader *in);
bool thrift_element_bool(struct thrift_reader *in);
struct thrift_bytes thrift_element_binary(struct thrift_reader *in);
/* Passes over a value of any type, nested to LIMIT_PARQUET_THRIFT_DEPTH. */
void thrift_skip(struct thrift_reader *in, uint8_t type);

#endif
