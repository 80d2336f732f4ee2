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

static fake_web WEB;
static providers *CHAIN;
static signer *NODE;
static ask_signers SIGNERS = { .n = 1 };
static atomic_bool STOP;
static const eth_address GENERATION = { { 0xe2 } };
static const connector_config C = { .profile = &PROFILE_V015, .ethereum_chain_id = HOST,
                                    .protocol_config = { true, NULL, (char *)(uintptr_t)"ProtocolConfig", (char *)(uintptr_t)"1", { { 0xc2 } } } };

static queue_item request(void)
{
	return (queue_item){ .kind = QUEUE_NEW_EPOCH, .id = { { 8, [31] = 2 } }, .context_id = { { 7, [31] = 2 } }, .previous_context_id = { { 7, [31] = 1 } },
	                     .previous_epoch_id = { { 8, [31] = 1 } }, .material_block = { { [31] = 99 } } };
}

static int set_up(void **state)
{
	const uint8_t bytes[SECP_SK] = { [31] = 66 };
	secp_sk sk;

	(void)state;
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(signer_new(&NODE, &sk, test_rng()));
	SIGNERS.address[0] = *signer_address(NODE);
	fake_web_start(&WEB);
	CHAIN = fake_web_chain(&WEB, HOST, clock_system(), &STOP);
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

static void keys_and_crss_of_the_block_are_read(void **state)
{
	AUTO(epoch_material) *m = NULL;

	(void)state;
	fake_web_generated(&WEB, 2, 1);
	assert_ok(epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_int_equal(m->keys, 2), assert_int_equal(m->crss, 1);
	assert_true(id_eq_var(&m->key[0].key, &FAKE_KEY)), assert_true(id_eq_var(&m->key[0].prep, &FAKE_PREP)), assert_true(id_eq_var(&m->crs[0].id, &FAKE_CRS));
	assert_int_equal(m->key[0].params, 1), assert_int_equal(m->key[0].n, 2);
	assert_memory_equal(m->key[1].digest[1].digest.p, FAKE_DIGEST[1], 32);
	assert_memory_equal(m->crs[0].digest.p, FAKE_DIGEST[2], 32);
	epoch_material_free(&m);
	fake_web_generated(&WEB, 0, 0);
	assert_ok(epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_int_equal(m->keys + m->crss, 0);
}

static void too_many_keys_a_bad_answer_and_an_absent_chain_are_errors(void **state)
{
	epoch_material *m = NULL;

	(void)state;
	fake_web_generated(&WEB, MAX_MATERIAL + 1, 0);
	assert_err(ERR_EXHAUSTED, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	fake_web_generated(&WEB, 1, 1);
	WEB.answer[READ_KEY_INFO].n -= 32;
	assert_err(ERR_REQUEST, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	atomic_store(&WEB.away, true);
	assert_err(ERR_IO, epoch_material_load(&m, CHAIN, &GENERATION, 99));
	assert_null(m);
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
	x->key[0] = (call_key){ .prep = FAKE_PREP, .key = FAKE_KEY, .params = 1, .n = 2,
		.digest = { { KMS712_PUBLIC_KEY, slice_of(FAKE_DIGEST[0], 32) }, { KMS712_COMPRESSED_KEY_SET, slice_of(FAKE_DIGEST[1], 32) } } };
	x->crs[0] = (material_crs){ FAKE_CRS, slice_of(FAKE_DIGEST[2], 32) };
	assert_ok(ask_write_epoch(&out, &item, &C, x));
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_epoch_request__descriptor, buf_slice(&out)));
	assert_id(m->context_id, &item.context_id), assert_id(m->epoch_id, &item.id);
	assert_id(m->previous_epoch->context_id, &item.previous_context_id), assert_id(m->previous_epoch->epoch_id, &item.previous_epoch_id);
	assert_string_equal(m->domain->name, "ProtocolConfig");
	buf_put_u8(&extra, 2), word(&extra, &item.context_id), word(&extra, &item.id);
	assert_true(slice_eq_var(pb_slice(m->extra_data), buf_slice(&extra)));
	assert_int_equal(m->previous_epoch->n_keys_info, 1);
	const Kms__V1__KeyInfo *k = m->previous_epoch->keys_info[0];
	assert_id(k->key_id, &FAKE_KEY), assert_id(k->preproc_id, &FAKE_PREP);
	assert_int_equal(k->key_parameters, KMS__V1__FHE_PARAMETER__test);
	assert_int_equal(k->n_key_digests, 2);
	assert_string_equal(k->key_digests[0]->key_type, "PublicKey"), assert_string_equal(k->key_digests[1]->key_type, "CompressedXofKeySet");
	assert_memory_equal(k->key_digests[1]->digest.data, FAKE_DIGEST[1], 32);
	assert_int_equal(m->previous_epoch->n_crs_info, 1);
	assert_id(m->previous_epoch->crs_info[0]->crs_id, &FAKE_CRS);
	free(x);
	arena_free(&a);
}

/* ---- what they answer ------------------------------------------------------------------------------------------- */

static void an_answer_is_what_the_contract_takes(void **state)
{
	const queue_item item = request();
	arena a = arena_with_limit(1 << 20);
	AUTO(buf) answer = { 0 }, call = { 0 }, expected = { 0 };
	kms_contract contract;
	queue_item out;
	bool wrong;

	(void)state;
	fake_epoch_answer(&answer, &item, HOST, NODE, FAKE_RIGHT);
	assert_ok(ask_read(&out, &wrong, &a, &item, &C, &SIGNERS, buf_slice(&answer)));
	assert_int_equal(out.kind, QUEUE_EPOCH_RESULT_RESPONSE);
	assert_true(id_eq_var(&out.context_id, &item.context_id));
	assert_ok(answer_call(&call, &contract, &out));
	assert_int_equal(contract, KMS_PROTOCOL_CONFIG);
	Kms__V1__EpochResultResponse *m = NULL;
	assert_ok(pb_unpack(&a, &m, &kms__v1__epoch_result_response__descriptor, buf_slice(&answer)));
	const kms712_key_digest digest = { KMS712_SERVER_KEY, slice_of(FAKE_DIGEST[0], 32) };
	const call_epoch_key key = { FAKE_PREP, FAKE_KEY, &digest, 1, pb_slice(m->reshare_responses[0]->external_signature) };
	call_confirm_epoch(&expected, &item.id, &key, 1, NULL, 0);
	assert_true(slice_eq_var(buf_slice(&call), buf_slice(&expected)));
	arena_free(&a);
}

static void an_answer_with_one_thing_wrong_is_refused(void **state)
{
	const queue_item item = request();

	(void)state;
	for (fake_fault f = FAKE_RIGHT + 1; f < FAKE_FAULTS; f++) {
		arena a = arena_with_limit(1 << 20);
		AUTO(buf) answer = { 0 };
		queue_item out;
		bool wrong;
		fake_epoch_answer(&answer, &item, HOST, NODE, f);
		assert_err(ERR_REQUEST, ask_read(&out, &wrong, &a, &item, &C, &SIGNERS, buf_slice(&answer)));
		assert_int_equal(ask_gave_only(&item, buf_slice(&answer)), f == FAKE_NOTHING);
		assert_int_equal(wrong, f == FAKE_OTHER_EPOCH || f == FAKE_OTHER_DIGEST || f == FAKE_STRANGER);
		arena_free(&a);
	}
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(keys_and_crss_of_the_block_are_read), WORLD(too_many_keys_a_bad_answer_and_an_absent_chain_are_errors),
      WORLD(nodes_are_told_of_every_key_with_its_digests), WORLD(an_answer_is_what_the_contract_takes),
      WORLD(an_answer_with_one_thing_wrong_is_refused))
