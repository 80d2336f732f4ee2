/* SPDX-License-Identifier: MIT */
/* A stored key share: what is accepted names parties that can be, and is written back as it was read. */
#include "fuzz/fuzz.h"
#include "tkms/key_share.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf) again = { 0 };
	key_share k;

	err e = key_share_read(&k, slice_of(data, size));
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		ASSERT(parties_allowed(k.holder.n, k.holder.t) && k.holder.me >= 1 && k.holder.me <= k.holder.n);
		key_share_write(&again, &k);
		ASSERT(slice_eq_var(buf_slice(&again), slice_of(data, size)));
		key_share_free(&k);
	}
	err_clear();
	return 0;
}
