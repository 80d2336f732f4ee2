/* SPDX-License-Identifier: MIT */
/*
 * A dealer's message to four parties, and behind it a complaint about it: what is read as a deal does not open as another's, and
 * a complaint, which anybody can prove here, is right only if its party cannot open its share.
 */
#include <stdlib.h>
#include "delegate/dealing.h"
#include "fuzz/fuzz.h"
#include "fuzz/sevens.h"

enum { N = 4, T = 1 };

static secp *curve;
static void release(void) { secp_free(&curve); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const hash32 sid = { { 1 } };
	static const secp_sk e = { { [31] = 2 } };
	const size_t bytes = deal_bytes(N, T);
	static secp_pk E[N + 1];
	secp_scalar share;
	dealt d;

	if (!curve) {
		ASSERT(atexit(release) == 0 && secp_new(&curve, &SEVENS) == OK);
		for (party j = 1; j <= N; j++) E[j] = secp_pk_of(curve, &e);
	}
	const deal_terms x = { .sid = &sid, .n = N, .T = T, .to = parties_all(N), .E = E };
	if (size >= bytes && dealt_read(&d, &x, 1, slice_of(data, bytes))) {
		ASSERT(d.sealed.n == N * SECP_SK && !dealt_open(&share, &d, &x, 2, 1, &e, curve));
		if (size - bytes >= COMPLAINT_BYTES && data[bytes] == 1 && complaint_judge(data + bytes, &d, &x, 2, curve) == COMPLAINT_RIGHT)
			ASSERT(!dealt_open(&share, &d, &x, 1, 2, &e, curve));
	}
	return 0;
}
