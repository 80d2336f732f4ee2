/* SPDX-License-Identifier: MIT */
/* node/delegate.c -- keys from files into guarded memory. */
#include "node/delegate.h"
#include <limits.h>
#include "delegate/key_file.h"
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
		TRY(key_file_read(&out[i].key, from->key_file));
	}
	return OK;
}

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
	err e = read_chains(chain, c);
	if (e == OK) e = delegate_kms_new(&out->service.kms, chain, c->delegation.chains.n, out->wallet ? out->wallet : own, random);
	wipe(chain, sizeof chain);
	if (e == OK) e = open_nonces(out, v);
	if (e == OK) delegate_kms_remember(out->service.kms, out->used, clock_system());
	out->service.clock = clock_system();
	if (e != OK) node_delegate_close(out);
	return e;
}

void node_delegate_close(node_delegate *d)
{
	delegate_kms_free(&d->service.kms);
	nonces_free(&d->used);
	signer_free(&d->wallet);
	*d = (node_delegate){ 0 };
}
