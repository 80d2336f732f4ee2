/* SPDX-License-Identifier: MIT */
/* cli/delegate_nodes.c -- the same question to every node, and what more of them say than may be corrupt. */
#include "cli/delegate_nodes.h"
#include "base/hex.h"
#include "cli/request.h"
#include "evm/address.h"

enum { BEFORE_S = 60, AFTER_S = 200 };          /* how long what is asked for holds, around now */

bool kms_nodes_named(const cli *c) { return args_has(&c->args, "devnet") || args_has(&c->args, "nodes"); }

static err read_chain(kms_nodes *n, cli *c)
{
	const char *number = args_text(&c->args, "chain-id");
	const json_t *told = json_object_get(n->net.delegation, "chain_id");

	if (number)
		return chain_id_read(&n->chain_id, slice_str(number)) ? OK : cli_usage(c, "--chain-id %.20s: wants a whole number below 2^32", number);
	if (!json_is_integer(told) || json_integer_value(told) < 0 || json_integer_value(told) > UINT32_MAX)
		return cli_usage(c, "--chain-id is missing: this file tells of no delegation");
	n->chain_id = (uint32_t)json_integer_value(told);
	return OK;
}

err kms_nodes_open(kms_nodes *n, cli *c)
{
	*n = (kms_nodes){ 0 };
	TRY(cluster_of_args(&n->net, c));
	const err e = read_chain(n, c);
	if (e != OK) kms_nodes_free(n);
	return e;
}

void kms_nodes_free(kms_nodes *n)
{
	cluster_free(&n->net);
	buf_free(&n->description);
	*n = (kms_nodes){ 0 };
}

/* ---- what the key is -------------------------------------------------------------------------------------------------- */

static void put_url(buf *out, const kms_nodes *n, size_t i, const char *path)
{
	buf_printf(out, "%s%s?chain_id=%u", n->net.party[i].http, path, n->chain_id);
}

/* Says what is wrong with a node, and goes on without it. */
static void pass_over(cli *c, const kms_nodes *n, size_t i)
{
	fprintf(stderr, "party %u: %s\n", n->net.party[i].party_id, err_text());
	err_clear();
	c->code = 0;
}

static err describe(group_key *out, buf *text, cli *c, const kms_nodes *n, size_t i)
{
	char found[ADDRESS_TEXT], wanted[ADDRESS_TEXT];
	AUTO(buf) url = { 0 };
	eth_address by;
	party index;

	put_url(&url, n, i, "/v1/public-key");
	TRY(kms_ask(text, c, buf_str(&url), NULL, NULL));
	TRY(description_read(out, &index, &by, n->chain_id, buf_slice(text)));
	if (eth_address_eq_var(by, n->net.party[i].signer)) return OK;
	address_text(found, &by);
	address_text(wanted, &n->net.party[i].signer);
	return err_fail(ERR_STATE, "what it says of the key is signed by %s, not by its wallet %s", found, wanted);
}

/* The newest that enough say, *from: one of those; false: none. */
static bool choose(size_t *from, const group_key *said, const bool *heard, size_t n, size_t corrupt)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		size_t alike = 0;
		for (size_t j = 0; j < n; j++) alike += heard[i] && heard[j] && description_eq_var(&said[i], &said[j]);
		if (alike <= (corrupt > said[i].T ? corrupt : said[i].T)) continue;
		if (!found || said[i].epoch > said[*from].epoch) *from = i;
		found = true;
	}
	return found;
}

err kms_nodes_key(kms_nodes *n, cli *c)
{
	buf text[MAX_PARTIES] = { 0 };
	group_key *said = calloc(MAX_PARTIES, sizeof *said);
	bool heard[MAX_PARTIES] = { 0 };
	size_t from = 0, answers = 0;
	err e = OK;

	ASSERT(said);
	for (size_t i = 0; i < n->net.parties; i++) {
		heard[i] = describe(&said[i], &text[i], c, n, i) == OK;
		answers += heard[i];
		if (!heard[i]) pass_over(c, n, i);
	}
	if (choose(&from, said, heard, n->net.parties, n->net.threshold)) {
		n->key = said[from];
		buf_put_slice(&n->description, buf_slice(&text[from]));
	} else {
		if (answers <= n->net.threshold) c->code = EXIT_UNAVAILABLE;
		e = err_fail(ERR_STATE, "%zu of %zu nodes say what the key of chain %u is, and %u must say the same", answers, n->net.parties,
		             n->chain_id, (unsigned)n->net.threshold + 1);
	}
	for (size_t i = 0; i < n->net.parties; i++) buf_free(&text[i]);
	free(said);
	return e;
}

/* ---- parts of an answer ---------------------------------------------------------------------------------------------------- */

static delegate_v1 question(const kms_nodes *n, const secp_pk *K, slice spki)
{
	const uint64_t now = (uint64_t)(clock_unix_ms(clock_system()) / 1000);
	delegate_v1 d = { .chain_id = n->chain_id, .target_hash = keccak256(spki), .epoch = n->key.epoch, .not_before = now - BEFORE_S,
	                  .expires_at = now + AFTER_S };

	memcpy(d.key_id.b, n->key.key_id.b, sizeof d.key_id.b);
	memcpy(d.ephemeral, K->b, sizeof d.ephemeral);
	rng_fill(rng_os(), d.nonce.b, sizeof d.nonce.b);
	return d;
}

static err gather_one(buf *sealed, cli *c, const kms_nodes *n, size_t i, const delegate_v1 *d, slice body, const char *authorization)
{
	AUTO(buf) url = { 0 }, answer = { 0 };

	put_url(&url, n, i, "/v1/delegate/partial");
	TRY(kms_ask(&answer, c, buf_str(&url), authorization, &body));
	return delegate_v1_partial_read(sealed, d, &n->net.party[i].signer, buf_slice(&answer));
}

err kms_nodes_gather(buf *file, size_t *got, kms_nodes *n, cli *c, const secp_pk *K, slice spki, const signer *gateway)
{
	const delegate_v1 d = question(n, K, spki);
	AUTO(buf) body = { 0 }, authorization = { 0 };
	buf sealed[MAX_PARTIES] = { 0 };
	size_t found = 0;
	err e = OK;

	delegate_v1_body(&body, &d, spki);
	delegate_v1_authorization(&authorization, &d, gateway);
	for (size_t i = 0; i < n->net.parties; i++) {
		if (gather_one(&sealed[found], c, n, i, &d, buf_slice(&body), buf_str(&authorization)) == OK) found++;
		else pass_over(c, n, i);
	}
	if (found <= n->key.T) {
		c->code = EXIT_UNAVAILABLE;
		e = err_fail(ERR_STATE, "%zu of %zu nodes gave their part, and %u are needed", found, n->net.parties, n->key.T + 1);
	} else {
		parts_write(file, n->chain_id, buf_slice(&body), buf_slice(&n->description), sealed, found);
		*got = found;
	}
	for (size_t i = 0; i < n->net.parties; i++) buf_free(&sealed[i]);
	return e;
}
