/* SPDX-License-Identifier: MIT */
/* curve/secp.c -- libsecp256k1 behind our types.  Public-key work uses its static context, which needs no set-up. */
#include "curve/secp_internal.h"
#include <secp256k1_ecdh.h>
#include <secp256k1_recovery.h>
#include <stdlib.h>

struct secp { secp256k1_context *blinded; };

static const secp256k1_context *plain(void)
{
	return secp256k1_context_static;
}

/* The library's answer to an operation on a secret key, which is no secret: every secp_sk is valid. */
static bool done(int answer)
{
	DECLASSIFY(&answer, sizeof answer, "whether 32 bytes are a secp256k1 secret key tells nothing about which one");
	return answer == 1;
}

err secp_new(secp **out, const rng *r)
{
	uint8_t blinding[32];
	secp *s = malloc(sizeof *s);

	if (s) s->blinded = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	if (!s || !s->blinded) {
		free(s);
		return err_fail(ERR_NOMEM, "no memory for the signing tables");
	}
	rng_fill(r, blinding, sizeof blinding);
	ASSERT(secp256k1_context_randomize(s->blinded, blinding) == 1);
	wipe(blinding, sizeof blinding);
	*out = s;
	return OK;
}

void secp_free(secp **s)
{
	if (!*s) return;
	secp256k1_context_destroy((*s)->blinded);
	free(*s);
	*s = NULL;
}

void secp_sk_random(secp_sk *out, const rng *r)
{
	/* All but 2^-127 of the 32-byte strings are keys. */
	do rng_fill(r, out->b, sizeof out->b);
	while (!done(secp256k1_ec_seckey_verify(plain(), out->b)));
}

err secp_sk_read(secp_sk *out, const uint8_t bytes[static SECP_SK])
{
	if (!done(secp256k1_ec_seckey_verify(plain(), bytes)))
		return err_fail(ERR_REQUEST, "a secp256k1 secret key is zero or not below the order of the curve");
	memcpy(out->b, bytes, sizeof out->b);
	return OK;
}

secp_pk secp_compress(const secp256k1_pubkey *point)
{
	secp_pk pk;
	size_t n = sizeof pk.b;
	ASSERT(secp256k1_ec_pubkey_serialize(plain(), pk.b, &n, point, SECP256K1_EC_COMPRESSED) == 1 && n == SECP_PK);
	return pk;
}

secp_pk secp_pk_of(const secp *s, const secp_sk *sk)
{
	secp256k1_pubkey point;
	ASSERT(done(secp256k1_ec_pubkey_create(s->blinded, &point, sk->b)));
	DECLASSIFY(&point, sizeof point, "the public key");
	return secp_compress(&point);
}

err secp_pk_read(secp_pk *out, slice sec1)
{
	enum { UNCOMPRESSED = 1 + SECP_PK_PLAIN };
	secp256k1_pubkey point;

	/* The first byte too: the library also takes the hybrid form (06, 07), which SEC1 readers elsewhere refuse. */
	bool form = (sec1.n == SECP_PK && (sec1.p[0] | 1) == 3) || (sec1.n == UNCOMPRESSED && sec1.p[0] == 4);
	if (!form || !secp256k1_ec_pubkey_parse(plain(), &point, sec1.p, sec1.n))
		return err_fail(ERR_REQUEST, "a secp256k1 public key (%zu bytes) is not a point in SEC1 form", sec1.n);
	*out = secp_compress(&point);
	return OK;
}

err secp_pk_read_der(secp_pk *out, slice spki)
{
	/* SEQUENCE { SEQUENCE { id-ecPublicKey, secp256k1 }, BIT STRING of 65 bytes }: DER has one way to write it. */
	static const uint8_t HEAD[] = { 0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
	                                0x00, 0x0a, 0x03, 0x42, 0x00 };

	if (spki.n != sizeof HEAD + 1 + SECP_PK_PLAIN || memcmp(spki.p, HEAD, sizeof HEAD))
		return err_fail(ERR_REQUEST, "%zu bytes are not a public key of secp256k1 in DER", spki.n);
	return secp_pk_read(out, slice_of(spki.p + sizeof HEAD, spki.n - sizeof HEAD));
}

static void write_plain(uint8_t out[static SECP_PK_PLAIN], const secp256k1_pubkey *point)
{
	uint8_t sec1[1 + SECP_PK_PLAIN];
	size_t n = sizeof sec1;

	ASSERT(secp256k1_ec_pubkey_serialize(plain(), sec1, &n, point, SECP256K1_EC_UNCOMPRESSED) == 1 && n == sizeof sec1);
	memcpy(out, sec1 + 1, SECP_PK_PLAIN);
}

void secp_pk_plain(uint8_t out[static SECP_PK_PLAIN], const secp_pk *pk)
{
	secp256k1_pubkey point;

	ASSERT(secp256k1_ec_pubkey_parse(plain(), &point, pk->b, sizeof pk->b) == 1);
	write_plain(out, &point);
}

/* What the library's exchange does with the product: nothing. */
static int keep_both(unsigned char *out, const unsigned char *x, const unsigned char *y, void *data)
{
	(void)data;
	memcpy(out, x, SECP_PK_PLAIN / 2);
	memcpy(out + SECP_PK_PLAIN / 2, y, SECP_PK_PLAIN / 2);
	return 1;
}

err secp_point_read(secp_point *out, slice pk)
{
	secp256k1_pubkey point;

	if (pk.n != SECP_PK || !secp256k1_ec_pubkey_parse(plain(), &point, pk.p, pk.n))
		return err_fail(ERR_REQUEST, "%zu bytes are no compressed point of secp256k1", pk.n);
	write_plain(out->xy, &point);
	return OK;
}

void secp_point_mul(uint8_t out[static SECP_PK_PLAIN], const secp_sk *sk, const secp_point *P)
{
	uint8_t sec1[1 + SECP_PK_PLAIN] = { 4 };
	secp256k1_pubkey point;

	memcpy(sec1 + 1, P->xy, sizeof P->xy);
	ASSERT(secp256k1_ec_pubkey_parse(plain(), &point, sec1, sizeof sec1) == 1);
	ASSERT(done(secp256k1_ecdh(plain(), out, &point, sk->b, keep_both, NULL)));
}

secp_sig secp_sign(const secp *s, const secp_sk *sk, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_ecdsa_signature sig;
	secp_sig out;

	ASSERT(done(secp256k1_ecdsa_sign(s->blinded, &sig, digest, sk->b, NULL, NULL)));
	DECLASSIFY(&sig, sizeof sig, "a signature is published");
	secp256k1_ecdsa_signature_serialize_compact(plain(), out.b, &sig);
	return out;
}

secp_rsig secp_sign_recoverable(const secp *s, const secp_sk *sk, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_ecdsa_recoverable_signature sig;
	secp_rsig out;
	int id;

	ASSERT(done(secp256k1_ecdsa_sign_recoverable(s->blinded, &sig, digest, sk->b, NULL, NULL)));
	DECLASSIFY(&sig, sizeof sig, "a signature is published");
	secp256k1_ecdsa_recoverable_signature_serialize_compact(plain(), out.b, &id, &sig);
	ASSERT(id == 0 || id == 1);          /* 2 and 3 mean that r overflowed the order: probability 2^-127 */
	out.b[SECP_SIG] = (uint8_t)(27 + id);
	return out;
}

bool secp_verify_var(const secp_pk *pk, const secp_sig *sig, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_pubkey point;
	secp256k1_ecdsa_signature parsed;

	/* The library's verification refuses a high s by itself. */
	return secp256k1_ec_pubkey_parse(plain(), &point, pk->b, sizeof pk->b)
	    && secp256k1_ecdsa_signature_parse_compact(plain(), &parsed, sig->b)
	    && secp256k1_ecdsa_verify(plain(), &parsed, digest, &point);
}

static bool s_is_high(const secp_rsig *sig)
{
	secp256k1_ecdsa_signature parsed;
	return !secp256k1_ecdsa_signature_parse_compact(plain(), &parsed, sig->b)
	    || secp256k1_ecdsa_signature_normalize(plain(), NULL, &parsed);
}

static bool recover(secp256k1_pubkey *point, const secp_rsig *sig, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_ecdsa_recoverable_signature parsed;
	const int id = sig->b[SECP_SIG] - 27;

	return (id == 0 || id == 1) && !s_is_high(sig)
	    && secp256k1_ecdsa_recoverable_signature_parse_compact(plain(), &parsed, sig->b, id)
	    && secp256k1_ecdsa_recover(plain(), point, &parsed, digest);
}

bool secp_recover_var(secp_pk *out, const secp_rsig *sig, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_pubkey point;

	if (!recover(&point, sig, digest)) return false;
	*out = secp_compress(&point);
	return true;
}

bool secp_recover_plain_var(uint8_t out[static SECP_PK_PLAIN], const secp_rsig *sig, const uint8_t digest[static SECP_DIGEST])
{
	secp256k1_pubkey point;

	if (!recover(&point, sig, digest)) return false;
	write_plain(out, &point);
	return true;
}

err secp_sig_read_der(secp_sig *out, slice der)
{
	secp256k1_ecdsa_signature sig;

	if (!der.n || !secp256k1_ecdsa_signature_parse_der(plain(), &sig, der.p, der.n))
		return err_fail(ERR_REQUEST, "%zu bytes are not a signature of secp256k1 in DER", der.n);
	(void)secp256k1_ecdsa_signature_normalize(plain(), &sig, &sig);
	secp256k1_ecdsa_signature_serialize_compact(plain(), out->b, &sig);
	return OK;
}

bool secp_sig_complete_var(secp_rsig *out, const secp_sig *sig, const secp_pk *pk, const uint8_t digest[static SECP_DIGEST])
{
	secp_rsig whole;
	secp_pk who;

	memcpy(whole.b, sig->b, sizeof sig->b);
	for (uint8_t v = 27; v <= 28; v++) {
		whole.b[SECP_SIG] = v;
		if (!secp_recover_var(&who, &whole, digest) || memcmp(who.b, pk->b, sizeof who.b)) continue;
		*out = whole;
		return true;
	}
	return false;
}
