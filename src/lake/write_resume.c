/* Going on from a safe point that another process left, or removing it. */
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/recover.h"
#include "lake/saved_hash.h"
#include "lake/staging_save.h"
#include "lake/write_save.h"
#include "lake/write_state.h"

static const char staged_ending[] = ".staged";

/* One write to go on with. */
struct resuming {
    struct lake *lake;
    char token[STAGING_TOKEN_BYTES]; /* "": none was found */
    struct arena arena;
    struct saved_write saved;
    struct lake_write *write;
};

/* ---- finding ---- */

struct search {
    struct lake *lake;
    const uint8_t *job;
    struct buffer names;
    size_t at;
    struct arena arena;  /* of the record read last */
    struct buffer *note; /* says what could not be used; NULL: nobody asks */
};

/* A safe point of the job. */
struct candidate {
    char token[STAGING_TOKEN_BYTES];
    int64_t saved_ms;
    bool has_lock; /* its writer lives, or recovery could not finish what it committed */
};

static lake_status say(struct buffer *note, const char *failure, struct lake_error *err)
{
    if (note == NULL)
        return LAKE_OK;
    buffer_clear(note);
    return buffer_printf(note, err, "what was saved of it cannot be gone on with (%s): it begins anew", failure);
}

/* A parked record was whole when it was parked. */
static lake_status remove_damaged(struct search *search, const struct candidate *candidate, const char *failure,
                                  struct lake_error *err)
{
    TRY(say(search->note, failure, err));
    return candidate->has_lock ? LAKE_OK : staging_discard(search->lake, candidate->token, err);
}

static lake_status look_at(struct search *search, const char *name, struct candidate *out, bool *is_of_job,
                           struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct saved_write saved;
    *is_of_job = false;
    if (!staging_is_save(name, out->token))
        return LAKE_OK;
    TRY(staging_has_lock(search->lake, out->token, &out->has_lock, err));
    arena_reset(&search->arena);
    lake_status status = staging_read_save(search->lake, name, &search->arena, &saved, &failure);
    if (status == LAKE_NOT_FOUND || status == LAKE_UNSUPPORTED)
        return LAKE_OK; /* replaced at this moment, or of another version, which may want it */
    if (status == LAKE_CORRUPT)
        return remove_damaged(search, out, failure.message, err);
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", failure.message);
    out->saved_ms = saved.saved_ms;
    *is_of_job = memcmp(saved.job, search->job, SHA256_BYTES) == 0;
    return LAKE_OK;
}

/* The next safe point of the job; *found is false where there is no other. */
static lake_status find_next(struct search *search, struct candidate *out, bool *found, struct lake_error *err)
{
    *found = false;
    while (search->at < search->names.length && !*found) {
        const char *name = (const char *)search->names.data + search->at;
        search->at += strlen(name) + 1;
        TRY(look_at(search, name, out, found, err));
    }
    return LAKE_OK;
}

/* Recovery comes first, so that what has no lock file afterwards is known not to have been committed. What it cannot finish keeps its
 * lock file, and is let be. */
static lake_status begin_search(struct search *search, struct lake_error *err)
{
    bool any = false;
    TRY(staging_any(search->lake, &any, err));
    if (any) {
        lake_status ignored = lake_recover_locked(search->lake, NULL);
        (void)ignored;
    }
    return staging_find_saves(search->lake, &search->names, err);
}

static void end_search(struct search *search)
{
    buffer_release(&search->names);
    arena_release(&search->arena);
}

static lake_status refuse_running(struct lake *lake, const struct candidate *candidate, struct lake_error *err)
{
    struct file_lock lock = {0};
    char below[STAGING_PATH_BYTES];
    char *path = NULL;
    memcpy(below, "staging/", 8);
    memcpy(below + 8, candidate->token, STAGING_TOKEN_BYTES - 1);
    memcpy(below + 8 + STAGING_TOKEN_BYTES - 1, ".lock", 6);
    TRY(layout_state_path(lake, below, &path, err));
    lake_status status = file_lock_acquire(&lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "resuming", err);
    file_lock_release(&lock);
    memory_free(path);
    if (status == LAKE_BUSY)
        return lake_fail_prefix(err, status, "the same is being done by another process");
    return LAKE_OK;
}

/* The newest that nobody goes on with; older ones of the same job are of no use any more. */
static lake_status find_newest(struct search *search, char token[STAGING_TOKEN_BYTES], struct lake_error *err)
{
    struct candidate newest = {.token = ""}, next = {.token = ""};
    bool found = true;
    TRY(begin_search(search, err));
    while (found) {
        TRY(find_next(search, &next, &found, err));
        if (!found)
            break;
        if (next.has_lock) {
            TRY(refuse_running(search->lake, &next, err));
            continue;
        }
        bool is_newer = newest.token[0] == '\0' || next.saved_ms > newest.saved_ms;
        const struct candidate older = is_newer ? newest : next;
        newest = is_newer ? next : newest;
        if (older.token[0] != '\0')
            TRY(staging_discard(search->lake, older.token, err));
    }
    memcpy(token, newest.token, STAGING_TOKEN_BYTES);
    return LAKE_OK;
}

/* ---- taking up ---- */

/* Whether a failure means that the safe point itself is of no use, now and later. */
static bool is_damage(lake_status status)
{
    return status == LAKE_CORRUPT || status == LAKE_NOT_FOUND || status == LAKE_INVALID_DATA;
}

static lake_status fail_damaged(const char *what, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the record of the safe point is damaged: %s", what);
}

static lake_status begin_write(struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    const struct lake_selection dataset = {saved->exchange, saved->market, saved->symbol, saved->type, saved->period};
    const char *kind = NULL;
    TRY(lake_keep_text(resuming->lake, saved->kind, &kind, err));
    lake_status status = lake_write_begin(resuming->lake, &dataset, kind, &resuming->write, err);
    return status == LAKE_INVALID_ARGUMENT ? LAKE_CORRUPT : status;
}

/* Under the lake's lock. */
static lake_status take_up(struct resuming *resuming, struct lake_error *err)
{
    struct buffer name = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&name, err, "%s-save", resuming->token));
    TRY_OUT(buffer_string(&name, &text, err));
    TRY_OUT(staging_read_save(resuming->lake, text, &resuming->arena, &resuming->saved, err));
    TRY_OUT(begin_write(resuming, err));
    status = staging_take_over(&resuming->write->partitions.staging, resuming->lake, resuming->token,
                               resuming->write->kind, err);
out:
    buffer_release(&name);
    return status;
}

/* One that cannot even be taken up. */
static lake_status give_up(struct resuming *resuming, const char *failure, struct buffer *note, struct lake_error *err)
{
    TRY(say(note, failure, err));
    lake_write_free(resuming->write);
    resuming->write = NULL;
    return staging_discard(resuming->lake, resuming->token, err);
}

static lake_status find_and_take_up(struct resuming *resuming, const uint8_t *job, struct buffer *note,
                                    struct lake_error *err)
{
    struct search search = {.lake = resuming->lake,
                            .job = job,
                            .names = BUFFER_INIT(LIMIT_ENGINE_BYTES),
                            .arena = ARENA_INIT(SAVED_WRITE_BYTES),
                            .note = note};
    struct file_lock lock = {0};
    struct lake_error failure = {LAKE_OK, ""};
    lake_status status = LAKE_OK;
    TRY_OUT(lake_lock(resuming->lake, &lock, LAKE_LOCK_WAIT_MS, "resuming", err));
    TRY_OUT(find_newest(&search, resuming->token, err));
    if (resuming->token[0] == '\0')
        goto out;
    status = take_up(resuming, &failure);
    if (is_damage(status))
        status = give_up(resuming, failure.message, note, err);
    else if (status != LAKE_OK)
        (void)lake_fail(err, status, "%s", failure.message);
out:
    file_lock_release(&lock);
    end_search(&search);
    return status;
}

/* ---- the files ---- */

static lake_status restore_files(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    struct staging *staging = &resuming->write->partitions.staging;
    struct saved_files *files = NULL;
    TRY(memory_new(1, sizeof *files, &files, err));
    arena_init(&files->arena, SAVED_WRITE_BYTES);
    staging->saved = files;
    TRY(arena_new(&files->arena, saved->n_files, sizeof *files->items, &files->items, err));
    for (; files->n < saved->n_files; files->n++) {
        const struct saved_file *from = &saved->files[files->n];
        struct saved_file *to = &files->items[files->n];
        *to = *from;
        TRY(arena_copy_text(&files->arena, from->name, strlen(from->name), &to->name, err));
    }
    return LAKE_OK;
}

static lake_status state_path(const struct resuming *resuming, size_t file, char **out, struct lake_error *err)
{
    struct buffer path = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&path, err, "%s%s", resuming->write->partitions.staging.prefix,
                          resuming->saved.files[file].name));
    TRY_OUT(buffer_string(&path, &text, err));
    status = memory_copy_string(text, out, err);
out:
    buffer_release(&path);
    return status;
}

/* ---- partitions ---- */

/* The path must be one that this partition could have got, and the staged file its own. */
static lake_status check_path(const struct resuming *resuming, const struct saved_partition *saved,
                              struct lake_error *err)
{
    const struct manifest_dataset *dataset = &resuming->write->dataset;
    const struct saved_file *file = &resuming->saved.files[saved->file];
    const char *name = path_name(saved->path);
    size_t n = strlen(name);
    struct layout_path parsed;
    if (layout_parse_path(saved->path, &parsed, NULL) != LAKE_OK || strcmp(parsed.exchange, dataset->exchange) != 0 ||
        strcmp(parsed.market, dataset->market) != 0 || strcmp(parsed.symbol, dataset->symbol) != 0 ||
        strcmp(parsed.type, dataset->type) != 0 || strcmp(parsed.period, dataset->period) != 0 ||
        parsed.start_ms > saved->start_ms || parsed.end_ms < saved->end_ms)
        return fail_damaged("a path is not of its partition", err);
    if (strncmp(file->name, name, n) != 0 || strcmp(file->name + n, staged_ending) != 0 || !file->has_sha256)
        return fail_damaged("a staged file is not of its partition", err);
    return LAKE_OK;
}

static lake_status restore_staged(const struct resuming *resuming, const struct saved_partition *saved,
                                  struct partition *partition, struct lake_error *err)
{
    if (!saved->has_file)
        return LAKE_OK;
    TRY(check_path(resuming, saved, err));
    const struct saved_file *file = &resuming->saved.files[saved->file];
    TRY(memory_copy_string(saved->path, &partition->path, err));
    partition->file = (struct manifest_file){
        .path = partition->path,
        .partition_start_ms = saved->start_ms,
        .partition_end_ms = saved->end_ms,
        .time_from_ms = saved->time_from_ms,
        .time_to_ms = saved->time_to_ms,
        .n_rows = saved->n_rows,
        .size_bytes = file->size_bytes,
    };
    memcpy(partition->file.sha256, file->sha256, SHA256_BYTES);
    partition->has_file = true;
    partition->was_staged = true;
    return LAKE_OK;
}

static lake_status restore_lists(const struct resuming *resuming, const struct saved_partition *saved,
                                 struct partition *partition, struct lake_error *err)
{
    TRY(memory_new(saved->n_days, sizeof *partition->days, &partition->days, err));
    if (saved->n_days > 0)
        memcpy(partition->days, saved->days, saved->n_days * sizeof *partition->days);
    partition->n_days = saved->n_days;
    buffer_init(&partition->holes, LIMIT_ENGINE_BYTES);
    TRY(buffer_append(&partition->holes, saved->holes, saved->n_holes_bytes, err));
    TRY(memory_new(saved->n_incoming, sizeof *partition->incoming, &partition->incoming, err));
    for (size_t i = 0; i < saved->n_incoming; i++) {
        struct kept_rows *kept = &partition->incoming[i];
        TRY(state_path(resuming, saved->incoming[i].file, &kept->path, err));
        kept->source = saved->incoming[i].source;
        partition->n_incoming++;
    }
    return LAKE_OK;
}

/* Ids may be those of another manifest, made since: the path of a file never comes again. */
static bool has_same_base(const struct partition *partition, const struct saved_partition *saved)
{
    bool is_same = partition->n_base == saved->n_base && partition->start_ms == saved->start_ms &&
                   partition->end_ms == saved->end_ms;
    for (size_t i = 0; is_same && i < saved->n_base; i++)
        is_same =
            partition->base[i].id == saved->base[i].id && strcmp(partition->base[i].path, saved->base[i].path) == 0;
    return is_same;
}

/* What is to be committed must be merged with what is live: else it is staged again. */
static lake_status restore_base(const struct resuming *resuming, const struct saved_partition *saved,
                                struct partition *partition, struct lake_error *err)
{
    if (!saved->is_changed)
        return LAKE_OK;
    TRY(partition_find_base(partition, resuming->lake, err));
    if (has_same_base(partition, saved))
        return LAKE_OK;
    partition->start_ms = saved->start_ms; /* it grows when it is staged */
    partition->end_ms = saved->end_ms;
    partition->is_stale = true;
    return LAKE_OK;
}

static lake_status restore_partition(const struct resuming *resuming, const struct saved_partition *saved,
                                     struct lake_error *err)
{
    struct lake_write *write = resuming->write;
    const struct partition like = {.dataset = &write->dataset,
                                   .grain = write->period->grain,
                                   .start_ms = saved->start_ms,
                                   .end_ms = saved->end_ms};
    struct partition *partition = NULL;
    if (saved->is_changed && (!saved->has_file || saved->n_incoming == 0 || saved->n_days == 0))
        return fail_damaged("a partition is changed by nothing", err);
    TRY(partition_set_get(&write->partitions, &like, &partition, err));
    TRY(restore_staged(resuming, saved, partition, err));
    TRY(restore_lists(resuming, saved, partition, err));
    partition->is_changed = saved->is_changed;
    partition->counts = saved->counts;
    partition->is_saved = true;
    return restore_base(resuming, saved, partition, err);
}

/* ---- the rest ---- */

static lake_status restore_runs(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    struct spill *spill = &resuming->write->spill;
    spill->staging = &resuming->write->partitions.staging;
    for (size_t i = 0; i < saved->n_runs; i++) {
        const struct saved_run *run = &saved->runs[i];
        char *path = NULL;
        TRY(state_path(resuming, run->file, &path, err));
        lake_status status = spill_add_run(spill, path, saved->files[run->file].size_bytes, run->n_rows, err);
        memory_free(path);
        TRY(status);
        spill->runs[i].is_saved = true;
    }
    spill->is_on = saved->is_spilling;
    return LAKE_OK;
}

static lake_status restore_sources(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    for (size_t i = 0; i < saved->n_sources; i++) {
        const struct saved_source *source = &saved->sources[i];
        TRY(lake_write_add_source(resuming->write, source->path, source->size_bytes,
                                  source->has_sha256 ? source->sha256 : NULL, err));
    }
    return LAKE_OK;
}

/* Origins are by member, in the order in which members were begun. */
static lake_status restore_notes(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    struct write_notes *notes = &resuming->write->notes;
    size_t next = 0;
    for (size_t i = 0; i < saved->n_members; i++) {
        TRY(write_notes_begin_member(notes, saved->members[i].source, saved->members[i].name, err));
        for (; next < saved->n_origins && saved->origins[next].member == i; next++)
            TRY(write_notes_restore_origin(notes, &saved->origins[next].run, err));
    }
    notes->last = saved->last_origin > notes->member_first ? saved->last_origin : 0;
    for (size_t i = 0; i < saved->n_absences; i++)
        TRY(write_notes_add_absence(notes, &saved->absences[i], err));
    return LAKE_OK;
}

static lake_status restore_counters(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    struct lake_write *write = resuming->write;
    write->source = saved->source;
    write->rows_read = saved->rows_read;
    write->first_ms = saved->first_ms;
    write->last_ms = saved->last_ms;
    write->started_ms = saved->started_ms;
    if (saved->n_columns > 0)
        TRY(schema_new(saved->columns, saved->n_columns, &write->columns, err));
    return lake_write_set_detail(write, saved->detail[0] == '\0' ? NULL : saved->detail, saved->rows_rejected, err);
}

static lake_status restore(const struct resuming *resuming, struct lake_error *err)
{
    const struct saved_write *saved = &resuming->saved;
    TRY(saved_hash_check(resuming->lake, resuming->write->partitions.staging.prefix, saved, err));
    TRY(restore_files(resuming, err));
    TRY(restore_counters(resuming, err));
    TRY(restore_sources(resuming, err));
    TRY(restore_notes(resuming, err));
    for (size_t i = 0; i < saved->n_partitions; i++)
        TRY(restore_partition(resuming, &saved->partitions[i], err));
    return restore_runs(resuming, err);
}

/* ---- from outside ---- */

/* What is found to be damaged goes; other failures leave the safe point to another try. */
static lake_status go_on(const struct resuming *resuming, struct buffer *note, bool *is_usable, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct staging *staging = &resuming->write->partitions.staging;
    lake_status status = restore(resuming, &failure);
    *is_usable = !is_damage(status);
    if (is_damage(status)) {
        staging->is_kept = false;
        return say(note, failure.message, err);
    }
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", failure.message);
    TRY(partition_set_stage(&resuming->write->partitions, SIZE_MAX, err));
    buffer_clear(note);
    TRY(buffer_append(note, resuming->saved.note, resuming->saved.n_note, err));
    staging->is_kept = false;
    return LAKE_OK;
}

lake_status lake_write_resume(struct lake *lake, const uint8_t job[SHA256_BYTES], struct lake_write **out,
                              struct buffer *note, struct lake_error *err)
{
    struct resuming resuming = {.lake = lake, .arena = ARENA_INIT(SAVED_WRITE_BYTES)};
    bool is_usable = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    buffer_clear(note);
    if (manifest_is_read_only(lake->manifest))
        return LAKE_OK;
    TRY_OUT(find_and_take_up(&resuming, job, note, err));
    if (resuming.write == NULL)
        goto out;
    TRY_OUT(go_on(&resuming, note, &is_usable, err));
    if (is_usable) {
        *out = resuming.write;
        resuming.write = NULL;
    }
out:
    lake_write_free(resuming.write);
    arena_release(&resuming.arena);
    return status;
}

lake_status lake_write_discard(struct lake *lake, const uint8_t job[SHA256_BYTES], int64_t *n_removed,
                               struct lake_error *err)
{
    struct search search = {
        .lake = lake, .job = job, .names = BUFFER_INIT(LIMIT_ENGINE_BYTES), .arena = ARENA_INIT(SAVED_WRITE_BYTES)};
    struct candidate next = {.token = ""};
    struct file_lock lock = {0};
    bool found = true;
    lake_status status = LAKE_OK;
    *n_removed = 0;
    TRY_OUT(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "discarding", err));
    TRY_OUT(begin_search(&search, err));
    while (found) {
        TRY_OUT(find_next(&search, &next, &found, err));
        if (!found || next.has_lock)
            continue;
        TRY_OUT(staging_discard(lake, next.token, err));
        (*n_removed)++;
    }
out:
    file_lock_release(&lock);
    end_search(&search);
    return status;
}
