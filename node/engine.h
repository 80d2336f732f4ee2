/* SPDX-License-Identifier: MIT */
/*
 * node/engine.h -- the closed table of typed requests, and the only code of the node that touches secret keys.
 *
 * A request comes in as struct request, a response goes out as bytes; nothing else passes.  engine.c has the table,
 * engine_keygen.c and engine_decrypt.c what is done.
 */
#ifndef ARCA_NODE_ENGINE_H
#define ARCA_NODE_ENGINE_H

#include "base/clock.h"
#include "base/pool.h"
#include "evm/kms712.h"
#include "node/keys.h"
#include "node/request.h"

/* What the work needs; owned by others and valid as long as work runs. */
typedef struct engine {
	keys         *keys;
	const signer *signer;
	pool         *cores;
	kms712_profile profile;
	const rng    *random;
	const clock_source *clock;
} engine;

/* Does the work and appends the response.  Blocks; not on a thread that serves sockets. */
err engine_run(const engine *e, buf *response, const request *r);

/* The entries of the table. */
err engine_preproc(const engine *e, buf *response, const request *r);
err engine_keygen(const engine *e, buf *response, const request *r);
err engine_public_decrypt(const engine *e, buf *response, const request *r);
err engine_user_decrypt(const engine *e, buf *response, const request *r);

#endif
