/* SPDX-License-Identifier: MIT */
/* lattice/keyswitch.c -- digits, blocks of rows, batches, threads; and the modulus switch. */
#include "lattice/keyswitch.h"
#include "base/cpu.h"
#include "lattice/poly.h"
#include "lattice/scratch.h"

const keyswitch_kernel *const KEYSWITCH_ALL[] = {
#if CPU_X86
	&KEYSWITCH_AVX512, &KEYSWITCH_AVX2,
#endif
	&KEYSWITCH_PORTABLE, NULL
};

const keyswitch_kernel *keyswitch_chosen(void)
{
	const keyswitch_kernel *const *k = KEYSWITCH_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

/* ---- keyswitch --------------------------------------------------------------------------------------------------- */

void keyswitch_var(uint64_t *out, const uint64_t *in, const key_rows *ksk)
{
	const part_shape s = ksk->shape;
	const size_t inputs = s.rows / s.decomp.level, width = s.mask + s.body;
	int64_t d[MAX_LEVELS];

	ASSERT(s.kind == KIND_KSK && ksk->w64);
	memset(out, 0, s.mask * sizeof *out);
	out[s.mask] = in[inputs];
	for (size_t i = 0; i < inputs; i++) {
		digits64(d, in[i], s.decomp);
		for (unsigned j = 0; j < s.decomp.level; j++) {
			const uint64_t *row = ksk->w64 + (i * s.decomp.level + j) * width;
			for (size_t c = 0; c < width; c++) out[c] -= (uint64_t)d[j] * row[c];
		}
	}
}

static void wide_block(uint64_t *acc, const uint64_t *word, unsigned inputs, const uint64_t *row, size_t width, decomp dc)
{
	int64_t d[MAX_LEVELS];

	for (unsigned i = 0; i < inputs; i++) {
		digits64(d, word[i], dc);
		for (unsigned j = 0; j < dc.level; j++, row += width)
			for (size_t c = 0; c < width; c++) acc[c] -= (uint64_t)d[j] * row[c];
	}
}

static void small_digits(int16_t *digit, const uint64_t *word, unsigned inputs, decomp dc)
{
	int64_t d[MAX_LEVELS];

	for (unsigned i = 0; i < inputs; i++) {
		digits64(d, word[i], dc);
		for (unsigned j = 0; j < dc.level; j++) *digit++ = (int16_t)d[j];
	}
}

void keyswitch_block_var(uint64_t *acc, size_t count, const uint64_t *word, size_t stride, unsigned inputs,
                         const uint64_t *row, size_t width, decomp dc)
{
	const keyswitch_kernel *k = keyswitch_chosen();
	const unsigned rows = inputs * dc.level;
	int16_t digit[KEYSWITCH_BATCH * KEYSWITCH_ROWS];

	CHECK(inputs <= KEYSWITCH_INPUTS && rows <= KEYSWITCH_ROWS);
	if (dc.base_log > KEYSWITCH_BITS || rows % 2) {
		for (size_t i = 0; i < count; i++) wide_block(acc + i * width, word + i * stride, inputs, row, width, dc);
		return;
	}
	for (size_t i = 0; i < count; i += KEYSWITCH_BATCH) {
		const unsigned batch = (unsigned)size_min(KEYSWITCH_BATCH, count - i);
		for (unsigned b = 0; b < batch; b++) small_digits(digit + b * KEYSWITCH_ROWS, word + (i + b) * stride, inputs, dc);
		k->subtract(acc + i * width, batch, digit, row, rows, width);
	}
}

/* ---- many of them ------------------------------------------------------------------------------------------------ */

enum {
	PARTS = 8,                                /* of the rows, each summed by itself, where ciphertexts are few */
	ENOUGH_BATCHES = 4                        /* from where on they are not */
};

typedef struct switching {
	lwe64_run out, in;
	const key_rows *ksk;
	size_t    batches, parts;
	uint64_t *more;                           /* sums of parts 1, 2, ..: each laid out as out */
} switching;

static uint64_t *sums_of(const switching *w, size_t part)
{
	return part == 0 ? w->out.w : w->more + (part - 1) * w->out.count * (w->out.dim + 1);
}

static err switch_part(void *ctx, size_t task)
{
	const switching *w = ctx;
	const decomp dc = w->ksk->shape.decomp;
	const size_t first = task / w->parts * KEYSWITCH_BATCH, part = task % w->parts, width = w->out.dim + 1;
	const size_t count = size_min(KEYSWITCH_BATCH, w->in.count - first), inputs = w->in.dim;
	const size_t blocks = (inputs + KEYSWITCH_INPUTS - 1) / KEYSWITCH_INPUTS;
	uint64_t *acc = sums_of(w, part) + first * width;

	memset(acc, 0, count * width * sizeof *acc);
	if (part == 0)
		for (size_t i = 0; i < count; i++) acc[i * width + w->out.dim] = lwe64_at(w->in, first + i)[inputs];
	for (size_t block = part * blocks / w->parts; block < (part + 1) * blocks / w->parts; block++) {
		const size_t i = block * KEYSWITCH_INPUTS;
		keyswitch_block_var(acc, count, lwe64_at(w->in, first) + i, inputs + 1,
		                    (unsigned)size_min(KEYSWITCH_INPUTS, inputs - i), w->ksk->w64 + i * dc.level * width, width, dc);
	}
	return OK;
}

err keyswitch_all_var(lwe64_run out, lwe64_run in, const key_rows *ksk, pool *p)
{
	const part_shape s = ksk->shape;
	const size_t batches = (in.count + KEYSWITCH_BATCH - 1) / KEYSWITCH_BATCH, words = out.count * (out.dim + 1);
	switching w = { .out = out, .in = in, .ksk = ksk, .batches = batches, .parts = batches < ENOUGH_BATCHES ? PARTS : 1 };
	AUTO(arena) a = arena_with_limit(SCRATCH_MAX);

	ASSERT(s.kind == KIND_KSK && ksk->w64 && s.rows == (size_t)in.dim * s.decomp.level);
	ASSERT(out.count == in.count && out.dim + 1 == s.mask + s.body);
	TRY(arena_new(&a, &w.more, (w.parts - 1) * words));
	TRY(pool_try(p, batches * w.parts, switch_part, &w));
	for (size_t part = 1; part < w.parts; part++) {
		const uint64_t *sums = sums_of(&w, part);
		for (size_t c = 0; c < words; c++) out.w[c] += sums[c];
	}
	return OK;
}

/* ---- modulus switch ---------------------------------------------------------------------------------------------- */

static unsigned log2_of(unsigned power)
{
	return (unsigned)__builtin_ctz(power);
}

static uint64_t rounded(uint64_t x, unsigned L)
{
	return (x + ((uint64_t)1 << (63 - L))) >> (64 - L);
}

/* What the mean of the rounding errors moves the body by. */
static uint64_t mean_correction(const uint64_t *a, unsigned dim, unsigned L)
{
	int64_t H = 0, D = 0;

	for (unsigned i = 0; i < dim; i++) {
		const int64_t e = (int64_t)((rounded(a[i], L) << (64 - L)) - a[i]);
		H += e / 2;
		D += 2 * (e / 2) - e;
	}
	return (uint64_t)(H - D / 2) - ((uint64_t)1 << (63 - L));
}

void modulus_switch_var(uint32_t *out, const uint64_t *ct, unsigned dim, unsigned N, ms_kind kind)
{
	const unsigned L = log2_of(2 * N);

	for (unsigned i = 0; i < dim; i++) out[i] = (uint32_t)rounded(ct[i], L);
	out[dim] = (uint32_t)rounded(ct[dim] + (kind == MS_CENTERED_MEAN ? mean_correction(ct, dim, L) : 0), L);
}

void modulus_switch_all_var(uint32_t *out, lwe64_run in, unsigned N, ms_kind kind)
{
	for (size_t i = 0; i < in.count; i++) modulus_switch_var(out + i * (in.dim + 1), lwe64_at(in, i), in.dim, N, kind);
}
