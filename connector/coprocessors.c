/* SPDX-License-Identifier: MIT */
/* connector/coprocessors.c -- the coprocessors, read from the gateway's configuration. */
#include "connector/coprocessors.h"
#include <stdlib.h>
#include "connector/reads.h"

/* Signers and threshold; the senders, by whom the rest is known, stay in the arena. */
static err read_lists(coprocessors *c, const eth_address **sender, size_t *n, arena *memory, providers *gateway, const eth_address *config)
{
	static const call_read WHICH[] = { READ_COPROCESSOR_SIGNERS, READ_COPROCESSOR_SENDERS, READ_COPROCESSOR_MAJORITY };
	chain_read r[COUNT(WHICH)] = { 0 };
	const eth_address *signs = NULL;
	size_t signers = 0;
	uint64_t threshold = 0;

	for (size_t i = 0; i < COUNT(WHICH); i++) chain_read_set(&r[i], config, WHICH[i], NULL, 0);
	err e = chain_reads(gateway, r, COUNT(r), eth_tag("latest"));
	if (e == OK) e = call_read_addresses(&signs, &signers, memory, WHICH[0], buf_slice(&r[0].answer));
	if (e == OK) e = call_read_addresses(sender, n, memory, WHICH[1], buf_slice(&r[1].answer));
	if (e == OK) e = call_read_u64(&threshold, WHICH[2], buf_slice(&r[2].answer));
	chain_reads_free(r, COUNT(r));
	TRY(e);
	if (signers > MAX_COPROCESSORS || *n > MAX_COPROCESSORS)
		return err_fail(ERR_STATE, "the gateway's configuration has %zu coprocessors, more than the %d that are supported", signers, MAX_COPROCESSORS);
	if (threshold == 0 || threshold > signers)
		return err_fail(ERR_STATE, "the gateway's configuration wants %ju of %zu coprocessors to agree: no ciphertext can be believed",
		                (uintmax_t)threshold, signers);
	for (size_t i = 0; i < signers; i++) c->signer[i] = signs[i];
	c->signers = signers;
	c->threshold = (size_t)threshold;
	return OK;
}

static err read_buckets(coprocessors *c, const eth_address *sender, size_t n, providers *gateway, const eth_address *config)
{
	chain_read r[MAX_COPROCESSORS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const abi_word who = abi_address(&sender[i]);
		chain_read_set(&r[i], config, READ_COPROCESSOR, &who, 1);
	}
	err e = chain_reads(gateway, r, n, eth_tag("latest"));
	for (size_t i = 0; e == OK && i < n; i++) {
		call_party party;
		e = call_read_party(&party, READ_COPROCESSOR, buf_slice(&r[i].answer));
		if (e != OK || party.url.n == 0) continue;
		c->bucket[c->buckets] = strndup((const char *)party.url.p, party.url.n);
		if (!c->bucket[c->buckets]) e = err_fail(ERR_NOMEM, "no memory for a bucket's URL");
		else c->buckets++;
	}
	chain_reads_free(r, n);
	return e;
}

err coprocessors_load(coprocessors **out, providers *gateway, const eth_address *gateway_config)
{
	coprocessors *c = calloc(1, sizeof *c);
	arena memory = arena_with_limit(1 << 20);
	const eth_address *sender = NULL;
	size_t n = 0;

	if (!c) return err_fail(ERR_NOMEM, "no memory for the coprocessors");
	atomic_init(&c->holders, 1);
	err e = read_lists(c, &sender, &n, &memory, gateway, gateway_config);
	if (e == OK) e = read_buckets(c, sender, n, gateway, gateway_config);
	arena_free(&memory);
	if (e == OK) *out = c;
	else coprocessors_release(&c);
	return e;
}

coprocessors *coprocessors_hold(coprocessors *c)
{
	if (c) atomic_fetch_add(&c->holders, 1);
	return c;
}

void coprocessors_release(coprocessors **c)
{
	coprocessors *mine = *c;

	*c = NULL;
	if (!mine || atomic_fetch_sub(&mine->holders, 1) != 1) return;
	for (size_t i = 0; i < mine->buckets; i++) free(mine->bucket[i]);
	free(mine);
}

bool coprocessors_has(const coprocessors *c, const eth_address *who)
{
	for (size_t i = 0; i < c->signers; i++)
		if (eth_address_eq_var(c->signer[i], *who)) return true;
	return false;
}
