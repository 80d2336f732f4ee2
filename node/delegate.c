/* SPDX-License-Identifier: MIT */
/* node/delegate.c -- keys from files and the vault into guarded memory. */
#include "node/delegate.h"
#include <limits.h>
#include <stdlib.h>
#include "base/hex.h"
#include "base/log.h"
#include "delegate/on_chain.h"
#include "evm/address.h"
#include "node/delegate_keys.h"
#include "node/group_store.h"

static err open_wallet(signer **out, vault *v, const char *path, const rng *random)
{
	whole_key k = { .kind = WHOLE_KEY_WALLET };

	TRY(delegate_key_open(&k, v, path, clock_system()));
	err e = signer_new(out, &k.sk, random);
	wipe(&k, sizeof k);
	return e;
}

static bool is_shared(const chain_config *from) { return !from->key_file[0] || from->import_from; }

static err read_chains(delegate_chain *out, node_delegate *d, const node_config *c, vault *v, const rng *random)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++) {
		const chain_config *from = (const chain_config *)c->delegation.chains.row + i;
		out[i].id = (uint32_t)from->chain_id;
		TRY(address_parse(&out[i].gateway, "delegation.chains: gateway", slice_str(from->gateway)));
		out[i].shared = from->key_file[0] == '\0';
		if (out[i].shared) continue;
		if (from->import_from) TRY(key_import_open(&d->import[i], &out[i], from->key_file, v, random));
		else TRY(delegate_key_of_chain(&out[i], v, from->key_file, clock_system()));
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

/* Of a key that the nodes share, as the vault has it; false: it is not made yet. */
static err key_here(secp_pk *out, bool *there, const delegate_chain *chain, vault *v, const secp *curve)
{
	const group_store g = { .vault = v, .curve = curve, .chain_id = chain->id };

	*there = true;
	if (!chain->shared) {
		*out = secp_pk_of(curve, &chain->key);
		return OK;
	}
	group_holding *have = calloc(1, sizeof *have);
	if (!have) return err_fail(ERR_NOMEM, "no memory for delegation keys");
	const err e = group_store_look(have, &g);
	*there = have->certified;
	*out = have->newest.key.P;
	free(have);
	return e;
}

/* Nodes make a key before a chain can know of it, and may be stopped in between. */
static err forgive(err e, const delegate_chain *chain, const secp_pk *key)
{
	char text[2 * SECP_PK + 1];

	if (e != ERR_NOT_FOUND || !chain->shared) return e;
	hex_write(text, slice_of(key->b, sizeof key->b));
	log_warn("chain %u: %s; that of the nodes is 0x%s", chain->id, err_text(), text);
	err_clear();
	return OK;
}

/* Does the chain's contract know this gateway and this key?  A shared key that is not made yet cannot be compared: only the
 * gateway is. */
static err ask_chain(const chain_config *from, const delegate_chain *chain, vault *v, const rng *random)
{
	AUTO(secp) *curve = NULL;
	eth_address contract;
	providers *p = NULL;
	secp_pk key;
	bool there;

	if (!from->contract[0]) return OK;
	TRY(address_parse(&contract, "delegation.chains: contract", slice_str(from->contract)));
	TRY(secp_new(&curve, random));
	TRY(key_here(&key, &there, chain, v, curve));
	TRY(open_providers(&p, from));
	const err e = forgive(on_chain_check(p, &contract, &chain->gateway, there ? &key : NULL), chain, &key);
	providers_free(&p);
	if (e != OK) err_context("chain %u: ", chain->id);
	return e;
}

static err ask_chains(const delegate_chain *chain, const node_config *c, vault *v, const rng *random)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++)
		TRY(ask_chain((const chain_config *)c->delegation.chains.row + i, &chain[i], v, random));
	return OK;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static err path_of(char path[static PATH_MAX], const vault *v, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", vault_private_folder(v), name) < PATH_MAX) return OK;
	return err_fail(ERR_REQUEST, "the path %.60s… is too long", vault_private_folder(v));
}

/* What the service remembers over restarts. */
static err remember(node_delegate *d, const node_config *c, const vault *v)
{
	char path[PATH_MAX];

	TRY(path_of(path, v, "delegation.nonces"));
	TRY(nonces_open(&d->used, path, clock_system()));
	TRY(path_of(path, v, "delegation.counts"));
	TRY(key_counts_open(&d->counts, path));
	delegate_kms_remember(d->service.kms, d->used, clock_system());
	delegate_kms_count_in(d->service.kms, d->counts);
	delegate_kms_limit(d->service.kms, c->delegation.answers_per_second);
	return OK;
}

err node_delegate_open(node_delegate *out, const node_config *c, vault *v, const signer *own, const rng *random)
{
	delegate_chain chain[MAX_DELEGATE_CHAINS] = { 0 };

	if (!c->delegation.present) return OK;
	ASSERT(c->delegation.chains.n <= COUNT(chain));
	if (c->delegation.wallet_file[0]) TRY(open_wallet(&out->wallet, v, c->delegation.wallet_file, random));
	out->signs = out->wallet ? out->wallet : own;
	err e = read_chains(chain, out, c, v, random);
	if (e == OK) e = ask_chains(chain, c, v, random);
	if (e == OK) e = delegate_kms_new(&out->service.kms, chain, c->delegation.chains.n, out->signs, random);
	wipe(chain, sizeof chain);
	if (e == OK) e = remember(out, c, v);
	out->service.clock = clock_system();
	if (e != OK) node_delegate_close(out);
	return e;
}

static bool shares_keys(const node_config *c)
{
	for (size_t i = 0; i < c->delegation.chains.n; i++)
		if (is_shared((const chain_config *)c->delegation.chains.row + i)) return true;
	return false;
}

/* Whose wallets sign parts of answers, those know who combine. */
static void made(void *ctx, const group_record *r, const mpc_context *in)
{
	node_delegate *d = ctx;

	combining_move(d->combining, r->key.chain_id, in, r->roster.wallet, r->roster.n);
}

static void imported(void *ctx, uint32_t chain_id)
{
	node_delegate *d = ctx;
	for (size_t i = 0; i < COUNT(d->import); i++) if (d->import[i].chain_id == chain_id) key_import_end(&d->import[i]);
}

static err keep_keys(node_delegate *d, const node_config *c, cluster *in)
{
	shared_chain chain[MAX_DELEGATE_CHAINS];
	size_t chains = 0;

	for (size_t i = 0; i < c->delegation.chains.n; i++) {
		const chain_config *from = (const chain_config *)c->delegation.chains.row + i;
		if (is_shared(from)) chain[chains++] = (shared_chain){ (uint32_t)from->chain_id, (party)from->import_from };
	}
	const group_keeper_parts parts = { in, d->service.kms, d->signs, rng_os(), chain, chains, c->delegation.refresh_secs, d, made, imported };
	TRY(group_keeper_start(&d->keeper, &parts));
	atomic_store(&in->keeper, d->keeper);
	return OK;
}

err node_delegate_link(node_delegate *d, const node_config *c, const vault *v, cluster *in)
{
	if (!d->service.kms || !in || !shares_keys(c)) return OK;
	combining_parts parts = { c, vault_private_folder(v), d->service.kms, in->peers, NULL };
	if (contexts_find(&parts.numbered, in->contexts, &ID_DEFAULT_CONTEXT) != OK) err_clear();
	if (parts.numbered && !parts.numbered->configured) parts.numbered = NULL;
	TRY(combining_new(&d->combining, &parts));
	atomic_store(&in->combining, d->combining);
	atomic_store(&d->service.combiner, combining_combiner(d->combining));
	return keep_keys(d, c, in);
}

void node_delegate_unlink(node_delegate *d)
{
	group_keeper_stop(d->keeper);
	combining_stop(d->combining);
}

void node_delegate_close(node_delegate *d)
{
	group_keeper_free(&d->keeper);
	combining_free(&d->combining);
	delegate_kms_free(&d->service.kms);
	nonces_free(&d->used);
	key_counts_free(&d->counts);
	signer_free(&d->wallet);
	for (size_t i = 0; i < COUNT(d->import); i++) key_import_close(&d->import[i]);
	*d = (node_delegate){ 0 };
}
