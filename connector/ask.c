/* SPDX-License-Identifier: MIT */
/* connector/ask.c -- a request as messages for a node, and a node's answer as a response. */
#include "connector/ask_internal.h"
#include <kms.v1.pb-c.h>
#include "evm/address.h"
#include "evm/kms_context.h"
#include "rpc/pb.h"

#define SERVICE "/kms_service.v1.CoreServiceEndpoint/"

ask_path ask_path_of(queue_kind kind)
{
	static const ask_path PATHS[QUEUE_REQUESTS] = {
		[QUEUE_PUBLIC_DECRYPTION] = { SERVICE "PublicDecrypt", SERVICE "GetPublicDecryptionResult" },
		[QUEUE_USER_DECRYPTION] = { SERVICE "UserDecrypt", SERVICE "GetUserDecryptionResult" },
		[QUEUE_PREP_KEYGEN] = { SERVICE "KeyGenPreproc", SERVICE "GetKeyGenPreprocResult" },
		[QUEUE_KEYGEN] = { SERVICE "KeyGen", SERVICE "GetKeyGenResult" },
		[QUEUE_CRSGEN] = { SERVICE "CrsGen", SERVICE "GetCrsGenResult" },
		[QUEUE_PRSS_INIT] = { SERVICE "NewMpcEpoch", SERVICE "GetEpochResult" },
		[QUEUE_KEY_RESHARE] = { SERVICE "NewMpcEpoch", SERVICE "GetEpochResult" },
		[QUEUE_NEW_CONTEXT] = { SERVICE "NewMpcContext", NULL },
		[QUEUE_NEW_EPOCH] = { SERVICE "NewMpcEpoch", SERVICE "GetEpochResult" },
		[QUEUE_ABORT_KEYGEN] = { SERVICE "AbortKeyGen", NULL },
		[QUEUE_ABORT_CRSGEN] = { SERVICE "AbortCrsGen", NULL },
		[QUEUE_CONTEXT_DESTROYED] = { SERVICE "DestroyMpcContext", NULL },
		[QUEUE_EPOCH_DESTROYED] = { SERVICE "DestroyMpcEpoch", NULL },
	};
	return kind < QUEUE_REQUESTS ? PATHS[kind] : (ask_path){ 0 };
}

bool ask_makes_epoch(queue_kind kind)
{
	return kind == QUEUE_PRSS_INIT || kind == QUEUE_KEY_RESHARE || kind == QUEUE_NEW_EPOCH;
}

bool ask_ends(queue_kind kind)
{
	return kind == QUEUE_ABORT_KEYGEN || kind == QUEUE_ABORT_CRSGEN || kind == QUEUE_CONTEXT_DESTROYED || kind == QUEUE_EPOCH_DESTROYED;
}

/* keyReshareId counts from 1 below its tag, epochs do below theirs, and the first one has 1. */
id32 ask_epoch_of(const queue_item *item)
{
	id32 epoch = ID_DEFAULT_EPOCH;

	if (item->kind == QUEUE_NEW_EPOCH) return item->id;
	if (item->kind != QUEUE_KEY_RESHARE) return epoch;
	memcpy(epoch.b + 1, item->id.b + 1, sizeof epoch.b - 1);
	for (size_t i = sizeof epoch.b - 1; i > 0 && ++epoch.b[i] == 0; i--) {}
	return epoch;
}

const id32 *ask_shard_id(const queue_item *item)
{
	return item->kind == QUEUE_KEYGEN || item->kind == QUEUE_KEY_RESHARE ? &item->prep_keygen_id : &item->id;
}

/* ---- what requests have in common ------------------------------------------------------------------------------- */

Kms__V1__RequestId *ask_id(id_field *f, const id32 *id)
{
	kms__v1__request_id__init(&f->m);
	id_text(f->text, id);
	f->m.request_id = f->text;
	return &f->m;
}

/* Under which name, on which chain, by which contract the answer to this kind is checked. */
static const contract_config *contract_of(const connector_config *c, queue_kind kind)
{
	return queue_is_decryption(kind) ? &c->decryption : kind == QUEUE_NEW_EPOCH ? &c->protocol_config : &c->generation;
}

static uint64_t chain_of(const connector_config *c, queue_kind kind)
{
	return (uint64_t)(c->profile->host_chain && !queue_is_decryption(kind) ? c->ethereum_chain_id : c->gateway_chain_id);
}

Kms__V1__Eip712DomainMsg *ask_domain_message(domain_field *f, const connector_config *c, queue_kind kind)
{
	const contract_config *contract = contract_of(c, kind);
	const abi_word chain = abi_u64(chain_of(c, kind));

	kms__v1__eip712_domain_msg__init(&f->m);
	memcpy(f->chain_id, chain.b, sizeof f->chain_id);
	address_text(f->contract, &contract->address);
	f->m.name = contract->domain_name;
	f->m.version = contract->domain_version;
	f->m.chain_id = pb_bytes(slice_of(f->chain_id, sizeof f->chain_id));
	f->m.verifying_contract = f->contract;
	return &f->m;
}

/* Which context and epoch its extra data name, where contracts have them; otherwise the epoch that the worker has found. */
typedef struct named_field { Kms__V1__RequestId *context, *epoch; id_field context_text, epoch_text; } named_field;

static err name_context(named_field *f, const queue_item *item, const connector_config *c)
{
	kms_named named = { 0 };

	if (c->profile->contexts) TRY(kms_extra_read(&named, item->extra_data));
	f->context = named.context ? ask_id(&f->context_text, &named.context_id) : NULL;
	if (!named.epoch && !id_is_zero_var(&item->epoch_id)) named.epoch = true, named.epoch_id = item->epoch_id;
	f->epoch = named.epoch ? ask_id(&f->epoch_text, &named.epoch_id) : NULL;
	return OK;
}

eip712_domain ask_domain(const connector_config *c, queue_kind kind)
{
	const contract_config *contract = contract_of(c, kind);

	return (eip712_domain){ .name = slice_str(contract->domain_name), .version = slice_str(contract->domain_version),
	                        .chain_id = abi_u64(chain_of(c, kind)), .contract = contract->address };
}

/* Contracts of v0.15 take one zero byte for nothing, and older clients verify under nothing. */
slice ask_extra(const connector_config *c, const queue_item *item)
{
	const bool none = c->profile->contexts && item->extra_data.n == 1 && item->extra_data.p[0] == 0;
	return none ? (slice){ 0 } : item->extra_data;
}

/* ---- decryptions ------------------------------------------------------------------------------------------------ */

err ask_handles(abi_word *out, size_t *n, const queue_item *item)
{
	*n = item->materials.n ? item->materials.n : item->handles.n;
	if (*n == 0 || *n > MAX_ITEM_LIST) return err_fail(ERR_REQUEST, "a request for decryption has %zu handles", *n);
	for (size_t i = 0; i < *n; i++) {
		queue_material m = { 0 };
		if (item->materials.n) TRY(queue_read_material(&m, item->materials.item[i]));
		else TRY(abi_read(&m.handle, "a handle", item->handles.item[i]));
		out[i] = m.handle;
	}
	return OK;
}

static err ciphertext_messages(Kms__V1__TypedCiphertext ***out, arena *a, const abi_word *handles, const ask_ciphertext *ct, size_t n)
{
	Kms__V1__TypedCiphertext *m = NULL, **list = NULL;

	TRY(arena_new(a, &m, n));
	TRY(arena_new(a, &list, n));
	for (size_t i = 0; i < n; i++) {
		kms__v1__typed_ciphertext__init(&m[i]);
		m[i].ciphertext = pb_bytes(ct[i].bytes);
		m[i].fhe_type = handles[i].b[ASK_HANDLE_TYPE];
		m[i].external_handle = pb_bytes(abi_slice(&handles[i]));
		m[i].ciphertext_format = (Kms__V1__CiphertextFormat)ct[i].format;
		list[i] = &m[i];
	}
	*out = list;
	return OK;
}

static err write_decryption(buf *out, const queue_item *item, const connector_config *c, const id32 *key_id, const ask_ciphertext *ct,
                            size_t n)
{
	arena a = arena_with_limit(ask_handle_count(item) * sizeof(abi_word) + n * (sizeof(Kms__V1__TypedCiphertext) + sizeof(void *)) + 4096);
	Kms__V1__TypedCiphertext **list = NULL;
	abi_word *handles = NULL;
	id_field id, key;
	domain_field domain;
	named_field named;
	size_t count = 0;

	err e = arena_new(&a, &handles, ask_handle_count(item) + 1);
	if (e == OK) e = ask_handles(handles, &count, item);
	if (e == OK && count != n) e = err_fail(ERR_REQUEST, "%zu ciphertexts for %zu handles", n, count);
	if (e == OK) e = ciphertext_messages(&list, &a, handles, ct, n);
	if (e == OK) e = name_context(&named, item, c);
	if (e == OK && item->kind == QUEUE_PUBLIC_DECRYPTION) {
		Kms__V1__PublicDecryptionRequest m = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
		m.request_id = ask_id(&id, &item->id), m.key_id = ask_id(&key, key_id);
		m.domain = ask_domain_message(&domain, c, item->kind);
		m.extra_data = pb_bytes(ask_extra(c, item));
		m.context_id = named.context, m.epoch_id = named.epoch;
		m.ciphertexts = list, m.n_ciphertexts = n;
		pb_pack(out, &m.base);
	} else if (e == OK) {
		Kms__V1__UserDecryptionRequest m = KMS__V1__USER_DECRYPTION_REQUEST__INIT;
		char user[ADDRESS_TEXT];
		eth_address address;
		memcpy(address.b, item->user.p, sizeof address.b);
		address_text(user, &address);
		m.request_id = ask_id(&id, &item->id), m.key_id = ask_id(&key, key_id);
		m.domain = ask_domain_message(&domain, c, item->kind);
		m.extra_data = pb_bytes(ask_extra(c, item));
		m.client_address = user;
		m.enc_key = pb_bytes(item->public_key);
		m.context_id = named.context, m.epoch_id = named.epoch;
		m.typed_ciphertexts = list, m.n_typed_ciphertexts = n;
		pb_pack(out, &m.base);
	}
	arena_free(&a);
	return e;
}

/* ---- all else --------------------------------------------------------------------------------------------------- */

/* Contracts of v0.15 want the compressed key set beside the others: said outright, for what a node makes unasked may change. */
typedef struct keyset_field { Kms__V1__KeySetConfig m; Kms__V1__StandardKeySetConfig standard; } keyset_field;

static Kms__V1__KeySetConfig *keyset_message(keyset_field *f, const connector_config *c)
{
	if (c->profile->structs != KMS712_V015) return NULL;
	kms__v1__key_set_config__init(&f->m);
	kms__v1__standard_key_set_config__init(&f->standard);
	f->m.keyset_type = KMS__V1__KEY_SET_TYPE__Standard;
	f->m.standard_keyset_config = &f->standard;
	f->standard.compressed_key_config = KMS__V1__COMPRESSED_KEY_CONFIG__CompressedAll;
	return &f->m;
}

static err write_prep_keygen(buf *out, const queue_item *item, const connector_config *c)
{
	Kms__V1__KeyGenPreprocRequest m = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	id_field id;
	domain_field domain;
	named_field named;
	keyset_field keyset;

	TRY(name_context(&named, item, c));
	m.context_id = named.context, m.epoch_id = named.epoch;
	m.keyset_config = keyset_message(&keyset, c);
	m.request_id = ask_id(&id, &item->id);
	m.params = item->params == QUEUE_PARAMS_TEST ? KMS__V1__FHE_PARAMETER__test : KMS__V1__FHE_PARAMETER__default;
	m.domain = ask_domain_message(&domain, c, item->kind);
	m.extra_data = pb_bytes(ask_extra(c, item));
	pb_pack(out, &m.base);
	return OK;
}

static err write_keygen(buf *out, const queue_item *item, const connector_config *c)
{
	Kms__V1__KeyGenRequest m = KMS__V1__KEY_GEN_REQUEST__INIT;
	id_field id, prep;
	domain_field domain;
	named_field named;
	keyset_field keyset;

	TRY(name_context(&named, item, c));
	m.context_id = named.context, m.epoch_id = named.epoch;
	m.keyset_config = keyset_message(&keyset, c);
	m.request_id = ask_id(&id, &item->id), m.preproc_id = ask_id(&prep, &item->prep_keygen_id);
	m.domain = ask_domain_message(&domain, c, item->kind);
	m.extra_data = pb_bytes(ask_extra(c, item));
	pb_pack(out, &m.base);
	return OK;
}

static err write_crsgen(buf *out, const queue_item *item, const connector_config *c)
{
	Kms__V1__CrsGenRequest m = KMS__V1__CRS_GEN_REQUEST__INIT;
	id_field id;
	domain_field domain;
	named_field named;
	uint64_t bits = 0;

	TRY(name_context(&named, item, c));
	m.context_id = named.context, m.epoch_id = named.epoch;

	for (size_t i = 0; i < 24; i++) bits |= item->max_bit_length.b[i];
	if (bits) return err_fail(ERR_REQUEST, "a CRS of more than 2^64 bits was asked for");
	for (size_t i = 24; i < 32; i++) bits = bits << 8 | item->max_bit_length.b[i];
	if (bits > UINT32_MAX) return err_fail(ERR_REQUEST, "a CRS for %ju bits was asked for", (uintmax_t)bits);
	m.request_id = ask_id(&id, &item->id);
	m.params = item->params == QUEUE_PARAMS_TEST ? KMS__V1__FHE_PARAMETER__test : KMS__V1__FHE_PARAMETER__default;
	m._max_num_bits_case = KMS__V1__CRS_GEN_REQUEST___MAX_NUM_BITS_MAX_NUM_BITS;
	m.max_num_bits = (uint32_t)bits;
	m.domain = ask_domain_message(&domain, c, item->kind);
	m.extra_data = pb_bytes(ask_extra(c, item));
	pb_pack(out, &m.base);
	return OK;
}

/* The first epoch, which all requests mean that name none. */
static void write_prss_init(buf *out, const connector_config *c)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	id_field epoch;
	domain_field domain;

	m.epoch_id = ask_id(&epoch, &ID_DEFAULT_EPOCH);
	m.domain = ask_domain_message(&domain, c, QUEUE_NEW_EPOCH);
	if (!c->protocol_config.present) m.domain = ask_domain_message(&domain, c, QUEUE_KEYGEN);
	pb_pack(out, &m.base);
}

/* The key's shares anew, among the same parties, from the epoch in which it is. */
static void write_reshare(buf *out, const queue_item *item, const connector_config *c)
{
	const id32 makes = ask_epoch_of(item), from = id_is_zero_var(&item->previous_epoch_id) ? ID_DEFAULT_EPOCH : item->previous_epoch_id;
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__PreviousEpochInfo previous = KMS__V1__PREVIOUS_EPOCH_INFO__INIT;
	Kms__V1__KeyInfo key = KMS__V1__KEY_INFO__INIT, *keys[] = { &key };
	id_field epoch, old_epoch, old_context, key_id, prep;
	domain_field domain;

	m.epoch_id = ask_id(&epoch, &makes);
	m.domain = ask_domain_message(&domain, c, QUEUE_KEYGEN);
	m.previous_epoch = &previous;
	previous.context_id = ask_id(&old_context, &ID_DEFAULT_CONTEXT);
	previous.epoch_id = ask_id(&old_epoch, &from);
	previous.keys_info = keys, previous.n_keys_info = COUNT(keys);
	key.key_id = ask_id(&key_id, &item->key_id);
	key.preproc_id = ask_id(&prep, &item->prep_keygen_id);
	key.key_parameters = item->params == QUEUE_PARAMS_TEST ? KMS__V1__FHE_PARAMETER__test : KMS__V1__FHE_PARAMETER__default;
	pb_pack(out, &m.base);
}

static void write_id(buf *out, const id32 *id)
{
	id_field f;
	pb_pack(out, &ask_id(&f, id)->base);
}

static void write_end(buf *out, const queue_item *item)
{
	Kms__V1__DestroyMpcContextRequest context = KMS__V1__DESTROY_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__DestroyMpcEpochRequest epoch = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	id_field id;

	context.context_id = epoch.epoch_id = ask_id(&id, &item->id);
	pb_pack(out, item->kind == QUEUE_EPOCH_DESTROYED ? &epoch.base : &context.base);
}

err ask_write(buf *out, const queue_item *item, const connector_config *c, const id32 *key_id, const ask_ciphertext *ct, size_t n)
{
	switch ((int)item->kind) {
	case QUEUE_PUBLIC_DECRYPTION:
	case QUEUE_USER_DECRYPTION:
		if (item->kind == QUEUE_USER_DECRYPTION && item->user.n != sizeof(eth_address))
			return err_fail(ERR_REQUEST, "the user's address has %zu bytes", item->user.n);
		return write_decryption(out, item, c, key_id, ct, n);
	case QUEUE_PREP_KEYGEN: return write_prep_keygen(out, item, c);
	case QUEUE_KEYGEN:      return write_keygen(out, item, c);
	case QUEUE_CRSGEN:      return write_crsgen(out, item, c);
	case QUEUE_PRSS_INIT:   write_prss_init(out, c); return OK;
	case QUEUE_KEY_RESHARE: write_reshare(out, item, c); return OK;
	case QUEUE_ABORT_KEYGEN:
	case QUEUE_ABORT_CRSGEN: write_id(out, &item->id); return OK;
	case QUEUE_CONTEXT_DESTROYED:
	case QUEUE_EPOCH_DESTROYED: write_end(out, item); return OK;
	default:
		return err_fail(ERR_UNSUPPORTED, "requests of the kind %s are not passed on in this version", queue_label(item->kind));
	}
}

void ask_write_poll(buf *out, const queue_item *item)
{
	const id32 epoch = ask_epoch_of(item);

	write_id(out, ask_makes_epoch(item->kind) ? &epoch : &item->id);
}
