/* SPDX-License-Identifier: MIT */
/* share/packed.h -- inside of the GLWE half of share/partial.h: a key share with a kernel of one's choice, for tests. */
#ifndef ARCA_SHARE_PACKED_H
#define ARCA_SHARE_PACKED_H

#include "ring/ntt.h"
#include "share/partial.h"

/* Of products of words of PARTIAL_KEPT bits. */
ntt_shape packed_shape(unsigned d, unsigned k, unsigned N);

/* glwe_key_share_new() with this kernel; words as there.  ERR_NOMEM. */
err packed_key_new(glwe_key_share **out, const ntt_kernel *kernel, ntt_shape shape, const u128 *words);

/* As many blocks or fewer are faster as inner products. */
size_t packed_few(ntt_shape shape);

#endif
