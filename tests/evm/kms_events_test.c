/* SPDX-License-Identifier: MIT */
#include "tests/evm/connector_vectors.h"
#include "tests/kat/kat.h"
#include "evm/eth_read.h"
#include "evm/kms_context.h"

static const char *const ABIS[] = { "connector/abi/v0.11-gateway.json", "connector/abi/v0.15-gateway.json", "connector/abi/v0.15-host.json" };

static bool topic_in_abis(const kms_event_row *row)
{
	bool found = false;
	const char *contract;
	json_t *members;

	for (size_t f = 0; f < COUNT(ABIS); f++) {
		json_t *all = json_vector(ABIS[f]);
		json_object_foreach(all, contract, members) {
			const json_t *e = json_object_get(json_member(members, "events"), row->signature);
			uint8_t topic[32];
			if (!e) continue;
			json_bytes_of(topic, sizeof topic, e, "topic0");
			found |= memcmp(topic, row->topic, sizeof topic) == 0;
		}
		json_decref(all);
	}
	return found;
}

static void first_topics_are_the_hashes_of_signatures_in_the_abis(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_KMS_EVENTS; i++) {
		const hash32 h = keccak256(slice_str(KMS_EVENTS[i].signature));
		assert_memory_equal(h.b, KMS_EVENTS[i].topic, sizeof h.b);
		assert_true(topic_in_abis(&KMS_EVENTS[i]));
	}
}

static arena memory;

/* Reads one recorded log; it must be of this kind. */
static kms_event recorded(evm_log *l, const json_t *j, kms_event_kind kind)
{
	kms_event e;

	assert_true(eth_read_log(l, &memory, j));
	const kms_event_row *row = kms_event_find(KMS_GATEWAY, l);
	assert_non_null(row);
	assert_int_equal(row->kind, kind);
	assert_ok(kms_event_read(&e, &memory, row, l));
	assert_null(kms_event_find(KMS_V015, l));
	return e;
}

static const json_t *logs_of(const json_t *all, const char *type)
{
	return json_member(json_member(json_member(all, type), "response"), "result");
}

static void assert_handles(const kms_event *e, const json_t *handles)
{
	const kms_decryption *d = &e->decryption;
	uint8_t handle[32];

	assert_int_equal(d->n, json_array_size(handles));
	for (size_t i = 0; i < d->n; i++) {
		const json_t *h = json_array_get(handles, i);
		if (json_is_array(h)) h = json_array_get(h, 0);
		json_bytes(handle, sizeof handle, h);
		assert_memory_equal(d->ciphertext[i].handle.b, handle, sizeof handle);
		assert_int_equal(d->ciphertext[i].key_id.b[0], 4);
		assert_int_equal(d->ciphertext[i].key_id.b[31], 1);
		assert_true(d->ciphertext[i].n_holders >= 2);
	}
}

static void recorded_decryptions_are_read_as_they_were_asked(void **state)
{
	json_t *all = json_vector("connector/v0.11-seed/eth_getLogs_by_event_type.json");
	json_t *asked = json_vector("connector/v0.11-seed/requests_txs.json");
	const json_t *logs = logs_of(all, "PublicDecryptionRequest");
	evm_log l;

	(void)state;
	memory = arena_with_limit(1 << 20);
	for (unsigned i = 0; i < 2; i++) {
		const kms_event e = recorded(&l, json_array_get(logs, i), KMS_PUBLIC_DECRYPTION);
		const id32 id = counted_id(1, (uint8_t)(i + 1));
		assert_true(id_eq_var(&e.id, &id));
		assert_int_equal(e.decryption.shape, KMS_MATERIALS);
		assert_handles(&e, json_array_get(json_member(json_array_get(asked, i), "args"), 0));
		assert_true(slice_eq_var(e.decryption.extra, slice_of("\0", 1)));
	}
	const kms_event e = recorded(&l, json_array_get(logs_of(all, "UserDecryptionRequest"), 0), KMS_USER_DECRYPTION);
	const json_t *args = json_member(json_array_get(asked, 2), "args");
	const id32 id = counted_id(2, 1);
	AUTO(buf) key = json_hex(json_array_get(args, 4));
	assert_true(id_eq_var(&e.id, &id));
	assert_handles(&e, json_array_get(args, 0));
	assert_true(slice_eq_var(e.decryption.public_key, buf_slice(&key)));
	assert_true(eth_address_eq_var(e.decryption.user, address_of_json(json_array_get(args, 3))));
	assert_int_equal(l.block, 0x3a);
	arena_free(&memory);
	json_decref(all), json_decref(asked);
}

static void recorded_generations_are_read(void **state)
{
	json_t *all = json_vector("connector/v0.11-seed/eth_getLogs_by_event_type.json");
	const id32 prep = counted_id(3, 1), key = counted_id(4, 1), crs = counted_id(5, 1), reshare = counted_id(6, 1), none = { 0 };
	evm_log l;

	(void)state;
	memory = arena_with_limit(1 << 20);
	kms_event e = recorded(&l, json_array_get(logs_of(all, "PrepKeygenRequest"), 0), KMS_PREP_KEYGEN);
	assert_true(id_eq_var(&e.id, &prep) && id_eq_var(&e.generation.prep, &prep) && id_eq_var(&e.generation.epoch, &none));
	assert_int_equal(e.generation.params, 1);
	e = recorded(&l, json_array_get(logs_of(all, "KeygenRequest"), 0), KMS_KEYGEN);
	assert_true(id_eq_var(&e.id, &key) && id_eq_var(&e.generation.prep, &prep));
	e = recorded(&l, json_array_get(logs_of(all, "CrsgenRequest"), 0), KMS_CRSGEN);
	const abi_word bits = abi_u64(4096);
	assert_true(id_eq_var(&e.id, &crs) && abi_eq_var(&e.generation.max_bits, &bits));
	assert_int_equal(e.generation.params, 1);
	e = recorded(&l, json_array_get(logs_of(all, "PrssInit"), 0), KMS_PRSS_INIT);
	assert_true(id_eq_var(&e.id, &none));
	e = recorded(&l, json_array_get(logs_of(all, "KeyReshareSameSet"), 0), KMS_KEY_RESHARE);
	assert_true(id_eq_var(&e.id, &reshare) && id_eq_var(&e.generation.key, &key));
	arena_free(&memory);
	json_decref(all);
}

/* ---- v0.15 ------------------------------------------------------------------------------------------------------ */

static abi_word filled(uint8_t b)
{
	abi_word w;
	memset(w.b, b, sizeof w.b);
	return w;
}

static bool is_filled(const void *p, size_t n, uint8_t b)
{
	for (size_t i = 0; i < n; i++)
		if (((const uint8_t *)p)[i] != b) return false;
	return true;
}

static bool slice_filled(slice s, size_t n, uint8_t b) { return s.n == n && is_filled(s.p, s.n, b); }

static buf kat_data(const char *name) { return kat_data_of("kms_v015.kat", name); }

/* The log of this event with these data, whose indexed members are words of 0x0a, 0x0b. */
static evm_log log_of(const char *signature, slice data)
{
	for (size_t i = 0; i < N_KMS_EVENTS; i++) {
		const kms_event_row *row = &KMS_EVENTS[i];
		if (row->profile != KMS_V015 || strncmp(row->signature, signature, strlen(signature)) != 0) continue;
		evm_log l = { .n_topics = row->topics, .data = data };
		memcpy(l.topic[0].b, row->topic, sizeof row->topic);
		memset(l.topic[1].b, 0x0a, 32);
		memset(l.topic[2].b, 0x0b, 32);
		return l;
	}
	fail_msg("no event like %s", signature);
	return (evm_log){ 0 };
}

static kms_event known(const char *name, const char *signature, buf *data)
{
	kms_event e;

	*data = kat_data(name);
	const evm_log l = log_of(signature, buf_slice(data));
	const kms_event_row *row = kms_event_find(KMS_V015, &l);
	assert_non_null(row);
	assert_null(kms_event_find(KMS_GATEWAY, &l));
	assert_ok(kms_event_read(&e, &memory, row, &l));
	return e;
}

static void decryptions_of_v015_are_read_in_their_three_shapes(void **state)
{
	AUTO(buf) a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	memory = arena_with_limit(1 << 20);
	kms_event e = known("public handles", "PublicDecryptionRequest(uint256,bytes32[],", &a);
	assert_int_equal(e.kind, KMS_PUBLIC_DECRYPTION);
	assert_int_equal(e.decryption.shape, KMS_HANDLES);
	assert_int_equal(e.decryption.n, 2);
	assert_true(is_filled(e.id.b, 32, 0x0a) && is_filled(e.decryption.ciphertext[1].handle.b, 32, 0x12));
	assert_true(slice_eq_var(e.decryption.extra, slice_of("\0", 1)));

	e = known("user handles", "UserDecryptionRequest(uint256,bytes32[],", &b);
	assert_int_equal(e.decryption.shape, KMS_HANDLES);
	assert_true(is_filled(e.decryption.user.b, 20, 0x21) && slice_filled(e.decryption.public_key, 33, 0x31) && e.decryption.extra.n == 0);

	e = known("user signed", "UserDecryptionRequest(uint256,(", &c);
	const kms_decryption *d = &e.decryption;
	assert_int_equal(d->shape, KMS_SIGNED);
	assert_int_equal(d->n, 2);
	assert_true(is_filled(d->ciphertext[1].contract.b, 20, 0x43) && is_filled(d->ciphertext[1].owner.b, 20, 0x44));
	assert_true(is_filled(d->user.b, 20, 0x21) && slice_filled(d->public_key, 65, 0x31) && slice_filled(d->signature, 65, 0x51));
	assert_true(d->n_allowed == 3 && is_filled(d->allowed[2].b, 20, 0x45));
	assert_true(d->start_s == 1700000000 && d->duration_s == 86400 && slice_filled(d->extra, 65, 2));
	arena_free(&memory);
}

static void generations_of_v015_are_read(void **state)
{
	AUTO(buf) a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	const abi_word bits = abi_u64(2048);

	(void)state;
	memory = arena_with_limit(1 << 20);
	kms_event e = known("prep keygen", "PrepKeygenRequest", &a);
	assert_true(is_filled(e.id.b, 32, 0x61) && e.generation.params == 1 && slice_filled(e.generation.extra, 65, 2));
	e = known("keygen", "KeygenRequest", &b);
	assert_true(is_filled(e.id.b, 32, 0x62) && is_filled(e.generation.prep.b, 32, 0x61) && slice_filled(e.generation.extra, 33, 1));
	e = known("crsgen", "CrsgenRequest", &c);
	assert_true(is_filled(e.id.b, 32, 0x63) && abi_eq_var(&e.generation.max_bits, &bits) && e.generation.params == 0);
	e = known("new epoch", "NewKmsEpoch", &d);
	assert_true(is_filled(e.id.b, 32, 0x0b) && is_filled(e.epoch.context.b, 32, 0x0a) && is_filled(e.epoch.previous_context.b, 32, 7));
	assert_true(is_filled(e.epoch.previous.b, 32, 8) && e.epoch.material_block == 123456);
	arena_free(&memory);
}

static void a_context_is_read_with_its_members(void **state)
{
	AUTO(buf) data = { 0 };

	(void)state;
	memory = arena_with_limit(1 << 20);
	const kms_event e = known("new context", "NewKmsContext", &data);
	const kms_context *c = &e.context;
	const hash32 anchor = keccak256(buf_slice(&data));
	assert_true(is_filled(c->id.b, 32, 0x0a) && is_filled(c->previous.b, 32, 0x0b) && !c->first && c->n == 2 && c->n_pcr == 2);
	assert_true(is_filled(c->member[0].signer.b, 20, 0x22) && c->member[0].party == 1 && c->member[1].party == -2);
	assert_true(slice_eq_var(c->member[0].address, slice_str("10.0.0.1:1")) && slice_filled(c->member[0].certificate, 40, 0x71));
	assert_true(slice_eq_var(c->member[1].storage_url, slice_str("https://two.example")));
	assert_true(slice_eq_var(c->member[0].storage_prefix, slice_str("PUB-1")) && slice_eq_var(c->software, slice_str("v1.2.3")));
	assert_true(c->generation_threshold.b[31] == 5 && c->mpc_threshold.b[31] == 1);
	assert_true(slice_filled(c->pcr[0][2], 48, 0x83) && slice_filled(c->pcr[1][2], 1, 1));
	assert_true(hash32_eq_var(c->anchor, anchor));
	arena_free(&memory);
}

static void a_context_is_the_same_when_its_parts_are_put_together(void **state)
{
	AUTO(buf) data = { 0 }, members = { 0 }, thresholds = { 0 }, pcrs = { 0 }, whole = { 0 };
	kms_context c = { 0 };

	(void)state;
	memory = arena_with_limit(1 << 20);
	const kms_event e = known("new context", "NewKmsContext", &data);
	kms_context_put_members(&members, &e.context);
	kms_context_put_thresholds(&thresholds, &e.context);
	kms_context_put_pcrs(&pcrs, &e.context);
	assert_ok(kms_context_read(&c, &memory, buf_slice(&members), buf_slice(&thresholds), e.context.software, buf_slice(&pcrs)));
	kms_context_put(&whole, &c);
	assert_true(slice_eq_var(buf_slice(&whole), buf_slice(&data)));
	assert_true(hash32_eq_var(c.anchor, e.context.anchor) && c.member[1].party == -2);
	assert_err(ERR_REQUEST, kms_context_read(&c, &memory, buf_slice(&members), slice_of(thresholds.p, 96), e.context.software, buf_slice(&pcrs)));
	arena_free(&memory);
}

static void the_first_context_of_a_deployment_is_told_apart(void **state)
{
	AUTO(buf) data = kat_data("new context");
	evm_log l = log_of("NewKmsContext", buf_slice(&data));
	kms_event e;

	(void)state;
	memory = arena_with_limit(1 << 20);
	l.topic[2] = (hash32){ { 7 } };
	assert_ok(kms_event_read(&e, &memory, kms_event_find(KMS_V015, &l), &l));
	assert_true(e.context.first);
	arena_free(&memory);
}

static void ends_and_aborts_are_read(void **state)
{
	static const struct { const char *signature; bool indexed; kms_event_kind kind; } ENDS[] = {
		{ "AbortKeygen", false, KMS_ABORT_KEYGEN }, { "AbortCrsgen", false, KMS_ABORT_CRSGEN },
		{ "KmsContextDestroyed", true, KMS_CONTEXT_DESTROYED }, { "KmsEpochDestroyed", true, KMS_EPOCH_DESTROYED },
	};
	const abi_word w = filled(0x0a);

	(void)state;
	memory = arena_with_limit(1 << 20);
	for (size_t i = 0; i < COUNT(ENDS); i++) {
		const evm_log l = log_of(ENDS[i].signature, ENDS[i].indexed ? (slice){ 0 } : abi_slice(&w));
		kms_event e;
		assert_ok(kms_event_read(&e, &memory, kms_event_find(KMS_V015, &l), &l));
		assert_int_equal(e.kind, ENDS[i].kind);
		assert_true(is_filled(e.id.b, 32, 0x0a));
	}
	arena_free(&memory);
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void a_log_with_another_number_of_topics_is_refused(void **state)
{
	AUTO(buf) data = kat_data("public handles");
	evm_log l = log_of("PublicDecryptionRequest(uint256,bytes32[],", buf_slice(&data));
	kms_event e;

	(void)state;
	memory = arena_with_limit(1 << 20);
	for (unsigned n = 1; n <= MAX_LOG_TOPICS; n++) {
		l.n_topics = n;
		if (n != 2) assert_err(ERR_REQUEST, kms_event_read(&e, &memory, kms_event_find(KMS_V015, &l), &l));
	}
	l.n_topics = 0;
	assert_null(kms_event_find(KMS_V015, &l));
	arena_free(&memory);
}

static void parameters_that_do_not_exist_are_refused(void **state)
{
	AUTO(buf) data = kat_data("prep keygen");
	kms_event e;

	(void)state;
	memory = arena_with_limit(1 << 20);
	data.p[63] = 2;
	const evm_log l = log_of("PrepKeygenRequest", buf_slice(&data));
	assert_err(ERR_REQUEST, kms_event_read(&e, &memory, kms_event_find(KMS_V015, &l), &l));
	arena_free(&memory);
}

static void data_cut_anywhere_are_refused(void **state)
{
	static const char *const NAMES[][2] = {
		{ "user signed", "UserDecryptionRequest(uint256,(" }, { "new context", "NewKmsContext" }, { "keygen", "KeygenRequest" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		AUTO(buf) data = kat_data(NAMES[i][0]);
		for (size_t n = 0; n + 32 <= data.n; n++) {
			const evm_log l = log_of(NAMES[i][1], slice_of(data.p, n));
			kms_event e;
			memory = arena_with_limit(1 << 20);
			assert_err(ERR_REQUEST, kms_event_read(&e, &memory, kms_event_find(KMS_V015, &l), &l));
			arena_free(&memory);
		}
	}
}

static void set_up_that_carries_data_is_refused(void **state)
{
	static const uint8_t DATA[32];
	const hash32 topic = keccak256(slice_str("PRSSInit()"));
	const evm_log l = { .n_topics = 1, .topic = { topic }, .data = slice_of(DATA, sizeof DATA) };
	kms_event e;

	(void)state;
	memory = arena_with_limit(1 << 20);
	assert_err(ERR_REQUEST, kms_event_read(&e, &memory, kms_event_find(KMS_GATEWAY, &l), &l));
	arena_free(&memory);
}

static void extra_data_name_a_context_or_an_epoch_too(void **state)
{
	uint8_t extra[70] = { 2, [1] = 7, [32] = 1, [33] = 8, [64] = 3 };
	kms_named k;

	(void)state;
	assert_ok(kms_extra_read(&k, (slice){ 0 }));
	assert_false(k.context || k.epoch);
	assert_ok(kms_extra_read(&k, slice_of("\0\5\6", 3)));
	assert_false(k.context || k.epoch);
	for (size_t n = 0; n <= sizeof extra; n++) {
		if (n >= 65) {
			assert_ok(kms_extra_read(&k, slice_of(extra, n)));
			assert_true(k.context && k.epoch);
			assert_int_equal(k.context_id.b[0], 7), assert_int_equal(k.epoch_id.b[0], 8), assert_int_equal(k.epoch_id.b[31], 3);
		} else if (n > 0) {
			assert_err(ERR_REQUEST, kms_extra_read(&k, slice_of(extra, n)));
		}
	}
	extra[0] = 1;
	assert_err(ERR_REQUEST, kms_extra_read(&k, slice_of(extra, 32)));
	assert_ok(kms_extra_read(&k, slice_of(extra, 33)));
	assert_true(k.context && !k.epoch);
	extra[0] = 3;
	assert_err(ERR_REQUEST, kms_extra_read(&k, slice_of(extra, sizeof extra)));
	extra[0] = 1, extra[1] = extra[32] = 0;
	assert_err(ERR_REQUEST, kms_extra_read(&k, slice_of(extra, sizeof extra)));
}

TESTS(TEST(first_topics_are_the_hashes_of_signatures_in_the_abis), TEST(recorded_decryptions_are_read_as_they_were_asked),
      TEST(recorded_generations_are_read), TEST(decryptions_of_v015_are_read_in_their_three_shapes), TEST(generations_of_v015_are_read),
      TEST(a_context_is_read_with_its_members), TEST(a_context_is_the_same_when_its_parts_are_put_together),
      TEST(the_first_context_of_a_deployment_is_told_apart), TEST(ends_and_aborts_are_read),
      TEST(a_log_with_another_number_of_topics_is_refused), TEST(parameters_that_do_not_exist_are_refused),
      TEST(extra_data_name_a_context_or_an_epoch_too), TEST(data_cut_anywhere_are_refused), TEST(set_up_that_carries_data_is_refused))
