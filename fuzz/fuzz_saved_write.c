/* Bytes as the record of a safe point: refused, or a write whose record they are, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "lake/saved_write.h"

static void check_files(const struct saved_write *saved)
{
    for (size_t i = 0; i < saved->n_files; i++)
        if (strchr(saved->files[i].name, '/') != NULL ||
            saved_write_find_file(saved->files, saved->n_files, saved->files[i].name) != &saved->files[i])
            abort();
    for (size_t i = 0; i < saved->n_partitions; i++)
        if (saved->partitions[i].start_ms >= saved->partitions[i].end_ms ||
            (saved->partitions[i].has_file && saved->partitions[i].file >= saved->n_files))
            abort();
}

static void read_record(const uint8_t *bytes, size_t n, struct buffer *again)
{
    struct lake_error err = {LAKE_OK, ""};
    struct arena arena = ARENA_INIT(MIB + 16 * n); /* memory is bounded by what there is */
    struct saved_write saved;
    lake_status status = saved_write_decode(bytes, n, &arena, &saved, &err);
    if (status == LAKE_OK) {
        check_files(&saved);
        if (saved_write_encode(&saved, again, NULL) != LAKE_OK || again->length != n ||
            memcmp(again->data, bytes, n) != 0)
            abort();
    } else if ((status != LAKE_CORRUPT && status != LAKE_UNSUPPORTED) || err.message[0] == '\0') {
        abort();
    }
    arena_release(&arena);
}

/* As they are, and behind a head that fits: no mutation finds a SHA-256. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct buffer framed = BUFFER_INIT(64 * MIB), again = BUFFER_INIT(64 * MIB);
    static const uint8_t none[1];
    const uint8_t *given = n == 0 ? none : bytes;
    read_record(given, n, &again);
    if (saved_write_frame(given, n, &framed, NULL) != LAKE_OK)
        abort();
    read_record(framed.data, framed.length, &again);
    buffer_release(&framed);
    buffer_release(&again);
    return 0;
}
