/* SPDX-License-Identifier: MIT */
/* What a node answers to a connector; the first byte chooses the request.  Nobody's signature is believed, so nothing may pass. */
#include "connector/ask.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const queue_kind KINDS[] = { QUEUE_PUBLIC_DECRYPTION, QUEUE_USER_DECRYPTION, QUEUE_PREP_KEYGEN, QUEUE_KEYGEN, QUEUE_CRSGEN,
	                                    QUEUE_NEW_EPOCH, QUEUE_PRSS_INIT };
	static const uint8_t HANDLE[32] = { [30] = 5 };
	static const ask_signers NOBODY;
	static char name[] = "Decryption", version[] = "1";
	static connector_config config = { .profile = &PROFILE_V015, .decryption = { .present = true, .domain_name = name, .domain_version = version },
	                                   .generation = { .present = true, .domain_name = name, .domain_version = version },
	                                   .protocol_config = { .present = true, .domain_name = name, .domain_version = version } };
	const slice handle = slice_of(HANDLE, sizeof HANDLE), rest = slice_of(size ? data + 1 : data, size ? size - 1 : 0);
	const queue_item item = { .kind = KINDS[size ? data[0] % COUNT(KINDS) : 0], .handles = { &handle, 1 }, .id = {{ 1 }} };
	arena a = arena_with_limit(4 * size + (4 << 20));
	queue_item response;
	bool wrong = false;

	ASSERT(!ask_gave_only(&item, rest) || item.kind == QUEUE_NEW_EPOCH);
	ASSERT(ask_read(&response, &wrong, &a, &item, &config, &NOBODY, rest) != OK);
	err_clear();
	arena_free(&a);
	return 0;
}
