/* SPDX-License-Identifier: MIT */
/*
 * tests/kat/kat.h -- reads the text files of known answers: lines `name = hex`, records set apart by blank lines,
 * comments behind #.
 *
 *   kat k = kat_open("mlkem512.kat");
 *   while (kat_next(&k)) { uint8_t d[32]; kat_bytes(&k, "d", d, 32); ... }
 *   kat_close(&k);
 */
#ifndef ARCA_TESTS_KAT_KAT_H
#define ARCA_TESTS_KAT_KAT_H

#include "tests/test.h"
#include "base/hex.h"

typedef struct kat { buf text; size_t at, record, end; } kat;       /* the present record is text[record .. end) */

static inline kat kat_open(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", KAT_DIR, name);
	kat k = { .text = test_read(path) };
	buf_str(&k.text);
	return k;
}

static inline void kat_close(kat *k)
{
	buf_free(&k->text);
}

/* The line at k->at without its end; moves on. */
static inline slice kat_line(kat *k)
{
	const uint8_t *from = k->text.p + k->at, *end = memchr(from, '\n', k->text.n - k->at);
	size_t n = end ? (size_t)(end - from) : k->text.n - k->at;
	k->at += n + (end != NULL);
	return slice_of(from, n);
}

static inline bool kat_next(kat *k)
{
	bool inside = false;
	while (k->at < k->text.n) {
		const size_t start = k->at;
		const slice line = kat_line(k);
		if (line.n && line.p[0] == '#') continue;
		if (line.n && !inside) k->record = start, inside = true;
		if (line.n) k->end = k->at;
		else if (inside) break;
	}
	return inside;
}

/* The value of this name in the record, as it stands there; fails the test if the record lacks it. */
static inline slice kat_value(const kat *k, const char *name)
{
	kat r = { .text = { .p = k->text.p, .n = k->end }, .at = k->record };
	const size_t length = strlen(name);
	while (r.at < r.text.n) {
		const slice line = kat_line(&r);
		if (line.n < length + 3 || memcmp(line.p, name, length) != 0 || memcmp(line.p + length, " = ", 3) != 0) continue;
		return slice_of(line.p + length + 3, line.n - length - 3);
	}
	fail_msg("the record has no %s", name);
	return (slice){ 0 };
}

/* Fails the test if the record lacks the name or has another length. */
static inline void kat_bytes(const kat *k, const char *name, uint8_t *out, size_t n)
{
	assert_true(hex_read(out, n, kat_value(k, name)));
}

/* All of its bytes, to be freed. */
static inline buf kat_hex(const kat *k, const char *name)
{
	buf b = { 0 };
	assert_true(hex_read_all(&b, kat_value(k, name)));
	return b;
}

/* The data of the record whose name is this text, to be freed; fails the test if the file has none. */
static inline buf kat_data_of(const char *file, const char *text)
{
	kat k = kat_open(file);
	buf data = { 0 };

	while (data.n == 0 && kat_next(&k)) {
		AUTO(buf) name = kat_hex(&k, "name");
		if (slice_eq_var(buf_slice(&name), slice_str(text))) data = kat_hex(&k, "data");
	}
	kat_close(&k);
	assert_true(data.n > 0);
	return data;
}

#endif
