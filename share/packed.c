/* SPDX-License-Identifier: MIT */
/*
 * share/packed.c -- the part of one party in decrypting a list that is packed in one GLWE ciphertext.
 *
 * All blocks of the list are coefficients of B - sum A'_j S_j, A' the rounded mask.  A ring element scales by integers
 * coefficient by coefficient, so the product with shares is d products of polynomials modulo 2^128.  A' = 2^44 Z for words Z of
 * 84 bits: 2^44 (Z S modulo 2^84), where S counts modulo 2^84 only.  ring/ntt.h computes Z S together and exactly.
 *
 * Few blocks are cheaper one by one: coefficient b of A' S is coefficient 0 of (X^-b A') S, an inner product of the words of
 * X^-b A' with
 *
 *     T_0 = S_0, T_u = -S_(N-u)
 *
 * and so partial_lwe() under the key T, which finds nothing more to round.  The list is rounded first and turned then: halfway
 * between two multiples, minus a is not rounded to minus what a is rounded to.  Which way is taken depends on numbers that
 * everybody knows, and both are exact.
 */
#include "share/packed.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Scratch is kept between calls, a piece for each thread that was ever here at the same time as others.  The first is made
 * with the key, so a thread that can have no other waits for it and never fails. */
enum { PIECES = 16 };

typedef struct spares {
	size_t          bytes;
	_Atomic(void *) piece[PIECES];
} spares;

struct glwe_key_share {
	ntt_shape         shape;
	const ntt_kernel *kernel;
	void             *factor;
	lwe_key_share    *inner;                   /* T */
	spares           *spares;
};

/* Secret memory whose length is a multiple of NTT_ALIGN is aligned like its end, to a page. */
static err aligned_secret(void **out, size_t bytes)
{
	TRY(secret_alloc(out, (bytes + NTT_ALIGN - 1) / NTT_ALIGN * NTT_ALIGN));
	ASSERT((uintptr_t)*out % NTT_ALIGN == 0);
	return OK;
}

static void *take(spares *s)
{
	void *p;
	for (unsigned i = 0; i < PIECES; i++)
		if ((p = atomic_exchange(&s->piece[i], NULL)) != NULL) return p;
	if (aligned_secret(&p, s->bytes) == OK) return p;
	err_clear();
	for (;; sched_yield())
		for (unsigned i = 0; i < PIECES; i++)
			if ((p = atomic_exchange(&s->piece[i], NULL)) != NULL) return p;
}

static void give_back(spares *s, void *p)
{
	for (unsigned i = 0; i < PIECES; i++) {
		void *none = NULL;
		if (atomic_compare_exchange_strong(&s->piece[i], &none, p)) return;
	}
	secret_release(p);
}

ntt_shape packed_shape(unsigned d, unsigned k, unsigned N)
{
	return ntt_shape_for(k, N, d, PARTIAL_KEPT - 1, PARTIAL_KEPT - 1);
}

/* w modulo 2^84, read as a signed number. */
static u128 as_signed(u128 w) { return (u128)((i128)(w << PARTIAL_DROPPED) >> PARTIAL_DROPPED); }

/* Both forms of the key, one after the other in the same memory. */
static err load_key(glwe_key_share *key, const u128 *words)
{
	const ntt_shape s = key->shape;
	const size_t dim = (size_t)s.k * s.N;
	void *memory;

	TRY(secret_alloc(&memory, dim * s.d * sizeof *words));
	u128 *form = memory;
	for (size_t i = 0; i < dim * s.d; i++) form[i] = as_signed(words[i]);
	key->kernel->load(s, key->factor, key->spares->piece[0], form);
	for (size_t j = 0; j < dim; j += s.N)
		for (size_t u = 0; u < s.N; u++)
			for (size_t c = 0; c < s.d; c++)
				form[(j + u) * s.d + c] = u ? -words[(j + s.N - u) * s.d + c] : words[j * s.d + c];
	const err e = lwe_key_share_new(&key->inner, s.d, dim, form);
	secret_release(memory);
	return e;
}

err packed_key_new(glwe_key_share **out, const ntt_kernel *kernel, ntt_shape shape, const u128 *words)
{
	const size_t dim = (size_t)shape.k * shape.N;
	AUTO(glwe_key_share) *key = calloc(1, sizeof *key);
	void *first;

	ASSERT(ntt_shape_ok(shape));
	if (!key || !(key->spares = calloc(1, sizeof *key->spares))) return err_fail(ERR_NOMEM, "no memory for a key share");
	key->shape = shape;
	key->kernel = kernel;
	key->spares->bytes = dim * sizeof(u128) + size_max(sizeof(u128), kernel->scratch_bytes(shape));
	TRY(aligned_secret(&first, key->spares->bytes));
	key->spares->piece[0] = first;
	TRY(aligned_secret(&key->factor, kernel->factor_bytes(shape)));
	TRY(load_key(key, words));
	*out = key;
	key = NULL;
	return OK;
}

err glwe_key_share_new(glwe_key_share **out, unsigned d, unsigned k, unsigned N, const u128 *words)
{
	return packed_key_new(out, ntt_chosen(), packed_shape(d, k, N), words);
}

void glwe_key_share_free(glwe_key_share **key)
{
	glwe_key_share *k = *key;

	*key = NULL;
	if (!k) return;
	if (k->spares) {
		for (unsigned i = 0; i < PIECES; i++) secret_release(k->spares->piece[i]);
		free(k->spares);
	}
	lwe_key_share_free(&k->inner);
	secret_release(k->factor);
	free(k);
}

/* In proportion to the transforms of a list over the products of a block; the factor is measured with AVX2. */
size_t packed_few(ntt_shape s)
{
	return 8 * (2 * s.k + s.d) / (s.k * s.d);
}

/* X^-e A', e < N: coefficient e comes first, what is moved past the end returns with the other sign. */
static void turn(u128 *out, const u128 *a, unsigned N, unsigned e)
{
	for (unsigned i = e; i < N; i++) *out++ = partial_rounded(a[i]);
	for (unsigned i = 0; i < e; i++) *out++ = -partial_rounded(a[i]);
}

static void one_by_one(const glwe_key_share *key, u128 *out, u128 *row, const u128 *mask, const u128 *body, unsigned first,
                       size_t count)
{
	const ntt_shape s = key->shape;

	for (unsigned b = 0; b < count; b++, out += s.d) {
		for (unsigned j = 0; j < s.k; j++) turn(row + j * s.N, mask + j * s.N, s.N, first + b);
		row[s.k * s.N] = body[b];
		partial_lwe(key->inner, out, row, 1);
	}
}

/* Z: the words of A', without the bits that are 0; behind them the scratch of the kernel. */
static void together(const glwe_key_share *key, u128 *out, u128 *Z, const u128 *mask, const u128 *body, unsigned first,
                     size_t count)
{
	const ntt_shape s = key->shape;
	const size_t dim = (size_t)s.k * s.N;

	for (size_t i = 0; i < dim; i++) Z[i] = (u128)((i128)partial_rounded(mask[i]) >> PARTIAL_DROPPED);
	key->kernel->product(s, out, Z + dim, key->factor, Z, first, (unsigned)count);
	for (size_t i = 0; i < count * s.d; i++) out[i] = -(out[i] << PARTIAL_DROPPED);
	for (size_t i = 0; i < count; i++) out[i * s.d] += body[i];
}

void partial_packed(const glwe_key_share *key, u128 *out, const u128 *mask, const u128 *body, unsigned first, size_t count)
{
	ASSERT(first <= key->shape.N && count <= key->shape.N - first);
	void *scratch = take(key->spares);
	(count <= packed_few(key->shape) ? one_by_one : together)(key, out, scratch, mask, body, first, count);
	give_back(key->spares, scratch);
}
