/* SPDX-License-Identifier: MIT */
/* lattice/compact.c -- encryption under the compact public key; lists to LWE; lists to blocks. */
#include "lattice/compact.h"
#include "lattice/bootstrap.h"
#include "lattice/engine.h"
#include "lattice/keyswitch.h"
#include "lattice/poly.h"
#include "lattice/sample.h"
#include "lattice/scratch.h"
#include "sym/drbg.h"

void compact_key_expand(uint64_t *a, uint64_t *b, const seeded_part *part, unsigned n)
{
	ASSERT(part->form == PART_SEEDED && part->bodies.n == n * sizeof *b);
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

/* From messages to blocks, so many at a time: what bounds the memory. */
enum { EXPAND_MOST = 256 };

typedef struct expansion {
	const eval_keys *keys;
	const compact_list *list;
	const uint64_t *lut[2];         /* for the low and the high half of a message           */
	uint64_t *lwe, *small, *half;   /* messages under PKE, under SMALL; blocks of one half  */
	uint32_t *switched;
} expansion;

/* For `most` blocks at a time. */
static err expansion_new(expansion *x, arena *a, bool boolean, size_t most)
{
	const lat_params *p = x->keys->params;
	const size_t messages = x->list->paired ? most / 2 + 1 : most;
	uint64_t *low, *high;
	uint8_t f_low[16], f_high[16];

	for (uint8_t v = 0; v < 16; v++) {
		f_low[v] = boolean ? v % 4 != 0 : v % 4;
		f_high[v] = boolean ? v / 4 != 0 : v / 4;
	}
	TRY(arena_new(a, &low, p->N));
	TRY(arena_new(a, &high, p->N));
	lut64(low, p->N, f_low, 16, DELTA_LOG_64);
	lut64(high, p->N, f_high, 16, DELTA_LOG_64);
	x->lut[0] = low, x->lut[1] = high;
	TRY(arena_new(a, &x->lwe, messages * (p->pke.n + 1)));
	TRY(arena_new(a, &x->small, messages * (p->n + 1)));
	TRY(arena_new(a, &x->switched, messages * (p->n + 1)));
	return arena_new(a, &x->half, (most + 1) / 2 * ((size_t)p->k * p->N + 1));
}

/* Messages first .. first + count - 1, ready for the rotations. */
static err switch_messages(expansion *x, size_t first, size_t count, pool *p)
{
	const lat_params *params = x->keys->params;
	const lwe64_run lwe = { count, x->list->n, x->lwe }, small = { count, params->n, x->small };

	for (size_t i = 0; i < count; i++) compact_lwe(lwe64_at(lwe, i), x->list, first + i);
	TRY(keyswitch_all_var(small, lwe, &x->keys->rows[PART_CAST_KSK], p));
	modulus_switch_all_var(x->switched, small, params->N, params->ms.kind);
	return OK;
}

/* One block a message, or the two halves, each with its own table. */
static err expand_some(expansion *x, lwe64_run out, size_t first, pool *p)
{
	const unsigned of = x->list->paired ? 2 : 1, width = x->keys->params->n + 1;
	const size_t first_message = first / of, end = first + out.count;

	TRY(switch_messages(x, first_message, (end + of - 1) / of - first_message, p));
	for (unsigned h = 0; h < of; h++) {
		const size_t from = (first + of - 1 - h) / of, count = (end + of - 1 - h) / of - from;       /* messages whose half h is wanted */
		const lwe64_run half = { count, out.dim, of == 1 ? out.w : x->half };
		TRY(boot_rotate64(half, x->keys->boot[PART_BSK], x->switched + (from - first_message) * width, x->lut[h], p));
		for (size_t i = 0; of == 2 && i < count; i++)
			memcpy(lwe64_at(out, of * (from + i) + h - first), lwe64_at(half, i), (out.dim + 1) * sizeof *half.w);
	}
	return OK;
}

err compact_expand(lwe64_run out, const eval_keys *keys, const compact_list *list, size_t first, bool boolean, pool *p)
{
	const lat_params *params = keys->params;
	expansion x = { .keys = keys, .list = list };
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);

	ASSERT(list->n == params->pke.n && out.dim == params->k * params->N);
	ASSERT(first <= compact_blocks_most(list) && out.count <= compact_blocks_most(list) - first);
	TRY(expansion_new(&x, &a, boolean, size_min(EXPAND_MOST, out.count)));
	for (size_t i = 0; i < out.count; i += EXPAND_MOST) {
		const lwe64_run some = { size_min(EXPAND_MOST, out.count - i), out.dim, lwe64_at(out, i) };
		TRY(expand_some(&x, some, first + i, p));
	}
	return OK;
}
