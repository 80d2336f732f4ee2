/* SPDX-License-Identifier: MIT */
/* ring/ntt.c -- the choice among the kernels. */
#include "ring/ntt.h"
#include "base/cpu.h"

const ntt_kernel *const NTT_ALL[] = {
#if CPU_X86
	&NTT_AVX512, &NTT_AVX2,
#endif
	&NTT_PORTABLE, NULL
};

const ntt_kernel *ntt_chosen(void)
{
	const ntt_kernel *const *k = NTT_ALL;
	while (!cpu_allows((*k)->needs)) k++;
	return *k;
}

bool ntt_shape_ok(ntt_shape s)
{
	return s.k > 0 && s.k <= NTT_MAX_K && s.d > 0 && s.d <= NTT_MAX_D &&
	       (s.N == 256 || s.N == 512 || s.N == 1024 || s.N == 2048) && s.primes > 0 && s.primes <= NTT_PRIMES &&
	       s.a_limbs > 0 && s.a_limbs <= NTT_LIMBS && s.s_limbs > 0 && s.s_limbs <= NTT_LIMBS;
}

static unsigned limbs(unsigned log) { return log <= 47 ? 1 : log <= 94 ? 2 : 3; }

/* Sums are at most x = k N 2^(a_log + s_log), and 2 x < 2^(47 primes) is enough (doc/notes/packed-ntt.md). */
ntt_shape ntt_shape_for(unsigned k, unsigned N, unsigned d, unsigned a_log, unsigned s_log)
{
	ntt_shape s = { .k = k, .N = N, .d = d, .primes = 1, .a_limbs = limbs(a_log), .s_limbs = limbs(s_log) };

	ASSERT(a_log <= NTT_ANY && s_log <= NTT_ANY && k <= NTT_MAX_K && N <= NTT_MAX_N);
	const unsigned log = a_log + s_log + 1;
	while (47 * s.primes <= log || (u128)k * N >> size_min(127, 47 * s.primes - log)) s.primes++;
	ASSERT(ntt_shape_ok(s));
	return s;
}

void ntt_rotate_down(u128 *out, const u128 *a, unsigned N, unsigned e)
{
	memcpy(out, a + e, (N - e) * sizeof *out);
	for (unsigned i = 0; i < e; i++) out[N - e + i] = -a[i];
}
