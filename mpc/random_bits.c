/* SPDX-License-Identifier: MIT */
/*
 * mpc/random_bits.c -- random bits, d in one opening, without a multiplication protocol.                      t < n/3
 *
 * Whatever t parties do: all honest parties put out shares (degree t) of the same bits; each is 0 or 1, uniform, and t parties
 * know nothing about it.  A liar can spoil one batch by haste, and d bits once before everybody knows it; it cannot stop this.
 *
 * Cost of a batch of m bits: 1 round with m / d elements to each party, and a broadcast of one byte.  Once somebody is found to
 * have lied, or says so, a batch is a broadcast of its m / d elements, for the rest of the session.
 *
 * Notation     D = 2t, s = |corrupt|
 *   <a>        a random integer from PRSS; <v> = <a>^2 + <a> has degree 2t                     share/bits.h
 *   <V>        sum of X^j <v_j> over d of them, plus a zero sharing of degree 2t: a word
 *
 * Why consistency is enough: a word whose live shares all lie on one polynomial of degree 2t contains those of 2t + 1 honest
 * parties, and is right.  What is missing is only that all parties saw the same, so each says by broadcast whether it did.  By
 * itself no party accepts anything.
 *
 * Departure: that a batch is good is said in a broadcast of its own, not in the first message of the next batch: the sessions
 * that run side by side (mpc/lanes.h) fill the time.
 */
#include "mpc/random_bits.h"
#include "share/bits.h"
#include "share/unanimous.h"

enum { BAD, GOOD };                                      /* what a party says of a batch */

typedef struct maker {
	session  *s;
	const bits_job *job;
	bool      by_broadcast;              /* from now on                                        */
	uint64_t  ctr;                       /* of the next integer; that of zeros is ctr / d      */
	unanimous *all_agree;               /* for the parties `of`                               */
	party_set of;
	code     *code;                      /* of degree 2t                                       */
} maker;

typedef struct batch {
	size_t    words, bytes;
	uint8_t  *a;                         /* shares of integers, then of bits                   */
	uint8_t  *word;                      /* shares of V, as they travel                        */
	uint8_t  *V;                         /* opened                                             */
	bool     *lost;                      /* by word: it went to Check, which published it      */
	slice     sent[MAX_PARTIES + 1];     /* by party: the words that it sent, or nothing       */
	slice     told[MAX_PARTIES + 1];     /* and those that it broadcast                        */
} batch;

size_t random_bits_message(const ring *R, size_t bits) { return bits / R->d * R->bytes; }

static void maker_free(maker *x)
{
	unanimous_free(&x->all_agree);
	code_free(&x->code);
}

/* Opens words from, from + 1, ... if all live parties agree on all of them. */
static err open_consistent(bool *opened, maker *x, batch *b, const slice *from_party, size_t from)
{
	const session *s = x->s;
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };

	*opened = true;
	FOR_EACH_IN(i, live(s)) {
		if (from_party[i].n != b->bytes) *opened = false;
		else y[i] = from_party[i].p + from * s->R->bytes;
	}
	if (!*opened) return OK;
	if (x->of != live(s)) {
		unanimous_free(&x->all_agree);
		TRY(unanimous_new(&x->all_agree, s->R, 2 * s->t, live(s)));
		x->of = live(s);
	}
	*opened = unanimous_open_var(x->all_agree, b->V + from * s->R->bytes, y, b->words - from);
	return OK;
}

/* ---- in haste ---------------------------------------------------------------------------------------------------- */

static err exchange(maker *x, batch *b)
{
	session *s = x->s;
	const slice mine = slice_of(b->word, b->bytes);

	DECLASSIFY(mine.p, mine.n, "shares of words that hide what they are made of, by a zero sharing");
	next_round(s);
	FOR_EACH_IN(j, live(s)) if (j != s->me) TRY(mpc_send(s, j, mine));
	b->sent[s->me] = mine;
	FOR_EACH_IN(j, live(s)) {
		if (j == s->me) continue;
		TRY(mpc_recv(s, j, &b->sent[j], b->bytes));
		if (b->sent[j].p && b->sent[j].n != b->bytes) suspect(s, j, "sent words of the wrong number", b->sent[j]);
	}
	return OK;
}

/* *good: every party saw that all agree.  The same at all honest parties. */
static err agree(bool *good, session *s, bool mine)
{
	const uint8_t verdict = mine ? GOOD : BAD;
	const party_set voters = live(s);
	slice all[MAX_PARTIES + 1];

	TRY(s->p->bcast(s, slice_of(&verdict, 1), 1, all));
	*good = true;
	FOR_EACH_IN(j, voters) *good &= all[j].n == 1 && all[j].p[0] == GOOD;
	return OK;
}

/* ---- with care --------------------------------------------------------------------------------------------------- */

/*
 * Word e does not open: what everybody's share of it must be is computed from PRF outputs that all publish, and whoever
 * broadcast another one is accused.  The word is lost, its integers being public now.
 */
static err check(maker *x, batch *b, size_t e)
{
	session *s = x->s;
	IN_SCOPE(s);
	const unsigned d = s->R->d;
	const party_set before = s->corrupt;
	prss_use *use;
	gr *value, a[GR_MAX_DEGREE];

	TRY(arena_new(&s->arena, &use, d + 1));
	TRY(arena_new(&s->arena, &value, (d + 1) * (s->n + 1u)));
	for (unsigned j = 0; j < d; j++) use[j] = (prss_use){ PRSS_ZETA, x->ctr + e * d + j };
	use[d] = (prss_use){ PRSS_CHI, x->ctr / d + e };
	TRY(prss_check(s, value, use, d + 1));
	FOR_EACH_IN(i, live(s)) {
		for (unsigned j = 0; j < d; j++) a[j] = value[j * (s->n + 1u) + i];
		const gr right = bits_word_of(s->R, a, value[d * (s->n + 1u) + i]);
		if (!gr_eq_var(right, nth(s, b->told[i], b->words, e))) accuse(s, i, "broadcast a wrong share of random bits");
	}
	b->lost[e] = true;
	TRY(within_model(s));
	if (s->corrupt == before) return err_fail(ERR_STATE, "shares of random bits do not fit, and yet all are right");
	return OK;
}

/* By the rule of share/code.h: whoever is off an accepted polynomial is accused, which is as public as the broadcast. */
static err decode(maker *x, batch *b, size_t e)
{
	session *s = x->s;
	const unsigned liars = s->t - size_of_set(s->corrupt);
	gr y[MAX_PARTIES + 1], V;
	party_set wrong;

	if (!x->code) TRY(code_new(&x->code, s->R, s->n, 2 * s->t));
	FOR_EACH_IN(i, live(s)) y[i] = nth(s, b->told[i], b->words, e);
	if (!code_decode_var(&V, NULL, &wrong, x->code, y, live(s), liars)) return check(x, b, e);
	gr_write(s->R, b->V + e * s->R->bytes, V);
	FOR_EACH_IN(i, wrong) accuse(s, i, "broadcast a wrong share of random bits");
	return within_model(s);
}

static err open_by_broadcast(maker *x, batch *b)
{
	session *s = x->s;
	bool opened = false;

	TRY(s->p->bcast(s, slice_of(b->word, b->bytes), b->bytes, b->told));
	FOR_EACH_IN(i, live(s)) {
		if (b->told[i].n != b->bytes) accuse(s, i, "broadcast words of the wrong number");
		else if (b->sent[i].n == b->bytes && !slice_eq_var(b->sent[i], b->told[i]))
			suspect(s, i, "broadcast other words than it sent", b->sent[i]);
	}
	TRY(within_model(s));

	/* Whenever somebody was accused, the rest may be consistent without them. */
	for (size_t e = 0; e < b->words && !opened;) {
		const party_set before = s->corrupt;
		TRY(open_consistent(&opened, x, b, b->told, e));
		for (; e < b->words && !opened && s->corrupt == before; e++) TRY(decode(x, b, e));
	}
	return OK;
}

/* ---- a batch ----------------------------------------------------------------------------------------------------- */

/* Lost words go, the others close up; *bits: so many remain. */
static void close_up(const session *s, batch *b, size_t *bits)
{
	const size_t e = s->R->bytes, a = s->R->d * e;
	size_t kept = 0;

	for (size_t i = 0; i < b->words; i++) {
		if (b->lost[i]) continue;
		if (kept != i) {
			memcpy(b->V + kept * e, b->V + i * e, e);
			memcpy(b->a + kept * a, b->a + i * a, a);
		}
		kept++;
	}
	*bits = kept * s->R->d;
}

static err batch_new(batch *b, session *s, size_t bits)
{
	*b = (batch){ .words = bits / s->R->d, .bytes = random_bits_message(s->R, bits) };
	TRY(arena_new(&s->arena, &b->a, bits * s->R->bytes));
	TRY(arena_new(&s->arena, &b->word, b->bytes));
	TRY(arena_new(&s->arena, &b->V, b->bytes));
	return arena_new(&s->arena, &b->lost, b->words);
}

static err make_batch(maker *x, size_t m, uint64_t *left)
{
	session *s = x->s;
	IN_SCOPE(s);
	bool opened = false;
	size_t bits;
	batch b;

	/* <V> from m integers and m / d zeros. */
	TRY(batch_new(&b, s, m));
	bits_words(x->job->tables, s->R, b.a, b.word, s->sid.b, x->ctr, m);

	/* Everybody sends its shares to all, and says whether all that it got agree. */
	if (!x->by_broadcast) {
		TRY(exchange(x, &b));
		TRY(open_consistent(&opened, x, &b, b.sent, 0));
		TRY(agree(&opened, s, opened));
	}

	/* If anybody says no: again by broadcast, and so it stays. */
	if (!opened) {
		x->by_broadcast = true;
		TRY(open_by_broadcast(x, &b));
	}
	x->ctr += m;                             /* lost words or not */

	/* <b> = z - <a> y, with z and y from V. */
	close_up(s, &b, &bits);
	if (!bits_solve(s->R, b.a, b.V, bits)) return err_fail(ERR_STATE, "a number that must be even was opened, and is odd");
	bits = size_min(bits, *left);
	*left -= bits;
	return bits ? x->job->to.take(x->job->to.ctx, s, b.a, bits) : OK;
}

err random_bits(session *s, const bits_job *job)
{
	__attribute__((cleanup(maker_free))) maker x = { .s = s, .job = job };
	const unsigned d = s->R->d;

	ASSERT(s->prss && prss_batch_of(job->tables) == s->prss && job->batch && job->batch % d == 0);
	for (uint64_t left = job->wanted; left;) TRY(make_batch(&x, size_min(job->batch, (left + d - 1) / d * d), &left));
	return OK;
}

uint64_t random_bits_rounds(unsigned t, uint64_t wanted, size_t each)
{
	return (wanted + each - 1) / each * (1 + bcast_rounds(t));
}
