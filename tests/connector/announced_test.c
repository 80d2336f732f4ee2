/* SPDX-License-Identifier: MIT */
/* tests/connector/announced_test.c -- a new context: what of it is believed, and what nodes are told. */
#include "connector/announced.h"
#include <kms.v1.pb-c.h>
#include "connector/ask.h"
#include "rpc/pb.h"
#include "tests/connector/fake_kms.h"
#include "tests/test.h"

enum { HOST = 2025 };

static const eth_address CONTRACT = { { 0xc2 } };
static fake_web WEB;
static fake_context NEW;
static providers *CHAIN;
static atomic_bool STOP;

static int set_up(void **state)
{
	(void)state;
	fake_web_start(&WEB);
	fake_context_fill(&NEW);
	fake_web_announce(&WEB, &CONTRACT, &NEW.before);
	CHAIN = fake_web_chain(&WEB, HOST, clock_system(), &STOP);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	providers_free(&CHAIN);
	fake_context_free(&NEW);
	fake_web_stop(&WEB);
	return 0;
}

static void refused(err expected, const char *words)
{
	announced *m = NULL;
	const err e = announced_load(&m, CHAIN, &CONTRACT, &NEW.item);

	if (e != expected || !strstr(err_text(), words)) fail_msg("%s: %s; not %s", err_name(e), err_text(), words);
	err_clear();
	assert_null(m);
}

/* ---- what is believed ------------------------------------------------------------------------------------------- */

static void a_context_comes_with_the_one_before_it(void **state)
{
	AUTO(announced) *m = NULL;

	(void)state;
	assert_ok(announced_load(&m, CHAIN, &CONTRACT, &NEW.item));
	assert_true(id_eq_var(&m->is.id, &NEW.is.id) && id_eq_var(&m->before.id, &NEW.is.previous));
	assert_int_equal(m->is.n, 2), assert_int_equal(m->before.n, 2);
	assert_true(slice_eq_var(m->before.member[0].certificate, NEW.is.member[0].certificate));
	assert_int_equal(m->is.member[0].party, 2);
}

/* Who signs for it, though nothing is known here but its id. */
static void the_context_of_an_epoch_is_found_on_the_chain(void **state)
{
	const queue_item epoch = { .kind = QUEUE_NEW_EPOCH, .id = { { 8, [31] = 5 } }, .context_id = NEW.before.id };
	AUTO(announced) *m = NULL;

	(void)state;
	assert_ok(announced_load(&m, CHAIN, &CONTRACT, &epoch));
	assert_true(id_eq_var(&m->is.id, &NEW.before.id) && m->is.n == 2);
	assert_memory_equal(m->is.member[1].signer.b, NEW.is.member[1].signer.b, 20);
	WEB.anchor.p[40] ^= 1;
	NEW.item = epoch;
	refused(ERR_IO, "has not, in the block");
}

static void what_the_contract_keeps_no_hash_of_is_not_believed(void **state)
{
	(void)state;
	NEW.item.software_version = slice_str("0.2.1");
	refused(ERR_REQUEST, "the hash of another context");
	NEW.item.software_version = slice_str("0.2.0");
	NEW.item.thresholds = slice_of(NEW.part[1].p, 96);
	refused(ERR_REQUEST, "malformed");
}

/* Of the same members, but for the block: a provider that lies is asked again, and so is one that is behind. */
static void without_the_event_of_the_one_before_it_is_tried_again(void **state)
{
	(void)state;
	NEW.before.software = slice_str("0.1.0");
	const slice right = slice_of(WEB.anchor.p, WEB.anchor.n);
	uint8_t kept[64];
	memcpy(kept, right.p, sizeof kept);
	fake_web_announce(&WEB, &CONTRACT, &NEW.before);
	WEB.answer[READ_CONTEXT_ANCHOR] = slice_of(kept, sizeof kept);
	refused(ERR_IO, "has not, in the block");
	buf_clear(&WEB.logs);
	refused(ERR_IO, "has not, in the block");
	memset(kept, 0, sizeof kept);
	refused(ERR_IO, "does not know, or not yet");
	atomic_store(&WEB.away, true);
	refused(ERR_IO, "503");
}

/* ---- what nodes are told ---------------------------------------------------------------------------------------- */

static void nodes_are_told_every_word(void **state)
{
	Kms__V1__NewMpcContextRequest *m = NULL;
	arena a = arena_with_limit(1 << 20);
	AUTO(buf) out = { 0 };

	(void)state;
	assert_ok(ask_write_context(&out, &NEW.is));
	assert_ok(pb_unpack(&a, &m, &kms__v1__new_mpc_context_request__descriptor, buf_slice(&out)));
	const Kms__V1__MpcContext *c = m->new_context;
	assert_string_equal(c->context_id->request_id, "0700000000000000000000000000000000000000000000000000000000000002");
	assert_string_equal(c->software_version, "0.2.0");
	assert_int_equal(c->threshold, 1);
	assert_int_equal(c->n_mpc_nodes, 2);
	assert_int_equal(c->n_pcr_values, 1);
	assert_true(slice_eq_var(pb_slice(c->pcr_values[0]->pcr2), slice_str("222")));
	const Kms__V1__MpcNode *one = c->mpc_nodes[0], *two = c->mpc_nodes[1];
	assert_string_equal(one->external_url, "https://one.example:50001");
	assert_string_equal(one->public_storage_url, "https://one.example");
	assert_string_equal(one->public_storage_prefix, "PUB");
	assert_string_equal(one->mpc_identity, "one");
	assert_int_equal(one->party_id, 2);
	assert_true(slice_eq_var(pb_slice(one->ca_cert), slice_str("a certificate")));
	assert_memory_equal(one->signer_address.data, NEW.is.member[0].signer.b, 20);
	assert_memory_equal(one->extra_signer_addresses[0].data, NEW.is.member[0].tx_sender.b, 20);
	assert_int_equal(two->_ca_cert_case, KMS__V1__MPC_NODE___CA_CERT__NOT_SET);       /* an empty one is none */
	arena_free(&a);
}

static void what_no_message_can_say_is_refused(void **state)
{
	kms_member member = NEW.is.member[0];
	kms_context c = NEW.is;
	AUTO(buf) out = { 0 };

	(void)state;
	c.mpc_threshold.b[27] = 1;
	assert_err(ERR_REQUEST, ask_write_context(&out, &c));
	c = NEW.is, c.member = &member, c.n = 1;
	member.identity = slice_of("o\0e", 3);
	assert_err(ERR_REQUEST, ask_write_context(&out, &c));
	assert_int_equal(out.n, 0);
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
TESTS(WORLD(a_context_comes_with_the_one_before_it), WORLD(the_context_of_an_epoch_is_found_on_the_chain),
      WORLD(what_the_contract_keeps_no_hash_of_is_not_believed),
      WORLD(without_the_event_of_the_one_before_it_is_tried_again), WORLD(nodes_are_told_every_word), WORLD(what_no_message_can_say_is_refused))
