/* SPDX-License-Identifier: MIT */
/* connector/nonces.c -- the numbers of a wallet's transactions. */
#include "connector/nonces.h"
#include <string.h>
#include "base/base.h"

void nonces_start(nonces *n, uint64_t next)
{
	n->next = next;
	n->gaps = 0;
}

static void remove_lowest(nonces *n, size_t count)
{
	n->gaps -= count;
	memmove(n->gap, n->gap + count, n->gaps * sizeof n->gap[0]);
}

uint64_t nonces_take(nonces *n)
{
	if (n->gaps == 0) return n->next++;
	const uint64_t lowest = n->gap[0];
	remove_lowest(n, 1);
	return lowest;
}

void nonces_give_back(nonces *n, uint64_t nonce)
{
	size_t at = n->gaps;

	ASSERT(nonce < n->next && n->gaps < MAX_NONCE_GAPS);
	while (at > 0 && n->gap[at - 1] > nonce) at--;
	ASSERT(at == 0 || n->gap[at - 1] != nonce);
	memmove(n->gap + at + 1, n->gap + at, (n->gaps - at) * sizeof n->gap[0]);
	n->gap[at] = nonce;
	n->gaps++;
	while (n->gaps && n->gap[n->gaps - 1] + 1 == n->next) n->gaps--, n->next--;
}

void nonces_used_below(nonces *n, uint64_t count)
{
	size_t used = 0;

	while (used < n->gaps && n->gap[used] < count) used++;
	remove_lowest(n, used);
	if (n->next < count) n->next = count;
}

bool nonces_stalled(const nonces *n, uint64_t nonce)
{
	return n->gaps && n->gap[0] < nonce;
}
