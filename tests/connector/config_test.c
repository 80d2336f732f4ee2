/* SPDX-License-Identifier: MIT */
#include "connector/config.h"
#include "tests/test.h"

static char *const NOTHING[] = { "PATH=/bin", NULL };

#define DECRYPTION "0x87A5b1152AA51728258dbc1AA54B6a83DCd1d3dd"
#define GENERATION "0x817a285f1fca3bb4084cbfc77d4babc238ad609c"

static const char WHOLE[] =
	"database_url = 'sqlite:c.db'\n"
	"gateway_url = ['http://a:8545', 'http://b:8545']\n"
	"gateway_chain_id = 54321\n"
	"kms_core_endpoints = ['http://n:50051']\n"
	"private_key_file = 'wallet.key'\n"
	"decryption_contract.address = '" DECRYPTION "'\n"
	"kms_generation_contract.address = '" GENERATION "'\n"
	"gateway_config_contract.address = '0xD582Ec82a1758322907DF80dA8A754e12A5acB95'\n";

static err read_with(connector_config *c, unsigned roles, const char *more, char *const *environment)
{
	buf text = { 0 };

	*c = (connector_config){ 0 };
	buf_put_str(&text, WHOLE);
	buf_put_str(&text, more);
	err e = connector_config_read(c, roles, "test.toml", buf_slice(&text), environment);
	buf_free(&text);
	return e;
}

static void refused(unsigned roles, const char *more, char *const *environment, const char *what)
{
	connector_config c;

	assert_int_equal(read_with(&c, roles, more, environment), ERR_REQUEST);
	if (!strstr(err_text(), what)) fail_msg("%s: %s", more, err_text());
	assert_null(c.database_url);
	err_clear();
}

static void what_is_left_out_is_as_the_specification_says(void **state)
{
	(void)state;
	connector_config c;

	assert_ok(read_with(&c, CONNECTOR_ALL, "", NOTHING));
	assert_ptr_equal(c.profile, &PROFILE_GATEWAY);
	assert_int_equal(c.gateway_url.n, 2);
	assert_string_equal(c.monitoring_endpoint, "0.0.0.0:9100");
	assert_string_equal(c.decryption.domain_name, "Decryption");
	assert_string_equal(c.generation.domain_version, "1");
	assert_int_equal(c.generation.address.b[0], 0x81);
	assert_int_equal(c.listener.decryption_polling, 500);
	assert_int_equal(c.listener.decryption_from, -1);
	assert_int_equal(c.worker.batch, 64);
	assert_int_equal(c.worker.max_attempts, 3);
	assert_int_equal(c.worker.s3_max_bytes, 69206016);
	assert_int_equal(c.sender.gas_percent, 115);
	assert_true(c.sender.sync);
	assert_string_equal(c.sender.executor_text, "");          /* each answer goes alone */
	assert_int_equal(c.sender.most_gwei, 500);
	assert_int_equal(c.sender.gc_expiry, 86400000);
	assert_false(c.worker.s3.present);
	assert_false(c.protocol_config.present);
	connector_config_free(&c);
}

static void the_environment_of_either_prefix_stands_above_the_file(void **state)
{
	(void)state;
	char *const environment[] = {
		"KMS_CONNECTOR_DATABASE_URL=postgres://u:p@h/d", "KMS_CONNECTOR_KMS_CORE_ENDPOINTS=http://x:1,http://y:2|http://z:2",
		"KMS_CONNECTOR_DECRYPTION_CONTRACT__DOMAIN_NAME=Other", "KMS_CONNECTOR_KMS_GENERATION_POLLING=5s",
		"ARCA_CONNECTOR__EVENTS_BATCH_SIZE=7", "KMS_CONNECTOR_EVENTS_BATCH_SIZE=8",
		"KMS_CONNECTOR_HOST_CHAINS=[{\"chainId\": 2025, \"aclAddress\": \"" GENERATION "\", \"url\": \"http://h\"}]", NULL
	};
	connector_config c;
	buf out = { 0 };

	assert_ok(read_with(&c, CONNECTOR_ALL, "[[host_chains]]\nurl = 'http://f'\nchain_id = 1\nacl_address = '" DECRYPTION "'\n", environment));
	assert_string_equal(c.database_url, "postgres://u:p@h/d");
	assert_int_equal(c.worker.endpoints.n, 2);
	assert_string_equal(c.worker.endpoints.item[1], "http://y:2|http://z:2");
	assert_string_equal(c.decryption.domain_name, "Other");
	assert_int_equal(c.listener.key_management_polling, 5000);
	assert_int_equal(c.worker.batch, 7);
	assert_int_equal(host_chains(&c), 1);
	assert_int_equal(host_chain_at(&c, 0)->chain_id, 2025);
	assert_string_equal(host_chain_at(&c, 0)->url, "http://h");
	assert_int_equal(host_chain_at(&c, 0)->acl.b[19], 0x9c);
	connector_config_print(&out, &c);
	assert_null(strstr(buf_str(&out), "u:p"));
	buf_free(&out);
	connector_config_free(&c);
}

static void what_a_role_needs_must_be_there(void **state)
{
	(void)state;
	static const char LISTENER[] =
		"database_url = 'sqlite:c.db'\ngateway_url = 'http://a'\ngateway_chain_id = 1\n"
		"decryption_contract.address = '" DECRYPTION "'\nkms_generation_contract.address = '" GENERATION "'\n";
	connector_config c = { 0 };

	assert_ok(connector_config_read(&c, CONNECTOR_LISTENER, "t", slice_str(LISTENER), NOTHING));
	connector_config_free(&c);
	assert_int_equal(connector_config_read(&c, CONNECTOR_WORKER, "t", slice_str(LISTENER), NOTHING), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "gateway_config_contract.address is missing"));
	err_clear();
	assert_int_equal(connector_config_read(&c, CONNECTOR_SENDER, "t", slice_str(LISTENER), NOTHING), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "the sender has no wallet"));
	err_clear();
	refused(CONNECTOR_SENDER, "[aws_kms_config]\nkey_id = 'k'\n", NOTHING, "2 wallets");
	refused(CONNECTOR_LISTENER, "profile = 'v0.15'\n", NOTHING, "needs ethereum_url");
	refused(CONNECTOR_LISTENER, "profile = 'v0.15'\nethereum_url = 'http://e'\nethereum_chain_id = 2025\n", NOTHING,
	        "protocol_config_contract.address is missing");
}

static void what_contradicts_itself_is_refused_with_a_sentence(void **state)
{
	(void)state;
	static const char TWICE[] =
		"[[host_chains]]\nurl = 'http://a|http://c:1'\nchain_id = 1\nacl_address = '" DECRYPTION "'\n"
		"[[host_chains]]\nurl = 'http://b'\nchain_id = 1\nacl_address = '" DECRYPTION "'\n";
	static const struct { const char *text, *says; } NODES[] = {
		{ "n:50051", "n:50051 is no http://host:port" }, { "https://n:1", "is no http://host:port" }, { "http://n", "has no host and port" },
		{ "http://n:0", "has no host and port" }, { "http://n:70000", "has no host and port" }, { "http://n:1/path", "has no host and port" },
		{ "http://a:1|http://b:1|http://c:1|http://d:1|http://e:1", "at most 4 endpoints" },
	};
	static const char *const URLS[] = { "htp://x", "localhost:8545", "ws://x:1", "http://", "http://x:1/ y", "http://x:1|localhost:1", "http://x:1|" };
	static const char *const CHAINS[] = { "{}", "[1]", "[{\"url\": \"a\"}]", "[{\"url\": \"a'\", \"chain_id\": 1, \"acl_address\": \"0x\"}]", "[" };

	refused(CONNECTOR_ALL, "profile = 'v0.9'\n", NOTHING, "it must be gateway-v0.11 or v0.15");
	refused(CONNECTOR_ALL, "batch_executor = '0x12'\n", NOTHING, "batch_executor is 0x12");
	refused(CONNECTOR_ALL, "responses_per_transaction = 33\n", NOTHING, "from 1 to 32");
	refused(CONNECTOR_ALL, "gas_multiplier_percent = 99\n", NOTHING, "from 100 to 1000");
	refused(CONNECTOR_ALL, "events_batch_size = 1025\n", NOTHING, "from 1 to 1024");
	refused(CONNECTOR_ALL, "protocol_config_contract.address = '" "87A5b1152AA51728258dbc1AA54B6a83DCd1d3dd" "'\n", NOTHING, "begins with 0x");
	refused(CONNECTOR_ALL, "protocol_config_contract.address = '0x87a5'\n", NOTHING, "40 hexadecimal digits");
	refused(CONNECTOR_ALL, "protocol_config_contract.address = '0x87a5b1152AA51728258dbc1AA54B6a83DCd1d3dd'\n", NOTHING,
	        "protocol_config_contract.address");
	refused(CONNECTOR_ALL, "providers_agree = 3\n", NOTHING, "fewer URLs of gateway_url");
	refused(CONNECTOR_ALL, TWICE, NOTHING, "chain_id 1 stands twice");
	refused(CONNECTOR_ALL, "tracing_endpoint = 'collector:4318'\n", NOTHING, "tracing_endpoint is no URL of a collector");
	for (size_t i = 0; i < COUNT(NODES); i++) {
		char variable[256];
		char *const environment[] = { variable, NULL };
		snprintf(variable, sizeof variable, "ARCA_CONNECTOR__KMS_CORE_ENDPOINTS=http://n:50051,%s", NODES[i].text);
		refused(CONNECTOR_ALL, "", environment, NODES[i].says);
	}
	for (size_t i = 0; i < COUNT(URLS); i++) {
		char variable[256], row[256];
		char *const environment[] = { variable, NULL };
		snprintf(variable, sizeof variable, "ARCA_CONNECTOR__GATEWAY_URL=http://n:1,%s", URLS[i]);
		if (!strchr(URLS[i], '|')) refused(CONNECTOR_ALL, "", environment, "gateway_url: entry 2 is no URL of a provider, as http");
		snprintf(row, sizeof row, "[[host_chains]]\nurl = '%s'\nchain_id = 1\nacl_address = '" DECRYPTION "'\n", URLS[i]);
		refused(CONNECTOR_ALL, row, NOTHING, "host_chains.url: entry 1 is no URL of a provider");
	}
	refused(CONNECTOR_ALL, "", (char *[]){ (char[]){ "ARCA_CONNECTOR__DATABASE_URL=mysql://me:sesame@x/y" }, NULL },
	        "database url: libpq cannot read it; it may look like postgres://");
	for (size_t i = 0; i < COUNT(CHAINS); i++) {
		char variable[256];
		char *const environment[] = { variable, NULL };
		snprintf(variable, sizeof variable, "ARCA_CONNECTOR__HOST_CHAINS=%s", CHAINS[i]);
		refused(CONNECTOR_ALL, "", environment, "ARCA_CONNECTOR__HOST_CHAINS");
	}
}

static void roles_have_names(void **state)
{
	(void)state;
	assert_int_equal(connector_role_of("all"), CONNECTOR_LISTENER | CONNECTOR_WORKER | CONNECTOR_SENDER);
	assert_int_equal(connector_role_of("sender"), CONNECTOR_SENDER);
	assert_int_equal(connector_role_of("senders"), 0);
}

TESTS(TEST(what_is_left_out_is_as_the_specification_says), TEST(the_environment_of_either_prefix_stands_above_the_file),
      TEST(what_a_role_needs_must_be_there), TEST(what_contradicts_itself_is_refused_with_a_sentence), TEST(roles_have_names))
