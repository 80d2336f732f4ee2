/* SPDX-License-Identifier: MIT */
/* ring/gf.c -- logarithms to the base X, which generates the group for d = 3 .. 7; to the base X + 1 for d = 8. */
#include "ring/gf.h"
#include <pthread.h>

enum { DEGREES = 6, FIRST_DEGREE = 3 };

/* F modulo 2, with its leading term. */
static const unsigned MODULUS[DEGREES] = { 0xb, 0x13, 0x25, 0x43, 0x83, 0x11b };

static gf_field fields[DEGREES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned times_x(unsigned a, unsigned d)
{
	a <<= 1;
	return a >> d ? a ^ MODULUS[d - FIRST_DEGREE] : a;
}

static void make_fields(void)
{
	for (unsigned d = FIRST_DEGREE; d < FIRST_DEGREE + DEGREES; d++) {
		gf_field *K = &fields[d - FIRST_DEGREE];
		unsigned power = 1;

		K->d = d, K->size = 1u << d;
		for (unsigned e = 0; e + 1 < K->size; e++) {
			K->exp[e] = K->exp[e + K->size - 1] = (gf)power;
			K->log[power] = (uint8_t)e;
			power = d == 8 ? times_x(power, d) ^ power : times_x(power, d);
		}
	}
}

const gf_field *gf_of(unsigned d)
{
	ASSERT(d >= FIRST_DEGREE && d < FIRST_DEGREE + DEGREES);
	pthread_once(&once, make_fields);
	return &fields[d - FIRST_DEGREE];
}

gf gf_mul_var(const gf_field *K, gf a, gf b)
{
	return a && b ? K->exp[K->log[a] + K->log[b]] : 0;
}

gf gf_inv_var(const gf_field *K, gf a)
{
	ASSERT(a != 0);
	return K->exp[K->size - 1 - K->log[a]];
}

gf gf_eval_var(const gf_field *K, const gf *f, unsigned deg, gf x)
{
	gf y = f[deg];

	while (deg--) y = gf_mul_var(K, y, x) ^ f[deg];
	return y;
}
