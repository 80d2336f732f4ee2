/* SPDX-License-Identifier: MIT */
/* A ciphertext to decrypt: what is accepted has its words in place, and is accepted again as we write it. */
#include "fuzz/fuzz.h"
#include "tfhers/tfhers.h"

static slice words_of(const ciphertext *ct)
{
	switch (ct->format) {
	case SMALL_EXPANDED:   return slice_of(ct->lwe64.w, 8 * ct->lwe64.count * (ct->lwe64.dim + 1));
	case BIG_EXPANDED:     return slice_of(ct->lwe128.w, 16 * ct->lwe128.count * (ct->lwe128.dim + 1));
	case SMALL_COMPRESSED: return slice_of(ct->packed64.w, 8 * ((size_t)ct->packed64.k * ct->packed64.N + ct->packed64.bodies));
	case BIG_COMPRESSED:   return slice_of(ct->packed128.w, 16 * ((size_t)ct->packed128.k * ct->packed128.N + ct->packed128.bodies));
	case CT_FORMATS:       break;
	}
	ASSERT(false);
	return (slice){ 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_with_limit(16 << 20);
	AUTO(buf) again = { 0 };
	ciphertext ct, back;
	ct_format says;

	const bool known = tfhers_format_of_var(&says, slice_of(data, size));
	err e = tfhers_read_ciphertext(&ct, &a, slice_of(data, size));
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		ASSERT(known && says == ct.format);
		tfhers_write_ciphertext(&again, &ct);
		ASSERT(tfhers_read_ciphertext(&back, &a, buf_slice(&again)) == OK);
		ASSERT(back.params == ct.params && back.format == ct.format && back.blocks == ct.blocks && back.boolean == ct.boolean);
		ASSERT(slice_eq_var(back.tag, ct.tag) && slice_eq_var(words_of(&back), words_of(&ct)));
	}
	err_clear();
	return 0;
}
