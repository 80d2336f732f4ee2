/* SPDX-License-Identifier: MIT */
/* tests/cli/cluster_test.c -- devnet.json there and back; what is refused is in nodes.txt. */
#include "cli/cluster.h"
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "evm/address.h"
#include "tests/test.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/arca-cluster-XXXXXX");
	if (!mkdtemp(folder)) return -1;
	snprintf(path, sizeof path, "%s/devnet.json", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static const hash32 TYPED[MAX_SCHEMES] = { [SCHEME_MLDSA65] = {{ 1, 2, 3, [31] = 255 }} };

static cluster sample_of(size_t parties)
{
	cluster c = { .mode = "centralized", .params = "test", .keygen = "central", .threshold = 0, .parties = parties,
	              .context = ID_DEFAULT_CONTEXT, .epoch = ID_DEFAULT_EPOCH, .domain_name = "Decryption", .domain_version = "1",
	              .contract = "0x66f9664f97F2b50F62D13eA064982f936dE76657", .chain_id = 54321, .keygen_s = 1.2346 };
	secp *s;

	memset(c.key.b, 4, sizeof c.key.b);
	assert_ok(secp_new(&s, test_rng()));
	if (parties > 1) c.mode = "threshold", c.keygen = "insecure", c.threshold = (unsigned)(parties - 1) / 3;
	for (unsigned i = 0; i < parties; i++) {
		secp_sk sk;
		secp_sk_random(&sk, test_rng());
		c.party[i] = (cluster_party){ .party_id = i + 1, .grpc = "127.0.0.1:1", .http = "http://127.0.0.1:2",
		                              .mpc = parties > 1 ? "127.0.0.1:3" : NULL,
		                              .verification_key = secp_pk_of(s, &sk), .pid = i ? 0 : 77, .log = "a \"log\"",
		                              .config = i ? NULL : "c" };
		c.party[i].signer = address_of(&c.party[i].verification_key);
		if (i % 2) c.party[i].typed = TYPED;
	}
	secp_free(&s);
	return c;
}

static cluster sample(void)
{
	return sample_of(4);
}

static void expect_read_as_written(cluster c)
{
	static cluster d;

	assert_ok(cluster_write(path, &c));
	assert_ok(cluster_read(&d, path));
	assert_string_equal(d.mode, c.mode);
	assert_string_equal(d.contract, c.contract);
	assert_true(d.chain_id == c.chain_id && d.parties == c.parties && d.threshold == c.threshold);
	assert_string_equal(d.keygen, c.keygen);
	assert_true(cluster_is_shared(&d) == (c.parties > 1) && cluster_is_insecure(&d) == (c.parties > 1));
	assert_true(cluster_believed(&d) == c.threshold + 1 && cluster_quorum(&d) == 2 * c.threshold + 1);
	assert_true(id_eq_var(&d.key, &c.key) && id_is_zero_var(&d.prep) && id_is_zero_var(&d.crs));
	assert_true(id_eq_var(&d.context, &c.context) && id_eq_var(&d.epoch, &c.epoch));
	for (size_t i = 0; i < c.parties; i++) {
		assert_int_equal(cluster_knows_typed(&d.party[i], SCHEME_MLDSA65), i % 2);
		assert_false(cluster_knows_typed(&d.party[i], SCHEME_ED25519));
		if (i % 2) assert_memory_equal(d.party[i].typed, TYPED, sizeof TYPED);
	}
	assert_true(d.keygen_s > 1.2344 && d.keygen_s < 1.2356);
	for (unsigned i = 0; i < c.parties; i++) {
		assert_true(eth_address_eq_var(d.party[i].signer, c.party[i].signer));
		assert_memory_equal(&d.party[i].verification_key, &c.party[i].verification_key, sizeof(secp_pk));
		assert_string_equal(d.party[i].log, "a \"log\"");
		if (c.parties > 1) assert_string_equal(d.party[i].mpc, "127.0.0.1:3");
		else assert_null(d.party[i].mpc);
		if (i) assert_null(d.party[i].config);
	}
	assert_int_equal(d.party[0].pid, 77);
	assert_string_equal(d.party[0].config, "c");
	cluster_free(&d);
}

static void a_cluster_is_read_as_it_was_written(void **state)
{
	(void)state;
	for (size_t n = 1; n <= MAX_PARTIES; n++)
		if (n == 1 || parties_allowed((unsigned)n, (unsigned)(n - 1) / 3)) expect_read_as_written(sample_of(n));
}

static void expect_refused(cluster c, const char *why)
{
	static cluster d;

	assert_ok(cluster_write(path, &c));
	const err e = cluster_read(&d, path);
	if (!strstr(err_text(), why)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), why));
	assert_err(ERR_REQUEST, e);
}

/* Whoever writes such a file would have answers believed that too few parties stand behind. */
static void a_threshold_that_cannot_be_is_refused(void **state)
{
	(void)state;
	for (size_t n = 2; n <= 13; n++)
		for (unsigned t = 0; t <= n; t++) {
			cluster c = sample_of(n);
			c.threshold = t;
			if (!parties_allowed((unsigned)n, t)) expect_refused(c, "less than a third");
		}
	static cluster one, four;
	one = sample_of(1), four = sample_of(4);
	one.threshold = 1;
	expect_refused(one, "is one node and threshold 0");
	four.mode = "centralized", four.threshold = 0;
	expect_refused(four, "is one node and threshold 0");
	one = sample_of(1), one.mode = "threshold";
	expect_refused(one, "less than a third");
}

static void a_signer_that_would_count_twice_is_refused(void **state)
{
	(void)state;
	cluster c = sample();

	c.party[3].signer = c.party[1].signer;
	c.party[3].verification_key = c.party[1].verification_key;
	expect_refused(c, "parties[1] and parties[3] have the same signer");
}

static void modes_and_ways_of_making_keys_have_names(void **state)
{
	(void)state;
	static cluster c, one;

	c = sample(), one = sample_of(1);
	c.keygen = "central";
	expect_refused(c, "there are dkg, insecure and none");
	one.keygen = "insecure";
	expect_refused(one, "there are central and none");
	c = sample(), c.mode = "shared";
	expect_refused(c, "there are centralized and threshold");
	c = sample(), c.party[2].mpc = NULL;
	expect_refused(c, "parties[2].mpc is missing");
}

static void writing_what_was_read_changes_nothing(void **state)
{
	(void)state;
	cluster c = sample(), d;

	assert_ok(cluster_write(path, &c));
	buf first = test_read(path);
	assert_ok(cluster_read(&d, path));
	assert_ok(cluster_write(path, &d));
	buf second = test_read(path);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	cluster_free(&d);
	buf_free(&first);
	buf_free(&second);
}

static void every_byte_that_is_cut_off_is_missed(void **state)
{
	(void)state;
	cluster c = sample(), d;

	assert_ok(cluster_write(path, &c));
	buf whole = test_read(path);
	for (size_t n = 0; n + 2 < whole.n; n += 1 + test_below(7)) {
		assert_ok(file_write_atomic(path, slice_of(whole.p, n), 0644));
		assert_err(ERR_REQUEST, cluster_read(&d, path));
	}
	buf_free(&whole);
}

static void the_two_domains_differ_in_their_name_only(void **state)
{
	(void)state;
	const cluster c = sample();
	eip712_domain a, b;

	assert_ok(cluster_domain(&a, &c));
	assert_ok(cluster_key_domain(&b, &c));
	assert_true(slice_eq_var(a.name, slice_str("Decryption")));
	assert_true(slice_eq_var(b.name, slice_str("KMSGeneration")));
	assert_memory_equal(&a.chain_id, &b.chain_id, sizeof a.chain_id);
	assert_memory_equal(&a.contract, &b.contract, sizeof a.contract);
	assert_false(a.salted || b.salted);
}

TESTS(cmocka_unit_test_setup_teardown(a_cluster_is_read_as_it_was_written, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(writing_what_was_read_changes_nothing, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_threshold_that_cannot_be_is_refused, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_signer_that_would_count_twice_is_refused, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(modes_and_ways_of_making_keys_have_names, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(every_byte_that_is_cut_off_is_missed, make_folder, remove_folder),
      TEST(the_two_domains_differ_in_their_name_only))
