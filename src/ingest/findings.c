#include <string.h>

#include "ingest/columns.h"

enum { FIRST_CAPACITY = 16 };

static lake_status grow(struct findings *findings, struct lake_error *err)
{
    struct finding *items = NULL;
    size_t capacity = findings->capacity > 0 ? 2 * findings->capacity : FIRST_CAPACITY;
    TRY(arena_new(findings->arena, capacity, sizeof *items, &items, err));
    if (findings->n > 0)
        memcpy(items, findings->items, findings->n * sizeof *items);
    findings->items = items;
    findings->capacity = capacity;
    return LAKE_OK;
}

lake_status findings_add(struct findings *findings, struct finding finding, struct lake_error *err)
{
    const char **const texts[] = {&finding.what, &finding.value, &finding.origin, &finding.option};
    if (findings->n == findings->capacity)
        TRY(grow(findings, err));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        TRY(arena_copy_text(findings->arena, *texts[i], strlen(*texts[i]), texts[i], err));
    findings->items[findings->n++] = finding;
    return LAKE_OK;
}
