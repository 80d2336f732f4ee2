/* SPDX-License-Identifier: MIT */
#include <kms.v1.pb-c.h>
#include "node/contexts.h"
#include "node/parse.h"
#include "rpc/pb.h"
#include "tests/test.h"

static char CONTEXT[] = "0700000000000000000000000000000000000000000000000000000000000009";
static uint8_t ADDRESS[20] = { 1, 2 }, OTHER[21] = { 3 }, PCR[65] = { 4 };

/* A right message in pieces that a test may spoil. */
typedef struct message {
	Kms__V1__NewMpcContextRequest m;
	Kms__V1__MpcContext c;
	Kms__V1__RequestId id;
	Kms__V1__MpcNode node[4], *list[4];
	Kms__V1__SchemeDigest digest, *digests[6];
	Kms__V1__PcrValues pcr, *pcrs[1];
	ProtobufCBinaryData extra[2];
} message;

static void fill(message *x)
{
	static char *const NAMES[] = { (char *)(uintptr_t)"one", (char *)(uintptr_t)"two", (char *)(uintptr_t)"three", (char *)(uintptr_t)"four" };

	memset(x, 0, sizeof *x);
	kms__v1__new_mpc_context_request__init(&x->m);
	kms__v1__mpc_context__init(&x->c);
	kms__v1__request_id__init(&x->id);
	kms__v1__scheme_digest__init(&x->digest);
	kms__v1__pcr_values__init(&x->pcr);
	x->m.new_context = &x->c;
	x->c.context_id = &x->id, x->id.request_id = CONTEXT;
	x->c.software_version = (char *)(uintptr_t)"0.1.0-dev";
	x->c.threshold = 1;
	x->c.mpc_nodes = x->list, x->c.n_mpc_nodes = 4;
	x->c.pcr_values = x->pcrs, x->c.n_pcr_values = 1, x->pcrs[0] = &x->pcr;
	x->pcr.pcr0 = (ProtobufCBinaryData){ 48, PCR };
	for (size_t i = 0; i < 4; i++) {
		x->list[i] = &x->node[i];
		kms__v1__mpc_node__init(x->list[i]);
		x->node[i].mpc_identity = NAMES[i];
		x->node[i].party_id = (int32_t)i + 1;
		x->node[i].external_url = (char *)(uintptr_t)"https://host:1";
	}
	x->digest.digest = (ProtobufCBinaryData){ 20, ADDRESS };
	for (size_t i = 0; i < COUNT(x->digests); i++) x->digests[i] = &x->digest;
	x->node[1].scheme_digests = x->digests, x->node[1].n_scheme_digests = 1;
	x->node[1]._signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
	x->node[1].signer_address = (ProtobufCBinaryData){ 20, ADDRESS };
	x->node[2]._signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
	x->node[2].signer_address = (ProtobufCBinaryData){ 20, OTHER };
	for (size_t i = 0; i < COUNT(x->extra); i++) x->extra[i] = (ProtobufCBinaryData){ 20, OTHER };
	x->node[3].extra_signer_addresses = x->extra, x->node[3].n_extra_signer_addresses = 2;
}

static err parse(context_info *out, arena *a, const message *x)
{
	/* What is parsed borrows from the message, so that stays. */
	uint8_t *bytes;
	buf packed = { 0 };

	pb_pack(&packed, &x->m.base);
	assert_ok(arena_new(a, &bytes, packed.n));
	if (packed.n) memcpy(bytes, packed.p, packed.n);
	const slice copy = slice_of(bytes, packed.n);
	buf_free(&packed);
	return parse_context(out, a, copy);
}

static void refused(const message *x, const char *part)
{
	arena a = arena_with_limit(4 << 20);
	context_info c;

	assert_int_equal(parse(&c, &a, x), ERR_REQUEST);
	if (!strstr(err_text(), part)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), part));
	err_clear();
	arena_free(&a);
}

static void a_context_is_read_with_all_its_fields(void **state)
{
	(void)state;
	arena a = arena_with_limit(4 << 20);
	context_info c;
	eth_address found;
	message x;

	fill(&x);
	assert_ok(parse(&c, &a, &x));
	assert_ok(context_check(&c));
	assert_int_equal(c.id.b[31], 9);
	assert_int_equal(c.nodes, 4);
	assert_int_equal(c.threshold, 1);
	assert_true(c.version.minor == 1 && c.version.has_tag);
	assert_true(node_info_address(&found, &c.node[1]) && found.b[0] == 1);
	assert_true(node_info_address(&found, &c.node[2]) && found.b[0] == 3);
	assert_false(node_info_address(&found, &c.node[0]));
	assert_int_equal(c.node[1].digests, 1);
	assert_int_equal(c.node[3].addresses, 2);
	assert_int_equal(c.pcrs[0].pcr[0].n, 48);
	arena_free(&a);
}

static void what_is_missing_or_too_long_is_named(void **state)
{
	(void)state;
	message x;

	fill(&x), x.m.new_context = NULL, refused(&x, "new_context is missing");
	fill(&x), x.c.context_id = NULL, refused(&x, "context_id is missing");
	fill(&x), x.id.request_id = (char *)(uintptr_t)"07", refused(&x, "context_id");
	fill(&x), x.c.software_version = (char *)(uintptr_t)"new", refused(&x, "software_version");
	fill(&x), x.c.threshold = -1, refused(&x, "threshold is -1");
	fill(&x), x.pcr.pcr0.len = 65, refused(&x, "pcr_values[0]");
	fill(&x), x.node[2].signer_address.len = 19, refused(&x, "mpc_nodes[2]: signer_address has 19 bytes");
	fill(&x), x.node[1].signer_address.data = OTHER, refused(&x, "mpc_nodes[1]: signer_address is not the ECDSA entry");
	fill(&x), x.node[1].n_scheme_digests = 6, refused(&x, "mpc_nodes[1]: scheme_digests");
	fill(&x), x.extra[1].len = 21, refused(&x, "mpc_nodes[3]: extra_signer_addresses[1] has 21 bytes");
}

static void more_parties_than_there_can_be_are_refused(void **state)
{
	(void)state;
	static Kms__V1__MpcNode *list[MAX_PARTIES + 1];
	message x;

	fill(&x);
	for (size_t i = 0; i < COUNT(list); i++) list[i] = &x.node[0];
	x.c.mpc_nodes = list, x.c.n_mpc_nodes = COUNT(list);
	refused(&x, "mpc_nodes has 64 entries");
}

static void ids_to_destroy_are_read(void **state)
{
	(void)state;
	Kms__V1__DestroyMpcContextRequest c = KMS__V1__DESTROY_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__DestroyMpcEpochRequest e = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	Kms__V1__RequestId id = KMS__V1__REQUEST_ID__INIT;
	buf bytes = { 0 };
	id32 out;

	pb_pack(&bytes, &c.base);
	assert_err(ERR_REQUEST, parse_destroy_context(&out, buf_slice(&bytes)));
	assert_err(ERR_REQUEST, parse_destroy_epoch(&out, buf_slice(&bytes)));
	id.request_id = CONTEXT;
	c.context_id = e.epoch_id = &id;
	buf_clear(&bytes);
	pb_pack(&bytes, &c.base);
	assert_ok(parse_destroy_context(&out, buf_slice(&bytes)));
	assert_int_equal(out.b[31], 9);
	buf_clear(&bytes);
	pb_pack(&bytes, &e.base);
	assert_ok(parse_destroy_epoch(&out, buf_slice(&bytes)));
	assert_int_equal(out.b[0], 7);
	buf_free(&bytes);
}

static void flipped_and_cut_messages_do_no_harm(void **state)
{
	(void)state;
	message x;
	buf bytes = { 0 };

	fill(&x);
	pb_pack(&bytes, &x.m.base);
	for (size_t i = 0; i < bytes.n; i++) {
		arena a = arena_with_limit(4 << 20);
		context_info c;
		if (parse_context(&c, &a, slice_of(bytes.p, i)) == OK) (void)!context_check(&c);
		bytes.p[i] ^= (uint8_t)(1 << test_below(8));
		if (parse_context(&c, &a, buf_slice(&bytes)) == OK) (void)!context_check(&c);
		arena_free(&a);
	}
	err_clear();
	buf_free(&bytes);
}

TESTS(TEST(a_context_is_read_with_all_its_fields), TEST(what_is_missing_or_too_long_is_named),
      TEST(more_parties_than_there_can_be_are_refused), TEST(ids_to_destroy_are_read), TEST(flipped_and_cut_messages_do_no_harm))
