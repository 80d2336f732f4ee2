/* SPDX-License-Identifier: MIT */
/* A client key: what is accepted is read again from what we write, bit for bit. */
#include "fuzz/fuzz.h"
#include "tfhers/tfhers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(secret_keys) keys = { 0 };
	AUTO(secret_keys) back = { 0 };
	AUTO(buf) again = { 0 };
	slice tag, back_tag;

	err e = tfhers_read_client_key(&keys, &tag, slice_of(data, size));
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		tfhers_write_client_key(&again, &keys, tag);
		ASSERT(tfhers_read_client_key(&back, &back_tag, buf_slice(&again)) == OK);
		ASSERT(back.params == keys.params && slice_eq_var(tag, back_tag));
		for (secret_id id = 0; id < SECRETS; id++) {
			ASSERT(!back.bit[id] == !keys.bit[id]);
			if (keys.bit[id]) ASSERT(memcmp(back.bit[id], keys.bit[id], secret_length(keys.params, id)) == 0);
		}
	}
	err_clear();
	return 0;
}
