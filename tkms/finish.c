/* SPDX-License-Identifier: MIT */
/* tkms/finish.c -- round, judge, put together. */
#include "tkms/finish.h"
#include "lattice/squash.h"
#include "base/ct.h"

u128 noise_bound(unsigned C)
{
	ASSERT(C >= 1 && C <= MAX_PRSS_SETS);
	return ((u128)2 * C << 110) + ((u128)1 << 70);
}

block_verdict finish_block(unsigned *v, u128 y, u128 bound)
{
	const u128 half = (u128)1 << (DELTA_LOG_128 - 1), x = y + half;
	const u128 from_low = (x & (2 * half - 1)) - half + bound;       /* in [0, 2 bound] if the distance is allowed */
	const unsigned noise = (unsigned)(from_low >> 127 | (2 * bound - from_low) >> 127), padding = (unsigned)(x >> 127);

	*v = (unsigned)(x >> DELTA_LOG_128);
	return (block_verdict)(noise * BLOCK_NOISE + (padding & ~noise) * BLOCK_PADDING);
}

/* Every verdict that occurred, as a bit; and whether a coefficient beyond the last block is not 0. */
typedef struct verdicts { uint64_t seen, form; } verdicts;

static verdicts finish_blocks(plaintext *p, const u128 *y, size_t words, u128 bound)
{
	const size_t blocks = squashed_count(p->type->blocks);
	verdicts all = { 0 };

	for (size_t i = 0; i < words; i++) {
		unsigned v;
		if (i >= blocks) {
			all.form |= (uint64_t)y[i] | (uint64_t)(y[i] >> 64);
			continue;
		}
		all.seen |= (uint64_t)1 << finish_block(&v, y[i], bound);
		p->bytes[i / 2] |= (uint8_t)((v & 15) << 4 * (i % 2));
	}
	/* A bool is one block of two bits, and true if they are not both clear. */
	if (p->type->number == FHE_BOOL) p->bytes[0] = (uint8_t)(1 & ~ct_is_zero(p->bytes[0] & 3));
	return all;
}

static err judge(verdicts all)
{
	DECLASSIFY(&all, sizeof all, "whether a ciphertext is refused is told to who sent it");
	if (all.form)
		return err_fail(ERR_REQUEST, "what was opened is no value: a coefficient that holds no block is not zero");
	if (all.seen & 1u << BLOCK_NOISE)
		return err_fail(ERR_REQUEST, "the ciphertext does not decrypt: the noise of a block is out of bounds; was it made with "
		                "another key?");
	if (all.seen & 1u << BLOCK_PADDING)
		return err_fail(ERR_REQUEST, "the ciphertext does not decrypt: the padding bit of a block is set; its carries were not "
		                "cleaned");
	return OK;
}

err finish_value(plaintext *out, const fhe_type *type, unsigned n, unsigned t, unsigned d, const u128 *y, size_t elements)
{
	const size_t want = (squashed_count(type->blocks) + d - 1) / d;
	plaintext p = { .type = type };

	ASSERT(parties_allowed(n, t));
	if (elements != want)
		return err_fail(ERR_REQUEST, "%zu elements were opened; a value of type %s has %zu", elements, type->name, want);
	const verdicts all = finish_blocks(&p, y, elements * d, noise_bound(binomial(n, t)));
	const err e = judge(all);
	if (e == OK) *out = p;
	wipe(&p, sizeof p);
	return e;
}
