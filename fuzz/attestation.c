/* SPDX-License-Identifier: MIT */
/* What a bucket says in the header of an object: the first 32 bytes are the handle. */
#include "evm/attestation.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	abi_word handle = { 0 };
	attestation a = { 0 };

	if (size < sizeof handle.b) return 0;
	memcpy(handle.b, data, sizeof handle.b);
	if (attestation_read(&a, &handle, slice_of(data + sizeof handle.b, size - sizeof handle.b)) == OK)
		ASSERT(a.claim.format >= ATTESTED_EXPANDED_CPU && a.claim.format <= ATTESTED_COMPRESSED_GPU);
	err_clear();
	return 0;
}
