#include "lake/quarantine.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"

static const char directory[] = "quarantine";

/* What is kept of a name, so that the whole fits where names may have 255 bytes. */
enum { KEPT_NAME_BYTES = 200 };

static lake_status make_directory(struct lake *lake, struct lake_error *err)
{
    char *path = NULL;
    bool made = false;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_state_path(lake, directory, &path, err));
    TRY_OUT(file_make_directories(lake->io, path, &made, err));
    if (made)
        TRY_OUT(file_sync_directory(lake->io, lake->state_root, err));
out:
    memory_free(path);
    return status;
}

lake_status quarantine_name(struct lake *lake, const char *path, struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    uint64_t token = 0;
    TRY(make_directory(lake, err));
    TRY(layout_random(lake->io, &token, err));
    buffer_clear(out);
    TRY(buffer_printf(out, err, "%s/%.*s-%016" PRIx64 ".quarantined", directory, KEPT_NAME_BYTES, path_name(path),
                      token));
    return buffer_string(out, &text, err);
}

static lake_status sync_parent(struct lake *lake, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    lake_status status = path_parent(path, &parent, err);
    if (status == LAKE_OK)
        status = file_sync_directory(lake->io, parent, err);
    memory_free(parent);
    return status;
}

lake_status quarantine_move(struct lake *lake, const char *full_path, struct buffer *out, struct lake_error *err)
{
    char *to = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(quarantine_name(lake, full_path, out, err));
    TRY_OUT(layout_state_path(lake, (const char *)out->data, &to, err));
    TRY_OUT(file_rename(lake->io, full_path, to, err));
    TRY_OUT(sync_parent(lake, to, err));
    TRY_OUT(sync_parent(lake, full_path, err));
out:
    memory_free(to);
    return status;
}
