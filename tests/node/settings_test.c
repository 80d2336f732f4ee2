/* SPDX-License-Identifier: MIT */
/* What parties must have set alike: which key is named where they have not. */
#include "node/settings.h"
#include "rpc/certs.h"
#include "tests/test.h"

enum { N = 7 };

static certs_pair ca[N + 1];
static member members[N + 1];
static char names[N + 1][8];

static int make(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) {
		snprintf(names[i], sizeof names[i], "node%u", i);
		if (certs_make_ca(&ca[i], names[i], 10, clock_system()) != OK) return -1;
		members[i] = (member){ .id = i, .identity = names[i], .host = "localhost", .port = 50000 + i, .ca_pem = buf_slice(&ca[i].certificate_pem) };
	}
	return 0;
}

static int drop(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) certs_pair_free(&ca[i]);
	return 0;
}

static const mpc_context OURS = { .n = N, .t = 1, .me = 1, .member = members };

/* Of each difference a line: key, theirs, ours. */
static void note(void *ctx, const setting *mine, const setting *theirs)
{
	buf_printf(ctx, "%.*s: %.*s, %.*s\n", (int)mine->key.n, (const char *)mine->key.p, (int)theirs->value.n, (const char *)theirs->value.p,
	           (int)mine->value.n, (const char *)mine->value.p);
}

/* What is said of another's settings by a node with these. */
static void assert_told(const char *want, const node_config *c, const mpc_context *k, const node_config *other_c, const mpc_context *other_k)
{
	AUTO(buf) mine = { 0 };
	AUTO(buf) theirs = { 0 };
	AUTO(buf) told = { 0 };

	settings_write(&mine, c, k);
	settings_write(&theirs, other_c, other_k);
	assert_true(settings_compare(buf_slice(&mine), buf_slice(&theirs), note, &told));
	assert_string_equal(buf_str(&told), want);
}

static void who_has_the_same_is_not_named(void **state)
{
	const node_config c = { 0 };
	AUTO(buf) spaced = { 0 };
	member same[N + 1];
	mpc_context other = OURS;

	(void)state;
	/* Where a party is reached, and how its authority's file is written, is each operator's own matter. */
	memcpy(same, members, sizeof same);
	buf_put_str(&spaced, "node2's authority\n\n");
	buf_put_slice(&spaced, members[2].ca_pem);
	same[2].host = "elsewhere", same[2].port = 1, same[2].ca_pem = buf_slice(&spaced);
	other.member = same, other.me = 3;
	assert_told("", &c, &OURS, &c, &other);
}

static void the_key_that_differs_is_named_with_both_values(void **state)
{
	const node_config c = { 0 }, v011 = { .eip712_v011 = true };
	mpc_context other = OURS;
	member members_of_other[N + 1];

	(void)state;
	other.t = 2;
	assert_told("threshold.threshold: 2, 1\n", &c, &OURS, &c, &other);
	assert_told("service.eip712_profile: v0.11, v0.15\n", &c, &OURS, &v011, &OURS);
	other = OURS, other.n = N - 1;
	assert_told("threshold.peers: 6 parties, 7 parties\n", &c, &OURS, &c, &other);
	memcpy(members_of_other, members, sizeof members_of_other);
	members_of_other[3].identity = "other";
	other = OURS, other.member = members_of_other;
	AUTO(buf) mine = { 0 };
	AUTO(buf) theirs = { 0 };
	AUTO(buf) told = { 0 };
	settings_write(&mine, &c, &OURS);
	settings_write(&theirs, &c, &other);
	assert_true(settings_compare(buf_slice(&mine), buf_slice(&theirs), note, &told));
	assert_non_null(strstr(buf_str(&told), "threshold.peers, party 3: other under authority "));
	members_of_other[3] = members[3], members_of_other[3].ca_pem = members[4].ca_pem;
	buf_clear(&theirs), buf_clear(&told);
	settings_write(&theirs, &c, &other);
	assert_true(settings_compare(buf_slice(&mine), buf_slice(&theirs), note, &told));
	assert_non_null(strstr(buf_str(&told), "threshold.peers, party 3: node3 under authority "));
}

static void only_chains_whose_keys_are_shared_are_compared(void **state)
{
	chain_config one[] = { { .chain_id = 5, .gateway = (char *)(uintptr_t)"0x01", .key_file = (char *)(uintptr_t)"" } },
	             two[] = { { .chain_id = 5, .gateway = (char *)(uintptr_t)"0x01", .import_from = 2, .key_file = (char *)(uintptr_t)"" } },
	             own[] = { { .chain_id = 5, .gateway = (char *)(uintptr_t)"0x02", .key_file = (char *)(uintptr_t)"k" } };
	node_config a = { .delegation = { .present = true, .refresh_secs = 60, .chains = { .row = one, .n = 1 } } }, b = a;

	(void)state;
	b.delegation.chains.row = two, b.delegation.refresh_secs = 61;
	assert_told("delegation.chains, chain 5: gateway 0x01, import_from 2, gateway 0x01, import_from 0\ndelegation.refresh_secs: 61, 60\n", &a, &OURS, &b,
	            &OURS);
	b.delegation.chains.row = own;
	assert_told("", &a, &OURS, &b, &OURS);
}

static void what_is_not_known_is_passed_over_and_what_is_malformed_refused(void **state)
{
	const node_config c = { 0 };
	AUTO(buf) mine = { 0 };
	AUTO(buf) told = { 0 };

	(void)state;
	settings_write(&mine, &c, &OURS);
	const slice later = slice_of("\3new\3one\23threshold.threshold\1""2", 30);
	assert_true(settings_compare(buf_slice(&mine), later, note, &told));
	assert_string_equal(buf_str(&told), "threshold.threshold: 2, 1\n");
	buf_clear(&told);
	assert_true(settings_compare(buf_slice(&mine), (slice){ 0 }, note, &told));
	for (size_t n = 1; n < later.n; n++)
		assert_int_equal(settings_compare(buf_slice(&mine), slice_of(later.p, n), note, &told), n == 8);
	assert_false(settings_compare(buf_slice(&mine), slice_of("\23threshold.threshold\1\n", 22), note, &told));
	assert_false(settings_compare(buf_slice(&mine), slice_of("\1k\0", 3), note, &told));
	assert_string_equal(buf_str(&told), "");
	/* More than there can be. */
	AUTO(buf) many = { 0 };
	for (unsigned i = 0; i <= MAX_SETTINGS; i++) {
		assert_int_equal(settings_compare(buf_slice(&mine), buf_slice(&many), note, &told), true);
		buf_put_str(&many, "\1k\1v");
	}
	assert_false(settings_compare(buf_slice(&mine), buf_slice(&many), note, &told));
}

static const struct CMUnitTest tests[] = {
	TEST(who_has_the_same_is_not_named), TEST(the_key_that_differs_is_named_with_both_values),
	TEST(only_chains_whose_keys_are_shared_are_compared), TEST(what_is_not_known_is_passed_over_and_what_is_malformed_refused),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make, drop);
}
