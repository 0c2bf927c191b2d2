/* Bytes as a dl.toml: refused, or settings within their bounds, which do not depend on how lines end or on a comment more. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lake/config.h"

static void check_bounds(const struct config *config)
{
    const struct lake_policy *policy = &config->policy;
    if (config->market[0] == '\0' || policy->keep_changed_ms < 0 || policy->keep_unchanged_ms < 0 ||
        policy->keep_unchanged_percent < 0 || policy->keep_log < 0 || policy->compact_after_ms < 0 ||
        policy->compact_bytes < 1)
        abort();
}

static lake_status parse(const char *text, size_t n, struct config *config)
{
    struct lake_error err = {LAKE_OK, ""};
    config_init(config);
    lake_status status = config_parse(config, "fuzz.toml", text, n, &err);
    if (status == LAKE_OK)
        check_bounds(config);
    else if (status != LAKE_INVALID_DATA || err.message[0] == '\0')
        abort();
    return status;
}

static bool is_same(const struct config *a, const struct config *b)
{
    return strcmp(a->data_root, b->data_root) == 0 && strcmp(a->db_path, b->db_path) == 0 &&
           strcmp(a->market, b->market) == 0 && memcmp(&a->policy, &b->policy, sizeof a->policy) == 0;
}

/* Every \n becomes \r\n, unless it is that already; a comment at the end. */
static size_t respell(const char *text, size_t n, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            out[length++] = '\r';
        out[length++] = text[i];
    }
    memcpy(out + length, "\n# the end", 10);
    return length + 10;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct config config, again;
    const char *text = n > 0 ? (const char *)bytes : "";
    char *other = malloc(2 * n + 16);
    if (other == NULL)
        abort();
    if (parse(text, n, &config) == LAKE_OK &&
        (parse(other, respell(text, n, other), &again) != LAKE_OK || !is_same(&config, &again)))
        abort();
    free(other);
    return 0;
}
