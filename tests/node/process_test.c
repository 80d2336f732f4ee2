/* SPDX-License-Identifier: MIT */
/* A node as the service manager, the monitoring and the kernel see it: one party of four, alone. */
#include <ctype.h>
#include <glob.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "base/sandbox.h"
#include "rpc/fetch.h"
#include "tests/node/cluster.h"

enum { WAIT_S = 60 };

static struct world {
	void *folder;
	test_cluster c;
	int   notices;                       /* a socket that stands for systemd's */
} w;

static child *node_1(void) { return &w.c.node[1]; }

static int set_up(void **state)
{
	(void)state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = WAIT_S };

	if (folder_make(&w.folder)) return -1;
	assert_int_equal(chdir(w.folder), 0);                              /* core files go here */
	cluster_make(&w.c, w.folder, 4, 1, 5);
	cluster_add_delegation(&w.c, 31337, 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", below(&w.folder, "notify"));
	w.notices = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w.notices, (const struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(setsockopt(w.notices, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	setenv("WATCHDOG_USEC", "500000", 1);
	cluster_start(&w.c, 1, NULL, NULL);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	cluster_unmake(&w.c);
	close(w.notices);
	assert_int_equal(chdir("/"), 0);
	return folder_remove(&w.folder);
}

/* The next notice that is not about the watchdog; how many of those came before. */
static unsigned next_notice(char out[static 64])
{
	for (unsigned alive = 0;; alive++) {
		const ssize_t n = recv(w.notices, out, 63, 0);
		assert_true(n > 0);
		out[n] = '\0';
		if (strcmp(out, "WATCHDOG=1") != 0) return alive;
	}
}

static void the_service_manager_is_told_that_it_serves_and_lives(void **state)
{
	(void)state;
	char notice[64];

	(void)next_notice(notice);
	assert_string_equal(notice, "READY=1");
	for (unsigned i = 0; i < 2; i++) {
		const ssize_t n = recv(w.notices, notice, sizeof notice - 1, 0);
		assert_true(n > 0);
		notice[n] = '\0';
		assert_string_equal(notice, "WATCHDOG=1");
	}
}

/* ---- what dashboards and alerts ask for ------------------------------------------------------------------------------ */

static bool in_name(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Is there a line for the metric, or one that announces it? */
static bool has_metric(const char *page, const char *name, size_t n)
{
	for (const char *at = page; (at = memmem(at, strlen(at), name, n)); at += n)
		if ((at == page || !in_name(at[-1])) && (at[n] == ' ' || at[n] == '{')) return true;
	return false;
}

static unsigned names_in(const char *text, const char *page)
{
	unsigned names = 0;

	for (const char *p = text; *p; p++) {
		size_t n = 0;
		if (p > text && in_name(p[-1])) continue;
		while (in_name(p[n])) n++;
		const size_t prefix = strncmp(p, "kms_", 4) == 0 ? 4 : strncmp(p, "arca_", 5) == 0 ? 5 : 0;
		if (prefix == 0 || isdigit((unsigned char)p[prefix])) continue;      /* "arca_0.1.0_amd64.deb" is a file */
		if (p[n] == '.' || strncmp(p + n, " = ", 3) == 0) continue;                    /* a key of a configuration */
		if (!has_metric(page, p, n)) print_error("no metric is called %.*s\n", (int)n, p);
		assert_true(has_metric(page, p, n));
		names++;
	}
	return names;
}

static void dashboards_and_alerts_name_only_metrics_that_there_are(void **state)
{
	(void)state;
	static const struct { const char *name; unsigned least; } FILES[] = { { "grafana.json", 5 }, { "alerts.yml", 5 }, { "../doc/operate.md", 2 } };
	buf page = { 0 };
	char path[512];

	snprintf(path, sizeof path, "http://127.0.0.1:%u/metrics", node_1()->http);
	assert_ok(fetch_url(&page, path, 1 << 20, 60000));
	assert_false(has_metric(buf_str(&page), "kms_operation", strlen("kms_operation")));
	for (size_t i = 0; i < COUNT(FILES); i++) {
		snprintf(path, sizeof path, "%s/%s", getenv("ARCA_PACKAGING"), FILES[i].name);
		buf text = test_read(path);
		assert_true(names_in(buf_str(&text), buf_str(&page)) >= FILES[i].least);
		buf_free(&text);
	}
	buf_free(&page);
}

/* All that it publishes but what arca has no thing to count for: backups, and the relay of an enclave's sockets. */
static void a_party_has_the_metrics_of_the_reference_by_their_names(void **state)
{
	(void)state;
	static const char *const NAMES[] = {
		"kms_operations_total", "kms_operation_errors_total", "kms_network_rx_bytes_total", "kms_network_tx_bytes_total",
		"kms_operation_duration_ms_bucket", "kms_payload_size_bytes_bucket", "kms_file_descriptors", "kms_tasks", "kms_rate_limiter_usage",
		"kms_fhe_key_cache_size", "kms_active_sessions", "kms_inactive_sessions", "kms_meta_storage_user_decryptions",
		"kms_meta_storage_pub_decryptions", "kms_meta_storage_user_decryptions_in_store", "kms_meta_storage_pub_decryptions_in_store",
		"kms_total_cpus", "kms_total_memory", "kms_process_memory_usage", "kms_memory_usage", "kms_process_cpu_usage", "kms_cpu_load",
		"kms_version",
	};
	buf page = { 0 };
	char url[128], line[160];

	snprintf(url, sizeof url, "http://127.0.0.1:%u/metrics", node_1()->http);
	assert_ok(fetch_url(&page, url, 1 << 20, 60000));
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		if (!has_metric(buf_str(&page), NAMES[i], strlen(NAMES[i]))) print_error("no metric is called %s\n", NAMES[i]);
		assert_true(has_metric(buf_str(&page), NAMES[i], strlen(NAMES[i])));
		/* An announcement alone is no value, but for what counts errors: there were none. */
		snprintf(line, sizeof line, "\n%s", NAMES[i]);
		assert_true(strstr(buf_str(&page), line) || !strcmp(NAMES[i], "kms_operation_errors_total"));
	}
	buf_free(&page);
}

static void the_service_manager_is_told_that_it_stops_and_for_how_long_it_may(void **state)
{
	(void)state;
	char notice[64];
	long long most_us = 0;

	while (recv(w.notices, notice, sizeof notice, MSG_DONTWAIT) > 0) {}        /* the queue has room again */
	assert_int_equal(cluster_stop(&w.c, 1), 0);
	(void)next_notice(notice);
	assert_int_equal(sscanf(notice, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld", &most_us), 1);
	assert_true(most_us > 30 * 1000000LL);                /* more than requests have, by default */
}

/* ---- the sandbox (tests/base/sandbox_test.c tries it) ------------------------------------------------------------------ */

/* How many threads of the node have this line in their status. */
static unsigned threads_with(const char *line)
{
	unsigned with = 0;
	char path[400];
	glob_t at;

	snprintf(path, sizeof path, "/proc/%d/task/*/status", node_1()->pid);
	assert_int_equal(glob(path, 0, NULL, &at), 0);
	for (size_t i = 0; i < at.gl_pathc; i++) {
		FILE *f = fopen(at.gl_pathv[i], "r");
		char text[200];
		while (f && fgets(text, sizeof text, f)) with += strcmp(text, line) == 0;
		if (f) fclose(f);
	}
	globfree(&at);
	return with;
}

static void it_is_in_a_sandbox_with_all_its_threads_unless_the_operator_wants_none(void **state)
{
	(void)state;
	static const char FILTERED[] = "Seccomp:\t2\n";

	cluster_start(&w.c, 1, NULL, NULL);
	if (sandbox_possible() && prctl(PR_GET_SECCOMP) >= 0) {
		assert_true(cluster_has_logged(&w.c, 1, "sandbox of serving"));
		const unsigned threads = threads_with("NoNewPrivs:\t1\n");
		assert_true(threads > 10);
		assert_int_equal(threads_with(FILTERED), threads);
		assert_int_equal(threads_with("NoNewPrivs:\t0\n"), 0);
	}
	assert_int_equal(cluster_stop(&w.c, 1), 0);
	setenv("ARCA_NODE__INTERNAL_CONFIG__SANDBOX", "false", 1);
	cluster_start(&w.c, 1, NULL, NULL);
	unsetenv("ARCA_NODE__INTERNAL_CONFIG__SANDBOX");
	assert_true(cluster_has_logged(&w.c, 1, "sandbox: off"));
	assert_int_equal(threads_with(FILTERED), 0);
	assert_int_equal(cluster_stop(&w.c, 1), 0);
}

/* ---- a crash ---------------------------------------------------------------------------------------------------------- */

/* Starts the node, lets it crash with a limit that would allow a core file, and says whether one was written. */
static bool crash_writes_core(void)
{
	const struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };
	child *c;
	int how;

	cluster_start(&w.c, 1, NULL, NULL);
	c = node_1();
	w.c.up[1] = false;
	rpc_conn_free(&c->conn);
	const bool may = prlimit(c->pid, RLIMIT_CORE, &much, NULL) == 0;
	assert_int_equal(kill(c->pid, SIGABRT), 0);
	assert_int_equal(waitpid(c->pid, &how, 0), c->pid);
	pthread_join(c->log, NULL);
	assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
	if (!may) print_message("core files cannot be allowed here\n");
	return WCOREDUMP(how);
}

/* Would the kernel put the core file of an ordinary crash into the process's folder, and is its memory an ordinary one? */
static bool cores_are_files(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
	return false;
#endif
#endif
	buf pattern = test_read("/proc/sys/kernel/core_pattern");
	const char first = buf_str(&pattern)[0];
	buf_free(&pattern);
	return geteuid() == 0 && first != '|' && first != '/' && first != '\n';
}

static void a_crash_leaves_no_core_file_unless_the_operator_wants_one(void **state)
{
	(void)state;
	assert_false(crash_writes_core());
	if (!cores_are_files()) {
		print_message("no core files are written to folders here: that one would be is not shown\n");
		return;
	}
	setenv("ARCA_NODE__INTERNAL_CONFIG__CORE_DUMPS", "true", 1);
	assert_true(crash_writes_core());
	unsetenv("ARCA_NODE__INTERNAL_CONFIG__CORE_DUMPS");
}

static void a_key_of_the_links_that_others_may_read_is_refused(void **state)
{
	(void)state;
	char path[400], line[2048] = "";

	snprintf(path, sizeof path, "%s/key.pem", w.c.folder[2]);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(child_run(w.c.folder[2], line, sizeof line, NULL), EX_USAGE);
	assert_non_null(strstr(line, "key.pem holds threshold.tls.manual.key but has the permissions 640"));
	assert_int_equal(chmod(path, 0600), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_service_manager_is_told_that_it_serves_and_lives), TEST(dashboards_and_alerts_name_only_metrics_that_there_are),
		TEST(a_party_has_the_metrics_of_the_reference_by_their_names),
		TEST(a_key_of_the_links_that_others_may_read_is_refused),
		TEST(the_service_manager_is_told_that_it_stops_and_for_how_long_it_may),
		TEST(it_is_in_a_sandbox_with_all_its_threads_unless_the_operator_wants_none), TEST(a_crash_leaves_no_core_file_unless_the_operator_wants_one),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
