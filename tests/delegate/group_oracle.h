/* SPDX-License-Identifier: MIT */
/* tests/delegate/group_oracle.h -- whether shares are of a key: by putting them together, which nobody else ever does. */
#ifndef ARCA_TESTS_DELEGATE_GROUP_ORACLE_H
#define ARCA_TESTS_DELEGATE_GROUP_ORACLE_H

#include "delegate/group.h"
#include "tests/test.h"

static inline secp_sk sk_of(secp_scalar a)
{
	secp_sk sk;

	assert_true(secp_sk_of_scalar(&sk, &a));
	return sk;
}

/* f(0) of the shares of Q. */
static inline secp_sk group_secret(const group_share *held, party_set Q)
{
	secp_scalar weight[MAX_PARTIES + 1], sum = secp_scalar_of(0);

	feldman_weights(weight, Q);
	FOR_EACH_IN(i, Q) {
		const secp_scalar x = secp_scalar_of_sk(&held[i].s), term = secp_scalar_mul(&weight[i], &x);
		sum = secp_scalar_add(&sum, &term);
	}
	return sk_of(sum);
}

/* NULL: held[i], for all i in Q, of T + 1 parties or more, are shares of the key. */
static inline const char *group_violated(const group_key *key, const group_share *held, party_set Q, const secp *curve)
{
	party_set few = 0;

	FOR_EACH_IN(i, Q) {
		const secp_pk Y = secp_pk_of(curve, &held[i].s);
		if (held[i].index != i || memcmp(&Y, &key->Y[i], sizeof Y) != 0) return "a share is not what all think it is";
		if (size_of_set(few) <= key->T) add_to(&few, i);
	}
	const secp_sk all = group_secret(held, Q), some = group_secret(held, few);
	const secp_pk P = secp_pk_of(curve, &all);
	if (memcmp(&all, &some, sizeof all) != 0) return "the shares lie on no polynomial of degree T";
	if (memcmp(&P, &key->P, sizeof P) != 0) return "the shares are of another key";
	return NULL;
}

#endif
