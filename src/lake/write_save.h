/* Safe points of a long write: what was appended so far is made durable, so that a later process can go on from there.
 *
 * A safe point names the job, the dataset, every staged partition and spilled run with what it must hold, the counters, and a
 * note of the job's own (where its sources stand): a record in staging (saved_write.h). It replaces the one before atomically, after everything
 * that it names is durable; so the first one is also the first moment at which a crash keeps anything. Nothing of it shows in the
 * lake before the one commit at the write's end (I1), after which it is over, however that process ended (staging_save.h).
 * Recovery leaves the safe points of dead processes alone until they are taken up, discarded, or a week old (then maintenance's gc
 * removes them). A write that commits, or is freed without having been told to keep its safe point, leaves none; nor does one that
 * was taken up, from then on. What was staged on files that are no longer live is staged again (I6). One whose files are missing or
 * damaged is removed, never half used.
 *
 *     TRY(lake_write_save(write, job, &note, err));                        // now and then
 *     lake_write_keep(write);                                              // on cancellation, on errors worth it; then free
 *     TRY(lake_write_resume(lake, job, &write, &note, err));               // in a later process; *write NULL: there is none */
#ifndef LAKE_WRITE_SAVE_H
#define LAKE_WRITE_SAVE_H

#include "base/buffer.h"
#include "lake/write.h"

/* `job` names what is being done (a digest of sources and options); the note is the job's own. When it fails the write has failed, too: it can
 * only be kept as of the safe point before. */
LAKE_MUST_CHECK lake_status lake_write_save(struct lake_write *write, const uint8_t job[SHA256_BYTES],
                                            const struct buffer *note, struct lake_error *err);
/* lake_write_free leaves the last safe point for a later process, also after a commit that failed. Without a safe point: nothing. */
void lake_write_keep(struct lake_write *write);
bool lake_write_is_saved(const struct lake_write *write);

/* Takes over the newest safe point of this job whose process is gone, with its note; older ones of the job are removed. LAKE_BUSY where one is
 * still running. Where there is none to go on with *out is NULL, and the note is empty or a sentence that says why ("what was saved of
 * it cannot be gone on with (…): it begins anew"). */
LAKE_MUST_CHECK lake_status lake_write_resume(struct lake *lake, const uint8_t job[SHA256_BYTES],
                                              struct lake_write **out, struct buffer *note, struct lake_error *err);
/* Removes those of this job whose process is gone. */
LAKE_MUST_CHECK lake_status lake_write_discard(struct lake *lake, const uint8_t job[SHA256_BYTES], int64_t *n_removed,
                                               struct lake_error *err);

#endif
