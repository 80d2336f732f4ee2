/* SPDX-License-Identifier: MIT */
/*
 * share/open.c -- the fast path where all agree, the decoder where they do not, and the tables.
 *
 * Consistent shares of parties G are accepted at once: if |G| is what the rule asks for, all of them lie on the polynomial.
 * At the first value that is inconsistent the decoder names who was wrong there, and the rest of the batch is tried without
 * them, as long as they are no more than the possible liars and enough remain for the rule: then what is consistent without
 * them is what the decoder finds among all who are present.
 */
#include "share/open.h"
#include "share/open_table.h"
#include <pthread.h>
#include <stdlib.h>

enum { CACHED = 64 };

struct opener {
	unsigned        n, t, d;
	code           *decoder;
	pthread_mutex_t lock;                /* over what follows */
	uint64_t        clock;
	open_table     *table[CACHED];
};

err opener_new(opener **out, unsigned n, unsigned t, unsigned d)
{
	opener *o = calloc(1, sizeof *o);

	if (!o) return err_fail(ERR_NOMEM, "no memory to open shares of %u parties", n);
	o->n = n, o->t = t, o->d = d;
	const err e = code_new(&o->decoder, ring_of(128, d), n, t);
	if (e != OK) {
		free(o);
		return e;
	}
	pthread_mutex_init(&o->lock, NULL);
	*out = o;
	return OK;
}

void opener_free(opener **o)
{
	if (!*o) return;
	for (size_t i = 0; i < CACHED; i++) open_table_free((*o)->table[i]);
	code_free(&(*o)->decoder);
	pthread_mutex_destroy(&(*o)->lock);
	free(*o);
	*o = NULL;
}

/* ---- tables: made outside the lock, shared while they are cached ----------------------------------------------------- */

static open_table *find(const opener *o, party_set who)
{
	for (size_t i = 0; i < CACHED; i++)
		if (o->table[i] && o->table[i]->who == who) return o->table[i];
	return NULL;
}

/* Puts the table in place of the one that has been idle for longest; if there is none it stays its user's own. */
static void keep(opener *o, open_table *T)
{
	open_table **place = NULL;

	for (size_t i = 0; i < CACHED; i++) {
		open_table **p = &o->table[i];
		if (*p && (*p)->users) continue;
		if (!place || !*p || (*place && (*p)->last_use < (*place)->last_use)) place = p;
		if (!*p) break;
	}
	if (!place) return;
	open_table_free(*place);
	*place = T;
}

/* NULL: no memory. */
static open_table *borrow(opener *o, party_set who)
{
	pthread_mutex_lock(&o->lock);
	open_table *T = find(o, who);
	if (!T) {
		pthread_mutex_unlock(&o->lock);
		open_table *made = open_table_new(o->t, o->d, who);
		pthread_mutex_lock(&o->lock);
		T = find(o, who);                            /* somebody may have been sooner */
		if (T) open_table_free(made);
		else if ((T = made) != NULL) keep(o, made);
	}
	if (T) T->users++, T->last_use = ++o->clock;
	pthread_mutex_unlock(&o->lock);
	return T;
}

static void give_back(opener *o, open_table *T)
{
	if (!T) return;
	pthread_mutex_lock(&o->lock);
	if (--T->users == 0 && find(o, T->who) != T) open_table_free(T);
	pthread_mutex_unlock(&o->lock);
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

/* Value v by the decoder, from all who are present. */
static bool decode(opener *o, u128 *out, party_set *wrong, const uint8_t *const *y, party_set present, unsigned liars, size_t v)
{
	const ring *R = ring_of(128, o->d);
	gr share_of[MAX_PARTIES + 1], secret;

	FOR_EACH_IN(i, present) share_of[i] = gr_read(R, y[i] + v * R->bytes);
	if (!code_decode_var(&secret, NULL, wrong, o->decoder, share_of, present, liars)) return false;
	for (unsigned c = 0; c < o->d; c++) out[v * o->d + c] = secret.c[c];
	return true;
}

bool open_var_by(const open_kernel *k, opener *o, u128 *out, party_set *wrong, const uint8_t *const *y, party_set present,
                 unsigned liars, size_t count)
{
	const unsigned needed = o->t + 1 + liars;
	party_set G = present, here;
	bool accepted = true;

	ASSERT(!(present & ~parties_all(o->n)));
	*wrong = 0;
	if (size_of_set(present) < needed) return false;
	open_table *T = count ? borrow(o, G) : NULL;
	for (size_t v = 0; v < count && accepted; v++) {
		if (T && T->fit) v = k->run(T, out, y, v, count);
		if (v == count) break;
		accepted = decode(o, out, &here, y, present, liars, v);
		if (!accepted || !(here & ~*wrong)) continue;
		*wrong |= here;
		if (size_of_set(*wrong) > liars || size_of_set(present & ~*wrong) < needed) continue;
		give_back(o, T);
		G = present & ~*wrong;
		T = borrow(o, G);
	}
	give_back(o, T);
	return accepted;
}

bool open_var(opener *o, u128 *out, party_set *wrong, const uint8_t *const *y, party_set present, unsigned liars, size_t count)
{
	return open_var_by(open_chosen(), o, out, wrong, y, present, liars, count);
}
