/* SPDX-License-Identifier: MIT */
/* A domain, handles and a plaintext from a request: lengths in the first bytes, then the parts one after the other. */
#include "evm/address.h"
#include "evm/kms712.h"
#include "fuzz/fuzz.h"

/* The next n bytes, or what is left. */
static slice take(reader *r, size_t n)
{
	return read_bytes(r, size_min(n, read_left(r)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reader r = reader_of(slice_of(data, size));
	char text[ADDRESS_TEXT];
	AUTO(buf) result = { 0 };
	eth_address a;
	eip712_domain d;
	abi_word w;

	const size_t n_contract = read_u8(&r), n_name = read_u8(&r) * 8u, n_chain = read_u8(&r), n_salt = read_u8(&r);
	const eip712_domain_parts parts = {
		.contract = take(&r, n_contract), .name = take(&r, n_name), .version = slice_str("1"),
		.chain_id = take(&r, n_chain), .salted = n_salt > 0, .salt = take(&r, n_salt),
	};
	const slice rest = take(&r, size);

	if (address_parse(&a, "address", parts.contract) == OK) {
		address_text(text, &a);
		ASSERT(slice_eq_var(slice_str(text), parts.contract));
	}
	if (eip712_domain_read(&d, &parts) == OK) {
		const hash32 digest = kms712_public_decrypt(&d, &d.chain_id, 1, rest, (slice){ 0 });
		ASSERT(!hash32_eq_var(digest, eip712_separator(&d)));
	}
	ASSERT((kms712_handle(&w, rest) == OK) == (rest.n <= sizeof w.b));
	if (kms712_put_plaintext(&result, (int32_t)n_chain - 1, rest) == OK) ASSERT(result.n == sizeof w.b);
	else ASSERT(result.n == 0);
	err_clear();
	return 0;
}
