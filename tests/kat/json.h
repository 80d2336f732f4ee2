/* SPDX-License-Identifier: MIT */
/* tests/kat/json.h -- the few ways in which tests read JSON vectors; everything missing or malformed fails the test. */
#ifndef ARCA_TESTS_KAT_JSON_H
#define ARCA_TESTS_KAT_JSON_H

#include <jansson.h>
#include "tests/test.h"
#include "base/hex.h"

/* To be given back with json_decref. */
static inline json_t *json_vector(const char *name)
{
	json_error_t e;
	json_t *j = json_load_file(test_vector(name), 0, &e);
	if (!j) fail_msg("%s: line %d: %s", name, e.line, e.text);
	return j;
}

static inline json_t *json_member(const json_t *j, const char *name)
{
	json_t *m = json_object_get(j, name);
	if (!m) fail_msg("the vector has no %s", name);
	return m;
}

static inline slice json_text(const json_t *j)
{
	assert_true(json_is_string(j));
	return slice_of(json_string_value(j), json_string_length(j));
}

static inline slice json_text_of(const json_t *j, const char *name)
{
	return json_text(json_member(j, name));
}

/* Bytes from hexadecimal text: all of them (to be freed), or exactly n. */
static inline buf json_hex(const json_t *j)
{
	buf b = { 0 };
	assert_true(hex_read_all(&b, json_text(j)));
	return b;
}

static inline buf json_hex_of(const json_t *j, const char *name)
{
	return json_hex(json_member(j, name));
}

static inline void json_bytes(uint8_t *out, size_t n, const json_t *j)
{
	assert_true(hex_read(out, n, json_text(j)));
}

static inline void json_bytes_of(uint8_t *out, size_t n, const json_t *j, const char *name)
{
	json_bytes(out, n, json_member(j, name));
}

#endif
