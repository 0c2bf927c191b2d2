/* Reads the part of TOML (https://toml.io/en/v1.0.0) that a settings file needs, one key after another.
 *
 * Understood: comments, [tables], bare and quoted keys, texts in double and single quotes, whole decimal numbers, true and false.
 * What else is valid TOML is refused by name; what is not TOML is refused, too: LAKE_INVALID_DATA with file and line. Keys and
 * tables given twice are for the caller to refuse, who knows which there are. Nothing is read past the end; memory is bounded by the
 * size of the text. One thread at a time.
 *
 *     struct toml_reader reader;
 *     struct toml_item item;
 *     TRY_OUT(toml_init(&reader, "dl.toml", text, n, err));
 *     do {
 *         TRY_OUT(toml_next(&reader, &item, err));
 *         …
 *     } while (item.kind != TOML_END);
 *     out: toml_release(&reader); */
#ifndef BASE_TOML_H
#define BASE_TOML_H

#include <stdbool.h>

#include "base/buffer.h"

enum toml_kind { TOML_END, TOML_TABLE, TOML_TEXT, TOML_INTEGER, TOML_BOOLEAN };

/* Valid until the next call. */
struct toml_item {
    enum toml_kind kind;
    int line;          /* from 1 */
    const char *table; /* "" before the first one */
    const char *key;   /* "" of TOML_TABLE, the header itself */
    const char *text;  /* without zero bytes */
    int64_t integer;
    bool boolean;
};

struct toml_reader {
    const char *name; /* of the file, for messages */
    const char *at, *end;
    int line;
    struct buffer table, key, text;
};

/* The text stays the caller's, and must stay. A byte order mark is passed over, \r\n ends a line as \n does; control
 * characters and what is not UTF-8 are refused. */
LAKE_MUST_CHECK lake_status toml_init(struct toml_reader *reader, const char *name, const char *text, size_t n,
                                      struct lake_error *err);
void toml_release(struct toml_reader *reader);
LAKE_MUST_CHECK lake_status toml_next(struct toml_reader *reader, struct toml_item *item, struct lake_error *err);

#endif
