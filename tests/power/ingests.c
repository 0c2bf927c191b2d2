/* An ingest with safe points as often as one likes, for test_interrupted_ingest.py: `dl ingest` makes them for sources of 256 MiB.
 *
 *     ingests ROOT CSV EVERY
 *
 * Ingests the file into the lake in ROOT with a safe point every EVERY bytes, in little memory, so that unordered rows are spilled, or goes
 * on from one. Prints "<rows read> <of these by an interrupted ingest before> <snapshot>". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/ingest_job.h"

enum { PATH_BYTES = 4096, MEMORY_BYTES = 4 << 20, BLOCK_BYTES = 64 << 10 };

static int fail(const char *what, const struct lake_error *err)
{
    fprintf(stderr, "ingests: %s: %s\n", what, err->message);
    return 1;
}

static lake_status open_lake(const char *root, struct lake **lake, struct lake_error *err)
{
    char data[PATH_BYTES], manifest[PATH_BYTES];
    snprintf(data, sizeof data, "%s/data", root);
    snprintf(manifest, sizeof manifest, "%s/manifest.db", root);
    struct lake_options options = {
        .size = sizeof options, .data_root = data, .db_path = manifest, .create = true, .memory_bytes = MEMORY_BYTES};
    return lake_open(&options, lake, err);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: ingests ROOT CSV EVERY\n", stderr);
        return 2;
    }
    const char *source = argv[2];
    const struct ingest_tuning tuning = {.save_every_bytes = atoll(argv[3]), .block_bytes = BLOCK_BYTES};
    const struct lake_ingest_options options = {.size = sizeof options,
                                                .sources = &source,
                                                .n_sources = 1,
                                                .dataset = {"BINANCE", "FUTURES", "BTCUSDT", "raw", "1m"}};
    struct lake_ingest_result result = {.size = sizeof result};
    struct lake *lake = NULL;
    struct lake_error err = {LAKE_OK, ""};
    if (open_lake(argv[1], &lake, &err) != LAKE_OK)
        return fail("open", &err);
    lake_status status = ingest_run(lake, &options, &tuning, &result, &err);
    lake_close(lake);
    if (status != LAKE_OK)
        return fail("ingest", &err);
    printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", result.rows_read, result.rows_resumed, result.snapshot);
    return 0;
}
