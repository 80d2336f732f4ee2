/* SPDX-License-Identifier: MIT */
/* A value as somebody types it, for every type: what is taken is printed and read again as the same. */
#include "cli/value.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int TYPES[] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS, FHE_UINT256 };
	const slice text = slice_of(data, size);

	for (size_t i = 0; i < COUNT(TYPES); i++) {
		const fhe_type *type = fhe_type_by_number_var(TYPES[i]);
		AUTO(buf) printed = { 0 };
		plaintext typed, plain, again;

		const bool is_typed = value_parse(&typed, type, text) == OK, is_plain = plaintext_parse(&plain, type, text) == OK;
		ASSERT(!is_typed || (is_plain && memcmp(typed.bytes, plain.bytes, type->bytes) == 0));
		if (!is_plain) continue;
		plaintext_print(&printed, &plain);
		ASSERT(plaintext_parse(&again, type, buf_slice(&printed)) == OK);
		ASSERT(memcmp(again.bytes, plain.bytes, type->bytes) == 0);
	}
	err_clear();
	return 0;
}
