/* SPDX-License-Identifier: MIT */
/*
 * mpc/slab.c -- in haste while nobody lies: products of shares are opened as they are; and otherwise with care.
 *
 * Notation     as in mpc/row_shares.h: a word V with a product is L - 2^x s P, where L has degree t
 *   in haste      <V>_2t = <L> - 2^x <s><P> + a zero sharing of degree 2t.  A word that opens is right; that all parties saw all
 *                 words open is agreed by broadcast (mpc/open_words.h).  By itself no party accepts anything
 *   with care     a triple <x>, <y>, <xy>; e = s + x and r = P + y are opened, both uniform.  Then
 *                 <V>_t = <L> - 2^x (e <P> - r <x> + <xy>)
 *
 * Both open the same V, so what is opened twice tells nothing more.  There is no Check here, because s and P cannot be thrown
 * away; so nobody is accused.  But when V is known, whoever alone has lied about a word can be told (ruling 10): through V and
 * the shares in haste goes one polynomial, on which all others are.
 */
#include "mpc/slab.h"

typedef struct slab {
	row_slab  rows;
	size_t    words, bytes;
	size_t    products;                  /* words that have one        */
	uint8_t  *L;                         /* shares of degree t         */
	uint8_t  *V;                         /* opened                     */
} slab;

err slab_maker_init(slab_maker *x, session *s, const row_shares *rows, const prss_batch *tables)
{
	ASSERT(s->prss && prss_batch_of(tables) == s->prss);
	*x = (slab_maker){
		.s = s, .rows = rows, .tables = tables,
		.linear = { .s = s, .D = s->t, .wrong = "sent a wrong share of a public key" },
		.product = { .s = s, .D = 2 * s->t, .wrong = "sent a wrong share of a product" },
	};
	return row_shares_work_new(&x->work, rows);
}

void slab_maker_free(slab_maker *x)
{
	row_shares_work_free(&x->work);
	word_opener_free(&x->linear);
	word_opener_free(&x->product);
}

static err slab_new(slab *b, slab_maker *x, row_slab rows)
{
	session *s = x->s;

	*b = (slab){ .rows = rows, .words = row_slab_words(x->rows, rows) };
	b->bytes = b->words * s->R->bytes;
	for (size_t i = 0; i < b->words; i++) b->products += row_slab_product(x->rows, rows, i);
	TRY(arena_new(&s->arena, &b->L, b->bytes));
	return arena_new(&s->arena, &b->V, b->bytes);
}

/* The end of the words from i on that all have a product, or all have none. */
static size_t run_end(const slab_maker *x, const slab *b, size_t i)
{
	const bool product = row_slab_product(x->rows, b->rows, i);

	while (++i < b->words && row_slab_product(x->rows, b->rows, i) == product) { }
	return i;
}

/* ---- in haste ------------------------------------------------------------------------------------------------------ */

static void words_add(uint8_t *words, const uint8_t *more, size_t bytes, unsigned k)
{
	if (k == 64)
		for (size_t i = 0; i < bytes / 8; i++) ((uint64_t *)words)[i] += ((const uint64_t *)more)[i];
	else
		for (size_t i = 0; i < bytes / 16; i++) ((u128 *)words)[i] += ((const u128 *)more)[i];
}

/* mine: shares of V, of degree 2t where there is a product. */
static err multiply(uint8_t *mine, slab_maker *x, const slab *b)
{
	session *s = x->s;
	const size_t e = s->R->bytes;
	uint8_t *zero;

	memcpy(mine, b->L, b->bytes);
	row_shares_multiply(x->rows, mine, b->rows);
	TRY(arena_new(&s->arena, &zero, b->products * e));
	przs_many(x->tables, s->R, zero, s->sid.b, x->next.chi, b->products);
	x->next.chi += b->products;
	for (size_t i = 0, end; i < b->words; i = end) {
		end = run_end(x, b, i);
		if (!row_slab_product(x->rows, b->rows, i)) continue;
		words_add(mine + i * e, zero, (end - i) * e, s->R->k);
		zero += (end - i) * e;
	}
	return OK;
}

/* *opened: all words did. */
static err open_hasty(slab_maker *x, bool *opened, slab *b, const slice *sent)
{
	*opened = true;
	for (size_t i = 0, end; i < b->words && *opened; i = end) {
		size_t at = i;
		end = run_end(x, b, i);
		TRY(words_open(row_slab_product(x->rows, b->rows, i) ? &x->product : &x->linear, &at, b->V, sent, end));
		*opened = at == end;
	}
	return OK;
}

static err in_haste(slab_maker *x, bool *opened, slab *b, slice *sent)
{
	session *s = x->s;
	uint8_t *mine;

	TRY(arena_new(&s->arena, &mine, b->bytes));
	TRY(multiply(mine, x, b));
	DECLASSIFY(mine, b->bytes, "shares of bodies, which are published; those of degree 2t are hidden by a zero sharing");
	TRY(words_exchange(s, sent, slice_of(mine, b->bytes)));
	TRY(open_hasty(x, opened, b, sent));
	return words_agree(s, opened, *opened);
}

/* ---- with care ----------------------------------------------------------------------------------------------------- */

/* Words of degree t, which open whatever t parties send. */
static err open_linear(slab_maker *x, uint8_t *V, slice mine)
{
	const size_t words = mine.n / x->s->R->bytes;
	slice sent[MAX_PARTIES + 1];
	size_t at = 0;

	TRY(words_exchange(x->s, sent, mine));
	TRY(words_open(&x->linear, &at, V, sent, words));
	if (at < words) return err_fail(ERR_STATE, "shares of a public key do not fit: more than %u of %u parties are at fault",
	                                x->s->t, x->s->n);
	return OK;
}

/* hidden: of each word with a product, its factors plus those of a triple; opened. */
static err open_factors(uint8_t *hidden, slab_maker *x, const slab *b, const triple *z)
{
	session *s = x->s;
	const ring *R = s->R;
	const size_t bytes = 2 * b->products * R->bytes;
	uint8_t *mine, *to;

	TRY(arena_new(&s->arena, &mine, bytes));
	to = mine;
	for (size_t i = 0; i < b->words; i++) {
		if (!row_slab_product(x->rows, b->rows, i)) continue;
		row_factors f = row_shares_factors(x->rows, b->rows, i);
		gr_write(R, to, share_add(R, f.s, z->x).v);
		gr_write(R, to + R->bytes, share_add(R, f.P, z->y).v);
		wipe(&f, sizeof f);
		to += 2 * R->bytes, z++;
	}
	DECLASSIFY(mine, bytes, "shares of keys, hidden by random elements that serve nothing else");
	return open_linear(x, hidden, slice_of(mine, bytes));
}

static err with_care(slab_maker *x, slab *b)
{
	session *s = x->s;
	const ring *R = s->R;
	triple *z;
	uint8_t *hidden;

	TRY(arena_new(&s->arena, &z, b->products));
	TRY(arena_new(&s->arena, &hidden, 2 * b->products * R->bytes));
	TRY(triples(s, z, b->products, &x->next));
	TRY(open_factors(hidden, x, b, z));
	for (size_t i = 0; i < b->words; i++) {
		if (!row_slab_product(x->rows, b->rows, i)) continue;
		row_factors f = row_shares_factors(x->rows, b->rows, i);
		const gr e = gr_read(R, hidden), r = gr_read(R, hidden + R->bytes);
		share sP = share_add(R, share_sub(R, share_scale(R, e, f.P), share_scale(R, r, z->x)), z->xy);
		const gr L = gr_read(R, b->L + i * R->bytes);
		gr_write(R, b->L + i * R->bytes, gr_sub(R, L, gr_scale(R, (u128)1 << f.shift, sP.v)));
		wipe(&f, sizeof f);
		wipe(&sP, sizeof sP);
		hidden += 2 * R->bytes, z++;
	}
	return OK;
}

/* V is known: (share - V) / a_i is on a polynomial of degree 2t - 1, for all who did not lie. */
static err find_liars(slab_maker *x, const slab *b, const slice *sent)
{
	session *s = x->s;
	const ring *R = s->R;
	AUTO(code) *c = NULL;
	party_set who = 0, wrong = 0, some;
	gr *y, *inverse, slope;

	TRY(code_new(&c, R, s->n, 2 * s->t - 1));
	TRY(arena_new(&s->arena, &y, s->n + 1u));
	TRY(arena_new(&s->arena, &inverse, s->n + 1u));
	FOR_EACH_IN(j, live(s)) if (sent[j].p) add_to(&who, j), inverse[j] = gr_inv(R, gr_point(j));
	for (size_t i = 0; i < b->words; i++) {
		if (!row_slab_product(x->rows, b->rows, i)) continue;
		const gr V = gr_read(R, b->V + i * R->bytes);
		FOR_EACH_IN(j, who) y[j] = gr_mul(R, inverse[j], gr_sub(R, gr_read(R, sent[j].p + i * R->bytes), V));
		if (code_decode_var(&slope, NULL, &some, c, y, who, s->t - size_of_set(s->corrupt))) wrong |= some;
	}
	FOR_EACH_IN(j, wrong) suspect(s, j, x->product.wrong, sent[j]);
	return OK;
}

/* ---- a slab -------------------------------------------------------------------------------------------------------- */

err slab_open(slab_maker *x, uint8_t *bodies, const void *noise, row_slab rows)
{
	session *s = x->s;
	IN_SCOPE(s);
	slice sent[MAX_PARTIES + 1];
	bool opened = false;
	slab b;

	TRY(slab_new(&b, x, rows));
	row_shares_linear(x->rows, x->work, b.L, noise, rows);
	const bool hasty = b.products && !x->careful;
	if (hasty) TRY(in_haste(x, &opened, &b, sent));

	/* Without products; or if anybody says that not all has opened: then this slab and all others by triples. */
	if (!opened) {
		if (b.products) {
			x->careful = true, x->by_triples++;
			TRY(with_care(x, &b));
		}
		DECLASSIFY(b.L, b.bytes, "shares of bodies, which are published");
		TRY(open_linear(x, b.V, slice_of(b.L, b.bytes)));
		if (hasty) TRY(find_liars(x, &b, sent));
	}
	row_slab_unpack_var(x->rows, bodies, b.V, rows);
	return OK;
}
