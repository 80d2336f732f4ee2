/* SPDX-License-Identifier: MIT */
/* cli/devnet.c -- the folder of a devnet: found, locked, made, saved. */
#include "cli/devnet.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"

/* The absolute name; the folder must exist. */
static err name_it(devnet *d, const char *dir)
{
	d->dir = realpath(dir, NULL);
	if (!d->dir) return err_fail(errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", dir, strerror(errno));
	if (asprintf(&d->file, "%s/devnet.json", d->dir) < 0) d->file = NULL;
	ASSERT(d->file);
	return OK;
}

static err lock_it(devnet *d)
{
	AUTO(buf) path = { 0 };

	buf_printf(&path, "%s/devnet.lock", d->dir);
	d->lock = open(buf_str(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (d->lock < 0) return err_fail(ERR_IO, "cannot write %s: %s; run as the user whose devnet it is", buf_str(&path), strerror(errno));
	if (flock(d->lock, LOCK_EX | LOCK_NB))
		return err_fail(ERR_STATE, "another command is working on the devnet in %s; wait for it to end", d->dir);
	return OK;
}

static err open_it(devnet *out, cli *c, const char *dir, bool lock)
{
	devnet d = { .lock = -1 };
	struct stat s;

	err e = name_it(&d, dir);
	if (e == OK && stat(d.dir, &s) == 0 && !S_ISDIR(s.st_mode)) {
		c->code = EXIT_IO;
		e = err_fail(ERR_IO, "%s is a file; --dir names the folder of a devnet", dir);
	}
	if (e == OK && !file_exists(d.file)) e = ERR_NOT_FOUND;
	if (e == ERR_NOT_FOUND) {
		c->code = EXIT_IO;
		e = err_fail(e, "%s: there is no devnet here; 'arca devnet up --dir %s' makes one", dir, dir);
	}
	if (e == OK && lock) e = lock_it(&d);
	if (e == OK) e = cluster_read(&d.cluster, d.file);
	if (e != OK) devnet_close(&d);
	else *out = d;
	return e;
}

err devnet_open(devnet *out, cli *c, const char *dir)
{
	return open_it(out, c, dir, false);
}

err devnet_open_locked(devnet *out, cli *c, const char *dir)
{
	return open_it(out, c, dir, true);
}

/* Why `up` must not touch a folder that has a devnet already. */
static err refuse_existing(const devnet *d, const char *dir)
{
	cluster net;
	size_t alive = 0;

	TRY(cluster_read(&net, d->file));
	for (size_t i = 0; i < net.parties; i++) {
		const node_process p = process_of(&net.party[i]);
		alive += process_alive(&p);
	}
	cluster_free(&net);
	if (alive)
		return err_fail(ERR_STATE, "a devnet is running in %s; stop it with 'arca devnet down --dir %s', or use another folder",
		                dir, dir);
	return err_fail(ERR_STATE, "%s holds a devnet that is not running; 'arca devnet start --dir %s' starts it again with its "
	                "keys; remove the folder to begin anew", dir, dir);
}

/* The configuration of a party that an `up` wrote, whether or not it got as far as devnet.json.  False: there is none. */
static bool unfinished_config(buf *out, const devnet *d, unsigned i)
{
	buf_clear(out);
	buf_printf(out, "%s/party-%u/node.toml", d->dir, i);
	return file_exists(buf_str(out));
}

/* Nodes whose `up` was interrupted before it could write devnet.json: do(p) for each that runs; returns how many. */
static size_t each_unfinished(const devnet *d, void (*do_it)(const node_process *p))
{
	AUTO(buf) config = { 0 };
	size_t alive = 0;

	if (file_exists(d->file)) return 0;
	for (unsigned i = 1; i <= MAX_PARTIES && unfinished_config(&config, d, i); i++) {
		node_process p = { .config = buf_str(&config) };
		process_find(&p);
		if (!process_alive(&p)) continue;
		alive++;
		if (do_it) do_it(&p);
	}
	return alive;
}

static err refuse_unfinished(const devnet *d, const char *dir)
{
	const size_t alive = each_unfinished(d, NULL);

	if (!alive) return OK;
	return err_fail(ERR_STATE, "%s holds %s that an interrupted 'arca devnet up' left; stop %s with 'arca devnet down --dir %s'",
	                dir, alive == 1 ? "a node" : "nodes", alive == 1 ? "it" : "them", dir);
}

static void stop_it(const node_process *p)
{
	bool killed;

	if (process_stop(p, DEVNET_GRACE_MS, &killed) != OK) fprintf(stderr, "%s\n", err_text());
	err_clear();
}

err devnet_stop_unfinished(size_t *stopped, const char *dir)
{
	devnet d = { .lock = -1 };

	*stopped = 0;
	if (name_it(&d, dir) != OK) {
		err_clear();                         /* nothing can be left in a folder that is not there */
		return OK;
	}
	err e = OK;
	if (each_unfinished(&d, NULL)) e = lock_it(&d);
	if (e == OK) *stopped = each_unfinished(&d, process_ask);
	if (e == OK) each_unfinished(&d, stop_it);
	devnet_close(&d);
	return e;
}

err devnet_make(devnet *out, cli *c, const char *dir)
{
	devnet d = { .lock = -1 };

	err e = dir_make(dir, 0755);
	if (e == OK) e = name_it(&d, dir);
	if (e != OK) c->code = EXIT_IO;
	if (e == OK) e = lock_it(&d);
	if (e == OK) e = file_exists(d.file) ? refuse_existing(&d, dir) : refuse_unfinished(&d, dir);
	if (e != OK) devnet_close(&d);
	else *out = d;
	return e;
}

err devnet_save(const devnet *d)
{
	return cluster_write(d->file, &d->cluster);
}

void devnet_close(devnet *d)
{
	if (d->lock >= 0) close(d->lock);
	cluster_free(&d->cluster);
	free(d->dir);
	free(d->file);
	*d = (devnet){ .lock = -1 };
}

err devnet_is_local(const devnet *d)
{
	for (size_t i = 0; i < d->cluster.parties; i++) {
		const cluster_party *p = &d->cluster.party[i];
		if (!p->config || p->config[0] != '/' || !p->log || p->log[0] != '/')
			return err_fail(ERR_REQUEST, "%s: parties[%zu] has no full path of config and log: arca did not start this node",
			                d->file, i);
	}
	return OK;
}

node_process process_of(const cluster_party *p)
{
	node_process process = { .config = p->config, .log = p->log, .http = p->http };

	if (p->config && p->config[0] == '/') process_find(&process);
	return process;
}
