/* SPDX-License-Identifier: MIT */
/* What a party offers to reshare: what is accepted is written back as the same bytes, and its keys are in order. */
#include "fuzz/fuzz.h"
#include "node/offer.h"

/* A mutation is short: it stands at the beginning of an offer, the rest of which is 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[OFFER_BYTES], again[OFFER_BYTES];
	static offer x;

	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, data, size_min(size, sizeof bytes));
	if (!offer_read(&x, slice_of(bytes, sizeof bytes))) return 0;
	ASSERT(x.keys <= MAX_RESHARED_KEYS);
	for (unsigned i = 0; i < x.keys; i++) ASSERT(x.key[i].params && x.key[i].files <= MAX_OFFER_FILES);
	offer_write(again, &x);
	ASSERT(memcmp(again, bytes, sizeof again) == 0);
	return 0;
}
