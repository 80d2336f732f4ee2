/* SPDX-License-Identifier: MIT */
/* A user's public key from outside: what is accepted is written back as the same bytes. */
#include "fuzz/fuzz.h"
#include "seal/enc_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[ENC_KEY_BYTES];
	enc_key ek;

	if (enc_key_read(&ek, slice_of(data, size)) == OK) {
		enc_key_write(again, &ek);
		ASSERT(size == ENC_KEY_BYTES && memcmp(again, data, size) == 0);
	}
	err_clear();
	return 0;
}
