/* SPDX-License-Identifier: MIT */
/*
 * lattice/limbs.h -- external products by floating-point transforms, N = 2048.
 *
 *   acc += GGSW [x] (X^a acc - acc)
 *
 * The words of the key are cut into signed limbs of few bits, so that a product of digits and one limb is a polynomial of
 * integers far below 2^53.  These products are made with complex transforms in double precision (lattice/fft.h) and
 * rounded; what is rounded away is watched (the guard).  Put together again, the limbs give the product modulo 2^64 or
 * 2^128 as integers would: the same bits on every machine.  doc/notes/limbs.md has the argument.
 *
 * With one limb the result is rounded instead: fast, not reproducible, where nobody has to agree.
 *
 * A batch of accumulators passes one row of the key together.  A step falls into three phases, whose pieces may be done in
 * any order by several threads; between the phases all threads must have met.
 *
 *   turn      for each accumulator b and polynomial r:  digits of X^a acc_r - acc_r, transformed
 *   multiply  for each c and range of chunks:           sums of products with the key, for all b
 *   add       for each b, output polynomial c and half:  transformed back, rounded, put together, added to acc_c
 *
 * After the turn one c does not wait for another.  Sums are large: there is room for those of all c if few accumulators take
 * part, else for one c at a time (limbs_columns), which is added before the next is multiplied.  So they stay in the cache.
 * The key does not: it comes from memory, once a step.  A batch that is too small to keep the processor busy meanwhile has it
 * fetched while it turns and adds (limb_ahead).
 *
 * After the last phase limbs_guard says whether every value of b was near a whole number.  If not, take_back (for each c)
 * undoes the step for b, and another engine has to do it.  limbs_step_right checks a step thoroughly, for samples.
 *
 * Everything here is public data; time depends on the digits, where a tie is rare.
 */
#ifndef ARCA_LATTICE_LIMBS_H
#define ARCA_LATTICE_LIMBS_H

#include "lattice/params.h"

enum {
	LIMBS_N = 2048, LIMBS_HALVES = 2, LIMBS_BATCH = 8, LIMBS_MAX = 6, LIMBS_MAX_K = 2, LIMBS_MAX_ROWS = 9,
	LIMBS_ALIGN = 64,                      /* of each GGSW in a key, and of scratch  */
	LIMBS_SCRATCH = 104 << 10,             /* bytes, for each thread that takes part */
	LIMBS_FIXED_BYTES = 7,
	LIMBS_PRODUCTS = (LIMBS_MAX_K + 1) * LIMBS_MAX * LIMBS_N       /* of a step, at most */
};

typedef struct limb_shape {
	unsigned bits;                  /* of a word: 64 or 128                                                  */
	unsigned k;                     /* output polynomials less one                                           */
	decomp   decomp;
	unsigned dropped;               /* low bits of the key's words, which are 0                              */
	unsigned limbs, limb_base;      /* a word is a number of so many limbs in this base; 1 limb: not exact   */
} limb_shape;

/* The three that the kernels are written for: the squash with a rounded key, and the 64-bit bootstrap, exact and not. */
extern const limb_shape LIMBS_SQUASH, LIMBS_EXACT64, LIMBS_FLOAT64;

static inline unsigned limb_rows(limb_shape s) { return s.decomp.level * (s.k + 1); }

/* Accumulators of a batch and what is made of them in a step.  All memory is taken by limbs_work_new. */
typedef struct limb_work limb_work;

/* Bytes that will soon be multiplied with: a piece of work fetches them in passing.  {NULL, NULL}: none. */
typedef struct limb_ahead { const char *at, *end; } limb_ahead;
void limbs_fetch(limb_ahead what);                       /* all of it, at once */

typedef struct limb_kernel {
	const char *name;               /* "limbs-avx2": names the layout of the key too */
	unsigned    needs;              /* base/cpu.h                                    */
	bool        fixed;              /* keys of 128-bit words are numbers in fixed point, LIMBS_FIXED_BYTES each, and no doubles */
	unsigned    chunks;             /* of the multiply phase                         */

	/* scratch, everywhere: LIMBS_SCRATCH bytes, aligned to LIMBS_ALIGN, of the calling thread. */

	/* One GGSW: level x (k + 1) rows of (k + 1) N words in the order of key_rows, which are rounded already.  False if fixed
	 * point has no room for it (never seen with random words): then another engine has to do the step. */
	size_t (*key_bytes)(limb_shape);
	bool   (*load64)(limb_shape, void *key, void *scratch, const uint64_t *rows);
	bool   (*load128)(limb_shape, void *key, void *scratch, const u128 *rows);

	void   (*turn)(limb_work *, void *scratch, unsigned b, unsigned r, unsigned a, limb_ahead);      /* a < 2N */
	void   (*multiply)(limb_work *, void *scratch, const void *key, unsigned c, unsigned first_chunk, unsigned count);
	void   (*add)(limb_work *, void *scratch, unsigned b, unsigned c, unsigned half, limb_ahead);

	/* These two need the sums of c, which stay until another c takes their room; multiply makes them again until the next turn.
	 * Undoes both halves of add(b, c).  The guard is left as it is. */
	void   (*take_back)(limb_work *, void *scratch, unsigned b, unsigned c);
	/* The rounded products of the step: out[l * N + i] = coefficient i for limb l.  Not for one limb. */
	void   (*products)(const limb_work *, void *scratch, unsigned b, unsigned c, int64_t *out);
} limb_kernel;

extern const limb_kernel LIMBS_PORTABLE, LIMBS_AVX2, LIMBS_AVX512;
extern const limb_kernel *const LIMBS_ALL[];             /* best first, the portable one last, then NULL */
const limb_kernel *limbs_chosen(void);

/* For up to `batch` <= LIMBS_BATCH accumulators, all of them in use.  ERR_NOMEM. */
err  limbs_work_new(limb_work **out, const limb_kernel *kernel, limb_shape shape, unsigned batch);
void limbs_work_free(limb_work **w);                     /* NULL-safe; sets *w to NULL */

/* How many of the accumulators take part from here on, the first ones: 1 <= n <= batch.  Between rotations. */
void limbs_use(limb_work *w, unsigned n);

/* How many c have room for their sums: all k + 1, or 1. */
unsigned limbs_columns(const limb_work *w);

/* acc_b = (0, .., 0, X^e lut), e < 2N.  Resets the guard of b. */
void limbs_start64(limb_work *w, unsigned b, const uint64_t *lut, unsigned e);
void limbs_start128(limb_work *w, unsigned b, const u128 *lut, unsigned e);

/* Polynomial c of acc_b, N words. */
void limbs_get64(uint64_t *poly, const limb_work *w, unsigned b, unsigned c);
void limbs_get128(u128 *poly, const limb_work *w, unsigned b, unsigned c);
void limbs_put64(limb_work *w, unsigned b, unsigned c, const uint64_t *poly);
void limbs_put128(limb_work *w, unsigned b, unsigned c, const u128 *poly);

/* How far from whole numbers the worst coefficient of b was since the last reset: the root of the sum, over its limbs, of the
 * squares of what rounding took away; so no value was farther.  2 if one was too large to be rounded.  A step counts if this
 * is below LIMBS_GUARD.  0 with one limb. */
#define LIMBS_GUARD 0.375
double limbs_guard(const limb_work *w, unsigned b);
void   limbs_guard_reset(limb_work *w, unsigned b);

/*
 * A sampled check, by Freivalds: limbs of the key, digits and products are polynomials of integers, and are compared at one
 * point, a root psi of X^N + 1 modulo a prime of 60 bits.  Of wrong products one in 2^60 escapes.  limb_check: the rows of a
 * GGSW at psi, the same for all kernels; and whether load128 had room for it, which is told by who loads.
 */
typedef struct limb_check { uint64_t at[LIMBS_MAX_ROWS][LIMBS_MAX_K + 1], fits; } limb_check;

void limbs_check64(limb_shape shape, limb_check *key, const uint64_t *rows);
void limbs_check128(limb_shape shape, limb_check *key, const u128 *rows);

/*
 * What a step looks like from outside, gathered in 2 (k + 1) pieces in any order, each by any thread: piece i <= k takes the
 * digits of polynomial i by their definition, piece k + 1 + c the products of polynomial c, and puts them together one by one.
 * The step was made just before, with `a` and the GGSW of *key; before: acc_b until then, k + 1 polynomials; products: what
 * the kernel showed for b, limbs x N numbers for each c.  Not for one limb.
 */
typedef struct limb_look {
	uint64_t digits[LIMBS_MAX_ROWS], found[LIMBS_MAX_K + 1];       /* at psi                                       */
	bool     added[LIMBS_MAX_K + 1];                             /* acc is `before` and the products             */
} limb_look;

void limbs_look64(limb_look *look, const limb_work *w, unsigned b, unsigned a, const uint64_t *before, const int64_t *products,
                  unsigned piece);
void limbs_look128(limb_look *look, const limb_work *w, unsigned b, unsigned a, const u128 *before, const int64_t *products,
                   unsigned piece);

/* Whether what was gathered says that the step was right. */
bool limbs_look_right(const limb_look *look, limb_shape shape, const limb_check *key);

#endif
