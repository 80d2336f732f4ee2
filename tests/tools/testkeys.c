/* SPDX-License-Identifier: MIT */
/*
 * tests/tools/testkeys.c -- a key set from one seed, as files: the same seed makes the same bytes.  For tests: a client
 * that decrypts needs the ClientKey, and nothing that is installed gives one out.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "base/hex.h"
#include "lattice/compact.h"
#include "lattice/keygen.h"
#include "tfhers/tfhers.h"
#include "tkms/server_key.h"

enum { EXIT_USAGE = 64, MAX_SEED = 32 };

static const char USAGE[] =
	"usage: testkeys --seed HEX --params NAME --out-dir DIR [--tag HEX] [--also ServerKey]\n"
	"\n"
	"Writes ClientKey.bin, PublicKey.bin, CompressedXofKeySet.bin and CompressedServerKey.bin into DIR, and ServerKey.bin (of\n"
	"production 2.1 GB; its tag is an id) if that is wanted.\n"
	"  --seed HEX      1 to 32 bytes; the same seed makes the same keys\n"
	"  --params NAME   %s\n"
	"  --tag HEX       at most %d bytes that all files carry (a KMS: the key id)\n";

typedef struct wish { const char *seed, *params, *dir, *tag, *also; } wish;

static bool read_wish(wish *w, int argc, char **argv)
{
	*w = (wish){ .tag = "" };
	for (int i = 1; i < argc; i += 2) {
		const char **value = strcmp(argv[i], "--seed") == 0 ? &w->seed : strcmp(argv[i], "--params") == 0 ? &w->params
		                   : strcmp(argv[i], "--out-dir") == 0 ? &w->dir : strcmp(argv[i], "--tag") == 0 ? &w->tag
		                   : strcmp(argv[i], "--also") == 0 ? &w->also : NULL;
		if (!value || i + 1 == argc) return false;
		*value = argv[i + 1];
	}
	return w->seed && w->params && w->dir && (!w->also || strcmp(w->also, "ServerKey") == 0);
}

static err read_hex(buf *out, const char *what, const char *digits, size_t least, size_t most)
{
	if (hex_read_all(out, slice_str(digits)) && out->n >= least && out->n <= most) return OK;
	return err_fail(ERR_REQUEST, "--%s: %zu to %zu bytes in hexadecimal were expected", what, least, most);
}

/* Writes and empties *bytes: of a large set only one file at a time is in memory. */
static err write_file(const char *dir, const char *name, buf *bytes, mode_t mode)
{
	AUTO(buf) path = { 0 };
	buf_printf(&path, "%s/%s", dir, name);
	TRY(file_write_atomic(buf_str(&path), buf_slice(bytes), mode));
	buf_free(bytes);
	return OK;
}

static err put_public_key(buf *out, const seeded_keyset *set, slice tag)
{
	const unsigned n = set->params->pke.n;
	AUTO(arena) a = arena_with_limit(2 * n * sizeof(uint64_t) + 1024);
	public_key key = { .params = set->params, .tag = tag };

	TRY(arena_new(&a, &key.mask, n));
	TRY(arena_new(&a, &key.body, n));
	compact_key_expand(key.mask, key.body, &set->part[PART_PKE], n);
	tfhers_write_public_key(out, &key);
	return OK;
}

static err write_files(const char *dir, const secret_keys *secret, const seeded_keyset *set, slice tag)
{
	AUTO(buf) file = { 0 };

	TRY(dir_make(dir, 0755));
	tfhers_write_client_key(&file, secret, tag);
	TRY(write_file(dir, "ClientKey.bin", &file, 0600));
	TRY(put_public_key(&file, set, tag));
	TRY(write_file(dir, "PublicKey.bin", &file, 0644));
	tfhers_write_keyset(&file, set, tag);
	TRY(write_file(dir, "CompressedXofKeySet.bin", &file, 0644));
	tfhers_write_server_key(&file, set, tag);
	return write_file(dir, "CompressedServerKey.bin", &file, 0644);
}

/* In place: the file is never whole in memory. */
static err write_plain(const char *dir, const seeded_keyset *set, slice tag, pool *cores)
{
	AUTO(buf) path = { 0 };
	draft *file = NULL;
	bool existed;
	id32 id;

	if (tag.n != sizeof id) return err_fail(ERR_REQUEST, "--also ServerKey: --tag must have %zu bytes", sizeof id);
	memcpy(id.b, tag.p, sizeof id);
	buf_printf(&path, "%s/ServerKey.bin", dir);
	if (unlink(buf_str(&path)) != 0 && errno != ENOENT) return err_fail(ERR_IO, "%s: %s", buf_str(&path), strerror(errno));
	TRY(draft_new(&file, buf_str(&path), tkms_server_key_bytes(set->params), 0644));
	err e = tkms_server_key_fill(file, set, &id, cores, NULL);
	if (e == OK) e = draft_keep(file, &existed);
	draft_free(&file);
	return e;
}

static err run(const wish *w)
{
	AUTO(buf) seed = { 0 };
	AUTO(buf) tag = { 0 };
	AUTO(secret_keys) secret = { 0 };
	AUTO(public_set) public = { 0 };
	AUTO(pool) *cores = NULL;

	const lat_params *p = params_by_name_var(slice_str(w->params));
	if (!p) return err_fail(ERR_REQUEST, "--params %s: there are %s", w->params, params_names());
	TRY(read_hex(&seed, "seed", w->seed, 1, MAX_SEED));
	TRY(read_hex(&tag, "tag", w->tag, 0, MAX_TAG));
	TRY(pool_new(&cores, 0));
	TRY(keys_from_seed(&secret, &public, p, buf_slice(&seed), cores));
	TRY(write_files(w->dir, &secret, &public.set, buf_slice(&tag)));
	return w->also ? write_plain(w->dir, &public.set, buf_slice(&tag), cores) : OK;
}

int main(int argc, char **argv)
{
	wish w;

	if (!read_wish(&w, argc, argv)) {
		fprintf(stderr, USAGE, params_names(), MAX_TAG);
		return EXIT_USAGE;
	}
	err e = run(&w);
	if (e == OK) return 0;
	fprintf(stderr, "testkeys: %s\n", err_text());
	return e == ERR_REQUEST ? EXIT_USAGE : 1;
}
