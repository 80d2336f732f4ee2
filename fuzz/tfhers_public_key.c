/* SPDX-License-Identifier: MIT */
/* A public key: what is accepted is written back as the same bytes, but for one version word (tfhers/public_key.c). */
#include "fuzz/fuzz.h"
#include "tfhers/tfhers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_with_limit(1 << 20);
	AUTO(buf) again = { 0 };
	public_key key;

	err e = tfhers_read_public_key(&key, &a, slice_of(data, size));
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		size_t version = size - key.tag.n - 28;
		tfhers_write_public_key(&again, &key);
		ASSERT(again.n == size);
		again.p[version] = data[version];
		ASSERT(memcmp(again.p, data, size) == 0);
	}
	err_clear();
	return 0;
}
