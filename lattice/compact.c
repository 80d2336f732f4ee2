/* SPDX-License-Identifier: MIT */
/* lattice/compact.c -- encryption under the compact public key; lists to LWE; lists to blocks. */
#include "lattice/compact.h"
#include "lattice/bootstrap.h"
#include "lattice/poly.h"
#include "lattice/sample.h"
#include "lattice/scratch.h"
#include "sym/drbg.h"

void compact_key_expand(uint64_t *a, uint64_t *b, const seeded_part *part, unsigned n)
{
	ASSERT(part->bodies.n == n * sizeof *b);
	AUTO(mask_stream) masks = mask_open(&part->seed);
	mask_u64s(&masks, a, n);
	for (unsigned i = 0; i < n; i++) b[i] = load64(part->bodies.p + 8 * (size_t)i);
}

void compact_blocks(uint8_t *block, size_t count, slice value)
{
	ASSERT(value.n >= (count + 3) / 4);
	for (size_t i = 0; i < count; i++) block[i] = value.p[i / 4] >> (2 * (i % 4)) & 3;
}

/* ---- encryption -------------------------------------------------------------------------------------------------- */

/* Everything that one encryption draws or derives from secrets. */
typedef struct draft {
	uint8_t  *r;                    /* bins x n, each bin in the order rev(r) */
	int64_t  *e1, *e2;              /* bins x n, count                        */
	uint64_t *ext_a, *ext_b, *c;    /* 2n, 2n, n                              */
} draft;

static err draft_new(draft *d, arena *secret, unsigned n, size_t bins, size_t count)
{
	TRY(arena_new(secret, &d->r, bins * n));
	TRY(arena_new(secret, &d->e1, bins * n));
	TRY(arena_new(secret, &d->e2, count));
	TRY(arena_new(secret, &d->ext_a, 2 * n));
	TRY(arena_new(secret, &d->ext_b, 2 * n));
	return arena_new(secret, &d->c, n);
}

static void draw(draft *d, unsigned n, size_t bins, size_t count, unsigned noise, const rng *r)
{
	for (size_t bin = 0; bin < bins; bin++) {
		uint8_t *bits = d->r + bin * n;
		sample_packed_bits(bits, n, r);
		for (unsigned i = 0; i < n / 2; i++) {
			const uint8_t swap = bits[i];
			bits[i] = bits[n - 1 - i];
			bits[n - 1 - i] = swap;
		}
	}
	sample_tuniform(d->e1, bins * n, noise, r);
	sample_tuniform(d->e2, count, noise, r);
}

static void encrypt_bin(compact_list *list, draft *d, size_t bin, const uint8_t *message)
{
	const unsigned n = list->n;
	const size_t first = bin * n, end = size_min(list->count, first + n);
	uint64_t *u = list->masks + first;

	for (unsigned i = 0; i < n; i++) u[i] = (uint64_t)d->e1[first + i];
	poly64_mul_binary_add(u, d->ext_a, d->r + first, n);
	memset(d->c, 0, n * sizeof *d->c);
	poly64_mul_binary_add(d->c, d->ext_b, d->r + first, n);
	for (size_t i = first; i < end; i++)
		list->bodies[i] = d->c[n - 1 - (i - first)] + (uint64_t)d->e2[i] + ((uint64_t)message[i] << DELTA_LOG_64);
}

err compact_encrypt(compact_list *out, arena *a, const compact_key *key, const uint8_t *block, size_t blocks, const rng *r)
{
	if (blocks == 0) return err_fail(ERR_REQUEST, "there is no value to encrypt");
	const size_t count = (blocks + 1) / 2, bins = (count + key->n - 1) / key->n;
	compact_list list = { .n = key->n, .count = count, .paired = true };
	AUTO(arena) secret = arena_with_limit(SCRATCH_MAX);
	draft d;
	uint8_t *message;

	TRY(draft_new(&d, &secret, key->n, bins, count));
	TRY(arena_new(&secret, &message, count));
	TRY(arena_new(a, &list.masks, bins * key->n));
	TRY(arena_new(a, &list.bodies, count));

	for (size_t i = 0; i < blocks; i++) message[i / 2] |= (uint8_t)((block[i] & 3) << (2 * (i % 2)));
	draw(&d, key->n, bins, count, key->noise, r);
	poly64_extend(d.ext_a, key->a, key->n);
	poly64_extend(d.ext_b, key->b, key->n);
	for (size_t bin = 0; bin < bins; bin++) encrypt_bin(&list, &d, bin, message);

	DECLASSIFY(list.masks, bins * key->n * sizeof *list.masks, "ciphertexts are public");
	DECLASSIFY(list.bodies, count * sizeof *list.bodies, "ciphertexts are public");
	*out = list;
	return OK;
}

err compact_encrypt_seeded(compact_list *out, arena *a, const compact_key *key, const uint8_t *block, size_t blocks,
                           slice seed)
{
	const mask_seed from = mask_seed_xof("TFHE_Enc", seed);
	AUTO(drbg) d = { mask_open(&from) };
	const rng r = drbg_rng(&d);
	return compact_encrypt(out, a, key, block, blocks, &r);
}

/* ---- expansion --------------------------------------------------------------------------------------------------- */

void compact_lwe(uint64_t *lwe, const compact_list *list, size_t i)
{
	ASSERT(i < list->count);
	const size_t bin = i / list->n;
	poly64_rotate_var(lwe, list->masks + bin * list->n, list->n, (unsigned)(i % list->n));
	lwe[list->n] = list->bodies[i];
}

typedef struct expansion {
	lwe64_run out;
	const eval_keys *keys;
	const compact_list *list;
	size_t    first;
	const uint64_t *lut[2];         /* for the low and the high half of a message */
} expansion;

static err expand_block(void *ctx, size_t i)
{
	const expansion *x = ctx;
	const lat_params *p = x->keys->params;
	const size_t block = x->first + i;
	const bool high = x->list->paired && block % 2;
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *lwe, *small;
	uint32_t *switched;

	TRY(arena_new(&a, &lwe, x->list->n + 1u));
	TRY(arena_new(&a, &small, p->n + 1));
	TRY(arena_new(&a, &switched, p->n + 1));
	compact_lwe(lwe, x->list, x->list->paired ? block / 2 : block);
	keyswitch_var(small, lwe, &x->keys->part[PART_CAST_KSK]);
	modulus_switch_var(switched, small, p->n, p->N, p->ms.kind);
	return bootstrap64_var(lwe64_at(x->out, i), switched, x->lut[high], &x->keys->part[PART_BSK]);
}

err compact_expand(lwe64_run out, const eval_keys *keys, const compact_list *list, size_t first, bool boolean, pool *p)
{
	const lat_params *params = keys->params;
	ASSERT(list->n == params->pke.n && out.dim == params->k * params->N);
	ASSERT(first <= compact_blocks_most(list) && out.count <= compact_blocks_most(list) - first);

	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);
	uint64_t *low, *high;
	uint8_t f_low[16], f_high[16];
	for (uint8_t x = 0; x < 16; x++) {
		f_low[x] = boolean ? x % 4 != 0 : x % 4;
		f_high[x] = boolean ? x / 4 != 0 : x / 4;
	}
	TRY(arena_new(&a, &low, params->N));
	TRY(arena_new(&a, &high, params->N));
	lut64(low, params->N, f_low, 16, DELTA_LOG_64);
	lut64(high, params->N, f_high, 16, DELTA_LOG_64);
	expansion x = { out, keys, list, first, { low, high } };
	return pool_try(p, out.count, expand_block, &x);
}
