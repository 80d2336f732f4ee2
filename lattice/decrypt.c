/* SPDX-License-Identifier: MIT */
/* lattice/decrypt.c -- phase, round, add up; four formats and one verdict. */
#include "lattice/decrypt.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/lwe.h"
#include "base/ct.h"
#include <stdlib.h>

/* The block of a phase, padding bit included.  *bad becomes all ones if it is not to be believed: the padding bit is set,
 * or the phase does not lie in [-2^noise_log, 2^noise_log) around a multiple of delta. */
static unsigned round64(uint64_t *bad, uint64_t phase, unsigned delta_log, unsigned noise_log)
{
	const uint64_t half = (uint64_t)1 << (delta_log - 1), bound = (uint64_t)1 << noise_log;
	const uint64_t x = phase + half;
	const uint64_t off = (x & (2 * half - 1)) - half + bound;        /* in [0, 2 * bound) if the distance is small */

	*bad |= ~ct_is_zero(off >> (noise_log + 1)) | ct_mask(x >> 63);
	return (unsigned)(x >> delta_log);
}

static unsigned round128(uint64_t *bad, u128 phase)
{
	const u128 half = (u128)1 << (DELTA_LOG_128 - 1), bound = (u128)1 << DECRYPT_NOISE_LOG_128;
	const u128 x = phase + half;
	const u128 off = (x & (2 * half - 1)) - half + bound;            /* in [0, 2 * bound) if the distance is small */
	const u128 beyond = off >> (DECRYPT_NOISE_LOG_128 + 1);

	*bad |= ~ct_is_zero((uint64_t)beyond | (uint64_t)(beyond >> 64)) | ct_mask((uint64_t)(x >> 127));
	return (unsigned)(x >> DELTA_LOG_128);
}

/* ---- adding blocks up ------------------------------------------------------------------------------------------- */

typedef struct sum {
	uint8_t *out;
	size_t   bits, at;              /* of the value; the weight of the next block is 2^at */
	unsigned carry;
	uint64_t bad;
} sum;

static sum sum_begin(uint8_t *out, size_t blocks)
{
	memset(out, 0, value_bytes(blocks));
	return (sum){ .out = out, .bits = 2 * blocks };
}

/* Adds block * 2^at, of which the digit of `width` bits (2 or 4) is settled now. */
static void sum_add(sum *s, unsigned block, unsigned width)
{
	s->carry += block;
	/* The last odd block of a squashed value may stand where only 2 bits are left. */
	const unsigned kept = (unsigned)size_min(width, s->bits - s->at);
	s->out[s->at / 8] |= (uint8_t)((s->carry & ((1u << kept) - 1)) << (s->at % 8));
	s->carry >>= width;
	s->at += width;
}

static err sum_end(sum *s, bool boolean)
{
	DECLASSIFY(&s->bad, sizeof s->bad, "whether a ciphertext is refused is told to who sent it");
	if (s->bad) {
		wipe(s->out, (s->bits + 7) / 8);
		return err_fail(ERR_REQUEST, "the ciphertext does not decrypt: padding or noise of a block is out of range; "
		                "was it made with another key?");
	}
	if (boolean) s->out[0] = (uint8_t)(1 & ~ct_is_zero(s->out[0]));
	return OK;
}

/* ---- the formats ------------------------------------------------------------------------------------------------ */

static err ready(const secret_keys *keys, secret_id id, unsigned dim, size_t have, size_t need, size_t blocks, bool boolean)
{
	ASSERT(blocks > 0 && blocks <= MAX_VALUE_BLOCKS && (!boolean || blocks == 1));
	ASSERT(dim == secret_length(keys->params, id));
	if (!keys->bit[id]) return err_fail(ERR_STATE, "this client key has no secret for ciphertexts of this format");
	if (have < need) return err_fail(ERR_REQUEST, "the ciphertext has %zu blocks where its type needs %zu", have, need);
	return OK;
}

err decrypt_lwe64(uint8_t *out, const secret_keys *keys, lwe64_run ct, size_t blocks, bool boolean)
{
	TRY(ready(keys, SECRET_BIG, ct.dim, ct.count, blocks, blocks, boolean));
	sum s = sum_begin(out, blocks);
	for (size_t i = 0; i < blocks; i++)
		sum_add(&s, round64(&s.bad, lwe64_phase(lwe64_at(ct, i), keys->bit[SECRET_BIG], ct.dim),
		                     DELTA_LOG_64, DECRYPT_NOISE_LOG_64), 2);
	return sum_end(&s, boolean);
}

err decrypt_packed64(uint8_t *out, const secret_keys *keys, packed64 ct, size_t blocks, bool boolean)
{
	const unsigned dim = ct.k * ct.N;

	TRY(ready(keys, SECRET_COMP, dim, ct.bodies, blocks, blocks, boolean));
	uint64_t *lwe = malloc((dim + 1) * sizeof *lwe);
	if (!lwe) return err_fail(ERR_NOMEM, "no memory for one block");
	sum s = sum_begin(out, blocks);
	for (unsigned i = 0; i < blocks; i++) {
		packed64_extract(lwe, ct, i);
		sum_add(&s, round64(&s.bad, lwe64_phase(lwe, keys->bit[SECRET_COMP], dim), DELTA_LOG_PACKED,
		                     DELTA_LOG_PACKED - 1), 2);
	}
	free(lwe);
	return sum_end(&s, boolean);
}

err decrypt_lwe128(uint8_t *out, const secret_keys *keys, lwe128_run ct, size_t blocks, bool boolean)
{
	const size_t squashed = (blocks + 1) / 2;

	TRY(ready(keys, SECRET_SNS, ct.dim, ct.count, squashed, blocks, boolean));
	sum s = sum_begin(out, blocks);
	for (size_t i = 0; i < squashed; i++)
		sum_add(&s, round128(&s.bad, lwe128_phase(lwe128_at(ct, i), keys->bit[SECRET_SNS], ct.dim)), 4);
	return sum_end(&s, boolean);
}

err decrypt_packed128(uint8_t *out, const secret_keys *keys, packed128 ct, size_t blocks, bool boolean)
{
	const unsigned dim = ct.k * ct.N, squashed = (unsigned)(blocks + 1) / 2;

	TRY(ready(keys, SECRET_SNSCOMP, dim, ct.bodies, squashed, blocks, boolean));
	u128 *lwe = malloc((dim + 1) * sizeof *lwe);
	if (!lwe) return err_fail(ERR_NOMEM, "no memory for one block");
	sum s = sum_begin(out, blocks);
	for (unsigned i = 0; i < squashed; i++) {
		packed128_extract(lwe, ct, i);
		sum_add(&s, round128(&s.bad, lwe128_phase(lwe, keys->bit[SECRET_SNSCOMP], dim)), 4);
	}
	free(lwe);
	return sum_end(&s, boolean);
}

err decrypt_compact(uint8_t *out, const secret_keys *keys, const compact_list *ct)
{
	uint64_t bad = 0;

	if (!keys->bit[SECRET_PKE]) return err_fail(ERR_STATE, "this client key has no secret for compact lists");
	uint64_t *lwe = malloc((ct->n + 1u) * sizeof *lwe);
	if (!lwe) return err_fail(ERR_NOMEM, "no memory for one message");
	for (size_t i = 0; i < ct->count; i++) {
		compact_lwe(lwe, ct, i);
		const unsigned m = round64(&bad, lwe64_phase(lwe, keys->bit[SECRET_PKE], ct->n), DELTA_LOG_64, DECRYPT_NOISE_LOG_64);
		if (ct->paired) {
			out[2 * i] = m & 3;
			out[2 * i + 1] = m >> 2 & 3;
		} else {
			out[i] = m & 3;
		}
	}
	free(lwe);
	DECLASSIFY(&bad, sizeof bad, "whether a list is refused is told to who sent it");
	if (!bad) return OK;
	wipe(out, compact_blocks_most(ct));
	return err_fail(ERR_REQUEST, "the list does not decrypt: padding or noise of a message is out of range; was it made with another key?");
}
