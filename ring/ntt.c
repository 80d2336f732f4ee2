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
	return s.k > 0 && s.k <= NTT_MAX_K && s.d > 0 && s.d <= NTT_MAX_D && (s.N == 256 || s.N == 1024);
}

void ntt_rotate_down(u128 *out, const u128 *a, unsigned N, unsigned e)
{
	memcpy(out, a + e, (N - e) * sizeof *out);
	for (unsigned i = 0; i < e; i++) out[N - e + i] = -a[i];
}
