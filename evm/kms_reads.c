/* SPDX-License-Identifier: MIT */
/* evm/kms_reads.c -- what is read from contracts, and users' own calls.  (evm/kms_calls.h) */
#include "evm/kms_calls.h"
#include "evm/kms_events.h"

const struct call_read_row CALL_READS[N_CALL_READS] = {
	[READ_DECRYPTION_DONE]           = { "isDecryptionDone(uint256)", 0x58f5b8ab, 1 },
	[READ_COPROCESSOR]               = { "getCoprocessor(address)", 0xef6997f9, 1 },
	[READ_COPROCESSOR_SIGNERS]       = { "getCoprocessorSigners()", 0x9164d0ae, 0 },
	[READ_COPROCESSOR_SENDERS]       = { "getCoprocessorTxSenders()", 0x1ea5bd42, 0 },
	[READ_COPROCESSOR_MAJORITY]      = { "getCoprocessorMajorityThreshold()", 0x6799ef52, 0 },
	[READ_KMS_NODE]                  = { "getKmsNode(address)", 0xe3b2a874, 1 },
	[READ_IS_KMS_SENDER]             = { "isKmsTxSender(address)", 0xe5275eaf, 1 },
	[READ_KMS_SIGNERS]               = { "getKmsSigners()", 0x7eaac8f2, 0 },
	[READ_PUBLIC_THRESHOLD]          = { "getPublicDecryptionThreshold()", 0x2a388998, 0 },
	[READ_USER_THRESHOLD]            = { "getUserDecryptionThreshold()", 0xc2b42986, 0 },
	[READ_GENERATION_THRESHOLD]      = { "getKmsGenThreshold()", 0xb4722bc4, 0 },
	[READ_CONTEXT_PUBLIC_THRESHOLD]  = { "getPublicDecryptionThresholdForContext(uint256)", 0xc3aaaa5a, 1 },
	[READ_CONTEXT_USER_THRESHOLD]    = { "getUserDecryptionThresholdForContext(uint256)", 0x281e8bfe, 1 },
	[READ_CURRENT_CONTEXT]           = { "getCurrentKmsContextId()", 0x976f3eb9, 0 },
	[READ_ALLOWED_FOR_DECRYPTION]    = { "isAllowedForDecryption(bytes32)", 0xc0d02943, 1 },
	[READ_ALLOWED]                   = { "isAllowed(bytes32,address)", 0x82027b6d, 2 },
	[READ_DELEGATED]                 = { "isHandleDelegatedForUserDecryption(address,address,address,bytes32)", 0xd09c0dee, 4 },
	[READ_INVALIDATED_BEFORE]        = { "decryptionSignatureInvalidatedBefore(address)", 0x0dff1525, 1 },
	[READ_CURRENT_CONTEXT_AND_EPOCH] = { "getCurrentKmsContextAndEpoch()", 0x65b394af, 0 },
	[READ_CONTEXT_VALID]             = { "isValidKmsContext(uint256)", 0xbf9b16c8, 1 },
	[READ_EPOCH_VALID]               = { "isValidEpochForContext(uint256,uint256)", 0xcceac019, 2 },
	[READ_CONTEXT_ANCHOR]            = { "getKmsContextAnchor(uint256)", 0xc999a8b4, 1 },
	[READ_COMPLETED_KEYS]            = { "getCompletedKeyIds()", 0xe410117e, 0 },
	[READ_COMPLETED_CRS]             = { "getCompletedCrsIds()", 0xdabd732f, 0 },
	[READ_KEY_INFO]                  = { "getKeyInfo(uint256)", 0x6294f462, 1 },
	[READ_CRS_MATERIALS]             = { "getCrsMaterials(uint256)", 0xc55b8724, 1 },
	[READ_MATERIAL_ADDED]            = { "isCiphertextMaterialAdded(bytes32)", 0x2ddc9a6f, 1 },
	[READ_DOMAIN]                    = { "eip712Domain()", 0x84b0196e, 0 },
};

void call_read_put(buf *out, call_read which, const abi_word *words, size_t n)
{
	ASSERT(which < N_CALL_READS && n == CALL_READS[which].words);
	abi_frame f = abi_call(out, CALL_READS[which].selector, n);
	for (size_t i = 0; i < n; i++) abi_put(&f, &words[i]);
}

/* ---- what came back ----------------------------------------------------------------------------------------- */

static err finish(const abi_reader *r, call_read which)
{
	if (r->all.n == 0)
		return err_fail(ERR_REQUEST, "%s returned nothing: there is no such contract at this address of this chain",
		                CALL_READS[which].signature);
	if (!abi_ok(r)) return err_fail(ERR_REQUEST, "what %s returned is malformed: %s", CALL_READS[which].signature, r->why);
	return OK;
}

err call_read_bool(bool *out, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	const bool yes = abi_next_bool(&p);

	TRY(finish(&r, which));
	*out = yes;
	return OK;
}

err call_read_u64(uint64_t *out, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	const uint64_t x = abi_next_u64(&p, UINT64_MAX);

	TRY(finish(&r, which));
	*out = x;
	return OK;
}

err call_read_words(abi_word *out, size_t n, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);

	for (size_t i = 0; i < n; i++) out[i] = abi_next(&p);
	err e = finish(&r, which);
	if (e != OK) memset(out, 0, n * sizeof *out);
	return e;
}

err call_read_addresses(const eth_address **out, size_t *n, arena *a, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	size_t count;
	abi_part list = abi_next_list(&p, &count, 1, MAX_READ_ADDRESSES);
	eth_address *all = NULL;

	TRY(finish(&r, which));
	if (count) TRY(arena_new(a, &all, count));
	for (size_t i = 0; i < count; i++) all[i] = abi_next_address(&list);
	TRY(finish(&r, which));
	*out = all, *n = count;
	return OK;
}

err call_read_ids(const id32 **out, size_t *n, arena *a, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	size_t count;
	abi_part list = abi_next_list(&p, &count, 1, MAX_READ_IDS);
	id32 *all = NULL;

	TRY(finish(&r, which));
	if (count) TRY(arena_new(a, &all, count));
	for (size_t i = 0; i < count; i++) all[i] = abi_next_id(&list);
	TRY(finish(&r, which));
	*out = all, *n = count;
	return OK;
}

err call_read_party(call_party *out, call_read which, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part top = abi_top(&r), p = abi_next_tuple(&top);
	call_party party = { .tx_sender = abi_next_address(&p), .signer = abi_next_address(&p) };

	if (which == READ_KMS_NODE) party.address = abi_next_bytes(&p, MAX_READ_TEXT);
	party.url = abi_next_bytes(&p, MAX_READ_TEXT);
	TRY(finish(&r, which));
	*out = party;
	return OK;
}

static void next_digests(call_key *k, abi_part *p)
{
	abi_part list = abi_next_list(p, &k->n, 1, MAX_KEY_DIGESTS);
	for (size_t i = 0; i < k->n; i++) {
		abi_part one = abi_next_tuple(&list);
		k->digest[i].type = (kms712_key_type)abi_next_u64(&one, KMS712_COMPRESSED_KEY_SET);
		k->digest[i].digest = abi_next_bytes(&one, MAX_READ_TEXT);
	}
}

err call_read_key(call_key *out, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part top = abi_top(&r), p = abi_next_tuple(&top);
	call_key k = { .prep = abi_next_id(&p), .key = abi_next_id(&p), .params = (uint8_t)abi_next_u64(&p, 1) };

	next_digests(&k, &p);
	TRY(finish(&r, READ_KEY_INFO));
	*out = k;
	return OK;
}

err call_read_crs_digest(slice *out, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	size_t n;

	(void)abi_next_list(&p, &n, 1, MAX_READ_ADDRESSES);    /* where it is stored */
	const slice digest = abi_next_bytes(&p, MAX_READ_TEXT);
	TRY(finish(&r, READ_CRS_MATERIALS));
	*out = digest;
	return OK;
}

/* Which members a domain has, a bit each: name, version, chain id, contract, salt; the lowest first. */
enum { DOMAIN_USUAL = 0x0f, DOMAIN_WITH_SALT = 0x1f };

err call_read_domain(eip712_domain *out, slice answer)
{
	abi_reader r = abi_reader_of(answer);
	abi_part p = abi_top(&r);
	size_t extensions;
	eip712_domain d = { 0 };

	const uint8_t members = abi_next(&p).b[0];
	d.name = abi_next_bytes(&p, MAX_DOMAIN_TEXT);
	d.version = abi_next_bytes(&p, MAX_DOMAIN_TEXT);
	d.chain_id = abi_next(&p);
	d.contract = abi_next_address(&p);
	const abi_word salt = abi_next(&p);
	(void)abi_next_list(&p, &extensions, 1, 0);
	if (members != DOMAIN_USUAL && members != DOMAIN_WITH_SALT) abi_refuse(&r, "it lacks members that are needed");
	d.salted = members == DOMAIN_WITH_SALT;
	if (d.salted) memcpy(d.salt, salt.b, sizeof d.salt);
	TRY(finish(&r, READ_DOMAIN));
	*out = d;
	return OK;
}

/* ---- users' calls ------------------------------------------------------------------------------------------- */

#define USER_REQUEST           0xf1b57adbu       /* (pairs, validity, contracts, user, ...)          */
#define DELEGATED_USER_REQUEST 0x9fad5a2fu       /* (pairs, validity, accounts, contracts, ...)      */
enum { MAX_PAIRS = 1024, MAX_CONTRACTS = 1024 };

static err next_contracts(call_user_request *u, arena *a, abi_part *p)
{
	eth_address *contract = NULL;
	abi_part info = abi_next_tuple(p);

	u->chain_id = abi_next_u64(&info, UINT64_MAX);
	abi_part list = abi_next_list(&info, &u->contracts, 1, MAX_CONTRACTS);
	if (abi_ok(p->r) && u->contracts) TRY(arena_new(a, &contract, u->contracts));
	for (size_t i = 0; contract && i < u->contracts; i++) contract[i] = abi_next_address(&list);
	u->contract = contract;
	return OK;
}

static uint32_t selector_of(slice data)
{
	return data.n < ABI_SELECTOR ? 0 :
		(uint32_t)data.p[0] << 24 | (uint32_t)data.p[1] << 16 | (uint32_t)data.p[2] << 8 | data.p[3];
}

err call_user_request_read(call_user_request *out, arena *a, slice data)
{
	const uint32_t selector = selector_of(data);
	call_user_request u = { .delegated = selector == DELEGATED_USER_REQUEST };
	call_pair *pair = NULL;

	if (selector != USER_REQUEST && selector != DELEGATED_USER_REQUEST)
		return err_fail(ERR_REQUEST, "the transaction calls %08x, which is not a request for user decryption", selector);
	abi_reader r = abi_reader_of(slice_of(data.p + ABI_SELECTOR, data.n - ABI_SELECTOR));
	abi_part p = abi_top(&r), list = abi_next_list(&p, &u.n, 2, MAX_PAIRS);
	if (abi_ok(&r) && u.n) TRY(arena_new(a, &pair, u.n));
	for (size_t i = 0; pair && i < u.n; i++) {
		pair[i].handle = abi_next(&list);
		pair[i].contract = abi_next_address(&list);
	}
	u.pair = pair;
	u.start = abi_next(&p), u.days = abi_next(&p);
	if (u.delegated) {
		u.delegator = abi_next_address(&p);
		u.user = abi_next_address(&p);
	}
	TRY(next_contracts(&u, a, &p));
	if (!u.delegated) u.user = abi_next_address(&p);
	u.public_key = abi_next_bytes(&p, MAX_EVENT_BYTES);
	u.signature = abi_next_bytes(&p, MAX_EVENT_BYTES);
	u.extra_data = abi_next_bytes(&p, MAX_EVENT_BYTES);
	if (!abi_ok(&r)) return err_fail(ERR_REQUEST, "the transaction's request for user decryption is malformed: %s", r.why);
	*out = u;
	return OK;
}
