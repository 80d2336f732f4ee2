/* SPDX-License-Identifier: MIT */
/* connector/wallet.c -- who pays for transactions and signs them. */
#include "connector/wallet.h"
#include <stdlib.h>
#include "base/hex.h"
#include "delegate/key_file.h"

struct wallet { signer *key; };

static err read_key(secp_sk *out, connector_config *c)
{
	uint8_t bytes[SECP_SK];

	if (c->sender.private_key_file[0]) {
		const err e = key_file_read(out, c->sender.private_key_file);
		if (e != OK) err_context("private_key_file: ");
		return e == OK || e == ERR_NOMEM ? e : err_at(ERR_REQUEST, __FILE__, __LINE__);      /* what the operator must put right */
	}
	const bool hex = hex_read(bytes, sizeof bytes, slice_str(c->sender.private_key));
	wipe(c->sender.private_key, strlen(c->sender.private_key));
	err e = hex ? secp_sk_read(out, bytes) : err_fail(ERR_REQUEST, "private_key must have 64 hexadecimal digits");
	if (e != OK && hex) err_context("private_key: ");
	wipe(bytes, sizeof bytes);
	return e;
}

err wallet_new(wallet **out, connector_config *c, const rng *r)
{
	secp_sk sk = { 0 };

	if (c->sender.aws.present)
		return err_fail(ERR_UNSUPPORTED, "aws_kms_config: wallets of AWS KMS are not built in this version; use private_key_file");
	wallet *w = calloc(1, sizeof *w);
	if (!w) return err_fail(ERR_NOMEM, "no memory for a wallet");
	err e = read_key(&sk, c);
	if (e == OK) e = signer_new(&w->key, &sk, r);
	wipe(&sk, sizeof sk);
	if (e == OK) *out = w;
	else wallet_free(&w);
	return e;
}

void wallet_free(wallet **w)
{
	if (!*w) return;
	signer_free(&(*w)->key);
	free(*w);
	*w = NULL;
}

const eth_address *wallet_address(const wallet *w)
{
	return signer_address(w->key);
}

err wallet_sign(secp_rsig *out, wallet *w, const hash32 *digest)
{
	*out = sign_external(w->key, digest);
	return OK;
}
