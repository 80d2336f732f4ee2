/* SPDX-License-Identifier: MIT */
/* tests/node/traces.c -- a table of pieces, a filter before it, and every byte of a place as the beginning of a piece. */
#include "tests/node/traces.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/file.h"
#include "share/partial_lwe.h"
#include "share/prss_state.h"
#include "tests/test.h"
#include "tkms/key_share.h"
#include "vault/epoch_data.h"
#include "vault/objects.h"

enum { PIECE = 16, SLOTS = 1 << 17, FILTER_BITS = 20, EVERY = 4, MAX_FILE = 64 << 20, WINDOW = 1 << 20 };

/* A range that is larger is the bookkeeping of a sanitizer. */
#define MAX_RANGE ((unsigned long long)1 << 30)

typedef struct piece { uint8_t b[PIECE]; bool used, is_key; } piece;

struct traces {
	size_t  pieces;
	piece   slot[SLOTS];
	uint8_t filter[1 << FILTER_BITS >> 3];
};

void traces_new(traces **out)
{
	*out = calloc(1, sizeof **out);
	assert_non_null(*out);
}

void traces_free(traces **t)
{
	free(*t);
	*t = NULL;
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static uint64_t mix(const uint8_t *p) { return load64(p) * 0x9e3779b97f4a7c15u; }

static bool says_little(const uint8_t *p)
{
	unsigned zeros = 0;

	for (unsigned i = 0; i < PIECE; i++) zeros += p[i] == 0 || p[i] == 0xff;
	return zeros > PIECE / 2 || p[0] == 0;
}

static void add(traces *t, const void *bytes, bool is_key)
{
	const uint8_t *p = bytes;
	const uint64_t h = mix(p);
	size_t at = h >> 40 & (SLOTS - 1);

	if (says_little(p)) return;
	assert_true(++t->pieces < SLOTS / 2);
	while (t->slot[at].used && memcmp(t->slot[at].b, p, PIECE)) at = (at + 1) & (SLOTS - 1);
	t->slot[at] = (piece){ .used = true, .is_key = is_key };
	memcpy(t->slot[at].b, p, PIECE);
	t->filter[h >> (64 - FILTER_BITS) >> 3] |= (uint8_t)(1 << (h >> (64 - FILTER_BITS) & 7));
}

static const piece *find(const traces *t, const uint8_t *p)
{
	const uint64_t h = mix(p);
	size_t at = h >> 40 & (SLOTS - 1);

	if (!(t->filter[h >> (64 - FILTER_BITS) >> 3] >> (h >> (64 - FILTER_BITS) & 7) & 1)) return NULL;
	while (t->slot[at].used && memcmp(t->slot[at].b, p, PIECE)) at = (at + 1) & (SLOTS - 1);
	return t->slot[at].used ? &t->slot[at] : NULL;
}

static void look(traces_found *out, const traces *t, slice bytes)
{
	for (size_t i = 0; i + PIECE <= bytes.n; i++) {
		if (load64(bytes.p + i) == 0) {                  /* most memory is so, and no piece begins so */
			i += sizeof(uint64_t) - 1;
			continue;
		}
		const piece *p = find(t, bytes.p + i);
		if (!p) continue;
		out->words += !p->is_key;
		out->keys += p->is_key;
	}
}

/* ---- what is looked for ---------------------------------------------------------------------------------------------- */

static void add_words(traces *t, const key_share *k)
{
	for (secret_id id = 0; id < SECRETS; id++)
		for (size_t i = 0; k->word[id] && i < secret_length(k->params, id) * k->holder.d; i += EVERY) add(t, &k->word[id][i], false);
}

static void add_online(traces *t, const key_share *k)
{
	const unsigned d = k->holder.d;
	const lwe_kernel *kernel = lwe_kernel_chosen(d);
	const size_t dim = secret_length(k->params, SECRET_SNS), n = kernel->bytes(d, dim);
	uint8_t *key = aligned_alloc(64, (n + 63) / 64 * 64);

	assert_non_null(key);
	kernel->pack(key, d, dim, k->word[SECRET_SNS]);
	for (size_t at = 0; at + PIECE <= n; at += EVERY * PIECE) add(t, key + at, false);
	free(key);
}

void traces_add_part(traces *t, slice object)
{
	key_record record;
	key_share k;
	slice bytes;

	assert_ok(own_part_read(&record, &bytes, object));
	assert_ok(key_share_read(&k, bytes));
	add_words(t, &k);
	add_online(t, &k);
	key_share_free(&k);
}

void traces_add_epoch(traces *t, slice object)
{
	epoch_data d;
	prss *p;

	assert_ok(epoch_data_read(&d, object));
	assert_ok(prss_new(&p, d.n, d.t, d.d, d.me, &d.epoch_id, d.key));
	for (unsigned j = 0; j < d.keys; j++) {
		add(t, d.key[j], true);
		add(t, p->key[j / AES_QUAD].round[0][j % AES_QUAD], true);
		add(t, p->mask_key[j / AES_QUAD].round[0][j % AES_QUAD], true);
	}
	prss_free(&p);
}

void traces_add_key(traces *t, slice key)
{
	for (size_t at = 0; at + PIECE <= key.n; at += PIECE) add(t, key.p + at, true);
}

/* ---- where ------------------------------------------------------------------------------------------------------------- */

static struct { const traces *t; traces_found found; unsigned files; } walk;

static int look_in_file(const char *path, const struct stat *s, int kind, struct FTW *f)
{
	(void)f;
	if (kind != FTW_F) return 0;
	assert_true(s->st_size <= MAX_FILE);
	buf b = test_read(path);
	look(&walk.found, walk.t, buf_slice(&b));
	buf_free(&b);
	walk.files++;
	return 0;
}

traces_found traces_in_folder(const traces *t, const char *folder)
{
	walk.t = t, walk.found = (traces_found){ 0 }, walk.files = 0;
	assert_int_equal(nftw(folder, look_in_file, 16, FTW_PHYS), 0);
	assert_int_not_equal(walk.files, 0);
	return walk.found;
}

traces_found traces_in_file(const traces *t, const char *path)
{
	traces_found found = { 0 };
	slice all;

	assert_ok(file_map(&all, path, SIZE_MAX / 2));
	look(&found, t, all);
	file_unmap(&all);
	return found;
}

/* Windows overlap by less than a piece, so nothing is passed over and nothing counted twice. */
static size_t look_in_range(traces_found *out, const traces *t, int mem, uint64_t from, uint64_t to)
{
	static uint8_t window[WINDOW];
	size_t read = 0;

	for (uint64_t at = from; at + PIECE <= to;) {
		const ssize_t n = pread(mem, window, size_min(WINDOW, to - at), (off_t)at);
		if (n < PIECE) break;                            /* it went away meanwhile */
		look(out, t, slice_of(window, (size_t)n));
		read += (size_t)n;
		at += (uint64_t)n - PIECE + 1;
		if (at + PIECE > to) break;
	}
	return read;
}

traces_memory traces_in_memory(const traces *t, pid_t pid, bool locked)
{
	traces_memory found = { 0 };
	char path[64], line[512], access[8] = "";
	unsigned long long from = 0, to = 0;
	size_t read = 0;

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	const int mem = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(mem >= 0);
	snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
	FILE *maps = fopen(path, "re");
	assert_non_null(maps);
	/* A line of the range, and the last of what follows has its flags (proc(5)). */
	while (fgets(line, sizeof line, maps)) {
		const bool is_range = line[0] >= 'a' || line[0] <= '9';          /* what follows begins with a capital */
		if (is_range) assert_int_equal(sscanf(line, "%llx-%llx %7s", &from, &to, access), 3);
		if (strncmp(line, "VmFlags:", 8)) continue;
		const bool guarded = strstr(line, " dd") && (strstr(line, " lo") || !locked);
		if (access[0] == 'r' && access[1] == 'w' && to - from <= MAX_RANGE)
			read += look_in_range(guarded ? &found.guarded : &found.open, t, mem, from, to);
	}
	fclose(maps);
	close(mem);
	assert_true(read > 1 << 20);
	return found;
}

traces_found traces_in_process(const traces *t, pid_t pid)
{
	const traces_memory m = traces_in_memory(t, pid, false);
	return (traces_found){ m.guarded.words + m.open.words, m.guarded.keys + m.open.keys };
}
