/* SPDX-License-Identifier: MIT */
/* What a vault reads from a store that others can write to: leases and wrapped keys.  What is accepted is within its bounds. */
#include "fuzz/fuzz.h"
#include "vault/lease.h"
#include "vault/wrapped_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lease_text text;
	wrapped_key w;

	if (lease_read(&text, slice_of(data, size)) == OK)
		ASSERT(strlen(text.owner) == 2 * LEASE_OWNER && text.host[0] && text.until_s >= 0);
	if (wrapped_key_read(&w, slice_of(data, size)) == OK)
		ASSERT(w.name.n && w.name.n <= WRAPPED_NAME && w.wrapped.n && w.wrapped.n <= WRAPPED_BYTES && strlen(w.key_id) == KEY_ID_TEXT - 1);
	err_clear();
	return 0;
}
