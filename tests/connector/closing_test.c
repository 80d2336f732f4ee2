/* SPDX-License-Identifier: MIT */
/* What a connector keeps when the rest is closed to it: tried in children. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "base/file.h"
#include "base/sandbox.h"
#include "connector/closing.h"
#include "tests/base/apart.h"
#include "tests/store/databases.h"
#include "tests/vault/folder.h"

#define CONTRACT "0x87A5b1152AA51728258dbc1AA54B6a83DCd1d3dd"

static const char REST[] =
	"gateway_url = ['http://127.0.0.1:8545', 'https://b.example/key']\n"
	"gateway_chain_id = 54321\n"
	"kms_core_endpoints = ['http://n:50051|http://m:50052']\n"
	"monitoring_endpoint = '127.0.0.1:0'\n"
	"tracing_endpoint = 'http://127.0.0.1:4318'\n"
	"aws_kms_config.key_id = 'alias/wallet'\n"
	"decryption_contract.address = '" CONTRACT "'\n"
	"kms_generation_contract.address = '" CONTRACT "'\n"
	"gateway_config_contract.address = '" CONTRACT "'\n"
	"[[host_chains]]\n"
	"url = 'http://h:8546|http://i:8547'\n"
	"chain_id = 1\n"
	"acl_address = '" CONTRACT "'\n";

static connector_config configured(const char *database, const char *more)
{
	static char *const NOTHING[] = { NULL };
	connector_config c = { 0 };
	AUTO(buf) text = { 0 };

	buf_printf(&text, "database_url = '%s'\n%s%s", database, more, REST);
	assert_ok(connector_config_read(&c, CONNECTOR_ALL, "test.toml", buf_slice(&text), NOTHING));
	return c;
}

/* ---- ports -------------------------------------------------------------------------------------------------------- */

static void assert_ports(const connector_config *c, unsigned played, const unsigned *want, size_t n)
{
	unsigned got[CLOSING_PORTS];

	assert_int_equal(closing_ports(got, c, played), n);
	for (size_t i = 0; i < n; i++) assert_int_equal(got[i], want[i]);
}

#define ports(c, played, ...) assert_ports(c, played, (const unsigned[]){ __VA_ARGS__ }, COUNT(((const unsigned[]){ __VA_ARGS__ })))

static void each_role_reaches_the_ports_that_its_configuration_names(void **state)
{
	(void)state;
	for (const char *const *v = (const char *const[]){ "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "PGPORT", "PGSERVICE", NULL }; *v; v++)
		unsetenv(*v);
	connector_config c = configured("sqlite:/x/c.db", "");
	ports(&c, CONNECTOR_LISTENER, 53, 8545, 443, 4318);
	ports(&c, CONNECTOR_SENDER, 53, 8545, 443, 4318);
	assert_ports(&c, CONNECTOR_WORKER, NULL, 0);                /* the chain names buckets */
	assert_ports(&c, CONNECTOR_ALL, NULL, 0);
	connector_config_free(&c);

	c = configured("postgres://a:secret@one,two:7000/db", "s3_ports = ['443', '9000']\n");
	ports(&c, CONNECTOR_WORKER, 53, 8545, 443, 4318, 50051, 50052, 8546, 8547, 9000, 5432, 7000);
	setenv("https_proxy", "proxy.example:3128", 1);
	ports(&c, CONNECTOR_LISTENER, 53, 8545, 443, 4318, 3128, 5432, 7000);
	setenv("https_proxy", "http://proxy.example", 1);
	ports(&c, CONNECTOR_LISTENER, 53, 8545, 443, 4318, 1080, 5432, 7000);
	unsetenv("https_proxy");
	connector_config_free(&c);

	c = configured("service=here", "");
	assert_ports(&c, CONNECTOR_LISTENER, NULL, 0);              /* its file may say another one tomorrow */
	connector_config_free(&c);
}

/* ---- a closed connector --------------------------------------------------------------------------------------------- */

typedef struct world { connector_config c; const char *foreign; long landlock; bool seccomp; } world;

static int answer(const char *what, int got, int want)
{
	if (got != want) fprintf(stderr, "%s: %d, not %d\n", what, got, want);
	return got != want;
}

static int reach(unsigned port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(fd, (const struct sockaddr *)&a, sizeof a) ? errno : 0;
}

/* A table larger than what is kept of a file in memory, and a sort: SQLite would take a temporary file. */
static err use_database(const char *url)
{
	static const store_sql MAKE = { "make", "CREATE TABLE t (x text)" }, SORT = { "sort", "SELECT count(*) FROM (SELECT DISTINCT x FROM t ORDER BY x DESC) AS s" },
		FILL = { "fill", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT 'row ' || i FROM n" };
	AUTO(store) *s = NULL;

	TRY(store_open(&s, &(store_config){ .url = url }));
	for (const store_sql *const *q = (const store_sql *const[]){ &MAKE, &FILL, &SORT, NULL }; *q; q++) {
		store_rows rows = { 0 };
		TRY(store_query(&rows, s, *q, NULL, 0));
		store_rows_free(&rows);
	}
	return OK;
}

static int closed(void *arg)
{
	const world *w = arg;
	int wrong = 0;

	if (closing_begin(&w->c, CONNECTOR_SENDER) != OK || use_database(w->c.database_url) != OK || closing_end(&w->c) != OK) {
		fprintf(stderr, "%s\n", err_text());
		return 1;
	}
	if (w->landlock > 0) {
		wrong += answer("a foreign file", open(w->foreign, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0, EACCES);
		wrong += answer("a new one beside it", mkdir("/tmp/arca-beside", 0700) ? errno : 0, EACCES);
	}
	if (w->seccomp) wrong += answer("a program", execl("/bin/true", "true", (char *)NULL) ? errno : 0, EPERM);
	return wrong;
}

static int ports_closed(void *arg)
{
	const world *w = arg;

	if (closing_begin(&w->c, CONNECTOR_SENDER) != OK) return 1;
	if (w->landlock < 4) return 0;
	return answer("the chain's port", reach(8545) == EACCES, 0) + answer("another port", reach(8544), EACCES);
}

static void expect(int (*what)(void *), world *w)
{
	char log[APART_LOG];
	const int got = apart(log, what, w);

	if (got) print_error("%d: %s\n", got, log);
	assert_int_equal(got, 0);
	assert_non_null(strstr(log, "sandbox: "));
	for (const char *at = log; (at = strstr(at, "is refused the system call ")); at++)
		assert_memory_equal(at, "is refused the system call execve", 33);
}

static void its_database_works_and_other_files_ports_and_programs_are_closed(void **state)
{
	(void)state;
	if (!sandbox_possible()) {
		print_message("# not tried: this build has a sanitizer, and no sandbox\n");
		return;
	}
	void *folder;
	assert_int_equal(folder_make(&folder), 0);
	world w = { .foreign = strdup(below(&folder, "wallet.key")), .landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1),
	            .seccomp = prctl(PR_GET_SECCOMP) >= 0 };
	assert_ok(file_write_atomic(w.foreign, slice_str("read by now"), 0600));
	for (store_dialect d = 0; d < STORE_DIALECTS; d++) {
		w.c = configured(test_database(d), "");
		expect(closed, &w);
		expect(ports_closed, &w);
		connector_config_free(&w.c);
	}
	free((char *)w.foreign);
	assert_int_equal(folder_remove(&folder), 0);
}

static int left_open(void *arg)
{
	const world *w = arg;
	return closing_begin(&w->c, CONNECTOR_ALL) != OK || closing_end(&w->c) != OK || prctl(PR_GET_SECCOMP) != 0 || reach(8544) == EACCES;
}

static void the_operator_may_have_nothing_closed_and_is_told_so(void **state)
{
	(void)state;
	char log[APART_LOG];
	world w = { .c = configured("sqlite:c.db", "internal_config.sandbox = false\n") };

	assert_int_equal(apart(log, left_open, &w), 0);
	assert_non_null(strstr(log, "warn  sandbox: off"));
	connector_config_free(&w.c);
}

static void a_key_of_the_wallet_that_stays_open_is_told(void **state)
{
	char log[APART_LOG], database[600];

	snprintf(database, sizeof database, "sqlite:%s", below(state, "c.db"));
	world w = { .c = configured(database, "internal_config.sandbox = false\n") };
	assert_int_equal(apart(log, left_open, &w), 0);
	assert_null(strstr(log, "private_key_file"));
	char *const none = w.c.sender.private_key_file;
	w.c.sender.private_key_file = (char *)(uintptr_t)below(state, "wallet.key");
	assert_ok(file_write_atomic(w.c.sender.private_key_file, slice_str("1"), 0600));
	assert_int_equal(apart(log, left_open, &w), 0);
	assert_non_null(strstr(log, "wallet.key lies in the folder of the database"));
	w.c.sender.private_key_file = none;
	connector_config_free(&w.c);
}

TESTS(TEST(each_role_reaches_the_ports_that_its_configuration_names),
      TEST(its_database_works_and_other_files_ports_and_programs_are_closed),
      TEST_IN_FOLDER(a_key_of_the_wallet_that_stays_open_is_told), TEST(the_operator_may_have_nothing_closed_and_is_told_so))
