/* SPDX-License-Identifier: MIT */
/* cli/delegate_file.c -- arca delegate encrypt, decrypt: a file to a record and back. */
#include "cli/delegate_nodes.h"
#include <stdlib.h>
#include "base/file.h"

static const option ENCRYPT_OPTIONS[] = {
	{ "public-key", "HEX",     ONE_OF,   "the KMS's public key, 33 bytes" },
	{ "node",       "URL",     ONE_OF,   "or where to ask for it" },
	{ "devnet",     "DIR",     ONE_OF,   "or " KMS_OPTION_DEVNET },
	{ "nodes",      "FILE",    ONE_OF,   "or " KMS_OPTION_NODES },
	{ "chain-id",   "N",       OPTIONAL, "with --node: the chain's number" },
	{ "wallet",     "ADDRESS", OPTIONAL, "with --node: who must have signed the public key" },
	{ "in",         "FILE",    REQUIRED, "what is encrypted" },
	{ "out",        "FILE",    REQUIRED, "the record: ciphertext, point and nonce as JSON" },
	OPTIONS_END
};

static const option DECRYPT_OPTIONS[] = {
	{ "in",         "FILE", REQUIRED, "the record" },
	{ "answer",     "FILE", REQUIRED, "what 'arca delegate request' wrote for it" },
	{ "reader-key", "FILE", REQUIRED, "the reader's RSA key, in PEM" },
	{ "out",        "FILE", REQUIRED, "what was encrypted, for its owner only" },
	OPTIONS_END
};

static err shared_key(secp_pk *out, cli *c)
{
	kms_nodes n;

	TRY(kms_nodes_open(&n, c));
	const err e = kms_nodes_key(&n, c);
	*out = n.key.P;
	kms_nodes_free(&n);
	return e;
}

static err public_key(secp_pk *out, cli *c)
{
	const char *text = args_text(&c->args, "public-key");
	uint8_t sec1[SECP_PK];
	eth_address by;
	kms_place at;

	if (kms_nodes_named(c)) return shared_key(out, c);
	TRY(kms_place_read(&at, c));
	if (text) {
		if (!hex_strict(sec1, sizeof sec1, slice_str(text)))
			return cli_usage(c, "--public-key: wants 0x and %d hexadecimal digits", 2 * SECP_PK);
		TRY_USAGE(c, secp_pk_read(out, slice_of(sec1, sizeof sec1)));
		return OK;
	}
	if (!args_has(&c->args, "chain-id") || !at.has_wallet)
		return cli_usage(c, "--node alone could give any key: say by --chain-id and --wallet whose it must be");
	return kms_public_key(out, &by, c, &at);
}

static err run_encrypt(cli *c)
{
	AUTO(buf) plain = { 0 }, ciphertext = { 0 }, json = { 0 };
	AUTO(secp) *curve = NULL;
	ecies_header header;
	secp_pk P;

	TRY(public_key(&P, c));
	TRY(delegate_input(&plain, c, "in", MAX_RECORD_PLAIN));
	TRY(secp_new(&curve, rng_os()));
	ecies_seal(&ciphertext, &header, &P, buf_slice(&plain), curve, rng_os());
	record_write(&json, &header, buf_slice(&ciphertext));
	TRY(output_write(c, args_text(&c->args, "out"), buf_slice(&json)));
	printf("%s: %zu bytes, encrypted\n", args_text(&c->args, "out"), plain.n);
	return OK;
}

static err open_parts(shared_x *out, const rsa_sk *sk, const secp_pk *K, slice json)
{
	parts_file *p = calloc(1, sizeof *p);

	ASSERT(p);
	err e = parts_read(p, json);
	if (e == OK) {
		e = parts_open(out, p, sk, K);
		parts_free(p);
	}
	free(p);
	return e;
}

/* The secret in an answer that was verified when it came; or in parts of one, each of which is verified here. */
static err open_answer(shared_x *out, const rsa_sk *sk, const secp_pk *K, slice json)
{
	AUTO(buf) sealed = { 0 };

	if (parts_begin(json)) return open_parts(out, sk, K, json);
	TRY(delegate_reply_sealed(&sealed, json));
	return rsa_open(out->b, sizeof out->b, sk, buf_slice(&sealed));
}

static err decrypt(buf *plain, cli *c)
{
	AUTO(buf) record = { 0 }, answer = { 0 }, pem = { 0 }, ciphertext = { 0 };
	AUTO(rsa_sk) *sk = NULL;
	ecies_header header;
	shared_x x;

	TRY(delegate_input(&record, c, "in", MAX_RECORD));
	TRY(delegate_input(&answer, c, "answer", MAX_PARTS_FILE));
	TRY(delegate_input(&pem, c, "reader-key", MAX_RSA_PEM));
	err e = rsa_sk_read(&sk, buf_slice(&pem));
	if (e != OK) err_context("%s: ", args_text(&c->args, "reader-key"));
	TRY(e);
	e = record_read(&header, &ciphertext, buf_slice(&record));
	if (e != OK) err_context("%s: ", args_text(&c->args, "in"));
	TRY(e);
	e = open_answer(&x, sk, &header.K, buf_slice(&answer));
	if (e != OK) {
		err_context("%s: ", args_text(&c->args, "answer"));
	} else {
		e = ecies_open(plain, &x, header.nonce, buf_slice(&ciphertext));
		if (e != OK) err_context("%s with %s: ", args_text(&c->args, "in"), args_text(&c->args, "answer"));
	}
	wipe(&x, sizeof x);
	return e;
}

static err run_decrypt(cli *c)
{
	const char *out = args_text(&c->args, "out");
	AUTO(buf) plain = { 0 };

	TRY(decrypt(&plain, c));
	err e = file_write_atomic(out, buf_slice(&plain), 0600);
	if (e != OK) c->code = EXIT_IO;
	TRY(e);
	printf("%s: %zu bytes, decrypted, for its owner only\n", out, plain.n);
	return OK;
}

const command COMMAND_DELEGATE_ENCRYPT = {
	.noun = "delegate", .verb = "encrypt", .run = run_encrypt, .options = ENCRYPT_OPTIONS,
	.line = "encrypt a file to a KMS's public key",
	.help =
	"ECIES on secp256k1: a fresh point, HKDF-SHA256, AES-256-GCM. Whoever has a secret that\n"
	"the KMS hands out for this record can read it ('arca delegate request'). Up to 64 MiB.\n",
	.examples =
	"  arca delegate encrypt --public-key 0x03902284... --in letter.txt --out letter.json\n"
	"  arca delegate encrypt --devnet net --in letter.txt --out letter.json\n"
	"  arca delegate encrypt --node http://127.0.0.1:9646 --chain-id 31337 \\\n"
	"      --wallet 0xD986f153DDFC363BeeCd4049bD58Bb3d6EBE4F5A --in letter.txt --out letter.json\n",
};

const command COMMAND_DELEGATE_DECRYPT = {
	.noun = "delegate", .verb = "decrypt", .run = run_decrypt, .options = DECRYPT_OPTIONS,
	.line = "decrypt a record with the secret that a KMS has sealed to the reader",
	.help =
	"Needs no network and nobody's help. The record's own tag shows whether the secret\n"
	"belongs to it. Parts of several nodes are combined here, each only if its proof is\n"
	"right.\n",
	.examples =
	"  arca delegate decrypt --in letter.json --answer answer.json \\\n"
	"      --reader-key reader.pem --out letter.txt\n",
};
