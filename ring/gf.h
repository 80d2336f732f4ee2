/* SPDX-License-Identifier: MIT */
/*
 * ring/gf.h -- the residue fields GF(2^d), d = 3 .. 8, with the reduction polynomials of ring/gr.h modulo 2.
 *
 * An element is the integer whose bits are its coefficients.  Tables of logarithms: variable time, for public data
 * only (positions of errors among opened values).
 */
#ifndef ARCA_RING_GF_H
#define ARCA_RING_GF_H

#include "base/base.h"

typedef uint8_t gf;

typedef struct gf_field {
	unsigned d, size;                /* 2^d                                  */
	gf       exp[2 * 255];           /* powers of a generator, twice around  */
	uint8_t  log[256];
} gf_field;

/* Requires: 3 <= d <= 8. */
const gf_field *gf_of(unsigned d);

gf gf_mul_var(const gf_field *K, gf a, gf b);
gf gf_inv_var(const gf_field *K, gf a);              /* Requires: a != 0 */
gf gf_eval_var(const gf_field *K, const gf *f, unsigned deg, gf x);

#endif
