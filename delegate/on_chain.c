/* SPDX-License-Identifier: MIT */
/* delegate/on_chain.c */
#include "delegate/on_chain.h"
#include "base/hex.h"
#include "evm/abi_coder.h"
#include "evm/address.h"

/* The first four bytes of the Keccak-256 of "gateway()" and "kmsPublicKey()". */
enum { GATEWAY = 0x116191b6, PUBLIC_KEY = 0xac6c544f, MAX_KEY_TEXT = 65 };

err on_chain_gateway_read(eth_address *out, slice answer)
{
	static const eth_address NOBODY = { 0 };
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	const eth_address found = abi_next_address(&p);

	if (answer.n == 0) return err_fail(ERR_REQUEST, "gateway() returned nothing: there is no such contract at this address of this chain");
	if (!abi_ok(&r)) return err_fail(ERR_REQUEST, "what gateway() returned is malformed: %s", r.why);
	if (eth_address_eq_var(found, NOBODY)) return err_fail(ERR_STATE, "gateway() is the zero address: the contract has no gateway yet");
	*out = found;
	return OK;
}

err on_chain_key_read(secp_pk *out, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	const slice sec1 = abi_next_bytes(&p, MAX_KEY_TEXT);

	if (answer.n == 0) return err_fail(ERR_REQUEST, "kmsPublicKey() returned nothing: there is no such contract at this address of this chain");
	if (!abi_ok(&r)) return err_fail(ERR_REQUEST, "what kmsPublicKey() returned is malformed: %s", r.why);
	if (sec1.n == 0) return err_fail(ERR_NOT_FOUND, "kmsPublicKey() is empty: the contract has no key yet");
	const err e = secp_pk_read(out, sec1);
	if (e != OK) err_context("kmsPublicKey(): ");
	return e;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

typedef struct checking {
	const eth_address *contract, *gateway;
	const secp_pk *key;
} checking;

static err same_gateway(const eth_address *wanted, slice answer)
{
	char here[ADDRESS_TEXT], there[ADDRESS_TEXT];
	eth_address found;

	TRY(on_chain_gateway_read(&found, answer));
	if (eth_address_eq_var(found, *wanted)) return OK;
	address_text(here, wanted);
	address_text(there, &found);
	return err_fail(ERR_STATE, "the contract's gateway() is %s, and %s is believed here", there, here);
}

static err same_key(const secp_pk *wanted, slice answer)
{
	char here[2 * SECP_PK + 1], there[2 * SECP_PK + 1];
	secp_pk found;

	TRY(on_chain_key_read(&found, answer));
	if (memcmp(found.b, wanted->b, sizeof found.b) == 0) return OK;
	hex_write(here, slice_of(wanted->b, sizeof wanted->b));
	hex_write(there, slice_of(found.b, sizeof found.b));
	return err_fail(ERR_STATE, "the contract's kmsPublicKey() is 0x%s, and 0x%s is the key here", there, here);
}

static err answered(jrpc *r, const eth_call *call, const char *what)
{
	return call->error.kind == JRPC_OK ? OK : jrpc_fail(r, what, &call->error);
}

static err look(void *ctx, jrpc *r)
{
	const checking *k = ctx;
	AUTO(buf) gateway = { 0 }, key = { 0 };

	(void)abi_call(&gateway, GATEWAY, 0);
	(void)abi_call(&key, PUBLIC_KEY, 0);
	eth_call call[2] = { { .to = *k->contract, .data = buf_slice(&gateway) }, { .to = *k->contract, .data = buf_slice(&key) } };
	const size_t n = k->key ? 2 : 1;
	err e = eth_calls(r, call, n, eth_tag("latest"));
	if (e == OK) e = answered(r, &call[0], "gateway()");
	if (e == OK && k->key) e = answered(r, &call[1], "kmsPublicKey()");
	if (e == OK) e = same_gateway(k->gateway, buf_slice(&call[0].answer));
	if (e == OK && k->key) e = same_key(k->key, buf_slice(&call[1].answer));
	eth_calls_free(call, n);
	return e;
}

err on_chain_check(providers *p, const eth_address *contract, const eth_address *gateway, const secp_pk *key)
{
	checking k = { contract, gateway, key };
	return providers_try(p, look, &k);
}
