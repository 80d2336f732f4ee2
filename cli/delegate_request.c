/* SPDX-License-Identifier: MIT */
/* cli/delegate_request.c -- arca delegate request: the gateway's part, which says who may read. */
#include "cli/delegate_nodes.h"
#include "base/hex.h"

static const option OPTIONS[] = {
	{ "node",        "URL",     ONE_OF,   "the HTTP address of the KMS" },
	{ "devnet",      "DIR",     ONE_OF,   "or " KMS_OPTION_DEVNET },
	{ "nodes",       "FILE",    ONE_OF,   "or " KMS_OPTION_NODES },
	{ "chain-id",    "N",       OPTIONAL, KMS_OPTION_CHAIN "; needed with --node" },
	{ "wallet",      "ADDRESS", OPTIONAL, KMS_OPTION_WALLET "; needed with --node" },
	{ "in",          "FILE",    REQUIRED, "the record that is to be read" },
	{ "reader",      "FILE",    REQUIRED, "the reader's public RSA key, in PEM (reader.pem.pub)" },
	{ "gateway-key", "FILE",    REQUIRED, "the gateway's private key, which signs the request" },
	{ "profile",     "P",       OPTIONAL, "A: text without 0x, B: with 0x, C: and a salt; without it, C" },
	{ "salt",        "HEX",     OPTIONAL, "with profile C: 32 bytes; without it, random ones" },
	{ "out",         "FILE",    REQUIRED, "the answer, which only the reader can open" },
	OPTIONS_END
};

/* What is asked, and the memory that it borrows. */
typedef struct question {
	delegate_ask ask;
	uint8_t      salt[DOMAIN_SALT];
	buf          spki;
} question;

static err read_profile(question *q, cli *c)
{
	const char *profile = args_text(&c->args, "profile"), *salt = args_text(&c->args, "salt");

	if (!profile) profile = "C";
	if (strlen(profile) != 1 || !strchr("ABC", *profile)) return cli_usage(c, "--profile %.20s: wants A, B or C", profile);
	q->ask.text = *profile == 'A' ? TYPED_BARE : TYPED_AS_SENT;
	if (*profile != 'C') return salt ? cli_usage(c, "--salt is for profile C") : OK;
	if (!salt) rng_fill(rng_os(), q->salt, sizeof q->salt);
	else if (!hex_strict(q->salt, sizeof q->salt, slice_str(salt)))
		return cli_usage(c, "--salt: wants 0x and %d hexadecimal digits", 2 * DOMAIN_SALT);
	q->ask.salt = q->salt;
	return OK;
}

static err read_record(question *q, cli *c)
{
	AUTO(buf) record = { 0 }, ciphertext = { 0 };
	ecies_header header;

	TRY(delegate_input(&record, c, "in", MAX_RECORD));
	err e = record_read(&header, &ciphertext, buf_slice(&record));
	if (e != OK) err_context("%s: ", args_text(&c->args, "in"));
	TRY(e);
	q->ask.K = header.K;
	return OK;
}

static err read_reader(question *q, cli *c)
{
	AUTO(buf) pem = { 0 };
	rsa_pk pk;

	TRY(delegate_input(&pem, c, "reader", MAX_RSA_PEM));
	err e = spki_read_pem(&q->spki, buf_slice(&pem));
	if (e == OK) e = rsa_pk_read(&pk, buf_slice(&q->spki));
	if (e != OK) err_context("%s: ", args_text(&c->args, "reader"));
	q->ask.spki = buf_slice(&q->spki);
	return e;
}

static err read_gateway(signer **out, cli *c)
{
	secp_sk sk;

	err e = key_file_read(&sk, args_text(&c->args, "gateway-key"));
	if (e == ERR_IO || e == ERR_NOT_FOUND) c->code = EXIT_IO;
	TRY(e);
	e = signer_new(out, &sk, rng_os());
	wipe(&sk, sizeof sk);
	return e;
}

static void put_url(buf *out, const kms_place *at, const question *q)
{
	size_t n = strlen(at->url);

	while (n && at->url[n - 1] == '/') n--;
	buf_put(out, at->url, n);
	buf_printf(out, "/v0/delegate?chain_id=%u", at->chain_id);
	if (!q->ask.salt) return;
	buf_put_str(out, "&salt=0x");
	buf_put_hex(out, slice_of(q->salt, sizeof q->salt));
}

static err ask(cli *c, const kms_place *at, const question *q, const signer *gateway)
{
	AUTO(buf) url = { 0 }, body = { 0 }, authorization = { 0 }, answer = { 0 }, sealed = { 0 };

	put_url(&url, at, q);
	delegate_ask_body(&body, &q->ask);
	delegate_ask_authorization(&authorization, &q->ask, gateway);
	const slice json = buf_slice(&body);
	TRY(kms_ask(&answer, c, buf_str(&url), buf_str(&authorization), &json));
	TRY(delegate_reply_read(&sealed, &q->ask, &at->wallet, buf_slice(&answer)));
	buf_put_str(&answer, "\n");
	TRY(output_write(c, args_text(&c->args, "out"), buf_slice(&answer)));
	printf("%s: a secret of %zu bytes, sealed to the reader; the KMS's signature is right\n", args_text(&c->args, "out"), sealed.n);
	return OK;
}

/* Of each node its part, sealed to the reader. */
static err gather(cli *c, const question *q, const signer *gateway)
{
	AUTO(buf) file = { 0 };
	size_t got = 0;
	kms_nodes n;

	TRY(kms_nodes_open(&n, c));
	err e = kms_nodes_key(&n, c);
	if (e == OK) e = kms_nodes_gather(&file, &got, &n, c, &q->ask.K, q->ask.spki, gateway);
	if (e == OK) e = output_write(c, args_text(&c->args, "out"), buf_slice(&file));
	if (e == OK)
		printf("%s: the parts of %zu nodes, sealed to the reader, who needs %u of them; their signatures are right\n",
		       args_text(&c->args, "out"), got, n.key.T + 1);
	kms_nodes_free(&n);
	return e;
}

static err run_nodes(cli *c)
{
	AUTO(signer) *gateway = NULL;
	question q = { 0 };

	if (args_has(&c->args, "profile") || args_has(&c->args, "salt") || args_has(&c->args, "wallet"))
		return cli_usage(c, "--profile, --salt and --wallet are for --node");
	TRY(read_gateway(&gateway, c));
	TRY(read_record(&q, c));
	err e = read_reader(&q, c);
	if (e == OK) e = gather(c, &q, gateway);
	buf_free(&q.spki);
	return e;
}

static err run(cli *c)
{
	AUTO(signer) *gateway = NULL;
	question q = { 0 };
	kms_place at;

	if (kms_nodes_named(c)) return run_nodes(c);
	TRY(kms_place_read(&at, c));
	if (!args_has(&c->args, "chain-id") || !at.has_wallet) return cli_usage(c, "--node needs --chain-id and --wallet besides");
	q.ask.chain_id = at.chain_id;
	TRY(read_profile(&q, c));
	TRY(read_gateway(&gateway, c));
	TRY(read_record(&q, c));
	err e = read_reader(&q, c);
	if (e == OK) e = ask(c, &at, &q, gateway);
	buf_free(&q.spki);
	return e;
}

const command COMMAND_DELEGATE_REQUEST = {
	.noun = "delegate", .verb = "request", .run = run, .options = OPTIONS,
	.line = "as a gateway, have a KMS hand the secret of a record to a reader",
	.help =
	"The gateway decides who may read; its signature over the record's point and the\n"
	"reader's key is what the KMS believes. The answer is sealed to that key: the gateway\n"
	"cannot open it. It is written only if the KMS's wallet has signed it; with profile C\n"
	"that signature is for this request alone. Nodes that share a key are asked for their\n"
	"parts, each under a signature that ends after some minutes and serves once; the reader\n"
	"combines them, and nobody else can.\n",
	.examples =
	"  arca delegate request --devnet net --in letter.json --reader reader.pem.pub \\\n"
	"      --gateway-key net/gateway.key --out answer.json\n"
	"  arca delegate request --node http://127.0.0.1:9646 --chain-id 31337 \\\n"
	"      --wallet 0xD986f153DDFC363BeeCd4049bD58Bb3d6EBE4F5A --in letter.json \\\n"
	"      --reader reader.pem.pub --gateway-key gateway.key --out answer.json\n",
};
