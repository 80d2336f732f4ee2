/* SPDX-License-Identifier: MIT */
/*
 * Whatever t parties do: all honest parties draw the same nonce, the hash of what was agreed on, into which each of them has
 * put its fresh bytes; so it never was before, and its session id is that of the ceremony and of no other.
 */
#include "tests/mpc/bcast_liars.h"
#include "sym/sha2.h"

typedef struct io {
	session_id sid;
	uint8_t    nonce[SID_NONCE], mine[SID_NONCE];
	uint8_t    agreed[MAX_PARTIES + 1][SID_NONCE];
} io;

/* The same ceremony in every run: what a liar recorded fits the next one. */
static ceremony what_of(unsigned n, unsigned t)
{
	return (ceremony){ .operation = "prss", .parties = parties_all(n), .t = t, .attempt = 1 };
}

static session_id under(const trial *x)
{
	const ceremony c = what_of(x->n, x->t);
	return sid_hello(&c);
}

static io *recorder[MAX_PARTIES + 1];

static err recording_bcast(session *s, slice mine, size_t most, slice *all)
{
	io *v = recorder[s->me];

	assert_int_equal(mine.n, SID_NONCE);
	memcpy(v->mine, mine.p, SID_NONCE);
	TRY(bcast(s, mine, most, all));
	FOR_EACH_PARTY(i, s) if (all[i].n == SID_NONCE) memcpy(v->agreed[i], all[i].p, SID_NONCE);
	return OK;
}

static void input(trial *x, party i, void *arg) { (void)x, (void)i, (void)arg; }

static err run(session *s, void *arg)
{
	static const protocols RECORDING = { .bcast = recording_bcast, .vss = vss, .open = open_sync };
	const ceremony c = what_of(s->n, s->t);
	io *v = arg;

	recorder[s->me] = v;
	if (s->p == &HONEST) s->p = &RECORDING;
	return hello(s, &v->sid, v->nonce, &c);
}

static unsigned most_rounds(unsigned n, unsigned t) { return (void)n, bcast_rounds(t); }

static const char *violated(const trial *x)
{
	static uint8_t seen[1000][SID_NONCE];
	static unsigned runs;
	const ceremony c = what_of(x->n, x->t);
	const io *f = x->io[first_of(honest(x))];
	const hash32 h = sha256(slice_of(f->agreed[1], x->n * SID_NONCE));
	const session_id sid = sid_of_ceremony(&c, f->nonce), hello_sid = under(x);

	if (memcmp(h.b, f->nonce, SID_NONCE)) return "the nonce is not the hash of what was said";
	if (!sid_eq_var(&sid, &f->sid) || sid_eq_var(&sid, &hello_sid)) return "the session id is not that of the ceremony";
	FOR_EACH_IN(i, honest(x)) {
		const io *v = x->io[i];
		if (memcmp(v->nonce, f->nonce, SID_NONCE) || !sid_eq_var(&v->sid, &f->sid)) return "the honest have different nonces";
		if (memcmp(v->mine, f->agreed[i], SID_NONCE)) return "the bytes of an honest party are not in the nonce";
	}
	for (unsigned k = 0; k < runs; k++) if (!memcmp(seen[k], f->nonce, SID_NONCE)) return "the nonce was there before";
	if (runs < COUNT(seen)) memcpy(seen[runs++], f->nonce, SID_NONCE);
	return NULL;
}

static const theorem HELLO = { "hello", sizeof(io), input, run, most_rounds, violated, NULL, under };

/* ---- liars: what they put in --------------------------------------------------------------------------------------- */

static err stale_bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t STALE[SID_NONCE] = { 1, 2, 3 };

	(void)mine;
	return bcast(s, slice_of(STALE, SID_NONCE), most, all);
}

static err longer_bcast(session *s, slice mine, size_t most, slice *all)
{
	uint8_t longer[SID_NONCE + 1] = { 0 };

	memcpy(longer, mine.p, mine.n);
	return bcast(s, slice_of(longer, sizeof longer), most + 1, all);
}

static err shorter_bcast(session *s, slice mine, size_t most, slice *all)
{
	return bcast(s, slice_of(mine.p, s->me % 2 ? 0 : mine.n - 1), most, all);
}

static const protocols STALE = { .bcast = stale_bcast, .vss = vss, .open = open_sync };
static const protocols LONGER = { .bcast = longer_bcast, .vss = vss, .open = open_sync };
static const protocols SHORTER = { .bcast = shorter_bcast, .vss = vss, .open = open_sync };

/* They hear all, and say the sum: with one liar, all contributions cancel. */
static void rush_cancel(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;
	uint8_t *sum = sim_bytes(s, SID_NONCE);

	memset(sum, 0, SID_NONCE);
	FOR_EACH_IN(i, honest(x)) {
		const envelope *e = sim_seen(s, i, first_of(x->corrupt), 1, MSG_ROUND);
		if (e && e->body.n == SID_NONCE) for (unsigned b = 0; b < SID_NONCE; b++) sum[b] ^= e->body.p[b];
	}
	for (size_t k = 0; k < count; k++) if (held[k].round == 1) held[k].body = slice_of(sum, SID_NONCE);
}

static const lie LIES[] = {
	{ .name = "what was said before", .table = &STALE },
	{ .name = "too much", .table = &LONGER },
	{ .name = "too little", .table = &SHORTER },
	{ .name = "the sum of the others", .rush = rush_cancel },
};

/* ---- tests ------------------------------------------------------------------------------------------------------- */

static void no_fault_on_the_wire_gives_two_nonces(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(SIZES); c++) sweep(&HELLO, SIZES[c], c ? 10 : 300, 10);
}

static void no_liars_choose_or_divide_the_nonce(void **state)
{
	(void)state;
	try_lies(&HELLO, LIES, COUNT(LIES), 13);
	try_lies(&HELLO, BCAST_LIES, COUNT(BCAST_LIES), 13);
}

/* A liar who has heard everybody says what it likes; the next hello differs all the same. */
static void the_same_words_again_give_another_nonce(void **state)
{
	(void)state;
	uint8_t nonce[10][SID_NONCE];

	for (unsigned k = 0; k < COUNT(nonce); k++) {
		trial x = { .of = &HELLO, .n = 4, .t = 1, .seed = 100 + k, .corrupt = 1 << 3, .table = &STALE, .name = "stale" };
		trial_must_hold_keep(&x);
		memcpy(nonce[k], ((io *)x.io[1])->nonce, SID_NONCE);
		for (unsigned j = 0; j < k; j++) assert_memory_not_equal(nonce[j], nonce[k], SID_NONCE);
		trial_end(&x);
	}
}

TESTS(
	TEST(no_fault_on_the_wire_gives_two_nonces),
	TEST(no_liars_choose_or_divide_the_nonce),
	TEST(the_same_words_again_give_another_nonce)
)
