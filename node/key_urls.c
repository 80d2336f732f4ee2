/* SPDX-License-Identifier: MIT */
/* node/key_urls.c -- the keys of the table, the reference strings of a folder. */
#include "node/key_urls.h"
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/file.h"
#include "base/hex.h"
#include "tfhers/tfhers.h"

enum { MAX_KEYS = 64, MAX_STRINGS = 16, MAX_STRING_FILE = 64 << 20 };

/* A file that was read once; such files never change. */
typedef struct reference_string { id32 id; uint64_t bits; } reference_string;     /* bits 0: it is none */

struct key_urls {
	vault *v;
	pthread_mutex_t lock;
	reference_string known[MAX_STRINGS];
	size_t n;
};

err key_urls_new(key_urls **out, vault *v)
{
	key_urls *u = calloc(1, sizeof *u);

	if (!u) return err_fail(ERR_NOMEM, "no memory for the addresses of keys");
	u->v = v;
	pthread_mutex_init(&u->lock, NULL);
	*out = u;
	return OK;
}

void key_urls_free(key_urls **up)
{
	key_urls *u = *up;
	if (!u) return;
	pthread_mutex_destroy(&u->lock);
	free(u);
	*up = NULL;
}

bool key_urls_base_ok(const char *base)
{
	for (const char *c = base; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._~:/[]%", *c)) return false;
	return base[0] != '\0';
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

typedef struct told_key { id32 id; int64_t created_ms; bool insecure; } told_key;
typedef struct told_keys { told_key key[MAX_KEYS]; size_t n; } told_keys;

static void add_key(void *ctx, const key_facts *f, const key_record *r)
{
	told_keys *t = ctx;
	const told_key k = { f->key_id, f->created_ms, f->marks & KEY_INSECURE };

	(void)r;
	if (key_may(f, KEY_USE_ENCRYPT) != OK) {
		err_clear();
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		if (id_eq_var(&t->key[i].id, &k.id)) return;                     /* in an older epoch, too */
	/* The newest come first; of too many the oldest are left out. */
	size_t at = t->n;
	while (at > 0 && t->key[at - 1].created_ms < k.created_ms) at--;
	if (at == MAX_KEYS) return;
	if (t->n < MAX_KEYS) t->n++;
	for (size_t i = t->n - 1; i > at; i--) t->key[i] = t->key[i - 1];
	t->key[at] = k;
}

/* ---- reference strings ------------------------------------------------------------------------------------------- */

static uint64_t bits_of(const key_urls *u, const id32 *id)
{
	slice file;
	crs_facts facts;

	if (vault_map_public(&file, u->v, PUB_CRS, id, MAX_STRING_FILE) != OK) return err_clear(), 0;
	err e = tfhers_read_crs(&facts, file);
	file_unmap(&file);
	err_clear();
	return e == OK ? facts.bits : 0;
}

static bool knows(const key_urls *u, const id32 *id)
{
	for (size_t i = 0; i < u->n; i++)
		if (id_eq_var(&u->known[i].id, id)) return true;
	return false;
}

/* Under the lock: what came to the folder since. */
static void look(key_urls *u)
{
	char path[PATH_MAX], again[ID_TEXT];
	id32 id;

	if (snprintf(path, sizeof path, "%s/%s", vault_public_folder(u->v), pub_type_name(PUB_CRS)) >= (int)sizeof path) return;
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && u->n < MAX_STRINGS && (d = readdir(dir));) {
		if (!hex_read(id.b, sizeof id.b, slice_str(d->d_name))) continue;
		id_text(again, &id);
		if (strcmp(again, d->d_name) || knows(u, &id)) continue;
		u->known[u->n++] = (reference_string){ id, bits_of(u, &id) };
	}
	if (dir) closedir(dir);
}

/* ---- as JSON ------------------------------------------------------------------------------------------------------- */

static void put_object(buf *out, const char *data_id, const char *base, pub_type type, const id32 *id)
{
	char text[ID_TEXT];

	id_text(text, id);
	buf_printf(out, "{\"%s\":\"%s\",\"urls\":[\"%s/PUB/%s/%s\"]}", data_id, text, base, pub_type_name(type), text);
}

static void put_strings(buf *out, key_urls *u, const char *data_id, const char *base)
{
	const char *comma = "";

	pthread_mutex_lock(&u->lock);
	look(u);
	for (size_t i = 0; i < u->n; i++) {
		bool told = u->known[i].bits == 0;
		for (size_t j = 0; j < i; j++) told |= u->known[j].bits == u->known[i].bits;
		if (told) continue;
		buf_printf(out, "%s\"%llu\":", comma, (unsigned long long)u->known[i].bits);
		put_object(out, data_id, base, PUB_CRS, &u->known[i].id);
		comma = ",";
	}
	pthread_mutex_unlock(&u->lock);
}

void key_urls_print(buf *out, key_urls *u, keys *k, const char *base, unsigned version)
{
	const bool camel = version >= 2;
	const char *data_id = camel ? "dataId" : "data_id";
	told_keys t = { .n = 0 };

	keys_each(k, add_key, &t);
	buf_printf(out, "{\"status\":\"success\",\"response\":{\"%s\":[", camel ? "fheKeyInfo" : "fhe_key_info");
	for (size_t i = 0; i < t.n; i++) {
		buf_printf(out, "%s{\"%s\":", i ? "," : "", camel ? "fhePublicKey" : "fhe_public_key");
		put_object(out, data_id, base, PUB_PUBLIC_KEY, &t.key[i].id);
		buf_printf(out, "%s}", t.key[i].insecure ? ",\"insecure\":true" : "");
	}
	buf_put_str(out, "],\"crs\":{");
	put_strings(out, u, data_id, base);
	buf_put_str(out, "}}}\n");
}
