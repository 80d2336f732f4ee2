/* SPDX-License-Identifier: MIT */
/* node/superseded.c -- for each key of an epoch, the earliest later epoch to which it came. */
#include "node/superseded.h"

typedef struct search {
	const id32 *epoch;
	keys       *keys;
	epochs     *epochs;
	succession  found;
	err         failed;
} search;

/* Where a key came to first, here; and when to others. */
typedef struct successor {
	const key_facts *of;
	epochs  *epochs;
	bool     there;
	id32     epoch;
	int64_t  made_ms, given_ms;          /* 0: it was not given */
} successor;

static bool has_gone(const successor *s) { return s->there || s->given_ms; }

static int64_t gone_ms(const successor *s)
{
	if (!s->there) return s->given_ms;
	return s->given_ms && s->given_ms < s->made_ms ? s->given_ms : s->made_ms;
}

static void look_later(void *ctx, const key_facts *f, const key_record *r)
{
	successor *s = ctx;
	int64_t made_ms;

	(void)r;
	if (!id_eq_var(&f->key_id, &s->of->key_id) || !(f->marks & KEY_RESHARED)) return;
	if (memcmp(f->epoch_id.b, s->of->epoch_id.b, sizeof f->epoch_id.b) <= 0) return;
	/* Keys come before their epoch, which may fail. */
	if (!epochs_made(&made_ms, s->epochs, &f->epoch_id) || (s->there && made_ms >= s->made_ms)) return;
	s->there = true;
	s->epoch = f->epoch_id;
	s->made_ms = made_ms;
}

static successor successor_of(const search *x, const key_facts *f)
{
	successor s = { .of = f, .epochs = x->epochs, .given_ms = keys_given_ms(x->keys, &f->epoch_id, &f->key_id) };

	keys_each(x->keys, look_later, &s);
	return s;
}

static void add_key(void *ctx, const key_facts *f, const key_record *r)
{
	search *x = ctx;
	succession *out = &x->found;

	(void)r;
	if (!id_eq_var(&f->epoch_id, x->epoch)) return;
	const successor s = successor_of(x, f);
	out->keys++;
	if (!has_gone(&s)) {
		out->left++;
		out->stays = f->key_id;
	} else if (gone_ms(&s) > out->since_ms) {
		out->since_ms = gone_ms(&s);
	}
}

succession succession_of(const id32 *old, keys *k, epochs *e)
{
	search x = { .epoch = old, .keys = k, .epochs = e };

	keys_each(k, add_key, &x);
	return x.found;
}

static void read_successor(void *ctx, const key_facts *f, const key_record *r)
{
	search *x = ctx;
	key_share fresh;

	(void)r;
	if (x->failed != OK || !id_eq_var(&f->epoch_id, x->epoch)) return;
	const successor s = successor_of(x, f);
	ASSERT(has_gone(&s));
	if (!s.there) return;
	x->failed = keys_read_share(&fresh, x->keys, &s.epoch, &f->key_id);
	if (x->failed == OK) key_share_free(&fresh);
}

err successors_readable(const id32 *old, keys *k, epochs *e)
{
	search x = { .epoch = old, .keys = k, .epochs = e };
	char why[512];

	keys_each(k, read_successor, &x);
	if (x.failed == OK) return OK;
	snprintf(why, sizeof why, "%s", err_text());
	return err_fail(ERR_IO, "its new shares cannot be read: %s", why);
}
