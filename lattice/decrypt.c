/* SPDX-License-Identifier: MIT */
/* lattice/decrypt.c -- add up blocks; decrypt.inc for both word sizes; four formats and one verdict. */
#include "lattice/decrypt.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/lwe.h"
#include "base/ct.h"
#include <stdlib.h>

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

/* Before anything is decrypted: `have` blocks of `bits` bits each must be what a value of `blocks` 2-bit blocks has. */
static err ready(const secret_keys *keys, secret_id id, unsigned dim, size_t have, size_t blocks, unsigned bits, bool boolean)
{
	ASSERT(blocks > 0 && blocks <= MAX_VALUE_BLOCKS && (!boolean || blocks == 1));
	ASSERT(dim == secret_length(keys->params, id));
	const size_t need = (2 * blocks + bits - 1) / bits;

	if (!keys->bit[id]) return err_fail(ERR_STATE, "this client key has no secret for ciphertexts of this format");
	if (have != need) return err_fail(ERR_REQUEST, "the ciphertext has %zu blocks where its type has %zu", have, need);
	return OK;
}

#define WORD uint64_t
#define W 64
#define OWN(name) name##64
#define LWE(name) lwe64_##name
#define PACKED(name) packed64_##name
#define LWE_RUN lwe64_run
#define PACKED_TYPE packed64
#define LWE_SECRET SECRET_BIG
#define PACKED_SECRET SECRET_COMP
#define LWE_DELTA DELTA_LOG_64
#define LWE_NOISE DECRYPT_NOISE_LOG_64
#define PACKED_DELTA DELTA_LOG_PACKED
#define PACKED_NOISE (DELTA_LOG_PACKED - 1)
#define BLOCK_BITS 2
#include "lattice/decrypt.inc"

#define WORD u128
#define W 128
#define OWN(name) name##128
#define LWE(name) lwe128_##name
#define PACKED(name) packed128_##name
#define LWE_RUN lwe128_run
#define PACKED_TYPE packed128
#define LWE_SECRET SECRET_SNS
#define PACKED_SECRET SECRET_SNSCOMP
#define LWE_DELTA DELTA_LOG_128
#define LWE_NOISE DECRYPT_NOISE_LOG_128
#define PACKED_DELTA DELTA_LOG_128
#define PACKED_NOISE DECRYPT_NOISE_LOG_128
#define BLOCK_BITS 4
#include "lattice/decrypt.inc"

/* ---- lists, for tests ------------------------------------------------------------------------------------------- */

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
