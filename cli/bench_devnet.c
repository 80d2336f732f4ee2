/* SPDX-License-Identifier: MIT */
/* cli/bench_devnet.c */
#include "cli/bench_devnet.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "cli/cli.h"
#include "tkms/keygen.h"
#include "vault/objects.h"

/* ---- other commands of this program -------------------------------------------------------------------------------- */

enum { NOBODY_LOOKS_MS = 50, MAX_LOG = 1 << 20 };

static const char *file_in(char out[static BENCH_DIR + 16], const bench_devnet *d, const char *name)
{
	snprintf(out, BENCH_DIR + 16, "%s/%s", d->dir, name);
	return out;
}

static err spawn(pid_t *child, const bench_devnet *d, const char *const *words)
{
	char log[BENCH_DIR + 16];
	posix_spawn_file_actions_t to_log;

	posix_spawn_file_actions_init(&to_log);
	posix_spawn_file_actions_addopen(&to_log, 1, file_in(log, d, "log"), O_WRONLY | O_CREAT | O_APPEND, 0644);
	posix_spawn_file_actions_adddup2(&to_log, 1, 2);
	const int failed = posix_spawn(child, "/proc/self/exe", &to_log, NULL, (char *const *)(uintptr_t)words, environ);
	posix_spawn_file_actions_destroy(&to_log);
	return failed ? err_fail(ERR_IO, "cannot run arca %s %s: %s", words[1], words[2], strerror(failed)) : OK;
}

/* A signal to us ends it, unless it was begun afterwards: then it cleans up. */
static int wait_for(pid_t child, const bench_watch *watch)
{
	const int pause_ms = watch ? watch->every_ms : NOBODY_LOOKS_MS;
	const struct timespec pause = { pause_ms / 1000, pause_ms % 1000 * 1000000L };
	bool told = signals_came();
	pid_t ended;
	int status;

	while ((ended = waitpid(child, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		if (signals_came() && !told) told = kill(child, SIGTERM) == 0;
		if (watch) watch->look(watch->ctx);
		nanosleep(&pause, NULL);
	}
	ASSERT(ended == child);
	return status;
}

/* The last line that it wrote is the sentence of its failure. */
static err failure(const bench_devnet *d, const char *const *words)
{
	char log[BENCH_DIR + 16];
	AUTO(buf) text = { 0 };

	if (file_read(&text, file_in(log, d, "log"), MAX_LOG) != OK) err_clear();
	while (text.n && text.p[text.n - 1] == '\n') text.n--;
	const char *all = buf_str(&text), *last = strrchr(all, '\n');
	return err_fail(ERR_STATE, "arca %s %s failed: %s", words[1], words[2], last ? last + 1 : all);
}

err bench_devnet_arca(const bench_devnet *d, const char *const *words, const bench_watch *watch)
{
	pid_t child;

	TRY(spawn(&child, d, words));
	const int status = wait_for(child, watch);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : failure(d, words);
}

static err devnet(const bench_devnet *d, const char *verb)
{
	return bench_devnet_arca(d, (const char *const[]){ "arca", "devnet", verb, "--dir", d->dir, NULL }, NULL);
}

/* ---- the key ------------------------------------------------------------------------------------------------------- */

/* A part names the published key set, and a node starts only if that is there; big formats need nothing of it. */
static const char NO_KEY_SET[] = "arca bench dealt this key, and nobody can compute under it\n";

static err open_vault(vault **out, const bench_devnet *d, party me)
{
	char public_folder[BENCH_DIR + 64], private_folder[BENCH_DIR + 64];

	snprintf(public_folder, sizeof public_folder, "%s/party-%u/public/PUB", d->dir, me);
	snprintf(private_folder, sizeof private_folder, "%s/party-%u/private/PRIV", d->dir, me);
	return vault_open(out, public_folder, private_folder);
}

static err store_part(const bench_devnet *d, const key_share *s)
{
	const share_holder *h = &s->holder;
	uint8_t digest[KEY_DIGEST_BYTES];
	const key_record record = { .state = KEY_ACTIVE, .marks = KEY_INSECURE, .fhe_parameter = s->params->fhe_parameter,
		.created_ms = clock_unix_ms(clock_system()),
		.metadata = { .key_id = h->key_id, .prep_id = h->key_id, .digests = 1,
		              .digest = { { PUB_COMPRESSED_XOF_KEY_SET, slice_of(digest, sizeof digest) } } } };
	AUTO(buf) bytes = { 0 }, object = { 0 };
	vault *v;
	bool existed;

	tkms_key_digest(digest, slice_str(NO_KEY_SET));
	key_share_write(&bytes, s);
	own_part_write(&object, &record, buf_slice(&bytes));
	TRY(open_vault(&v, d, h->me));
	err e = vault_put_public(v, PUB_COMPRESSED_XOF_KEY_SET, &h->key_id, slice_str(NO_KEY_SET), &existed);
	if (e == OK) e = vault_put_private(v, PRIV_FHE_KEY_INFO, &h->epoch_id, &h->key_id, buf_slice(&object), &existed);
	vault_free(&v);
	return e;
}

static err put_key(bench_devnet *d)
{
	key_share dealt[MAX_PARTIES + 1] = { 0 };
	const unsigned n = (unsigned)d->net.parties;
	id32 id;

	rng_fill(rng_os(), id.b, sizeof id.b);
	id.b[0] = 4;
	TRY(bench_key_new(&d->key, n, d->net.threshold, &id, &d->net.epoch));
	err e = bench_key_deal(dealt, &d->key);
	for (unsigned i = 1; i <= n && e == OK; i++) e = store_part(d, &dealt[i]);
	for (unsigned i = 1; i <= n; i++) key_share_free(&dealt[i]);
	return e;
}

static err read_again(bench_devnet *d)
{
	char file[BENCH_DIR + 16];

	cluster_free(&d->net);
	return cluster_read(&d->net, file_in(file, d, "devnet.json"));
}

err bench_devnet_deal(bench_devnet *d)
{
	TRY(devnet(d, "down"));
	TRY(put_key(d));
	TRY(devnet(d, "start"));
	return read_again(d);                            /* processes have other numbers now */
}

/* ---- what nodes used ----------------------------------------------------------------------------------------------- */

err bench_devnet_memory(double *mib, const bench_devnet *d, size_t i) { return bench_memory(mib, d->net.party[i].pid); }
err bench_devnet_spent(double *core_s, const bench_devnet *d, size_t i) { return bench_spent(core_s, d->net.party[i].pid); }

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static err bring_up(bench_devnet *d, unsigned parties, const char *params, bool delegation)
{
	char number[16];

	snprintf(number, sizeof number, "%u", parties);
	TRY(bench_devnet_arca(d, (const char *const[]){ "arca", "devnet", "up", "--dir", d->dir, "--mode", parties == 1 ? "centralized" : "threshold",
	                      "--parties", number, "--params", params, "--keygen", "none", delegation ? "--delegation" : NULL, NULL }, NULL));
	return read_again(d);
}

static err up(bench_devnet *out, unsigned parties, const char *params, bool delegation)
{
	AUTO(buf) why = { 0 };

	memset(out, 0, sizeof *out);
	TRY(bench_folder_new(out->dir));
	err e = bring_up(out, parties, params, delegation);
	if (e == OK) return OK;
	buf_put_str(&why, err_text());
	bench_devnet_down(out);
	return err_fail(e, "%s", buf_str(&why));
}

err bench_devnet_up(bench_devnet *out, unsigned parties, const char *params) { return up(out, parties, params, false); }
err bench_devnet_delegation(bench_devnet *out, unsigned parties) { return up(out, parties, "test", true); }

void bench_devnet_down(bench_devnet *d)
{
	if (devnet(d, "down") != OK) err_clear();          /* there is none if it failed to come up */
	bench_key_free(&d->key);
	cluster_free(&d->net);
	bench_folder_remove(d->dir);
}
