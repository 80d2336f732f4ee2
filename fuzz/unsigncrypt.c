/* SPDX-License-Identifier: MIT */
/*
 * A signcrypted answer from outside.  The first byte chooses: even, the rest is the answer as it comes; odd, the rest
 * is what a hostile sender encrypts properly, so that the reader behind the decryption is reached.  Nobody here knows
 * the node's signing key: nothing is ever accepted.
 */
#include "fuzz/fuzz.h"
#include "seal/signcrypt.h"

static struct {
	bool        ready;
	enc_key     ek;
	dec_key     dk;
	uint8_t     kem[MLKEM_512_CT], ss[MLKEM_SS];
	secp_pk     node;
	eth_address user;
	hash32      link;
} scene;

static void set_up(void)
{
	static const uint8_t SEED[MLKEM_SEED] = { 1 };
	/* The generator, of which everybody knows the logarithm but no input holds a signature. */
	static const uint8_t NODE[SECP_PK] = {
		0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
		0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98,
	};
	mlkem_keygen(&MLKEM_512, scene.ek.ek, scene.dk.dk, SEED, SEED);
	mlkem_encaps(&MLKEM_512, scene.kem, scene.ss, scene.ek.ek, SEED);
	ASSERT(secp_pk_read(&scene.node, slice_of(NODE, sizeof NODE)) == OK);
	scene.ready = true;
}

static void encrypt(buf *out, slice inner)
{
	static const uint8_t NONCE[GCM_NONCE];
	buf_put(out, NONCE, sizeof NONCE);
	buf_put_u64(out, sizeof scene.kem);
	buf_put(out, scene.kem, sizeof scene.kem);
	buf_put_u64(out, inner.n + GCM_TAG);
	aes256_gcm_seal(buf_grow(out, inner.n + GCM_TAG), scene.ss, NONCE, (slice){ 0 }, inner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf) wire = { 0 }, plain = { 0 };
	int32_t type;

	if (!scene.ready) set_up();
	if (size == 0) return 0;
	if (data[0] & 1) encrypt(&wire, slice_of(data + 1, size - 1));
	else buf_put(&wire, data + 1, size - 1);
	err e = unsigncrypt(&plain, &type, &scene.dk, &scene.node, &scene.user, &scene.link, buf_slice(&wire));
	ASSERT(e == ERR_REQUEST && plain.n == 0);
	err_clear();
	return 0;
}
