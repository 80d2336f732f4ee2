/* SPDX-License-Identifier: MIT */
/*
 * A key set.  Whole files are megabytes of bodies that mean nothing to the parser, so the input is a list of edits to
 * a set of our own: 3 bytes each, where (among the bytes that are not bodies) and what is xored there.  With one byte
 * more, that says how much of the file is cut off; with two, their sum chooses another file: the stand-alone server key,
 * compressed or uncompressed (of its numbers, the first bytes of each array are edited too), or the decompression key.  What is
 * accepted has parts of the right size inside the file.
 */
#include <stdlib.h>
#include "fuzz/fuzz.h"
#include "lattice/keygen.h"
#include "tfhers/inspect.h"
#include "tfhers/tfhers.h"
#include "tkms/server_key.h"

enum { EDIT = 3, PLACES = 1 << 14 };

typedef struct base_file { buf bytes; uint32_t *place; size_t places; } base_file;

/* Everything but the content of words, as the trace has it. */
static void find_places(base_file *f)
{
	AUTO(buf) trace = { 0 };
	size_t offset, length;
	char kind[16];

	ASSERT(tfhers_trace(&trace, buf_slice(&f->bytes)) == OK);
	f->place = calloc(PLACES, sizeof *f->place);
	ASSERT(f->place);
	for (const char *line = buf_str(&trace); *line; line = strchr(line, '\n') + 1) {
		ASSERT(sscanf(line, "%zu %zu %*s %15s", &offset, &length, kind) >= 2);
		if (offset && strcmp(kind, "words") == 0) length = 16;
		if (offset && strcmp(kind, "spectra") == 0) length = 48;
		for (size_t i = 0; i < length; i++) {
			ASSERT(f->places < PLACES);
			f->place[f->places++] = (uint32_t)(offset + i);
		}
		kind[0] = '\0';
	}
}

enum { WHOLE, SERVER, PLAIN, DECOMPRESSION, BASES };

static void put_plain(buf *out, const seeded_keyset *set, const id32 *tag)
{
	draft *file = NULL;

	ASSERT(draft_in_memory(&file, tkms_server_key_bytes(set->params)) == OK);
	ASSERT(tkms_server_key_fill(file, set, tag, NULL, NULL) == OK);
	buf_put_slice(out, draft_slice(file));
	draft_free(&file);
}

static void make(base_file out[static BASES])
{
	static const uint8_t SEED[] = "a key set to be edited";
	static const id32 TAG = {{ 1, 2, 3 }};
	AUTO(secret_keys) secret = { 0 };
	AUTO(public_set) public = { 0 };

	ASSERT(keys_from_seed(&secret, &public, &PARAMS_TEST, slice_of(SEED, sizeof SEED), NULL) == OK);
	tfhers_write_keyset(&out[WHOLE].bytes, &public.set, id_slice(&TAG));
	tfhers_write_server_key(&out[SERVER].bytes, &public.set, id_slice(&TAG));
	put_plain(&out[PLAIN].bytes, &public.set, &TAG);
	const keyset_layout l = tfhers_decompression_layout(&PARAMS_TEST, public.set.part[PART_DECOMP_BSK].seed.xof_n);
	uint8_t *to = buf_grow(&out[DECOMPRESSION].bytes, l.bytes);
	memset(to, 0, l.bytes);
	tfhers_frame_decompression_key(to, &public.set);
	for (int i = 0; i < BASES; i++) find_places(&out[i]);
}

static void edit(base_file *f, const uint8_t *data, size_t edits)
{
	for (size_t i = 0; i < edits; i++) {
		const uint8_t *e = data + EDIT * i;
		f->bytes.p[f->place[(size_t)(e[0] | e[1] << 8) % f->places]] ^= e[2];
	}
}

/* Whatever its numbers are. */
static void read_rows(part_shape s, const seeded_part *p)
{
	static u128 wide[2 * 256];
	static uint64_t narrow[2 * 256];

	ASSERT(s.mask + s.body <= COUNT(wide));
	if (s.bits == 128) part_rows128(wide, s, p, 0, 0, 1);
	else part_rows64(narrow, s, p, 0, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static base_file files[BASES];
	if (!files[0].bytes.n) make(files);

	const int which = size % EDIT != 2 ? WHOLE : SERVER + (data[size - 1] + data[size - 2]) % (BASES - SERVER);
	base_file *f = &files[which];
	const size_t edits = size_min(size / EDIT, 64);
	slice file = { f->bytes.p, f->bytes.n };
	if (size % EDIT == 1) file.n -= size_min(file.n, (size_t)1 << data[size - 1] % 22);
	edit(f, data, edits);

	seeded_keyset set;
	slice tag;
	err e = which == DECOMPRESSION ? tfhers_read_decompression_key(&set, file) : tfhers_read_keyset(&set, &tag, file);
	ASSERT(e == OK || e == ERR_REQUEST);
	if (e == OK) {
		ASSERT(set.params == &PARAMS_TEST);          /* a shorter tag may make up for a cut */
		for (key_part part = 0; part < KEY_PARTS; part++) {
			const seeded_part *p = &set.part[part];
			const part_shape s = part_shape_of(set.params, part);
			ASSERT(p->bodies.n == 0 || p->bodies.n == part_stored_bytes(s, p->form));
			ASSERT(p->form == PART_SEEDED || which == PLAIN);
			if (p->form == PART_SPECTRA) read_rows(s, p);
			ASSERT(p->bodies.n == 0 || (p->bodies.p > file.p && p->bodies.p + p->bodies.n < file.p + file.n));
			ASSERT(p->seed.xof_n <= MASK_XOF_MAX && p->seed.first.byte < AES_BLOCK);
		}
	}
	ASSERT(e == OK || edits || file.n < f->bytes.n);
	edit(f, data, edits);
	err_clear();
	return 0;
}
