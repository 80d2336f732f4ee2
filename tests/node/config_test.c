/* SPDX-License-Identifier: MIT */
#include "node/combiners.h"
#include "node/config.h"
#include "tests/test.h"

#define VAULTS "[public_vault.storage.file]\npath = \"/a\"\n[private_vault.storage.file]\npath = \"/b\"\n"

static char *const NOTHING[] = { NULL };

static void refused(const char *text, char *const *environment, const char *part, const char *other_part)
{
	node_config c;

	assert_int_equal(node_config_read(&c, "node.toml", slice_str(text), environment), ERR_REQUEST);
	if (!strstr(err_text(), part) || !strstr(err_text(), other_part)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), part));
	assert_non_null(strstr(err_text(), other_part));
	err_clear();
}

static void what_is_left_out_has_its_default(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS), NOTHING));
	assert_string_equal(c.service.listen_address, "127.0.0.1");
	assert_int_equal(c.service.listen_port, 50051);
	assert_int_equal(c.service.grpc_max_message_size, 104857600);
	assert_int_equal(c.service.dec_capacity, 10000);
	assert_int_equal(c.service.min_dec_cache, 6000);
	assert_int_equal(c.service.result_bytes, 256 << 20);
	assert_string_equal(c.private_vault.path, "/b");
	assert_string_equal(c.private_vault.prefix, "PRIV");
	assert_string_equal(c.http_address, "127.0.0.1");
	assert_int_equal(c.http_port, 9646);
	assert_int_equal(c.limits.preproc, 25000);
	assert_false(c.eip712_v011);
	node_config_free(&c);
	assert_null(c.private_vault.path);
}

static void the_environment_stands_above_the_file_and_ours_above_the_alias(void **state)
{
	(void)state;
	char *const environment[] = { "PATH=/bin", "KMS_CORE__SERVICE__LISTEN_PORT=1111", "KMS_CORE__SERVICE__TIMEOUT_SECS=7",
	                              "ARCA_NODE__SERVICE__LISTEN_PORT=2222", "ARCA_NODE__PRIVATE_VAULT__STORAGE__FILE__PATH=/env", NULL };
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str("[service]\nlisten_port = 3333\ntimeout_secs = 9\n" VAULTS), environment));
	assert_int_equal(c.service.listen_port, 2222);
	assert_int_equal(c.service.timeout_secs, 7);
	assert_string_equal(c.private_vault.path, "/env");
	node_config_free(&c);
}

static void an_unknown_key_is_named_with_its_line(void **state)
{
	(void)state;
	char *const environment[] = { "ARCA_NODE__SERVICE__LISTN_PORT=1", NULL };

	refused("[service]\nlisten_port = 1\nlisten_prot = 2\n" VAULTS, NOTHING, "line 3", "service.listen_prot");
	refused("what = 1\n" VAULTS, NOTHING, "line 1", "what");
	refused("[servise]\n" VAULTS, NOTHING, "line 1", "servise");
	refused(VAULTS, environment, "ARCA_NODE__SERVICE__LISTN_PORT", "no such key");
}

static void wrong_types_and_ranges_are_named(void **state)
{
	(void)state;
	char *const environment[] = { "ARCA_NODE__SERVICE__LISTEN_PORT=12x", NULL };

	refused("[service]\nlisten_port = \"1\"\n" VAULTS, NOTHING, "line 2", "whole number");
	refused("[service]\nlisten_port = 65536\n" VAULTS, NOTHING, "service.listen_port is 65536", "from 0 to 65535");
	refused("[service]\nlisten_port = [1]\n" VAULTS, NOTHING, "service.listen_port", "list");
	refused("[service]\nlisten_port = -1\n" VAULTS, NOTHING, "service.listen_port is -1", "line 2");
	refused("[service]\nlisten_address = 5\n" VAULTS, NOTHING, "service.listen_address", "a text");
	refused("service = 1\n" VAULTS, NOTHING, "line 1", "service");
	refused(VAULTS, environment, "ARCA_NODE__SERVICE__LISTEN_PORT", "whole number");
	refused("[private_vault.storage.file]\npath = \"/b\"\n", NOTHING, "public_vault.storage.file.path", "missing");
}

static void broken_toml_is_named_with_its_line(void **state)
{
	(void)state;
	refused("[service\n", NOTHING, "node.toml", "line 1");
	refused("[service]\nlisten_port = 1\nlisten_port = 2\n" VAULTS, NOTHING, "line 3", "not TOML");
	refused("a = \"\\u0000\"", NOTHING, "node.toml", "zero");
	refused("[{service]\n", NOTHING, "line 1", "not TOML");
	refused(VAULTS "[\u048e]\n", NOTHING, "line 5", "saw '\u048e'");
}

static void the_key_of_the_vault_comes_from_one_place(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS), NOTHING));
	assert_string_equal(c.keychain.file, "");
	assert_int_equal(c.keychain.descriptor, -1);
	node_config_free(&c);
	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS "[private_vault.keychain]\ndescriptor.number = 0\n"), NOTHING));
	assert_int_equal(c.keychain.descriptor, 0);
	node_config_free(&c);
	refused(VAULTS "[private_vault.keychain]\nfile.path = \"/k\"\ncredential.name = \"k\"\n", NOTHING, "private_vault.keychain", "2 keys");
	refused(VAULTS "[private_vault.keychain.file]\npath = \"/k\"\n[private_vault.keychain.descriptor]\nnumber = 3\n", NOTHING,
	        "private_vault.keychain", "2 keys");
	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS "[private_vault.keychain.former]\nfile.path = \"/old\"\n"), NOTHING));
	assert_string_equal(c.former.file, "/old");
	assert_int_equal(c.former.descriptor, -1);
	node_config_free(&c);
	refused(VAULTS "[private_vault.keychain.former]\nfile.path = \"/k\"\ndescriptor.number = 4\n", NOTHING, "private_vault.keychain.former", "2 keys");
	refused(VAULTS "[private_vault.keychain]\naws_kms.root_key_id = \"alias/x\"\nformer.file.path = \"/k\"\n", NOTHING,
	        "private_vault.keychain.former", "takes the place of none");
}

static void what_is_not_built_is_a_sentence(void **state)
{
	(void)state;
	refused(VAULTS "[private_vault.keychain.aws_kms]\nroot_key_id = \"x\"\nroot_key_spec = \"asymm\"\n", NOTHING, "root_key_spec", "not built");
	refused(VAULTS "[backup_vault.storage.file]\npath = \"x\"\n", NOTHING, "backup_vault", "not built");
	refused(VAULTS "[aws]\nrole_arn = \"x\"\n", NOTHING, "aws.role_arn", "this version");
}

/* ---- buckets and keys of AWS --------------------------------------------------------------------------------- */

#define BUCKETS "[public_vault.storage.s3]\nbucket = \"keys\"\n[private_vault.storage.s3]\nbucket = \"keys\"\n"
#define KMS "[private_vault.keychain.aws_kms]\nroot_key_id = \"alias/arca\"\n"
#define AWS "[aws]\nregion = \"eu-west-3\"\n"

static void a_vault_may_be_in_a_bucket(void **state)
{
	(void)state;
	node_config c;

	/* The reference's keys alone. */
	assert_ok(node_config_read(&c, "node.toml", slice_str(BUCKETS KMS AWS), NOTHING));
	assert_string_equal(c.public_vault.bucket, "keys");
	assert_string_equal(c.public_vault.s3_prefix, "PUB");
	assert_string_equal(c.private_vault.s3_prefix, "PRIV");
	assert_string_equal(c.public_vault.path, "/var/lib/arca/public");
	assert_string_equal(c.private_vault.path, "/var/lib/arca/private");
	assert_string_equal(c.keychain.root_key_id, "alias/arca");
	node_config_free(&c);
	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS BUCKETS KMS AWS "awskms_endpoint = \"http://127.0.0.1:1\"\ns3_endpoint = \"http://s3.example\"\n"
	                                                      "credentials.file.path = \"/c\"\n"), NOTHING));
	assert_string_equal(c.private_vault.path, "/b");
	node_config_free(&c);
}

static void what_does_not_go_together_there_is_named(void **state)
{
	(void)state;
	refused(BUCKETS AWS, NOTHING, "private_vault.storage.s3", "sealed or not at all");
	refused(BUCKETS KMS, NOTHING, "aws.region", "missing");
	refused(VAULTS KMS, NOTHING, "aws.region", "missing");
	refused(VAULTS KMS AWS "awskms_endpoint = \"http://kms.example\"\n", NOTHING, "aws.awskms_endpoint", "https is wanted");
	refused(VAULTS KMS AWS "awskms_endpoint = \"http://127.0.0.1.kms.example\"\n", NOTHING, "aws.awskms_endpoint", "https is wanted");
	refused(VAULTS KMS AWS "awskms_endpoint = \"http://localhost.kms.example\"\n", NOTHING, "aws.awskms_endpoint", "https is wanted");
	refused(VAULTS KMS AWS "awskms_endpoint = \"kms.example\"\n", NOTHING, "aws.awskms_endpoint", "one is like");
	refused(VAULTS KMS "[aws]\nregion = \"eu west\"\n", NOTHING, "aws.region", "eu-west-3");
	refused(VAULTS KMS AWS "credentials.file.path = \"/c\"\ncredentials.descriptor.number = 3\n", NOTHING, "aws.credentials", "2 places");
	refused(VAULTS KMS "[private_vault.keychain.file]\npath = \"/k\"\n" AWS, NOTHING, "private_vault.keychain", "2 keys");
	refused(VAULTS AWS "[public_vault.storage.s3]\nbucket = \"Keys\"\n", NOTHING, "public_vault.storage.s3.bucket", "not the name of a bucket");
	refused(VAULTS AWS "[public_vault.storage.s3]\nbucket = \"keys\"\nprefix = \"a/../b\"\n", NOTHING, "public_vault.storage.s3.bucket", "prefix");
	refused(BUCKETS "prefix = \"PUB\"\n" KMS AWS, NOTHING, "same bucket and prefix", "private");
	refused("[public_vault.storage.file]\npath = \"/a\"\n", NOTHING, "private_vault.storage.file.path", "missing");
}

/* ---- threshold mode ----------------------------------------------------------------------------------------- */

#define TLS "[threshold.tls.manual]\ncert.path = \"/c\"\nkey = \"K\"\n"
#define PEER(id, name) "[[threshold.peers]]\nparty_id = " #id "\naddress = \"" name "\"\nport = 5000" #id "\ntls_cert.path = \"/" name "\"\n"
#define FOUR PEER(1, "a") PEER(2, "b") PEER(3, "c") PEER(4, "d")
#define CLUSTER(t) VAULTS "[threshold]\nthreshold = " #t "\n" TLS

static void without_the_section_a_node_is_centralized(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS), NOTHING));
	assert_false(c.threshold.present);
	assert_int_equal(peers_count(&c), 0);
	node_config_free(&c);
}

static void the_peers_of_a_cluster_are_read(void **state)
{
	(void)state;
	char *const environment[] = { "KMS_CORE__THRESHOLD__MY_ID=3", NULL };
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str(CLUSTER(1) PEER(1, "a") PEER(2, "b") PEER(3, "c")
	                           PEER(4, "d") "mpc_identity = \"who\"\n"), environment));
	assert_true(c.threshold.present);
	assert_int_equal(c.threshold.my_id, 3);
	assert_int_equal(c.threshold.threshold, 1);
	assert_int_equal(c.threshold.listen_port, 50001);
	assert_int_equal(peers_count(&c), 4);
	assert_string_equal(peer_identity(peer_at(&c, 1)), "b");
	assert_string_equal(peer_identity(peer_at(&c, 3)), "who");
	assert_int_equal(peer_at(&c, 3)->port, 50004);
	assert_string_equal(peer_at(&c, 3)->tls_cert.path, "/d");
	assert_string_equal(c.threshold.tls.cert.path, "/c");
	assert_string_equal(c.threshold.tls.key.pem, "K");
	node_config_free(&c);
}

static void a_cluster_that_could_not_be_robust_is_refused(void **state)
{
	(void)state;
	refused(CLUSTER(0) FOUR, NOTHING, "threshold.threshold is 0", "one party could decrypt alone");
	refused(CLUSTER(2) FOUR, NOTHING, "threshold.threshold is 2 with 4 peers", "7 or more");
	refused(CLUSTER(1) PEER(1, "a") PEER(2, "b") PEER(3, "c"), NOTHING, "with 3 peers", "4 or more");
	refused(CLUSTER(0) PEER(1, "a"), NOTHING, "threshold.threshold is 0", "centralized");
	refused(VAULTS "[threshold]\n" TLS FOUR, NOTHING, "threshold.threshold", "missing");
	refused(CLUSTER(1) FOUR PEER(4, "e"), NOTHING, "party_id 4", "twice");
	refused(CLUSTER(1) PEER(1, "a") PEER(2, "b") PEER(3, "c") PEER(5, "e"), NOTHING, "party_id 5", "from 1 to 4");
	refused(CLUSTER(1) PEER(1, "a") PEER(2, "a") PEER(3, "c") PEER(4, "e"), NOTHING, "parties 1 and 2", "mpc_identity");
	refused(CLUSTER(1) FOUR, (char *[]){ "ARCA_NODE__THRESHOLD__MY_ID=5", NULL }, "my_id is 5", "4 peers");
}

static void certificates_are_given_once_and_modes_are_named(void **state)
{
	(void)state;
	refused(VAULTS "[threshold]\nthreshold = 1\n" FOUR, NOTHING, "threshold.tls.manual.cert", "missing");
	refused(CLUSTER(1) FOUR "tls_cert.path = \"x\"\n", NOTHING, "line", "");
	refused(CLUSTER(1) PEER(1, "a") PEER(2, "b") PEER(3, "c") "[[threshold.peers]]\nparty_id = 4\naddress = \"d\"\nport = 1\n", NOTHING,
	        "party 4", "tls_cert is missing");
	refused(CLUSTER(1) FOUR "[threshold.tls.auto]\n", NOTHING, "threshold.tls.auto", "not built");
	refused(CLUSTER(1) FOUR, (char *[]){ "ARCA_NODE__THRESHOLD__DECRYPTION_MODE=BitDecSmall", NULL }, "BitDecSmall", "not built");
	refused(CLUSTER(1) FOUR, (char *[]){ "ARCA_NODE__THRESHOLD__DECRYPTION_MODE=x", NULL }, "decryption_mode is x", "NoiseFloodSmall");
	refused(CLUSTER(1) FOUR, (char *[]){ "ARCA_NODE__THRESHOLD__LISTEN_PORT=50051", NULL }, "threshold.listen_port", "50051");
}

static void a_printed_cluster_can_be_read_again_and_has_no_key_in_it(void **state)
{
	(void)state;
	node_config c, again;
	buf first = { 0 }, second = { 0 };

	assert_ok(node_config_read(&c, "node.toml", slice_str(CLUSTER(1) FOUR), NOTHING));
	node_config_print(&first, &c);
	assert_non_null(strstr(buf_str(&first), "threshold.tls.manual.key = \"***\""));
	assert_ok(node_config_read(&again, "printed", buf_slice(&first), NOTHING));
	node_config_print(&second, &again);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	buf_free(&first), buf_free(&second);
	node_config_free(&c), node_config_free(&again);
}

static void what_spans_several_keys_is_checked(void **state)
{
	(void)state;
	refused("[service]\ndec_capacity = 10\nmin_dec_cache = 10\n" VAULTS, NOTHING, "min_dec_cache", "dec_capacity");
	refused(VAULTS "[rate_limiter_conf]\nbucket_size = 10\n", NOTHING, "rate_limiter_conf", "bucket_size");
	refused(VAULTS "[telemetry]\nmetrics_bind_address = \"localhost\"\n", NOTHING, "metrics_bind_address", "address:port");
	refused(VAULTS "[telemetry]\nmetrics_bind_address = \"localhost:99999\"\n", NOTHING, "metrics_bind_address", "address:port");
	refused(VAULTS "[telemetry]\nlog_format = \"xml\"\n", NOTHING, "telemetry.log_format", "text or json");
	refused(VAULTS "[telemetry]\nlog_level = \"loud\"\n", NOTHING, "telemetry.log_level", "debug, info, warn or error");
	refused(VAULTS "[telemetry]\ntracing_endpoint = \"collector:4318\"\n", NOTHING, "telemetry.tracing_endpoint", "http://127.0.0.1:4318");
	refused(VAULTS "[telemetry]\ntracing_endpoint = \"http://me:word@collector\"\n", NOTHING, "telemetry.tracing_endpoint", "leave them out");
	refused(VAULTS "[telemetry]\npublic_url = \"https://keys.example/?x\"\n", NOTHING, "telemetry.public_url", "without a query");
	refused("[service]\neip712_profile = \"v1\"\n" VAULTS, NOTHING, "eip712_profile", "v0.15");
	refused("[public_vault.storage.file]\npath = \"/a\"\nprefix = \"X\"\n[private_vault.storage.file]\npath = \"/a\"\nprefix = \"X\"\n",
	        NOTHING, "same folder", "/a/X");
}

static void logs_and_traces_are_chosen_in_telemetry(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS "[telemetry]\nlog_format = \"json\"\nlog_level = \"warn\"\n"
	                           "tracing_endpoint = \"http://127.0.0.1:4318\"\n[telemetry.batch]\nmax_queue_size = 7\n"), NOTHING));
	assert_true(c.log_json);
	assert_int_equal(c.log_least, LOG_WARN);
	assert_string_equal(c.telemetry.tracing_endpoint, "http://127.0.0.1:4318");
	assert_int_equal(c.telemetry.max_queue_size, 7);
	node_config_free(&c);
	assert_ok(node_config_read(&c, "node.toml", slice_str(VAULTS), NOTHING));
	assert_false(c.log_json);
	assert_int_equal(c.log_least, LOG_INFO);
	node_config_free(&c);
}

static void an_empty_section_and_an_ipv6_address_are_fine(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str("[service]\n[rate_limiter_conf]\n" VAULTS
	                           "[telemetry]\nmetrics_bind_address = \"[::1]:80\"\n"), NOTHING));
	assert_string_equal(c.http_address, "::1");
	assert_int_equal(c.http_port, 80);
	node_config_free(&c);
}

static void texts_and_comments_may_hold_any_character(void **state)
{
	(void)state;
	node_config c;

	assert_ok(node_config_read(&c, "node.toml", slice_str("# für 鍵 \"\n[public_vault.storage.file]\npath = \"/\\\"ключ\"\nprefix = '''鍵'''\n"
	                           "[private_vault.storage.file]\npath = '/ü' # ü\n"), NOTHING));
	assert_string_equal(c.public_vault.path, "/\"ключ");
	assert_string_equal(c.public_vault.prefix, "鍵");
	assert_string_equal(c.private_vault.path, "/ü");
	node_config_free(&c);
}

static void what_is_printed_can_be_read_again(void **state)
{
	(void)state;
	node_config c, again;
	buf first = { 0 }, second = { 0 };

	assert_ok(node_config_read(&c, "node.toml", slice_str("[service]\nlisten_address = \"a\\\"\\\\\\nb\"\n" VAULTS), NOTHING));
	node_config_print(&first, &c);
	assert_ok(node_config_read(&again, "printed", buf_slice(&first), NOTHING));
	assert_string_equal(again.service.listen_address, "a\"\\\nb");
	node_config_print(&second, &again);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	buf_free(&first), buf_free(&second);
	node_config_free(&c), node_config_free(&again);
}

static void chains_of_delegations_have_a_key_or_share_one_and_name_a_contract_with_where_to_ask(void **state)
{
	static const char ALONE[] = "[delegation]\n[[delegation.chains]]\nchain_id = 1\ngateway = \"0x66f9664f97F2b50F62D13eA064982f936dE76657\"\n";
	char text[1024];
	node_config c;

	(void)state;
#define CHAIN_WITH(more) (snprintf(text, sizeof text, "%s%s%s", VAULTS, ALONE, more), text)
	assert_ok(node_config_read(&c, "node.toml", slice_str(CHAIN_WITH("key_file = \"k\"\ncontract = \"0x1\"\nrpc_urls = \"http://a,http://b\"\n")), NOTHING));
	assert_string_equal(((const chain_config *)c.delegation.chains.row)->rpc_urls, "http://a,http://b");
	node_config_free(&c);
	refused(CHAIN_WITH(""), NOTHING, "key_file is empty", "a node alone");
	refused(CHAIN_WITH("key_file = \"k\"\ncontract = \"0x1\"\n"), NOTHING, "contract and rpc_urls", "together");
	refused(CHAIN_WITH("key_file = \"k\"\nrpc_urls = \"http://a\"\n"), NOTHING, "contract and rpc_urls", "together");
#undef CHAIN_WITH
}

static void a_key_is_imported_by_all_from_one_who_names_its_file(void **state)
{
	static const char CHAIN_OF[] = "chain_id = 1\ngateway = \"0x66f9664f97F2b50F62D13eA064982f936dE76657\"\n";
	char *const first[] = { "KMS_CORE__THRESHOLD__MY_ID=1", NULL };
	char text[2048];
	node_config c;

	(void)state;
#define IMPORT(section, more) (snprintf(text, sizeof text, "%s%s%s[[delegation.chains]]\n%s%s", CLUSTER(1) FOUR, "[delegation]\n", section, CHAIN_OF, more), text)
	assert_ok(node_config_read(&c, "node.toml", slice_str(IMPORT("", "import_from = 1\nkey_file = \"k\"\n")), first));
	assert_int_equal(((const chain_config *)c.delegation.chains.row)->import_from, 1);
	node_config_free(&c);
	assert_ok(node_config_read(&c, "node.toml", slice_str(IMPORT("", "import_from = 2\n")), first));
	node_config_free(&c);
	refused(IMPORT("", "import_from = 1\n"), first, "import_from is this party", "names no key_file");
	refused(IMPORT("", "import_from = 2\nkey_file = \"k\"\n"), first, "party 1 names a key_file", "only");
	refused(IMPORT("", "import_from = 5\n"), first, "import_from is 5", "4 parties");
	refused(IMPORT("refresh_secs = 0\n", "import_from = 2\n"), first, "refresh_secs is 0", "next refresh");
	snprintf(text, sizeof text, "%s[delegation]\n[[delegation.chains]]\n%simport_from = 1\nkey_file = \"k\"\n", VAULTS, CHAIN_OF);
	refused(text, NOTHING, "import_from is 1", "a node alone");
#undef IMPORT
}

static void combiners_are_parties_by_name_or_number_or_all(void **state)
{
	static const char *const WRONG[] = { "1,,2", "0", "64", "1, 2", ",", "1,", "a b", "1;2", "x/y" },
	                 *const RIGHT[] = { "", "all", "1", "63", "kms1.example,3", "node_2,node-3", "ALL" };
	static const member PEER[] = { { 0 }, { .identity = "a" }, { .identity = "b.example" }, { .identity = "c" } },
	                    MOVED[] = { { 0 }, { .identity = "c" }, { .identity = "d" }, { .identity = "a" } };
	const mpc_context peers = { .n = 3, .member = PEER }, moved = { .n = 3, .member = MOVED };
	AUTO(buf) strangers = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, combiners_check(WRONG[i]));
	for (size_t i = 0; i < COUNT(RIGHT); i++) assert_ok(combiners_check(RIGHT[i]));
	assert_true(combiners_of("", &peers, NULL) == 0);
	assert_true(combiners_of("all", &peers, NULL) == parties_all(3));
	assert_true(combiners_of("b.example,3,9", &peers, &peers) == 0xc);
	/* The same parties, by whatever they are named: 3 is c. */
	assert_true(combiners_of("a,3", &moved, &peers) == 0xa);
	assert_true(combiners_of("3", &moved, &peers) == 0x2);
	/* There are no peers whose numbers were meant. */
	assert_true(combiners_of("3", &moved, NULL) == 0x8);
	assert_true(combiners_number("a,3", 3) && !combiners_number("a,3", 1));
	combiners_strangers(&strangers, "a,2,d,x", &moved, &peers);
	assert_string_equal(buf_str(&strangers), "2, x");
}

TESTS(TEST(a_key_is_imported_by_all_from_one_who_names_its_file), TEST(chains_of_delegations_have_a_key_or_share_one_and_name_a_contract_with_where_to_ask), TEST(combiners_are_parties_by_name_or_number_or_all),
      TEST(what_is_left_out_has_its_default), TEST(the_environment_stands_above_the_file_and_ours_above_the_alias),
      TEST(an_unknown_key_is_named_with_its_line), TEST(wrong_types_and_ranges_are_named), TEST(broken_toml_is_named_with_its_line),
      TEST(the_key_of_the_vault_comes_from_one_place), TEST(what_is_not_built_is_a_sentence), TEST(a_vault_may_be_in_a_bucket), TEST(what_does_not_go_together_there_is_named), TEST(what_spans_several_keys_is_checked),
      TEST(logs_and_traces_are_chosen_in_telemetry), TEST(an_empty_section_and_an_ipv6_address_are_fine), TEST(texts_and_comments_may_hold_any_character), TEST(what_is_printed_can_be_read_again),
      TEST(without_the_section_a_node_is_centralized), TEST(the_peers_of_a_cluster_are_read),
      TEST(a_cluster_that_could_not_be_robust_is_refused), TEST(certificates_are_given_once_and_modes_are_named),
      TEST(a_printed_cluster_can_be_read_again_and_has_no_key_in_it))
