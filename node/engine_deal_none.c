/* SPDX-License-Identifier: MIT */
/* node/engine_deal_none.c -- the place of deal.c and engine_deal.c in builds without insecure_keygen. */
#include "node/engine.h"

/* Only a journal of another build can have such a request: callers are refused before (node/api.c). */
err engine_deal(const engine *e, buf *response, const request *r)
{
	(void)e, (void)response, (void)r;
	return err_fail(ERR_UNSUPPORTED, "this node was built without insecure key generation");
}
