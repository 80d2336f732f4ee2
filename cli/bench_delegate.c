/* SPDX-License-Identifier: MIT */
/* cli/bench_delegate.c -- a devnet with a delegation KMS, and callers that are this process. */
#include "cli/bench_delegate.h"
#include <stdlib.h>
#include "base/hex.h"
#include "bench/delegate_calls.h"
#include "cli/bench_devnet.h"

enum { CALLERS = 8, SERVED = 2048, SHARED = 1024, ALONE = 256 };

static err gateway_of(secp_sk *out, const bench_devnet *d)
{
	const char *file = json_string_value(json_object_get(d->net.delegation, "gateway_key_file"));

	return file ? key_file_read(out, file) : err_fail(ERR_INTERNAL, "the devnet tells of no gateway");
}

static err open_askers(askers *a, const bench_devnet *d)
{
	const json_t *chain = json_object_get(d->net.delegation, "chain_id");
	const char *pk = json_string_value(json_object_get(d->net.delegation, "public_key"));
	uint8_t sec1[SECP_PK];
	secp_sk sk;

	*a = (askers){ 0 };
	TRY(gateway_of(&sk, d));
	const err e = askers_open(a, (uint32_t)json_integer_value(chain), &sk);
	wipe(&sk, sizeof sk);
	TRY(e);
	a->wallet = d->net.party[0].signer;
	if (!pk || !hex_read(sec1, sizeof sec1, slice_str(pk))) return err_fail(ERR_INTERNAL, "the devnet tells of no key");
	return secp_pk_read(&a->P, slice_of(sec1, sizeof sec1));
}

static err measure(bench *b, const bench_devnet *d, size_t requests, unsigned callers)
{
	const char *colon = strrchr(d->net.party[0].http, ':');
	askers a;

	err e = open_askers(&a, d);
	if (e == OK) e = askers_over_http(b, &a, (unsigned)strtoul(colon + 1, NULL, 10), requests, callers);
	askers_close(&a);
	return e;
}

/* arg: parties, and whether requests come one at a time. */
static err serve(bench *b)
{
	const unsigned parties = b->row->arg[0] == 1 || !b->options->parties ? b->row->arg[0] : b->options->parties, alone = b->row->arg[1];
	const unsigned callers = alone ? 1 : b->options->threads ? b->options->threads : CALLERS;
	bench_devnet d;

	TRY(bench_devnet_delegation(&d, parties));
	const err e = measure(b, &d, alone ? ALONE : parties == 1 ? SERVED : SHARED, callers);
	bench_devnet_down(&d);
	return e;
}

static const bench_row ROWS[] = {
	{ "delegate/http", "1/s", "delegations of a node over HTTP, 8 connections kept alive (--threads)", serve, { 1, 0 } },
	{ "delegate/threshold", "1/s", "the same of four nodes that share the key (--parties), one of which combines", serve, { 4, 0 } },
	{ "delegate/threshold-alone", "ms", "a lone one of these, in the middle of 256", serve, { 4, 1 } },
};
const bench_group BENCH_DELEGATE_HTTP = { ROWS, COUNT(ROWS), NULL, NULL };
