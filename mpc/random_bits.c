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
#include "mpc/open_words.h"
#include "mpc/random_bits.h"
#include "share/bits.h"

typedef struct maker {
	session  *s;
	const bits_job *job;
	bool      by_broadcast;              /* from now on                                        */
	uint64_t  ctr;                       /* of the next integer; that of zeros is ctr / d      */
	word_opener words;
} maker;

typedef struct batch {
	size_t    words, bytes;
	uint8_t  *a;                         /* shares of integers, then of bits                   */
	uint8_t  *word;                      /* shares of V, as they travel                        */
	uint8_t  *V;                         /* opened                                             */
	bool     *lost;                      /* by word: it went to Check, which published it      */
	slice     sent[MAX_PARTIES + 1];     /* by party: the words that it sent, or nothing       */
} batch;

size_t random_bits_message(const ring *R, size_t bits) { return bits / R->d * R->bytes; }

static void maker_free(maker *x) { word_opener_free(&x->words); }

/* A word is made of d integers and a zero. */
static prss_use value_of(const void *ctx, size_t word, unsigned j)
{
	const maker *x = ctx;
	const unsigned d = x->s->R->d;

	return j < d ? (prss_use){ PRSS_ZETA, x->ctr + word * d + j } : (prss_use){ PRSS_CHI, x->ctr / d + word };
}

static gr word_of(const ring *R, const gr *value) { return bits_word_of(R, value, value[R->d]); }

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
	const slice mine = slice_of(b.word, b.bytes);
	DECLASSIFY(mine.p, mine.n, "shares of words that hide what they are made of, by a zero sharing");
	if (!x->by_broadcast) {
		TRY(words_exchange(s, b.sent, mine));
		TRY(words_all_agree(&x->words, &opened, b.V, b.sent, b.words));
		TRY(words_agree(s, &opened, opened));
	}

	/* If anybody says no: again by broadcast, and so it stays. */
	if (!opened) {
		x->by_broadcast = true;
		TRY(words_broadcast(&x->words, b.V, b.lost, mine, b.sent, &(word_recipe){ x, s->R->d + 1, value_of, word_of }));
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
	AUTO(maker) x = {
		.s = s, .job = job,
		.words = { .s = s, .D = 2 * s->t, .agreed = true, .wrong = "broadcast a wrong share of random bits" },
	};
	const unsigned d = s->R->d;

	ASSERT(s->prss && prss_batch_of(job->tables) == s->prss && job->batch && job->batch % d == 0);
	uint64_t batches = 0;
	for (uint64_t left = job->wanted; left; batches++) {
		if (batches && batches % MEET_EVERY == 0) TRY(meet(s));
		TRY(make_batch(&x, size_min(job->batch, (left + d - 1) / d * d), &left));
	}
	return OK;
}

uint64_t random_bits_rounds(unsigned t, uint64_t wanted, size_t each)
{
	const uint64_t batches = (wanted + each - 1) / each;
	return batches * (1 + bcast_rounds(t)) + random_bits_meetings(batches);
}
