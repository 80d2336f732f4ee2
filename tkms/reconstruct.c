/* SPDX-License-Identifier: MIT */
/* tkms/reconstruct.c -- which answers count, what they open to, and what the value is. */
#include "tkms/reconstruct.h"
#include "share/open.h"

uint32_t packing_factor_of(const fhe_type *type)
{
	return type->number == FHE_BOOL ? 1 : 2;
}

static size_t elements_in(const fhe_type *type, unsigned d)
{
	return elements_of((uint32_t)squashed_count(type->blocks), d);
}

void share_vector_write(buf *out, const masked *m, unsigned d)
{
	buf_put_u64(out, m->elements);
	buf_put(out, m->bytes, m->elements * ring_of(128, d)->bytes);
}

/* The elements of a share vector, borrowed; false if there are not so many. */
static bool vector_elements(const uint8_t **out, slice vector, size_t elements, unsigned d)
{
	reader r = reader_of(vector);

	const uint64_t count = read_u64(&r);
	const slice body = read_bytes(&r, elements * ring_of(128, d)->bytes);
	*out = body.p;
	return count == elements && read_done(&r);
}

/* ---- which answers count ---------------------------------------------------------------------------------------- */

static bool fits(const user_request *r, const user_answer *a, unsigned d)
{
	const uint8_t *elements;

	if (a->degree != r->t || !hash32_eq_var(a->link, r->link) || a->slots != r->slots) return false;
	for (size_t i = 0; i < r->slots; i++) {
		const user_share *s = &a->slot[i];
		if (s->fhe_type != r->type[i]->number || s->packing_factor != packing_factor_of(r->type[i])) return false;
		if (!vector_elements(&elements, s->vector, elements_in(r->type[i], d), d)) return false;
	}
	return true;
}

static bool same(const user_answer *a, const user_answer *b)
{
	for (size_t i = 0; i < a->slots; i++)
		if (!slice_eq_var(a->slot[i].vector, b->slot[i].vector)) return false;
	return true;
}

/*
 * by[i] = the one answer of party i, for i in the set that is returned.  An answer that does not fit is passed over if the
 * party has one that does: somebody on the way may have added an old one.  Two different ones that fit are both the party's.
 */
static party_set counting(const user_answer *by[static MAX_PARTIES + 1], party_set *wrong, const user_request *r,
                          const user_answer *answer, size_t answers, unsigned d)
{
	party_set good = 0, answered = 0, double_faced = 0;

	for (size_t k = 0; k < answers; k++) {
		const user_answer *a = &answer[k];
		ASSERT(a->from >= 1 && a->from <= r->n);
		add_to(&answered, a->from);
		if (!fits(r, a, d)) continue;
		if (has(good, a->from) && !same(by[a->from], a)) add_to(&double_faced, a->from);
		add_to(&good, a->from);
		by[a->from] = a;
	}
	good &= ~double_faced;
	*wrong = answered & ~good;
	return good;
}

/* ---- what they open to ------------------------------------------------------------------------------------------ */

static err one_value(plaintext *out, party_set *wrong, opener *o, const user_request *r, size_t slot,
                     const user_answer *const *by, party_set good, unsigned d)
{
	const size_t elements = elements_in(r->type[slot], d);
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };
	u128 opened[MAX_SQUASHED + GR_MAX_DEGREE];
	party_set off = 0;

	FOR_EACH_IN(i, good) {
		const bool there = vector_elements(&y[i], by[i]->slot[slot].vector, elements, d);
		ASSERT(there);                       /* it fits: that was checked */
	}
	err e = open_var(o, opened, &off, y, good, r->t, elements) ? OK
	      : err_fail(ERR_REQUEST, "no %u of the %u nodes' shares fit together", 2 * r->t + 1, size_of_set(good));
	if (e == OK) {
		*wrong |= off;
		e = finish_value(out, r->type[slot], r->n, r->t, d, opened, elements);
	}
	wipe(opened, sizeof opened);
	return e;
}

static err all_values(plaintext *out, party_set *wrong, const user_request *r, const user_answer *const *by, party_set good,
                      unsigned d)
{
	opener *o;
	err e = OK;

	TRY(opener_new(&o, r->n, r->t, d));
	for (size_t i = 0; e == OK && i < r->slots; i++) {
		e = one_value(&out[i], wrong, o, r, i, by, good, d);
		if (e != OK) err_context("ciphertexts[%zu]: ", i);
	}
	opener_free(&o);
	return e;
}

err reconstruct(plaintext *out, party_set *wrong, const user_request *r, const user_answer *answer, size_t answers)
{
	const unsigned d = ring_degree(r->n), need = 2 * r->t + 1;
	const user_answer *by[MAX_PARTIES + 1] = { 0 };
	party_set off = 0;

	ASSERT(parties_allowed(r->n, r->t) && r->slots > 0);
	const party_set good = counting(by, &off, r, answer, answers, d);
	err e = size_of_set(good) >= need ? OK
	      : err_fail(ERR_REQUEST, "%u of %zu answers fit the request; %u of %u nodes are needed", size_of_set(good), answers,
	                 need, r->n);
	if (e == OK) e = all_values(out, &off, r, by, good, d);
	if (e != OK) wipe(out, r->slots * sizeof *out);
	if (wrong) *wrong = off;
	return e;
}
