/* SPDX-License-Identifier: MIT */
/* node/small_keys.c -- prepared once, with a line in the log for what happens. */
#include "node/small_keys.h"
#include <stdlib.h>
#include "base/log.h"

typedef struct speaker { char key[ID_TEXT]; } speaker;

static void say(void *ctx, const char *sentence)
{
	const speaker *s = ctx;
	log_info("key %s: %s", s->key, sentence);
}

/* ---- what is left over -------------------------------------------------------------------------------------------- */

/* Digests of the key sets that are there. */
typedef struct kept { hash32 *digest; size_t n, room; } kept;

static void keep(void *ctx, const key_facts *f, const key_record *r)
{
	kept *k = ctx;

	(void)f;
	for (size_t i = 0; i < r->metadata.digests && k->n < k->room; i++) {
		const stored_digest *d = &r->metadata.digest[i];
		if (d->type != key_set_type(&r->metadata) || d->digest.n != sizeof k->digest->b) continue;
		memcpy(k->digest[k->n++].b, d->digest.p, d->digest.n);
	}
}

static void say_removed(void *ctx, const char *sentence)
{
	(void)ctx;
	log_info("%s", sentence);
}

void small_keys_tidy(const char *derived_folder, keys *k)
{
	const size_t room = keys_count(k) + 16;          /* for those that come meanwhile */
	kept all = { .digest = calloc(room, sizeof *all.digest), .room = room };

	if (!all.digest) return;
	keys_each(k, keep, &all);
	if (all.n < room) derived_tidy(derived_folder, all.digest, all.n, &(derived_news){ NULL, say_removed });
	free(all.digest);
}

/* ---- preparing ----------------------------------------------------------------------------------------------------- */

static err prepare(const engine *e, own_part *p)
{
	const id32 *key = &own_part_online(p)->holder.key_id;
	key_step step = key_step_begin(e->making, e->clock, &KEY_UNPACKED, key);
	const progress told = key_step_progress(&step);
	speaker who;
	pool *threads;

	id_text(who.key, key);
	const derived_news news = { &who, say };
	err done = pool_new(&threads, 0);
	if (done == OK) {
		done = own_part_prepare(p, e->keys, &(small_making){ e->derived_folder, threads, &told, &news });
		pool_free(&threads);
	}
	key_step_end(&step);
	return done;
}

err small_keys(const eval_keys **out, const engine *e, own_part *p)
{
	if (!own_part_small(p)) TRY(prepare(e, p));
	*out = own_part_small(p);
	return OK;
}
