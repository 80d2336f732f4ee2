/* SPDX-License-Identifier: MIT */
/*
 * vault/spool.h -- preprocessing on disk: written once, sealed, and used up once, whatever happens meanwhile.
 *
 *   <private folder>/Preprocessing/<epoch>/<id>          header and key: the preprocessing exists when this file does
 *   <private folder>/Preprocessing/<epoch>/<id>.spool    the samples, in records sealed with that key (AES-256-GCM)
 *
 * Use.  The key is taken: its file is removed, the folder synced, and the key overwritten where it was (which file systems
 * that copy on write do not promise), before the first record is read; the samples lose their name.  From then on the key is
 * in the memory of this process alone, so nothing of the preprocessing can serve again, and what is left on the disk after a
 * crash says nothing.
 *
 * A record holds SPOOL_RECORD samples of one stream (fewer at its end); its number and the header are what it is bound to.
 * Records that are incomplete, on their way in or out, are in memory: SPOOL_OPEN of them at most.
 *
 * Any thread may put or take any samples; each of them once: twice is a bug.
 */
#ifndef ARCA_VAULT_SPOOL_H
#define ARCA_VAULT_SPOOL_H

#include "vault/vault.h"

enum { SPOOL_RECORD = 4096, SPOOL_STREAMS = 32, SPOOL_TAG = 256, SPOOL_SAMPLE = 128, SPOOL_OPEN = 64 };

typedef struct spool spool;

/* What is in it. */
typedef struct spool_shape {
	unsigned streams;
	struct { uint64_t samples; size_t bytes; } stream[SPOOL_STREAMS];    /* bytes of a sample: at most SPOOL_SAMPLE */
	slice    tag;                        /* at most SPOOL_TAG bytes: what the reader must know, and finds unchanged */
} spool_shape;

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* Takes all of its room at once.  ERR_EXISTS; ERR_IO with both numbers if the disk has less. */
err  spool_new(spool **out, vault *v, const id32 *epoch, const id32 *id, const spool_shape *shape, const rng *random);

/* Samples first .. first + count - 1 of a stream. */
err  spool_put(spool *s, unsigned stream, uint64_t first, size_t count, const void *samples);

/* Everything was put and is on the disk, then its key.  ERR_STATE if something is missing. */
err  spool_finish(spool *s);

/* ---- using up ------------------------------------------------------------------------------------------------------ */

/* Is there one that can be used? */
err  spool_exists(bool *out, vault *v, const id32 *epoch, const id32 *id);

/* shape: as it was written, the tag too.  OK means that it is used up.  ERR_NOT_FOUND: there is none, or it is in use, or was
 * used; ERR_STATE: it is another's, or damaged, and stays. */
err  spool_use(spool **out, vault *v, const id32 *epoch, const id32 *id, const spool_shape *shape);

/* ERR_STATE: a record was changed on the disk. */
err  spool_take(spool *s, unsigned stream, uint64_t first, size_t count, void *samples);

/* Wipes the key and what is in memory; removes the samples unless spool_finish has succeeded.  NULL-safe. */
void spool_free(spool **s);

/* ---- removing ------------------------------------------------------------------------------------------------------ */

/* Removes it, key first.  No error if there is none. */
err  spool_remove(vault *v, const id32 *epoch, const id32 *id);
/* Removes all of an epoch. */
err  spool_remove_epoch(vault *v, const id32 *epoch);
/* What a crash left: samples without a key.  Before anything is made. */
err  spool_clean(vault *v);

#endif
