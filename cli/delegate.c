/* SPDX-License-Identifier: MIT */
/* cli/delegate.c -- arca delegate keygen, status: keys, and how a KMS is. */
#include "cli/delegate_nodes.h"
#include "base/file.h"
#include "base/hex.h"
#include "evm/address.h"
#include "rpc/fetch.h"

/* ---- what the verbs share ------------------------------------------------------------------------------------ */

err kms_place_read(kms_place *out, cli *c)
{
	const char *chain = args_text(&c->args, "chain-id"), *wallet = args_text(&c->args, "wallet");

	*out = (kms_place){ .url = args_text(&c->args, "node"), .has_wallet = wallet != NULL };
	if (out->url && !fetch_is_url(out->url)) return cli_usage(c, "--node %.80s: wants a URL, as in http://127.0.0.1:9646", out->url);
	if (chain && !chain_id_read(&out->chain_id, slice_str(chain)))
		return cli_usage(c, "--chain-id %.20s: wants a whole number below 2^32", chain);
	if (wallet) TRY_USAGE(c, address_parse(&out->wallet, "--wallet", slice_str(wallet)));
	return OK;
}

err kms_ask(buf *answer, cli *c, const char *url, const char *authorization, const slice *json)
{
	AUTO(buf) sentence = { 0 };
	unsigned status;

	err e = fetch_ask(answer, &status, url, authorization, json, MAX_DELEGATE_ANSWER, DELEGATE_TIMEOUT_MS);
	if (e == ERR_IO) c->code = EXIT_UNAVAILABLE;
	TRY(e);
	if (status == 200) return OK;
	if (status == 503) c->code = EXIT_UNAVAILABLE;
	if (!delegate_error_read(&sentence, buf_slice(answer)))
		return err_fail(ERR_STATE, "%s answers with HTTP status %u: is there a delegation KMS?", url, status);
	return err_fail(ERR_STATE, "the KMS refuses (%u): %.300s", status, buf_str(&sentence));
}

/* URL/path, with or without a slash at its end. */
static void put_url(buf *out, const kms_place *at, const char *path)
{
	size_t n = strlen(at->url);

	while (n && at->url[n - 1] == '/') n--;
	buf_put(out, at->url, n);
	buf_printf(out, "%s?chain_id=%u", path, at->chain_id);
}

err kms_public_key(secp_pk *out, eth_address *by, cli *c, const kms_place *at)
{
	AUTO(buf) url = { 0 }, answer = { 0 };
	char found[ADDRESS_TEXT], wanted[ADDRESS_TEXT];

	put_url(&url, at, "/v0/public-key");
	TRY(kms_ask(&answer, c, buf_str(&url), NULL, NULL));
	TRY(public_key_reply_read(out, by, at->chain_id, buf_slice(&answer)));
	if (!at->has_wallet || eth_address_eq_var(*by, at->wallet)) return OK;
	address_text(found, by);
	address_text(wanted, &at->wallet);
	return err_fail(ERR_STATE, "the public key is signed by %s, not by the wallet %s", found, wanted);
}

err delegate_input(buf *out, cli *c, const char *name, size_t max)
{
	err e = file_read(out, args_text(&c->args, name), max);

	if (e != OK) c->code = EXIT_IO;
	return e;
}

err delegate_write_new(cli *c, const char *path, slice bytes, mode_t mode)
{
	bool existed;

	err e = file_write_once(path, bytes, mode, &existed);
	if (e == OK && existed) e = err_fail(ERR_EXISTS, "%s is there already; remove it first, or choose another name", path);
	if (e != OK) c->code = EXIT_IO;
	return e;
}

/* ---- keygen -------------------------------------------------------------------------------------------------- */

static const option KEYGEN_OPTIONS[] = {
	{ "out",  "FILE", REQUIRED, "where the private key goes, for its owner only" },
	{ "rsa",  "BITS", OPTIONAL, "a reader's RSA key of 2048 to 8192 bits; its public half goes to FILE.pub" },
	{ "json", NULL,   OPTIONAL, "print the public half as JSON" },
	OPTIONS_END
};

static err make_rsa(cli *c, const char *out)
{
	AUTO(buf) private_pem = { 0 }, der = { 0 }, public_pem = { 0 }, public_name = { 0 };
	AUTO(rsa_sk) *sk = NULL;
	int64_t bits;

	TRY_USAGE(c, args_number(&bits, &c->args, "rsa", RSA_BITS_LEAST, RSA_BITS_MOST, RSA_BITS_LEAST));
	TRY(rsa_sk_new(&sk, (unsigned)bits));
	rsa_sk_write(&private_pem, sk);
	rsa_sk_spki(&der, sk);
	spki_write_pem(&public_pem, buf_slice(&der));
	buf_printf(&public_name, "%s.pub", out);
	TRY(delegate_write_new(c, out, buf_slice(&private_pem), 0600));
	TRY(delegate_write_new(c, buf_str(&public_name), buf_slice(&public_pem), 0644));
	if (args_has(&c->args, "json"))
		print_json(json_pack("{s:s, s:s, s:I}", "key", out, "public", buf_str(&public_name), "bits", (json_int_t)bits));
	else printf("%s, for its owner only\n%s\n", out, buf_str(&public_name));
	return OK;
}

static err make_secp(cli *c, const char *out)
{
	char text[2 + 2 * SECP_PK + 1] = "0x", address[ADDRESS_TEXT];
	AUTO(secp) *curve = NULL;
	secp_sk sk;

	TRY(secp_new(&curve, rng_os()));
	secp_sk_random(&sk, rng_os());
	const secp_pk pk = secp_pk_of(curve, &sk);
	err e = key_file_write(out, &sk);
	wipe(&sk, sizeof sk);
	if (e != OK) c->code = EXIT_IO;
	TRY(e);
	hex_write(text + 2, slice_of(pk.b, sizeof pk.b));
	const eth_address who = address_of(&pk);
	address_text(address, &who);
	if (args_has(&c->args, "json")) print_json(json_pack("{s:s, s:s, s:s}", "key", out, "public_key", text, "address", address));
	else printf("%s, for its owner only\npublic key: %s\naddress: %s\n", out, text, address);
	return OK;
}

static err run_keygen(cli *c)
{
	const char *out = args_text(&c->args, "out");
	return args_has(&c->args, "rsa") ? make_rsa(c, out) : make_secp(c, out);
}

/* ---- status -------------------------------------------------------------------------------------------------- */

static const option STATUS_OPTIONS[] = {
	{ "node",     "URL",     ONE_OF,   "the HTTP address of the KMS" },
	{ "devnet",   "DIR",     ONE_OF,   "or " KMS_OPTION_DEVNET },
	{ "nodes",    "FILE",    ONE_OF,   "or " KMS_OPTION_NODES },
	{ "chain-id", "N",       OPTIONAL, KMS_OPTION_CHAIN "; needed with --node" },
	{ "wallet",   "ADDRESS", OPTIONAL, KMS_OPTION_WALLET },
	{ "json",     NULL,      OPTIONAL, "print it as JSON" },
	OPTIONS_END
};

static err nodes_status(cli *c)
{
	char text[2 + 2 * SECP_PK + 1] = "0x", id[ID_TEXT];
	kms_nodes n;

	TRY(kms_nodes_open(&n, c));
	const err e = kms_nodes_key(&n, c);
	if (e == OK) {
		hex_write(text + 2, slice_of(n.key.P.b, sizeof n.key.P.b));
		id_text(id, &n.key.key_id);
		if (args_has(&c->args, "json"))
			print_json(json_pack("{s:I, s:s, s:s, s:I, s:I, s:I}", "chain_id", (json_int_t)n.chain_id, "public_key", text, "key_id", id,
			                     "epoch", (json_int_t)n.key.epoch, "nodes", (json_int_t)n.key.n, "needed", (json_int_t)n.key.T + 1));
		else
			printf("chain: %u\npublic key: %s\nkey id: 0x%s, epoch %u\nshared by %u nodes, %u of which are needed\n", n.chain_id, text, id,
			       n.key.epoch, n.key.n, n.key.T + 1);
	}
	kms_nodes_free(&n);
	return e;
}

static err run_status(cli *c)
{
	char text[2 + 2 * SECP_PK + 1] = "0x", address[ADDRESS_TEXT];
	eth_address by;
	kms_place at;
	secp_pk pk;

	if (kms_nodes_named(c)) return nodes_status(c);
	TRY(kms_place_read(&at, c));
	if (!args_has(&c->args, "chain-id")) return cli_usage(c, "--chain-id is missing: the KMS may have a key for each of several");
	TRY(kms_public_key(&pk, &by, c, &at));
	hex_write(text + 2, slice_of(pk.b, sizeof pk.b));
	address_text(address, &by);
	if (args_has(&c->args, "json"))
		print_json(json_pack("{s:I, s:s, s:s, s:b}", "chain_id", (json_int_t)at.chain_id, "public_key", text, "signed_by", address,
		                     "expected", at.has_wallet));
	else
		printf("chain: %u\npublic key: %s\nsigned by: %s%s\n", at.chain_id, text, address,
		       at.has_wallet ? ", as expected" : "; give --wallet to have that checked");
	return OK;
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

const command COMMAND_DELEGATE_KEYGEN = {
	.noun = "delegate", .verb = "keygen", .run = run_keygen, .options = KEYGEN_OPTIONS,
	.line = "make a key: of a KMS, a wallet or a gateway; or a reader's",
	.help =
	"Without --rsa a private key of secp256k1, as hexadecimal text: the protocol key of a\n"
	"chain ([[delegation.chains]] key_file of a node), a wallet (wallet_file) or a gateway.\n"
	"Its public key and its address are printed. A node whose vault is sealed takes its own\n"
	"in, and its log says when the file can go. With --rsa the key to which a reader has\n"
	"secrets sealed, in PEM. Files that are there already are left alone.\n",
	.examples =
	"  arca delegate keygen --out kms.key\n"
	"  arca delegate keygen --out gateway.key --json\n"
	"  arca delegate keygen --rsa 2048 --out reader.pem\n",
};

const command COMMAND_DELEGATE_STATUS = {
	.noun = "delegate", .verb = "status", .run = run_status, .options = STATUS_OPTIONS,
	.line = "ask a KMS for its public key, and see who signed it",
	.help =
	"The wallet's address is what one trusts: it should come from a contract or from the\n"
	"operator, not from the KMS. Of nodes that share a key: what more of them say, each\n"
	"under its own wallet, than may be corrupt.\n",
	.examples =
	"  arca delegate status --devnet net\n"
	"  arca delegate status --node http://127.0.0.1:9646 --chain-id 31337\n"
	"  arca delegate status --node https://kms.example --chain-id 421614 \\\n"
	"      --wallet 0xD986f153DDFC363BeeCd4049bD58Bb3d6EBE4F5A --json\n",
};
