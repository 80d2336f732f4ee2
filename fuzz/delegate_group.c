/* SPDX-License-Identifier: MIT */
/* What is kept of a shared key and of a whole one, and what parties say that they have of it: everything that is read is
 * written back as it was. */
#include "delegate/group_ceremony.h"
#include "delegate/whole_key.h"
#include "fuzz/fuzz.h"

static bool same(const buf *again, const uint8_t *data, size_t size) { return slice_eq_var(buf_slice(again), slice_of(data, size)); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf) again = { 0 };
	const slice all = slice_of(data, size);
	static group_holding h;
	group_record r;
	group_share held;
	whole_key whole;

	if (group_record_read(&r, all) == OK) {
		group_record_write(&again, &r);
		ASSERT(same(&again, data, size) && size <= MAX_GROUP_RECORD);
	}
	buf_clear(&again);
	if (group_share_read(&held, &r, all) == OK) {
		group_share_write(&again, &held, &r);
		ASSERT(same(&again, data, size) && size <= MAX_GROUP_SHARE_FILE);
	}
	buf_clear(&again);
	if (group_offer_read(&h, all) == OK) {
		group_offer_write(&again, &h);
		ASSERT(same(&again, data, size) && size <= MAX_GROUP_OFFER);
	}
	buf_clear(&again);
	if (whole_key_read(&whole, all) == OK) {
		whole_key_write(&again, &whole);
		ASSERT(same(&again, data, size) && size == WHOLE_KEY_BYTES);
	}
	err_clear();
	return 0;
}
