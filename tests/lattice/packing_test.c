/* SPDX-License-Identifier: MIT */
/* tests/lattice/packing_test.c -- the packing keyswitch against its formula, by slots and by products. */
#include "tests/test.h"
#include "base/cpu.h"
#include "lattice/packing.h"
#include "lattice/poly.h"

/* A packing key of random words, and random ciphertexts. */
typedef struct sample {
	arena       memory;
	part_shape  shape;
	seeded_part part;
	lwe64_run   in64;
	lwe128_run  in128;
	uint64_t   *out64, *expected64;
	u128       *out128, *expected128;
} sample;

static void sample_new(sample *x, unsigned bits, unsigned dim, unsigned k, unsigned N, decomp dc, size_t count)
{
	const size_t rows = (size_t)dim * dc.level, width = (size_t)(k + 1) * N, bytes = rows * N * (bits / 8);
	uint8_t *bodies;

	*x = (sample){ .memory = arena_with_limit((size_t)1 << 26),
	               .shape = { .kind = KIND_PKSK, .bits = bits, .decomp = dc, .k = k, .N = N, .rows = rows,
	                          .mask = (size_t)k * N, .body = N },
	               .in64 = { count, dim, NULL }, .in128 = { count, dim, NULL } };
	/* One byte in front: bodies may stand anywhere.  The masks begin anywhere too. */
	assert_ok(arena_new(&x->memory, &bodies, bytes + 1));
	rng_fill(test_rng(), bodies, bytes + 1);
	x->part = (seeded_part){ .bodies = slice_of(bodies + 1, bytes), .seed = mask_seed_ctr(test_below(1000)) };
	x->part.seed.first = (mask_index){ test_below(100), (uint8_t)test_below(16) };
	assert_ok(arena_new(&x->memory, &x->in64.w, count * (dim + 1)));
	assert_ok(arena_new(&x->memory, &x->in128.w, count * (dim + 1)));
	rng_fill(test_rng(), x->in64.w, count * (dim + 1) * sizeof *x->in64.w);
	rng_fill(test_rng(), x->in128.w, count * (dim + 1) * sizeof *x->in128.w);
	assert_ok(arena_new(&x->memory, &x->out64, width));
	assert_ok(arena_new(&x->memory, &x->out128, width));
	assert_ok(arena_new(&x->memory, &x->expected64, width));
	assert_ok(arena_new(&x->memory, &x->expected128, width));
}

/* out -= X^i d row, column by column. */
#define SUBTRACT_TURNED(out, row, d, i) do { \
	for (size_t q = 0; q <= s.k; q++) \
		for (size_t c = 0; c < s.N; c++) { \
			const size_t at = (c + (i)) % s.N; \
			if (c + (i) < s.N) (out)[q * s.N + at] -= (d) * (row)[q * s.N + c]; \
			else (out)[q * s.N + at] += (d) * (row)[q * s.N + c]; \
		} \
} while (0)

static void formula64(sample *x)
{
	const part_shape s = x->shape;
	AUTO(mask_stream) masks = mask_open(&x->part.seed);
	int64_t d[MAX_LEVELS];
	uint64_t *row;

	assert_ok(arena_new(&x->memory, &row, s.mask + s.body));
	for (size_t i = 0; i < x->in64.count; i++) x->expected64[s.mask + i] += lwe64_at(x->in64, i)[x->in64.dim];
	for (size_t r = 0; r < s.rows; r++) {
		mask_u64s(&masks, row, s.mask);
		for (size_t c = 0; c < s.body; c++) row[s.mask + c] = load64(x->part.bodies.p + (r * s.body + c) * 8);
		for (size_t i = 0; i < x->in64.count; i++) {
			digits64(d, lwe64_at(x->in64, i)[r / s.decomp.level], s.decomp);
			SUBTRACT_TURNED(x->expected64, row, mod64(d[r % s.decomp.level]), i);
		}
	}
}

static void formula128(sample *x)
{
	const part_shape s = x->shape;
	AUTO(mask_stream) masks = mask_open(&x->part.seed);
	int64_t d[MAX_LEVELS];
	u128 *row;

	assert_ok(arena_new(&x->memory, &row, s.mask + s.body));
	for (size_t i = 0; i < x->in128.count; i++) x->expected128[s.mask + i] += lwe128_at(x->in128, i)[x->in128.dim];
	for (size_t r = 0; r < s.rows; r++) {
		mask_u128s(&masks, row, s.mask);
		for (size_t c = 0; c < s.body; c++) row[s.mask + c] = load128(x->part.bodies.p + (r * s.body + c) * 16);
		for (size_t i = 0; i < x->in128.count; i++) {
			digits128(d, lwe128_at(x->in128, i)[r / s.decomp.level], s.decomp);
			SUBTRACT_TURNED(x->expected128, row, mod128(d[r % s.decomp.level]), i);
		}
	}
}

static pool *cores;

static void assert_all_ways(sample *x)
{
	const part_shape s = x->shape;
	const packing_key key = { s, &x->part };
	const size_t width = s.mask + s.body;

	if (s.bits == 64) {
		formula64(x);
		assert_ok(packing64_var(x->out64, key, x->in64, cores));
		assert_memory_equal(x->out64, x->expected64, width * sizeof *x->out64);
		assert_ok(packing64_var(x->out64, key, x->in64, NULL));
		assert_memory_equal(x->out64, x->expected64, width * sizeof *x->out64);
		return;
	}
	formula128(x);
	err (*const way[])(u128 *, packing_key, lwe128_run, pool *) = { packing128_var, packing128_by_slots_var, packing128_by_products_var };
	for (size_t w = 0; w < COUNT(way); w++) {
		memset(x->out128, 1, width * sizeof *x->out128);
		assert_ok(way[w](x->out128, key, x->in128, w ? cores : NULL));
		assert_memory_equal(x->out128, x->expected128, width * sizeof *x->out128);
	}
}

static void packing_is_its_formula(void **state)
{
	(void)state;
	static const struct { unsigned bits, dim, k, N; decomp dc; size_t count; } shape[] = {
		{ 64, 40, 2, 16, { 4, 3 }, 1 }, { 64, 40, 2, 16, { 4, 3 }, 16 }, { 64, 33, 4, 32, { 4, 3 }, 11 },
		{ 64, 16, 1, 256, { 27, 1 }, 9 },
		{ 128, 16, 1, 256, { 61, 1 }, 3 }, { 128, 24, 1, 256, { 41, 2 }, 20 }, { 128, 9, 6, 256, { 41, 2 }, 5 },
		{ 128, 17, 2, 256, { 41, 2 }, 256 },
	};
	for (size_t i = 0; i < COUNT(shape); i++) {
		sample x;
		sample_new(&x, shape[i].bits, shape[i].dim, shape[i].k, shape[i].N, shape[i].dc, shape[i].count);
		assert_all_ways(&x);
		arena_free(&x.memory);
	}
}

/* Digits and rows at the ends of their ranges, which is what the number of primes has to hold. */
static void extreme_words_are_packed_exactly(void **state)
{
	(void)state;
	for (unsigned negative = 0; negative < 2; negative++) {
		sample x;
		sample_new(&x, 128, 9, 1, 256, (decomp){ 41, 2 }, 256);
		memset((uint8_t *)x.part.bodies.p, negative ? 0x80 : 0x7f, x.part.bodies.n);
		for (size_t i = 0; i < x.in128.count * (x.in128.dim + 1); i++) {
			/* The digits are 2^40 and -2^40, or the other way round. */
			const u128 both = ((u128)1 << 127) - ((u128)1 << 86);
			x.in128.w[i] = negative ? 0 - both : both;
		}
		assert_all_ways(&x);
		arena_free(&x.memory);
	}
}

static int make_pool(void **state) { (void)state; return pool_new(&cores, 3) == OK ? 0 : -1; }
static int free_pool(void **state) { (void)state; pool_free(&cores); return 0; }

static const struct CMUnitTest tests[] = {
	TEST(packing_is_its_formula),
	TEST(extreme_words_are_packed_exactly),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_pool, free_pool);
}
