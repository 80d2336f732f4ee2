/* SPDX-License-Identifier: MIT */
/* lattice/work.c -- the first failure takes the slot; who comes later is dropped. */
#include "lattice/work.h"
#include "base/base.h"
#include <stdatomic.h>

typedef struct tries {
	err (*body)(void *ctx, size_t i);
	void *ctx;
	atomic_flag taken;
	err  failed;
	char sentence[256];
} tries;

static void one(void *ctx, size_t i)
{
	tries *t = ctx;
	err e = t->body(t->ctx, i);

	if (e == OK) return;
	if (!atomic_flag_test_and_set(&t->taken)) {
		t->failed = e;
		snprintf(t->sentence, sizeof t->sentence, "%s", err_text());
	}
	err_clear();
}

err each_try(pool *p, size_t count, err (*body)(void *ctx, size_t i), void *ctx)
{
	tries t = { .body = body, .ctx = ctx, .taken = ATOMIC_FLAG_INIT };

	pool_each(p, count, one, &t);
	return t.failed == OK ? OK : err_fail(t.failed, "%s", t.sentence);
}
