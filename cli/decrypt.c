/* SPDX-License-Identifier: MIT */
/*
 * cli/decrypt.c -- arca decrypt public|user: ask everybody, verify, believe what T liars cannot have made, and only then
 * print.
 *
 * Domain, signers and ids come from devnet.json or the --nodes file (cluster.h), the format from the ciphertext file,
 * everything that must be fresh from the system's generator.  decrypt_report.c prints.
 */
#include "cli/decrypt.h"
#include <stdlib.h>
#include "base/clock.h"
#include "base/hex.h"
#include "cli/request.h"
#include "cli/typed_keys.h"
#include "evm/address.h"

#define WHERE_OPTIONS \
	{ "devnet",  "DIR",  ONE_OF,   "a cluster on this machine" }, \
	{ "nodes",   "FILE", ONE_OF,   "any other: a JSON file of the shape of devnet.json" }, \
	{ "key",     "ID",   OPTIONAL, "the key's id; without it, the one that devnet.json or FILE names" }, \
	{ "epoch",   "ID",   OPTIONAL, "the epoch whose shares of it are used; without it, likewise" }, \
	{ "type",    "T",    REQUIRED, "bool, uint8, uint16, uint32, uint64, uint128, uint256 or address" }, \
	{ "in",      "FILE", REQUIRED, "the ciphertext, as 'arca coprocess' writes it" }, \
	{ "handle",  "HEX",  OPTIONAL, "its handle, at most 32 bytes; without it, the one derived from the file" }, \
	{ "scheme",  "NAMES", OPTIONAL, "further signatures: Ed25519, MlDsa44, MlDsa65, MlDsa87, with commas" }, \
	{ "timeout", "S",    OPTIONAL, "how long to wait for answers, in seconds; without it, 600" }, \
	ALLOW_INSECURE_KEY

static const option PUBLIC_OPTIONS[] = {
	WHERE_OPTIONS,
	{ "json", NULL, OPTIONAL, "print value, ids, signatures and what each party did as JSON" },
	OPTIONS_END
};

static const option USER_OPTIONS[] = {
	WHERE_OPTIONS,
	{ "address", "ADDR", OPTIONAL, "the reader's address; without it, a fresh one" },
	{ "json", NULL, OPTIONAL, "print value, ids and what each party did as JSON" },
	OPTIONS_END
};

enum { HANDLE_HASH = 21, HANDLE_COMPUTED = 0xff, TIMEOUT_S = 600, MAX_ANSWER = 8 << 20 };

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
	const char *key = args_text(a, "key"), *epoch = args_text(a, "epoch"), *handle = args_text(a, "handle");
	int64_t timeout_s;

	j->asked.type = fhe_type_by_name_var(slice_str(args_text(a, "type")));
	if (!j->asked.type)
		return cli_usage(j->c, "--type %s: there are bool, uint8, uint16, uint32, uint64, uint128, uint256 and address",
		                 args_text(a, "type"));
	TRY_USAGE(j->c, args_number(&timeout_s, a, "timeout", 1, 1000000, TIMEOUT_S));
	j->timeout_ms = timeout_s * 1000;
	if (key) TRY_USAGE(j->c, id_parse(&j->key, "--key", slice_str(key)));
	if (epoch) TRY_USAGE(j->c, id_parse(&j->epoch, "--epoch", slice_str(epoch)));
	if (handle) TRY(read_handle(j, handle));
	TRY(typed_schemes_of_args(j->asked.scheme, &j->asked.schemes, j->c));
	for (size_t i = 0; i < j->asked.schemes; i++) j->scheme[i] = (Kms__V1__SigningSchemeType)j->asked.scheme[i];
	j->asked.key_of = typed_key_of;
	return OK;
}

static err prepare(job *j, id_kind kind)
{
	const args *a = &j->c->args;

	TRY(read_options(j));
	TRY(cluster_of_args(&j->net, j->c));
	if (!args_has(a, "key")) j->key = j->net.key;
	if (args_has(a, "epoch")) j->net.epoch = j->epoch;
	if (id_is_zero_var(&j->key) && args_has(a, "nodes"))
		return err_fail(ERR_REQUEST, "%s names no key: write \"key_id\" into it, or name one with --key; 'arca keygen' makes one", args_text(a, "nodes"));
	if (id_is_zero_var(&j->key))
		return err_fail(ERR_REQUEST, "the cluster has no key yet; 'arca keygen' makes one, or name one with --key");
	TRY(cluster_key_allowed(&j->net, j->c));
	TRY(input_read(&j->file, j->c, args_text(a, "in"), MAX_CIPHERTEXT_FILE, false));
	TRY(read_ciphertext(j));
	if (!args_has(a, "handle")) derive_handle(j);
	j->asked.cluster = j->heard.net = &j->net;
	j->asked.request = id_fresh(kind, rng_os());
	j->shown = ticker_begin("decryption", args_has(a, "json"));
	signals_catch();
	return OK;
}

static void finish(job *j)
{
	tally_free(&j->heard);
	wipe(&j->value, sizeof j->value);
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

/* A kind of decryption: in the service's words, and what is done with an answer. */
typedef struct decryption {
	const char *start, *result;
	const ProtobufCMessageDescriptor *answer;
	err       (*take)(job *j, const cluster_party *p, const ProtobufCMessage *answer);    /* into the tally             */
	err       (*agree)(job *j);                       /* j->value, if those who answered so far determine it            */
} decryption;

/* An answer, or why there is none, goes to the tally. */
static void take_answer(job *j, const decryption *d, const group_answer *a)
{
	const unsigned i = a->party->party_id;

	if (a->e != OK) {
		tally_note(&j->heard, i, a->unavailable ? STANDING_ABSENT : STANDING_REFUSED, a->why);
	} else if (d->take(j, a->party, a->message) != OK) {
		tally_note(&j->heard, i, STANDING_WRONG, err_text());
		err_clear();
	}
}

/*
 * Enough is a value with a quorum.  The others then have a moment more, so that their signatures are there too and liars are
 * named.  A public value that is believed already, but is signed by less than a quorum, waits longer for the rest.
 */
enum { TURN_MS = 100, LINGER_MS = 200, GRACE_MS = 10000 };

static int64_t patience_ms(const job *j)
{
	return size_of_set(j->signers) >= cluster_quorum(&j->net) ? LINGER_MS : GRACE_MS;
}

static err gather(job *j, group *g, const decryption *d)
{
	int64_t decided = 0;
	err e = ERR_BUSY;

	while (group_waiting(g)) {
		const group_answer *a = group_next(g, TURN_MS);
		const int64_t now = clock_now_ms(clock_system());
		if (a) {
			take_answer(j, d, a);
			e = d->agree(j);
			if (e != OK && e != ERR_BUSY) return e;
			err_clear();
			if (e == OK && !decided) decided = now;
		}
		if (e == OK && now - decided >= patience_ms(j)) break;
		ticker_time(&j->shown);
	}
	return e == ERR_BUSY ? d->agree(j) : e;          /* once more for its sentence */
}

static err ask(job *j, const decryption *d, const ProtobufCMessage *request)
{
	const group_call what = { .start = d->start, .fetch = d->result, .request = request, .result = d->answer,
	                          .id = j->asked.request, .timeout_ms = j->timeout_ms, .most_answer = MAX_ANSWER };
	group *g;

	TRY(group_ask(&g, &j->net, &what));
	err e = gather(j, g, d);
	ticker_end(&j->shown);
	e = e == OK ? report_value(j) : report_failure(j, e);
	fflush(stdout);                                  /* before a slow party is taken leave of */
	group_free(&g);
	return e;
}

/* ---- public -------------------------------------------------------------------------------------------------- */

static err take_public(job *j, const cluster_party *p, const ProtobufCMessage *answer)
{
	const Kms__V1__PublicDecryptionResponse *r = (const Kms__V1__PublicDecryptionResponse *)answer;
	plaintext value;
	secp_rsig signature;

	TRY(verify_public(&value, &j->asked, p, r));
	memcpy(signature.b, r->external_signature.data, sizeof signature.b);          /* whose length was verified */
	tally_value(&j->heard, p->party_id, &value, &signature);
	return OK;
}

static err agree_public(job *j)
{
	TRY(tally_public(&j->value, &j->signers, &j->heard));
	tally_blame(&j->heard, &j->value);
	return OK;
}

static err decrypt_public(job *j)
{
	static const decryption PUBLIC = { "PublicDecrypt", "GetPublicDecryptionResult",
	                                   &kms__v1__public_decryption_response__descriptor, take_public, agree_public };
	Kms__V1__PublicDecryptionRequest q = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	request_fields f;
	one_ciphertext one;

	request_fill(&f, &j->net, &j->asked.request, &j->key, false);
	fill_ciphertext(&one, j);
	q.request_id = &f.request;
	q.key_id = &f.about;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	q.domain = &f.domain;
	q.n_signing_schemes = j->asked.schemes;
	q.signing_schemes = j->scheme;
	q.n_ciphertexts = 1;
	q.ciphertexts = one.list;
	return ask(j, &PUBLIC, &q.base);
}

static err run_public(cli *c)
{
	job *j = calloc(1, sizeof *j);

	ASSERT(j);
	j->c = c;
	err e = prepare(j, ID_PUBLIC_DECRYPT);
	if (e == OK) e = decrypt_public(j);
	finish(j);
	free(j);
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

static err take_user(job *j, const cluster_party *p, const ProtobufCMessage *answer)
{
	AUTO(buf) opened = { 0 };

	TRY(verify_user(&opened, &j->asked, &j->me, p, (const Kms__V1__UserDecryptionResponse *)answer));
	if (!cluster_is_shared(&j->net)) TRY(verify_value(&j->value, &j->asked, p, buf_slice(&opened)));
	tally_share(&j->heard, p->party_id, &opened);
	return OK;
}

static err agree_user(job *j)
{
	hash32 link;

	if (cluster_is_shared(&j->net)) {
		TRY(verify_link(&link, &j->asked, &j->me));
		TRY(tally_user(&j->value, &j->heard, j->asked.type, &link));
	}
	j->signers = tally_who(&j->heard, STANDING_GOOD);
	return j->signers ? OK : ERR_BUSY;
}

static err decrypt_user(job *j)
{
	static const decryption USER = { "UserDecrypt", "GetUserDecryptionResult",
	                                 &kms__v1__user_decryption_response__descriptor, take_user, agree_user };
	Kms__V1__UserDecryptionRequest q = KMS__V1__USER_DECRYPTION_REQUEST__INIT;
	char address[ADDRESS_TEXT];
	request_fields f;
	one_ciphertext one;

	request_fill(&f, &j->net, &j->asked.request, &j->key, false);
	fill_ciphertext(&one, j);
	address_text(address, &j->me.address);
	q.request_id = &f.request;
	q.key_id = &f.about;
	q.context_id = &f.context;
	q.epoch_id = &f.epoch;
	q.domain = &f.domain;
	q.n_signing_schemes = j->asked.schemes;
	q.signing_schemes = j->scheme;
	q.n_typed_ciphertexts = 1;
	q.typed_ciphertexts = one.list;
	q.client_address = address;
	q.enc_key = pb_bytes(slice_of(j->me.wire, sizeof j->me.wire));
	j->user = true;
	return ask(j, &USER, &q.base);
}

static err run_user(cli *c)
{
	job *j = calloc(1, sizeof *j);

	ASSERT(j);
	j->c = c;
	err e = new_reader(&j->me, c);
	if (e == OK) e = prepare(j, ID_USER_DECRYPT);
	if (e == OK) e = decrypt_user(j);
	wipe(&j->me, sizeof j->me);
	finish(j);
	free(j);
	return e;
}

/* ---- help ---------------------------------------------------------------------------------------------------- */

#define TRUST_HELP \
	"Domain, signers and ids are those of devnet.json (or of FILE, of the same shape),\n" \
	"never what a node says of itself. The ciphertext's format is read from the file.\n" \
	"Without --handle the handle is keccak256(file)[0..21) || 0xff || chain id (u64,\n" \
	"big-endian) || type || 0.\n" \
	"\n" \
	"With parties that share a key, all of them are asked, and up to T may be down, slow\n" \
	"or lying. With --scheme an answer counts only if it is signed under these schemes,\n" \
	"too, by keys whose identities devnet.json lists as typed_signers.\n"

const command COMMAND_DECRYPT_PUBLIC = {
	.noun = "decrypt", .verb = "public", .run = run_public, .options = PUBLIC_OPTIONS,
	.line = "for everybody: the nodes answer with the value in the clear",
	.help =
	"Asks for a public decryption under a fresh request id, waits for answers, and\n"
	"verifies both signatures of each, its request id and its type before it prints the\n"
	"value.\n"
	"\n" TRUST_HELP
	"A value is believed when T + 1 parties signed it. It is printed when 2T + 1\n"
	"signatures are there, as many as contracts ask for, or when no more will come; --json\n"
	"lists them. Parties that fail or contradict are named on stderr.\n",
	.examples =
	"  arca decrypt public --devnet net --type uint64 --in cts/0.bin\n"
	"  arca decrypt public --nodes cluster.json --key 04... --type bool --in cts/1.bin --json\n",
};

const command COMMAND_DECRYPT_USER = {
	.noun = "decrypt", .verb = "user", .run = run_user, .options = USER_OPTIONS,
	.line = "for one reader: the nodes answer with the value, or shares of it, under the reader's key",
	.help =
	"Makes a fresh ML-KEM-512 key, asks for a decryption to it, and waits. Verifies both\n"
	"signatures of each answer and its link to key, handle, address and domain, opens it,\n"
	"verifies the signature inside, and prints the value. The key is forgotten.\n"
	"\n" TRUST_HELP
	"The value is put together from their shares, of which 2T + 1 must\n"
	"agree. Parties that fail or whose share is wrong are named on stderr.\n",
	.examples =
	"  arca decrypt user --devnet net --type uint64 --in cts/0.bin\n"
	"  arca decrypt user --devnet net --type address --in cts/2.bin \\\n"
	"      --address 0x66f9664f97F2b50F62D13eA064982f936dE76657\n",
};
