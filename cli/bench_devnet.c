/* SPDX-License-Identifier: MIT */
/* cli/bench_devnet.c */
#include "cli/bench_devnet.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "vault/objects.h"

/* ---- other commands of this program -------------------------------------------------------------------------------- */

/* Output goes to DIR/log; its last line is the sentence of a failure. */
static err arca(const bench_devnet *d, const char *const *words)
{
	char log[96];
	AUTO(buf) text = { 0 };
	posix_spawn_file_actions_t to_log;
	pid_t child;
	int status = 0;

	snprintf(log, sizeof log, "%s/log", d->dir);
	posix_spawn_file_actions_init(&to_log);
	posix_spawn_file_actions_addopen(&to_log, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	posix_spawn_file_actions_adddup2(&to_log, 1, 2);
	const int failed = posix_spawn(&child, "/proc/self/exe", &to_log, NULL, (char *const *)(uintptr_t)words, environ);
	posix_spawn_file_actions_destroy(&to_log);
	if (failed) return err_fail(ERR_IO, "cannot run arca %s %s: %s", words[1], words[2], strerror(failed));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OK;
	if (file_read(&text, log, 1 << 20) != OK) err_clear();
	while (text.n && text.p[text.n - 1] == '\n') text.n--;
	const char *all = buf_str(&text), *last = strrchr(all, '\n');
	return err_fail(ERR_STATE, "arca %s %s failed: %s", words[1], words[2], last ? last + 1 : all);
}

static err devnet(const bench_devnet *d, const char *verb)
{
	return arca(d, (const char *const[]){ "arca", "devnet", verb, "--dir", d->dir, NULL });
}

/* ---- the key ------------------------------------------------------------------------------------------------------- */

static err store_part(const bench_devnet *d, const key_share *s)
{
	const share_holder *h = &s->holder;
	const key_record record = { .state = KEY_ACTIVE, .marks = KEY_INSECURE, .fhe_parameter = s->params->fhe_parameter,
		.created_ms = clock_unix_ms(clock_system()), .metadata = { .key_id = h->key_id, .prep_id = h->key_id } };
	char public_folder[128], private_folder[128];
	AUTO(buf) bytes = { 0 }, object = { 0 };
	vault *v;
	bool existed;

	snprintf(public_folder, sizeof public_folder, "%s/party-%u/public/PUB", d->dir, h->me);
	snprintf(private_folder, sizeof private_folder, "%s/party-%u/private/PRIV", d->dir, h->me);
	key_share_write(&bytes, s);
	own_part_write(&object, &record, buf_slice(&bytes));
	TRY(vault_open(&v, public_folder, private_folder));
	err e = vault_put_private(v, PRIV_FHE_KEY_INFO, &h->epoch_id, &h->key_id, buf_slice(&object), &existed);
	vault_free(&v);
	return e;
}

static err deal_key(bench_devnet *d)
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

/* ---- all of it ----------------------------------------------------------------------------------------------------- */

static int remove_it(const char *path, const struct stat *s, int type, struct FTW *f)
{
	(void)s, (void)type, (void)f;
	return remove(path);
}

static err bring_up(bench_devnet *d, unsigned parties)
{
	char number[16], file[96];

	snprintf(number, sizeof number, "%u", parties);
	snprintf(file, sizeof file, "%s/devnet.json", d->dir);
	TRY(arca(d, (const char *const[]){ "arca", "devnet", "up", "--dir", d->dir, "--mode", "threshold", "--parties", number,
	                                   "--keygen", "none", NULL }));
	TRY(devnet(d, "down"));
	TRY(cluster_read(&d->net, file));
	TRY(deal_key(d));
	TRY(devnet(d, "start"));
	cluster_free(&d->net);                           /* processes have other numbers now */
	return cluster_read(&d->net, file);
}

err bench_devnet_up(bench_devnet *out, unsigned parties)
{
	AUTO(buf) why = { 0 };

	memset(out, 0, sizeof *out);
	snprintf(out->dir, sizeof out->dir, "/tmp/arca-bench-XXXXXX");
	if (!mkdtemp(out->dir)) return err_fail(ERR_IO, "cannot make a folder in /tmp: %s", strerror(errno));
	err e = bring_up(out, parties);
	if (e == OK) return OK;
	buf_put_str(&why, err_text());
	bench_devnet_down(out);
	return err_fail(e, "%s", buf_str(&why));
}

void bench_devnet_down(bench_devnet *d)
{
	if (devnet(d, "down") != OK) err_clear();          /* there is none if it failed to come up */
	bench_key_free(&d->key);
	cluster_free(&d->net);
	nftw(d->dir, remove_it, 16, FTW_DEPTH | FTW_PHYS);
}
