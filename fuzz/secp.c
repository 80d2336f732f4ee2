/* SPDX-License-Identifier: MIT */
/* Public keys and signatures from outside: a key that is read is a point, a key that is recovered verifies. */
#include "curve/secp.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t xy[SECP_PK_PLAIN];
	secp_pk pk, again;
	secp_point at;
	secp_rsig rsig;
	secp_sig sig;

	if (secp_pk_read(&pk, slice_of(data, size)) == OK) {
		secp_pk_plain(xy, &pk);
		ASSERT(memcmp(xy, pk.b + 1, SECP_PK - 1) == 0);
		ASSERT(secp_pk_read(&again, slice_of(pk.b, sizeof pk.b)) == OK && memcmp(&again, &pk, sizeof pk) == 0);
		ASSERT((secp_point_read(&at, slice_of(data, size)) == OK) == (size == SECP_PK));
		if (size == SECP_PK) ASSERT(memcmp(at.xy, xy, sizeof xy) == 0);
	}
	if (secp_pk_read_der(&pk, slice_of(data, size)) == OK) {
		secp_pk_plain(xy, &pk);
		ASSERT(memcmp(xy, data + size - sizeof xy, sizeof xy) == 0);
	}
	if (size > SECP_DIGEST && secp_sig_read_der(&sig, slice_of(data + SECP_DIGEST, size - SECP_DIGEST)) == OK) {
		memcpy(rsig.b, sig.b, sizeof sig.b);
		for (rsig.b[SECP_SIG] = 27; rsig.b[SECP_SIG] <= 28; rsig.b[SECP_SIG]++)
			if (secp_recover_var(&pk, &rsig, data)) ASSERT(secp_sig_complete_var(&rsig, &sig, &pk, data) && secp_verify_var(&pk, &sig, data));
	}
	if (size >= SECP_RSIG + SECP_DIGEST) {
		memcpy(rsig.b, data, SECP_RSIG);
		memcpy(sig.b, data, SECP_SIG);
		if (secp_recover_var(&pk, &rsig, data + SECP_RSIG)) ASSERT(secp_verify_var(&pk, &sig, data + SECP_RSIG));
	}
	err_clear();
	return 0;
}
