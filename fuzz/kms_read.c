/* SPDX-License-Identifier: MIT */
/* What a contract returned, or the data of a user's call; the first byte chooses the reader. */
#include "evm/kms_calls.h"
#include "evm/kms_context.h"
#include "evm/reverts.h"
#include "fuzz/fuzz.h"

/* The four parts of a context, each a quarter of the bytes. */
static void read_context(arena *a, slice s)
{
	const size_t n = s.n / 4 / 32 * 32;
	kms_context c = { 0 };

	if (kms_context_read(&c, a, slice_of(s.p, n), slice_of(s.p + n, n), slice_of(s.p + 2 * n, n), slice_of(s.p + 3 * n, s.n - 3 * n)) == OK)
		ASSERT(c.n <= MAX_EVENT_NODES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const slice rest = slice_of(size ? data + 1 : data, size ? size - 1 : 0);
	arena a = arena_with_limit(16 * (size + 4096) + (1 << 16));
	AUTO(buf) text = { 0 };
	const eth_address *addresses;
	const id32 *ids;
	call_user_request u;
	eip712_domain d;
	call_party party;
	kms_named named;
	call_key key;
	abi_word w[2];
	slice digest;
	size_t n;
	bool yes;
	uint64_t x;

	switch (size ? data[0] % 13 : 0) {
	case 0: (void)call_read_bool(&yes, READ_ALLOWED, rest); break;
	case 1: (void)call_read_words(w, 2, READ_CONTEXT_ANCHOR, rest); break;
	case 2: if (call_read_addresses(&addresses, &n, &a, READ_KMS_SIGNERS, rest) == OK) ASSERT(n * 32 + 64 <= rest.n); break;
	case 3: if (call_read_ids(&ids, &n, &a, READ_COMPLETED_KEYS, rest) == OK) ASSERT(n * 32 + 64 <= rest.n); break;
	case 4: (void)call_read_party(&party, READ_COPROCESSOR, rest); break;
	case 5: (void)call_read_key(&key, rest); break;
	case 6: (void)call_read_crs_digest(&digest, rest); break;
	case 7: (void)call_read_domain(&d, rest); break;
	case 8: if (call_user_request_read(&u, &a, rest) == OK) ASSERT(u.n * 64 + u.contracts * 32 < 2 * rest.n); break;
	case 9: revert_print(&text, rest); break;
	case 10: (void)call_read_u64(&x, READ_COPROCESSOR_MAJORITY, rest); break;
	case 12: if (kms_extra_read(&named, rest) == OK) ASSERT(!named.epoch || rest.n >= 65); break;
	default: read_context(&a, rest); break;
	}
	err_clear();
	arena_free(&a);
	return 0;
}
