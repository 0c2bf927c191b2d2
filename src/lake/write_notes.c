#include "lake/write_notes.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

enum { FIRST_ITEMS = 16, FIRST_DAYS = 64 };
/* Kept free for findings, which are few. */
#define FINDING_TEXT_BYTES (2 * MIB)

void write_notes_init(struct write_notes *notes)
{
    *notes = (struct write_notes){.n_members = 0};
    arena_init(&notes->texts, WRITE_NOTE_TEXT_BYTES + FINDING_TEXT_BYTES);
}

void write_notes_release(struct write_notes *notes)
{
    memory_free(notes->members);
    memory_free(notes->origins);
    memory_free(notes->days);
    memory_free(notes->absences);
    memory_free(notes->findings);
    arena_release(&notes->texts);
    write_notes_init(notes);
}

/* Room for one more in *items (a pointer to a pointer). */
static lake_status reserve(void *items, size_t n, size_t *capacity, size_t size, struct lake_error *err)
{
    if (n < *capacity)
        return LAKE_OK;
    size_t grown = *capacity == 0 ? FIRST_ITEMS : 2 * *capacity;
    TRY(memory_resize(items, grown, size, err));
    *capacity = grown;
    return LAKE_OK;
}

static lake_status copy_text(struct write_notes *notes, const char **text, struct lake_error *err)
{
    return arena_copy_text(&notes->texts, *text, strlen(*text), text, err);
}

static bool has_room(const struct write_notes *notes, const char *text)
{
    enum { SLACK_BYTES = 64 };
    return notes->texts.used_bytes + strlen(text) + SLACK_BYTES < WRITE_NOTE_TEXT_BYTES;
}

/* ---- members ---- */

/* The days of the member before are all there are in the table. */
static void forget_days(struct write_notes *notes)
{
    for (size_t i = notes->member_first; i < notes->n_origins; i++)
        notes->days[notes->origins[i].slot] = 0;
    notes->member_first = notes->n_origins;
    notes->last = 0;
}

lake_status write_notes_begin_member(struct write_notes *notes, int64_t source, const char *name,
                                     struct lake_error *err)
{
    struct note_member member = {source, name};
    const struct note_member *last = notes->n_members == 0 ? NULL : &notes->members[notes->n_members - 1];
    if (!has_room(notes, name))
        member.name = "";
    if (last != NULL && last->source == source && strcmp(last->name, member.name) == 0)
        return LAKE_OK;
    TRY(reserve(&notes->members, notes->n_members, &notes->members_capacity, sizeof *notes->members, err));
    TRY(copy_text(notes, &member.name, err));
    forget_days(notes);
    notes->members[notes->n_members++] = member;
    return LAKE_OK;
}

/* ---- days ---- */

static size_t hash_day(const struct write_notes *notes, int64_t day)
{
    uint64_t mixed = (uint64_t)day * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (notes->n_days - 1);
}

/* Where the day is in the table, or belongs. */
static size_t find_slot(const struct write_notes *notes, int64_t day)
{
    size_t slot = hash_day(notes, day);
    while (notes->days[slot] != 0 && notes->origins[notes->days[slot] - 1].run.day != day)
        slot = (slot + 1) & (notes->n_days - 1);
    return slot;
}

/* The table stays half empty. */
static lake_status reserve_day(struct write_notes *notes, struct lake_error *err)
{
    uint32_t *days = NULL;
    size_t n = notes->n_origins - notes->member_first;
    if (2 * (n + 1) <= notes->n_days)
        return LAKE_OK;
    size_t grown = notes->n_days == 0 ? FIRST_DAYS : 2 * notes->n_days;
    TRY(memory_new(grown, sizeof *days, &days, err));
    memory_free(notes->days);
    notes->days = days;
    notes->n_days = grown;
    for (size_t i = notes->member_first; i < notes->n_origins; i++) {
        struct note_origin *origin = &notes->origins[i];
        origin->slot = find_slot(notes, origin->run.day);
        days[origin->slot] = (uint32_t)(i + 1);
    }
    return LAKE_OK;
}

/* ---- origins ---- */

static void join(struct lake_write_origin *run, const struct lake_write_origin *more)
{
    run->n_rows += more->n_rows;
    run->key_from_ms = more->key_from_ms < run->key_from_ms ? more->key_from_ms : run->key_from_ms;
    run->key_to_ms = more->key_to_ms > run->key_to_ms ? more->key_to_ms : run->key_to_ms;
    run->line_from = more->line_from < run->line_from ? more->line_from : run->line_from;
    run->line_to = more->line_to > run->line_to ? more->line_to : run->line_to;
    run->n_rises += more->n_rises;
    run->n_falls += more->n_falls;
}

static lake_status add_run(struct write_notes *notes, const struct lake_write_origin *run, size_t slot,
                           struct lake_error *err)
{
    uint32_t before = notes->days[slot];
    notes->last = 0;
    if (notes->n_origins == WRITE_MOST_ORIGINS)
        return LAKE_OK;
    TRY(reserve(&notes->origins, notes->n_origins, &notes->origins_capacity, sizeof *notes->origins, err));
    notes->origins[notes->n_origins] = (struct note_origin){
        .run = *run,
        .member = (uint32_t)(notes->n_members - 1),
        .n_runs = before == 0 ? 1 : notes->origins[before - 1].n_runs + 1,
        .slot = slot,
    };
    notes->n_origins++;
    notes->last = notes->n_origins;
    notes->days[slot] = (uint32_t)notes->last;
    return LAKE_OK;
}

lake_status write_notes_add_origin(struct write_notes *notes, const struct lake_write_origin *stretch,
                                   struct lake_error *err)
{
    if (notes->last != 0 && notes->origins[notes->last - 1].run.day == stretch->day) {
        join(&notes->origins[notes->last - 1].run, stretch);
        return LAKE_OK;
    }
    TRY(reserve_day(notes, err));
    size_t slot = find_slot(notes, stretch->day);
    uint32_t known = notes->days[slot];
    if (known == 0 || notes->origins[known - 1].n_runs < WRITE_DAY_RUNS)
        return add_run(notes, stretch, slot, err);
    join(&notes->origins[known - 1].run, stretch);
    notes->last = known;
    return LAKE_OK;
}

lake_status write_notes_restore_origin(struct write_notes *notes, const struct lake_write_origin *run,
                                       struct lake_error *err)
{
    TRY(reserve_day(notes, err));
    return add_run(notes, run, find_slot(notes, run->day), err);
}

/* ---- absences, findings ---- */

lake_status write_notes_add_absence(struct write_notes *notes, const struct lake_write_absence *absence,
                                    struct lake_error *err)
{
    if (notes->n_absences == WRITE_MOST_ABSENCES || !has_room(notes, absence->answer))
        return LAKE_OK;
    TRY(reserve(&notes->absences, notes->n_absences, &notes->absences_capacity, sizeof *notes->absences, err));
    struct lake_write_absence *added = &notes->absences[notes->n_absences];
    *added = *absence;
    TRY(copy_text(notes, &added->answer, err));
    notes->n_absences++;
    return LAKE_OK;
}

lake_status write_notes_add_finding(struct write_notes *notes, const struct lake_write_finding *finding,
                                    struct lake_error *err)
{
    TRY(reserve(&notes->findings, notes->n_findings, &notes->findings_capacity, sizeof *notes->findings, err));
    struct lake_write_finding *added = &notes->findings[notes->n_findings];
    *added = *finding;
    TRY(copy_text(notes, &added->rule, err));
    TRY(copy_text(notes, &added->place, err));
    TRY(copy_text(notes, &added->detail, err));
    notes->n_findings++;
    return LAKE_OK;
}
