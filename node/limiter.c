/* SPDX-License-Identifier: MIT */
/* node/limiter.c -- one atomic number. */
#include "node/limiter.h"
#include <stdatomic.h>

void limiter_init(limiter *l, const node_config *c)
{
	l->tokens = c->limits.bucket_size;
	l->price[REQUEST_PREPROC] = c->limits.preproc;
	l->price[REQUEST_KEYGEN] = c->limits.keygen;
	l->price[REQUEST_PUBLIC_DECRYPT] = c->limits.pub_decrypt;
	l->price[REQUEST_USER_DECRYPT] = c->limits.user_decrypt;
	l->price[REQUEST_NEW_EPOCH] = c->limits.new_epoch;
	atomic_init(&l->taken, 0);
}

err limiter_take(limiter *l, request_kind kind)
{
	const int64_t price = l->price[kind];

	if (atomic_fetch_add(&l->taken, price) + price <= l->tokens) return OK;
	atomic_fetch_sub(&l->taken, price);
	return err_fail(ERR_EXHAUSTED, "the node is busy: a %s costs %jd of %jd tokens and too few are free; ask again later",
	                request_kind_name(kind), (intmax_t)price, (intmax_t)l->tokens);
}

void limiter_give(limiter *l, request_kind kind)
{
	atomic_fetch_sub(&l->taken, l->price[kind]);
}
