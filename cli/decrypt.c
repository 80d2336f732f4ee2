/* SPDX-License-Identifier: MIT */
/*
 * cli/decrypt.c -- arca decrypt public|user: ask, wait, verify, and only then print.
 *
 * Domain, signers and ids come from devnet.json or the --nodes file (cluster.h), the format from the ciphertext file,
 * everything that must be fresh from the system's generator.
 */
#include "cli/cli.h"
#include "base/hex.h"
#include "cli/client.h"
#include "cli/request.h"
#include "cli/value.h"
#include "cli/verify.h"
#include "evm/address.h"

#define WHERE_OPTIONS \
	{ "devnet",  "DIR",  ONE_OF,   "a cluster on this machine" }, \
	{ "nodes",   "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" }, \
	{ "key",     "ID",   OPTIONAL, "the key's id; without it, the one that devnet.json or FILE names" }, \
	{ "type",    "T",    REQUIRED, "bool, uint8, uint16, uint32, uint64, uint128, uint256 or address" }, \
	{ "in",      "FILE", REQUIRED, "the ciphertext, as 'arca coprocess' writes it" }, \
	{ "handle",  "HEX",  OPTIONAL, "its handle, at most 32 bytes; without it, the one derived from the file" }, \
	{ "timeout", "S",    OPTIONAL, "how long to wait for the answer, in seconds; without it, 600" }

static const option PUBLIC_OPTIONS[] = {
	WHERE_OPTIONS,
	{ "json", NULL, OPTIONAL, "print value, ids and handle as JSON" },
	OPTIONS_END
};

static const option USER_OPTIONS[] = {
	WHERE_OPTIONS,
	{ "address", "ADDR", OPTIONAL, "the reader's address; without it, a fresh one" },
	{ "json", NULL, OPTIONAL, "print value, ids and handle as JSON" },
	OPTIONS_END
};

enum { HANDLE_BYTES = 32, HANDLE_HASH = 21, HANDLE_COMPUTED = 0xff, TIMEOUT_S = 600, MAX_ANSWER = 8 << 20 };

typedef struct job {
	cli        *c;
	cluster     net;
	const cluster_party *party;
	input       file;
	ct_format   format;
	id32        key;
	uint8_t     handle[HANDLE_BYTES];
	asked       asked;
	int64_t     timeout_ms;
	ticker      shown;
} job;

/* ---- what is asked ------------------------------------------------------------------------------------------- */

/* keccak256(file)[0..21) || 0xff || chain id || type || version 0 */
static void derive_handle(job *j)
{
	hash32 h = keccak256(j->file.bytes);

	memcpy(j->handle, h.b, HANDLE_HASH);
	j->handle[21] = HANDLE_COMPUTED;
	for (unsigned i = 0; i < 8; i++) j->handle[22 + i] = (uint8_t)(j->net.chain_id >> (8 * (7 - i)));
	j->handle[30] = (uint8_t)j->asked.type->number;
	j->handle[31] = 0;
	j->asked.handle = slice_of(j->handle, HANDLE_BYTES);
}

static err read_handle(job *j, const char *text)
{
	AUTO(buf) bytes = { 0 };

	if (!hex_read_all(&bytes, slice_str(text)) || bytes.n == 0 || bytes.n > HANDLE_BYTES)
		return cli_usage(j->c, "--handle %.80s: wants 1 to %d bytes as hexadecimal digits", text, HANDLE_BYTES);
	memcpy(j->handle, bytes.p, bytes.n);
	j->asked.handle = slice_of(j->handle, bytes.n);
	return OK;
}

/* The format, and whether the type can be right: a wrong one would be refused by the node, later and less clearly. */
static err read_ciphertext(job *j)
{
	const char *name = args_text(&j->c->args, "in");
	arena a = arena_with_limit(MAX_CIPHERTEXT_FILE * 8ul);
	ciphertext ct;

	err e = tfhers_read_ciphertext(&ct, &a, j->file.bytes);
	if (e != OK) err_context("%s: ", name);
	if (e == OK) {
		const fhe_type *is = fhe_type_by_blocks_var(ct.boolean, ct.blocks);
		j->format = ct.format;
		if (is != j->asked.type)
			e = err_fail(ERR_REQUEST, "%s holds a value of type %s, not %s", name,
			             is ? is->name : "that a KMS does not decrypt", j->asked.type->name);
	}
	arena_free(&a);
	return e;
}

/* What can be read without opening a file. */
static err read_options(job *j)
{
	const args *a = &j->c->args;
	const char *key = args_text(a, "key"), *handle = args_text(a, "handle");
	int64_t timeout_s;

	j->asked.type = fhe_type_by_name_var(slice_str(args_text(a, "type")));
	if (!j->asked.type)
		return cli_usage(j->c, "--type %s: there are bool, uint8, uint16, uint32, uint64, uint128, uint256 and address",
		                 args_text(a, "type"));
	TRY_USAGE(j->c, args_number(&timeout_s, a, "timeout", 1, 1000000, TIMEOUT_S));
	j->timeout_ms = timeout_s * 1000;
	if (key) TRY_USAGE(j->c, id_parse(&j->key, "--key", slice_str(key)));
	if (handle) TRY(read_handle(j, handle));
	return OK;
}

static err prepare(job *j, id_kind kind)
{
	const args *a = &j->c->args;

	TRY(read_options(j));
	TRY(cluster_of_args(&j->net, j->c));
	TRY(cluster_node(&j->party, &j->net));
	if (!args_has(a, "key")) j->key = j->net.key;
	if (id_is_zero_var(&j->key))
		return err_fail(ERR_REQUEST, "the cluster has no key yet; 'arca keygen' makes one, or name one with --key");
	TRY(input_read(&j->file, j->c, args_text(a, "in"), MAX_CIPHERTEXT_FILE, false));
	TRY(read_ciphertext(j));
	if (!args_has(a, "handle")) derive_handle(j);
	j->asked.cluster = &j->net;
	j->asked.request = id_fresh(kind, rng_os());
	j->shown = ticker_begin("decryption", args_has(a, "json"));
	signals_catch();
	return OK;
}

static void finish(job *j)
{
	input_free(&j->file);
	cluster_free(&j->net);
}

/* ---- asking -------------------------------------------------------------------------------------------------- */

/* The ciphertext as the requests hold it, which points to itself. */
typedef struct one_ciphertext {
	Kms__V1__TypedCiphertext ct, *list[1];
} one_ciphertext;

static void fill_ciphertext(one_ciphertext *out, const job *j)
{
	kms__v1__typed_ciphertext__init(&out->ct);
	out->ct.ciphertext = pb_bytes(j->file.bytes);
	out->ct.fhe_type = j->asked.type->number;
	out->ct.external_handle = pb_bytes(j->asked.handle);
	out->ct.ciphertext_format = (Kms__V1__CiphertextFormat)j->format;
	out->list[0] = &out->ct;
}

/* A kind of decryption in the service's words. */
typedef struct methods {
	const char *start, *result;
	const ProtobufCMessageDescriptor *answer;
} methods;

static const methods PUBLIC = { "PublicDecrypt", "GetPublicDecryptionResult", &kms__v1__public_decryption_response__descriptor };
static const methods USER = { "UserDecrypt", "GetUserDecryptionResult", &kms__v1__user_decryption_response__descriptor };

/* Starts, waits; the answer lives in a. */
static err ask(job *j, arena *a, ProtobufCMessage **answer, const methods *m, const ProtobufCMessage *request)
{
	client node;

	TRY(client_open(&node, j->c, j->party->grpc, j->timeout_ms));
	err e = client_start(&node, m->start, request);
	if (e == OK) e = client_result_message(&node, a, answer, m->answer, m->result, &j->asked.request, &j->shown);
	ticker_end(&j->shown);
	client_close(&node);
	return e;
}

static void report(job *j, const plaintext *value, const eth_address *user)
{
	AUTO(buf) text = { 0 }, handle = { 0 };
	char request[ID_TEXT], key[ID_TEXT], address[ADDRESS_TEXT];

	value_print(&text, value);
	if (!args_has(&j->c->args, "json")) {
		puts(buf_str(&text));
		return;
	}
	id_text(request, &j->asked.request);
	id_text(key, &j->key);
	buf_put_hex(&handle, j->asked.handle);
	if (user) address_text(address, user);
	print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:f}", "type", value->type->name, "value", buf_str(&text),
	           "request_id", request, "key_id", key, "handle", buf_str(&handle), "format", ct_format_name(j->format),
	           "address", user ? address : NULL, "seconds", ticker_seconds(&j->shown)));
}

/* ---- public -------------------------------------------------------------------------------------------------- */

static err decrypt_public(job *j, arena *a)
{
	Kms__V1__PublicDecryptionRequest q = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	ProtobufCMessage *answer;
	plaintext value;
	request_fields f;
	one_ciphertext one;

	request_fill(&f, &j->net, &j->asked.request, &j->key, false);
	fill_ciphertext(&one, j);
	q.request_id = &f.request;
	q.key_id = &f.about;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	q.domain = &f.domain;
	q.n_ciphertexts = 1;
	q.ciphertexts = one.list;
	TRY(ask(j, a, &answer, &PUBLIC, &q.base));
	TRY(verify_public(&value, &j->asked, j->party, (const Kms__V1__PublicDecryptionResponse *)answer));
	report(j, &value, NULL);
	return OK;
}

static err run_public(cli *c)
{
	job j = { .c = c };
	arena a = arena_with_limit(PB_ROOM(MAX_ANSWER));

	err e = prepare(&j, ID_PUBLIC_DECRYPT);
	if (e == OK) e = decrypt_public(&j, &a);
	arena_free(&a);
	finish(&j);
	return e;
}

/* ---- user ---------------------------------------------------------------------------------------------------- */

static err new_reader(reader_keys *me, cli *c)
{
	const char *text = args_text(&c->args, "address");

	if (text) TRY_USAGE(c, address_parse(&me->address, "--address", slice_str(text)));
	else rng_fill(rng_os(), me->address.b, sizeof me->address.b);
	enc_key_generate(&me->ek, &me->dk, rng_os());
	enc_key_write(me->wire, &me->ek);
	return OK;
}

static err decrypt_user(job *j, arena *a, const reader_keys *me)
{
	Kms__V1__UserDecryptionRequest q = KMS__V1__USER_DECRYPTION_REQUEST__INIT;
	ProtobufCMessage *answer;
	char address[ADDRESS_TEXT];
	plaintext value;
	request_fields f;
	one_ciphertext one;

	request_fill(&f, &j->net, &j->asked.request, &j->key, false);
	fill_ciphertext(&one, j);
	address_text(address, &me->address);
	q.request_id = &f.request;
	q.key_id = &f.about;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	q.domain = &f.domain;
	q.n_typed_ciphertexts = 1;
	q.typed_ciphertexts = one.list;
	q.client_address = address;
	q.enc_key = pb_bytes(slice_of(me->wire, sizeof me->wire));
	TRY(ask(j, a, &answer, &USER, &q.base));
	err e = verify_user(&value, &j->asked, me, j->party, (const Kms__V1__UserDecryptionResponse *)answer);
	if (e == OK) report(j, &value, &me->address);
	wipe(&value, sizeof value);
	return e;
}

static err run_user(cli *c)
{
	job j = { .c = c };
	reader_keys me;
	arena a = arena_with_limit(PB_ROOM(MAX_ANSWER));

	err e = new_reader(&me, c);
	if (e == OK) e = prepare(&j, ID_USER_DECRYPT);
	if (e == OK) e = decrypt_user(&j, &a, &me);
	wipe(&me, sizeof me);
	arena_free(&a);
	finish(&j);
	return e;
}

/* ---- help ---------------------------------------------------------------------------------------------------- */

#define HANDLE_HELP \
	"Domain, signer and ids are those of devnet.json (or of FILE, of the same shape),\n" \
	"never what a node says of itself. The ciphertext's format is read from the file.\n" \
	"Without --handle the handle is keccak256(file)[0..21) || 0xff || chain id (u64,\n" \
	"big-endian) || type || 0.\n"

const command COMMAND_DECRYPT_PUBLIC = {
	.noun = "decrypt", .verb = "public", .run = run_public, .options = PUBLIC_OPTIONS,
	.line = "for everybody: the node answers with the value in the clear",
	.help =
	"Asks for a public decryption under a fresh request id, waits for the answer, and\n"
	"verifies both of its signatures, its request id and its type before it prints the\n"
	"value.\n"
	"\n" HANDLE_HELP,
	.examples =
	"  arca decrypt public --devnet net --type uint64 --in cts/0.bin\n"
	"  arca decrypt public --nodes cluster.json --key 04... --type bool --in cts/1.bin --json\n",
};

const command COMMAND_DECRYPT_USER = {
	.noun = "decrypt", .verb = "user", .run = run_user, .options = USER_OPTIONS,
	.line = "for one reader: the node answers with the value under the reader's key",
	.help =
	"Makes a fresh ML-KEM-512 key, asks for a decryption to it, and waits. Verifies both\n"
	"signatures and the link to key, handle, address and domain, opens the answer,\n"
	"verifies the signature inside, and prints the value. The key is forgotten.\n"
	"\n" HANDLE_HELP,
	.examples =
	"  arca decrypt user --devnet net --type uint64 --in cts/0.bin\n"
	"  arca decrypt user --devnet net --type address --in cts/2.bin \\\n"
	"      --address 0x66f9664f97F2b50F62D13eA064982f936dE76657\n",
};
