/* SPDX-License-Identifier: MIT */
/* A user's public key and secret key from outside: what is accepted is written back as the same bytes. */
#include "fuzz/fuzz.h"
#include "seal/enc_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[DEC_KEY_BYTES];
	enc_key ek;
	dec_key dk;

	if (enc_key_read(&ek, slice_of(data, size)) == OK) {
		enc_key_write(again, &ek);
		ASSERT(size == ENC_KEY_BYTES && memcmp(again, data, size) == 0);
	}
	if (dec_key_read(&dk, slice_of(data, size)) == OK) {
		dec_key_write(again, &dk);
		ASSERT(size == DEC_KEY_BYTES && memcmp(again, data, size) == 0);
	}
	err_clear();
	return 0;
}
