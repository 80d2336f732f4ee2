/* SPDX-License-Identifier: MIT */
/* tests/delegate/threshold.h -- the known answers of a key of which five parties have shares, three of which answer. */
#ifndef ARCA_TESTS_DELEGATE_THRESHOLD_H
#define ARCA_TESTS_DELEGATE_THRESHOLD_H

#include "tests/delegate/group_oracle.h"
#include "tests/delegate/known.h"

static inline secp_scalar json_scalar(const json_t *j)
{
	uint8_t b[SECP_SK];
	secp_scalar a;

	json_bytes(b, sizeof b, j);
	assert_true(secp_scalar_read(&a, b));
	return a;
}

static inline secp_pk json_point(const json_t *j)
{
	buf b = json_hex(j);
	secp_pk P;

	assert_ok(secp_pk_read(&P, buf_slice(&b)));
	buf_free(&b);
	return P;
}

typedef struct threshold_known {
	json_t      *json;
	group_key    key;
	group_share  share[6];
	feldman_poly f;
	secp_pk      A[3], K;
} threshold_known;

static inline threshold_known threshold_known_read(void)
{
	threshold_known x = { .json = json_vector("delegation/threshold-kat.json"), .key = { .n = 5, .T = 2 }, .f = { .degree = 2 } };
	const json_t *proof = json_member(x.json, "dleq");
	char name[8];

	x.key.P = json_point(json_member(x.json, "publicKey"));
	x.K = json_point(json_member(x.json, "K"));
	json_bytes_of(x.key.key_id.b, 32, proof, "key_id");
	x.key.epoch = (uint32_t)json_integer_value(json_member(proof, "epoch"));
	for (unsigned k = 0; k < 3; k++) {
		x.f.a[k] = json_scalar(json_array_get(json_member(x.json, "coefficients"), k));
		x.A[k] = json_point(json_array_get(json_member(x.json, "feldman"), k));
	}
	for (party i = 1; i <= 5; i++) {
		snprintf(name, sizeof name, "%u", i);
		x.share[i] = (group_share){ i, sk_of(json_scalar(json_member(json_member(x.json, "shares"), name))) };
		x.key.Y[i] = json_point(json_member(json_member(x.json, "verification_shares"), name));
	}
	return x;
}

#endif
