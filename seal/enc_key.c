/* SPDX-License-Identifier: MIT */
/* seal/enc_key.c -- one prefix, compared as a whole. */
#include "seal/enc_key.h"

enum { PREFIX = ENC_KEY_BYTES - MLKEM_512_EK, VARIANT_AT = 57, KEM_1024 = 1 };

static const uint8_t WIRE_PREFIX[PREFIX] =
	"\x03\0\0\0\0\0\0\0" "0.5"                       /* version of the envelope            */
	"\0\0\0\0"                                       /* versioned                          */
	"\x03\0\0\0\0\0\0\0" "0.1"                       /* version of the versioning          */
	"\x13\0\0\0\0\0\0\0" "UnifiedPublicEncKey"
	"\0\0\0\0"                                       /* first version of the type          */
	"\0\0\0\0"                                       /* ML-KEM-512                         */
	"\x20\x03\0\0\0\0\0\0";                          /* 800                                */

void enc_key_generate(enc_key *ek, dec_key *dk, const rng *r)
{
	uint8_t d[MLKEM_SEED], z[MLKEM_SEED];

	rng_fill(r, d, sizeof d);
	rng_fill(r, z, sizeof z);
	mlkem_keygen(&MLKEM_512, ek->ek, dk->dk, d, z);
	wipe(d, sizeof d);
	wipe(z, sizeof z);
}

enc_key enc_key_of(const dec_key *dk)
{
	enc_key k;
	memcpy(k.ek, mlkem_dk_ek(&MLKEM_512, dk->dk), sizeof k.ek);
	return k;
}

void enc_key_write(uint8_t out[static ENC_KEY_BYTES], const enc_key *k)
{
	memcpy(out, WIRE_PREFIX, PREFIX);
	memcpy(out + PREFIX, k->ek, sizeof k->ek);
}

err enc_key_read(enc_key *out, slice wire)
{
	if (wire.n >= VARIANT_AT + 4 && memcmp(wire.p, WIRE_PREFIX, VARIANT_AT) == 0
	    && load32(wire.p + VARIANT_AT) == KEM_1024)
		return err_fail(ERR_UNSUPPORTED, "the user's encryption key is ML-KEM-1024; send an ML-KEM-512 key");
	if (wire.n != ENC_KEY_BYTES)
		return err_fail(ERR_REQUEST, "the user's encryption key has %zu bytes; an ML-KEM-512 key in its envelope has %d",
		                wire.n, ENC_KEY_BYTES);
	if (memcmp(wire.p, WIRE_PREFIX, PREFIX) != 0)
		return err_fail(ERR_REQUEST, "the user's encryption key is not a UnifiedPublicEncKey holding an ML-KEM-512 key");
	if (!mlkem_ek_valid_var(&MLKEM_512, wire.p + PREFIX))
		return err_fail(ERR_REQUEST, "the user's encryption key has a coefficient that is not below 3329");
	memcpy(out->ek, wire.p + PREFIX, sizeof out->ek);
	return OK;
}
