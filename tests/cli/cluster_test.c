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

static cluster sample(void)
{
	cluster c = { .mode = "centralized", .params = "test", .keygen = "central", .threshold = 0, .parties = 2,
	              .context = ID_DEFAULT_CONTEXT, .epoch = ID_DEFAULT_EPOCH, .domain_name = "Decryption", .domain_version = "1",
	              .contract = "0x66f9664f97F2b50F62D13eA064982f936dE76657", .chain_id = 54321, .keygen_s = 1.2346 };
	secp *s;

	memset(c.key.b, 4, sizeof c.key.b);
	assert_ok(secp_new(&s, test_rng()));
	for (unsigned i = 0; i < 2; i++) {
		secp_sk sk;
		secp_sk_random(&sk, test_rng());
		c.party[i] = (cluster_party){ .party_id = i + 1, .grpc = "127.0.0.1:1", .http = "http://127.0.0.1:2",
		                              .verification_key = secp_pk_of(s, &sk), .pid = i ? 0 : 77, .log = "a \"log\"",
		                              .config = i ? NULL : "c" };
		c.party[i].signer = address_of(&c.party[i].verification_key);
	}
	secp_free(&s);
	return c;
}

static void a_cluster_is_read_as_it_was_written(void **state)
{
	(void)state;
	cluster c = sample(), d;

	assert_ok(cluster_write(path, &c));
	assert_ok(cluster_read(&d, path));
	assert_string_equal(d.mode, c.mode);
	assert_string_equal(d.contract, c.contract);
	assert_true(d.chain_id == c.chain_id && d.parties == 2 && d.threshold == 0);
	assert_true(id_eq_var(&d.key, &c.key) && id_is_zero_var(&d.prep) && id_is_zero_var(&d.crs));
	assert_true(id_eq_var(&d.context, &c.context) && id_eq_var(&d.epoch, &c.epoch));
	assert_true(d.keygen_s > 1.2344 && d.keygen_s < 1.2356);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(eth_address_eq_var(d.party[i].signer, c.party[i].signer));
		assert_memory_equal(&d.party[i].verification_key, &c.party[i].verification_key, sizeof(secp_pk));
		assert_string_equal(d.party[i].log, "a \"log\"");
		assert_null(d.party[i].mpc);
	}
	assert_int_equal(d.party[0].pid, 77);
	assert_string_equal(d.party[0].config, "c");
	assert_null(d.party[1].config);
	cluster_free(&d);
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
      cmocka_unit_test_setup_teardown(every_byte_that_is_cut_off_is_missed, make_folder, remove_folder),
      TEST(the_two_domains_differ_in_their_name_only))
