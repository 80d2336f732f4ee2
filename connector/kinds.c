/* SPDX-License-Identifier: MIT */
/* connector/kinds.c -- the twenty queues: table, key, columns. */
#include "connector/queue_internal.h"

#define AT(member) offsetof(queue_item, member)
#define ID(name, member)           { name, COLUMN_ID, AT(member), 32, 32, false, false }
#define WORD(name, member)         { name, COLUMN_WORD, AT(member), 32, 32, false, false }
#define BYTES(name, member)        { name, COLUMN_BYTES, AT(member), 0, 0, false, false }
#define EXACT(name, member, n)     { name, COLUMN_BYTES, AT(member), n, n, false, false }
#define LIST(name, member, least, most) { name, COLUMN_LIST, AT(member), least, most, false, true }
#define PARAMS                     { "params_type", COLUMN_PARAMS, AT(params), 0, 0, false, false }
#define RFC016(type, name, member, n) { name, type, AT(member), n, n, true, true }

enum { MATERIAL_LEAST = 96, ADDRESS = 20, HANDLE = 32 };

static const queue_column PUBLIC[] = {
	LIST("sns_ct_materials", materials, MATERIAL_LEAST, 0), LIST("ct_handles", handles, HANDLE, HANDLE), BYTES("extra_data", extra_data),
};
static const queue_column USER[] = {
	LIST("sns_ct_materials", materials, MATERIAL_LEAST, 0), LIST("ct_handles", handles, HANDLE, HANDLE),
	EXACT("user_address", user, ADDRESS), BYTES("public_key", public_key), BYTES("extra_data", extra_data),
	RFC016(COLUMN_LIST, "handle_owner_addresses", owners, ADDRESS), RFC016(COLUMN_LIST, "handle_contract_addresses", contracts, ADDRESS),
	RFC016(COLUMN_LIST, "allowed_contracts", allowed_contracts, ADDRESS), RFC016(COLUMN_INT, "start_timestamp", start_s, 0),
	RFC016(COLUMN_INT, "duration_seconds", duration_s, 0), RFC016(COLUMN_BYTES, "signature", signature, 0),
};
static const queue_column PREP_KEYGEN[] = {
	PARAMS, { "epoch_id", COLUMN_ID, AT(epoch_id), 32, 32, false, true }, BYTES("extra_data", extra_data),
};
static const queue_column KEYGEN[] = { ID("prep_keygen_id", prep_keygen_id), BYTES("extra_data", extra_data) };
static const queue_column CRSGEN[] = { WORD("max_bit_length", max_bit_length), PARAMS, BYTES("extra_data", extra_data) };
static const queue_column RESHARE[] = { ID("key_id", key_id), ID("prep_keygen_id", prep_keygen_id), PARAMS };
static const queue_column NEW_CONTEXT[] = {
	ID("previous_context_id", previous_context_id), BYTES("kms_node_params", node_params), BYTES("thresholds", thresholds),
	{ "software_version", COLUMN_TEXT, AT(software_version), 0, MAX_ITEM_TEXT, false, false }, BYTES("pcr_values", pcr_values),
};
static const queue_column NEW_EPOCH[] = {
	ID("context_id", context_id), ID("previous_context_id", previous_context_id), ID("previous_epoch_id", previous_epoch_id),
	WORD("material_block_number", material_block),
};
static const queue_column PUBLIC_ANSWER[] = {
	BYTES("decrypted_result", result), BYTES("signature", signature), BYTES("extra_data", extra_data),
};
static const queue_column USER_ANSWER[] = {
	BYTES("user_decrypted_shares", result), BYTES("signature", signature), BYTES("extra_data", extra_data),
};
static const queue_column PREP_KEYGEN_ANSWER[] = { BYTES("signature", signature) };
static const queue_column KEYGEN_ANSWER[] = { LIST("key_digests", digests, 2, 0), BYTES("signature", signature) };
static const queue_column CRSGEN_ANSWER[] = { BYTES("crs_digest", result), BYTES("signature", signature) };
static const queue_column EPOCH_ANSWER[] = { ID("context_id", context_id), BYTES("keys", keys), BYTES("crs_list", crs_list) };

#define OWN(columns) columns, COUNT(columns)
#define CALLED(label) label, label "_available"

const queue_kind_info QUEUE_INFO[QUEUE_KINDS] = {
	[QUEUE_PUBLIC_DECRYPTION] = { "public_decryption_requests", "decryption_id", CALLED("public_decryption_request"), "PublicDecryptionRequest",
	                              QUEUE_PUBLIC_DECRYPTION_RESPONSE, OWN(PUBLIC) },
	[QUEUE_USER_DECRYPTION]   = { "user_decryption_requests", "decryption_id", CALLED("user_decryption_request"), "UserDecryptionRequest",
	                              QUEUE_USER_DECRYPTION_RESPONSE, OWN(USER) },
	[QUEUE_PREP_KEYGEN]       = { "prep_keygen_requests", "prep_keygen_id", CALLED("prep_keygen_request"), "PrepKeygenRequest",
	                              QUEUE_PREP_KEYGEN_RESPONSE, OWN(PREP_KEYGEN) },
	[QUEUE_KEYGEN]            = { "keygen_requests", "key_id", CALLED("keygen_request"), "KeygenRequest", QUEUE_KEYGEN_RESPONSE, OWN(KEYGEN) },
	[QUEUE_CRSGEN]            = { "crsgen_requests", "crs_id", CALLED("crsgen_request"), "CrsgenRequest", QUEUE_CRSGEN_RESPONSE, OWN(CRSGEN) },
	[QUEUE_PRSS_INIT]         = { "prss_init", "id", CALLED("prss_init"), "PrssInit", QUEUE_KINDS, NULL, 0 },
	[QUEUE_KEY_RESHARE]       = { "key_reshare_same_set", "key_reshare_id", CALLED("key_reshare_same_set"), "KeyReshareSameSet",
	                              QUEUE_KINDS, OWN(RESHARE) },
	[QUEUE_ABORT_KEYGEN]      = { "abort_keygen_requests", "prep_keygen_id", CALLED("abort_keygen_request"), NULL, QUEUE_KINDS, NULL, 0 },
	[QUEUE_ABORT_CRSGEN]      = { "abort_crsgen_requests", "crs_id", CALLED("abort_crsgen_request"), NULL, QUEUE_KINDS, NULL, 0 },
	[QUEUE_NEW_CONTEXT]       = { "new_kms_context", "context_id", CALLED("new_kms_context"), NULL, QUEUE_NEW_CONTEXT_RESPONSE, OWN(NEW_CONTEXT) },
	[QUEUE_NEW_EPOCH]         = { "new_kms_epoch", "epoch_id", CALLED("new_kms_epoch"), NULL, QUEUE_EPOCH_RESULT_RESPONSE, OWN(NEW_EPOCH) },
	[QUEUE_CONTEXT_DESTROYED] = { "kms_context_destroyed", "context_id", CALLED("kms_context_destroyed"), NULL, QUEUE_KINDS, NULL, 0 },
	[QUEUE_EPOCH_DESTROYED]   = { "kms_epoch_destroyed", "epoch_id", CALLED("kms_epoch_destroyed"), NULL, QUEUE_KINDS, NULL, 0 },

	[QUEUE_PUBLIC_DECRYPTION_RESPONSE] = { "public_decryption_responses", "decryption_id", CALLED("public_decryption_response"), NULL,
	                                       QUEUE_PUBLIC_DECRYPTION, OWN(PUBLIC_ANSWER) },
	[QUEUE_USER_DECRYPTION_RESPONSE]   = { "user_decryption_responses", "decryption_id", CALLED("user_decryption_response"), NULL,
	                                       QUEUE_USER_DECRYPTION, OWN(USER_ANSWER) },
	[QUEUE_PREP_KEYGEN_RESPONSE]       = { "prep_keygen_responses", "prep_keygen_id", CALLED("prep_keygen_response"), NULL, QUEUE_PREP_KEYGEN,
	                                       OWN(PREP_KEYGEN_ANSWER) },
	[QUEUE_KEYGEN_RESPONSE]            = { "keygen_responses", "key_id", CALLED("keygen_response"), NULL, QUEUE_KEYGEN, OWN(KEYGEN_ANSWER) },
	[QUEUE_CRSGEN_RESPONSE]            = { "crsgen_responses", "crs_id", CALLED("crsgen_response"), NULL, QUEUE_CRSGEN, OWN(CRSGEN_ANSWER) },
	[QUEUE_NEW_CONTEXT_RESPONSE]       = { "new_kms_context_responses", "context_id", CALLED("new_kms_context_response"), NULL, QUEUE_NEW_CONTEXT, NULL, 0 },
	[QUEUE_EPOCH_RESULT_RESPONSE]      = { "epoch_result_responses", "epoch_id", CALLED("epoch_result_response"), NULL, QUEUE_NEW_EPOCH,
	                                       OWN(EPOCH_ANSWER) },
};

const char *queue_table(queue_kind k) { return QUEUE_INFO[k].table; }
const char *queue_label(queue_kind k) { return QUEUE_INFO[k].label; }
const char *queue_event_type(queue_kind k) { return QUEUE_INFO[k].event_type; }
queue_kind  queue_response_of(queue_kind k) { return queue_is_response(k) ? QUEUE_KINDS : QUEUE_INFO[k].other; }

const char *queue_channel(queue_kind k) { return QUEUE_INFO[k].channel; }

bool queue_is_decryption(queue_kind k)
{
	return k == QUEUE_PUBLIC_DECRYPTION || k == QUEUE_USER_DECRYPTION || k == QUEUE_PUBLIC_DECRYPTION_RESPONSE || k == QUEUE_USER_DECRYPTION_RESPONSE;
}

const char *queue_status_name(queue_status s)
{
	static const char *const NAME[QUEUE_STATUSES] = { "pending", "under_process", "completed", "failed", "aborted" };
	return NAME[s];
}

const char *queue_chain_name(queue_chain c) { return c == QUEUE_GATEWAY ? "gateway" : "ethereum"; }
