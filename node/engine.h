/* SPDX-License-Identifier: MIT */
/*
 * node/engine.h -- the closed table of typed requests, and the only code of the node that touches secret keys.
 *
 * A request comes in as struct request, a response goes out as bytes; nothing else passes.  engine.c has the tables, one
 * for a node that is alone and one for a party of a cluster.
 *
 *   alone         engine_keygen.c, engine_decompression.c, engine_decrypt.c
 *   both          engine_copy.c
 *   in a cluster  engine_epoch.c, engine_joint.c (with joint_key.h), engine_deal.c (with deal.h) or its
 *                 substitute engine_deal_none.c, ddec.h
 */
#ifndef ARCA_NODE_ENGINE_H
#define ARCA_NODE_ENGINE_H

#include "base/clock.h"
#include "base/pool.h"
#include "evm/kms712.h"
#include "node/key_progress.h"
#include "node/keys.h"
#include "node/request.h"
#include "node/signatures.h"
#include "tkms/decompression.h"

/* How work ends: called once, on any thread.  After an error the sentence is the thread's; the response may be taken. */
typedef void work_ended(void *ctx, err e, buf *response);

/* What the work needs; owned by others and valid as long as work runs. */
typedef struct engine {
	keys         *keys;
	struct cluster *cluster;                     /* NULL: this node is alone */
	const signer *signer;
	pool         *cores;
	kms712_profile profile;
	const rng    *random;
	const clock_source *clock;
	const char   *derived_folder;                /* node/small_keys.h */
	key_progress *making;                        /* what is told of the making of keys; may be NULL */
} engine;

/*
 * What must be had before the request is acknowledged, such as the lease of a new epoch.  engine_work gives it back, or
 * engine_unprepare if it does not come to that.
 */
err  engine_prepare(const engine *e, const request *r);
void engine_unprepare(const engine *e, const request *r);

/* Which threads the work blocks: those for ceremonies, those that compute, or none. */
typedef enum work_place { WORK_CEREMONY, WORK_CORE, WORK_NOWHERE } work_place;
work_place engine_place(const engine *e, const request *r);

/* Does the work; `ended` may be called before this returns.  Not on a thread that serves sockets. */
void engine_work(const engine *e, const request *r, work_ended *ended, void *ctx);

/* The entries of the table. */
err engine_preproc(const engine *e, buf *response, const request *r);
err engine_keygen(const engine *e, buf *response, const request *r);
err engine_public_decrypt(const engine *e, buf *response, const request *r);
err engine_user_decrypt(const engine *e, buf *response, const request *r);
err engine_epoch(const engine *e, buf *response, const request *r);
err engine_joint_preproc(const engine *e, buf *response, const request *r);
err engine_joint_keygen(const engine *e, buf *response, const request *r);
err engine_decompression(const engine *e, buf *response, const request *r);
err engine_deal(const engine *e, buf *response, const request *r);

/* ---- what key generations share -------------------------------------------------------------------------------- */

/* The tag of the files of a key generation. */
err        engine_key_tag(id32 *out, const engine *e, const request *r);

/* Of a node that is alone: the secrets of an older key that a new one is made from, of the parameters that were asked for. */
err        engine_older_key(const secret_keys **out, const engine *e, const request *r, const char *field, const id32 *key);

/* The record of a key whose published files have these digests, not signed yet; borrows from all. */
key_record engine_key_record(const engine *e, const request *r, const uint8_t *public_key_digest, const uint8_t *keyset_digest);

/* Signs what the metadata say, with the request's extra data, for its domain and under its schemes; they then borrow from both. */
void engine_sign_key(signatures *out, const engine *e, const request *r, key_metadata *m);

/*
 * For a key that is published under the id of an older one, too (keygen_request.copies): that key's published public key, which both
 * have, mapped, and room for the other copy of the key set.  Nothing if it is not.  The key set is signed and added to the older key
 * once the new one is stored; if that fails, the log says so, and the new key stays.
 */
typedef struct key_copy { slice public_key; draft *room; } key_copy;
err  engine_copy_open(key_copy *out, const engine *e, const request *r);
void engine_copy_keep(key_copy *c, const engine *e, const request *r, const uint8_t *keyset_digest);
void engine_copy_close(key_copy *c);

/* Signs a part that a ceremony has made, stores it with these marks, and answers. */
struct new_key;
err engine_store_part(const engine *e, buf *response, const request *r, const struct new_key *k, uint8_t marks);

/* Of a decompression key: the published files of the sets that it connects, and what is signed and stored of it. */
err  engine_between_open(decompression_files *out, const engine *e, const request *r);
void engine_between_close(decompression_files *f);
err  engine_store_decompression(const engine *e, buf *response, const request *r, draft *file, const uint8_t *digest, uint8_t marks);

#endif
