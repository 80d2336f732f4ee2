/* SPDX-License-Identifier: MIT */
/* tests/connector/ask_epoch_test.c -- a new epoch: what there was to take over, what nodes are told of it, and what they answer. */
#include "connector/answer.h"
#include "connector/ask.h"
#include <kms.v1.pb-c.h>
#include <stdlib.h>
#include "evm/kms_calls.h"
#include "rpc/pb.h"
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

enum { HOST = 2025 };

static char *text(const char *s) { return (char *)(uintptr_t)s; }
static fake_web WEB;
static providers *CHAIN;
static signer *NODE;
static ask_signers SIGNERS = { .n = 1 };
static atomic_bool STOP;
static const eth_address GENERATION = { { 0xe2 } };
static const connector_config C = { .profile = &PROFILE_V015, .ethereum_chain_id = HOST,
                                    .protocol_config = { true, NULL, (char *)(uintptr_t)"ProtocolConfig", (char *)(uintptr_t)"1", { { 0xc2 } } } };
static const id32 PREP = { { 3, [31] = 1 } }, KEY = { { 4, [31] = 1 } }, CRS = { { 5, [31] = 1 } };
static uint8_t DIGEST[3][32] = { { 0xd1 }, { 0xd2 }, { 0xd3 } };

static queue_item request(void)
{
	return (queue_item){ .kind = QUEUE_NEW_EPOCH, .id = { { 8, [31] = 2 } }, .context_id = { { 7, [31] = 2 } }, .previous_context_id = { { 7, [31] = 1 } },
	                     .previous_epoch_id = { { 8, [31] = 1 } }, .material_block = { { [31] = 99 } } };
}

static int set_up(void **state)
{
	static char url[96], *urls[1] = { url };
	const uint8_t bytes[SECP_SK] = { [31] = 66 };
	secp_sk sk;

	(void)state;
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&NODE, &sk, test_rng()));
	SIGNERS.address[0] = *signer_address(NODE);
	fake_web_start(&WEB);
	snprintf(url, sizeof url, "%s/rpc/%d", WEB.url, HOST);
	assert_ok(chain_connect(&CHAIN, urls, 1, HOST, 2000, clock_system(), &STOP));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	providers_free(&CHAIN);
	fake_web_stop(&WEB);
	signer_free(&NODE);
	return 0;
}

/* ---- what there was --------------------------------------------------------------------------------------------- */

static void word(buf *out, const id32 *w) { buf_put(out, w->b, sizeof w->b); }

/* What KMSGeneration says of so many keys and CRSs: all the same, but for the lists. */
static void chain_has(buf answers[static 4], size_t keys, size_t crss)
{
	static const call_read WHICH[4] = { READ_COMPLETED_KEYS, READ_COMPLETED_CRS, READ_KEY_INFO, READ_CRS_MATERIALS };

	for (size_t list = 0; list < 2; list++) {
		const size_t n = list ? crss : keys;
		abi_frame f = abi_tuple(&answers[list], 1), ids = abi_put_list(&f, n, 1);
		for (size_t i = 0; i < n; i++) {
			abi_word w;
			memcpy(w.b, (list ? CRS : KEY).b, sizeof w.b);
			w.b[31] = (uint8_t)(i + 1);
			abi_put(&ids, &w);
		}
	}
	abi_frame top = abi_tuple(&answers[2], 1), key = abi_put_tuple(&top, 4);
	abi_word w;
	memcpy(w.b, PREP.b, sizeof w.b), abi_put(&key, &w);
	memcpy(w.b, KEY.b, sizeof w.b), abi_put(&key, &w);
	abi_put_u64(&key, 1);
	abi_frame digests = abi_put_list(&key, 2, 1);
	for (size_t i = 0; i < 2; i++) {
		abi_frame one = abi_put_tuple(&digests, 2);
		abi_put_u64(&one, i ? KMS712_COMPRESSED_KEY_SET : KMS712_PUBLIC_KEY);
		abi_put_bytes(&one, slice_of(DIGEST[i], 32));
	}
	abi_frame crs = abi_tuple(&answers[3], 2);
	(void)abi_put_list(&crs, 0, 1);
	abi_put_bytes(&crs, slice_of(DIGEST[2], 32));
	for (size_t i = 0; i < 4; i++) WEB.answer[WHICH[i]] = buf_slice(&answers[i]);
}

static void answers_free(buf *answers)
{
	for (size_t i = 0; i < 4; i++) buf_free(&answers[i]);
	memset(WEB.answer, 0, sizeof WEB.answer);
}

static void keys_and_crss_of_the_block_are_read(void **state)
{
	buf answers[4] = { { 0 } };
	AUTO(epoch_material) *m = NULL;

	(void)state;
	chain_has(answers, 2, 1);
	assert_ok(epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_int_equal(m->keys, 2), assert_int_equal(m->crss, 1);
	assert_true(id_eq_var(&m->key[0].key, &KEY)), assert_true(id_eq_var(&m->key[0].prep, &PREP)), assert_true(id_eq_var(&m->crs[0].id, &CRS));
	assert_int_equal(m->key[0].params, 1), assert_int_equal(m->key[0].n, 2);
	assert_memory_equal(m->key[1].digest[1].digest.p, DIGEST[1], 32);
	assert_memory_equal(m->crs[0].digest.p, DIGEST[2], 32);
	epoch_material_free(&m);
	chain_has((answers_free(answers), answers), 0, 0);
	assert_ok(epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_int_equal(m->keys + m->crss, 0);
	answers_free(answers);
}

static void too_many_keys_a_bad_answer_and_an_absent_chain_are_errors(void **state)
{
	buf answers[4] = { { 0 } };
	epoch_material *m = NULL;

	(void)state;
	chain_has(answers, MAX_MATERIAL + 1, 0);
	assert_err(ERR_EXHAUSTED, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	answers_free(answers);
	chain_has(answers, 1, 1);
	WEB.answer[READ_KEY_INFO].n -= 32;
	assert_err(ERR_REQUEST, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	atomic_store(&WEB.away, true);
	assert_err(ERR_IO, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_null(m);
	answers_free(answers);
}

/* ---- what nodes are told ---------------------------------------------------------------------------------------- */

static void assert_id(const Kms__V1__RequestId *m, const id32 *id)
{
	char expected[ID_TEXT];
	id_text(expected, id);
	assert_non_null(m);
	assert_string_equal(m->request_id, expected);
}

static void nodes_are_told_of_every_key_with_its_digests(void **state)
{
	const queue_item item = request();
	arena a = arena_with_limit(1 << 20);
	Kms__V1__NewMpcEpochRequest *m = NULL;
	AUTO(buf) out = { 0 }, extra = { 0 };
	epoch_material *x = calloc(1, sizeof *x);

	(void)state;
	assert_non_null(x);
	assert_err(ERR_REQUEST, ask_write_epoch(&out, &item, &C, x));
	x->keys = x->crss = 1;
	x->key[0] = (call_key){ .prep = PREP, .key = KEY, .params = 1, .n = 2,
		.digest = { { KMS712_PUBLIC_KEY, slice_of(DIGEST[0], 32) }, { KMS712_COMPRESSED_KEY_SET, slice_of(DIGEST[1], 32) } } };
	x->crs[0] = (material_crs){ CRS, slice_of(DIGEST[2], 32) };
	assert_ok(ask_write_epoch(&out, &item, &C, x));
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_epoch_request__descriptor, buf_slice(&out)));
	assert_id(m->context_id, &item.context_id), assert_id(m->epoch_id, &item.id);
	assert_id(m->previous_epoch->context_id, &item.previous_context_id), assert_id(m->previous_epoch->epoch_id, &item.previous_epoch_id);
	assert_string_equal(m->domain->name, "ProtocolConfig");
	buf_put_u8(&extra, 2), word(&extra, &item.context_id), word(&extra, &item.id);
	assert_true(slice_eq_var(pb_slice(m->extra_data), buf_slice(&extra)));
	assert_int_equal(m->previous_epoch->n_keys_info, 1);
	const Kms__V1__KeyInfo *k = m->previous_epoch->keys_info[0];
	assert_id(k->key_id, &KEY), assert_id(k->preproc_id, &PREP);
	assert_int_equal(k->key_parameters, KMS__V1__FHE_PARAMETER__test);
	assert_int_equal(k->n_key_digests, 2);
	assert_string_equal(k->key_digests[0]->key_type, "PublicKey"), assert_string_equal(k->key_digests[1]->key_type, "CompressedXofKeySet");
	assert_memory_equal(k->key_digests[1]->digest.data, DIGEST[1], 32);
	assert_int_equal(m->previous_epoch->n_crs_info, 1);
	assert_id(m->previous_epoch->crs_info[0]->crs_id, &CRS);
	free(x);
	arena_free(&a);
}

/* ---- what they answer ------------------------------------------------------------------------------------------- */

typedef enum fault { NONE, OTHER_EPOCH, OTHER_DIGEST, STRANGER, NOTHING, NO_ID, FAULTS } fault;

static void node_says(buf *out, fault f)
{
	Kms__V1__EpochResultResponse m = KMS__V1__EPOCH_RESULT_RESPONSE__INIT;
	Kms__V1__KeyGenResult key = KMS__V1__KEY_GEN_RESULT__INIT, *keys[] = { &key };
	Kms__V1__KeyDigest d = KMS__V1__KEY_DIGEST__INIT, *list[] = { &d };
	Kms__V1__RequestId id = KMS__V1__REQUEST_ID__INIT, prep = KMS__V1__REQUEST_ID__INIT;
	const eip712_domain domain = { .name = slice_str("ProtocolConfig"), .version = slice_str("1"), .chain_id = abi_u64(HOST), .contract = { { 0xc2 } } };
	const kms712_key_digest digest = { KMS712_SERVER_KEY, slice_of(DIGEST[0], 32) };
	queue_item item = request();
	char key_text[ID_TEXT], prep_text[ID_TEXT];
	AUTO(buf) extra = { 0 };

	if (f == OTHER_EPOCH) item.id.b[31]++;
	buf_put_u8(&extra, 2), word(&extra, &item.context_id), word(&extra, &item.id);
	const hash32 h = kms712_keygen(&domain, KMS712_V015, &PREP, &KEY, &digest, 1, buf_slice(&extra));
	secp_rsig s = sign_external(NODE, &h);
	if (f == STRANGER) s.b[9] ^= 1;
	id_text(key_text, &KEY), id_text(prep_text, &PREP);
	id.request_id = key_text, prep.request_id = prep_text;
	d.key_type = text("ServerKey"), d.digest = pb_bytes(slice_of(DIGEST[f == OTHER_DIGEST], 32));
	key.request_id = f == NO_ID ? NULL : &id, key.preprocessing_id = &prep;
	key.key_digests = list, key.n_key_digests = 1;
	key.external_signature = pb_bytes(slice_of(s.b, sizeof s.b));
	m.reshare_responses = keys, m.n_reshare_responses = f != NOTHING;
	pb_pack(out, &m.base);
}

static void an_answer_is_what_the_contract_takes(void **state)
{
	const queue_item item = request();
	arena a = arena_with_limit(1 << 20);
	AUTO(buf) answer = { 0 }, call = { 0 }, expected = { 0 };
	kms_contract contract;
	queue_item out;
	bool wrong;

	(void)state;
	node_says(&answer, NONE);
	assert_ok(ask_read(&out, &wrong, &a, &item, &C, &SIGNERS, buf_slice(&answer)));
	assert_int_equal(out.kind, QUEUE_EPOCH_RESULT_RESPONSE);
	assert_true(id_eq_var(&out.context_id, &item.context_id));
	assert_ok(answer_call(&call, &contract, &out));
	assert_int_equal(contract, KMS_PROTOCOL_CONFIG);
	Kms__V1__EpochResultResponse *m = NULL;
	assert_ok(pb_unpack(&a, &m, &kms__v1__epoch_result_response__descriptor, buf_slice(&answer)));
	const kms712_key_digest digest = { KMS712_SERVER_KEY, slice_of(DIGEST[0], 32) };
	const call_epoch_key key = { PREP, KEY, &digest, 1, pb_slice(m->reshare_responses[0]->external_signature) };
	call_confirm_epoch(&expected, &item.id, &key, 1, NULL, 0);
	assert_true(slice_eq_var(buf_slice(&call), buf_slice(&expected)));
	arena_free(&a);
}

static void an_answer_with_one_thing_wrong_is_refused(void **state)
{
	const queue_item item = request();

	(void)state;
	for (fault f = NONE + 1; f < FAULTS; f++) {
		arena a = arena_with_limit(1 << 20);
		AUTO(buf) answer = { 0 };
		queue_item out;
		bool wrong;
		node_says(&answer, f);
		assert_err(ERR_REQUEST, ask_read(&out, &wrong, &a, &item, &C, &SIGNERS, buf_slice(&answer)));
		assert_int_equal(wrong, f == OTHER_EPOCH || f == OTHER_DIGEST || f == STRANGER);
		arena_free(&a);
	}
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(keys_and_crss_of_the_block_are_read), WORLD(too_many_keys_a_bad_answer_and_an_absent_chain_are_errors),
      WORLD(nodes_are_told_of_every_key_with_its_digests), WORLD(an_answer_is_what_the_contract_takes),
      WORLD(an_answer_with_one_thing_wrong_is_refused))
