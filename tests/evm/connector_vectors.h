/* SPDX-License-Identifier: MIT */
/* tests/evm/connector_vectors.h -- recordings of a chain with the contracts of v0.11: ../shared/vectors/connector. */
#ifndef ARCA_TESTS_EVM_CONNECTOR_VECTORS_H
#define ARCA_TESTS_EVM_CONNECTOR_VECTORS_H

#include <stdlib.h>
#include "tests/kat/json.h"
#include "base/id.h"
#include "evm/kms_events.h"

/* Ids of requests: a byte that tells the kind, and a counter. */
static inline id32 counted_id(uint8_t kind, uint8_t counter)
{
	return (id32){ { [0] = kind, [31] = counter } };
}

/* "4523…": a decimal number of any length up to 256 bits. */
static inline id32 id_of_decimal(const json_t *j)
{
	id32 id = { 0 };
	for (const char *p = json_string_value(j); *p; p++) {
		unsigned carry = (unsigned)(*p - '0');
		for (int i = 31; i >= 0; i--) {
			carry += id.b[i] * 10u;
			id.b[i] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	return id;
}

static inline eth_address address_of_json(const json_t *j)
{
	eth_address a;
	json_bytes(a.b, sizeof a.b, j);
	return a;
}

static inline uint64_t number_of_json(const json_t *j)
{
	if (json_is_integer(j)) return (uint64_t)json_integer_value(j);
	return strtoull(json_string_value(j), NULL, 0);
}


#endif
