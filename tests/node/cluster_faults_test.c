/* SPDX-License-Identifier: MIT */
/*
 * Bad days of a cluster: a full disk at one party, floods from a party that has gone mad, a party killed at any step of a
 * ceremony or decryption, ceremonies with one party that is away or lies.
 */
#include <signal.h>
#include "mpc/async_open.h"
#include "mpc/wire.h"
#include <stdlib.h>
#include "rpc/links.h"
#include "tests/node/cluster.h"
#include "tests/node/samples.h"

enum { N = 4, T = 1, TIMEOUT_S = 3 };

static struct world {
	void *top;
	test_cluster c;
	samples s;
	uint8_t last_epoch;
	size_t at;                           /* the next ciphertext */
} w;

static const id32 FIRST = {{ 8, [31] = 1 }};

static int set_up(void **state)
{
	(void)state;
	w.last_epoch = 1;
	return cluster_set_up(&w.top, &w.c, &w.s, &FIRST, TIMEOUT_S);
}

static int take_down(void **state)
{
	(void)state;
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* Whose disk is full; 0: nobody's. */
static party full;

static void start_decryption(const id32 *id)
{
	const client_item *item = &w.s.item[w.at++ % (2 * SAMPLE_TYPES)];

	for (party i = 1; i <= N; i++) {
		buf empty = { 0 };
		if (!w.c.up[i]) continue;
		grpc_status s = public_decrypt(&w.c.node[i], &empty, "PublicDecrypt", id, &w.c.key, item, 1);
		assert_int_equal(s, i == full ? GRPC_INTERNAL : GRPC_OK);
		buf_free(&empty);
	}
}

static grpc_status result_at(party i, const char *method, const id32 *id)
{
	buf response = { 0 };
	grpc_status s = get_result(&w.c.node[i], &response, method, id);
	buf_free(&response);
	return s;
}

static void decrypts_at(party_set who)
{
	const id32 id = fresh_id(1);

	start_decryption(&id);
	FOR_EACH_IN(i, who) {
		grpc_status s = result_at(i, "GetPublicDecryptionResult", &id);
		if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
		assert_int_equal(s, GRPC_OK);
	}
}

/* ---- the disk ------------------------------------------------------------------------------------------------------- */

static void a_full_disk_at_one_party_is_that_party_s_trouble_alone(void **state)
{
	(void)state;
	const id32 id = fresh_id(1);

	cluster_limit_files(&w.c, 2, 1);
	full = 2;
	start_decryption(&id);
	for (party i = 1; i <= N; i++)
		assert_int_equal(result_at(i, "GetPublicDecryptionResult", &id), i == 2 ? GRPC_NOT_FOUND : GRPC_OK);
	decrypts_at(parties_all(N) & ~((party_set)1 << 2));
	full = 0;
	cluster_limit_files(&w.c, 2, RLIM_INFINITY);
	decrypts_at(parties_all(N));
}

/* ---- floods ---------------------------------------------------------------------------------------------------------- */

static bool take_nothing(void *ctx, unsigned from, links_lane lane, slice frame)
{
	(void)ctx, (void)from, (void)lane, (void)frame;
	return true;
}

/* A program with the certificate of party 4, linked to the three others. */
static links *mad_party(void)
{
	links_config k = links_config_default();
	links *l;

	k.name = "node4";
	k.certificate_pem = buf_slice(&w.c.leaf[4].certificate_pem);
	k.key_pem = buf_slice(&w.c.leaf[4].key_pem);
	k.address = "127.0.0.1";
	k.port = w.c.port[4];
	k.on_frame = take_nothing;
	assert_ok(links_new(&l, &k));
	for (unsigned i = 1; i <= 3; i++) {
		char name[16];
		snprintf(name, sizeof name, "node%u", i);
		const links_peer p = { i, name, "127.0.0.1", w.c.port[i], buf_slice(&w.c.ca[i].certificate_pem) };
		assert_ok(links_put_peer(l, &p));
	}
	return l;
}

static void flood(links *l, uint8_t kind, slice payload)
{
	uint8_t head[33] = { kind };

	memcpy(head + 1, ID_DEFAULT_CONTEXT.b, 32);
	for (unsigned i = 1; i <= 3; i++)
		if (links_send(l, i, LINKS_URGENT, slice_of(head, sizeof head), payload, 2000) != OK) err_clear();
}

static void send_unknown_session(links *l, size_t body)
{
	envelope e = { .round = 1, .from = 4, .type = MSG_ROUND };
	buf all = { 0 };
	uint8_t *noise = calloc(1, body);

	assert_non_null(noise);
	rng_fill(test_rng(), e.sid.b, sizeof e.sid.b);
	for (party to = 1; to <= 3; to++) {
		e.to = to;
		e.body = slice_of(noise, body);
		buf_clear(&all);
		envelope_write(&all, &e);
		flood(l, 1, buf_slice(&all));                /* two of the three are misaddressed, which is one more lie */
	}
	free(noise);
	buf_free(&all);
}

static void send_unknown_opening(links *l)
{
	uint8_t record[1 + 32 + 4 + 64] = { 1, [33] = 1 };

	rng_fill(test_rng(), record + 1, 32);
	flood(l, 2, slice_of(record, sizeof record));
}

static bool is_logged_by(party_set who, const char *what)
{
	FOR_EACH_IN(i, who)
		if (!cluster_has_logged(&w.c, i, what)) return false;
	return true;
}

/* Longer than any honest frame of this kind, in the lane where there is room for it; until it is told, for a node tells one thing
 * a second of a party. */
static void send_long_openings(links *l, party_set to)
{
	enum { BYTES = 2 << 20, PATIENCE = 200 };
	uint8_t head[33] = { 2 };
	uint8_t *noise = calloc(1, BYTES);

	assert_non_null(noise);
	memcpy(head + 1, ID_DEFAULT_CONTEXT.b, 32);
	for (unsigned k = 0; !is_logged_by(to, "a frame that is too long"); k++) {
		assert_true(k < PATIENCE);
		FOR_EACH_IN(i, to) assert_ok(links_send(l, i, LINKS_BULK, slice_of(head, sizeof head), slice_of(noise, BYTES), 5000));
		usleep(100000);
	}
	free(noise);
}

static long long resident_mib(party i) { return cluster_metric(&w.c, i, "kms_process_memory_usage") >> 20; }

static void a_flood_of_unknown_sessions_and_openings_stops_nobody(void **state)
{
	(void)state;
	const party_set honest = parties_all(3);

	cluster_kill(&w.c, 4);
	const long long before = resident_mib(1);
	links *l = mad_party();
	for (unsigned k = 0; k < 3000; k++) {
		send_unknown_session(l, k % 100 ? 100 : 50000);
		send_unknown_opening(l);
		if (k % 1000 == 500) decrypts_at(honest);
		if (k % 500 == 7) {
			uint8_t noise[200];
			rng_fill(test_rng(), noise, sizeof noise);
			flood(l, 3, slice_of(noise, sizeof noise));
			flood(l, 200, slice_of(noise, sizeof noise));
			flood(l, 1, slice_of(noise, sizeof noise));
		}
	}
	decrypts_at(honest);
	send_long_openings(l, honest);
	links_free(&l);
	assert_true(resident_mib(1) < before + 300);
	assert_true(cluster_metric(&w.c, 1, "arca_peer_wrong_shares_total{party=\"4\"}") > 0);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	decrypts_at(parties_all(N));
}

/* ---- ceremonies in bad company ------------------------------------------------------------------------------------------ */

static id32 next_epoch(void) { return (id32){{ 8, [31] = ++w.last_epoch }}; }

static void start_epoch(const id32 *id)
{
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;

	m.epoch_id = id_message(id);
	cluster_call_all(&w.c, "NewMpcEpoch", &m.base, GRPC_OK);
}

static void three_set_an_epoch_up_while_one_is_away(void **state)
{
	(void)state;
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	buf response = { 0 };
	const id32 epoch = next_epoch();

	cluster_kill(&w.c, 4);
	start_epoch(&epoch);
	for (party i = 1; i <= 3; i++) assert_int_equal(result_at(i, "GetEpochResult", &epoch), GRPC_OK);
	cluster_start(&w.c, 4, NULL, NULL);
	cluster_wait_linked(&w.c);
	/* It is too late for the fourth, which is told so. */
	m.epoch_id = id_message(&epoch);
	assert_int_equal(call_core(&w.c.node[4], &response, "NewMpcEpoch", &m.base), GRPC_OK);
	assert_int_equal(result_at(4, "GetEpochResult", &epoch), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "the epoch exists at parties"));
	buf_free(&response);
}

static void an_epoch_is_set_up_in_spite_of_a_liar(void **state)
{
	(void)state;
	static const char *const LIES[] = { "session", "forge", "mute" };

	for (size_t k = 0; k < COUNT(LIES); k++) {
		const id32 epoch = next_epoch();
		cluster_kill(&w.c, 3);
		cluster_start(&w.c, 3, getenv("ARCA_LIAR"), LIES[k]);
		if (strcmp(LIES[k], "mute")) cluster_wait_linked(&w.c);
		start_epoch(&epoch);
		for (party i = 1; i <= N; i++)
			if (i != 3) assert_int_equal(result_at(i, "GetEpochResult", &epoch), GRPC_OK);
		cluster_kill(&w.c, 3);
		cluster_start(&w.c, 3, NULL, NULL);
		cluster_wait_linked(&w.c);
	}
}

/* What the health of a node says of a peer that it reaches; NULL: nothing. */
static void assert_clock_told(party at, party of, const char *what)
{
	Kms__V1__Empty empty = KMS__V1__EMPTY__INIT;
	Kms__V1__HealthStatusResponse *m;
	arena a = arena_with_limit(1 << 20);
	buf response = { 0 };
	bool seen = false;

	assert_int_equal(call_core(&w.c.node[at], &response, "GetHealthStatus", &empty.base), GRPC_OK);
	assert_ok(pb_unpack(&a, &m, &kms__v1__health_status_response__descriptor, buf_slice(&response)));
	for (size_t p = 0; p < m->peers_from_all_contexts[0]->n_peers; p++) {
		const Kms__V1__PeerHealth *peer = m->peers_from_all_contexts[0]->peers[p];
		if (peer->peer_id != of) continue;
		seen = true;
		assert_true(peer->reachable);
		if (what) assert_non_null(strstr(peer->error, what));
		else assert_string_equal(peer->error, "");
	}
	assert_true(seen);
	buf_free(&response);
	arena_free(&a);
}

/* One clock is a minute ahead and another a minute behind, so that they are two minutes apart. */
static void clocks_a_minute_apart_are_named_and_disturb_nobody(void **state)
{
	(void)state;
	const id32 epoch = next_epoch();

	for (party i = 2; i <= 3; i++) {
		cluster_kill(&w.c, i);
		cluster_start(&w.c, i, getenv("ARCA_LIAR"), i == 2 ? "early" : "late");
	}
	cluster_wait_linked(&w.c);
	assert_true(cluster_logged(&w.c, 1, "the clock of party 2, node2, is ") && cluster_logged(&w.c, 1, "the clock of party 3, node3, is "));
	for (party i = 2; i <= 3; i++)
		assert_true(cluster_logged(&w.c, i, i == 2 ? "s behind this node's, and so are those of most others: correct this node's"
		                                           : "s ahead of this node's, and so are those of most others: correct this node's"));
	assert_false(cluster_has_logged(&w.c, 1, "correct this node's"));
	assert_clock_told(1, 2, " s ahead of this node's");
	assert_clock_told(1, 3, " s behind this node's");
	assert_clock_told(1, 4, NULL);
	start_epoch(&epoch);
	cluster_results(&w.c, NULL, "GetEpochResult", &epoch, GRPC_OK);
	decrypts_at(parties_all(N));
	for (party i = 2; i <= 3; i++) {
		cluster_kill(&w.c, i);
		cluster_start(&w.c, i, NULL, NULL);
	}
	cluster_wait_linked(&w.c);
	assert_true(cluster_logged(&w.c, 1, "the clocks of party 2, node2, and of this node agree again"));
}

/* One party alone gives up in time, says who was missing, and may be asked again together with the others. */
static void a_ceremony_to_which_too_few_come_says_who_was_there(void **state)
{
	(void)state;
	Kms__V1__NewMpcEpochRequest m = KMS__V1__NEW_MPC_EPOCH_REQUEST__INIT;
	const id32 epoch = next_epoch();

	m.epoch_id = id_message(&epoch);
	for (party i = 1; i <= 2; i++) {
		buf response = { 0 };
		assert_int_equal(call_core(&w.c.node[i], &response, "NewMpcEpoch", &m.base), GRPC_OK);
		buf_free(&response);
	}
	assert_int_equal(result_at(1, "GetEpochResult", &epoch), GRPC_INTERNAL);
	assert_non_null(strstr(client_said.message, "only 1, 2 began"));
	assert_int_equal(result_at(2, "GetEpochResult", &epoch), GRPC_INTERNAL);
	start_epoch(&epoch);
	cluster_results(&w.c, NULL, "GetEpochResult", &epoch, GRPC_OK);
}

/* ---- killed at any step ---------------------------------------------------------------------------------------------------- */

static unsigned kills(void) { return test_is_short() ? 2 : 6; }

static void revive(party i)
{
	cluster_start(&w.c, i, NULL, NULL);
	cluster_wait_linked(&w.c);
}

static void a_party_killed_while_an_epoch_is_set_up_harms_no_other(void **state)
{
	(void)state;
	for (unsigned k = 0; k < kills(); k++) {
		const id32 epoch = next_epoch();
		const party victim = (party)(1 + test_below(N));
		start_epoch(&epoch);
		usleep((useconds_t)test_below(60000));
		cluster_kill(&w.c, victim);
		for (party i = 1; i <= N; i++) {
			if (i == victim) continue;
			grpc_status s = result_at(i, "GetEpochResult", &epoch);
			if (s != GRPC_OK) print_error("node %u: %s\n", i, client_said.message);
			assert_int_equal(s, GRPC_OK);
		}
		revive(victim);
		grpc_status s = result_at(victim, "GetEpochResult", &epoch);
		assert_true(s == GRPC_OK || s == GRPC_INTERNAL || s == GRPC_NOT_FOUND);
		decrypts_at(parties_all(N));
	}
}

/* Nor does it lose what it had taken in. */
static void a_party_killed_while_it_decrypts_harms_no_other(void **state)
{
	(void)state;
	for (unsigned k = 0; k < kills(); k++) {
		const id32 id = fresh_id(1);
		const party victim = (party)(1 + test_below(N));
		start_decryption(&id);
		usleep((useconds_t)test_below(5000));
		cluster_kill(&w.c, victim);
		for (party i = 1; i <= N; i++)
			if (i != victim) assert_int_equal(result_at(i, "GetPublicDecryptionResult", &id), GRPC_OK);
		revive(victim);
		assert_int_equal(result_at(victim, "GetPublicDecryptionResult", &id), GRPC_OK);
	}
	decrypts_at(parties_all(N));
}

/* A key is there at n - t parties or more, or at none that is honest; and no piece of it harms the next start. */
static void a_party_killed_while_a_key_is_dealt_harms_no_start(void **state)
{
	(void)state;
	Kms__V1__KeyGenPreprocRequest p = KMS__V1__KEY_GEN_PREPROC_REQUEST__INIT;
	Kms__V1__KeyGenRequest m = KMS__V1__KEY_GEN_REQUEST__INIT;
	unsigned made = 0;

	for (unsigned k = 0; k < kills(); k++) {
		const id32 prep = fresh_id(3), key = fresh_id(4);
		const party victim = (party)(1 + test_below(N));
		unsigned have = 0;
		p.request_id = id_message(&prep), p.params = (Kms__V1__FheParameter)1, p.domain = domain_message("KMSGeneration");
		cluster_call_all(&w.c, "InsecureKeyGenPreproc", &p.base, GRPC_OK);
		cluster_results(&w.c, NULL, "GetInsecureKeyGenPreprocResult", &prep, GRPC_OK);
		m.request_id = id_message(&key), m.preproc_id = id_message(&prep), m.domain = domain_message("KMSGeneration");
		cluster_call_all(&w.c, "InsecureKeyGen", &m.base, GRPC_OK);
		usleep((useconds_t)test_below(900000));
		cluster_kill(&w.c, victim);
		for (party i = 1; i <= N; i++)
			if (i != victim) have += result_at(i, "GetInsecureKeyGenResult", &key) == GRPC_OK;
		assert_true(have == 0 || have == N - 1);
		made += have > 0;
		revive(victim);
		grpc_status s = result_at(victim, "GetInsecureKeyGenResult", &key);
		assert_true(s == GRPC_OK || s == GRPC_INTERNAL);
		decrypts_at(parties_all(N));
	}
	print_message("# %u of %u keys were made\n", made, kills());
}

static const struct CMUnitTest tests[] = {
	TEST(a_full_disk_at_one_party_is_that_party_s_trouble_alone), TEST(a_flood_of_unknown_sessions_and_openings_stops_nobody),
	TEST(three_set_an_epoch_up_while_one_is_away), TEST(an_epoch_is_set_up_in_spite_of_a_liar), TEST(clocks_a_minute_apart_are_named_and_disturb_nobody),
	TEST(a_ceremony_to_which_too_few_come_says_who_was_there), TEST(a_party_killed_while_an_epoch_is_set_up_harms_no_other),
	TEST(a_party_killed_while_it_decrypts_harms_no_other), TEST(a_party_killed_while_a_key_is_dealt_harms_no_start),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
