/* SPDX-License-Identifier: MIT */
/*
 * A signature, and the key that it shall be of, from outside.  The first byte chooses the scheme and the road: the file of a
 * public key; a true key and signature, into which the input writes, so that the checks behind the first are reached, and of
 * which only the true one is accepted; or a key and a signature that both come from the input.
 */
#include "fuzz/fuzz.h"
#include "fuzz/sevens.h"
#include "vault/objects.h"

static struct { bool ready; uint8_t key[MAX_SCHEMES][MAX_TYPED_KEY], sig[MAX_SCHEMES][MAX_TYPED_SIG]; } scene;

static void set_up(void)
{
	AUTO(signer) *s = NULL;
	secp_sk sk;

	secp_sk_random(&sk, &SEVENS);
	ASSERT(signer_new(&s, &sk, &SEVENS) == OK);
	for (uint32_t scheme = SCHEME_ED25519; scheme < MAX_SCHEMES; scheme++) {
		typed_key(scene.key[scheme], s, scheme);
		typed_sign(scene.sig[scheme], s, scheme, "PUBL_DEC", slice_str("m"));
	}
	scene.ready = true;
}

static void try_file(slice in)
{
	uint32_t scheme;
	buf again = { 0 };
	slice key;

	if (unified_public_key_read(&scheme, &key, in) != OK) return;
	unified_public_key_write(&again, scheme, key);
	ASSERT(slice_eq_var(buf_slice(&again), in));
	buf_free(&again);
}

/* Triples: where, two bytes; what is added there. */
static void try_changed(uint32_t scheme, slice in)
{
	uint8_t sig[MAX_TYPED_SIG];
	const size_t n = scheme_sig_bytes(scheme);
	const slice key = slice_of(scene.key[scheme], scheme_key_bytes(scheme));

	memcpy(sig, scene.sig[scheme], n);
	for (size_t i = 0; i + 2 < in.n; i += 3) {
		uint8_t *at = &sig[(in.p[i] | (size_t)in.p[i + 1] << 8) % n];
		*at = (uint8_t)(*at + in.p[i + 2]);
	}
	const bool same = memcmp(sig, scene.sig[scheme], n) == 0;
	ASSERT(typed_ok_var(scheme, key, "PUBL_DEC", slice_str("m"), slice_of(sig, n)) == same);
}

/* Verifying is slow: one input in 64 comes to it, by the sum of its bytes. */
static bool chosen(slice in)
{
	unsigned sum = 0;
	for (size_t i = 0; i < in.n; i++) sum += in.p[i];
	return sum % 64 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!scene.ready) set_up();
	if (size == 0) return 0;
	const slice in = slice_of(data + 1, size - 1);
	const uint32_t scheme = SCHEME_ED25519 + data[0] % (MAX_SCHEMES - SCHEME_ED25519);
	const size_t n = size_min(in.n, scheme_key_bytes(scheme));
	const unsigned road = data[0] / 4 % 3;
	if (road == 0) try_file(in);
	else if (!chosen(in)) return 0;
	else if (road == 1) try_changed(scheme, in);
	else (void)typed_ok_var(scheme, slice_of(in.p, n), "PUBL_DEC", slice_str("m"), slice_of(in.p + n, in.n - n));
	err_clear();
	return 0;
}
