/* SPDX-License-Identifier: MIT */
/*
 * Where the secrets of nodes are while they run: in pages that are locked and that no core file has, and nowhere else.  Looked
 * for are shares of keys, keys of pseudo-random sharing, the signing key, that of the vault and that of the links, after a
 * ceremony and decryptions, and after a start with a sealed vault.
 */
#include <glob.h>
#include <openssl/core_names.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "base/file.h"
#include "base/hex.h"
#include "rpc/tls_openssl.h"
#include "tests/node/cluster.h"
#include "tests/node/traces.h"
#include "vault/signing_key.h"

enum { N = 4, TIMEOUT_S = 5, MANY = 128, CAP_IPC_LOCK_ = 14, SEALED = 2, LINE = 64, SAME = 48 };

static const id32 EPOCH = {{ 8, [31] = 1 }};
static const char VAULT_KEY[] = "8f6c0d5b1a2e4f3b9c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b";

static struct world {
	void *top;
	test_cluster c;
	samples s;
	traces *of[N + 1];
} w;

static void note_file(party i, const char *type, const id32 *first, const id32 *second, void (*add)(traces *, slice))
{
	buf object = test_read(cluster_object(&w.c, i, "PRIV", type, first, second));

	add(w.of[i], buf_slice(&object));
	buf_free(&object);
}

static void add_signing_key(traces *t, slice object)
{
	secp_sk sk;
	assert_ok(private_key_read(&sk, object));
	traces_add_key(t, slice_of(sk.b, sizeof sk.b));
}

/* The private key of the links: as the file has it, and as OpenSSL computes with it. */
static void add_link_key(traces *t, slice pem)
{
	BIO *from = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
	BIGNUM *x = NULL;
	uint8_t b[32];

	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &x), 1);
	assert_int_equal(BN_bn2binpad(x, b, sizeof b), sizeof b);
	traces_add_key(t, slice_of(b, sizeof b));
	assert_int_equal(BN_bn2lebinpad(x, b, sizeof b), sizeof b);
	traces_add_key(t, slice_of(b, sizeof b));
	/* Its digits of base 64, behind those that say what kind of key it is. */
	const uint8_t *line = memchr(pem.p, '\n', pem.n);
	assert_non_null(line);
	traces_add_key(t, slice_of(line + 1 + SAME, 16));
	traces_add_key(t, slice_of(line + 1 + LINE + 1, 16));
	BN_clear_free(x);
	EVP_PKEY_free(key);
	BIO_free(from);
}

static void note(party i)
{
	uint8_t key[32];
	id32 signing;

	signing_key_id(&signing);
	traces_new(&w.of[i]);
	note_file(i, "EpochData", &EPOCH, NULL, traces_add_epoch);
	note_file(i, "FheKeyInfo", &EPOCH, &w.c.key, traces_add_part);
	note_file(i, "SigningKey", &signing, NULL, add_signing_key);
	add_link_key(w.of[i], buf_slice(&w.c.leaf[i].key_pem));
	assert_true(hex_read(key, sizeof key, slice_str(VAULT_KEY)));
	traces_add_key(w.of[i], slice_of(key, sizeof key));
}

static void all_decrypt(void)
{
	const id32 id = fresh_id(1);

	for (party i = 1; i <= N; i++) {
		buf response = { 0 };
		assert_int_equal(public_decrypt(&w.c.node[i], &response, "PublicDecrypt", &id, &w.c.key, w.s.item, 2), GRPC_OK);
		buf_free(&response);
	}
	cluster_results(&w.c, NULL, "GetPublicDecryptionResult", &id, GRPC_OK);
}

static int set_up(void **state)
{
	(void)state;
	if (cluster_set_up(&w.top, &w.c, &w.s, &EPOCH, TIMEOUT_S)) return -1;
	assert_int_equal(chdir(w.top), 0);                                 /* core files go here */
	all_decrypt();
	for (party i = 1; i <= N; i++) note(i);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	for (party i = 1; i <= N; i++) traces_free(&w.of[i]);
	return cluster_take_down(&w.top, &w.c, &w.s);
}

/* Sanitizers and unoptimised code leave copies. */
static void are_guarded(party i, bool locked)
{
	const traces_memory m = traces_in_memory(w.of[i], w.c.node[i].pid, locked);

	if (m.guarded.words < MANY || !m.guarded.keys || m.open.words || m.open.keys)
		print_error("party %u: %zu words of shares and %zu keys in guarded memory, %zu and %zu in open memory\n", i, m.guarded.words,
		            m.guarded.keys, m.open.words, m.open.keys);
	assert_true(m.guarded.words >= MANY && m.guarded.keys > 0);
	if (!LEFTOVERS_SEEN) return;
	assert_int_equal(m.open.words, 0);
	assert_int_equal(m.open.keys, 0);
}

/* As the limits of this machine allow; a sanitizer locks nothing. */
static bool may_lock(party i) { return LEFTOVERS_SEEN && !cluster_has_logged(&w.c, i, "the limit on locked memory"); }

static void after_a_ceremony_and_decryptions_secrets_are_in_guarded_pages_only(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) are_guarded(i, may_lock(i));
}

static void so_they_are_after_a_start_with_a_sealed_vault(void **state)
{
	(void)state;
	assert_ok(file_write_atomic("vault.key", slice_str(VAULT_KEY), 0600));
	setenv("ARCA_NODE__PRIVATE_VAULT__KEYCHAIN__FILE__PATH", below(&w.top, "vault.key"), 1);
	for (unsigned k = 0; k < 2; k++) {                                 /* the first one seals what was plain */
		assert_int_equal(cluster_stop(&w.c, SEALED), 0);
		cluster_start(&w.c, SEALED, NULL, NULL);
		cluster_wait_linked(&w.c);
		all_decrypt();
		are_guarded(SEALED, may_lock(SEALED));
	}
	unsetenv("ARCA_NODE__PRIVATE_VAULT__KEYCHAIN__FILE__PATH");
}

/* The kernel shows the environment that a process began with: it is memory of the process like other. */
static void a_key_from_the_environment_is_nowhere_else_either(void **state)
{
	(void)state;
	const party i = 1;

	assert_int_equal(cluster_stop(&w.c, i), 0);
	setenv("ARCA_NODE__THRESHOLD__TLS__MANUAL__KEY__PATH", "", 1);
	setenv("ARCA_NODE__THRESHOLD__TLS__MANUAL__KEY", buf_str(&w.c.leaf[i].key_pem), 1);
	cluster_start(&w.c, i, NULL, NULL);
	unsetenv("ARCA_NODE__THRESHOLD__TLS__MANUAL__KEY__PATH");
	unsetenv("ARCA_NODE__THRESHOLD__TLS__MANUAL__KEY");
	cluster_wait_linked(&w.c);
	all_decrypt();
	are_guarded(i, may_lock(i));
}

static void a_core_file_of_a_node_holds_no_secret(void **state)
{
	(void)state;
	const struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY };
	const party i = 3;
	child *c = &w.c.node[i];
	glob_t cores;
	int how;

	assert_int_equal(cluster_stop(&w.c, i), 0);
	cluster_start(&w.c, i, NULL, NULL);                                /* in this folder */
	cluster_wait_linked(&w.c);
	all_decrypt();
	const bool may = prlimit(c->pid, RLIMIT_CORE, &much, NULL) == 0;
	w.c.up[i] = false;
	rpc_conn_free(&c->conn);
	assert_int_equal(kill(c->pid, SIGABRT), 0);
	assert_int_equal(waitpid(c->pid, &how, 0), c->pid);
	pthread_join(c->log, NULL);
	if (!may || !LEFTOVERS_SEEN || !WCOREDUMP(how) || glob("core*", 0, NULL, &cores)) {
		print_message("# not tried: no core file is written into this folder\n");
		return;
	}
	const traces_found found = traces_in_file(w.of[i], cores.gl_pathv[0]);
	assert_int_equal(found.words, 0);
	assert_int_equal(found.keys, 0);
	/* What is no secret is in it: its own address, which it signs for. */
	slice all;
	assert_ok(file_map(&all, cores.gl_pathv[0], SIZE_MAX / 2));
	assert_non_null(memmem(all.p, all.n, c->signer, strlen(c->signer)));
	file_unmap(&all);
	globfree(&cores);
}

/* Root may lock as much as it wants, unless it never gets the right back. */
static void where_little_memory_may_be_locked_the_node_says_so_and_runs(void **state)
{
	(void)state;
	struct rlimit before, page = { 4096, 0 };
	const party i = 4;

	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
	page.rlim_max = before.rlim_max;
	if (geteuid() == 0 && prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK_, 0, 0, 0)) {
		print_message("# not tried: the right to lock memory cannot be given up here\n");
		return;
	}
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &page), 0);
	assert_int_equal(cluster_stop(&w.c, i), 0);
	if (!w.c.up[3]) cluster_start(&w.c, 3, NULL, NULL);
	cluster_start(&w.c, i, NULL, NULL);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
	cluster_wait_linked(&w.c);
	all_decrypt();
	if (LEFTOVERS_SEEN) assert_true(cluster_logged(&w.c, i, "the limit on locked memory"));
	are_guarded(i, false);
}

static const struct CMUnitTest tests[] = {
	TEST(after_a_ceremony_and_decryptions_secrets_are_in_guarded_pages_only), TEST(so_they_are_after_a_start_with_a_sealed_vault),
	TEST(a_key_from_the_environment_is_nowhere_else_either), TEST(a_core_file_of_a_node_holds_no_secret), TEST(where_little_memory_may_be_locked_the_node_says_so_and_runs),
};

int main(int argc, char **argv)
{
	setenv("ARCA_NODE__INTERNAL_CONFIG__CORE_DUMPS", "true", 1);         /* it looks into the memory of nodes */
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
