/* SPDX-License-Identifier: MIT */
/* connector/standing.c -- what a node says of a key that it has. */
#include "connector/standing.h"
#include <kms.v1.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include "rpc/pb.h"

typedef struct known { id32 key_id; unsigned shard; key_standing is; } known;

struct standings {
	pthread_mutex_t lock;                      /* of what follows */
	known  one[MAX_STANDINGS];
	size_t n, next;                            /* where the next one goes when all places are taken */
};

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static err read_one(key_standing *out, const id32 *key_id, const Kms__V1__KeyStanding *m)
{
	id32 key, epoch;

	TRY(id_parse(&key, "key_id", slice_str(m->key_id)));
	TRY(id_parse(&epoch, "epoch_id", slice_str(m->epoch_id)));
	if (key_id && !id_eq_var(&key, key_id)) return OK;
	if (!out->there || memcmp(epoch.b, out->oldest.b, sizeof epoch.b) < 0) out->oldest = epoch;
	if (!out->there || memcmp(epoch.b, out->newest.b, sizeof epoch.b) > 0) out->newest = epoch;
	out->there = true;
	out->insecure |= m->insecure;
	out->in_default |= id_eq_var(&epoch, &ID_DEFAULT_EPOCH);
	return OK;
}

err standing_read(key_standing *out, const id32 *key_id, slice answer)
{
	arena a = arena_with_limit(PB_ROOM(answer.n));
	Kms__V1__KeyMaterialAvailabilityResponse *m = NULL;
	key_standing s = { 0 };

	err e = pb_unpack(&a, &m, &kms__v1__key_material_availability_response__descriptor, answer);
	for (size_t i = 0; e == OK && i < m->n_standings; i++) e = read_one(&s, key_id, m->standings[i]);
	arena_free(&a);
	if (e != OK) err_context("what the node says of its keys: ");
	else *out = s;
	return e;
}

/* ---- keeping ---------------------------------------------------------------------------------------------------- */

err standings_new(standings **out)
{
	standings *s = calloc(1, sizeof *s);

	if (!s) return err_fail(ERR_NOMEM, "no memory for what nodes say of keys");
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return OK;
}

void standings_free(standings **s)
{
	if (!*s) return;
	pthread_mutex_destroy(&(*s)->lock);
	free(*s);
	*s = NULL;
}

static bool look(standings *s, key_standing *out, unsigned shard, const id32 *key_id)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n && !found; i++) {
		found = s->one[i].shard == shard && id_eq_var(&s->one[i].key_id, key_id);
		if (found) *out = s->one[i].is;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* Two who learn the same at once keep it twice, which does no harm. */
static void keep(standings *s, unsigned shard, const id32 *key_id, const key_standing *is)
{
	pthread_mutex_lock(&s->lock);
	const size_t at = s->n < COUNT(s->one) ? s->n++ : s->next++ % COUNT(s->one);
	s->one[at] = (known){ *key_id, shard, *is };
	pthread_mutex_unlock(&s->lock);
}

void standings_forget(standings *s, const id32 *key_id)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n;)
		if (id_eq_var(&s->one[i].key_id, key_id)) s->one[i] = s->one[--s->n];
		else i++;
	pthread_mutex_unlock(&s->lock);
}

core_outcome standings_find(standings *s, key_standing *out, buf *why, core *k, const queue_item *item, const id32 *key_id)
{
	const unsigned shard = core_shard(k, item);
	AUTO(buf) answer = { 0 };

	if (key_id && look(s, out, shard, key_id)) return CORE_DONE;
	const core_outcome o = core_key_material(k, &answer, why, item);
	if (o != CORE_DONE) return o;
	if (standing_read(out, key_id, buf_slice(&answer)) != OK) {
		buf_clear(why);
		buf_put_str(why, err_text());
		err_clear();
		return CORE_LATER;
	}
	if (key_id && out->there) keep(s, shard, key_id, out);       /* a key that is not there may come */
	return CORE_DONE;
}
