/* SPDX-License-Identifier: MIT */
/* A reader's RSA key: one that is taken has numbers within bounds, is the only encoding of them, and can be sealed to; and its PEM. */
#include <string.h>
#include "delegate/rsa.h"
#include "fuzz/fuzz.h"
#include "fuzz/sevens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf) sealed = { 0 }, der = { 0 }, pem = { 0 }, again = { 0 };
	rsa_pk pk;

	if (rsa_pk_read(&pk, slice_of(data, size)) == OK) {
		ASSERT(pk.n.n >= RSA_BITS_LEAST / 8 && pk.n.n <= RSA_MODULUS_MOST && pk.n.p[0] && pk.n.p[pk.n.n - 1] & 1);
		ASSERT(pk.e.n >= 3 && pk.e.n <= 5 && pk.e.p[0] && pk.e.p[pk.e.n - 1] & 1);
		ASSERT(pk.e.p + pk.e.n == data + size);
		rsa_seal(&sealed, &pk, slice_of(data, 32), &SEVENS);
		ASSERT(sealed.n == pk.n.n);
	}
	if (spki_read_pem(&der, slice_of(data, size)) == OK) {
		spki_write_pem(&pem, buf_slice(&der));
		ASSERT(spki_read_pem(&again, buf_slice(&pem)) == OK && slice_eq_var(buf_slice(&again), buf_slice(&der)));
	}
	err_clear();
	return 0;
}
