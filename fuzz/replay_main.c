/* Runs a fuzz target over the files of its corpus, without a fuzzer: a test like any other. */
#include <stdbool.h>
#include <stdio.h>

#include "base/limits.h"
#include "fuzz.h"
#include "io/file.h"

struct replay {
    const char *folder;
    struct buffer bytes;
    size_t n_files;
    bool failed;
};

static int replay_file(void *context, const char *name, enum io_kind kind)
{
    struct replay *replay = context;
    struct lake_error err = {0};
    char path[LIMIT_PATH_BYTES];
    (void)kind;
    (void)snprintf(path, sizeof path, "%s/%s", replay->folder, name);
    buffer_clear(&replay->bytes);
    if (file_read_all(io_system(), path, replay->bytes.limit, &replay->bytes, &err) != LAKE_OK) {
        (void)fprintf(stderr, "error: %s\n", err.message);
        replay->failed = true;
        return 0;
    }
    (void)LLVMFuzzerTestOneInput(replay->bytes.data, replay->bytes.length);
    replay->n_files++;
    return 0;
}

int main(int n_args, char **args)
{
    struct replay replay = {.folder = n_args == 2 ? args[1] : NULL, .bytes = BUFFER_INIT(16 * MIB)};
    struct io io = io_system();
    if (replay.folder == NULL || io.ops->list(io.context, replay.folder, replay_file, &replay) != 0)
        replay.failed = true;
    buffer_release(&replay.bytes);
    (void)printf("%zu files replayed\n", replay.n_files);
    return replay.failed || replay.n_files == 0 ? 1 : 0;
}
