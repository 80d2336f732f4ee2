/* SPDX-License-Identifier: MIT */
/* node/engine.c -- the table. */
#include "node/engine.h"

typedef err operation_run(const engine *e, buf *response, const request *r);

static operation_run *const TABLE[REQUEST_KINDS] = {
	[REQUEST_PREPROC] = engine_preproc,
	[REQUEST_KEYGEN] = engine_keygen,
	[REQUEST_PUBLIC_DECRYPT] = engine_public_decrypt,
	[REQUEST_USER_DECRYPT] = engine_user_decrypt,
};

err engine_run(const engine *e, buf *response, const request *r)
{
	ASSERT((unsigned)r->kind < REQUEST_KINDS);
	return TABLE[r->kind](e, response, r);
}
