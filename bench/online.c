/* SPDX-License-Identifier: MIT */
/*
 * bench/online.c -- what one party computes for a public decryption: from a parsed big-compressed euint64 of production size
 * to its value, with the identity of the ciphertext, the part of the phase, the mask, the opening with every share checked,
 * and the verdict on noise and padding.  Network, messages of clients and signatures are not in it.
 *
 * The other parties' shares are computed beforehand.  A round has enough ciphertexts that none is in a cache when its turn
 * comes; each is decrypted once, and every value is compared.
 */
#include "bench/bench.h"
#include <stdlib.h>
#include "bench/parties.h"
#include "mpc/async_open.h"
#include "tkms/finish.h"
#include "tkms/partial.h"

/* 40 MB of ciphertexts a round; as many in a batch as a node forms. */
enum { ROUND = 416, BATCH = 32, LEAST_ROUNDS = 3, ME = 1 };

typedef struct cluster_of {
	unsigned   n, t, d;
	bench_key  key;
	prss      *masks[MAX_PARTIES + 1];
	online_key online[MAX_PARTIES + 1];
} cluster_of;

typedef struct round_of {
	u128     *words;                     /* of all ciphertexts, one after the other              */
	squashed  ct[ROUND];
	uint64_t  value[ROUND];
	buf       from[MAX_PARTIES + 1][ROUND / BATCH];       /* what the other parties send, a message a batch */
	hash32    h[ROUND];
	size_t    done;
	err       e;                         /* of the first value that was wrong                    */
	const cluster_of *c;
} round_of;

/* ---- parties ------------------------------------------------------------------------------------------------------- */

static void cluster_close(void *state)
{
	cluster_of *c = state;

	for (unsigned i = 1; i <= c->n; i++) {
		online_key_free(&c->online[i]);
		prss_free(&c->masks[i]);
	}
	bench_key_free(&c->key);
	free(c);
}

static err prepare_keys(cluster_of *c)
{
	const id32 key = { { 4, 1 } }, epoch = ID_DEFAULT_EPOCH;
	key_share dealt[MAX_PARTIES + 1] = { 0 };

	TRY(bench_key_new(&c->key, c->n, c->t, &key, &epoch));
	err e = bench_key_deal(dealt, &c->key);
	for (unsigned i = 1; i <= c->n && e == OK; i++) e = online_key_new(&c->online[i], &dealt[i]);
	for (unsigned i = 1; i <= c->n; i++) key_share_free(&dealt[i]);
	TRY(e);
	return bench_prss(c->masks, c->n, c->t, c->d, &epoch);
}

/* ---- a round, before the clock runs -------------------------------------------------------------------------------- */

static void fill_ciphertexts(round_of *r)
{
	const size_t words = bench_list_words();

	for (size_t i = 0; i < ROUND; i++) {
		u128 *w = r->words + i * words;
		r->value[i] = rng_u64(rng_os());
		bench_encrypt(w, &r->c->key, r->value[i]);
		r->ct[i] = (squashed){ .under = SECRET_SNSCOMP, .blocks = BENCH_BLOCKS,
			.packed = { PARAMS_DEFAULT.snscomp.k, PARAMS_DEFAULT.snscomp.N, BENCH_BLOCKS, w } };
	}
}

/* The record of a share as it travels (mpc/async_open.h). */
static void put_record(buf *out, const masked *m, unsigned d)
{
	buf_put_u8(out, 1);
	buf_put(out, m->h.b, sizeof m->h.b);
	buf_put_u32(out, m->elements);
	buf_put(out, m->bytes, m->elements * ring_of(128, d)->bytes);
}

static arena batch_arena(unsigned d)
{
	return arena_with_limit(2 * partial_decrypt_memory(d, BATCH * BENCH_BLOCKS, BATCH) + (1 << 20));
}

static err fill_messages(round_of *r, unsigned from)
{
	const cluster_of *c = r->c;
	masked m[BATCH];
	err e = OK;

	for (size_t b = 0; b < ROUND / BATCH && e == OK; b++) {
		arena a = batch_arena(c->d);
		e = partial_decrypt(m, &a, &c->online[from], c->masks[from], DECRYPT_PUBLIC, &r->ct[b * BATCH], BATCH);
		for (size_t k = 0; k < BATCH && e == OK; k++) put_record(&r->from[from][b], &m[k], c->d);
		arena_free(&a);
	}
	return e;
}

static err round_new(round_of **out, const cluster_of *c)
{
	round_of *r = calloc(1, sizeof *r);
	err e = OK;

	ASSERT(r);
	r->c = c;
	r->words = malloc(ROUND * bench_list_words() * sizeof *r->words);
	ASSERT(r->words);
	fill_ciphertexts(r);
	for (unsigned i = 1; i <= c->n && e == OK; i++)
		if (i != ME) e = fill_messages(r, i);
	*out = r;
	return e;
}

static void round_free(round_of *r)
{
	for (unsigned i = 1; i <= r->c->n; i++)
		for (size_t b = 0; b < ROUND / BATCH; b++) buf_free(&r->from[i][b]);
	free(r->words);
	free(r);
}

/* ---- and while it runs --------------------------------------------------------------------------------------------- */

static void sent(void *ctx, party_set to, slice record)
{
	(void)ctx, (void)to, (void)record;
}

static void suspected(void *ctx, party who, open_suspicion why, const hash32 *h)
{
	round_of *r = ctx;

	(void)h;
	if (r->e == OK) r->e = err_fail(ERR_INTERNAL, "honest party %u is suspected of %s", who, open_suspicion_text(why));
}

static void stuck(void *ctx, const hash32 *h, party_set without)
{
	(void)ctx, (void)h, (void)without;
}

/* Which ciphertext it is: openings end in any order. */
static size_t place_of(const round_of *r, const hash32 *h)
{
	const size_t first = r->done / BATCH * BATCH;

	for (size_t i = first; i < first + BATCH; i++)
		if (hash32_eq_var(r->h[i], *h)) return i;
	return ROUND;
}

static void opened(void *ctx, const hash32 *h, const u128 *secret, uint32_t elements, party_set wrong)
{
	round_of *r = ctx;
	const cluster_of *c = r->c;
	const size_t i = place_of(r, h);
	plaintext p;

	(void)wrong;
	r->done++;
	if (r->e != OK) return;
	r->e = finish_value(&p, fhe_type_by_number_var(FHE_UINT64), c->n, c->t, c->d, secret, elements);
	if (r->e == OK && (i == ROUND || load64(p.bytes) != r->value[i]))
		r->e = err_fail(ERR_INTERNAL, "another value came out than went in");
}

static err decrypt_batch(round_of *r, async_open *o, size_t b)
{
	const cluster_of *c = r->c;
	masked m[BATCH];
	arena a = batch_arena(c->d);

	err e = partial_decrypt(m, &a, &c->online[ME], c->masks[ME], DECRYPT_PUBLIC, &r->ct[b * BATCH], BATCH);
	for (size_t k = 0; k < BATCH && e == OK; k++) {
		r->h[b * BATCH + k] = m[k].h;
		const slice mine = slice_of(m[k].bytes, m[k].elements * ring_of(128, c->d)->bytes);
		if (async_open_begin(o, &m[k].h, mine, false) != OPEN_BEGUN) e = err_fail(ERR_INTERNAL, "an opening did not begin");
	}
	for (unsigned i = 1; i <= c->n && e == OK; i++)
		if (i != ME) async_open_message(o, (party)i, buf_slice(&r->from[i][b]));
	async_open_turn(o, 0);
	arena_free(&a);
	return e == OK ? r->e : e;
}

static err decrypt_round(bench *b, round_of *r)
{
	const open_hooks hooks = { r, sent, opened, suspected, stuck };
	const cluster_of *c = r->c;
	async_open *o;
	err e = OK;

	TRY(async_open_new(&o, c->n, c->t, c->d, ME, &OPEN_LIMITS, &hooks, rng_os(), 0));
	const double began = bench_seconds(BENCH_THREAD);
	for (size_t k = 0; k < ROUND / BATCH && e == OK; k++) e = decrypt_batch(r, o, k);
	const double took = bench_seconds(BENCH_THREAD) - began;
	async_open_free(&o);
	TRY(e);
	if (r->done != ROUND) return err_fail(ERR_INTERNAL, "%zu of %d openings ended", r->done, ROUND);
	bench_take(b, ROUND / took);
	return OK;
}

static err all_rounds(bench *b, const cluster_of *c)
{
	const double until = bench_seconds(BENCH_WALL) + 8 * b->options->seconds;      /* most of it is preparation */
	err e = OK;

	for (unsigned i = 0; e == OK && (i < LEAST_ROUNDS || bench_seconds(BENCH_WALL) < until); i++) {
		round_of *r = NULL;
		e = round_new(&r, c);
		if (e == OK) e = decrypt_round(b, r);
		round_free(r);
	}
	return e;
}

static err ddec_online(bench *b)
{
	cluster_of *c = calloc(1, sizeof *c);

	ASSERT(c);
	c->n = b->row->arg[0];
	c->t = b->row->arg[1];
	c->d = ring_degree(c->n);
	err e = prepare_keys(c);
	bench_variant(b, "%s, insecure-key, cache hits = 0", bench_cpu());
	if (e == OK) e = all_rounds(b, c);
	cluster_close(c);
	return e;
}

static const bench_row ROWS[] = {
	{ "ddec-online/13-4", "euint64/s", "one of 13 parties, from the parsed ciphertext to the value; a core, unsigned",
	  ddec_online, { 13, 4 } },
	{ "ddec-online/4-1", "euint64/s", "one of 4 parties, the same", ddec_online, { 4, 1 } },
};
const bench_group BENCH_ONLINE = { ROWS, COUNT(ROWS), NULL, NULL };
