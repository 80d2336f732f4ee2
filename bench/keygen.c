/* SPDX-License-Identifier: MIT */
/* bench/keygen.c -- a production key set, and what it is made of: products modulo 2^128 and the stream of masks. */
#include "bench/bench.h"
#include <stdlib.h>
#include <unistd.h>
#include "lattice/keycheck.h"
#include "lattice/keygen.h"
#include "ring/ntt.h"

/* ---- products of polynomials ------------------------------------------------------------------------------------- */

enum { N = 2048, CHECKED = 16 };

static void *room(size_t bytes)
{
	void *p = aligned_alloc(NTT_ALIGN, (bytes + NTT_ALIGN) / NTT_ALIGN * NTT_ALIGN);

	ASSERT(p);
	return p;
}

static u128 *words_of(size_t n, unsigned log)
{
	u128 *w = room(n * sizeof *w);

	rng_fill(rng_os(), w, n * sizeof *w);
	for (size_t i = 0; i < n; i++) w[i] = (u128)((i128)w[i] >> (NTT_ANY - log));
	return w;
}

typedef struct multiplying {
	const ntt_kernel *kernel;
	ntt_shape shape;
	void     *factor, *scratch;
	u128     *a, *out;
} multiplying;

static multiplying multiplying_new(const ntt_kernel *kernel, ntt_shape s, const u128 *words, u128 *a)
{
	multiplying m = { kernel, s, room(kernel->factor_bytes(s)), room(kernel->scratch_bytes(s)), a, room((size_t)s.N * s.d * 16) };

	kernel->load(s, m.factor, m.scratch, words);
	return m;
}

static void multiplying_free(multiplying *m)
{
	free(m->factor);
	free(m->scratch);
	free(m->out);
}

static err multiply(void *ctx)
{
	const multiplying *m = ctx;

	m->kernel->product(m->shape, m->out, m->scratch, m->factor, m->a, 0, m->shape.N);
	bench_keep(m->out);
	return OK;
}

/* The first coefficients, by the definition. */
static err check_product(const multiplying *m, const u128 *words)
{
	multiplying plain = multiplying_new(&NTT_PORTABLE, m->shape, words, m->a);

	NTT_PORTABLE.product(m->shape, plain.out, plain.scratch, plain.factor, m->a, 0, CHECKED);
	const bool right = memcmp(plain.out, m->out, CHECKED * m->shape.d * sizeof *m->out) == 0;
	multiplying_free(&plain);
	return right ? OK : err_fail(ERR_INTERNAL, "a product is wrong");
}

static const struct { unsigned k, d, a_log, s_log; } PRODUCTS[] = { { 2, 1, 127, 0 }, { 9, 3, 23, 127 } };

static err ntt_row(bench *b)
{
	const unsigned which = b->row->arg[0];
	const unsigned k = PRODUCTS[which].k, d = PRODUCTS[which].d;
	const ntt_shape s = ntt_shape_for(k, N, d, PRODUCTS[which].a_log, PRODUCTS[which].s_log);
	u128 *a = words_of((size_t)k * N, PRODUCTS[which].a_log), *words = words_of((size_t)k * N * d, PRODUCTS[which].s_log);
	multiplying m = multiplying_new(ntt_chosen(), s, words, a);

	bench_variant(b, "%s, %u primes", m.kernel->name, s.primes);
	err e = bench_measure(b, BENCH_THREAD, 1, multiply, &m);
	if (e == OK) e = check_product(&m, words);
	multiplying_free(&m);
	free(a);
	free(words);
	return e;
}

/* ---- masks ------------------------------------------------------------------------------------------------------- */

enum { MASK_BYTES = 1 << 20 };

typedef struct drawing { mask_stream stream; uint8_t *out; } drawing;

static err draw(void *ctx)
{
	drawing *d = ctx;

	mask_fill_bytes(&d->stream, d->out, MASK_BYTES);
	bench_keep(d->out);
	return OK;
}

/* What came last is what another stream has at this place. */
static err check_masks(const drawing *d, mask_seed seed)
{
	uint8_t again[AES_BLOCK];

	seed.first = mask_position(&d->stream);
	seed.first.block--;
	AUTO(mask_stream) other = mask_open(&seed);
	mask_fill_bytes(&other, again, sizeof again);
	return memcmp(again, d->out + MASK_BYTES - sizeof again, sizeof again) == 0 ? OK : err_fail(ERR_INTERNAL, "a mask is wrong");
}

static err masks_row(bench *b)
{
	mask_seed seed = mask_seed_xof("TFHE_GEN", slice_str("sixteen bytes..!"));
	seed.first.byte = 3;
	drawing d = { mask_open(&seed), room(MASK_BYTES) };

	bench_variant(b, "%s", bench_cpu());
	err e = bench_measure(b, BENCH_THREAD, MASK_BYTES, draw, &d);
	if (e == OK) e = check_masks(&d, seed);
	mask_stream_free(&d.stream);
	free(d.out);
	return e;
}

/* ---- a set ------------------------------------------------------------------------------------------------------- */

enum { SETS = 3, CHECKED_ROWS = 8 };

/* The last rows of every part decrypt to what they should. */
static err check_set(const secret_keys *keys, const seeded_keyset *set)
{
	for (key_part part = 0; part < KEY_PARTS; part++) {
		const part_shape s = part_shape_of(keys->params, part);
		const size_t rows = size_min(s.rows, CHECKED_ROWS), first = s.rows - rows;
		noise_report report = { 0 };

		TRY(keycheck_rows(&report, keys, part, &set->part[part].seed, set->part[part].bodies.p + first * s.body * (s.bits / 8),
		                  first, rows));
		if (report.outside) return err_fail(ERR_INTERNAL, "the %s is wrong", s.name);
	}
	return OK;
}

static err keygen_default(bench *b)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pool *p;
	err e = OK;

	b->threads = b->options->threads ? b->options->threads : (unsigned)(cores > 0 ? cores : 1);
	bench_variant(b, "%s", bench_cpu());
	TRY(pool_new(&p, b->threads));
	for (unsigned i = 0; i < SETS && e == OK; i++) {
		secret_keys keys;
		public_set pub;
		const double began = bench_seconds(BENCH_WALL);

		e = keys_generate(&keys, &pub, &PARAMS_DEFAULT, rng_os(), p, NULL);
		if (e != OK) break;
		bench_take(b, bench_seconds(BENCH_WALL) - began);
		e = check_set(&keys, &pub.set);
		public_set_free(&pub);
		secret_keys_free(&keys);
	}
	pool_free(&p);
	return e;
}

static const bench_row ROWS[] = {
	{ "ntt/bits", "us", "2 polynomials of 2048 words of 128 bits times bits of a key, modulo 2^128", ntt_row, { 0 } },
	{ "ntt/digits", "us", "9 polynomials of 2048 digits of 24 bits times 27 of 128-bit words, modulo 2^128", ntt_row, { 1 } },
	{ "masks", "GB/s", "public masks from a seed", masks_row, { 0 } },
	{ "keygen/default", "s", "secret and public keys of production parameters, into memory; all cores (--threads)",
	  keygen_default, { 0 } },
};
const bench_group BENCH_KEYGEN = { ROWS, COUNT(ROWS), NULL, NULL };
