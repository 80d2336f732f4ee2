/* SPDX-License-Identifier: MIT */
/* node/small_keys.c -- prepared once, with a line in the log for what happens. */
#include "node/small_keys.h"
#include "base/log.h"

typedef struct speaker { char key[ID_TEXT]; } speaker;

static void say(void *ctx, const char *sentence)
{
	const speaker *s = ctx;
	log_info("key %s: %s", s->key, sentence);
}

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
