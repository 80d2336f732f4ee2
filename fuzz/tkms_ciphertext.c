/* SPDX-License-Identifier: MIT */
/* A ciphertext as a node reads it: accepted for the type and format that it has, and for no other. */
#include "fuzz/fuzz.h"
#include "tkms/decrypt.h"

static void check(const ciphertext *is, slice file)
{
	const fhe_type *type = fhe_type_by_blocks_var(is->boolean, is->blocks);
	AUTO(arena) a = arena_with_limit(64 << 20);
	ciphertext ct;

	if (!type) return;
	const err e = tkms_read_ciphertext(&ct, &a, is->params, type, is->format, file);
	ASSERT(e == OK || e == ERR_REQUEST);
	for (unsigned f = 0; f < CT_FORMATS; f++)
		if (f != is->format) ASSERT(tkms_read_ciphertext(&ct, &a, is->params, type, (ct_format)f, file) == ERR_REQUEST);
	const fhe_type *other = fhe_type_by_number_var(type->number == FHE_UINT8 ? FHE_UINT16 : FHE_UINT8);
	ASSERT(tkms_read_ciphertext(&ct, &a, is->params, other, is->format, file) == ERR_REQUEST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = arena_with_limit(16 << 20);
	ciphertext ct;

	if (tfhers_read_ciphertext(&ct, &a, slice_of(data, size)) == OK) check(&ct, slice_of(data, size));
	err_clear();
	return 0;
}
