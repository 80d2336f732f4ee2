/* SPDX-License-Identifier: MIT */
/* cli/devnet_delegation.c */
#include "cli/devnet_delegation.h"
#include <stdio.h>
#include <time.h>
#include "base/file.h"
#include "base/hex.h"
#include "cli/delegate.h"
#include "evm/address.h"

enum { KEY_TIMEOUT_MS = 120000, ASK_AGAIN_MS = 100 };

static err make_key(const char *path, eth_address *who)
{
	AUTO(secp) *curve = NULL;
	secp_sk sk;

	TRY(secp_new(&curve, rng_os()));
	secp_sk_random(&sk, rng_os());
	const secp_pk pk = secp_pk_of(curve, &sk);
	const err e = key_file_write(path, &sk);
	wipe(&sk, sizeof sk);
	*who = address_of(&pk);
	return e;
}

static err append(const node_files *f, const char *gateway, const char *key_file)
{
	AUTO(buf) toml = { 0 };

	TRY(file_read(&toml, f->config, 1 << 20));
	buf_printf(&toml, "\n[delegation]\n%s[[delegation.chains]]\nchain_id = %d\ngateway = \"%s\"\n", key_file ? "" : "combiners = \"all\"\n",
	           DEVNET_DELEGATION_CHAIN, gateway);
	if (key_file) buf_printf(&toml, "key_file = \"%s\"\n", key_file);
	return file_write_atomic(f->config, buf_slice(&toml), 0644);
}

err devnet_delegation_write(const devnet *d, const node_files *f, size_t parties)
{
	AUTO(buf) gateway_file = { 0 }, key_file = { 0 };
	char gateway[ADDRESS_TEXT];
	eth_address who, ignored;

	buf_printf(&gateway_file, "%s/gateway.key", d->dir);
	TRY(make_key(buf_str(&gateway_file), &who));
	address_text(gateway, &who);
	if (parties == 1) {
		buf_printf(&key_file, "%s/kms.key", f[0].dir);
		TRY(make_key(buf_str(&key_file), &ignored));
	}
	for (size_t i = 0; i < parties; i++) TRY(append(&f[i], gateway, parties == 1 ? buf_str(&key_file) : NULL));
	return OK;
}

/* ---- until it answers --------------------------------------------------------------------------------------------------- */

static err ask(secp_pk *out, cli *c, const cluster_party *p)
{
	const kms_place at = { .url = p->http, .chain_id = DEVNET_DELEGATION_CHAIN, .has_wallet = true, .wallet = p->signer };
	eth_address by;

	return kms_public_key(out, &by, c, &at);
}

static err wait_for_key(secp_pk *out, cli *c, const cluster_party *p, int64_t until_ms)
{
	const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
	err e;

	while ((e = ask(out, c, p)) != OK && clock_now_ms(clock_system()) < until_ms) {
		err_clear();
		c->code = 0;
		nanosleep(&pause, NULL);
	}
	if (e != OK) err_context("party %u has no key for delegations: ", p->party_id);
	return e;
}

err devnet_delegation_wait(cli *c, devnet *d)
{
	const int64_t until = clock_now_ms(clock_system()) + KEY_TIMEOUT_MS;
	char text[2 + 2 * SECP_PK + 1] = "0x", wallet[ADDRESS_TEXT];
	AUTO(buf) gateway_file = { 0 };
	secp_pk first, other;

	TRY(wait_for_key(&first, c, &d->cluster.party[0], until));
	for (size_t i = 1; i < d->cluster.parties; i++) {
		TRY(wait_for_key(&other, c, &d->cluster.party[i], until));
		if (memcmp(first.b, other.b, sizeof first.b) != 0) return err_fail(ERR_STATE, "party %zu has another key than party 1", i + 1);
	}
	hex_write(text + 2, slice_of(first.b, sizeof first.b));
	address_text(wallet, &d->cluster.party[0].signer);
	buf_printf(&gateway_file, "%s/gateway.key", d->dir);
	d->cluster.delegation = json_pack("{s:i, s:s, s:s, s:s}", "chain_id", DEVNET_DELEGATION_CHAIN, "public_key", text, "kms_wallet", wallet,
	                                  "gateway_key_file", buf_str(&gateway_file));
	return devnet_save(d);
}
