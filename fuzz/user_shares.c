/* SPDX-License-Identifier: MIT */
/*
 * Share vectors of four parties in a user decryption.  Byte 0 chooses the type, byte 1 who answers; the rest is cut into
 * as many equal parts.  Fewer than three vectors that agree give no value.
 */
#include "fuzz/fuzz.h"
#include "tkms/reconstruct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int number[] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_UINT64, FHE_UINT128, FHE_ADDRESS, FHE_UINT256 };
	user_share slot[4];
	user_answer answer[4];
	plaintext out;
	party_set wrong = 0, who = 0;

	if (size < 2) return 0;
	const fhe_type *type = fhe_type_by_number_var(number[data[0] % COUNT(number)]);
	const user_request request = { .n = 4, .t = 1, .slots = 1, .type = &type };
	const size_t answers = 1 + data[1] % 4, part = (size - 2) / answers;
	for (size_t i = 0; i < answers; i++) {
		slot[i] = (user_share){ type->number, packing_factor_of(type), slice_of(data + 2 + i * part, part) };
		answer[i] = (user_answer){ .from = (party)(1 + (data[1] >> 2 >> i) % 4), .degree = 1, .slots = 1, .slot = &slot[i] };
		add_to(&who, answer[i].from);
	}
	const err e = reconstruct(&out, &wrong, &request, answer, answers);
	ASSERT(e == OK || e == ERR_REQUEST);
	ASSERT((wrong & ~who) == 0 && (e != OK || size_of_set(who) >= 3));
	err_clear();
	return 0;
}
