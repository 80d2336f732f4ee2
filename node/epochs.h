/* SPDX-License-Identifier: MIT */
/*
 * node/epochs.h -- the epochs of this node: in each, one set-up of pseudo-random sharing among the parties of a context,
 * and the key parts that were made or reshared under it (node/keys.h).
 *
 * Ids grow: a new epoch's id, as a number, is above those of all that are there.  Creating and destroying take a lease, so
 * that no two of them meet: whoever comes second is told so (ERR_STATE) and asks again.
 *
 * What is in an epoch is secret.  Who uses one holds it; when it is destroyed its file goes at once and its keys are wiped
 * with the last hold.
 *
 * Any thread.
 */
#ifndef ARCA_NODE_EPOCHS_H
#define ARCA_NODE_EPOCHS_H

#include "node/contexts.h"
#include "vault/epoch_data.h"

typedef struct epochs epochs;

typedef struct epoch {
	id32     id;
	const mpc_context *context;
	unsigned d;                          /* of the rings */
	int64_t  created_ms;
	prss    *masks;
} epoch;

/* Loads every epoch of the vault.  ERR_STATE with a sentence if one cannot be read, or its committee is not its context's. */
err  epochs_open(epochs **out, vault *v, contexts *c);
/* Requires: nothing is held. */
void epochs_free(epochs **e);

/* ERR_NOT_FOUND with a sentence, also if the epoch is of another context (NULL: any). */
err  epochs_hold(const epoch **out, epochs *e, const id32 *id, const id32 *context);
void epochs_release(epochs *e, const epoch **held);          /* NULL-safe */

/* Between the two, the epoch that is held cannot be destroyed: something is being stored in it.  ERR_STATE: it is going. */
err  epochs_begin_storing(epochs *e, const epoch *held);
void epochs_end_storing(epochs *e, const epoch *held);

/* Calls each for every epoch, oldest first, under the lock: it must not call the table. */
void epochs_each(epochs *e, void (*each)(void *ctx, const epoch *x), void *ctx);
size_t epochs_count(epochs *e);

/* When it was made; false: there is none. */
bool epochs_made(int64_t *unix_ms, epochs *e, const id32 *id);

/* ---- creating --------------------------------------------------------------------------------------------------- */

/* Takes the lease for a new epoch of the context.  ERR_EXISTS: it is there; ERR_REQUEST: its id is not above the others';
 * ERR_STATE: it is being created, or something is being destroyed. */
err  epochs_begin(epochs *e, const id32 *id, const mpc_context *c);

/* Gives the lease back: with the epoch stored and in use, or without any.  After an error of the former the lease is still
 * there.  Requires: a lease. */
err  epochs_finish(epochs *e, const epoch_data *made, const mpc_context *c);
void epochs_abandon(epochs *e, const id32 *id);

/* ---- destroying ------------------------------------------------------------------------------------------------- */

/* Takes the lease for destroying an epoch: ERR_NOT_FOUND; ERR_STATE while something is being created, stored or destroyed, or
 * if it is the only one; one that is superseded may be that, if others have its keys.  Or for destroying a context with all its
 * epochs, of which there may be none. */
err  epochs_begin_destroy(epochs *e, const id32 *id);
err  epochs_begin_destroy_superseded(epochs *e, const id32 *id);
err  epochs_begin_destroy_context(epochs *e);
void epochs_end_destroy(epochs *e);

/* Erases its file: whatever happens then, after the next start there is no such epoch.  It is in use until epochs_destroy, which
 * ends its place in the table, too.  Both can be repeated.  Requires: the lease. */
err  epochs_erase(epochs *e, const id32 *id);
err  epochs_destroy(epochs *e, const id32 *id);

/* Nobody new gets hold of the epoch, as if it were gone; true: nobody holds it.  It stays so until it is destroyed or opened. */
bool epochs_close(epochs *e, const id32 *id);
void epochs_reopen(epochs *e, const id32 *id);

#endif
