/* SPDX-License-Identifier: MIT */
/*
 * lattice/params.h -- the parameter sets a key can have.
 *
 * Noise is TUniform(b): integers in [-2^b, 2^b], the inner ones with probability 2^-(b+1), the two ends 2^-(b+2).
 * Every set uses 2-bit messages with 2 bits of carry under one padding bit, native moduli, keyswitch before
 * bootstrap, and encrypts values under the big key.
 */
#ifndef ARCA_LATTICE_PARAMS_H
#define ARCA_LATTICE_PARAMS_H

#include "base/base.h"

enum { MESSAGE_BITS = 2, CARRY_BITS = 2, MESSAGE_MODULUS = 4, CARRY_MODULUS = 4 };

/* Signed digits in base 2^base_log, `level` of them, most significant part of a torus element. */
typedef struct decomp { unsigned base_log, level; } decomp;

/* How an LWE ciphertext is rounded to Z/2N before a blind rotation (spec: modulus switch). */
typedef enum ms_kind { MS_STANDARD, MS_DRIFT, MS_CENTERED_MEAN } ms_kind;

typedef struct ms_params {
	ms_kind  kind;
	unsigned zeros;                     /* MS_DRIFT: encryptions of zero in the key; the rest only travels with the key */
	double   ms_bound, r_sigma, input_variance;
} ms_params;

typedef struct lat_params {
	const char *name;                   /* "default", "test", "mini"                                   */
	unsigned    fhe_parameter;          /* its number in gRPC requests                                 */

	unsigned  n, k, N;                  /* small LWE key s; GLWE key S of k polynomials of degree < N  */
	unsigned  lwe_noise, glwe_noise;
	decomp    pbs, ks;
	ms_params ms;
	unsigned  max_noise_level;
	double    log2_p_fail;

	struct { unsigned n, noise; decomp cast; } pke;                                     /* compact public key */
	struct { decomp br, pks; unsigned k, N, lwe_per_glwe, storage_bits, noise; } comp;  /* list compression   */
	struct { unsigned k, N, noise; decomp br; ms_params ms; bool rounded; } sns;        /* switch and squash  */
	struct { decomp pks; unsigned k, N, lwe_per_glwe, noise; } snscomp;                 /* its compression    */
} lat_params;

extern const lat_params PARAMS_DEFAULT, PARAMS_TEST;
#ifdef ARCA_TEST_PARAMS
extern const lat_params PARAMS_MINI;    /* production in all but a few dimensions: fast, never secure */
#endif

/* The set of that name or number that this build offers; NULL if there is none. */
const lat_params *params_by_name_var(slice name);
const lat_params *params_by_number_var(int fhe_parameter);

/* "default, test": for sentences. */
const char *params_names(void);

#endif
