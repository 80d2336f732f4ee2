/* SPDX-License-Identifier: MIT */
/* What operators do to a cluster: contexts and epochs made and destroyed, links measured; with the codes of each. */
#include "base/hex.h"
#include "evm/address.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"

enum { N = 4, T = 1, TIMEOUT_S = 3 };

static struct world {
	void *top;
	test_cluster c;
	samples s;
	id32 context;
} w;

static const id32 FIRST = {{ 8, [31] = 1 }}, SECOND = {{ 8, [31] = 2 }}, THIRD = {{ 8, [31] = 3 }};

static int set_up(void **state)
{
	(void)state;
	return cluster_set_up(&w.top, &w.c, &w.s, &FIRST, TIMEOUT_S);
}

static int take_down(void **state)
{
	(void)state;
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* ---- contexts ------------------------------------------------------------------------------------------------- */

typedef struct context_message {
	Kms__V1__NewMpcContextRequest m;
	Kms__V1__MpcContext c;
	Kms__V1__MpcNode node[N], *list[N];
	char name[N][16], url[N][40];
	eth_address signer[N];
} context_message;

/* The same four nodes, in another order: who was party 1 is party 4 now. */
static void fill_context(context_message *x, const id32 *id)
{
	*x = (context_message){ 0 };
	kms__v1__new_mpc_context_request__init(&x->m);
	kms__v1__mpc_context__init(&x->c);
	x->m.new_context = &x->c;
	x->c.context_id = id_message(id);
	x->c.software_version = (char *)(uintptr_t)"0.1.0";
	x->c.threshold = T;
	x->c.mpc_nodes = x->list, x->c.n_mpc_nodes = N;
	for (unsigned i = 0; i < N; i++) {
		Kms__V1__MpcNode *n = x->list[i] = &x->node[i];
		kms__v1__mpc_node__init(n);
		snprintf(x->name[i], sizeof x->name[i], "node%u", i + 1);
		snprintf(x->url[i], sizeof x->url[i], "https://127.0.0.1:%u", w.c.port[i + 1]);
		assert_ok(address_parse(&x->signer[i], "signer", slice_str(w.c.node[i + 1].signer)));
		n->mpc_identity = x->name[i];
		n->external_url = x->url[i];
		n->party_id = (int32_t)(N - i);
		n->_signer_address_case = KMS__V1__MPC_NODE___SIGNER_ADDRESS_SIGNER_ADDRESS;
		n->signer_address = (ProtobufCBinaryData){ sizeof x->signer[i].b, x->signer[i].b };
		n->_ca_cert_case = KMS__V1__MPC_NODE___CA_CERT_CA_CERT;
		n->ca_cert = (ProtobufCBinaryData){ w.c.ca[i + 1].certificate_pem.n, w.c.ca[i + 1].certificate_pem.p };
	}
}

static void a_context_is_made_once_and_checked(void **state)
{
	(void)state;
	context_message x;

	w.context = fresh_id(7);
	fill_context(&x, &w.context);
	x.c.threshold = 2;
	cluster_call_all(&w.c, "NewMpcContext", &x.m.base, GRPC_INVALID_ARGUMENT);
	assert_non_null(strstr(client_said.message, "threshold is 2 with 4 nodes"));
	fill_context(&x, &w.context), x.node[2].external_url = (char *)(uintptr_t)"nowhere";
	cluster_call_all(&w.c, "NewMpcContext", &x.m.base, GRPC_INVALID_ARGUMENT);
	fill_context(&x, &w.context);
	cluster_call_all(&w.c, "NewMpcContext", &x.m.base, GRPC_OK);
	cluster_call_all(&w.c, "NewMpcContext", &x.m.base, GRPC_ALREADY_EXISTS);
}

static void health_tells_of_every_context(void **state)
{
	(void)state;
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	Kms__V1__HealthStatusResponse *m;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };
	unsigned mine = 0;

	assert_int_equal(call_core(&w.c.node[1], &response, "GetHealthStatus", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__health_status_response__descriptor, buf_slice(&response)));
	assert_int_equal(m->n_peers_from_all_contexts, 2);
	for (size_t i = 0; i < 2; i++) mine += m->peers_from_all_contexts[i]->my_party_id;
	assert_int_equal(mine, 1 + 4);
	buf_free(&response);
	arena_free(&a);
}

static grpc_status destroy_context(party i, const id32 *id, size_t *epochs_gone)
{
	Kms__V1__DestroyMpcContextRequest m = KMS__V1__DESTROY_MPC_CONTEXT_REQUEST__INIT;
	Kms__V1__DestroyMpcContextResponse *answer;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };

	m.context_id = id_message(id);
	grpc_status s = call_core(&w.c.node[i], &response, "DestroyMpcContext", &m.base);
	if (s == GRPC_OK) {
		assert_ok(pb_unpack(&a, &answer, &kms__v1__destroy_mpc_context_response__descriptor, buf_slice(&response)));
		*epochs_gone = answer->n_epoch_ids;
	}
	buf_free(&response);
	arena_free(&a);
	return s;
}

static void new_epoch_in(const id32 *context, const id32 *epoch)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;

	m.context_id = id_message(context);
	m.epoch_id = id_message(epoch);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_OK);
	cluster_results(&w.c, NULL, "GetEpochResult", epoch, GRPC_OK);
}

static grpc_status decrypt_in(const id32 *context, const id32 *epoch, const id32 *id)
{
	Kms__V1__PublicDecryptionRequest m = KMS__V1__PUBLIC_DECRYPTION_REQUEST__INIT;
	Kms__V1__TypedCiphertext ct = KMS__V1__TYPED_CIPHERTEXT__INIT, *list[] = { &ct };
	buf response = { 0 };

	m.request_id = id_message(id);
	m.key_id = id_message(&w.c.key);
	m.domain = domain_message("Decryption");
	if (context) m.context_id = id_message(context);
	if (epoch) m.epoch_id = id_message(epoch);
	ct.ciphertext = pb_bytes(w.s.item[1].file);
	ct.fhe_type = w.s.item[1].fhe_type;
	ct.ciphertext_format = (Kms__V1__CiphertextFormat)w.s.item[1].format;
	m.ciphertexts = list, m.n_ciphertexts = 1;
	grpc_status s = call_core(&w.c.node[1], &response, "PublicDecrypt", &m.base);
	buf_free(&response);
	return s;
}

static void an_epoch_belongs_to_its_context_and_a_key_to_its_epoch(void **state)
{
	(void)state;
	const id32 id = fresh_id(1), nowhere = fresh_id(7), never = {{ 8, [31] = 77 }};

	new_epoch_in(&w.context, &SECOND);
	assert_int_equal(decrypt_in(&w.context, &SECOND, &id), GRPC_NOT_FOUND);       /* the key is not in this epoch */
	assert_non_null(strstr(client_said.message, "key_id"));
	assert_int_equal(decrypt_in(&w.context, &FIRST, &id), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "epoch_id"));
	assert_int_equal(decrypt_in(NULL, &SECOND, &id), GRPC_NOT_FOUND);
	assert_int_equal(decrypt_in(NULL, &never, &id), GRPC_NOT_FOUND);
	assert_int_equal(decrypt_in(&nowhere, NULL, &id), GRPC_NOT_FOUND);
	assert_non_null(strstr(client_said.message, "context_id"));
}

static void a_context_goes_with_its_epochs_and_the_configured_one_stays(void **state)
{
	(void)state;
	const id32 nowhere = fresh_id(7);
	size_t gone;

	assert_int_equal(destroy_context(1, &nowhere, &gone), GRPC_NOT_FOUND);
	assert_int_equal(destroy_context(1, &ID_DEFAULT_CONTEXT, &gone), GRPC_FAILED_PRECONDITION);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(destroy_context(i, &w.context, &gone), GRPC_OK);
		assert_int_equal(gone, 1);
		assert_int_equal(destroy_context(i, &w.context, &gone), GRPC_NOT_FOUND);
	}
	cluster_results(&w.c, NULL, "GetEpochResult", &SECOND, GRPC_NOT_FOUND);
	cluster_results(&w.c, NULL, "GetEpochResult", &FIRST, GRPC_OK);
	/* The links that both contexts used are still there. */
	cluster_wait_linked(&w.c);
}

/* ---- links ------------------------------------------------------------------------------------------------------ */

static void bandwidth_is_measured_to_every_peer(void **state)
{
	(void)state;
	Kms__V1__BandwidthBenchmarkRequest m = KMS__V1__BANDWIDTH_BENCHMARK_REQUEST__INIT;
	Kms__V1__BandwidthBenchmarkResponse *answer;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };

	m.number_sessions = 2;
	m.payload_size_per_session = 100000;
	m.kind = KMS__V1__BANDWIDTH_KIND__Once;
	assert_int_equal(call_core(&w.c.node[2], &response, "BandwidthBenchmark", &m.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &answer, &kms__v1__bandwidth_benchmark_response__descriptor, buf_slice(&response)));
	assert_int_equal(answer->n_peers_info, N - 1);
	for (size_t i = 0; i < N - 1; i++) assert_int_equal(answer->peers_info[i]->bytes_sent, 200000);
	m.kind = KMS__V1__BANDWIDTH_KIND__Duration;
	assert_int_equal(call_core(&w.c.node[2], &response, "BandwidthBenchmark", &m.base), GRPC_INVALID_ARGUMENT);
	m.number_sessions = 100000, m.duration = 1;
	assert_int_equal(call_core(&w.c.node[2], &response, "BandwidthBenchmark", &m.base), GRPC_INVALID_ARGUMENT);
	buf_free(&response);
	arena_free(&a);
}

/* ---- epochs ------------------------------------------------------------------------------------------------------ */

static grpc_status destroy_epoch(party i, const id32 *id)
{
	Kms__V1__DestroyMpcEpochRequest m = KMS__V1__DESTROY_MPC_EPOCH_REQUEST__INIT;
	buf response = { 0 };

	m.epoch_id = id_message(id);
	grpc_status s = call_core(&w.c.node[i], &response, "DestroyMpcEpoch", &m.base);
	buf_free(&response);
	return s;
}

static void an_epoch_that_is_destroyed_leaves_nothing_private(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;

	assert_int_equal(destroy_epoch(1, &THIRD), GRPC_NOT_FOUND);
	assert_int_equal(destroy_epoch(1, &FIRST), GRPC_FAILED_PRECONDITION);
	assert_non_null(strstr(client_said.message, "only epoch"));
	new_epoch_in(&ID_DEFAULT_CONTEXT, &THIRD);
	assert_int_equal(decrypt_in(NULL, &FIRST, &id), GRPC_OK);                 /* old epochs answer until they go */
	for (party i = 1; i <= N; i++) {
		assert_true(cluster_files(&w.c, i, "PRIV", &FIRST) >= 3);
		assert_int_equal(destroy_epoch(i, &FIRST), GRPC_OK);
		assert_int_equal(cluster_files(&w.c, i, "PRIV", &FIRST), 1);                         /* the number of its last attempt */
		assert_int_equal(destroy_epoch(i, &FIRST), GRPC_NOT_FOUND);
	}
	const id32 other = fresh_id(1);
	assert_int_equal(decrypt_in(NULL, &FIRST, &other), GRPC_NOT_FOUND);
	cluster_results(&w.c, NULL, "GetEpochResult", &FIRST, GRPC_NOT_FOUND);
	/* Nor does it come back: ids grow. */
	m.epoch_id = id_message(&FIRST);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_INVALID_ARGUMENT);
	/* And so it is after a stop. */
	for (party i = 1; i <= N; i++) assert_int_equal(cluster_stop(&w.c, i), 0);
	cluster_start_all(&w.c);
	cluster_results(&w.c, NULL, "GetEpochResult", &FIRST, GRPC_NOT_FOUND);
	cluster_results(&w.c, NULL, "GetEpochResult", &THIRD, GRPC_OK);
	assert_int_equal(decrypt_in(NULL, &THIRD, &other), GRPC_NOT_FOUND);
}

static void a_party_with_other_settings_is_named_and_the_service_goes_on(void **state)
{
	const id32 id = fresh_id(1);

	(void)state;
	assert_false(cluster_has_logged(&w.c, 1, "must have the same"));
	assert_int_equal(cluster_stop(&w.c, 4), 0);
	setenv("ARCA_NODE__SERVICE__EIP712_PROFILE", "v0.11", 1);
	cluster_start(&w.c, 4, NULL, NULL);
	unsetenv("ARCA_NODE__SERVICE__EIP712_PROFILE");
	for (party i = 1; i < 4; i++)
		assert_true(cluster_logged(&w.c, i, "service.eip712_profile: party 4, node4, has v0.11, and this node v0.15, in context 07"));
	assert_true(cluster_logged(&w.c, 4, "service.eip712_profile: party 1, node1, has v0.15, and this node v0.11, in context 07"));
	cluster_wait_linked(&w.c);
	assert_int_equal(decrypt_in(NULL, &FIRST, &id), GRPC_OK);
	assert_int_equal(cluster_stop(&w.c, 4), 0);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
}

static const struct CMUnitTest tests[] = {
	TEST(a_party_with_other_settings_is_named_and_the_service_goes_on),
	TEST(a_context_is_made_once_and_checked), TEST(health_tells_of_every_context),
	TEST(an_epoch_belongs_to_its_context_and_a_key_to_its_epoch), TEST(a_context_goes_with_its_epochs_and_the_configured_one_stays),
	TEST(bandwidth_is_measured_to_every_peer), TEST(an_epoch_that_is_destroyed_leaves_nothing_private),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
