/* SPDX-License-Identifier: MIT */
/* node/delegate.c -- keys from files into guarded memory. */
#include "node/delegate.h"
#include <limits.h>
#include "delegate/key_file.h"
#include "delegate/on_chain.h"
#include "evm/address.h"

static err open_wallet(signer **out, const char *path, const rng *random)
{
	secp_sk sk;

	TRY(key_file_read(&sk, path));
	err e = signer_new(out, &sk, random);
	wipe(&sk, sizeof sk);
	return e;
}

static err read_chains(delegate_chain *out, const node_config *c)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++) {
		const chain_config *from = (const chain_config *)c->delegation.chains.row + i;
		out[i].id = (uint32_t)from->chain_id;
		TRY(address_parse(&out[i].gateway, "delegation.chains: gateway", slice_str(from->gateway)));
		out[i].shared = from->key_file[0] == '\0';
		if (!out[i].shared) TRY(key_file_read(&out[i].key, from->key_file));
	}
	return OK;
}

/* ---- on chain -------------------------------------------------------------------------------------------------- */

enum { RPC_TIMEOUT_MS = 10000, MAX_URL = 2048 };

static err open_providers(providers **out, const chain_config *from)
{
	jrpc *each[MAX_PROVIDERS];
	char url[MAX_URL + 1];
	size_t n = 0;
	err e = OK;

	for (const char *s = from->rpc_urls; e == OK && *s;) {
		const size_t length = strcspn(s, ",");
		if (n == MAX_PROVIDERS) e = err_fail(ERR_REQUEST, "at most %d are possible", MAX_PROVIDERS);
		snprintf(url, sizeof url, "%.*s", (int)length, s);
		if (e == OK) e = jrpc_http_new(&each[n], &(jrpc_http_config){ .url = url, .timeout_ms = RPC_TIMEOUT_MS, .clock = clock_system(), .batch = 2 });
		if (e == OK) n++;
		s += length + (s[length] == ',');
	}
	if (e != OK) {
		while (n) jrpc_free(&each[--n]);
		err_context("delegation.chains: rpc_urls: ");
		return e;
	}
	return providers_new(out, &(providers_config){ .each = each, .n = n, .chain_id = (uint64_t)from->chain_id, .clock = clock_system() });
}

/* Does the chain's contract know this gateway and this key?  Of a key that is shared only the gateway is compared: the
 * chain may learn it later than the nodes. */
static err ask_chain(const chain_config *from, const delegate_chain *chain, const rng *random)
{
	AUTO(secp) *curve = NULL;
	eth_address contract;
	providers *p = NULL;
	secp_pk key;

	if (!from->contract[0]) return OK;
	TRY(address_parse(&contract, "delegation.chains: contract", slice_str(from->contract)));
	if (!chain->shared) {
		TRY(secp_new(&curve, random));
		key = secp_pk_of(curve, &chain->key);
	}
	TRY(open_providers(&p, from));
	const err e = on_chain_check(p, &contract, &chain->gateway, chain->shared ? NULL : &key);
	providers_free(&p);
	if (e != OK) err_context("chain %u: ", chain->id);
	return e;
}

static err ask_chains(const delegate_chain *chain, const node_config *c, const rng *random)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++)
		TRY(ask_chain((const chain_config *)c->delegation.chains.row + i, &chain[i], random));
	return OK;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static err open_nonces(node_delegate *d, const vault *v)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/delegation.nonces", vault_private_folder(v)) >= (int)sizeof path)
		return err_fail(ERR_REQUEST, "the path %.60s… is too long", vault_private_folder(v));
	return nonces_open(&d->used, path, clock_system());
}

err node_delegate_open(node_delegate *out, const node_config *c, const vault *v, const signer *own, const rng *random)
{
	delegate_chain chain[MAX_DELEGATE_CHAINS] = { 0 };

	if (!c->delegation.present) return OK;
	ASSERT(c->delegation.chains.n <= COUNT(chain));
	if (c->delegation.wallet_file[0]) TRY(open_wallet(&out->wallet, c->delegation.wallet_file, random));
	out->signs = out->wallet ? out->wallet : own;
	err e = read_chains(chain, c);
	if (e == OK) e = ask_chains(chain, c, random);
	if (e == OK) e = delegate_kms_new(&out->service.kms, chain, c->delegation.chains.n, out->signs, random);
	wipe(chain, sizeof chain);
	if (e == OK) e = open_nonces(out, v);
	if (e == OK) delegate_kms_remember(out->service.kms, out->used, clock_system());
	out->service.clock = clock_system();
	if (e != OK) node_delegate_close(out);
	return e;
}

/* The default context, or the only one, in which this node is. */
static bool choose(void *ctx, const mpc_context *k)
{
	const mpc_context **found = ctx;

	if (k->me && (!*found || id_eq_var(&k->id, &ID_DEFAULT_CONTEXT))) *found = k;
	return true;
}

static bool shares_keys(const node_config *c)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++)
		if (!((const chain_config *)c->delegation.chains.row)[i].key_file[0]) return true;
	return false;
}

/* Whose wallets sign parts of answers, those know who combine. */
static void made(void *ctx, const group_record *r)
{
	node_delegate *d = ctx;
	combining_know(d->combining, r->roster.wallet, r->roster.n);
}

static err keep_keys(node_delegate *d, const node_config *c, cluster *in, const mpc_context *k)
{
	uint32_t chain[MAX_DELEGATE_CHAINS];
	size_t chains = 0;

	for (size_t i = 0; i < c->delegation.chains.n; i++) {
		const chain_config *from = (const chain_config *)c->delegation.chains.row + i;
		if (!from->key_file[0]) chain[chains++] = (uint32_t)from->chain_id;
	}
	const group_keeper_parts parts = { in, k, d->service.kms, d->signs, rng_os(), chain, chains, c->delegation.refresh_secs, d, made };
	return group_keeper_start(&d->keeper, &parts);
}

err node_delegate_link(node_delegate *d, const node_config *c, const vault *v, cluster *in)
{
	const mpc_context *k = NULL;

	if (!d->service.kms || !in || !shares_keys(c)) return OK;
	contexts_each(in->contexts, choose, &k);
	if (!k) return err_fail(ERR_STATE, "delegation: this node is in no context, and so shares no keys");
	const combining_parts parts = { c, vault_private_folder(v), d->service.kms, in->peers, k };
	TRY(combining_new(&d->combining, &parts));
	atomic_store(&in->combining, d->combining);
	atomic_store(&d->service.combiner, combining_combiner(d->combining));
	return keep_keys(d, c, in, k);
}

void node_delegate_unlink(node_delegate *d)
{
	group_keeper_stop(&d->keeper);
	combining_stop(d->combining);
}

void node_delegate_close(node_delegate *d)
{
	combining_free(&d->combining);
	delegate_kms_free(&d->service.kms);
	nonces_free(&d->used);
	signer_free(&d->wallet);
	*d = (node_delegate){ 0 };
}
