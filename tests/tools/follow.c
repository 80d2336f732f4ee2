/* SPDX-License-Identifier: MIT */
/*
 * tests/tools/follow.c -- a listener on a real chain, one step a line of standard input.
 *
 * usage: follow URL CHAIN-ID DECRYPTION-CONTRACT DATABASE-URL
 *
 * Reads from block 1 or where the database is, until there is nothing more, for each line that comes; then prints how that went:
 *   {"ok":true,"cursor":12,"pending":3,"reorgs":0,"reason":""}
 */
#include <inttypes.h>
#include <stdlib.h>
#include "base/log.h"
#include "connector/listener.h"
#include "evm/address.h"

static void check(err e)
{
	if (e == OK) return;
	fprintf(stderr, "follow: %s\n", err_text());
	exit(1);
}

static listener *begin(queue *q, char **argv)
{
	static const uint64_t FIRST = 1;
	const uint64_t chain_id = strtoull(argv[2], NULL, 0);
	intake_chain chain = { .chain = QUEUE_GATEWAY, .profile = KMS_GATEWAY, .watched = { [KMS_DECRYPTION] = true } };
	providers *p = NULL;
	listener *l = NULL;
	jrpc *one = NULL;
	uint64_t cursor;
	bool known;

	check(address_parse(&chain.contract[KMS_DECRYPTION], "the contract", slice_str(argv[3])));
	check(jrpc_http_new(&one, &(jrpc_http_config){ .url = argv[1], .timeout_ms = 10000, .clock = clock_system(), .batch = 50 }));
	check(providers_new(&p, &(providers_config){ .each = &one, .n = 1, .chain_id = chain_id, .clock = clock_system() }));
	check(queue_cursor(&known, &cursor, q, QUEUE_GATEWAY));
	check(listener_new(&l, &(listener_config){
		.chain = chain, .name = "gateway", .from = known ? NULL : &FIRST, .range = 7, .poll_ms = 100, .max_errors = 3, .providers = p,
		.store = listener_store_of(q), .clock = clock_system(), .random = rng_os(),
	}));
	return l;
}

static void report(queue *q, listener *l, bool ok)
{
	static queue_count count[QUEUE_KINDS];
	listener_view v;
	uint64_t cursor;
	bool known;

	check(queue_counts(count, q));
	check(queue_cursor(&known, &cursor, q, QUEUE_GATEWAY));
	listener_look(l, &v);
	printf("{\"ok\":%s,\"cursor\":%" PRIu64 ",\"pending\":%" PRIu64 ",\"reorgs\":%" PRIu64 ",\"reason\":\"%s\"}\n", ok ? "true" : "false", cursor,
	       count[QUEUE_PUBLIC_DECRYPTION].rows[QUEUE_PENDING], v.reorgs, v.reason);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	listener_step step;
	queue *q = NULL;
	char line[64];

	if (argc != 5) return 64;
	log_setup(LOG_WARN, false);
	check(queue_open(&q, &(queue_config){ .store = { .url = argv[4] } }));
	listener *l = begin(q, argv);
	while (fgets(line, sizeof line, stdin)) {
		while ((step = listener_tick(l)) == LISTENER_AGAIN) {}
		report(q, l, step == LISTENER_IDLE);
	}
	listener_free(&l);
	queue_close(&q);
	return 0;
}
